"""Scores by name, on scikit-learn, which is imported when the first is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.snorkel.utils.core import filter_labels, to_int_label_array


class Metric(NamedTuple):
    """A score, and what it is a function of: of "golds", "preds" and "probs"."""

    func: Callable[..., Any]
    inputs: tuple[str, ...] = ("golds", "preds")


def _sklearn(name: str, **fixed: Any) -> Callable[..., Any]:
    def score(*labels: Any, **options: Any) -> Any:
        import sklearn.metrics

        return getattr(sklearn.metrics, name)(*labels, **fixed, **options)

    return score


def _coverage(preds: np.ndarray) -> float:
    return float((preds != -1).mean())


def _f1(golds: np.ndarray, preds: np.ndarray, **options: Any) -> Any:
    if max(golds.max(initial=0), preds.max(initial=0)) > 1:
        raise ParameterError("f1 not supported for multiclass. Try f1_micro or f1_macro instead.")
    return _sklearn("f1_score")(golds, preds, **options)


def _roc_auc(golds: np.ndarray, probs: np.ndarray, **options: Any) -> Any:
    if probs.shape[1] != 2:
        raise ParameterError("Metric roc_auc is currently only defined for binary problems.")
    return _sklearn("roc_auc_score")(golds, probs[:, 1], **options)


METRICS: dict[str, Metric] = {
    "accuracy": Metric(_sklearn("accuracy_score")),
    "coverage": Metric(_coverage, ("preds",)),
    "precision": Metric(_sklearn("precision_score")),
    "recall": Metric(_sklearn("recall_score")),
    "f1": Metric(_f1),
    "f1_micro": Metric(_sklearn("f1_score", average="micro")),
    "f1_macro": Metric(_sklearn("f1_score", average="macro")),
    "fbeta": Metric(_sklearn("fbeta_score")),
    "matthews_corrcoef": Metric(_sklearn("matthews_corrcoef")),
    "roc_auc": Metric(_roc_auc, ("golds", "probs")),
}


def check_metric(metric: str) -> None:
    """Refuse a name that no score has.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if metric not in METRICS:
        raise ParameterError(
            f"The metric you provided ({metric}) is not currently implemented.{did_you_mean(metric, METRICS)}"
        )


def metric_score(
    golds: Any = None,
    preds: Any = None,
    probs: Any = None,
    metric: str = "accuracy",
    filter_dict: Mapping[str, list[int]] | None = None,
    **kwargs: Any,
) -> float:
    """A score by its name.

    Parameters
    ----------
    golds, preds : array-like of int of shape (n,), optional
        True and predicted classes.
    probs : array-like of shape (n, k), optional
        Predicted probabilities.
    metric : str
        One of :data:`METRICS`.
    filter_dict : mapping of str to list of int, optional
        For "golds", "preds" or "probs": rows with which labels are left out.
    **kwargs
        For scikit-learn's function, such as ``beta`` of "fbeta".

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If there is no such score, or it needs what is not given.

    Examples
    --------
    >>> round(metric_score([0, 1, 1], [0, 1, 0]), 2)
    0.67
    """
    check_metric(metric)
    given = {
        "golds": None if golds is None else to_int_label_array(golds),
        "preds": None if preds is None else to_int_label_array(preds),
        "probs": None if probs is None else np.asarray(probs),
    }
    if filter_dict:
        if set(filter_dict) - set(given):
            raise ParameterError(f"filter_dict must only include keys in {list(given)}")
        given = filter_labels(given, filter_dict)
    function, inputs = METRICS[metric]
    for name in inputs:
        if given[name] is None:
            raise ParameterError(f"Metric {metric} requires access to {name}.")
    return function(*(given[name] for name in inputs), **kwargs)
