"""Known labels and weak ones as one set of labels."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.votes.gold import check_gold
from weaklab.votes.soft import SoftLabels, check_soft_labels


def merge(gold: Any, weak: Any, priority: Literal["gold", "weak"] = "gold") -> SoftLabels:
    """Labels of which some are known.

    Parameters
    ----------
    gold : array-like of shape (n,)
        Class codes or, where ``weak`` has names, class names; -1, None and NaN mean "unknown".
    weak : SoftLabels, array-like of shape (n, k), or DataFrame
        The labels of all rows.
    priority : {"gold", "weak"}, default="gold"
        Whose label a row gets that has both: "weak" leaves covered rows as they are, and takes gold for the others.

    Returns
    -------
    SoftLabels
        Rows with gold are one-hot and of weight 1 at least, and have ``gold``; so do those that ``weak`` had before.

    Raises
    ------
    GoldError
        If gold is not one class per row.
    ParameterError
        If ``priority`` is neither of the two.

    Examples
    --------
    >>> merge([1, -1], [[0.9, 0.1], [0.6, 0.4]]).probs
    array([[0. , 1. ],
           [0.6, 0.4]])
    """
    if priority not in ("gold", "weak"):
        raise ParameterError(f"priority={priority!r} must be 'gold' or 'weak'.")
    soft = check_soft_labels(weak, weak.n if isinstance(weak, SoftLabels) else len(weak))
    codes = check_gold(gold, soft.n, soft.k if soft.classes is None else list(soft.classes), index=soft.index)
    if priority == "weak":
        codes = np.where(soft.covered, -1, codes)
    known = codes if soft.gold is None else np.where(codes >= 0, codes, soft.gold)
    rows = np.flatnonzero(known >= 0)
    probs, weight = soft.probs.copy(), None if soft.weight is None else soft.weight.copy()
    probs[rows] = np.eye(soft.k)[known[rows]]
    if weight is not None:
        weight[rows] = np.maximum(weight[rows], 1.0)
    return soft.replace(probs=probs, weight=weight, gold=known)
