"""The label matrix as a picture, however large."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np

from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import ParameterError, VoteError, did_you_mean
from weaklab.plots.binned_votes import BinnedVotes, Sort
from weaklab.plots.drawing import (
    PALETTE,
    Display,
    check_number,
    counts,
    distinct,
    ink,
    over,
    paper,
    percent_axis,
    shorten,
    title,
)
from weaklab.votes import class_array

Show = Literal["class", "density"]

#: Up to so many rows and labeling functions, cells say their class and labeling functions their name.
SAID_ROWS, SAID_LFS, NAMED_LFS = 30, 20, 40
#: Up to so many, names stand side by side.
SHORT_NAMED = 4
#: The faintest shade of a bin that has votes.
FAINTEST = 0.3
#: A group narrower than this share of its axis gets no label.
NARROW = 0.05
#: The share of the figure's width that groups stand over, and the width of a small character in inches.
HEADED, SMALL = 0.65, 0.075


@dataclass(eq=False)
class VoteMatrixDisplay(Display):
    """A heat map of votes: rows of data downwards, labeling functions to the right.

    What is larger than the picture is put into bins: a bin has the colour of the class with most votes in it, paler
    the fewer of its cells have a vote.

    Parameters
    ----------
    binned : BinnedVotes
        What falls into each bin.
    n, m : int
        How many rows and labeling functions there are.
    names : list of str
        The labeling functions, in the order of the votes.
    classes : list
        The class names.
    sort : {"majority", "data"}
        The order of rows and labeling functions.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> display = VoteMatrixDisplay.from_votes(make_votes(n=5000, m=3).votes, classes=["ham", "spam"])
    >>> display.binned.votes.shape  # bins of rows, labeling functions, classes
    (400, 3, 2)
    >>> display.plot().ax_.get_xlabel()
    'labeling function'
    """

    binned: BinnedVotes
    n: int
    m: int
    names: list[str]
    classes: list[Hashable]
    sort: Sort

    @classmethod
    def from_votes(
        cls,
        votes: Any,
        *,
        classes: Any = None,
        sort: Sort = "majority",
        max_rows: int = 400,
        max_lfs: int = 300,
    ) -> Self:
        """Count votes by bin: a million rows of fifty labeling functions take seconds, and little memory.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
            The votes; of distributions the likeliest class counts, of sets those of one class.
        classes : int or sequence of hashable, optional
            The classes.
        sort : {"majority", "data"}
            "majority" puts rows, and labeling functions, beside each other that vote for the same class, those with
            most votes first (where classes tie, the first of them counts); "data" leaves them as they are.
        max_rows, max_lfs : int
            Into how many bins rows and labeling functions are put, where there are more.

        Returns
        -------
        VoteMatrixDisplay

        Raises
        ------
        VoteError, ParameterError
            If there are no votes to draw, or an argument is wrong.
        """
        if sort not in get_args(Sort):
            raise ParameterError(f"sort={sort!r} is no order.{did_you_mean(sort, get_args(Sort))}")
        matrix = hard_votes(votes, classes)
        if not matrix.n:
            raise VoteError("There are no rows of votes to draw.")
        shape = min(matrix.n, check_number(max_rows, "max_rows")), min(matrix.m, check_number(max_lfs, "max_lfs"))
        shown = class_array(matrix.k if classes is None else classes).tolist()
        return cls(BinnedVotes.of(matrix, *shape, sort), matrix.n, matrix.m, matrix.lf_names, shown, sort)

    def plot(self, ax: Any = None, *, show: Show = "class", **kwargs: Any) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        show : {"class", "density"}
            "class": what most votes of a bin are for. "density": how many of its cells have a vote.
        **kwargs
            For ``Axes.imshow``; ``cmap`` is for "density".

        Returns
        -------
        self
        """
        if show not in get_args(Show):
            raise ParameterError(f"show={show!r} is nothing to show.{did_you_mean(show, get_args(Show))}")
        named = SHORT_NAMED < self.m <= NAMED_LFS  # their names take room
        ax = self._axes(ax, width=7.6, height=6.8 if named else 5.4)
        density = self.binned.votes.sum(axis=2) / np.maximum(self.binned.cells, 1)  # (row bins, lf bins)
        extent = (-0.5, self.m - 0.5, self.n - 0.5, -0.5)
        look = {"aspect": "auto", "interpolation": "nearest", "extent": extent} | kwargs
        if show == "density":
            image = ax.imshow(density, **({"cmap": "cividis", "vmin": 0} | look))
            bar = ax.get_figure().colorbar(image, ax=ax, label="share of the bin's cells that have a vote")
            percent_axis(bar.ax.yaxis)
        else:
            ax.imshow(self._colours(ax, density), **look)
            self._say_cells(ax)
            self._legend(ax, self._patches(ax, density), columns=4, below=-0.2)
        self._label(ax, right=show == "class")
        self._make_room()
        return self

    @property
    def _is_exact(self) -> bool:
        return self.binned.cells.shape == (self.n, self.m)

    def _colours(self, ax: Any, density: np.ndarray) -> np.ndarray:
        """The class of most votes, over the background: as strong as the bin is full, on the scale of the fullest."""
        from matplotlib.colors import to_rgb

        palette = np.array([to_rgb(colour) for colour in PALETTE])
        colour = palette[self.binned.votes.argmax(axis=2)]  # (row bins, lf bins, 3)
        strength = np.where(density > 0, FAINTEST + (1 - FAINTEST) * density / max(density.max(), 1e-12), 0)
        strength = strength[:, :, np.newaxis]
        return strength * colour + (1 - strength) * np.array(paper(ax)[:3])

    def _kind_names(self) -> list[str]:
        others = len(self.classes) - len(self.binned.kinds) + 1
        names = [f"class {name}" if isinstance(name, int) else shorten(name, 18) for name in self.classes]
        return [f"{others:,} other classes" if code < 0 else names[code] for code in self.binned.kinds]

    def _patches(self, ax: Any, density: np.ndarray) -> list[Any]:
        from matplotlib.patches import Patch

        edge = {"edgecolor": ink(ax), "linewidth": 0.6}
        patches = [Patch(facecolor=PALETTE[at], label=name, **edge) for at, name in enumerate(self._kind_names())]
        what = "no vote" if self._is_exact else f"no vote (full colour: {density.max():.0%} of a bin's cells)"
        return [*patches, Patch(facecolor=paper(ax), label=what, **edge)]

    def _say_cells(self, ax: Any) -> None:
        """In small pictures each vote is written out."""
        if not self._is_exact or self.n > SAID_ROWS or self.m > SAID_LFS:
            return
        names = [shorten(self.classes[c], 6) if c >= 0 else "other" for c in self.binned.kinds]
        for row, column in np.argwhere(self.binned.votes.any(axis=2)):
            kind = int(self.binned.votes[row, column].argmax())
            style = {"color": over(PALETTE[kind]), "ha": "center", "va": "center", "fontsize": "small"}
            ax.text(column, row, names[kind], **style)

    def _label(self, ax: Any, right: bool) -> None:
        how = ", by majority vote" if self.sort == "majority" else ", as the data has them"
        ax.set_ylabel(f"row{how}")
        if self.m <= NAMED_LFS:
            names = distinct([self.names[j] for j in self.binned.lf_order], 24)
            ax.set_xticks(range(self.m), names, rotation=90 if self.m > SHORT_NAMED else 0)
            ax.set_xlabel("labeling function")
        else:
            ax.set_xlabel("labeling function, by the class it votes for most" if right else "labeling function")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.yaxis.get_major_locator().set_params(integer=True)
        rows, lfs = self.binned.cells.shape
        facts = counts(self.n, self.m)
        if not self._is_exact:
            each = [f"{self.n / rows:,.0f} rows"] * (rows < self.n)
            each += [f"{self.m / lfs:,.0f} labeling functions"] * (lfs < self.m)
            facts += f"; in bins of about {' by '.join(each)}"
        total = int(self.binned.votes.sum())
        title(ax, f"Votes: {total:,}, on {total / self.n / self.m:.1%} of all cells", facts)
        if self.sort == "majority":
            self._groups(ax, right)

    def _groups(self, ax: Any, right: bool) -> None:
        """Lines between the classes, and their names, where colour cannot be told apart."""
        names = [*self._kind_names(), "no votes"]
        for axis, sizes, total in (("y", self.binned.row_groups, self.n), ("x", self.binned.lf_groups, self.m)):
            ends = np.cumsum(sizes)
            for end in ends[:-1][(ends[:-1] > 0) & (ends[:-1] < total)]:
                line = ax.axhline if axis == "y" else ax.axvline
                line(end - 0.5, color=ink(ax), linewidth=1)
            if not right:
                continue
            wide = np.flatnonzero(sizes >= NARROW * total)
            middles = (ends - sizes / 2 - 0.5)[wide]
            beside = ax.secondary_yaxis("right") if axis == "y" else ax.secondary_xaxis("top")
            labels = [f"{names[c]} {sizes[c] / total:.0%}" if axis == "y" else names[c] for c in wide]
            (beside.set_yticks if axis == "y" else beside.set_xticks)(middles, labels)
            inches = HEADED * ax.get_figure().get_size_inches()[0] * sizes[wide] / total
            if axis == "x" and (SMALL * np.array([len(label) for label in labels]) > inches).any():
                for label in beside.get_xticklabels():  # those of narrow groups would run into each other
                    label.set(rotation=30, ha="left", rotation_mode="anchor")
            beside.tick_params(length=0, labelsize="small")
