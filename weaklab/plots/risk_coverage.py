"""What it gains to leave out the rows that a model is least sure of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from weaklab.label_models.intervals import from_counts
from weaklab.plots.drawing import Display, ink, line_colour, percent_axis, title, value_grid
from weaklab.plots.judged import Judged, predictions

#: A curve of so many points is as good as one of a million.
POINTS = 1000


@dataclass(eq=False)
class RiskCoverageDisplay(Display):
    """The error rate on the rows that are kept, over the share of rows that are kept, the surest first.

    El-Yaniv and Wiener (2010, Journal of Machine Learning Research 11), Geifman and El-Yaniv (2017,
    doi:10.48550/arXiv.1705.08500).

    Parameters
    ----------
    table : DataFrame
        A row per distinct confidence, the highest first: ``confidence``, ``coverage`` (the share of rows that are as
        sure or surer), ``risk`` (the share of these that are wrong), and its 90 % interval, ``low`` to ``high``.
    n : int
        How many rows have gold.
    area : float
        The area under the curve, as the mean of the risk over the rows; lower is better.

    Examples
    --------
    >>> display = RiskCoverageDisplay.from_predictions([0, 0, 1], [[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])
    >>> display.table[["confidence", "coverage", "risk"]].round(2)
       confidence  coverage  risk
    0         0.9      0.33  0.00
    1         0.8      0.67  0.00
    2         0.6      1.00  0.33
    >>> display.ax_.get_ylabel()
    'share of the kept rows that are wrong'
    """

    table: pd.DataFrame
    n: int
    area: float

    @classmethod
    def from_predictions(cls, y: Any, probs: Any, *, classes: Any = None, where: Any = None) -> Self:
        """Compare probabilities with gold.

        Parameters
        ----------
        y : array-like of shape (n,)
            Gold labels, by code or name; -1 or missing where unknown.
        probs : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            The probabilities.
        classes : sequence of hashable, optional
            The class names.
        where : array-like of bool of shape (n,), optional
            The rows to count.

        Returns
        -------
        RiskCoverageDisplay

        Raises
        ------
        GoldError, SoftLabelError, ParameterError
            If no row has gold, or something does not fit.
        """
        judged = Judged.of(y, probs, classes, where)
        # Rows that are equally sure are kept together: no order among them would be fair.
        value, place, rows = np.unique(-judged.confidence, return_inverse=True, return_counts=True)
        wrong = np.bincount(place, 1 - judged.right, minlength=len(value)).cumsum()
        kept, n = rows.cumsum(), len(judged.y)
        low, high = from_counts(wrong, kept.astype(np.float64)).T
        table = {"confidence": -value, "coverage": kept / n, "risk": wrong / kept, "low": low, "high": high}
        return cls(pd.DataFrame(table), n, float((wrong / kept * rows).sum() / n))

    @classmethod
    def from_estimator(cls, model: Any, X: Any, y: Any, *, where: Any = None) -> Self:
        """Ask a fitted label model about votes, or an end model or classifier about data, and compare gold.

        Parameters
        ----------
        model : estimator
            A fitted one.
        X : votes or data
            What it takes.
        y, where
            As in :meth:`from_predictions`.

        Returns
        -------
        RiskCoverageDisplay
        """
        return cls.from_predictions(y, predictions(model, X), where=where)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the curve with its interval, and beside it the error rate when all rows are kept.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        self
        """
        ax = self._axes(ax)
        chosen = np.unique(np.linspace(0, len(self.table) - 1, min(POINTS, len(self.table))).astype(int))
        curve = self.table.iloc[chosen]
        few = {"marker": "o", "markersize": 4} if len(curve) <= 30 else {}
        look = {"color": line_colour(ax, 0), "label": "the surest rows", **few} | kwargs
        (line,) = ax.plot(curve["coverage"], curve["risk"], **look)
        band = {"color": line.get_color(), "alpha": 0.3, "linewidth": 0, "label": "90 % interval"}
        ax.fill_between(curve["coverage"], curve["low"], curve["high"], **band)
        everything = self.table["risk"].iloc[-1]
        ax.axhline(everything, color=ink(ax), linestyle="--", linewidth=1, label=f"all rows: {everything:.1%}")
        value_grid(ax, "both")
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.set_xlim(0, 1.02)
        ax.set_ylim(0, min(1.0, max(1.25 * self.table["risk"].max(), 1.25 * everything, 0.02)))
        ax.set_xlabel("share of rows that are kept, the surest first")
        ax.set_ylabel("share of the kept rows that are wrong")
        facts = f"{self.n:,} row{'s' * (self.n != 1)} with gold; area under the curve {self.area:.3f}"
        title(ax, "Error rate when unsure rows are left out", facts)
        self._legend(ax)
        self._make_room()
        return self
