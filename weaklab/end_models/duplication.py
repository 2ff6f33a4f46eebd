"""Rows once per class that has probability, with weights: how soft labels reach estimators that know none."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from weaklab.end_models.targets import Targets
from weaklab.exceptions import FrameError
from weaklab.typing import Floats


def duplicated(targets: Targets) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Each row once per class with probability: rows, class codes and weights, in the order of the rows.

    Examples
    --------
    >>> from weaklab.end_models.given_labels import GivenLabels
    >>> from weaklab.end_models.targets import read_targets
    >>> duplicated(read_targets(GivenLabels([[1.0, 0.0], [0.5, 0.5]], 2)))
    (array([0, 1, 1]), array([0, 0, 1]), array([1. , 0.5, 0.5]))
    """
    weight = targets.probs * targets.weight[:, None]  # (n, k)
    rows, codes = np.nonzero(weight)
    return rows, codes, weight[rows, codes]


def takes_weights(estimator: Any) -> bool:
    """Whether ``fit`` takes ``sample_weight``; of a Pipeline, whether its last step does.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> takes_weights(KNeighborsClassifier())
    False
    """
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return bool(has_fit_parameter(estimator, "sample_weight"))


def weight_argument(estimator: Any, weight: Floats) -> dict[str, Floats]:
    """The weights under the name that ``fit`` takes them by: a Pipeline hands them to its last step.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.linear_model import LogisticRegression
    >>> list(weight_argument(make_pipeline(LogisticRegression()), np.ones(1)))
    ['logisticregression__sample_weight']
    """
    name = "sample_weight"
    while isinstance(estimator, Pipeline):
        step, estimator = estimator.steps[-1]
        name = f"{step}__{name}" if name == "sample_weight" else name.replace("sample_weight", f"{step}__sample_weight")
    return {name: weight}


def count_rows(X: Any) -> int:
    """How many rows the data has.

    Raises
    ------
    FrameError
        If it has none, or cannot say.
    """
    shape = getattr(X, "shape", None)
    try:
        n = int(shape[0]) if shape else len(X if hasattr(X, "__len__") else np.asarray(X))
    except TypeError as error:
        raise FrameError(f"X must be rows of data, got {type(X).__name__}: {error}") from error
    if not n:
        raise FrameError("Found data with 0 rows (0 sample(s)) while a minimum of 1 is required to train on.")
    return n


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Some rows of whatever an estimator may take, in the same type; a row may be taken twice.

    Examples
    --------
    >>> take_rows(["a", "b"], np.array([1, 1]))
    ['b', 'b']
    """
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if sp.issparse(X):
        return X.tocsr()[rows]
    if isinstance(X, (list, tuple)):
        return [X[row] for row in rows]
    if hasattr(X, "column_names") and hasattr(X, "take"):  # of pyarrow, whose [] takes columns
        return X.take(rows)
    return X[rows] if hasattr(X, "__getitem__") else np.asarray(X)[rows]
