"""How good predictions are: accuracy against hard or soft labels, the coefficient of determination of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from weaklab.end_models.given_labels import GivenLabels
from weaklab.end_models.multilabel import read_multilabel_targets
from weaklab.end_models.regression import read_values
from weaklab.end_models.targets import check_index, read_targets
from weaklab.exceptions import ParameterError, SoftLabelError
from weaklab.typing import Floats
from weaklab.votes.soft import check_sample_weight


def score_predictions(
    predicted: np.ndarray, y: Any, classes: np.ndarray, sample_weight: Any = None, index: pd.Index | None = None
) -> float:
    """The weighted mean probability that the label is what was predicted; with hard labels that is accuracy.

    Parameters
    ----------
    predicted : ndarray of shape (n,)
        Classes, all among ``classes``.
    y : array-like of shape (n,) or (n, k), or SoftLabels
        The labels. Rows of SoftLabels with weight 0 and without gold do not count.
    classes : ndarray of shape (k,)
        The classes of the model.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    index : pandas.Index, optional
        The index of the data, which that of the labels must equal.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ParameterError
        If there are no rows.
    ClassError, SoftLabelError
        If a label is none of the classes, or the labels do not fit the rows.

    Examples
    --------
    >>> score_predictions(np.array([0, 1]), [[0.5, 0.5], [0.0, 1.0]], np.array([0, 1]))
    0.75
    """
    n = len(predicted)
    if not n:
        raise ParameterError("There are 0 rows to score on.")
    targets = read_targets(GivenLabels(y, n, sample_weight=sample_weight, index=index, known=classes))
    column = {name: i for i, name in enumerate(classes.tolist())}
    codes = np.array([column[name] for name in predicted.tolist()], dtype=np.int64)
    right = targets.probs[np.arange(n), codes]  # (n,)
    return float(np.average(right, weights=targets.weight))


def score_indicators(
    predicted: np.ndarray, y: Any, classes: np.ndarray, sample_weight: Any = None, index: pd.Index | None = None
) -> float:
    """The weighted mean, over rows and classes, of the probability that a class is there or not as was predicted.

    Parameters
    ----------
    predicted : ndarray of 0 and 1 of shape (n, k)
        The classes of each row.
    y : array-like of shape (n, k)
        The probability of each class.
    classes, sample_weight, index
        See :func:`score_predictions`.

    Returns
    -------
    float in [0, 1]

    Examples
    --------
    >>> score_indicators(np.array([[1, 0], [1, 1]]), [[1, 1], [1, 0.5]], np.array([0, 1]))
    0.625
    """
    n = len(predicted)
    if not n:
        raise ParameterError("There are 0 rows to score on.")
    targets = read_multilabel_targets(GivenLabels(y, n, sample_weight=sample_weight, index=index, known=classes))
    right = np.where(predicted == 1, targets.probs, 1 - targets.probs).mean(axis=1)  # (n,)
    return float(np.average(right, weights=targets.weight))


def score_values(
    predicted: Floats, y: Any, values: Any = None, sample_weight: Any = None, index: pd.Index | None = None
) -> float:
    """The coefficient of determination R² of predictions against numbers, or the means of distributions over them.

    Parameters
    ----------
    predicted : ndarray of float of shape (n,)
        The predictions.
    y : array-like of shape (n,) or (n, k), or SoftLabels
        The targets, as :class:`~weaklab.end_models.EndRegressor` learns from them. Rows of SoftLabels with weight 0 and
        without gold do not count.
    values : array-like of shape (k,), optional
        What the columns of distributions stand for.
    sample_weight, index
        See :func:`score_predictions`.

    Returns
    -------
    float, at most 1
        NaN, with a warning, for fewer than two rows.

    Raises
    ------
    ParameterError
        If there are no rows.
    SoftLabelError
        If the targets do not fit the rows.

    Examples
    --------
    >>> score_values(np.array([1.0, 3.0]), [[1.0, 0.0], [0.5, 0.5]], values=[1, 5])
    1.0
    """
    n = len(predicted)
    if not n:
        raise ParameterError("There are 0 rows to score on.")
    check_index(y, index)
    truth, weight = read_values(y, n, values)
    given = check_sample_weight(sample_weight, n, index=index)
    weight = weight if given is None else weight * given
    if not weight.any():
        raise SoftLabelError(f"All {n:,} rows have weight 0, so there is none to score on.")
    used = weight > 0
    return float(r2_score(truth[used], predicted[used], sample_weight=weight[used]))
