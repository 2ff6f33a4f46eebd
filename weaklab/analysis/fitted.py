"""What tables take from a fitted label model: its classes, and what it learned of each column of the votes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ClassError, ParameterError, VoteError
from weaklab.typing import Classes
from weaklab.votes import VoteMatrix, as_declared, check_classes
from weaklab.votes.seen_rows import match_names


def check_model(model: Any) -> None:
    """Refuse what is no fitted label model.

    Raises
    ------
    ParameterError
        If it is no label model.
    NotFittedError
        If it is not fitted.
    """
    if isinstance(model, type) or not hasattr(model, "predict_proba") or not hasattr(model, "fit"):
        raise ParameterError(f"model={model!r} is no fitted label model, such as LabelModel().fit(votes).")
    check_is_fitted(model, "classes_")


def classes_of(model: Any, classes: Classes = None) -> Classes:
    """The classes that were given, else those of the model; None where there is neither.

    Raises
    ------
    ParameterError, NotFittedError
        If the model is no fitted label model.
    ClassError
        If it has other classes than those given.
    """
    declared = check_classes(classes)
    if model is None:
        return declared
    check_model(model)
    own = np.asarray(model.classes_).tolist()
    of_model = as_declared(own)
    if declared is None or declared == of_model:
        return of_model
    if isinstance(declared, list) and of_model == len(declared):
        return declared  # names for the codes that the model knows
    if declared == len(own):
        return of_model
    raise ClassError(f"classes={classes!r}, and the model has {own!r}.")


def model_columns(model: Any, matrix: VoteMatrix) -> np.ndarray:
    """Which labeling function of the model each column of the votes is, (m,).

    Raises
    ------
    VoteError
        If the model was fitted to other labeling functions.
    """
    known = getattr(model, "feature_names_in_", None)
    if known is not None and matrix.names is not None:
        return np.argsort(match_names(matrix.names, tuple(known)))  # the inverse: columns of the model by those here
    m = getattr(model, "n_features_in_", matrix.m)
    if matrix.m != m:
        raise VoteError(f"There are votes of {matrix.m:,} labeling functions, and the model was fitted to {m:,}.")
    return np.arange(matrix.m)


def lf_index(matrix: VoteMatrix) -> pd.Index:
    """The names of the labeling functions, or their numbers where they have none."""
    return pd.RangeIndex(matrix.m) if matrix.names is None else pd.Index(matrix.names, dtype=object)
