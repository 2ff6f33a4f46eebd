"""Rows of votes as few integers, equal where, and only where, the votes are."""

from __future__ import annotations

import numpy as np

from weaklab._kernels.chunks import CHUNK
from weaklab.votes import VoteMatrix
from weaklab.votes.patterns import MAX_WORDS


def row_words(matrix: VoteMatrix) -> np.ndarray:
    """Words of each row, (n, words) uint64.

    They hold the votes where four words of 64 bits can; of wider rows they are two sums of random numbers, one per
    labeling function and class, which tell rows apart but for odds of one in 2**128.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> words = row_words(check_votes([[0, 1], [1, 1], [0, 1]]))
    >>> bool((words[0] == words[2]).all()), bool((words[0] == words[1]).all())
    (True, False)
    """
    if matrix.packed_words <= MAX_WORDS:
        return matrix.pack()
    drawn = np.random.default_rng(0).integers(2**64, size=(matrix.m * matrix.k, 2), dtype=np.uint64)
    words = np.zeros((matrix.n, 2), dtype=np.uint64)
    for start in range(0, matrix.n, CHUNK):
        part = matrix.between(start, min(start + CHUNK, matrix.n))
        there = np.flatnonzero(part.covered)
        if len(there):
            words[start + there] = np.add.reduceat(drawn[part.code], part.indptr[there])
    return words
