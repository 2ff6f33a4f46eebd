"""What each labeling function does: a table with a row per labeling function."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab._kernels.tallies import tally
from weaklab.analysis.fitted import classes_of, model_columns
from weaklab.analysis.gold_against import gold_against
from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import GoldError
from weaklab.label_models.intervals import from_counts
from weaklab.typing import Classes
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_gold, class_array


def summarize(
    votes: Any, y: Any = None, *, model: Any = None, classes: Sequence[Hashable] | None = None
) -> pd.DataFrame:
    """One row per labeling function: what it votes, how often, beside and against whom, and how well.

    Parameters
    ----------
    votes : DataFrame, ndarray of shape (n, m), list of lists, scipy sparse matrix of ``vote + 1``, or richer votes
        -1 is "abstain". Of SoftVotes the likeliest class counts, of PartialVotes the sets of one class.
    y : array-like of shape (n,), optional
        Gold labels: class codes, or names where ``classes`` is given; -1, None and NaN are "unknown".
    model : label model, optional
        One that was fitted to these labeling functions.
    classes : sequence of hashable, optional
        The class names in the order of their codes; by default those of the model. Polarity is then given by name,
        and ``y`` may be.

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

        with ``y``:

        ``correct``, ``incorrect``
            How many of its votes agree with gold, and how many do not; rows without gold count in neither.
        ``accuracy``
            ``correct / (correct + incorrect)``; NaN where it has no vote on a row with gold.
        ``low``, ``high``
            Jeffreys' 90 % interval of it (Brown, Cai and DasGupta, 2001, doi:10.1214/ss/1009213286).

        with ``model``:

        ``learned``, ``learned_low``, ``learned_high``
            The accuracy that the model learned, and its 90 % interval: ``accuracies_``, ``accuracy_intervals_``.

        and with both:

        ``disagree``
            Whether gold contradicts what was learned, by the rule of :func:`weaklab.analysis.diagnose`: the learned
            interval does not meet the interval of gold at which all labeling functions together miss once in a hundred
            (Clopper and Pearson), and the accuracies differ by a tenth. Where the learned interval is wider than a
            half, the learned accuracy itself stands for it. Where what was learned is right, that happens by chance to
            any of all labeling functions once in a hundred tables at most. Not for richer votes: of PartialVotes a
            model learns how often the set holds the class, of SoftVotes how much lies on it, while gold is held here
            against one class. :class:`weaklab.plots.AccuracyDisplay` counts both alike.

    Raises
    ------
    VoteError, GoldError, ClassError, ParameterError
        If votes, gold, classes or model are not what they should be; says which one and where.

    Examples
    --------
    >>> table = summarize([[0, 0, -1], [1, 0, -1], [1, -1, -1]], y=[0, 1, -1])
    >>> table[["polarity", "votes", "overlaps", "conflicts", "accuracy", "low", "high"]].round(2)
      polarity  votes  overlaps  conflicts  accuracy   low  high
    0   [0, 1]      3      0.67       0.33       1.0  0.43   1.0
    1      [0]      2      0.67       0.33       0.5  0.10   0.9
    2       []      0      0.00       0.00       NaN   NaN   NaN
    """
    declared = classes_of(model, classes)
    matrix = hard_votes(votes, declared)
    gold = np.empty(0, dtype=np.int64) if y is None else _gold(y, matrix, declared)
    counted = tally(matrix.indptr, matrix.code, matrix.m, matrix.k, gold)
    by_class = counted.votes.reshape(matrix.m, matrix.k).astype(np.int64)
    n = matrix.n or np.nan  # shares of no rows are unknown, not zero
    table: dict[str, Any] = {
        "polarity": _polarity(by_class, declared),
        "votes": by_class.sum(axis=1),
        "coverage": by_class.sum(axis=1) / n,
        "overlaps": counted.overlaps / n,
        "conflicts": counted.conflicts / n,
    }
    if y is not None:
        correct, judged = counted.right.astype(np.int64), counted.judged.astype(np.int64)
        accuracy = np.where(judged > 0, correct / np.maximum(judged, 1), np.nan)
        table |= {"correct": correct, "incorrect": judged - correct, "accuracy": accuracy}
        table["low"], table["high"] = from_counts(counted.right, counted.judged).T
    if model is not None:
        columns = model_columns(model, matrix)
        table["learned"] = model.accuracies_[columns]
        table["learned_low"], table["learned_high"] = model.accuracy_intervals_[columns].T
        if y is not None and not isinstance(votes, (PartialVotes, SoftVotes)):
            interval = model.accuracy_intervals_[columns]
            table["disagree"] = gold_against(counted.judged, counted.right, table["learned"], interval)
    return pd.DataFrame(table, index=matrix.names if matrix.names is None else list(matrix.names))


def conflicting_rows(matrix: VoteMatrix) -> np.ndarray:
    """The rows on which not all votes are for the same class, an array of bool of shape (n,)."""
    out = np.zeros(matrix.n, dtype=bool)
    covered = np.flatnonzero(matrix.row_counts)
    if len(covered):
        starts = matrix.indptr[covered]  # of non-empty rows only, as reduceat needs
        out[covered] = np.maximum.reduceat(matrix.vote, starts) != np.minimum.reduceat(matrix.vote, starts)
    return out


def _polarity(by_class: np.ndarray, classes: Classes) -> list[list[Hashable]]:
    names = class_array(by_class.shape[1] if classes is None else classes).tolist()
    return [[names[code] for code in np.flatnonzero(row)] for row in by_class]


def _gold(y: Any, matrix: VoteMatrix, classes: Classes) -> np.ndarray:
    try:
        return check_gold(y, matrix.n, classes, index=matrix.index)
    except GoldError as error:
        if classes is None and "no class names are declared" in str(error):
            raise GoldError(f"{error} For example summarize(votes, y, classes=['ham', 'spam']).") from error
        raise
