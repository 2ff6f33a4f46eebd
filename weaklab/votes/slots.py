"""Richer votes in the form of a matrix of votes for one class each.

Each distinct vote of each labeling function is a *slot* with a row in a book, which says how far the vote is for each
class; the matrix holds slots in the place of labeling functions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import VoteError
from weaklab.typing import Floats
from weaklab.votes.matrix import VoteMatrix, encode
from weaklab.votes.pairs import pair_up
from weaklab.votes.rich import PartialVotes, SoftVotes
from weaklab.votes.spool import look_up


@dataclass(frozen=True, eq=False)
class Book:
    """What each distinct vote of each labeling function says.

    Parameters
    ----------
    lf : ndarray of int of shape (slots,)
        Whose vote it is, ascending.
    says : ndarray of shape (slots, k)
        How far it is for each class: 1 or 0 for one class or a set, or a probability.
    m : int
        How many labeling functions there are.
    """

    lf: np.ndarray
    says: Floats
    m: int

    def _check_loaded(self) -> None:
        """Check what a file said: kernels trust it."""
        whole = all(isinstance(array, np.ndarray) for array in (self.lf, self.says)) and type(self.m) is int
        if not whole or self.lf.ndim != 1 or self.lf.dtype.kind != "i" or self.says.ndim != 2:
            raise VoteError("what votes say is not as it was saved.")
        inside = ((self.lf >= 0) & (self.lf < self.m)).all() and (np.diff(self.lf) >= 0).all()
        if len(self.says) != len(self.lf) or not inside or not np.isfinite(self.says).all():
            raise VoteError("what votes say is of other labeling functions than these.")

    @property
    def shares(self) -> Floats:
        """The same, each slot summing to 1."""
        return self.says / self.says.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class SlotMatrix(VoteMatrix):
    """Votes with slots in the place of labeling functions, and the book of these.

    Each is stored as a vote for the class that it is most for, so that the shell finds votes that it knows.
    """

    book: Book = None  # type: ignore[assignment]  # fields before it have defaults

    def name(self, j: int) -> str:
        """What to call the labeling function whose slot j is."""
        lf = int(self.book.lf[j])
        return f"column {lf}" if self.names is None else self.names[lf]

    def between(self, start: int, stop: int) -> SlotMatrix:
        """The votes of the rows from ``start`` to before ``stop``, with the same book."""
        part = super().between(start, stop)
        return SlotMatrix(part.indptr, part.code, part.m, part.k, part.names, part.index, self.book)

    def with_classes(self, k: int) -> SlotMatrix:
        """The same votes, for k classes, which must include those that are voted for."""
        says = _for_classes(self.book.says, k)
        return replace(self, code=encode(self.lf, self.vote, self.m, k), k=k, book=replace(self.book, says=says))


def slots_of(votes: VoteMatrix | PartialVotes | SoftVotes) -> SlotMatrix:
    """Number the distinct votes of each labeling function.

    Parameters
    ----------
    votes : VoteMatrix, PartialVotes or SoftVotes
        The votes.

    Returns
    -------
    SlotMatrix

    Examples
    --------
    >>> slots = slots_of(PartialVotes([[0b011, 0b100], [0b011, 0b110], [0, 0b100]], k=3))
    >>> slots.book.lf.tolist(), slots.book.says.astype(int).tolist()
    ([0, 1, 1], [[1, 1, 0], [0, 0, 1], [0, 1, 1]])
    """
    if isinstance(votes, VoteMatrix):
        pairs, slot = pair_up(votes)
        says = (pairs.vote[:, np.newaxis] == np.arange(votes.k)).astype(np.float64)
        return _matrix(votes.indptr, slot, Book(pairs.lf, says, votes.m), votes.names, votes.index)
    numbering = Numbering()
    return numbering.slots(numbering.code(votes), votes.k)


def _for_classes(says: Floats, k: int) -> Floats:
    """What votes say, (votes, k), of classes that none of them is for as well."""
    return np.pad(says, ((0, 0), (0, k - says.shape[1])))


def _matrix(indptr: np.ndarray, slot: np.ndarray, book: Book, names: Any = None, index: Any = None) -> SlotMatrix:
    slots, k = book.says.shape
    every, slots = np.arange(slots), max(slots, 1)  # a matrix has a column
    code = look_up(encode(every, book.says.argmax(axis=1), slots, k), slot)
    return SlotMatrix(indptr, code, slots, k, names, index, book)


class Numbering:
    """Distinct richer votes, numbered as they are met first, row by row; more may come later.

    Examples
    --------
    >>> numbering = Numbering()
    >>> numbering.code(PartialVotes([[0b011, 0b100]], k=3)).vote.tolist()
    [0, 1]
    >>> numbering.code(PartialVotes([[0b001, 0b011]], k=3)).vote.tolist()
    [2, 0]
    """

    def __init__(self) -> None:
        self._tables: list[Floats] = []  # of what each says, one table after the other
        self._size = 0
        self._number: dict[bytes, int] | None = None

    def __len__(self) -> int:
        return self._size

    @property
    def table(self) -> Floats:
        """What each says, (votes, k)."""
        if len(self._tables) > 1:
            self._tables = [np.concatenate(self._tables)]
        return self._tables[0]

    def code(self, votes: PartialVotes | SoftVotes) -> VoteMatrix:
        """The same votes, with numbers in the place of classes, and room for some numbers more."""
        voted, number, table = _distinct(votes)
        if not self._tables:
            self._tables, self._size = [table], len(table)
        else:
            number = self._find(table)[number]
        base = 2 ** max(1, (self._size - 1).bit_length())  # so that it seldom grows
        lf = np.nonzero(voted)[1]
        indptr = np.concatenate([[0], np.cumsum(voted.sum(axis=1))])
        code = encode(lf, number, votes.shape[1], base)
        return VoteMatrix(indptr, code, votes.shape[1], base, votes.names, votes.index)

    def slots(self, coded: VoteMatrix, k: int) -> SlotMatrix:
        """The votes that were coded, as slots, for k classes."""
        pairs, slot = pair_up(coded)
        says = _for_classes(self.table[pairs.vote], k)
        return _matrix(coded.indptr, slot, Book(pairs.lf, says, coded.m), coded.names, coded.index)

    def cut(self, size: int) -> None:
        """Forget all but the first ``size``."""
        if size < self._size:
            self._tables, self._size, self._number = [self.table[:size]] if size else [], size, None

    def _find(self, table: Floats) -> np.ndarray:
        """The numbers of distinct votes; those that are new get the next ones."""
        if self._number is None:
            self._number = {row.tobytes(): at for at, row in enumerate(self.table)}
        numbers = np.array([self._number.setdefault(row.tobytes(), len(self._number)) for row in table], dtype=np.int64)
        self._tables.append(table[numbers >= self._size])
        self._size = len(self._number)
        return numbers


def _distinct(votes: PartialVotes | SoftVotes) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Who votes, (n, m); the number of each vote among the distinct ones, (nnz,); what these say, (distinct, k)."""
    if isinstance(votes, PartialVotes):
        voted = votes.masks != 0
        number, distinct = pd.factorize(votes.masks[voted])
        bits = (distinct[:, np.newaxis] >> np.arange(votes.k, dtype=np.uint64)) & np.uint64(1)
        return voted, number, bits.astype(np.float64)
    voted = ~np.isnan(votes.probs[:, :, 0])
    cast = votes.probs[voted] + 0.0  # (nnz, k); no zero is negative, so that equal votes have equal bytes
    number = np.zeros(len(cast), dtype=np.int64)
    for column in cast.T:  # hashing a column at a time, then pairs of numbers, sorts nothing
        one, values = pd.factorize(column)
        number = pd.factorize(number * np.int64(len(values)) + one)[0]
    first = np.zeros(number.max(initial=-1) + 1, dtype=np.int64)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1)
    return voted, number, cast[first]
