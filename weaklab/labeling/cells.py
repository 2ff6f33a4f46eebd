"""Labeling functions that are data and look at one cell of a row."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from weaklab.labeling.declarative import DeclarativeLF, is_missing
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.rows import as_row


class CellLF(DeclarativeLF):
    """Votes by one cell of a row, and abstains where that is missing.

    Attributes
    ----------
    column : hashable
        The column that it reads.
    """

    column: Hashable

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """The one column that it reads."""
        return (self.column,)

    def vote(self, cell: Any) -> Any:
        """The label for a cell that is not missing, or None to abstain.

        Raises
        ------
        FrameError
            If the cell is of a kind that it cannot read.
        """
        raise NotImplementedError

    def __call__(self, row: Any) -> Any:
        """The label, or None to abstain, for one row: anything with items or attributes."""
        cell = self.cell(as_row(row), self.column)
        return None if is_missing(cell) else self.vote(cell)

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row; see :meth:`DeclarativeLF.explain`."""
        cell = self.cell(as_row(row), self.column)
        if is_missing(cell):
            return Explanation(None, "the cell is missing", self.column)
        return self.explain_cell(cell)

    def explain_cell(self, cell: Any) -> Explanation:
        """Why it votes as it does on a cell that is not missing."""
        vote = self.vote(cell)
        reason = f"{short(cell)} {'does not match' if vote is None else 'matches'}"
        return Explanation(vote, reason, self.column, text=cell if isinstance(cell, str) else None)


@dataclass(frozen=True)
class MatchLF(CellLF):
    """Votes one class where a cell matches.

    Attributes
    ----------
    column : hashable
        The column that it reads.
    label : hashable
        What it votes: a class code or a class name.
    name : str
        The name of its column of votes.
    """

    column: Hashable
    label: Any
    name: str

    @property
    def labels(self) -> tuple[Any, ...]:
        """The one label that it votes."""
        return (self.label,)

    def matches(self, cell: Any) -> bool:
        """Whether it votes on a cell that is not missing.

        Raises
        ------
        FrameError
            If the cell is of a kind that it cannot read.
        """
        raise NotImplementedError

    def vote(self, cell: Any) -> Any:
        """The label where the cell matches, else None."""
        return self.label if self.matches(cell) else None
