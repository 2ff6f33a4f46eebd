"""A label matrix of any size in as many cells as a picture has: how many votes for what fall into each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse

from weaklab.votes import VoteMatrix

#: Classes that are told apart; the rarer ones are taken together.
KINDS = 6
#: Cells of the label matrix that are counted at a time: some 100 MB at most.
CELLS_AT_A_TIME = 2_000_000

Sort = Literal["majority", "data"]


@dataclass(frozen=True, eq=False)
class BinnedVotes:
    """Votes by bin of rows and bin of labeling functions.

    Attributes
    ----------
    votes : ndarray of int of shape (row bins, bins of labeling functions, kinds)
        How many votes of each kind.
    cells : ndarray of int of shape (row bins, bins of labeling functions)
        How many votes there could be.
    kinds : list of int
        The classes told apart, by code; -1, the last, stands for all others.
    lf_order : ndarray of int of shape (m,)
        The labeling functions from left to right.
    row_groups, lf_groups : ndarray of int of shape (kinds + 1,)
        How many rows have their majority for each kind, and how many labeling functions vote for it most; the last
        counts those without votes.
    """

    votes: np.ndarray
    cells: np.ndarray
    kinds: list[int]
    lf_order: np.ndarray
    row_groups: np.ndarray
    lf_groups: np.ndarray

    @classmethod
    def of(cls, matrix: VoteMatrix, row_bins: int, lf_bins: int, sort: Sort) -> BinnedVotes:
        """Count votes by bin, in two passes over chunks of rows: for the order, and for the bins.

        Sorted by "majority", rows and labeling functions stand by the class that most of their votes are for (the first
        where classes tie), within it by their number of votes; those without votes last.
        """
        n, m, k = matrix.n, matrix.m, matrix.k
        size = max(1, CELLS_AT_A_TIME // max(m, k))
        chunks = [(start, min(start + size, n)) for start in range(0, n, size)]
        row_class, by_lf = np.full(n, -1), scipy.sparse.csr_array((m, k), dtype=np.int64)
        for start, stop in chunks:
            part = matrix.between(start, stop)
            by_lf = by_lf + scipy.sparse.coo_array((np.ones(part.nnz, np.int64), (part.lf, part.vote)), (m, k)).tocsr()
            votes = np.bincount(part.rows * k + part.vote, minlength=part.n * k).reshape(-1, k)
            row_class[start:stop] = np.where(part.covered, votes.argmax(axis=1), -1)
        lf_counts = np.asarray(by_lf.sum(axis=1)).ravel()
        kinds, kind_of = _kinds(np.asarray(by_lf.sum(axis=0)).ravel())
        width = len(kinds)
        row_kind = np.where(row_class < 0, width, kind_of[row_class])
        lf_kind = np.where(lf_counts == 0, width, kind_of[by_lf.argmax(axis=1)])
        if sort == "majority":
            row_order = np.lexsort((-matrix.row_counts, row_kind))
            lf_order = np.lexsort((-lf_counts, lf_kind))
        else:
            row_order, lf_order = np.arange(n), np.arange(m)
        row_bin, lf_bin = _bins(row_order, row_bins), _bins(lf_order, lf_bins)
        shape = (row_bins, lf_bins, width)
        out = np.zeros(int(np.prod(shape)), dtype=np.int64)
        for start, stop in chunks:
            part = matrix.between(start, stop)
            cell = row_bin[start:stop][part.rows] * lf_bins + lf_bin[part.lf]
            out += np.bincount(cell * width + kind_of[part.vote], minlength=len(out))
        return cls(
            out.reshape(shape),
            np.outer(np.bincount(row_bin, minlength=row_bins), np.bincount(lf_bin, minlength=lf_bins)),
            kinds,
            lf_order,
            np.bincount(row_kind, minlength=width + 1),
            np.bincount(lf_kind, minlength=width + 1),
        )


def _kinds(by_class: np.ndarray) -> tuple[list[int], np.ndarray]:
    """The classes to tell apart, and the place of each class among them, (k,)."""
    k = len(by_class)
    if k <= KINDS:
        return list(range(k)), np.arange(k)
    kept = np.sort(np.argsort(-by_class, kind="stable")[: KINDS - 1])
    place = np.full(k, KINDS - 1)
    place[kept] = np.arange(KINDS - 1)
    return [*kept.tolist(), -1], place


def _bins(order: np.ndarray, bins: int) -> np.ndarray:
    """The bin of each, of bins as even as can be, when they stand in this order."""
    out = np.empty(len(order), dtype=np.int64)
    out[order] = np.arange(len(order)) * bins // max(len(order), 1)
    return out
