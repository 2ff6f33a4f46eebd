"""How often two votes are cast on the same row: what methods of moments, and the search for dependence, start from."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from weaklab._kernels.co_votes import co_occurrence
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats

#: Up to this many pairs, their co-occurrences are a dense table (128 MB); beyond, a sparse one.
DENSE_PAIRS = 4_000
#: In the sparse table, a pair keeps about this many of the pairs that occur most often with it.
PARTNERS = 1_000
#: Entries of the sparse table that are computed at a time, before the rare ones are dropped.
BLOCK = 4_000_000


def co_counts(problem: Problem) -> Floats | sparse.csr_array:
    """The weight of the rows on which each two pairs both occur.

    Parameters
    ----------
    problem : Problem
        Rows of votes with weights, and the pairs that occur in them.

    Returns
    -------
    ndarray, or csr_array beyond ``DENSE_PAIRS`` pairs, of shape (pairs, pairs)
        Symmetric. The diagonal holds how often each pair occurs; two votes of one labeling function never meet, so its
        blocks are diagonal. In the sparse form, an entry is dropped where it is among the ``PARTNERS`` highest of
        neither of its two pairs (of equal ones all are dropped that do not fit, so that order leaves no trace):
        memory is linear in the pairs.

    Examples
    --------
    >>> from weaklab.votes import check_votes, compress
    >>> co_counts(Problem.of(compress(check_votes([[0, 1], [0, 1], [1, -1], [0, -1]]))))
    array([[3., 0., 2.],
           [0., 1., 0.],
           [2., 0., 2.]])
    """
    pairs = len(problem.pairs)
    return co_occurrence(problem.rows, pairs) if pairs <= DENSE_PAIRS else _sparse_counts(problem)


def incidence(problem: Problem) -> sparse.csr_array:
    """Which pairs occur on which row: 1 where they do, (rows, pairs)."""
    votes = problem.votes
    shape = (votes.n, len(problem.pairs))
    return sparse.csr_array((np.ones(votes.nnz), problem.pair.astype(np.int32), votes.indptr), shape=shape)


def _sparse_counts(problem: Problem) -> sparse.csr_array:
    occurs = incidence(problem)
    weighted = occurs.copy()
    if len(problem.weight):
        weighted.data *= np.repeat(problem.weight, problem.votes.row_counts)
    by_pair = weighted.T.tocsr()
    pairs = occurs.shape[1]
    step = max(1, BLOCK // pairs)
    kept = [_highest(by_pair[start : start + step] @ occurs, start) for start in range(0, pairs, step)]
    table = sparse.vstack(kept, format="csr")
    table = table.maximum(table.T).tocsr()  # what either of the two keeps, both keep
    table.sort_indices()
    return table


def _highest(block: sparse.csr_array, first: int) -> sparse.csr_array:
    """A block of rows of the table, from pair ``first`` on, each with its diagonal and its highest entries."""
    row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    keep = block.indices == row + first
    for i in range(block.shape[0]):
        part = slice(block.indptr[i], block.indptr[i + 1])
        values = np.where(keep[part], -np.inf, block.data[part])  # the diagonal stays whatever it is
        bound = np.partition(values, -PARTNERS - 1)[-PARTNERS - 1] if len(values) > PARTNERS + 1 else 0.0
        keep[part] |= values > bound
    return sparse.csr_array((block.data[keep], (row[keep], block.indices[keep])), shape=block.shape)
