"""What each labeling function does: a table with a row per labeling function."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import GoldError
from weaklab.typing import ABSTAIN, Votes
from weaklab.votes import VoteMatrix, check_gold, check_votes, class_array


def summarize(votes: Votes, y: Any = None, *, classes: Sequence[Hashable] | None = None) -> pd.DataFrame:
    """One row per labeling function: what it votes, how often, beside and against whom, and how well.

    Parameters
    ----------
    votes : DataFrame, ndarray of shape (n, m), list of lists, or scipy sparse matrix of ``vote + 1``
        -1 is "abstain".
    y : array-like of shape (n,), optional
        Gold labels: class codes, or names where ``classes`` is given; -1, None and NaN are "unknown".
    classes : sequence of hashable, optional
        The class names in the order of their codes. Polarity is then given by name, and ``y`` may be.

    Returns
    -------
    DataFrame
        Indexed by the names of the labeling functions (0..m-1 where they have none), in the order of the votes:

        ``polarity``
            The list of classes that it votes at least once.
        ``votes``
            How many rows it votes on.
        ``coverage``
            The share of rows that it votes on.
        ``overlaps``
            The share of rows that it and at least one other vote on.
        ``conflicts``
            The share of rows that it and at least one other vote on differently.

        and with ``y``:

        ``correct``, ``incorrect``
            How many of its votes agree with gold, and how many do not; rows without gold count in neither.
        ``accuracy``
            ``correct / (correct + incorrect)``; NaN where it has no vote on a row with gold.

    Raises
    ------
    VoteError, GoldError, ClassError
        If votes, gold or classes are not what they should be; says which one and where.

    Examples
    --------
    >>> summarize([[0, 0, -1], [1, 0, -1], [1, -1, -1]], y=[0, 1, -1])
      polarity  votes  coverage  overlaps  conflicts  correct  incorrect  accuracy
    0   [0, 1]      3  1.000000  0.666667   0.333333        2          0       1.0
    1      [0]      2  0.666667  0.666667   0.333333        1          1       0.5
    2       []      0  0.000000  0.000000   0.000000        0          0       NaN
    """
    matrix = check_votes(votes, classes=classes)
    n = matrix.n or np.nan  # shares of no rows are unknown, not zero
    with_others = matrix.row_counts > 1
    table: dict[str, Any] = {
        "polarity": _polarity(matrix, classes),
        "votes": matrix.lf_counts,
        "coverage": matrix.lf_counts / n,
        "overlaps": _count(matrix, with_others[matrix.rows]) / n,
        "conflicts": _count(matrix, conflicting_rows(matrix)[matrix.rows]) / n,
    }
    if y is not None:
        gold = _gold(y, matrix, classes)[matrix.rows]  # (nnz,)
        known = gold != ABSTAIN
        correct = _count(matrix, known & (gold == matrix.vote))
        judged = _count(matrix, known)
        accuracy = np.where(judged > 0, correct / np.maximum(judged, 1), np.nan)
        table |= {"correct": correct, "incorrect": judged - correct, "accuracy": accuracy}
    return pd.DataFrame(table, index=matrix.names if matrix.names is None else list(matrix.names))


def conflicting_rows(matrix: VoteMatrix) -> np.ndarray:
    """The rows on which not all votes are for the same class, an array of bool of shape (n,)."""
    out = np.zeros(matrix.n, dtype=bool)
    covered = np.flatnonzero(matrix.row_counts)
    if len(covered):
        starts = matrix.indptr[covered]  # of non-empty rows only, as reduceat needs
        out[covered] = np.maximum.reduceat(matrix.vote, starts) != np.minimum.reduceat(matrix.vote, starts)
    return out


def _count(matrix: VoteMatrix, votes: np.ndarray) -> np.ndarray:
    """How many of the chosen votes each labeling function has, (m,)."""
    return np.bincount(matrix.lf[votes], minlength=matrix.m)


def _polarity(matrix: VoteMatrix, classes: Sequence[Hashable] | None) -> list[list[Hashable]]:
    names = class_array(matrix.k if classes is None else classes).tolist()
    key = matrix.lf * np.int64(matrix.k) + matrix.vote
    voted = np.bincount(key, minlength=matrix.m * matrix.k).reshape(matrix.m, matrix.k) > 0
    return [[names[code] for code in np.flatnonzero(row)] for row in voted]


def _gold(y: Any, matrix: VoteMatrix, classes: Sequence[Hashable] | None) -> np.ndarray:
    try:
        return check_gold(y, matrix.n, classes, index=matrix.index)
    except GoldError as error:
        if classes is None and "no class names are declared" in str(error):
            raise GoldError(f"{error} For example summarize(votes, y, classes=['ham', 'spam']).") from error
        raise
