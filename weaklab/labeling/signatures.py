"""Is this a function that can be called on one row? Asked when it is decorated, not in the middle of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from weaklab.exceptions import LabelingFunctionError, did_you_mean

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def check_function(function: Any, kind: str) -> None:
    """Refuse what cannot be a labeling function or a preprocessor at all.

    Parameters
    ----------
    function : object
        What was decorated.
    kind : str
        What it is to become, for the error.

    Raises
    ------
    LabelingFunctionError
        If it is a class, is not callable, or is asynchronous or a generator (calling it gives no result).
    """
    if isinstance(function, type):
        raise LabelingFunctionError(
            f"{kind}: {function.__name__} is a class. Decorate a function, or give an instance with __call__."
        )
    if not callable(function):
        raise LabelingFunctionError(f"{kind}: {function!r} is not callable; a function of one row is expected.")
    inner = getattr(function, "__call__", function)  # noqa: B004  -- an instance may have an async __call__
    for each in (function, inner):
        if inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) or inspect.isgeneratorfunction(each):
            raise LabelingFunctionError(
                f"{kind} {callable_name(function) or function!r} is asynchronous or yields; calling it gives no value. "
                f"Write it with a plain `return`."
            )


def callable_name(function: Any) -> str | None:
    """The name of a function, or None where it has none worth showing (a lambda, a partial, an instance)."""
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) and name != "<lambda>" else None


def check_name(name: Any, function: Any, kind: str) -> str:
    """The name to use: the one given, else the function's own.

    Raises
    ------
    LabelingFunctionError
        If neither is a string that is not empty.
    """
    if name is None:
        name = callable_name(function)
        if name is None:
            raise LabelingFunctionError(
                f"{kind}: {function!r} has no name of its own; give one, "
                f"{kind.replace(' ', '_')}(name='...')(function)."
            )
    if not isinstance(name, str) or not name.strip():
        raise LabelingFunctionError(f"{kind}: name={name!r} must be a string that is not empty.")
    return name


def check_resources(resources: Any, name: str, kind: str) -> dict[str, Any]:
    """Resources as a dict of keyword arguments.

    Raises
    ------
    LabelingFunctionError
        If they are not a mapping, or a key is not a string.
    """
    if resources is None:
        return {}
    if not isinstance(resources, Mapping):
        raise LabelingFunctionError(
            f"{kind} {name!r}: resources={resources!r} must be a dict of the function's keyword arguments."
        )
    for key in resources:
        if not isinstance(key, str):
            raise LabelingFunctionError(
                f"{kind} {name!r}: the resource {key!r} must be named by a string, as an argument is."
            )
    return dict(resources)


def check_signature(function: Callable[..., Any], resources: Mapping[str, Any], name: str, kind: str) -> None:
    """Check that a function can be called with one row and its resources.

    Raises
    ------
    LabelingFunctionError
        If it takes no row, needs an argument that nobody gives, or is given a resource that it does not take.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return  # builtins do not always tell; the first row will
    several = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    positional = [parameter for parameter in parameters if parameter.kind in _POSITIONAL]
    if not positional and not several:
        raise LabelingFunctionError(
            f"{kind} {name!r} takes no row: its signature is {_signature(function)}; write `def {name}(row): ...`."
        )
    row, others = (positional[:1], [parameter for parameter in parameters if parameter not in positional[:1]])
    if row and row[0].name in resources:
        raise LabelingFunctionError(
            f"{kind} {name!r}: the resource {row[0].name!r} has the name of the first argument, which is the row."
        )
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in others)
    named = [
        parameter.name
        for parameter in others
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    for key in resources:
        if key not in named and not takes_any:
            raise LabelingFunctionError(
                f"{kind} {name!r}: the resource {key!r} is no argument of {_signature(function)}."
                f"{did_you_mean(key, named)}"
            )
    missing = [
        parameter.name
        for parameter in others
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and parameter.name not in resources
    ]
    if missing:
        raise LabelingFunctionError(
            f"{kind} {name!r} is called with a row only, but {_signature(function)} also needs "
            f"{', '.join(map(repr, missing))}: give resources={{{missing[0]!r}: ...}} or a default."
        )


def _signature(function: Callable[..., Any]) -> str:
    return str(inspect.signature(function))
