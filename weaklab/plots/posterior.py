"""How sure a model is: a histogram of its probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from weaklab.plots.drawing import Display, bar_look, check_number, counts, percent_axis, shorten, title, value_grid
from weaklab.plots.judged import as_soft, predictions
from weaklab.votes import SoftLabels


@dataclass(eq=False)
class PosteriorDisplay(Display):
    """A histogram over rows: of two classes the probability of the second, of more that of the likeliest.

    Rows of weight 0, which for a label model are those without votes, are set apart: all of them get the class prior.

    Parameters
    ----------
    soft : SoftLabels
        The probabilities.
    bins : int
        How many bins of equal width there are.

    Attributes
    ----------
    edges : ndarray of shape (bins + 1,)
        From 0, or from 1/k where k is 3 or more, to 1.
    covered, silent : ndarray of int of shape (bins,)
        How many rows with votes, and without, fall into each bin.

    Examples
    --------
    >>> display = PosteriorDisplay.from_predictions([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]], bins=2)
    >>> display.covered.tolist()
    [1, 2]
    >>> display.ax_.get_xlabel()
    'probability of class 1'
    """

    soft: SoftLabels
    bins: int = 20

    def __post_init__(self) -> None:
        bins = check_number(self.bins, "bins")
        two = self.soft.k == 2
        value = self.soft.probs[:, 1] if two else self.soft.confidence
        self.edges = np.linspace(0 if two else 1 / self.soft.k, 1, bins + 1)
        value = np.clip(value, self.edges[0], 1)  # rounding may put a row just outside
        covered = self.soft.covered
        self.covered = np.histogram(value[covered], self.edges)[0]
        self.silent = np.histogram(value[~covered], self.edges)[0]

    @classmethod
    def from_predictions(cls, probs: Any, *, classes: Any = None, bins: int = 20) -> Self:
        """Take probabilities.

        Parameters
        ----------
        probs : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            The probabilities.
        classes : sequence of hashable, optional
            The class names.
        bins : int
            How many bins of equal width.

        Returns
        -------
        PosteriorDisplay
        """
        return cls(as_soft(probs, classes), bins)

    @classmethod
    def from_estimator(cls, model: Any, X: Any, *, bins: int = 20) -> Self:
        """Ask a fitted label model about votes, or an end model or classifier about data.

        Parameters
        ----------
        model : estimator
            A fitted one.
        X : votes or data
            What it takes.
        bins : int
            How many bins of equal width.

        Returns
        -------
        PosteriorDisplay
        """
        return cls(predictions(model, X), bins)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        **kwargs
            For ``Axes.bar``.

        Returns
        -------
        self
        """
        ax = self._axes(ax)
        place = {"align": "edge", "width": np.diff(self.edges)}
        silent = bool(self.silent.sum())
        look = place | bar_look(ax, 0, **kwargs)
        ax.bar(self.edges[:-1], self.covered, label="rows with votes", **look)
        if silent:
            look = place | bar_look(ax, 1, **kwargs)
            ax.bar(self.edges[:-1], self.silent, bottom=self.covered, label="rows without votes: the prior", **look)
            self._legend(ax)
        value_grid(ax, "y")
        percent_axis(ax.xaxis)
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.set_xlim(self.edges[0], 1)
        two = self.soft.k == 2
        what = f"class {shorten(self.soft.classes_[1])}" if two else "the likeliest class"
        ax.set_xlabel(f"probability of {what}")
        ax.set_ylabel("rows")
        facts = f"{counts(self.soft.n)}, {self.soft.k:,} classes"
        if silent:
            facts += f"; {self.silent.sum() / self.soft.n:.1%} of the rows have no votes"
        title(ax, "How sure the labels are", facts)
        self._make_room()
        return self
