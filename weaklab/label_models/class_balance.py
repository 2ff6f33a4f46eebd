"""The class balance of a label model: learned, even, or known to the user."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.typing import Floats


def known_balance(class_balance: Any, k: int, classes: Sequence[Hashable] | None = None) -> Floats | None:
    """The class balance if it is known, (k,); None if it is to be learned.

    Parameters
    ----------
    class_balance : "estimate", "uniform", mapping or Series by class, or array-like of shape (k,)
        What the user gave.
    k : int
        How many classes there are.
    classes : sequence of hashable of length k, optional
        Their names; by default their codes.

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
    >>> known_balance({"spam": 0.2, "ham": 0.8}, 2, ["ham", "spam"])
    array([0.8, 0.2])
    """
    if isinstance(class_balance, str):
        rules = ("estimate", "uniform")
        if class_balance not in rules:
            raise ParameterError(f"class_balance={class_balance!r}.{did_you_mean(class_balance, rules)}")
        return None if class_balance == "estimate" else np.full(k, 1 / k)
    if isinstance(class_balance, (Mapping, pd.Series)):
        class_balance = _in_order(class_balance, classes if classes is not None else list(range(k)))
    try:
        balance = np.asarray(class_balance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"class_balance={class_balance!r}: {error}") from error
    if balance.shape != (k,) or not (np.isfinite(balance) & (balance > 0)).all():
        raise ParameterError(f"class_balance={class_balance!r}: it must be {k} numbers above 0, one per class.")
    return balance / balance.sum()


def _in_order(shares: Mapping[Any, float] | pd.Series, classes: Sequence[Hashable]) -> list[float]:
    """Shares that are given by class, in the order of the classes."""
    given = shares.to_dict() if isinstance(shares, pd.Series) else dict(shares)
    missing, extra = [name for name in classes if name not in given], [name for name in given if name not in classes]
    if missing or extra:
        hint = did_you_mean(extra[0], list(map(str, classes))) if extra else ""
        raise ParameterError(
            f"class_balance={given!r}: it must name each class once. Missing: {missing or 'none'}; unknown: "
            f"{extra or 'none'}.{hint}"
        )
    return [given[name] for name in classes]


def smoothed_balance(class_counts: Floats) -> Floats:
    """The balance that expected class counts show, with one row of each class added; (k,)."""
    return (class_counts + 1) / (class_counts.sum() + len(class_counts))
