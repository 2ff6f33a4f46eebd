"""What label models are constructed with, and the checks of it, made when ``fit`` is called."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from weaklab.exceptions import ParameterError
from weaklab.typing import Classes, Seed


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


class PriorParameters:
    """The constructor of models that expect an accuracy of labeling functions, and iterate; each says what it means.

    It stands before the shell among the bases of a model, which gives other defaults in a constructor of its own.
    """

    def __init__(
        self,
        *,
        classes: Classes = None,
        class_balance: Any = "uniform",
        prior_accuracy: float = 0.7,
        prior_strength: float = 4.0,
        max_iter: int = 100,
        tol: float = 1e-6,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.class_balance = class_balance
        self.prior_accuracy = prior_accuracy
        self.prior_strength = prior_strength
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()  # type: ignore[misc]  # the shell has it
        check_probability("prior_accuracy", self.prior_accuracy)
        check_positive("prior_strength", self.prior_strength)
        check_count("max_iter", self.max_iter, 1)
        check_tolerance("tol", self.tol)
