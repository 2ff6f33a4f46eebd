"""Predictions beside gold: how sure each is, and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import GoldError, ParameterError
from weaklab.metrics import TIE
from weaklab.typing import Codes, Floats
from weaklab.votes import SoftLabels, as_declared, check_gold, check_soft_labels


@dataclass(frozen=True, eq=False)
class Judged:
    """The rows that have gold.

    Attributes
    ----------
    y : ndarray of int of shape (n,)
        Gold codes.
    probs : ndarray of shape (n, k)
        Probabilities.
    confidence : ndarray of shape (n,)
        The highest probability of each row.
    right : ndarray of shape (n,)
        1 where the likeliest class is gold, 0 where not; 1/c where c classes tie for it, gold among them.
    """

    y: Codes
    probs: Floats
    confidence: Floats
    right: Floats

    @classmethod
    def of(cls, y: Any, probs: Any, classes: Any = None, where: Any = None) -> Judged:
        """Gold and predictions, checked; rows without gold, and those that are not in ``where``, are left out.

        Raises
        ------
        GoldError, SoftLabelError, ParameterError
            If no row is left, or something does not fit.
        """
        soft = as_soft(probs, classes)
        names = soft.k if soft.classes is None else list(soft.classes)
        gold = check_gold(y, soft.n, names, index=soft.index)
        rows = gold >= 0
        if where is not None:
            chosen = np.asarray(where)
            if chosen.shape != rows.shape or chosen.dtype != bool:
                raise ParameterError(f"where must be bools of shape {rows.shape}, got {chosen.dtype} {chosen.shape}.")
            rows &= chosen
        if not rows.any():
            raise GoldError(f"None of the {soft.n:,} rows has gold{'' if where is None else ' and is in where'}.")
        gold, table = gold[rows], soft.probs[rows]
        confidence = table.max(axis=1)
        tied = table >= confidence[:, np.newaxis] - TIE  # (n, k)
        right = tied[np.arange(len(gold)), gold] / tied.sum(axis=1)
        return cls(gold, table, confidence, right)


def as_soft(probs: Any, classes: Any = None) -> SoftLabels:
    """Soft labels of as many rows as there are."""
    rows = probs if hasattr(probs, "__len__") else np.asarray(probs)
    return check_soft_labels(probs, len(rows), None if classes is None else list(classes))


def predictions(model: Any, X: Any) -> SoftLabels:
    """What a fitted model says: a label model of votes, an end model or another classifier of data.

    Raises
    ------
    ParameterError
        If it gives no probabilities.
    NotFittedError
        If it is not fitted.
    """
    if not hasattr(model, "predict_proba"):
        raise ParameterError(f"{model!r} has no predict_proba: give a fitted label model, end model or classifier.")
    check_is_fitted(model)
    if hasattr(model, "labels"):
        return model.labels(X)
    index = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
    classes = as_declared(model.classes_)
    return SoftLabels(model.predict_proba(X), classes=None if isinstance(classes, int) else tuple(classes), index=index)


def fitted(model: Any, attribute: str, kind: str = "label model") -> Any:
    """The model, if it is a fitted one that has the attribute.

    Raises
    ------
    ParameterError
        If it has none, or is no model.
    NotFittedError
        If it is not fitted.
    """
    if not hasattr(model, "fit"):
        raise ParameterError(f"model={model!r} must be a fitted {kind}.")
    check_is_fitted(model)
    if not hasattr(model, attribute):
        raise ParameterError(f"{type(model).__name__} has no {attribute}: give a fitted {kind}.")
    return model


def lf_names(model: Any) -> list[Any]:
    """What to call the labeling functions of a label model."""
    names = getattr(model, "feature_names_in_", None)
    return [f"column {j}" for j in range(model.n_features_in_)] if names is None else list(names)
