"""What labeling functions do, under Snorkel's names, counted in one pass of a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from weaklab._kernels.tallies import Tallies, tally, tally_by_class
from weaklab.exceptions import VoteError
from weaklab.snorkel.utils.core import to_int_label_array
from weaklab.typing import ABSTAIN
from weaklab.votes import check_gold, check_votes


class LFAnalysis:
    """Statistics of labeling functions on a matrix of votes.

    Parameters
    ----------
    L : array-like, DataFrame or sparse matrix of ``vote + 1`` of shape (n, m)
        The votes; -1 is "abstain".
    lfs : list of LabelingFunction, optional
        Whose names are used.

    Raises
    ------
    VoteError
        If there are not as many as columns, or votes are none.

    Examples
    --------
    >>> L = np.array([[-1, 0, 0], [-1, -1, -1], [1, 0, -1], [-1, 0, -1], [0, 0, 0]])
    >>> LFAnalysis(L).lf_summary().round(2)
      Polarity  Coverage  Overlaps  Conflicts
    0   [0, 1]       0.4       0.4        0.2
    1      [0]       0.8       0.6        0.2
    2      [0]       0.4       0.4        0.0
    """

    def __init__(self, L: Any, lfs: Sequence[Any] | None = None) -> None:
        self.L = L
        self._matrix = check_votes(L)
        if lfs is not None and len(lfs) != self._matrix.m:
            raise VoteError(
                f"Number of LFs ({len(lfs)}) and number of LF matrix columns ({self._matrix.m}) are different"
            )
        self._lf_names = None if lfs is None else [lf.name for lf in lfs]

    @cached_property
    def _counts(self) -> Tallies:
        return self._tally(np.empty(0, dtype=np.int64))

    def _tally(self, gold: np.ndarray) -> Tallies:
        matrix = self._matrix
        return tally(matrix.indptr, matrix.code, matrix.m, matrix.k, gold)

    @cached_property
    def _by_class(self) -> np.ndarray:
        return self._counts.votes.reshape(self._matrix.m, self._matrix.k)

    def _gold(self, Y: Any) -> np.ndarray:
        return check_gold(to_int_label_array(Y), self._matrix.n, None)

    def label_coverage(self) -> float:
        """The share of rows with a vote."""
        return float((self._matrix.row_counts > 0).mean())

    def label_overlap(self) -> float:
        """The share of rows with two votes or more."""
        return float((self._matrix.row_counts > 1).mean())

    def label_conflict(self) -> float:
        """The share of rows with votes for different classes."""
        matrix = self._matrix
        covered = np.flatnonzero(matrix.row_counts)
        if not len(covered):
            return 0.0
        starts = matrix.indptr[covered]
        differ = np.maximum.reduceat(matrix.vote, starts) != np.minimum.reduceat(matrix.vote, starts)
        return float(differ.sum() / matrix.n)

    def lf_polarities(self) -> list[list[int]]:
        """The classes that each labeling function votes for."""
        return [np.flatnonzero(row).tolist() for row in self._by_class]

    def lf_coverages(self) -> np.ndarray:
        """The share of rows that each votes on, (m,)."""
        return np.asarray(self._by_class.sum(axis=1) / self._matrix.n)

    def lf_overlaps(self, normalize_by_coverage: bool = False) -> np.ndarray:
        """The share of rows that each votes on together with another, (m,); or of those that it votes on."""
        return _share(self._counts.overlaps, self._by_class.sum(axis=1) if normalize_by_coverage else self._matrix.n)

    def lf_conflicts(self, normalize_by_overlaps: bool = False) -> np.ndarray:
        """The share of rows where the votes of each meet another class, (m,); or of those where they meet any."""
        return _share(self._counts.conflicts, self._counts.overlaps if normalize_by_overlaps else self._matrix.n)

    def lf_empirical_accuracies(self, Y: Any) -> np.ndarray:
        """The share of the votes of each that are right, (m,).

        Rows without gold (-1) do not count, and a labeling function without a vote on the others has NaN; in Snorkel
        the first count as wrong, and the second has 0.

        Parameters
        ----------
        Y : array-like of int of shape (n,) or (n, 1)
            Gold labels, -1 where unknown.
        """
        counts = self._tally(self._gold(Y))
        with np.errstate(invalid="ignore"):
            return np.asarray(counts.right / np.where(counts.judged > 0, counts.judged, np.nan))

    def lf_empirical_probs(self, Y: Any, k: int) -> np.ndarray:
        """How often each votes what on rows of each class, (m, k + 1, k): ``[j, vote + 1, y]``, NaN where no row is y.

        Parameters
        ----------
        Y : array-like of int of shape (n,) or (n, 1)
            Gold labels, -1 where unknown.
        k : int
            How many classes there are.

        Raises
        ------
        VoteError
            If a vote or a label is k or more.
        """
        gold, matrix = self._gold(Y), self._matrix
        if max(int(gold.max(initial=ABSTAIN)), int(np.flatnonzero(self._by_class.any(axis=0)).max(initial=-1))) >= k:
            raise VoteError(f"There are votes or labels beyond k={k} classes.")
        size = max(k, matrix.k)
        counts = tally_by_class(matrix.indptr, matrix.with_classes(size).code, matrix.m, size, gold)
        counts = counts.reshape(matrix.m, size, size)[:, :k, :k]
        rows = np.bincount(gold[gold >= 0], minlength=k)
        out = np.concatenate([(rows - counts.sum(axis=1))[:, None], counts], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(out / rows)

    def lf_summary(self, Y: Any = None, est_weights: Any = None) -> pd.DataFrame:
        """All of it as a table, a row per labeling function.

        Parameters
        ----------
        Y : array-like of int of shape (n,) or (n, 1), optional
            Gold labels, -1 where unknown.
        est_weights : array-like of shape (m,), optional
            Weights that were learned.

        Returns
        -------
        DataFrame
            ``j`` (if there are names), ``Polarity``, ``Coverage``, ``Overlaps``, ``Conflicts``; with Y ``Correct``,
            ``Incorrect`` and ``Emp. Acc.``; with weights ``Learned Weight``.
        """
        m = self._matrix.m
        table: dict[str, Any] = {} if self._lf_names is None else {"j": range(m)}
        table["Polarity"] = self.lf_polarities()
        table |= {"Coverage": self.lf_coverages(), "Overlaps": self.lf_overlaps(), "Conflicts": self.lf_conflicts()}
        if Y is not None:
            counts = self._tally(self._gold(Y))
            right, judged = counts.right.astype(np.int64), counts.judged.astype(np.int64)
            table |= {"Correct": right, "Incorrect": judged - right, "Emp. Acc.": self.lf_empirical_accuracies(Y)}
        if est_weights is not None:
            table["Learned Weight"] = np.asarray(est_weights)
        return pd.DataFrame(table, index=range(m) if self._lf_names is None else self._lf_names)


def _share(part: np.ndarray, whole: Any) -> np.ndarray:
    """0 where there is nothing to have a share of."""
    return np.asarray(part / np.maximum(whole, 1))
