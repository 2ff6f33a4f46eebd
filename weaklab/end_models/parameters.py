"""The checks of the constructor's arguments, made when ``fit`` is called."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from weaklab.exceptions import ParameterError


def check_parameters(model: Any) -> None:
    """Check the numbers that an :class:`~weaklab.end_models.EndModel` was given.

    Raises
    ------
    ParameterError
        If one is out of its range; the name, the value and the range are said.
    """
    for name, least in (("max_epochs", 1), ("patience", 1), ("max_features", 1)):
        check_count(name, getattr(model, name), least)
    for name in ("hidden", "batch_size", "n_jobs"):
        check_count(name, getattr(model, name), 1, optional=True)
    check_number("learning_rate", model.learning_rate, above=0.0, optional=True)
    check_number("weight_decay", model.weight_decay)
    check_number("tolerance", model.tolerance)
    check_number("dropout", model.dropout, below=1.0)
    check_number("validation_fraction", model.validation_fraction, below=1.0)
    if model.progress not in (None, True, False):
        raise ParameterError(f"progress={model.progress!r} must be True, False or None.")
    if model.calibrate not in (True, False):
        raise ParameterError(f"calibrate={model.calibrate!r} must be True or False.")
    if model.loss is not None and not callable(model.loss):
        raise ParameterError(f"loss={model.loss!r} must be a callable (step) -> scalar tensor, or None.")


def check_count(name: str, value: Any, least: int, *, optional: bool = False) -> None:
    """Check that a value is an int of ``least`` or more, or None where that is allowed.

    Examples
    --------
    >>> check_count("patience", 3, 1)
    """
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        none = " or None" if optional else ""
        raise ParameterError(f"{name}={value!r} must be an int of {least} or more{none}.")


def check_number(
    name: str, value: Any, *, above: float | None = None, below: float = float("inf"), optional: bool = False
) -> None:
    """Check that a value is a number from 0, or above ``above``, and below ``below``; or None where allowed.

    Examples
    --------
    >>> check_number("dropout", 0.5, below=1.0)
    """
    if optional and value is None:
        return
    number = not isinstance(value, bool) and isinstance(value, Real)
    if number and (float(value) >= 0 if above is None else float(value) > above) and float(value) < below:
        return
    low = "from 0" if above is None else f"above {above:g}"
    high = "" if below == float("inf") else f" and below {below:g}"
    raise ParameterError(f"{name}={value!r} must be a finite number {low}{high}{' or None' if optional else ''}.")
