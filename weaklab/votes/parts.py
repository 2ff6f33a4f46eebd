"""Votes that are spread over a cluster: what is known of a part of them, and how parts become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from weaklab.exceptions import GoldError, ParameterError, VoteError
from weaklab.typing import Classes
from weaklab.votes.check import check_votes
from weaklab.votes.gold import check_gold
from weaklab.votes.patterns import Patterns, merge_rows, stack
from weaklab.votes.soft import check_sample_weight

#: Up to this many rows in all are kept as they lie, in packed form, so that a model sees what it would see on one
#: machine; beyond, equal rows are merged.
AS_THEY_LIE = 262_144
#: The bytes of packed rows that may come together in one place, 16 times as many while that is tried.
MOST_BYTES = 128_000_000


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of votes, or what is left of them once equal ones are merged.

    Parameters
    ----------
    patterns : Patterns
        The rows, or distinct rows with their weights.
    n : int
        How many rows there were.
    weighed : bool
        Whether any of them has a weight above 0, or none was given weights.
    at : int
        Where among all parts it stands.
    """

    patterns: Patterns
    n: int
    weighed: bool = True
    at: int = 0

    @classmethod
    def of(
        cls,
        votes: Any,
        y: Any = None,
        sample_weight: Any = None,
        classes: Classes = None,
        at: int = 0,
        first_row: int = 0,
    ) -> Part:
        """Check some rows of votes.

        Parameters
        ----------
        votes : DataFrame of shape (n, m)
            The votes.
        y, sample_weight : array-like of shape (n,), optional
            Gold labels and weights.
        classes : int, sequence of hashable, or None
            The classes.
        at : int
            Where among all parts it stands.
        first_row : int
            The number of the first row within that partition.

        Raises
        ------
        VoteError, GoldError, ParameterError
            If they are not what they should be; a note says in which partition.

        Examples
        --------
        >>> Part.of([[0, 1], [0, -1]]).n
        2
        """
        try:
            matrix = check_votes(votes, classes=classes, first_row=first_row)
            gold = None if y is None else check_gold(y, matrix.n, classes, index=matrix.index)
            weight = check_sample_weight(sample_weight, matrix.n, some=False, index=matrix.index)
        except (VoteError, GoldError, ParameterError) as error:
            error.add_note(f"This was in the rows from {first_row:,} on of partition {at}.")
            raise
        if gold is not None and classes is None:
            matrix = matrix.with_classes(max(matrix.k, int(gold.max(initial=-1)) + 1))
        rows = Patterns(
            matrix.without_index(),
            np.empty(0) if weight is None else weight,
            np.empty(0, dtype=np.int64) if gold is None else gold,
        )
        part = cls(rows, matrix.n, weight is None or bool(weight.any()), at)
        return part if matrix.n <= AS_THEY_LIE else part.merged()

    def merged(self) -> Part:
        """The same, equal rows merged."""
        rows = self.patterns
        return replace(self, patterns=merge_rows(rows.votes, rows.gold, rows.weight))

    @property
    def nbytes(self) -> int:
        """How many bytes its rows take in packed form."""
        rows = self.patterns
        return 8 * rows.votes.packed_words * rows.votes.n + rows.weight.nbytes + rows.gold.nbytes


def bring_together(groups: Sequence[list[Part] | None], most_bytes: float) -> list[Part] | None:
    """Parts from several places as one list: as they lie where they are few rows, merged into one part else.

    Parameters
    ----------
    groups : sequence of list of Part, or of None
        What each place has; None where it was too much.
    most_bytes : float
        How much may come together.

    Returns
    -------
    list of Part, or None
        In their order; None where that is too much.

    Examples
    --------
    >>> parts = bring_together([[Part.of([[1, 1]], at=1)], [Part.of([[0, 1]], at=0)]], MOST_BYTES)
    >>> [part.at for part in parts]
    [0, 1]
    """
    parts: list[Part] = []
    for group in groups:
        if group is None:
            return None
        parts += group
    parts = sorted(parts, key=lambda part: part.at)
    if sum(part.n for part in parts) > AS_THEY_LIE:
        parts = [one([part.merged() for part in parts]).merged()]
    return parts if sum(part.nbytes for part in parts) <= most_bytes else None


def one(parts: Sequence[Part]) -> Part:
    """Several parts as one, one after the other."""
    rows = stack([part.patterns for part in parts])
    empty = all(part.n == 0 for part in parts)
    weighed = empty or any(part.weighed and part.n for part in parts)
    return Part(rows, sum(part.n for part in parts), weighed, min(part.at for part in parts))
