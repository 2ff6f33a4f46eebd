"""The checks of the constructor's arguments, made when ``fit`` is called."""

from __future__ import annotations

import os
from datetime import timedelta
from numbers import Integral, Real
from typing import Any

from weaklab.end_models.nested_dropout import NestedDropout
from weaklab.exceptions import ParameterError


def check_parameters(model: Any) -> None:
    """Check the numbers that an :class:`~weaklab.end_models.EndModel` was given.

    Raises
    ------
    ParameterError
        If one is out of its range; the name, the value and the range are said.
    """
    for name in ("loss", "sampler", "peers", "schedule", "dropout"):
        value = getattr(model, name)
        if isinstance(value, type):
            raise ParameterError(f"{name}={value.__name__} is a class; give one of its kind: {value.__name__}(...).")
    for name in ("max_epochs", "patience", "max_features", "accumulate"):
        check_count(name, getattr(model, name), 1)
    for name in ("hidden", "batch_size", "n_jobs"):
        check_count(name, getattr(model, name), 1, optional=True)
    if not (isinstance(model.learning_rate, str) and model.learning_rate == "find"):
        check_number("learning_rate", model.learning_rate, above=0.0, optional=True, or_else="'find' or None")
    check_number("clip_norm", model.clip_norm, above=0.0, optional=True)
    check_number("weight_decay", model.weight_decay)
    check_number("tolerance", model.tolerance)
    if not isinstance(model.dropout, NestedDropout):
        check_number("dropout", model.dropout, below=1.0)
    check_number("validation_fraction", model.validation_fraction, below=1.0)
    check_choice("progress", model.progress, (True, False, None))
    check_choice("calibrate", model.calibrate, (True, False))
    check_choice("warm_start", model.warm_start, (True, False))
    check_choice("stream", model.stream, ("auto", True, False))
    check_choice("compile", model.compile, ("auto", True, False))
    check_choice("precision", model.precision, ("auto", "float32", "bf16", "fp16"))
    check_choice("monitor", model.monitor, ("auto", "soft", "gold"))
    if isinstance(model.optimizer, str) or not callable(model.optimizer):
        check_choice("optimizer", model.optimizer, ("auto", "adamw", "sgd", "lbfgs"))
    if model.loss is not None and not callable(model.loss):
        raise ParameterError(f"loss={model.loss!r} must be a callable (step) -> scalar tensor, or None.")
    _check_parts(model)
    _check_checkpoint(model)


def _check_parts(model: Any) -> None:
    if model.sampler is not None and not callable(getattr(model.sampler, "epoch", None)):
        raise ParameterError(f"sampler={model.sampler!r} must have a method epoch(rows, generator), or be None.")
    if model.peers is not None and not callable(getattr(model.peers, "pair", None)):
        raise ParameterError(f"peers={model.peers!r} must be CoTeaching(...) or None.")
    callbacks = () if model.callbacks is None else model.callbacks
    if not isinstance(callbacks, (list, tuple)) or not all(map(callable, callbacks)):
        raise ParameterError(f"callbacks={model.callbacks!r} must be a list of callables (row, model), or None.")


def _check_checkpoint(model: Any) -> None:
    if model.checkpoint is not None and not isinstance(model.checkpoint, (str, os.PathLike)):
        raise ParameterError(f"checkpoint={model.checkpoint!r} must be the path of a file, or None.")
    every = model.checkpoint_every
    if not isinstance(every, timedelta):
        check_count("checkpoint_every", every, 1)
    elif every < timedelta(0):
        raise ParameterError(f"checkpoint_every={every!r} must be a number of epochs or a time of 0 or more.")


def check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Check that a value is one of a few.

    Examples
    --------
    >>> check_choice("monitor", "gold", ("auto", "soft", "gold"))
    """
    if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in choices):
        raise ParameterError(f"{name}={value!r} must be {', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}.")


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
    name: str,
    value: Any,
    *,
    above: float | None = None,
    below: float = float("inf"),
    optional: bool = False,
    or_else: str = "None",
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
    raise ParameterError(f"{name}={value!r} must be a finite number {low}{high}{f' or {or_else}' if optional else ''}.")


def check_share(name: str, value: Any, *, from_zero: bool = True) -> float:
    """A number from 0, or above 0, to 1, as a float.

    Examples
    --------
    >>> check_share("coef", 1)
    1.0
    """
    check_number(name, value, above=None if from_zero else 0.0)
    if value > 1:
        raise ParameterError(f"{name}={value!r} must be at most 1.")
    return float(value)
