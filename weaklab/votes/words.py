"""The same label matrix in the form in which few labeling functions and two classes are fastest: a word per row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from weaklab._kernels.words import LOW_BITS, MOST, sparse_of_words, votes_of_words, words_of_sparse
from weaklab._kernels.words import words as words_of_dense
from weaklab.exceptions import VoteError
from weaklab.votes.matrix import VoteMatrix, code_dtype
from weaklab.votes.spool import BLOCK, Column, is_in_file


def fit_words(m: int, k: int) -> bool:
    """Whether votes are kept as words: decided by m and k alone, so that the form they come in changes no bit.

    With two classes, a pass over words is 1.3 times as fast as one over lists of votes where each of 20 labeling
    functions votes on 2 % of the rows, and 3.5 times where on 20 %; of 32, .9 and 1.5 times (400,000 rows, one thread).
    A word takes less memory from the first vote on.

    Examples
    --------
    >>> fit_words(20, 2), fit_words(20, 3), fit_words(100, 2)
    (True, False, False)
    """
    return k == 2 and m <= MOST


class WordMatrix(VoteMatrix):
    """Votes of at most 32 labeling functions for two classes.

    Whatever needs sparse rows finds them, made at the first use; fitting and predicting do not.

    Parameters
    ----------
    word : ndarray of uint64 of shape (n,)
        The votes of each row, two bits each: 0 abstains, ``vote + 1`` else; as :meth:`VoteMatrix.pack` writes them.
    m : int
        How many labeling functions there are.
    names, index
        As for :class:`VoteMatrix`.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> votes = check_votes([[0, 1, -1], [-1, -1, 1]])
    >>> votes.word, votes.lf, votes.vote
    (array([ 9, 32], dtype=uint64), array([0, 1, 2], dtype=int32), array([0, 1, 1], dtype=int32))
    """

    word: np.ndarray

    def __init__(
        self, word: np.ndarray, m: int, names: tuple[str, ...] | None = None, index: pd.Index | None = None
    ) -> None:
        self.__dict__.update(word=word, m=m, k=2, names=names, index=index)

    def _saved_state(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("word", "m", "k", "names", "index")}

    def _check_loaded(self) -> None:
        """Check what a file said: kernels trust it."""
        if set(self.__dict__) != {"word", "m", "k", "names", "index"}:
            raise VoteError("a matrix of votes has other parts.")
        whole = isinstance(self.word, np.ndarray) and self.word.dtype == np.uint64 and self.word.ndim == 1
        if not whole or type(self.m) is not int or not 0 < self.m <= MOST or self.k != 2:
            raise VoteError("a matrix of votes for two classes is not as it was saved.")

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.word)

    @cached_property
    def _sparse(self) -> tuple[np.ndarray, np.ndarray]:
        return sparse_of_words(self.word, code_dtype(self.m, 2))

    @property
    def indptr(self) -> np.ndarray:
        """Row i is ``indptr[i]:indptr[i + 1]`` of ``code``, (n + 1,) int64."""
        return self._sparse[0]

    @property
    def code(self) -> np.ndarray:
        """``2 * lf + vote`` of each vote, (nnz,)."""
        return self._sparse[1]

    @cached_property
    def nnz(self) -> int:
        """How many votes there are."""
        return int(self.row_counts.sum())

    @cached_property
    def row_counts(self) -> np.ndarray:
        """How many labeling functions vote on each row, (n,) int64."""
        return votes_of_words(self.word)

    @property
    def covered(self) -> np.ndarray:
        """Whether any labeling function votes, for each row, (n,) bool."""
        return self.word != 0

    @cached_property
    def most_votes(self) -> int:
        """No row has more votes than this."""
        return self.m

    def majority(self) -> np.ndarray:
        """The class with the most votes on each row, both where they tie, evenly; (n, 2)."""
        first = votes_of_words(self.word & LOW_BITS)
        second = votes_of_words((self.word >> np.uint64(1)) & LOW_BITS)
        of_first = (1 + np.sign(first - second)) / 2
        return np.column_stack([of_first, 1 - of_first])

    def pack(self) -> np.ndarray:
        """Rows as 64-bit words (n, 1)."""
        return self.word[:, np.newaxis]

    def with_classes(self, k: int) -> VoteMatrix:
        """The same votes, for k classes."""
        if k == self.k:
            return self
        return VoteMatrix(self.indptr, self.code, self.m, self.k, self.names, self.index).with_classes(k)

    def without_index(self) -> WordMatrix:
        """The same votes, without the index of the data."""
        return WordMatrix(self.word, self.m, self.names)

    def take(self, rows: np.ndarray) -> WordMatrix:
        """The votes of some rows, by position."""
        index = None if self.index is None else self.index[rows]
        return WordMatrix(self.word[rows], self.m, self.names, index)

    def between(self, start: int, stop: int) -> WordMatrix:
        """The votes of the rows from ``start`` to before ``stop``; a view."""
        index = None if self.index is None else self.index[start:stop]
        return WordMatrix(self.word[start:stop], self.m, self.names, index)

    def reorder(self, order: np.ndarray) -> WordMatrix:
        """The votes with labeling function ``order[j]`` in place j."""
        word, three = np.zeros(self.n, dtype=np.uint64), np.uint64(3)
        for place, source in enumerate(order):
            word |= ((self.word >> np.uint64(2 * source)) & three) << np.uint64(2 * place)
        names = None if self.names is None else tuple(self.names[j] for j in order)
        return WordMatrix(word, self.m, names, self.index)


def from_dense(votes: np.ndarray, names: tuple[str, ...] | None = None, index: pd.Index | None = None) -> WordMatrix:
    """Words of a dense matrix (n, m) whose votes are -1, 0 and 1."""
    return WordMatrix(words_of_dense(votes.astype(np.int8, copy=False)), votes.shape[1], names, index)


def as_kept(votes: VoteMatrix) -> VoteMatrix:
    """Votes in the form in which they are kept: words where :func:`fit_words` says so; in a file where they were."""
    if isinstance(votes, WordMatrix) or not fit_words(votes.m, votes.k):
        return votes
    if not is_in_file(votes.code):
        return WordMatrix(words_of_sparse(votes.indptr, votes.code), votes.m, votes.names, votes.index)
    column = Column(np.uint64)
    column.to_file()
    for start in range(0, votes.n, BLOCK):
        part = votes.between(start, min(start + BLOCK, votes.n))
        column.append(words_of_sparse(part.indptr, part.code))
    return WordMatrix(column.array(), votes.m, votes.names, votes.index)


def stacked(parts: Sequence[VoteMatrix]) -> VoteMatrix:
    """The rows of several matrices of the same labeling functions and classes, one after the other; without index.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> stacked([check_votes([[0, 1]]), check_votes([[1, -1]])]).dense().tolist()
    [[0, 1], [1, -1]]
    """
    first = parts[0]
    words = [part.word for part in parts if isinstance(part, WordMatrix)]
    if len(words) == len(parts):
        return WordMatrix(np.concatenate(words), first.m, first.names)
    ends = np.concatenate([[0], np.cumsum([part.nnz for part in parts])])
    starts = [part.indptr[1:] + end for part, end in zip(parts, ends[:-1], strict=True)]
    code = np.concatenate([part.code for part in parts])
    return VoteMatrix(np.concatenate([[0], *starts]), code, first.m, first.k, first.names)
