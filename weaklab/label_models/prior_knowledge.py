"""What a user says of labeling functions beforehand, by name or by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.typing import Floats


def column_of(lf: Any, m: int, names: tuple[str, ...] | None, what: str) -> int:
    """The column of a labeling function that is given by name or by column.

    Raises
    ------
    ParameterError
        If there is none; ``what`` names the parameter.
    """
    if isinstance(lf, str):
        if names is None or lf not in names:
            raise ParameterError(f"{what}: there is no labeling function {lf!r}.{did_you_mean(lf, names or ())}")
        return names.index(lf)
    if names is not None and not isinstance(lf, (bool, np.bool_)) and str(lf) in names:
        return names.index(str(lf))  # columns of a frame may be numbers
    if isinstance(lf, (bool, np.bool_)) or not isinstance(lf, (int, np.integer)) or not 0 <= lf < m:
        raise ParameterError(f"{what}: {lf!r} is neither a name nor a column from 0 to {m - 1}.")
    return int(lf)


def accuracies_of(value: Any, m: int, k: int, names: tuple[str, ...] | None, what: str, default: float) -> Floats:
    """An accuracy per labeling function and class.

    Parameters
    ----------
    value : float, mapping from name or column to float or k floats, array-like of shape (m,) or (m, k), or None
        A Series counts as a mapping. In (0, 1); None, and what a mapping leaves out, is the default.
    m, k : int
        How many labeling functions and classes there are.
    names : tuple of str, or None
        The names of the labeling functions.
    what : str
        The parameter's name, for errors.
    default : float
        The accuracy where none is given.

    Returns
    -------
    ndarray of shape (m, k)

    Raises
    ------
    ParameterError
        If a labeling function does not exist, or a value is not an accuracy.

    Examples
    --------
    >>> accuracies_of({"a": 0.9}, 2, 2, ("a", "b"), "prior_accuracy", 0.7)
    array([[0.9, 0.9],
           [0.7, 0.7]])
    """
    out = np.full((m, k), default)
    if value is None:
        return out
    items: list[tuple[Any, Any]]
    if isinstance(value, str):
        raise ParameterError(f"{what}={value!r}: it must be a number between 0 and 1.")
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if isinstance(value, Mapping):
        items = [(column_of(lf, m, names, what), accuracy) for lf, accuracy in value.items()]
    elif np.ndim(value) == 0:
        items = [(slice(None), value)]
    elif len(value) == m:
        items = list(enumerate(value))
    else:
        raise ParameterError(f"{what}: {len(value)} accuracies for {m} labeling functions.")
    for j, accuracy in items:
        who = "" if isinstance(j, slice) else f" of {names[j]!r}" if names else f" of column {j}"
        try:
            out[j] = np.asarray(accuracy, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ParameterError(f"{what}{who} is {accuracy!r}: give one number, or one for each class.") from error
        if not ((out[j] > 0) & (out[j] < 1)).all():
            raise ParameterError(f"{what}{who} is {accuracy!r}: it must be between 0 and 1.")
    return out


def groups_of(groups: Sequence[Sequence[Any]] | None, m: int, names: tuple[str, ...] | None) -> list[list[int]]:
    """The columns of each declared group.

    Raises
    ------
    ParameterError
        If a labeling function does not exist, stands twice, or a group has fewer than two.

    Examples
    --------
    >>> groups_of([["a", "c"]], 3, ("a", "b", "c"))
    [[0, 2]]
    """
    out: list[list[int]] = []
    groups = () if groups is None else groups
    if isinstance(groups, str) or not hasattr(groups, "__iter__"):
        raise ParameterError(f"groups={groups!r}: give a list of groups, each a list of names or columns.")
    for group in groups:
        if isinstance(group, str) or not hasattr(group, "__len__") or len(group) < 2:
            raise ParameterError(f"groups: {group!r} is not a group; give two or more names or columns in a list.")
        out.append([column_of(lf, m, names, "groups") for lf in group])
    flat = [j for group in out for j in group]
    twice = sorted({j for j in flat if flat.count(j) > 1})
    if twice:
        who = ", ".join(repr(names[j]) if names else f"column {j}" for j in twice)
        raise ParameterError(f"groups: {who} stands in more than one place; each labeling function has one group.")
    return out
