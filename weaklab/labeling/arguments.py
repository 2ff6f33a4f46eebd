"""Arguments of labeling functions: numbers within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError


def check_size(value: Any, argument: str, kind: str) -> int:
    """A number of things, 1 or more.

    Raises
    ------
    LabelingFunctionError
        If it is none.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise LabelingFunctionError(f"{kind}: {argument}={value!r} must be an int from 1.")
    return int(value)


def check_number(value: Any, argument: str, kind: str, low: float, high: float = np.inf) -> float:
    """A number within bounds, both of which are allowed.

    Raises
    ------
    LabelingFunctionError
        If it is none.
    """
    if (
        isinstance(value, (bool, np.bool_))
        or not isinstance(value, (int, float, np.number))
        or not low <= value <= high
    ):
        bounds = f"from {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        raise LabelingFunctionError(f"{kind}: {argument}={value!r} must be a number {bounds}.")
    return float(value)
