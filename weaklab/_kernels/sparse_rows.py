"""From a dense matrix of votes to sparse rows: for each row, which labeling functions voted, and what."""

from __future__ import annotations

import numpy as np

from weaklab._kernels._jit import frozen, kernel
from weaklab._kernels.chunks import over_chunks

#: Rows of a column that are worked on at a time, so that those of the next columns stay near.
BLOCK = 256


@kernel
def count_rows(votes, start, stop, counts):  # type: ignore[no-untyped-def]
    """Votes per row into ``counts[start + 1 : stop + 1]``."""
    for i in range(start, stop):
        count = 0
        for j in range(votes.shape[1]):
            count += votes[i, j] >= 0
        counts[i + 1] = count


@kernel
def fill_rows(votes, start, stop, indptr, k, code):  # type: ignore[no-untyped-def]
    """Write the codes ``lf * k + vote`` of rows ``start`` to ``stop`` where ``indptr`` says."""
    row = np.empty(votes.shape[1] + 1, dtype=code.dtype)
    for i in range(start, stop):
        end = np.uint32(0)
        for j in range(votes.shape[1]):  # writing always, and keeping what was a vote, spares a branch per cell
            row[end] = j * k + votes[i, j]
            end += np.uint32(votes[i, j] >= 0)
        codes = code[indptr[i] : indptr[i + 1]]
        for at in range(codes.shape[0]):
            codes[at] = row[at]


@kernel
def count_columns(votes, start, stop, counts):  # type: ignore[no-untyped-def]
    """:func:`count_rows` of votes that lie column by column, as those of data frames do."""
    counted = np.empty(BLOCK, dtype=np.int32)
    for at in range(start, stop, BLOCK):
        end = min(at + BLOCK, stop)
        rows = counts[at + 1 : end + 1]
        for o in range(rows.shape[0]):
            counted[o] = 0
        for j in range(votes.shape[1]):
            column = votes[at:end, j]
            for o in range(column.shape[0]):
                counted[o] += column[o] >= 0
        for o in range(rows.shape[0]):
            rows[o] = counted[o]


@kernel
def fill_columns(votes, start, stop, indptr, k, code):  # type: ignore[no-untyped-def]
    """:func:`fill_rows` of votes that lie column by column."""
    place = np.empty(BLOCK, dtype=np.uint64)
    for at in range(start, stop, BLOCK):
        end = min(at + BLOCK, stop)
        for o in range(end - at):
            place[o] = indptr[at + o]
        for j in range(votes.shape[1]):
            column = votes[at:end, j]
            for o in range(column.shape[0]):
                if column[o] >= 0:
                    code[place[o]] = j * k + column[o]
                    place[o] += np.uint64(1)


def sparse_rows(votes: np.ndarray, k: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The sparse rows of a dense matrix of votes.

    Parameters
    ----------
    votes : ndarray of shape (n, m), int8 or int32
        Each -1 (abstain) to k - 1.
    k : int
        How many classes there are.
    dtype : dtype
        Of the codes; it must hold ``m * k - 1``.

    Returns
    -------
    indptr : ndarray of int64 of shape (n + 1,)
        Row i holds votes ``indptr[i]:indptr[i + 1]``.
    code : ndarray of shape (nnz,)
        ``lf * k + vote`` of each vote, row by row.
    """
    n = votes.shape[0]
    by_column = votes.flags.f_contiguous and not votes.flags.c_contiguous
    count, fill = (count_columns, fill_columns) if by_column else (count_rows, fill_rows)
    votes = frozen(votes.T).T if by_column else frozen(votes)
    indptr = np.zeros(n + 1, dtype=np.int64)
    for _ in over_chunks(lambda start, stop: count(votes, start, stop, indptr), n):
        pass
    np.cumsum(indptr, out=indptr)
    code = np.empty(indptr[-1], dtype=dtype)
    for _ in over_chunks(lambda start, stop: fill(votes, start, stop, indptr, k, code), n):
        pass
    return indptr, code
