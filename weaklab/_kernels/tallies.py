"""What labeling functions do, counted in one pass over sparse rows: votes, meetings, conflicts, and right votes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from weaklab._kernels._jit import frozen, kernel
from weaklab._kernels.chunks import CHUNK, sum_chunks

#: Where there is more to count than this, tables of it for each chunk would take more time than threads save.
THREADED_VOTES = 100_000


class Tallies(NamedTuple):
    """Counts of rows, as floats.

    Attributes
    ----------
    votes : ndarray of shape (m * k,)
        On which a labeling function votes for a class, at ``lf * k + vote``.
    overlaps, conflicts : ndarray of shape (m,)
        On which it and another vote, and do so differently.
    right, judged : ndarray of shape (m,)
        On which its vote is the known class, and on which it votes and a class is known.
    """

    votes: np.ndarray
    overlaps: np.ndarray
    conflicts: np.ndarray
    right: np.ndarray
    judged: np.ndarray


@kernel
def tally_rows(indptr, code, start, stop, k, gold, votes, overlaps, conflicts, right, judged):  # type: ignore[no-untyped-def]
    """Add the rows ``start`` to ``stop`` to the counts; ``gold`` is empty where no class is known."""
    k = np.uint32(k)  # of 64 bits, the divisions below would take most of the time
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin == end:
            continue
        y = gold[i] if gold.shape[0] > 0 else -1
        first = np.uint32(code[begin]) % k
        differ = False
        for at in range(begin + 1, end):
            differ |= np.uint32(code[at]) % k != first
        for at in range(begin, end):
            j = np.uint32(code[at]) // k
            votes[code[at]] += 1
            overlaps[j] += end - begin > 1
            conflicts[j] += differ
            judged[j] += y >= 0
            right[j] += y >= 0 and np.uint32(code[at]) - j * k == np.uint32(y)


@kernel
def tally_rows_by_class(indptr, code, start, stop, gold, counts):  # type: ignore[no-untyped-def]
    """Add each vote of the rows ``start`` to ``stop`` whose class is known to ``counts[vote, class]``."""
    for i in range(start, stop):
        y = gold[i]
        if y >= 0:
            for at in range(indptr[i], indptr[i + 1]):
                counts[code[at], y] += 1


def tally(indptr: np.ndarray, code: np.ndarray, m: int, k: int, gold: np.ndarray) -> Tallies:
    """Count what each labeling function does.

    Parameters
    ----------
    indptr, code : ndarray
        Sparse rows, as :mod:`weaklab._kernels.sparse_rows` makes them.
    m, k : int
        How many labeling functions and classes there are; at most ``2**32`` pairs of them.
    gold : ndarray of int64 of shape (n,) or (0,)
        Known classes, -1 where unknown; empty where none is known.

    Returns
    -------
    Tallies
    """
    indptr, code, gold = frozen(indptr), frozen(code), frozen(gold)

    def work(start: int, stop: int, *counts: np.ndarray) -> None:
        tally_rows(indptr, code, start, stop, k, gold, *counts)

    return Tallies(*_sums(work, len(indptr) - 1, [(m * k,), (m,), (m,), (m,), (m,)]))


def tally_by_class(indptr: np.ndarray, code: np.ndarray, m: int, k: int, gold: np.ndarray) -> np.ndarray:
    """Count the votes of each labeling function on rows of each known class.

    Parameters
    ----------
    indptr, code, m, k, gold
        As for :func:`tally`; gold is below k.

    Returns
    -------
    ndarray of shape (m * k, k)
        Of votes ``lf * k + vote``, by class.
    """
    indptr, code, gold = frozen(indptr), frozen(code), frozen(gold)

    def work(start: int, stop: int, counts: np.ndarray) -> None:
        tally_rows_by_class(indptr, code, start, stop, gold, counts)

    return _sums(work, len(indptr) - 1, [(m * k, k)])[0]


def _sums(work: Callable[..., None], n: int, shapes: list[tuple[int, ...]]) -> tuple[np.ndarray, ...]:
    """Counts over all rows, in threads where the tables are small."""
    if n <= CHUNK or sum(map(math.prod, shapes)) <= THREADED_VOTES:
        return sum_chunks(work, n, shapes)
    counts = tuple(np.zeros(shape) for shape in shapes)
    work(0, n, *counts)
    return counts
