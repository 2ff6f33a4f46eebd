"""How much the votes for each class weigh on each row, and which classes have most; nothing but the result is held."""

from __future__ import annotations

import numpy as np

from weaklab._kernels._jit import kernel
from weaklab._kernels.chunks import over_chunks


@kernel
def votes_of_rows(indptr, vote, start, stop, weight, out):  # type: ignore[no-untyped-def]
    """Add the weight of each vote to the class that it is for; ``out`` is 0 before."""
    for i in range(start, stop):
        for at in range(indptr[i], indptr[i + 1]):
            out[i, vote[at]] += weight[at]


@kernel
def tie_rows(indptr, vote, start, stop, out):  # type: ignore[no-untyped-def]
    """Turn numbers of votes into the even distribution over the classes that have most; all of them without votes."""
    k = out.shape[1]
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin == end:
            for y in range(k):
                out[i, y] = 1.0 / k
            continue
        most, votes = 0.0, 0
        for at in range(begin, end):
            most = max(most, out[i, vote[at]])
        for at in range(begin, end):
            votes += out[i, vote[at]] == most
        share = most / votes  # one over the number of tied classes, each of which has most votes
        for at in range(begin, end):  # below 0 is done: a class is met as often as it has votes
            if out[i, vote[at]] > 0:
                out[i, vote[at]] = -share if out[i, vote[at]] == most else 0.0
        for at in range(begin, end):
            out[i, vote[at]] = abs(out[i, vote[at]])


def vote_sums(indptr: np.ndarray, vote: np.ndarray, k: int, weight: np.ndarray) -> np.ndarray:
    """The weight of the votes for each class on each row, (n, k).

    Parameters
    ----------
    indptr, vote : ndarray
        Row i has the votes ``vote[indptr[i]:indptr[i + 1]]``, classes 0..k-1.
    k : int
        How many classes there are.
    weight : ndarray of shape (nnz,)
        What each vote counts.
    """
    n = len(indptr) - 1
    out = np.zeros((n, k))
    for _ in over_chunks(lambda start, stop: votes_of_rows(indptr, vote, start, stop, weight, out), n):
        pass
    return out


def majority(indptr: np.ndarray, vote: np.ndarray, k: int) -> np.ndarray:
    """The classes with the most votes on each row, evenly; all of them where there is no vote; (n, k)."""
    out = vote_sums(indptr, vote, k, np.ones(len(vote)))
    for _ in over_chunks(lambda start, stop: tie_rows(indptr, vote, start, stop, out), len(indptr) - 1):
        pass
    return out
