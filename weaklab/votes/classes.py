"""The classes: a number or a list of names, and what turns names into codes 0..k-1."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, MappingView, Sequence, Set
from typing import Any

import numpy as np

from weaklab.exceptions import ClassError, did_you_mean, shown
from weaklab.typing import Classes


def check_classes(classes: Classes) -> list[Hashable] | int | None:
    """Check a declaration of classes.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, their names in the order of their codes, or None for "not said".

    Returns
    -------
    list of hashable, int, or None
        The names, the number, or None.

    Raises
    ------
    ClassError
        If there are fewer than two classes, they come without an order (a set, a dict), or a name is unhashable, a
        float, None, or given twice.

    Examples
    --------
    >>> check_classes(("ham", "spam"))
    ['ham', 'spam']
    """
    if classes is None:
        return None
    if isinstance(classes, (bool, np.bool_)):
        raise ClassError(f"classes must be a number of classes or a list of their names, got {classes!r}.")
    if isinstance(classes, (int, np.integer)):
        if classes < 2:
            raise ClassError(f"classes={int(classes)}: there must be two classes or more.")
        return int(classes)
    if isinstance(classes, (str, bytes)) or not hasattr(classes, "__iter__"):
        raise ClassError(f"classes must be a number of classes or a list of their names, got {classes!r}.")
    if isinstance(classes, (Set, Mapping)) and not isinstance(classes, MappingView):
        raise ClassError(
            f"classes={classes!r} is a {type(classes).__name__}, and which class has code 0 must not depend on how "
            "that is stored: give a list of the names in the order of their codes."
        )
    if isinstance(classes, Iterator):
        raise ClassError(
            f"classes is a {type(classes).__name__}, which can be read only once: give a list of the names."
        )
    names = [name.item() if isinstance(name, np.generic) else name for name in classes]
    for name in names:
        if not isinstance(name, Hashable) or name is None or isinstance(name, float):
            raise ClassError(f"classes: {name!r} cannot be the name of a class; use strings, ints or Enum members.")
    if len(names) < 2:
        raise ClassError(f"classes={names!r}: there must be two classes or more.")
    if len(set(names)) < len(names):
        twice = sorted({repr(name) for name in names if names.count(name) > 1})
        raise ClassError(f"classes: {', '.join(twice)} given more than once.")
    return names


def number_of_classes(classes: Classes) -> int | None:
    """How many classes are declared, or None where none are."""
    checked = check_classes(classes)
    return len(checked) if isinstance(checked, list) else checked


def class_array(classes: Sequence[Hashable] | int) -> np.ndarray:
    """The ``classes_`` of an estimator: the names, or the codes 0..k-1.

    Parameters
    ----------
    classes : sequence of hashable or int
        Names, or their number.

    Returns
    -------
    ndarray of shape (k,)
        Of strings where all names are strings, of ints where all are ints, else of objects.

    Examples
    --------
    >>> class_array(3)
    array([0, 1, 2])
    """
    if isinstance(classes, (int, np.integer)):
        return np.arange(classes)
    names = list(classes)
    if all(isinstance(name, str) for name in names) or all(type(name) in (int, bool) for name in names):
        return np.asarray(names)
    out = np.empty(len(names), dtype=object)
    for code, name in enumerate(names):  # one by one: numpy would make a matrix of tuples
        out[code] = name
    return out


def as_declared(classes: np.ndarray | Sequence[Hashable]) -> list[Hashable] | int:
    """What declares the classes of an estimator: the names, or their number where they are the codes 0..k-1.

    Parameters
    ----------
    classes : ndarray or sequence of hashable of shape (k,)
        A ``classes_``, as :func:`class_array` makes it.

    Returns
    -------
    list of hashable, or int
        What :func:`class_array` makes it of.

    Examples
    --------
    >>> as_declared(np.array([0, 1, 2])), as_declared(np.array(["ham", "spam"]))
    (3, ['ham', 'spam'])
    """
    names = classes.tolist() if isinstance(classes, np.ndarray) else list(classes)
    return len(names) if names == list(range(len(names))) else names


def class_codes(classes: Classes) -> dict[Hashable, int]:
    """The code of each class name; empty where only a number of classes is known.

    Examples
    --------
    >>> class_codes(["ham", "spam"])
    {'ham': 0, 'spam': 1}
    """
    checked = check_classes(classes)
    return {name: code for code, name in enumerate(checked)} if isinstance(checked, list) else {}


def class_code(value: Any, classes: Classes, *, what: str = "label") -> int:
    """The code of one class that a user named.

    Parameters
    ----------
    value : int, bool, Enum member or class name
        What the user wrote. Where names are declared, a name is looked up first; an int that is no name is a code,
        unless ints are names, and then it is an error. A bool is a name only where a bool is one.
    classes : int, sequence of hashable, or None
        The declared classes; None allows any int from 0.
    what : str
        How to call the value in an error.

    Returns
    -------
    int
        The code, 0..k-1.

    Raises
    ------
    ClassError
        If the value is no class.

    Examples
    --------
    >>> class_code("spam", ["ham", "spam"])
    1
    """
    from enum import Enum

    names = class_codes(classes)
    if isinstance(value, np.generic):
        value = value.item()
    if _is_key(value, names) and not isinstance(value, float):
        return names[value]
    if isinstance(value, Enum):
        for inner in (value.name, value.value):
            if _is_key(inner, names) and not isinstance(inner, (bool, float)):
                return names[inner]
        value = value.value
    k = number_of_classes(classes)
    named_by_int = any(type(name) is int for name in names)  # then 0 may not quietly mean the class named 1
    if isinstance(value, int) and not (named_by_int and type(value) is int):
        if value >= 0 and (k is None or value < k):
            return int(value)
        top = "0 or more" if k is None else f"0 to {k - 1}"
        raise ClassError(f"{what} {int(value)} is not the code of a class, which is {top}.")
    if isinstance(value, str) and not names:
        raise ClassError(f"{what} {value!r} is a name, but no class names are declared: give classes=[...].")
    raise ClassError(f"{what} {shown(value)} is not a class.{did_you_mean(value, names)}")


def _is_key(value: Any, names: dict[Hashable, int]) -> bool:
    if not names or not isinstance(value, Hashable):
        return False
    if isinstance(value, bool):
        return any(name is value for name in names)  # True == 1, but True is not the name 1
    try:
        return value in names
    except TypeError:  # a tuple is Hashable in name, and not where it holds a list
        return False
