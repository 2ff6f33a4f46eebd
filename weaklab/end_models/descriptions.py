"""Arguments in words by which another process tells whether they are the same: the repr, and the user's own code."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from torch import nn

_OWN = ("weaklab", "torch", "builtins", "functools", "abc")  # packages whose code changes with their version only


def described(value: Any) -> str:
    """An argument in words that are the same in each process: no addresses, and a hash of the code of functions.

    The hash is over the code of functions that a user wrote, wherever in the argument they are: their constants, the
    names they use, their defaults, and what they enclose. Code that they call, and globals, are seen by name only.

    Examples
    --------
    >>> described(len), described(0.5)
    ('<built-in function len>', '0.5')
    """
    parts = list(_code(value, set()))
    shown = _without_addresses(value)
    return f"{shown} [code {hashlib.blake2b(repr(parts).encode(), digest_size=6).hexdigest()}]" if parts else shown


def _without_addresses(value: Any) -> str:
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _code(value: Any, seen: set[int]) -> Iterator[str]:
    """What the functions within a value do, each of them once."""
    if id(value) in seen or isinstance(value, (str, bytes, int, float, complex, type(None), ModuleType)):
        return
    seen.add(id(value))
    if isinstance(value, MethodType):
        inner: Any = (value.__func__, value.__self__)
    elif isinstance(value, FunctionType):
        if _is_own(value.__module__):
            return
        yield _of_code(value.__code__)
        held = [_content(cell) for cell in value.__closure__ or ()]
        inner = [*held, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        yield repr([_without_addresses(part) for part in inner])
    elif isinstance(value, functools.partial):
        inner = (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, (list, tuple)):
        inner = value
    elif isinstance(value, nn.Module):
        inner = [type(part) for part in value.modules()]
        inner += [held for part in value.modules() for held in vars(part).values() if isinstance(held, FunctionType)]
    elif isinstance(value, type):
        own = [vars(base) for base in value.__mro__ if not _is_own(base.__module__)]
        inner = [part for names in own for part in names.values() if isinstance(part, FunctionType)]
    else:
        inner = [type(value), *getattr(value, "__dict__", {}).values()]
    for part in inner:
        yield from _code(part, seen)


def _is_own(module: str | None) -> bool:
    return (module or "").partition(".")[0] in _OWN


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that has no value yet
        return None


def _of_code(code: CodeType) -> str:
    constants = [_of_code(part) if isinstance(part, CodeType) else _constant(part) for part in code.co_consts]
    return repr((code.co_code, constants, code.co_names, code.co_varnames))


def _constant(part: Any) -> str:
    return repr(sorted(map(repr, part))) if isinstance(part, frozenset) else repr(part)  # hashes differ by process
