"""How often two pairs occur on the same row: one pass over sparse rows, a table of pairs by pairs."""

from __future__ import annotations

import numpy as np

from weaklab._kernels._jit import kernel
from weaklab._kernels.chunks import CHUNK, sum_chunks
from weaklab._kernels.em import THREADED_TABLE, Rows


@kernel
def co_occur_rows(indptr, pair, start, stop, weight, counts):  # type: ignore[no-untyped-def]
    """Add the weight of each row to every two pairs that occur on it; the upper triangle only, as pairs ascend."""
    for i in range(start, stop):
        w = weight[i] if weight.shape[0] > 0 else 1.0
        for at in range(indptr[i], indptr[i + 1]):
            p = pair[at]
            for other in range(at, indptr[i + 1]):
                counts[p, pair[other]] += w


def co_occurrence(rows: Rows, pairs: int) -> np.ndarray:
    """The weight of the rows on which each two pairs both occur.

    Parameters
    ----------
    rows : Rows
        The rows; pairs ascend within each.
    pairs : int
        How many pairs there are.

    Returns
    -------
    ndarray of shape (pairs, pairs)
        Symmetric; the diagonal holds how often each pair occurs.
    """
    counts = np.zeros((pairs, pairs))
    if counts.size > THREADED_TABLE or rows.n <= CHUNK:  # one table, filled in row order
        co_occur_rows(rows.indptr, rows.pair, 0, rows.n, rows.weight, counts)
    else:

        def work(start: int, stop: int, own: np.ndarray) -> None:
            co_occur_rows(rows.indptr, rows.pair, start, stop, rows.weight, own)

        (counts,) = sum_chunks(work, rows.n, (counts.shape,))
    counts += np.triu(counts, 1).T
    return counts
