"""The vote patterns that rows show most often, with what a label model makes of them and what gold says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.fitted import classes_of, model_columns
from weaklab.analysis.hard_votes import hard_votes
from weaklab.analysis.row_tables import check_n, objects, said_on
from weaklab.analysis.row_words import row_words
from weaklab.label_models.intervals import from_counts
from weaklab.typing import ABSTAIN, Classes
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_gold, class_array
from weaklab.votes.patterns import distinct

#: Probabilities below this round to 0, and of thousands of classes most do.
LEAST_SHOWN = 5e-5


def patterns(
    votes: Any, model: Any = None, y: Any = None, *, n: int | None = 20, classes: Classes = None
) -> pd.DataFrame:
    """The combinations of votes that occur most often.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes; of distributions the likeliest class counts, of sets those of one class.
    model : label model, optional
        One that was fitted to these labeling functions; says what each pattern is labeled.
    y : array-like of shape (n,), optional
        Gold labels, by code, or by name where classes are names; -1, None and NaN are unknown.
    n : int or None
        How many patterns to show at most; None for all.
    classes : int, sequence of hashable, or None
        The classes; by default those of the model.

    Returns
    -------
    DataFrame
        The most frequent first, of equally frequent ones the one that occurs first:

        ``votes``
            A dict from labeling function to its vote; empty where none votes.
        ``rows``, ``share``
            How many rows show it, and their share.
        ``example``
            The first of these rows: its label in the index of the votes, or its number.

        with a model:

        ``label``, ``confidence``
            The most probable class and its probability; of sets and distributions, of the mean over the rows, whose
            votes differ in what the pattern does not show.
        ``soft``
            A dict from class to probability, of classes that have any to four digits.

        with ``y``:

        ``gold_rows``
            On how many of the rows a class is known.
        ``gold``
            A dict from class to its share of these, of classes that occur.

        and with both:

        ``right``, ``low``, ``high``
            The share of the gold rows that are of class ``label``, and Jeffreys' 90 % interval.

    Raises
    ------
    VoteError, GoldError, ClassError, ParameterError
        If votes, gold, classes, model or n are not what they should be.

    Examples
    --------
    >>> patterns([[0, 1], [1, 1], [0, 1], [-1, -1]], y=[1, 1, 0, 0])
              votes  rows  share  example  gold_rows              gold
    0  {0: 0, 1: 1}     2   0.50        0          2  {0: 0.5, 1: 0.5}
    1  {0: 1, 1: 1}     1   0.25        1          1          {1: 1.0}
    2            {}     1   0.25        3          1          {0: 1.0}
    """
    check_n(n)
    declared = classes_of(model, classes)
    matrix = hard_votes(votes, declared)
    gold = None if y is None else check_gold(y, matrix.n, declared, index=matrix.index)
    first, number = distinct(row_words(matrix), np.empty(0, dtype=np.int64))
    count = np.bincount(number, minlength=len(first))
    chosen = np.lexsort((first, -count))[:n]
    rows, count = first[chosen], count[chosen]
    example = rows if matrix.index is None else matrix.index[rows]
    names = declared if isinstance(declared, list) else None
    table: dict[str, Any] = {
        "votes": said_on(matrix, rows, names),
        "rows": count,
        "share": count / max(matrix.n, 1),
        "example": example,
    }
    shown = class_array(matrix.k if declared is None else declared)
    if model is not None:
        if isinstance(votes, (PartialVotes, SoftVotes)) and getattr(model, "takes", type(votes)) is type(votes):
            # rows that look alike here need not be alike
            of_rows = np.asarray(model.predict_proba(votes))
            probs = np.zeros((len(first), of_rows.shape[1]))
            np.add.at(probs, number, of_rows)
            probs = probs[chosen] / count[:, np.newaxis]
        else:
            probs = _soft(model, matrix.take(rows))
        label = probs.argmax(axis=1)
        table |= {"label": shown[label], "confidence": probs.max(axis=1)}
        table["soft"] = _dicts(shown, probs, probs >= LEAST_SHOWN)
    if gold is not None:
        k = max(matrix.k, int(gold.max(initial=0)) + 1)
        shown = shown if k == len(shown) else np.arange(k)
        place = np.full(len(first), -1)
        place[chosen] = np.arange(len(chosen))
        at = place[number]
        known = (gold != ABSTAIN) & (at >= 0)
        by_class = np.bincount(at[known] * k + gold[known], minlength=len(chosen) * k).reshape(len(chosen), k)
        total = by_class.sum(axis=1)
        of_class = by_class / np.maximum(total, 1)[:, np.newaxis]
        table |= {"gold_rows": total, "gold": _dicts(shown, of_class, by_class > 0)}
        if model is not None:
            right = by_class[np.arange(len(chosen)), label]
            table["right"] = np.where(total > 0, of_class[np.arange(len(chosen)), label], np.nan)
            table["low"], table["high"] = from_counts(right.astype(np.float64), total.astype(np.float64)).T
    return pd.DataFrame(table, index=pd.RangeIndex(len(rows)))


def _soft(model: Any, rows: VoteMatrix) -> np.ndarray:
    """What the model makes of some rows, (rows, k)."""
    model_columns(model, rows)  # refuses a model of other labeling functions, whose names it matches itself
    return np.asarray(model.predict_proba(rows.frame()))


def _dicts(classes: np.ndarray, shares: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Per row a dict from class to share, rounded, of the classes that are there."""
    names = classes.tolist()
    both = zip(shares.tolist(), there, strict=True)
    return objects([{names[y]: round(row[y], 4) for y in np.flatnonzero(is_there)} for row, is_there in both])
