"""Pairs: each (labeling function, vote) that occurs, numbered. Parameters are kept per pair, not per possible vote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from weaklab.exceptions import VoteError
from weaklab.votes.matrix import VoteMatrix
from weaklab.votes.spool import look_up

#: Up to this many possible pairs, which of them occur is found by counting; beyond, by sorting.
COUNTABLE = 10_000_000
#: Votes that are counted at a time.
BLOCK = 4_000_000


@dataclass(frozen=True, eq=False)
class PairTable:
    """The (labeling function, vote) pairs that occur, in ascending order.

    Parameters
    ----------
    lf, vote : ndarray of int64 of shape (pairs,)
        The labeling function and the class of each pair.
    k : int
        How many classes there are.
    """

    lf: np.ndarray
    vote: np.ndarray
    k: int

    def __len__(self) -> int:
        return len(self.lf)

    def _check_loaded(self) -> None:
        """Check what a file said: kernels trust it."""
        whole = type(self.k) is int and self.k > 0
        for array in (self.lf, self.vote):
            whole = whole and isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind == "i"
        if not whole or len(self.lf) != len(self.vote):
            raise VoteError("the pairs of labeling functions and votes are not as they were saved.")
        code = self.lf * self.k + self.vote
        if (self.lf < 0).any() or (self.vote < 0).any() or (self.vote >= self.k).any() or (np.diff(code) <= 0).any():
            raise VoteError("the pairs of labeling functions and votes are not in order.")

    def find(self, other: PairTable) -> np.ndarray:
        """The number here of each pair of another table, -1 where it does not occur here."""
        here, there = self.lf * self.k + self.vote, other.lf * self.k + other.vote
        if not len(here):
            return np.full(len(there), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(here, there), len(here) - 1)
        return np.where(here[at] == there, at, -1)

    @classmethod
    def every(cls, m: int, k: int) -> PairTable:
        """All m * k pairs, whether they occur or not."""
        lf, vote = np.divmod(np.arange(m * k), k)
        return cls(lf, vote, k)

    def numbers(self, code: np.ndarray, m: int) -> np.ndarray:
        """The numbers here of votes with codes ``lf * k + vote``, which must all occur."""
        if len(self) == m * self.k:
            return code
        number = np.zeros(m * self.k, dtype=code.dtype)
        number[self.lf * self.k + self.vote] = np.arange(len(self))
        return look_up(number, code)

    def sum_by_lf(self, values: np.ndarray, m: int) -> np.ndarray:
        """Sums over the pairs of each labeling function: (pairs, k) to (m, k)."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.lf, minlength=m))])
        every = np.arange(len(self.lf))
        # A product adds in the order of the pairs, as np.add.at does, and many times as fast.
        return np.asarray(sparse.csr_array((np.ones(len(every)), every, starts), shape=(m, len(every))) @ values)


def pair_up(votes: VoteMatrix) -> tuple[PairTable, np.ndarray]:
    """Number the pairs that occur.

    Parameters
    ----------
    votes : VoteMatrix
        The votes.

    Returns
    -------
    table : PairTable
        The pairs that occur.
    pair : ndarray of unsigned int of shape (nnz,)
        The number of the pair of each vote; ``votes.code`` itself where all pairs occur.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> table, pair = pair_up(check_votes([[0, 1], [0, -1], [-1, 0]]))
    >>> table.lf.tolist(), table.vote.tolist(), pair.tolist()
    ([0, 1, 1], [0, 0, 1], [0, 2, 0, 1])
    """
    if votes.m * votes.k > COUNTABLE:
        distinct, pair = np.unique(votes.code, return_inverse=True)
        distinct = distinct.astype(np.int64)
        return PairTable(distinct // votes.k, distinct % votes.k, votes.k), pair.astype(np.uint32)
    present = np.zeros(votes.m * votes.k, dtype=bool)
    for start in range(0, votes.nnz, BLOCK):  # bincount widens what it is given, so it is given little at a time
        present |= np.bincount(votes.code[start : start + BLOCK], minlength=len(present)) > 0
    distinct = np.flatnonzero(present)
    table = PairTable(distinct // votes.k, distinct % votes.k, votes.k)
    return table, table.numbers(votes.code, votes.m)
