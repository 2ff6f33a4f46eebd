"""From a dense matrix of votes to sparse rows: for each row, which labeling functions voted, and what."""

from __future__ import annotations

import numpy as np

from weaklab._kernels._jit import frozen, kernel
from weaklab._kernels.chunks import over_chunks


@kernel
def count_rows(votes, start, stop, counts):  # type: ignore[no-untyped-def]
    """Votes per row into ``counts[start + 1 : stop + 1]``; returns the lowest and the highest value."""
    lowest = 0
    highest = -1
    for i in range(start, stop):
        count = 0
        for j in range(votes.shape[1]):
            vote = votes[i, j]
            if vote >= 0:
                count += 1
                highest = max(highest, vote)
            else:
                lowest = min(lowest, vote)
        counts[i + 1] = count
    return lowest, highest


@kernel
def fill_rows(votes, start, stop, indptr, k, code):  # type: ignore[no-untyped-def]
    """Write the codes ``lf * k + vote`` of rows ``start`` to ``stop`` where ``indptr`` says."""
    for i in range(start, stop):
        at = indptr[i]
        for j in range(votes.shape[1]):
            value = votes[i, j]
            if value >= 0:
                code[at] = j * k + value
                at += 1


def row_bounds(votes: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Where the sparse rows of a dense matrix of votes begin and end.

    Parameters
    ----------
    votes : ndarray of shape (n, m), int8 or int32
        -1 is "abstain"; any other negative value is reported, and counts as one.

    Returns
    -------
    indptr : ndarray of int64 of shape (n + 1,)
        Row i holds votes ``indptr[i]:indptr[i + 1]``.
    lowest, highest : int
        The lowest value if it is negative, else 0; the highest value, -1 where there is no vote.
    """
    n = votes.shape[0]
    votes = frozen(votes)
    indptr = np.zeros(n + 1, dtype=np.int64)
    bounds = list(over_chunks(lambda start, stop: count_rows(votes, start, stop, indptr), n))
    np.cumsum(indptr, out=indptr)
    lowest = min((low for low, _ in bounds), default=0)
    highest = max((high for _, high in bounds), default=-1)
    return indptr, int(lowest), int(highest)


def row_codes(votes: np.ndarray, indptr: np.ndarray, k: int, dtype: np.dtype) -> np.ndarray:
    """The codes ``lf * k + vote`` of all votes, row by row, (nnz,)."""
    votes = frozen(votes)
    code = np.empty(indptr[-1], dtype=dtype)
    for _ in over_chunks(lambda start, stop: fill_rows(votes, start, stop, indptr, k, code), votes.shape[0]):
        pass
    return code
