"""Gold labels: optional and partial, by code or by name."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ClassError, GoldError
from weaklab.typing import ABSTAIN, Classes, Codes, Floats
from weaklab.votes.classes import class_code, number_of_classes


def check_gold(y: Any, n: int, classes: Classes, *, index: pd.Index | None = None) -> Codes:
    """Gold labels as codes.

    Parameters
    ----------
    y : array-like of shape (n,)
        Class codes or, where they are declared, class names. -1, None, NaN and NA mean "unknown".
    n : int
        How many rows of votes there are.
    classes : int, sequence of hashable, or None
        The classes; None allows any code from 0.
    index : pandas.Index, optional
        The index of the votes; a Series with the same labels in another order is refused.

    Returns
    -------
    ndarray of shape (n,), int64
        Codes 0..k-1, -1 where unknown.

    Raises
    ------
    GoldError
        If there are not n labels, or one is not a class (its row is named).

    Examples
    --------
    >>> check_gold(["spam", None, "ham"], 3, ["ham", "spam"])
    array([ 1, -1,  0])
    """
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if isinstance(y, pd.Series) and index is not None and len(y) == n and not y.index.equals(index):
        raise GoldError("The index of y is not the index of the votes: align them, or give y as an array.")
    if y is None or isinstance(y, (str, bytes)):
        raise GoldError(f"y must be one label per row, got {y!r}.")
    if np.ma.is_masked(y):
        # Masked is missing, and numpy would show what is behind the mask.
        masked = np.ma.getmaskarray(y)
        y = np.asarray(y).astype(object)
        y[masked] = None
    values = y.array if isinstance(y, pd.Series) else y
    array = np.asarray(values, dtype=None if not _is_mixed(values) else object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (n,):
        raise GoldError(f"y must be of shape ({n},), one label per row of votes, got {array.shape}.")
    if array.dtype.kind in "iu" and not isinstance(classes, (list, tuple, np.ndarray)):
        k = number_of_classes(classes)
        wrong = (array < ABSTAIN) | (array >= k) if k is not None else array < ABSTAIN
        if wrong.any():
            row = int(np.argmax(wrong))
            top = "" if k is None else f" to {k - 1}"
            raise GoldError(f"y: row {row} is {array[row].item()!r}, which is no class: codes are 0{top}, -1 unknown.")
        return array.astype(np.int64)
    return _by_name(array, classes)


def _by_name(array: np.ndarray, classes: Classes) -> Codes:
    objects = array.astype(object)
    missing = pd.isna(objects)
    codes = np.full(len(objects), ABSTAIN, dtype=np.int64)
    if missing.all():
        return codes
    numbers, distinct = pd.factorize(objects, use_na_sentinel=True)
    looked_up = np.full(len(distinct), ABSTAIN, dtype=np.int64)
    for position, value in enumerate(distinct):
        if isinstance(value, (float, np.floating)) and float(value).is_integer():
            value = int(value)  # an integer column with missing values comes as floats
        if isinstance(value, (int, np.integer)) and value == ABSTAIN and not _named(value, classes):
            continue
        try:
            looked_up[position] = class_code(value, classes)
        except ClassError as error:
            row = int(np.argmax(numbers == position))
            raise GoldError(f"y: row {row}: {error}") from error
    codes[~missing] = looked_up[numbers[~missing]]
    return codes


def gold_accuracy(codes: Codes, gold: Codes, weight: Floats | None) -> float:
    """The share of rows with gold that are right.

    Parameters
    ----------
    codes : ndarray of int64 of shape (n,)
        Predicted classes; -1, an abstention, is wrong.
    gold : ndarray of int64 of shape (n,)
        Known classes, -1 where unknown.
    weight : ndarray of shape (n,), or None
        How often each row counts.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    GoldError
        If no row has gold, or all that have it weigh nothing.

    Examples
    --------
    >>> gold_accuracy(np.array([0, 1, 1]), np.array([0, 0, -1]), None)
    0.5
    """
    known = gold >= 0
    if not known.any() or (weight is not None and not weight[known].any()):
        raise GoldError(f"None of the {len(gold):,} rows has a gold label to score against.")
    return float(np.average((codes == gold)[known], weights=None if weight is None else weight[known]))


def _named(value: Hashable, classes: Classes) -> bool:
    return isinstance(classes, (list, tuple, np.ndarray)) and value in list(classes)


def _is_mixed(values: Any) -> bool:
    """Whether numpy would turn None among names, or ints among strings, into strings."""
    if isinstance(values, np.ndarray):
        return False
    if isinstance(values, pd.api.extensions.ExtensionArray):
        return True
    return hasattr(values, "__iter__") and any(isinstance(value, str) for value in values)
