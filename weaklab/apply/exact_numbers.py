"""Columns of numbers against a bound, as exactly as Python compares."""

from __future__ import annotations

from math import ceil, floor, isinf

import numpy as np


def widened(values: np.ndarray) -> np.ndarray:
    """Bools, ints or floats as numbers that :func:`beyond` can compare.

    Examples
    --------
    >>> widened(np.array([True, False])).dtype, widened(np.float32([0.5])).dtype
    (dtype('uint8'), dtype('float64'))
    """
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind == "f" and values.dtype.itemsize < 8:
        return values.astype(np.float64)  # exact; the other way, numpy would round the bound
    return values


def beyond(values: np.ndarray, bound: float, is_above: bool) -> np.ndarray | None:
    """Where numbers are above, or below, a bound.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Ints, or floats of 64 bits.
    bound : int or float
        Not NaN.
    is_above : bool
        Whether above it, or below.

    Returns
    -------
    ndarray of bool of shape (n,), or None
        False where a value is NaN. None where numpy cannot compare exactly.

    Examples
    --------
    >>> beyond(np.array([1, 2, 3]), 2.5, is_above=True)
    array([False, False,  True])
    """
    return (_ints if values.dtype.kind in "iu" else _floats)(values, bound, is_above)


def _ints(values: np.ndarray, bound: float, is_above: bool) -> np.ndarray:
    """Ints against a bound, as ints: 64 bits of int do not fit a float."""
    if isinstance(bound, float) and isinf(bound):
        return np.full(len(values), is_above == (bound < 0))
    whole = floor(bound) if is_above else ceil(bound)  # v > 2.5 is v > 2, and v < 2.5 is v < 3
    limits = np.iinfo(values.dtype)
    if not limits.min <= whole <= limits.max:
        return np.full(len(values), is_above == (whole < limits.min))
    typed = values.dtype.type(whole)
    return values > typed if is_above else values < typed


def _floats(values: np.ndarray, bound: float, is_above: bool) -> np.ndarray | None:
    try:
        number = float(bound)
    except OverflowError:
        return None
    if number != bound:  # an int that no float is; asked of Python, since numpy would round it to compare
        return None
    return values > number if is_above else values < number
