"""How much each labeling function votes: alone, beside others, and against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from weaklab.analysis import summarize
from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import ParameterError
from weaklab.plots.drawing import (
    TOP,
    Display,
    bar_look,
    check_number,
    counts,
    height_for,
    left_out,
    list_names,
    percent_axis,
    title,
    value_grid,
)


@dataclass(eq=False)
class CoverageDisplay(Display):
    """A bar per labeling function: its coverage, of it what overlaps with others, and of that what conflicts.

    Parameters
    ----------
    table : DataFrame
        A row per labeling function, as :func:`weaklab.summarize` gives it: ``coverage``, ``overlaps``, ``conflicts``.
    n : int
        How many rows the data has.

    Examples
    --------
    >>> display = CoverageDisplay.from_votes([[0, 0, -1], [1, 0, -1], [1, -1, -1]])
    >>> [bar.get_width().item() for bar in display.ax_.containers[0]]
    [1.0, 0.6666666666666666, 0.0]
    """

    table: pd.DataFrame
    n: int

    def __post_init__(self) -> None:
        missing = {"coverage", "overlaps", "conflicts"} - set(self.table.columns)
        if missing:
            raise ParameterError(f"table has no column {sorted(missing)[0]!r}: give what weaklab.summarize returns.")

    @classmethod
    def from_votes(cls, votes: Any, *, classes: Any = None) -> Self:
        """Summarize votes.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
            The votes; of distributions the likeliest class counts, of sets those of one class.
        classes : sequence of hashable, optional
            The class names.

        Returns
        -------
        CoverageDisplay
        """
        matrix = hard_votes(votes, classes)
        table = summarize(matrix, classes=classes)
        return cls(table.set_axis(matrix.lf_names), matrix.n)

    def plot(self, ax: Any = None, *, top: int = TOP, **kwargs: Any) -> Self:
        """Draw the bars, the widest coverage first.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        top : int
            How many labeling functions to show.
        **kwargs
            For ``Axes.barh``.

        Returns
        -------
        self
        """
        order = np.argsort(-self.table["coverage"].fillna(0).to_numpy(), kind="stable")[: check_number(top, "top")]
        shown = self.table.iloc[order]
        ax = self._axes(ax, height=height_for(len(shown)) + 0.3)
        series = (
            ("coverage", "votes alone", 5, ""),
            ("overlaps", "beside others, all for the same class", 1, "..."),
            ("conflicts", "against another", 0, "///"),
        )
        for column, label, colour, hatch in series:  # each lies within the one before, and covers part of it
            look = bar_look(ax, colour, **({"hatch": hatch} | kwargs))
            ax.barh(range(len(shown)), shown[column], label=label, **look)
        list_names(ax, shown.index)
        value_grid(ax)
        percent_axis(ax.xaxis)
        ax.set_xlim(left=0)
        ax.set_xlabel("share of rows that it votes on")
        ax.set_ylabel("labeling function")
        facts = counts(self.n, len(self.table)) + left_out(len(shown), len(self.table), "widest coverage")
        title(ax, "Coverage, overlaps and conflicts", facts)
        self._legend(ax)
        self._make_room()
        return self
