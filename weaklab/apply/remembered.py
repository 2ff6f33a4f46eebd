"""Functions under ``functools.lru_cache``: what they remember is good for as long as they read nothing that may change.

A memory has no value that could be compared: it is filled in calls that nobody counts, and outlives what they read.
"""

from __future__ import annotations

import builtins
import datetime as dt
import re
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from weaklab.apply.code_reads import Read, reads_of
from weaklab.apply.libraries import is_library
from weaklab.apply.value_fingerprints import PLAIN, Unfingerprintable

#: Kinds whose objects cannot be changed in place, and others that a function makes of them.
_FIXED = (str, bytes, int, float, complex, bool, dt.datetime, dt.date, dt.time, dt.timedelta, re.Pattern, re.Match)
_MADE = (tuple, frozenset, list, dict, set)
#: Attributes of these, all of which depend on nothing but the object.
_ATTRIBUTES = frozenset(name for kind in (*_FIXED, *_MADE) for name in dir(kind))


def check_remembered(function: Any, wrapper: Any) -> None:
    """Check that a function which is remembered reads nothing but its arguments and what is installed.

    Parameters
    ----------
    function : function
        What is remembered.
    wrapper : callable
        What remembers it; the function may call it.

    Raises
    ------
    Unfingerprintable
        If it reads what may have been another thing when it was called.

    Examples
    --------
    >>> check_remembered(lambda text: re.sub("[0-9]+", "0", text.lower()), None)
    >>> check_remembered(lambda text: LIMIT, None)
    Traceback (most recent call last):
    weaklab.apply.value_fingerprints.Unfingerprintable: remembers what <lambda>() gave, which reads LIMIT
    """
    name = getattr(function, "__name__", type(function).__name__)
    if not isinstance(function, FunctionType):
        raise Unfingerprintable(f"remembers what {name}() gave, which is no plain function")
    for what in _changeable(function, wrapper):
        raise Unfingerprintable(f"remembers what {name}() gave, which reads {what}")


def _changeable(function: FunctionType, wrapper: Any) -> Iterator[str]:
    reads = reads_of(function.__code__)
    of_modules: set[str] = set()
    for read in reads.reads:
        if _is_installed(read, function, wrapper):
            of_modules.update(read.attributes)
        else:
            yield read.name
    asked = reads.attributes.union(reads.of_row, *reads.free.values())
    yield from sorted(asked - _ATTRIBUTES - of_modules)
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if not _is_fixed(value):
            yield f"a default that is a {type(value).__name__}"


def _is_installed(read: Read, function: FunctionType, wrapper: Any) -> bool:
    """Whether a name stands for something of Python or of a package, or for the function itself."""
    if read.source == "import":
        return not read.level and is_library(read.name)
    if read.source == "closure":
        return _is_fixed_variable(read.name, function)
    value = function.__globals__.get(read.name, getattr(builtins, read.name, None))
    if value is not None and value is wrapper:
        return True
    if isinstance(value, ModuleType):
        return is_library(value.__name__)
    return callable(value) and is_library(getattr(value, "__module__", None))


def _is_fixed_variable(name: str, function: FunctionType) -> bool:
    """Whether a variable around the function, such as an argument of what made it, holds what cannot change."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    try:
        return name not in reads_of(function.__code__).rebound and _is_fixed(cells[name].cell_contents)
    except ValueError:  # empty
        return False


def _is_fixed(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_fixed, value))
    return type(value) in PLAIN or isinstance(value, _FIXED)
