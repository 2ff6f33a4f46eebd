"""The internal form of a label matrix: sparse rows. It is built from whatever a user has, and never leaves."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from weaklab._kernels.chunks import CHUNK
from weaklab._kernels.patterns import pack, packed_words
from weaklab._kernels.vote_sums import majority, vote_sums
from weaklab.exceptions import VoteError


@dataclass(frozen=True, eq=False)
class VoteMatrix:
    """Votes of m labeling functions on n rows, checked, as sparse rows.

    Build it with :func:`weaklab.votes.check_votes`.

    Parameters
    ----------
    indptr : ndarray of int64 of shape (n + 1,)
        Row i is ``indptr[i]:indptr[i + 1]`` of ``code``.
    code : ndarray of unsigned int of shape (nnz,)
        ``lf * k + vote`` of each vote: which labeling function voted, and for which class, 0..k-1; ascending within
        a row. One number instead of two, of the smallest type that holds it: this is all that fitting keeps of data.
    m : int
        How many labeling functions there are.
    k : int
        How many classes there are: as declared, else ``max(2, highest vote + 1)``.
    names : tuple of str, or None
        The names of the labeling functions, where the votes came with names.
    index : pandas.Index, or None
        The index of the data, where the votes came with one.
    """

    indptr: np.ndarray
    code: np.ndarray
    m: int
    k: int
    names: tuple[str, ...] | None = None
    index: pd.Index | None = None

    def _check_loaded(self) -> None:
        """Check what a file said: kernels trust it."""
        whole = type(self.m) is int and type(self.k) is int and self.m >= 0 and self.k > 0
        for array, kind in ((self.indptr, "i"), (self.code, "u")):
            whole = whole and isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind == kind
        if not whole or self.indptr.dtype != np.int64 or not len(self.indptr) or self.indptr[0] != 0:
            raise VoteError("a matrix of votes is not as it was saved.")
        if self.indptr[-1] != len(self.code) or (np.diff(self.indptr) < 0).any():
            raise VoteError("the rows of a matrix of votes are not as they were saved.")
        if len(self.code) and int(self.code.max()) >= self.m * self.k:
            raise VoteError("a matrix of votes holds a vote of no labeling function, or for no class.")

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.indptr) - 1

    @property
    def nnz(self) -> int:
        """How many votes there are."""
        return len(self.code)

    @cached_property
    def lf(self) -> np.ndarray:
        """Which labeling function cast each vote, (nnz,) int32."""
        return (self.code // self.code.dtype.type(self.k)).astype(np.int32)

    @cached_property
    def vote(self) -> np.ndarray:
        """The class that each vote is for, (nnz,) int32."""
        return (self.code % self.code.dtype.type(self.k)).astype(np.int32)

    @cached_property
    def row_counts(self) -> np.ndarray:
        """How many labeling functions vote on each row, (n,) int64."""
        return np.diff(self.indptr)

    @property
    def covered(self) -> np.ndarray:
        """Whether any labeling function votes, for each row, (n,) bool."""
        return self.indptr[1:] > self.indptr[:-1]

    @cached_property
    def most_votes(self) -> int:
        """No row has more votes than this."""
        ends = range(0, self.n, CHUNK)
        return max((int(np.diff(self.indptr[at : at + CHUNK + 1]).max()) for at in ends), default=0)

    @cached_property
    def rows(self) -> np.ndarray:
        """The row of each vote, (nnz,) int64."""
        return np.repeat(np.arange(self.n), self.row_counts)

    @cached_property
    def lf_counts(self) -> np.ndarray:
        """How often each labeling function votes, (m,) int64."""
        return np.bincount(self.lf, minlength=self.m)

    def name(self, j: int) -> str:
        """What to call labeling function j: its name, else ``column j``."""
        return f"column {j}" if self.names is None else self.names[j]

    @property
    def lf_names(self) -> list[str]:
        """What to call each labeling function, in text: :meth:`name` of all, (m,)."""
        return [self.name(j) for j in range(self.m)]

    @property
    def columns(self) -> list[Hashable]:
        """What each labeling function is looked up by: its name, else the number of its column; (m,)."""
        return list(range(self.m)) if self.names is None else list(self.names)

    def class_votes(self) -> np.ndarray:
        """How many labeling functions vote for each class on each row, (n, k) float64."""
        return vote_sums(self.indptr, self.vote, self.k, np.ones(self.nnz))

    def majority(self) -> np.ndarray:
        """The classes with the most votes on each row, evenly; all of them where there is no vote; (n, k)."""
        return majority(self.indptr, self.vote, self.k)

    def dense(self) -> np.ndarray:
        """The votes as a dense matrix (n, m) of the smallest signed type that holds them; -1 is "abstain"."""
        out = np.full((self.n, self.m), -1, dtype=vote_dtype(self.k))
        out[self.rows, self.lf] = self.vote
        return out

    def frame(self) -> pd.DataFrame:
        """The votes as a DataFrame, as :func:`weaklab.apply` gives them."""
        return pd.DataFrame(self.dense(), index=self.index, columns=self.names, copy=False)

    def pack(self) -> np.ndarray:
        """Rows as 64-bit words (n, words): equal words if, and only if, equal votes."""
        return pack(self.indptr, self.code, self.m, self.k)

    @property
    def packed_words(self) -> int:
        """How many words :meth:`pack` takes per row."""
        return packed_words(self.m, self.k)

    def with_classes(self, k: int) -> VoteMatrix:
        """The same votes, for k classes, which must include those that are voted for."""
        return self if k == self.k else replace(self, code=encode(self.lf, self.vote, self.m, k), k=k)

    def without_index(self) -> VoteMatrix:
        """The same votes, without the index of the data."""
        return replace(self, index=None)

    def take(self, rows: np.ndarray) -> VoteMatrix:
        """The votes of some rows, by position."""
        starts = self.indptr[rows]
        counts = self.indptr[rows + 1] - starts
        indptr = np.concatenate([[0], np.cumsum(counts)])
        source = np.repeat(starts - indptr[:-1], counts) + np.arange(indptr[-1])
        index = None if self.index is None else self.index[rows]
        return VoteMatrix(indptr, self.code[source], self.m, self.k, self.names, index)

    def only(self, kept: np.ndarray) -> VoteMatrix:
        """The same rows with some of the votes, a mask (nnz,) of bool; the others are abstentions."""
        ends = np.concatenate([[0], np.cumsum(kept)])
        return VoteMatrix(ends[self.indptr], self.code[kept], self.m, self.k, self.names, self.index)

    def between(self, start: int, stop: int) -> VoteMatrix:
        """The votes of the rows from ``start`` to before ``stop``; codes are a view."""
        indptr = self.indptr[start : stop + 1]
        code = self.code[indptr[0] : indptr[-1]]
        index = None if self.index is None else self.index[start:stop]
        return VoteMatrix(indptr - indptr[0], code, self.m, self.k, self.names, index)

    def reorder(self, order: np.ndarray) -> VoteMatrix:
        """The votes with labeling function ``order[j]`` in place j."""
        place = np.empty(self.m, dtype=np.int32)
        place[order] = np.arange(self.m, dtype=np.int32)
        lf = place[self.lf]
        by_row = np.lexsort((lf, self.rows))
        names = None if self.names is None else tuple(self.names[j] for j in order)
        code = encode(lf[by_row], self.vote[by_row], self.m, self.k)
        return VoteMatrix(self.indptr, code, self.m, self.k, names, self.index)


def code_dtype(m: int, k: int) -> np.dtype:
    """The smallest unsigned integer type that holds the codes 0..m*k-1.

    Examples
    --------
    >>> code_dtype(20, 2), code_dtype(2000, 100)
    (dtype('uint16'), dtype('uint32'))
    """
    for dtype in (np.uint16, np.uint32):
        if m * k - 1 <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    return np.dtype(np.uint64)


def encode(lf: np.ndarray, vote: np.ndarray, m: int, k: int) -> np.ndarray:
    """Codes ``lf * k + vote``, as :class:`VoteMatrix` keeps them."""
    dtype = code_dtype(m, k)
    return lf.astype(dtype) * dtype.type(k) + vote.astype(dtype)


def vote_dtype(k: int) -> np.dtype:
    """The smallest signed integer type that holds -1 and the classes 0..k-1: int8, int16 or int32.

    Examples
    --------
    >>> vote_dtype(2), vote_dtype(1000)
    (dtype('int8'), dtype('int16'))
    """
    for dtype in (np.int8, np.int16):
        if k - 1 <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    return np.dtype(np.int32)
