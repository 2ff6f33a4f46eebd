"""Which classes a row may have: said for each row, or by tags of the group that it is in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ClassError, ParameterError, shown
from weaklab.votes.classes import class_code


def check_groups(groups: Any, n: int) -> tuple[np.ndarray, list[Hashable]] | None:
    """The groups of rows as codes, and what each is called, in the order in which they come.

    Parameters
    ----------
    groups : array-like of hashable of shape (n,), or None
        Rows that share a value are of one group: an image, a document, a bag.
    n : int
        How many rows there must be.

    Returns
    -------
    codes : ndarray of int64 of shape (n,)
    names : list of length g

    Raises
    ------
    ParameterError
        If there is not one group per row.

    Examples
    --------
    >>> check_groups(["b", "a", "b"], 3)
    (array([0, 1, 0]), ['b', 'a'])
    """
    if groups is None:
        return None
    values = groups if isinstance(groups, (pd.Series, pd.Index, pd.Categorical)) else _objects(groups)
    if len(values) != n:
        raise ParameterError(f"groups must have one entry per row: there are {len(values):,} for {n:,} rows.")
    try:
        codes, names = pd.factorize(values)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"groups must be one hashable per row: {error}") from error
    if (codes < 0).any():
        raise ParameterError(f"groups: row {int(np.argmax(codes < 0))} has none; give each such row one of its own.")
    return codes.astype(np.int64), [*names]


def check_allowed(
    allowed: Any, n: int, classes: Any, groups: tuple[np.ndarray, list[Hashable]] | None
) -> np.ndarray | None:
    """Which classes each row may have, as an array of bool of shape (n, k).

    Parameters
    ----------
    allowed : array-like of bool of shape (n, k), sequence of n collections of classes, mapping, or None
        A mapping goes from each group to the classes that its rows may have, by name or code. None allows all.
    n : int
        How many rows there are.
    classes : int or sequence of hashable
        The classes.
    groups : tuple of codes and names, or None
        As :func:`check_groups` gives them.

    Returns
    -------
    ndarray of bool of shape (n, k), or None

    Raises
    ------
    ParameterError
        If a row may have no class, a group has no entry, or the form is none of these.

    Examples
    --------
    >>> check_allowed({"a": [0], "b": [0, 2]}, 2, 3, check_groups(["a", "b"], 2))
    array([[ True, False, False],
           [ True, False,  True]])
    """
    if allowed is None:
        return None
    k = classes if isinstance(classes, int) else len(classes)
    by_group = isinstance(allowed, Mapping)
    mask = _by_group(allowed, classes, k, groups) if by_group else _by_row(allowed, n, classes, k)
    empty = ~mask.any(axis=1)
    if empty.any():
        raise ParameterError(f"allowed: row {int(np.argmax(empty))} may have no class at all.")
    return mask


def _by_group(
    allowed: Mapping[Any, Any], classes: Any, k: int, groups: tuple[np.ndarray, list[Hashable]] | None
) -> np.ndarray:
    if groups is None:
        raise ParameterError("allowed is a mapping from groups to classes: say the group of each row, groups=.")
    codes, names = groups
    table = np.zeros((len(names), k), dtype=bool)
    for at, name in enumerate(names):
        if name not in allowed:
            raise ParameterError(f"allowed: group {shown(name)} has no entry; give the classes that it may have.")
        table[at] = _mask(allowed[name], classes, k, f"group {shown(name)}")
    return table[codes]


def _by_row(allowed: Any, n: int, classes: Any, k: int) -> np.ndarray:
    if isinstance(allowed, (str, bytes)) or not hasattr(allowed, "__len__"):
        raise ParameterError(
            f"allowed={shown(allowed)} must be bools of shape (n, k), a collection per row, or a dict."
        )
    if len(allowed) != n:
        raise ParameterError(f"allowed has {len(allowed):,} rows; there are {n:,} rows of labels.")
    array = allowed.to_numpy() if isinstance(allowed, pd.DataFrame) else allowed
    try:
        array = np.asarray(array)
    except ValueError:  # collections of several lengths
        array = None
    if array is not None and array.dtype == bool and array.ndim == 2:
        if array.shape != (n, k):
            raise ParameterError(f"allowed must be of shape ({n}, {k}), got {array.shape}.")
        return array.copy()
    return np.stack([_mask(one, classes, k, f"row {row}") for row, one in enumerate(allowed)])


def _mask(some: Any, classes: Any, k: int, where: str) -> np.ndarray:
    if isinstance(some, (str, bytes)) or not isinstance(some, Iterable):
        raise ParameterError(f"allowed: {where} has {shown(some)}; a collection of classes was expected.")
    mask = np.zeros(k, dtype=bool)
    for one in some:
        try:
            mask[class_code(one, classes)] = True
        except ClassError as error:
            raise ParameterError(f"allowed: {where}: {error}") from error
    return mask


def _objects(values: Any) -> np.ndarray:
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ParameterError(f"groups must be of shape (n,), got {values.shape}.")
        return values
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise ParameterError(f"groups={shown(values)} must be one group per row.")
    values = list(values)
    out = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):  # one by one: numpy would make a matrix of tuples
        out[row] = value
    return out
