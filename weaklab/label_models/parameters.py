"""The checks of numbers that label models are constructed with, made when ``fit`` is called."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from weaklab.exceptions import ParameterError


def check_count(name: str, value: Any, least: int) -> None:
    """Check that a parameter is a whole number of ``least`` or more.

    Raises
    ------
    ParameterError
        If it is not; the name, the value and the range are said.

    Examples
    --------
    >>> check_count("max_iter", 100, 1)
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise ParameterError(f"{name}={value!r}: it must be a whole number from {least}.")


def check_positive(name: str, value: Any) -> None:
    """Check that a parameter is a finite number above 0.

    Raises
    ------
    ParameterError
        If it is not; the name and the value are said.
    """
    if not _is_number(value) or not 0 < value < float("inf"):
        raise ParameterError(f"{name}={value!r}: it must be a finite number above 0.")


def check_probability(name: str, value: Any) -> None:
    """Check that a parameter lies between 0 and 1, both excluded.

    Raises
    ------
    ParameterError
        If it does not; the name and the value are said.
    """
    if not _is_number(value) or not 0 < value < 1:
        raise ParameterError(f"{name}={value!r}: it must be a number between 0 and 1.")


def check_tolerance(name: str, value: Any) -> None:
    """Check that a parameter is a finite number, 0 or more.

    Raises
    ------
    ParameterError
        If it is not; the name and the value are said.
    """
    if not _is_number(value) or not 0 <= value < float("inf"):
        raise ParameterError(f"{name}={value!r}: it must be a finite number, 0 or more.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
