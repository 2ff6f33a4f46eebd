"""Targets of rows that may have several classes at once: a probability for each, without a sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.end_models.given_labels import GivenLabels, plain_labels
from weaklab.end_models.selection import Selection
from weaklab.end_models.targets import Targets, check_index, known_rows
from weaklab.exceptions import SoftLabelError
from weaklab.votes.classes import check_classes, class_array
from weaklab.votes.soft import SoftLabels, check_sample_weight


def read_multilabel_targets(labels: GivenLabels) -> Targets:
    """Targets from probabilities of classes that do not exclude each other.

    Parameters
    ----------
    labels : GivenLabels
        Of array-likes or a DataFrame of shape (n, k), or SoftLabels: ``soft[i, y]`` is the probability that row i has
        class y, among others; 0 and 1 where that is known. Column names of a DataFrame name the classes. Rows of
        SoftLabels with gold have that class and no other.

    Returns
    -------
    Targets

    Raises
    ------
    SoftLabelError
        If they are no (n, k) probabilities, or the classes disagree.

    Examples
    --------
    >>> read_multilabel_targets(GivenLabels([[1, 1], [0, 0.5]], 2)).probs
    array([[1. , 1. ],
           [0. , 0.5]])
    """
    soft, n, known = plain_labels(labels.soft), labels.n, labels.known
    check_index(soft, labels.index)
    names = list(known.tolist()) if known is not None else check_classes(labels.classes)
    own = None
    if isinstance(soft, SoftLabels):
        own = soft.classes
    elif isinstance(soft, pd.DataFrame) and not isinstance(soft.columns, pd.RangeIndex):
        own = tuple(soft.columns)
    probs = _probabilities(soft, n)
    k = probs.shape[1]
    if isinstance(names, list) and own is not None and list(own) != names:
        raise SoftLabelError(f"The labels are of classes {list(own)!r}, not of {names!r}.")
    names = names if names is not None else list(own) if own is not None else k
    if (names if isinstance(names, int) else len(names)) != k:
        raise SoftLabelError(f"The labels have {k} columns, but the classes are {names!r}.")
    weight = check_sample_weight(labels.sample_weight, n, index=labels.index)
    weight = np.ones(n) if weight is None else weight
    targets = Targets(probs, weight, class_array(names))
    if isinstance(soft, SoftLabels):  # their rows have one class each, also where gold says which
        targets = known_rows(targets, soft, Selection())
    if n and not len(targets.used):
        raise SoftLabelError(f"All {n:,} rows have weight 0, so there is nothing to train on.")
    return targets


def _probabilities(soft: Any, n: int) -> np.ndarray:
    if hasattr(soft, "toarray"):  # a sparse indicator matrix
        soft = soft.toarray()
    try:
        probs = np.array(soft, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SoftLabelError(f"Multi-label targets must be numbers of shape (n, k): {error}") from error
    if probs.ndim != 2 or not probs.shape[1]:
        raise SoftLabelError(
            f'Targets of task="multilabel" must be of shape (n, k), a column per class, got shape {probs.shape}.'
        )
    if len(probs) != n:
        raise SoftLabelError(f"There are {len(probs):,} rows of labels for {n:,} rows of data.")
    with np.errstate(invalid="ignore"):
        wrong = ~((probs >= 0) & (probs <= 1)).all(axis=1)  # NaN fails both
    if wrong.any():
        row = int(wrong.argmax())
        raise SoftLabelError(
            f"{int(wrong.sum()):,} rows hold no probabilities; the first is row {row}: {probs[row].tolist()}. Each "
            "must be in [0, 1]."
        )
    return probs
