"""Rows worth reading: those predicted wrongly, those without votes, those whose votes conflict."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.hard_votes import covered_rows
from weaklab.analysis.predicted_labels import hard_predictions, label_codes, same_index
from weaklab.analysis.row_tables import check_n, named, rows_and_votes, said_on, with_columns
from weaklab.exceptions import FrameError, GoldError, ParameterError, did_you_mean
from weaklab.seeding import generator
from weaklab.typing import ABSTAIN, Frame, Seed, Votes
from weaklab.votes import SoftLabels, VoteMatrix, check_classes


def error_table(
    frame: Frame,
    votes: Votes,
    predictions: Any,
    y: Any,
    *,
    classes: Sequence[Hashable] | None = None,
    actual: Hashable = None,
    predicted: Hashable = None,
) -> pd.DataFrame:
    """The rows that were predicted wrongly, with what each labeling function said of them.

    Parameters
    ----------
    frame : DataFrame, polars or pyarrow table, or list of mappings
        The data, n rows.
    votes : DataFrame, ndarray of shape (n, m), list of lists, or scipy sparse matrix of ``vote + 1``
        The votes on the same rows.
    predictions : array-like of shape (n,) or (n, k), or SoftLabels
        Predicted classes, by name or by code; or probabilities, of which the highest is the prediction (the lowest
        code of a tie). -1 or None is "no prediction".
    y : array-like of shape (n,)
        Gold labels, by name or by code; -1, None and NaN are "unknown".
    classes : sequence of hashable, optional
        The class names in the order of their codes. Needed where one of predictions and y is given by name and the
        other by code; SoftLabels bring their own.
    actual, predicted : class name or code, optional
        Show one cell of the confusion only: rows of this gold class, rows predicted as this class.

    Returns
    -------
    DataFrame
        The columns of the frame, with its index, and ``gold``, ``predicted``, ``confidence`` (of the prediction, where
        probabilities are given) and ``votes`` (a dict from labeling function to what it said, empty where none
        voted). The most confident errors come first, else rows keep their order. Rows without gold or without a
        prediction are in no confusion and left out. Where the frame has a column of one of these names already, the
        new one gets an underscore.

    Raises
    ------
    FrameError
        If frame, votes and predictions have different numbers of rows.
    GoldError, ClassError, VoteError, SoftLabelError
        If labels, classes or votes are not what they should be; says which one and where.

    Examples
    --------
    >>> frame = pd.DataFrame({"text": ["hi", "win money", "call me"]})
    >>> votes = pd.DataFrame({"money": [-1, 1, -1], "short": [0, -1, 0]})
    >>> error_table(frame, votes, ["ham", "spam", "ham"], ["ham", "spam", "spam"], classes=["ham", "spam"])
          text  gold predicted             votes
    2  call me  spam       ham  {'short': 'ham'}
    """
    table, matrix = rows_and_votes(frame, votes, classes)
    if isinstance(frame, pd.DataFrame):
        if not same_index(y, frame.index):
            raise GoldError("The index of y is not that of the frame: align them, or give y as an array.")
        if not same_index(predictions, frame.index):
            raise FrameError("The index of the predictions is not that of the frame: align them, or give an array.")
    y = y.to_numpy() if isinstance(y, pd.Series) else y
    if isinstance(predictions, SoftLabels) and classes is None and predictions.classes is not None:
        classes = list(predictions.classes)
    guesses, probs = hard_predictions(predictions, matrix.n)
    confidence = None if probs is None else probs.max(axis=1)
    gold, guessed, names = label_codes(y, guesses, matrix.n, matrix.k, classes)
    wrong = (gold != ABSTAIN) & (guessed != ABSTAIN) & (gold != guessed)
    if actual is not None:
        wrong &= gold == _one(actual, names, "actual")
    if predicted is not None:
        wrong &= guessed == _one(predicted, names, "predicted")
    rows = np.flatnonzero(wrong)
    if confidence is not None:
        rows = rows[np.argsort(-confidence[rows], kind="stable")]
    added = {"gold": named(gold[rows], names), "predicted": named(guessed[rows], names)}
    if confidence is not None:
        added["confidence"] = confidence[rows]
    said = said_on(matrix, rows, names if classes is not None else None)
    return with_columns(table.iloc[rows], {**added, "votes": said})


def uncovered(frame: Frame, votes: Any, n: int | None = None, *, random_state: Seed = None) -> pd.DataFrame:
    """The rows that no labeling function votes on: what the next one could be about.

    Parameters
    ----------
    frame : DataFrame, polars or pyarrow table, or list of mappings
        The data.
    votes : DataFrame, array-like or sparse matrix of votes, PartialVotes or SoftVotes
        The votes on the same rows. A set of several classes is a vote too.
    n : int, optional
        Draw so many of them at random; by default all are shown.
    random_state : int, Generator or None
        Draws them.

    Returns
    -------
    DataFrame
        Rows of the frame, in its order and with its index.

    Raises
    ------
    FrameError, VoteError, ParameterError
        If frame and votes have different numbers of rows, the votes are none, or n is no number from 1.

    Examples
    --------
    >>> uncovered(pd.DataFrame({"text": ["hi", "win money"]}), [[-1, -1], [1, -1]])
      text
    0   hi
    """
    check_n(n)
    table, matrix = rows_and_votes(frame, votes, None)
    rows = np.flatnonzero(~covered_rows(votes, matrix))
    if n is not None and n < len(rows):
        rows = np.sort(generator(random_state).choice(rows, size=n, replace=False))
    return table.iloc[rows]


def conflicts(
    frame: Frame,
    votes: Any,
    n: int | None = None,
    *,
    between: Sequence[Hashable] | None = None,
    classes: Sequence[Hashable] | None = None,
    random_state: Seed = None,
) -> pd.DataFrame:
    """The rows on which labeling functions vote for different classes, those with most disagreement first.

    Disagreement is the number of pairs of votes that differ: more where more functions vote, and the more evenly
    they are split.

    Parameters
    ----------
    frame : DataFrame, polars or pyarrow table, or list of mappings
        The data.
    votes : DataFrame, array-like or sparse matrix of votes, PartialVotes or SoftVotes
        The votes on the same rows. Of distributions the likeliest class counts, of sets those of one class.
    n : int, optional
        Show so many; where some of equal disagreement are left out, those shown are drawn at random.
    between : sequence of labeling functions' names, optional
        Look at the votes of these only; numbers where they have no names.
    classes : sequence of hashable, optional
        The class names in the order of their codes, to show votes by name.
    random_state : int, Generator or None
        Draws among equals.

    Returns
    -------
    DataFrame
        Rows of the frame with its index, and ``votes``: a dict from labeling function to what it said. Of equal
        disagreement, rows keep their order.

    Raises
    ------
    FrameError, VoteError, ClassError, ParameterError
        If frame and votes have different numbers of rows, or an argument is not what it should be.

    Examples
    --------
    >>> conflicts(pd.DataFrame({"text": ["hi", "win money"]}), [[0, 0], [1, 0]])
            text         votes
    1  win money  {0: 1, 1: 0}
    """
    check_n(n)
    table, matrix = rows_and_votes(frame, votes, classes)
    counted = matrix if between is None else _only(matrix, between)
    pairs = _differing_pairs(counted)
    rows = np.flatnonzero(pairs)
    if n is not None and n < len(rows):
        chance = generator(random_state).random(len(rows))
        rows = np.sort(rows[np.lexsort((chance, -pairs[rows]))[:n]])
    rows = rows[np.argsort(-pairs[rows], kind="stable")]
    names = check_classes(classes)
    said = said_on(counted, rows, names if isinstance(names, list) else None)
    return with_columns(table.iloc[rows], {"votes": said})


def _differing_pairs(matrix: VoteMatrix) -> np.ndarray:
    """How many pairs of votes on each row are for different classes, (n,)."""
    key, count = np.unique(matrix.rows * np.int64(matrix.k) + matrix.vote, return_counts=True)
    alike = np.bincount(key // matrix.k, weights=count.astype(np.float64) ** 2, minlength=matrix.n)
    return ((matrix.row_counts.astype(np.float64) ** 2 - alike) / 2).astype(np.int64)


def _only(matrix: VoteMatrix, chosen: Sequence[Hashable]) -> VoteMatrix:
    """The votes of some labeling functions; the others abstain."""
    known = matrix.columns
    if isinstance(chosen, (str, bytes)) or len(chosen) < 2:
        raise ParameterError(f"between={chosen!r} must be the names of two labeling functions or more.")
    for name in chosen:
        if name not in known:
            raise ParameterError(f"between: there is no labeling function {name!r}.{did_you_mean(name, known)}")
    return matrix.only(np.isin(matrix.lf, [known.index(name) for name in chosen]))


def _one(value: Hashable, names: list[Hashable], what: str) -> int:
    """The code of the class that a cell of the confusion is asked for."""
    if value in names:
        return names.index(value)
    if isinstance(value, (int, np.integer)) and 0 <= value < len(names):
        return int(value)
    raise ParameterError(f"{what}={value!r} is no class.{did_you_mean(value, names)}")
