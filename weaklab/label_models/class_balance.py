"""The class balance of a label model: learned, even, or known to the user."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.typing import Floats


def known_balance(class_balance: Any, k: int) -> Floats | None:
    """The class balance if it is known, (k,); None if it is to be learned.

    Parameters
    ----------
    class_balance : "estimate", "uniform", or array-like of shape (k,)
        What the user gave.
    k : int
        How many classes there are.

    Returns
    -------
    ndarray of shape (k,), or None
        Sums to 1.

    Raises
    ------
    ParameterError
        If it is an unknown word, or not k numbers above 0.

    Examples
    --------
    >>> known_balance([1, 3], 2)
    array([0.25, 0.75])
    >>> known_balance("estimate", 2)
    """
    if isinstance(class_balance, str):
        rules = ("estimate", "uniform")
        if class_balance not in rules:
            raise ParameterError(f"class_balance={class_balance!r}.{did_you_mean(class_balance, rules)}")
        return None if class_balance == "estimate" else np.full(k, 1 / k)
    try:
        balance = np.asarray(class_balance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"class_balance={class_balance!r}: {error}") from error
    if balance.shape != (k,) or not (np.isfinite(balance) & (balance > 0)).all():
        raise ParameterError(f"class_balance={class_balance!r}: it must be {k} numbers above 0, one per class.")
    return balance / balance.sum()


def smoothed_balance(class_counts: Floats) -> Floats:
    """The balance that expected class counts show, with one row of each class added; (k,)."""
    return (class_counts + 1) / (class_counts.sum() + len(class_counts))
