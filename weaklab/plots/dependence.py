"""Which labeling functions repeat each other, as a heat map with its groups side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from weaklab.analysis import dependencies
from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import ParameterError
from weaklab.plots.drawing import TOP, Display, check_number, counts, distinct, ink, left_out, over, title

COLUMNS = ("first", "second", "strength", "group")
#: Up to so many labeling functions, cells say their number.
SAID = 16


@dataclass(eq=False)
class DependenceDisplay(Display):
    """A heat map of the dependence between labeling functions, beyond what the class explains.

    Only those that depend on another one are shown, members of a group side by side within a frame.

    Parameters
    ----------
    table : DataFrame
        A row per pair, as :func:`weaklab.analysis.dependencies` gives it: ``first``, ``second``, ``strength`` in [0, 1]
        and ``group`` (-1: none).
    n, m : int
        How many rows and labeling functions there are.

    Examples
    --------
    >>> from weaklab.datasets import Group, make_votes
    >>> planted = make_votes(n=5000, m=8, coverage=0.5, groups=[Group(3, copy_probability=0.8)], random_state=1)
    >>> display = DependenceDisplay.from_votes(planted.votes)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['lf_0', 'lf_1', 'lf_2']
    """

    table: pd.DataFrame
    n: int
    m: int

    def __post_init__(self) -> None:
        for column in COLUMNS:
            if column not in self.table:
                raise ParameterError(
                    f"table has no column {column!r}: give what weaklab.analysis.dependencies returns."
                )

    @classmethod
    def from_votes(cls, votes: Any, model: Any = None, *, classes: Any = None, fdr: float = 0.05) -> Self:
        """Look for dependence in votes.

        Parameters
        ----------
        votes, model, classes, fdr
            As for :func:`weaklab.analysis.dependencies`.

        Returns
        -------
        DependenceDisplay
        """
        table = dependencies(votes, model, classes=classes, fdr=fdr)
        matrix = hard_votes(votes, classes)
        return cls(table, matrix.n, matrix.m)

    def plot(self, ax: Any = None, *, top: int = TOP, **kwargs: Any) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        top : int
            How many labeling functions to show.
        **kwargs
            For ``Axes.imshow``.

        Returns
        -------
        self
        """
        names, group, strength = self._matrix()
        shown = min(check_number(top, "top"), len(names))
        size = 2.4 + 0.21 * max(shown, 9)
        ax = self._axes(ax, width=size + 2.2, height=size + 0.5)
        pairs = f"{len(self.table):,} pair{'s' * (len(self.table) != 1)}"
        facts = f"{counts(self.n, self.m)}; {len(names):,} of these depend on others, in {pairs}"
        title(ax, "Dependence between labeling functions", facts + left_out(shown, len(names), "strongest dependence"))
        if not shown:
            said = "No two were found to depend on each other."
            ax.text(0.5, 0.5, said, ha="center", va="center", transform=ax.transAxes)
            ax.set_xticks([])
            ax.set_yticks([])
            return self
        part = np.ma.masked_invalid(strength[:shown, :shown])
        image = ax.imshow(part, **({"cmap": "cividis", "vmin": 0, "vmax": 1} | kwargs))
        label = "strength (1: copies)"
        ax.get_figure().colorbar(image, ax=ax, label=label, shrink=0.8)
        labels = distinct(names[:shown], 24)
        ax.set_xticks(range(shown), labels, rotation=90)
        ax.set_yticks(range(shown), labels)
        ax.set_xlabel("labeling function")
        ax.set_ylabel("labeling function")
        self._frames(ax, group[:shown])
        if shown <= SAID:
            for i, j in np.argwhere(~np.ma.getmaskarray(part)):
                style = {"color": over(image.to_rgba(part[i, j])), "ha": "center", "va": "center"}
                ax.text(j, i, f"{part[i, j]:.2f}", fontsize="small", **style)
        self._make_room()
        return self

    def _matrix(self) -> tuple[list[Any], np.ndarray, np.ndarray]:
        """The labeling functions that depend on others: names, groups, and strengths (NaN where none was found)."""
        pairs = list(self.table[list(COLUMNS)].itertuples(index=False, name=None))
        group: dict[Any, int] = {}
        for first, second, _, number in pairs:  # the strongest pairs come first, and so do their groups
            for name in (first, second):
                group[name] = max(group.get(name, -1), int(number))
        rank: dict[int, int] = {}
        for number in group.values():
            rank.setdefault(number, len(rank) if number >= 0 else len(group))
        names = sorted(group, key=lambda name: rank[group[name]])  # stable: within a group the strongest first
        place = {name: at for at, name in enumerate(names)}
        strength = np.full((len(names), len(names)), np.nan)
        for first, second, value, _ in pairs:
            strength[place[first], place[second]] = strength[place[second], place[first]] = value
        return names, np.array([group[name] for name in names], dtype=np.int64), strength

    def _frames(self, ax: Any, group: np.ndarray) -> None:
        from matplotlib.patches import Rectangle

        for number in np.unique(group[group >= 0]):
            members = np.flatnonzero(group == number)
            corner, size = members[0] - 0.5, len(members)
            ax.add_patch(Rectangle((corner, corner), size, size, fill=False, edgecolor=ink(ax), linewidth=2))
