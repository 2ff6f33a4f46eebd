"""On how many rows each two labeling functions meet, and vote alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from weaklab._kernels.co_votes import co_occurrence
from weaklab._kernels.em import Rows
from weaklab.label_models.co_votes import DENSE_PAIRS
from weaklab.votes import VoteMatrix
from weaklab.votes.pairs import pair_up


@dataclass(frozen=True, eq=False)
class Meetings:
    """Pairs of labeling functions that vote on a row in common, in the order of their columns.

    Attributes
    ----------
    first, second : ndarray of int of shape (pairs,)
        Their columns; ``first < second``.
    both, alike : ndarray of int64 of shape (pairs,)
        On how many rows both vote, and do so for the same class.
    """

    first: np.ndarray
    second: np.ndarray
    both: np.ndarray
    alike: np.ndarray


def count_meetings(matrix: VoteMatrix, least: int = 1) -> Meetings:
    """Count the rows on which each two labeling functions vote.

    Parameters
    ----------
    matrix : VoteMatrix
        The votes.
    least : int
        Pairs that meet on fewer rows are left out; 1 or more.

    Returns
    -------
    Meetings

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> found = count_meetings(check_votes([[0, 0, -1], [0, 1, -1], [1, -1, -1]]))
    >>> found.first, found.second, found.both, found.alike
    (array([0]), array([1]), array([2]), array([1]))
    """
    pairs, pair = pair_up(matrix)
    if len(pairs) > DENSE_PAIRS:
        return _sparse_meetings(matrix, least)
    rows = Rows(matrix.indptr, pair, np.empty(0), np.empty(0, dtype=np.int64), True)
    table = co_occurrence(rows, len(pairs))  # (pairs, pairs)
    both, alike = np.zeros((matrix.m, matrix.m)), np.zeros((matrix.m, matrix.m))
    if len(pairs):
        voting, starts = np.unique(pairs.lf, return_index=True)
        both[np.ix_(voting, voting)] = np.add.reduceat(np.add.reduceat(table, starts, axis=0), starts, axis=1)
    for y in range(matrix.k):
        mine = np.flatnonzero(pairs.vote == y)
        alike[np.ix_(pairs.lf[mine], pairs.lf[mine])] += table[np.ix_(mine, mine)]
    first, second = np.nonzero(np.triu(both >= least, 1))
    return Meetings(first, second, both[first, second].astype(np.int64), alike[first, second].astype(np.int64))


def _sparse_meetings(matrix: VoteMatrix, least: int) -> Meetings:
    """The same where pairs are many: nothing is set up for two that never meet."""
    m, ones = matrix.m, np.ones(matrix.nnz, dtype=np.int32)
    fires = sparse.csr_array((ones, matrix.lf, matrix.indptr), shape=(matrix.n, m))
    met = sparse.triu(fires.T @ fires, 1).tocoo()
    kept = met.data >= least
    key = met.row[kept].astype(np.int64) * m + met.col[kept]
    order = np.argsort(key)
    key, both = key[order], met.data[kept][order].astype(np.int64)
    alike = np.zeros(len(key), dtype=np.int64)
    by_vote = np.argsort(matrix.vote, kind="stable")
    ends = np.searchsorted(matrix.vote[by_vote], np.arange(matrix.k + 1))
    for start, stop in pairwise(ends):
        mine = by_vote[start:stop]
        lfs, column = np.unique(matrix.lf[mine], return_inverse=True)
        own = sparse.csr_array((ones[: len(mine)], (matrix.rows[mine], column)), shape=(matrix.n, len(lfs)))
        same = sparse.triu(own.T @ own, 1).tocoo()
        there = lfs[same.row].astype(np.int64) * m + lfs[same.col]
        at = np.searchsorted(key, there)
        hit = at < len(key)
        hit[hit] = key[at[hit]] == there[hit]
        alike[at[hit]] += same.data[hit]
    return Meetings(key // m, key % m, both, alike)
