"""Pack a row of votes into few 64-bit words, so that equal rows can be found by sorting integers."""

from __future__ import annotations

import math

import numpy as np

from weaklab._kernels._jit import kernel
from weaklab._kernels.chunks import over_chunks


@kernel
def pack_rows(indptr, code, start, stop, k, bits, per_word, words):  # type: ignore[no-untyped-def]
    """Add ``vote + 1`` of each vote to the word and the bit position of its labeling function."""
    for i in range(start, stop):
        for at in range(indptr[i], indptr[i + 1]):
            lf = np.int64(code[at]) // k
            vote = np.int64(code[at]) - lf * k
            word = lf // per_word
            shift = (lf - word * per_word) * bits
            words[i, word] |= np.uint64(vote + 1) << np.uint64(shift)


def packed_words(m: int, k: int) -> int:
    """How many 64-bit words a row of m votes for k classes takes.

    Examples
    --------
    >>> packed_words(20, 2)
    1
    """
    return math.ceil(m / (64 // max(1, k.bit_length())))


def pack(indptr: np.ndarray, code: np.ndarray, m: int, k: int) -> np.ndarray:
    """Rows of votes as 64-bit words: equal words if, and only if, equal votes.

    Parameters
    ----------
    indptr, code : ndarray
        Sparse rows, as :mod:`weaklab._kernels.sparse_rows` makes them.
    m, k : int
        How many labeling functions and classes there are.

    Returns
    -------
    ndarray of uint64 of shape (n, words)
        0 in a row without votes.
    """
    n = len(indptr) - 1
    bits = max(1, k.bit_length())  # vote + 1 runs from 0 (abstain) to k
    words = np.zeros((n, packed_words(m, k)), dtype=np.uint64)
    for _ in over_chunks(lambda start, stop: pack_rows(indptr, code, start, stop, k, bits, 64 // bits, words), n):
        pass
    return words
