"""Whether a label model has settled: its objective, iteration by iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.label_models import LabelModel, TemperedModel
from weaklab.plots.drawing import Display, counts, line_colour, title, value_grid
from weaklab.plots.judged import fitted


@dataclass(eq=False)
class ConvergenceDisplay(Display):
    """The objective of a label model over its iterations.

    ``LabelModel`` and ``TemperedModel`` have no likelihood: theirs is the largest change of a log-weight, which falls
    toward 0 and is drawn on a logarithmic scale.

    Parameters
    ----------
    path : ndarray of shape (iterations,)
        The objective after each iteration.
    name : str
        The model.
    converged : bool
        Whether it settled.
    is_change : bool
        Whether the objective is a change, which goes to 0.
    n, m : int
        How many rows and labeling functions it was fitted to.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import DawidSkene
    >>> model = DawidSkene().fit(make_votes(n=500, m=5).votes)
    >>> display = ConvergenceDisplay.from_estimator(model)
    >>> len(display.ax_.lines[0].get_xdata()) == len(model.objective_path_)
    True
    """

    path: np.ndarray
    name: str
    converged: bool
    is_change: bool
    n: int
    m: int

    @classmethod
    def from_estimator(cls, model: Any) -> Self:
        """Take the path of a fitted label model.

        Parameters
        ----------
        model : label model
            A fitted one that iterates.

        Returns
        -------
        ConvergenceDisplay

        Raises
        ------
        ParameterError
            If it is no label model, or has nothing to iterate.
        """
        path = np.asarray(fitted(model, "objective_path_").objective_path_, dtype=np.float64)
        name = type(model).__name__
        if not len(path):
            raise ParameterError(f"{name} had nothing to iterate: it has no objective to draw.")
        is_change = isinstance(model, (LabelModel, TemperedModel))
        return cls(path, name, bool(model.converged_), is_change, int(model.n_rows_), int(model.n_features_in_))

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the path.

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
        iteration = np.arange(1, len(self.path) + 1)
        few = {"marker": "o", "markersize": 4} if len(self.path) <= 50 else {}
        ax.plot(iteration, self.path, **({"color": line_colour(ax, 0), **few} | kwargs))
        if self.is_change and (self.path > 0).all():
            ax.set_yscale("log")
        else:
            ax.ticklabel_format(axis="y", useOffset=False)
            ax.yaxis.set_major_formatter("{x:,.6g}")
        ax.xaxis.get_major_locator().set_params(integer=True)
        value_grid(ax, "both")
        ax.set_xlabel("iteration")
        ax.set_ylabel("largest change of a log-weight (nats)" if self.is_change else "objective (nats)")
        times = f"{len(self.path):,} iteration{'s' * (len(self.path) != 1)}"
        settled = f"settled after {times}" if self.converged else f"not settled after {times}"
        title(ax, f"Convergence of {self.name}: {settled}", counts(self.n, self.m))
        self._make_room()
        return self
