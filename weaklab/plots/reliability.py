"""Whether probabilities mean what they say: confidence beside accuracy, by bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError
from weaklab.label_models.intervals import from_counts
from weaklab.metrics import expected_calibration_error
from weaklab.plots.drawing import Display, bar_look, ink, line_colour, percent_axis, title, value_grid
from weaklab.plots.judged import Judged, predictions


@dataclass(eq=False)
class ReliabilityDisplay(Display):
    """Accuracy by bin of confidence, with the number of rows in each: on the diagonal, confidence is deserved.

    Confidence is the highest probability of a row; bins are those of
    :func:`weaklab.metrics.expected_calibration_error` (Guo et al., 2017, doi:10.48550/arXiv.1706.04599, for the
    diagram).

    Parameters
    ----------
    table : DataFrame
        A row per bin: ``start``, ``stop``, ``rows``, and, NaN in empty ones, mean ``confidence``, ``accuracy`` and its
        90 % interval ``low`` to ``high``.
    error : float
        The expected calibration error.
    k : int
        How many classes there are.

    Examples
    --------
    >>> display = ReliabilityDisplay.from_predictions([0, 0, 0, 1], [[0.9, 0.1]] * 4, bins=2)
    >>> display.table[["start", "stop", "rows", "confidence", "accuracy"]]
       start  stop  rows  confidence  accuracy
    0    0.0   0.5     0         NaN       NaN
    1    0.5   1.0     4         0.9      0.75
    >>> round(display.error, 2)
    0.15
    >>> display.ax_.get_ylabel()
    'accuracy: share of rows that are right'
    """

    table: pd.DataFrame
    error: float
    k: int

    @classmethod
    def from_predictions(cls, y: Any, probs: Any, *, classes: Any = None, where: Any = None, bins: int = 10) -> Self:
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
            The rows to count: ``soft.covered`` leaves out rows without votes, which all have the prior.
        bins : int
            How many bins of equal width.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        GoldError, SoftLabelError, ParameterError
            If no row has gold, or something does not fit.
        """
        judged = Judged.of(y, probs, classes, where)
        error = expected_calibration_error(judged.y, judged.probs, bins=bins)
        # As that function bins: (0, 1/bins], (1/bins, 2/bins], ...
        place = np.clip(np.ceil(judged.confidence * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)
        rows = np.bincount(place, minlength=bins)
        right = np.bincount(place, judged.right, minlength=bins).astype(np.float64)
        low, high = from_counts(right, rows.astype(np.float64)).T
        with np.errstate(invalid="ignore"):
            confidence, accuracy = np.bincount(place, judged.confidence, minlength=bins) / rows, right / rows
        edges = np.arange(bins + 1) / bins
        table = {"start": edges[:-1], "stop": edges[1:], "rows": rows, "confidence": confidence, "accuracy": accuracy}
        return cls(pd.DataFrame(table | {"low": low, "high": high}), error, judged.probs.shape[1])

    @classmethod
    def from_estimator(cls, model: Any, X: Any, y: Any, *, where: Any = None, bins: int = 10) -> Self:
        """Ask a fitted label model about votes, or an end model or classifier about data, and compare gold.

        Parameters
        ----------
        model : estimator
            A fitted one.
        X : votes or data
            What it takes.
        y, where, bins
            As in :meth:`from_predictions`.

        Returns
        -------
        ReliabilityDisplay
        """
        return cls.from_predictions(y, predictions(model, X), where=where, bins=bins)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the diagram, and above it how many rows each bin has.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        **kwargs
            For ``Axes.errorbar``.

        Returns
        -------
        self
        """
        ax = self._axes(ax, width=5.8, height=6.0)
        filled = self.table[self.table["rows"] > 0]
        if not len(filled):
            raise ParameterError("table has no rows: there is nothing to compare.")
        ax.plot([0, 1], [0, 1], color=ink(ax), linestyle="--", linewidth=1, label="as confident as right")
        spread = np.maximum([filled["accuracy"] - filled["low"], filled["high"] - filled["accuracy"]], 0)
        look = {
            "fmt": "o-",
            "color": line_colour(ax, 0),
            "capsize": 3,
            "label": "a bin, 90 % interval",
        } | kwargs
        ax.errorbar(filled["confidence"], filled["accuracy"], yerr=spread, **look)
        start = np.floor(10 / self.k) / 10  # nothing is less sure than 1/k
        ax.set_xlim(start, 1.02)
        ax.set_ylim(min(start, np.floor(10 * filled["low"].min()) / 10), 1.02)
        value_grid(ax, "both")
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.set_xlabel("confidence: probability of the likeliest class")
        ax.set_ylabel("accuracy: share of rows that are right")
        self._rows_above(ax)
        rows = int(self.table["rows"].sum())
        ece = f"expected calibration error {self.error:.3f} in {len(self.table)} bins"
        title(ax, "Reliability", f"{rows:,} row{'s' * (rows != 1)} with gold, {self.k:,} classes; {ece}", y=1.24)
        self._legend(ax, columns=2)
        if self._own:
            self.figure_.draw_without_rendering()  # axes on axes take two passes to find their place
        self._make_room()
        return self

    def _rows_above(self, ax: Any) -> None:
        above = ax.inset_axes([0, 1.03, 1, 0.2], sharex=ax)
        look = bar_look(ax, 5, hatch="", align="edge", width=self.table["stop"] - self.table["start"])
        bars = above.bar(self.table["start"], self.table["rows"], **look)
        labels = [f"{rows:,}" if rows else "" for rows in self.table["rows"]]
        if len(labels) <= 20:
            above.bar_label(bars, labels, fontsize="x-small", padding=1)
        above.set_ylim(0, self.table["rows"].max() * 1.35)
        above.tick_params(labelbottom=False)
        above.set_yticks([])
        above.set_ylabel("rows")
