"""Pickling for processes of our own: functions and classes of the user by value, so that nothing is looked up anew.

A worker that imported the user's modules again would see them as they are on disk, and not as a notebook has changed
them since; its votes could differ from those of this process.
"""

from __future__ import annotations

import io
import linecache
import os
import pickle
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, BinaryIO

import cloudpickle

from weaklab.apply.libraries import is_library
from weaklab.exceptions import INTERRUPTIONS, reason_of, text_of
from weaklab.labeling import DeclarativeLF
from weaklab.labeling.references import NamedCallable

_LOCK = threading.Lock()
_HEAD = 8


class CannotShipError(Exception):
    """Something cannot be pickled, or not be read again on the other side."""


class _Pickler(cloudpickle.Pickler):
    """As cloudpickle, and decorated functions by what they are made of."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (NamedCallable, DeclarativeLF)):
            return type(obj), obj.parts()
        if isinstance(obj, ModuleType) and type(obj) is not ModuleType and is_library(obj.__name__):
            return import_module, (obj.__name__,)  # cloudpickle knows modules of no other class, such as our facade
        return super().reducer_override(obj)


def dumps(value: Any) -> bytes:
    """Pickle something for :func:`loads` in another process.

    Raises
    ------
    CannotShipError
        If it cannot be pickled.

    Examples
    --------
    >>> loads(dumps(lambda row: row + 1))(1)
    2
    """
    file = io.BytesIO()
    try:
        with _by_value():
            _Pickler(file).dump(value)
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        raise CannotShipError(reason_of(error)) from error
    return file.getvalue()


def loads(content: bytes) -> Any:
    """What :func:`dumps` was given, or an equal one."""
    return pickle.loads(content)


@lru_cache(maxsize=4)
def loads_once(content: bytes) -> Any:
    """The same object each time, for tasks of a cluster that a worker gets many of; none of them may change it."""
    return loads(content)


@contextmanager
def _by_value() -> Iterator[None]:
    """Have cloudpickle write the user's modules by value, for a while."""
    with _LOCK:
        asked = cloudpickle.list_registry_pickle_by_value()
        mine = [module for name, module in list(sys.modules.items()) if _is_users(name, module) and name not in asked]
        for module in mine:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in mine:
                cloudpickle.unregister_pickle_by_value(module)


def _is_users(name: str, module: Any) -> bool:
    return (
        isinstance(module, ModuleType)
        and module.__name__ == name
        and name not in ("__main__", "__mp_main__")
        and not is_library(name)
    )


def error_parts(error: BaseException) -> tuple[str, str, bytes | None]:
    """An exception as its class's name, its text, and itself where it can be pickled."""
    try:
        return type(error).__name__, text_of(error), dumps((error, error.__cause__))
    except CannotShipError:
        return type(error).__name__, text_of(error), None


def error_of(parts: tuple[str, str, bytes | None]) -> BaseException:
    """The exception again; one of a class of the same name where it cannot be read."""
    name, text, content = parts
    with suppress(Exception):  # many classes of exceptions pickle, but cannot be unpickled
        if content is not None:
            error, cause = loads(content)
            error.__cause__ = cause
            return error
    return type(name, (Exception,), {})(text)


def sources() -> dict[str, Any]:
    """The lines of code that no file holds, such as cells of a notebook, for tracebacks on the other side."""
    return {name: entry for name, entry in list(linecache.cache.items()) if not os.path.exists(name)}


def write(stream: BinaryIO, content: bytes) -> None:
    """Write a message."""
    stream.write(len(content).to_bytes(_HEAD, "little"))
    stream.write(content)
    stream.flush()


def read(stream: BinaryIO) -> bytes | None:
    """The next message, or None at the end."""
    head = stream.read(_HEAD)
    if len(head) < _HEAD:
        return None
    size = int.from_bytes(head, "little")
    content = stream.read(size)
    return content if len(content) == size else None
