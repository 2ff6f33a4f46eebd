"""Functions that verify what a pattern captured: what they may take, asked when they are given and not in a run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from weaklab.exceptions import LabelingFunctionError, did_you_mean


def check_parse(parse: Any, groups: tuple[str, ...], kind: str) -> Any:
    """What turns captured texts into values: one callable, or (group, callable) pairs in the order of the groups.

    Raises
    ------
    LabelingFunctionError
        If it is no function, or names a group that the pattern does not have.
    """
    if isinstance(parse, tuple):  # as this function returned it
        parse = dict(parse)
    if parse is None or callable(parse):
        return parse
    if not isinstance(parse, Mapping):
        raise LabelingFunctionError(f"{kind}: parse={parse!r} must be a function, or a dict of them by group.")
    for name, function in parse.items():
        if name not in groups:
            raise LabelingFunctionError(
                f"{kind}: parse names the group {name!r}, which the pattern does not have.{did_you_mean(name, groups)}"
            )
        if not callable(function):
            raise LabelingFunctionError(f"{kind}: parse[{name!r}]={function!r} must be a function.")
    return tuple(sorted(parse.items()))


def verified_by(verify: Any, groups: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """What a function that verifies matches is to be given: names of groups, "match" and "row".

    Parameters
    ----------
    verify : callable or None
        Its parameters say what.
    groups : tuple of str
        The named groups of the pattern.
    kind : str
        The factory, for the error.

    Returns
    -------
    tuple of str

    Raises
    ------
    LabelingFunctionError
        If it is no function, or takes something else.

    Examples
    --------
    >>> verified_by(lambda row, dose: dose < row.limit, ("dose", "unit"), "pattern_lf")
    ('row', 'dose')
    """
    if verify is None:
        return ()
    if not callable(verify):
        raise LabelingFunctionError(f"{kind}: verify={verify!r} must be a function.")
    try:
        parameters = inspect.signature(verify).parameters.values()
    except (TypeError, ValueError) as error:
        raise LabelingFunctionError(
            f"{kind}: {verify!r} does not say what it takes; write a function of the groups around it."
        ) from error
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            names += [name for name in groups if name not in names]
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.kind is not parameter.POSITIONAL_ONLY and parameter.name in (*groups, "match", "row"):
            names.append(parameter.name)
        elif parameter.default is parameter.empty:
            raise LabelingFunctionError(
                f"{kind}: verify takes {parameter.name!r}, which is no group of the pattern; it is given groups, "
                f"`match` and `row`, by keyword.{did_you_mean(parameter.name, [*groups, 'match', 'row'])}"
            )
    return tuple(names)
