"""Fingerprints of labeling functions, and of whatever they hold: see :mod:`weaklab.apply.value_fingerprints`."""

from __future__ import annotations

import copyreg
import logging
import os
import re
import sys
from collections import deque
from collections.abc import Callable
from functools import cached_property, partial
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GenericAlias,
    MappingProxyType,
    MethodType,
    ModuleType,
    UnionType,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np
import polars as pl

from weaklab.apply.code_fingerprints import UNREAD, CodeFingerprinter
from weaklab.apply.code_reads import is_special
from weaklab.apply.libraries import OUTSIDE_METHODS, holds_itself, is_library, is_pure, library_version
from weaklab.apply.remembered import check_remembered
from weaklab.apply.value_fingerprints import Unfingerprintable
from weaklab.labeling import DeclarativeLF, LabelingFunction, PromptLF
from weaklab.labeling.references import NamedCallable

#: The flag of classes that cannot be given attributes.
_IMMUTABLE = 1 << 8
_CONTAINERS = (list, tuple, dict, set, frozenset, str, bytes, bytearray, int, float, complex, deque)


class Fingerprinter(CodeFingerprinter):
    """Takes values of any kind in, one after the other, and gives one digest of them all.

    Parameters
    ----------
    deadline : float
        The time of ``perf_counter`` at which to give up.
    shared : dict, optional
        Digests of large values, for fingerprinters that work at the same time on functions that share them.
    loads : bool
        Whether to import installed modules that a function imports while it runs; else it has no fingerprint before.

    Examples
    --------
    >>> one, other = Fingerprinter(), Fingerprinter()
    >>> one.add([1, "a"]), other.add([True, "a"])
    (None, None)
    >>> one.digest() == other.digest()
    False
    """

    def taker_of(self, value: Any) -> Callable[[Any, Any], None]:
        """The method that takes in values of a kind."""
        return _BY_TYPE.get(type(value)) or _by_base(value)

    def _named(self, item: NamedCallable) -> None:
        if self.of_rows is None:  # the first, which is applied; others may be called with anything
            self.of_rows = _of_rows(item)
        self.add((type(item), item.parts()))

    def _declarative(self, lf: DeclarativeLF) -> None:
        self.add((type(lf), lf.parts()))
        if not is_library(type(lf).__module__):
            self.add(vars(lf))  # a kind of the user's may hold more than its arguments

    def _prompts(self, lf: PromptLF) -> None:
        self.add(lf.identity())
        if not is_library(type(lf).__module__):
            self._instance(lf)

    def _class(self, kind: type) -> None:
        if is_library(kind.__module__):
            self._by_name(kind.__module__, kind.__qualname__)
            self.token("patched", self._digest_of(kind, Fingerprinter._patches))
            return
        self.token("class", f"{kind.__module__} {kind.__qualname__}".encode())
        self.add((type(kind), kind.__bases__))
        for name, item in list(vars(kind).items()):
            if name not in UNREAD:
                self.add(name)
                self.add(item)

    def _patches(self, kind: type) -> None:
        """What a class of a library, which is its name and version otherwise, may have been given since."""
        for base in kind.__mro__:
            if not base.__flags__ & _IMMUTABLE and is_library(base.__module__):
                for name, item in list(vars(base).items()):
                    if not is_special(name):
                        self.add_foreign(name, item, base.__module__)

    def _property(self, item: property) -> None:
        self.add((item.fget, item.fset, item.fdel))

    def _descriptor(self, item: Any) -> None:
        self.token("descriptor", f"{item.__objclass__.__qualname__}.{item.__name__}".encode())
        self.add(item.__objclass__)

    def _remembering(self, item: Any) -> None:
        """A function that remembers what it gave, which must be what it would give now."""
        function = item.__wrapped__
        if not is_library(getattr(function, "__module__", None)):
            check_remembered(function, item)
        self.token("remembering")
        self.add(function)

    def _wrapper(self, item: Any) -> None:
        self.token("wrapper")
        self.add(item.func if isinstance(item, cached_property) else item.__wrapped__)

    def _partial(self, item: Any) -> None:
        self.add(("partial", item.func, item.args, item.keywords, vars(item)))

    def _alias(self, item: Any) -> None:
        self.add(("alias", getattr(item, "__origin__", None), item.__args__))

    def _expression(self, item: pl.Expr) -> None:
        self.token("expression", item.meta.serialize())

    def _pattern(self, item: re.Pattern[Any]) -> None:
        self.add(("pattern", item.pattern, item.flags))

    def _logger(self, item: logging.Logger) -> None:
        self.add(("logger", item.name, item.getEffectiveLevel(), item.disabled, logging.root.manager.disable))

    def _pipeline(self, nlp: Any) -> None:
        """A pipeline of spaCy: by what it would write to disk, and by the functions in it."""
        # Less its store of strings, which every text adds to.
        self.token("pipeline", nlp.to_bytes(exclude=["vocab"]))
        self.token("vocabulary", nlp.vocab.to_bytes(exclude=["strings"]))
        self.add([(name, part) for name, part in nlp.pipeline if isinstance(part, FunctionType)])

    def _instance(self, item: Any) -> None:
        kind = type(item)
        apart = [base for base in kind.__mro__ if is_library(base.__module__) and not holds_itself(base.__module__)]
        if apart and not _is_pure_path(item):
            raise Unfingerprintable(f"reads a {kind.__module__}.{kind.__qualname__}, which stands for what may change")
        if _hides(item):
            raise Unfingerprintable(f"reads a {kind.__module__}.{kind.__qualname__}, which tells itself what it holds")
        if getattr(item, "training", False) is True and any(_is_module(base) for base in kind.__mro__):
            raise Unfingerprintable(f"reads a {kind.__module__}.{kind.__qualname__} in training mode; see its eval()")
        self.add(kind)
        derived = _derived(kind)
        # A class may leave out of its reduction what its methods read.
        self.add(_without(getattr(item, "__dict__", None), derived))
        try:
            reduced = copyreg.dispatch_table[kind](item) if kind in copyreg.dispatch_table else item.__reduce_ex__(4)
        except Exception as error:
            raise Unfingerprintable(f"reads a {kind.__module__}.{kind.__qualname__}, which has no value") from error
        if isinstance(reduced, str):
            self._global(item, reduced)
        else:
            self._made_by(reduced[0])
            parts = [_without(part, derived) if place == 1 else part for place, part in enumerate(reduced[1:])]
            self.add(tuple(list(part) if place > 1 and part is not None else part for place, part in enumerate(parts)))
        for base in kind.__mro__:
            slots = base.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else tuple(slots):
                if not is_special(slot):
                    hidden = slot.startswith("__")
                    self.add((slot, getattr(item, f"_{base.__name__.lstrip('_')}{slot}" if hidden else slot, None)))

    def _made_by(self, maker: Any) -> None:
        """What makes an object again: of a library, nothing but a name, for what it makes is there."""
        home = getattr(maker, "__module__", None)
        if isinstance(home, str) and is_library(home) and holds_itself(home) and not isinstance(maker, type):
            self._by_name(home, maker.__qualname__)
        else:
            self.add(maker)

    def _global(self, item: Any, name: str) -> None:
        """An object that pickles as a name: good if a library has it under that name."""
        for home in (getattr(item, "__module__", None), type(item).__module__.partition(".")[0], "scipy.special"):
            found: Any = sys.modules.get(home) if isinstance(home, str) and is_library(home) else None
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is item:
                outside = not is_pure(str(home), name) or name in OUTSIDE_METHODS
                self._refuse(f"calls {home}.{name}()", outside)
                self._by_name(str(home), name)
                return
        raise Unfingerprintable(f"reads {name}, of which only its name is known")


def _derived(kind: type) -> frozenset[str]:
    """Attributes that an object works out when it is asked for them, and that are no part of its value."""
    cached = {name for base in kind.__mro__ for name, what in vars(base).items() if isinstance(what, cached_property)}
    return frozenset((*cached, *getattr(kind, "_derived", ())))


def _without(state: Any, names: frozenset[str]) -> Any:
    return {key: value for key, value in state.items() if key not in names} if names and type(state) is dict else state


def _hides(item: Any) -> bool:
    """Whether a class of the user's, made of one such as list, says itself what a copy would hold."""
    users = [base for base in type(item).__mro__ if not is_library(base.__module__)]
    own = any(name in vars(base) for base in users for name in ("__reduce__", "__reduce_ex__", "__iter__"))
    return (own or (bool(users) and type(item) in copyreg.dispatch_table)) and isinstance(item, _CONTAINERS)


def _is_module(kind: type) -> bool:
    return kind.__module__ == "torch.nn.modules.module" and kind.__name__ == "Module"


def _is_pure_path(item: Any) -> bool:
    return isinstance(item, os.PathLike) and not hasattr(item, "open")


def _of_rows(item: NamedCallable) -> tuple[FunctionType, ...]:
    """The functions that a labeling function calls with a row of the frame."""
    if not isinstance(item, LabelingFunction) or item.batch:
        return ()
    return tuple(f for f in (item.function, *(step.function for step in item.pre)) if isinstance(f, FunctionType))


def _by_base(value: Any) -> Callable[[Any, Any], None]:
    """The method that takes in values of a kind that has subclasses."""
    for kind, taker in _BY_BASE:
        if isinstance(value, kind):
            return taker
    if isinstance(value, type(library_version)):
        return Fingerprinter._remembering
    if isinstance(value, (staticmethod, classmethod, cached_property)):
        return Fingerprinter._wrapper
    if any(base.__module__ == "spacy.language" for base in type(value).__mro__) and hasattr(value, "to_bytes"):
        return Fingerprinter._pipeline
    tables = _tables()
    if tables and isinstance(value, tables):
        from weaklab.apply.data_fingerprints import add_table

        return add_table
    return Fingerprinter._instance


def _tables() -> tuple[type, ...]:
    names = (("pandas", ("DataFrame", "Series", "Index")), ("polars", ("DataFrame", "Series")), ("pyarrow", ("Table",)))
    return tuple(
        getattr(sys.modules[module], name) for module, kinds in names if module in sys.modules for name in kinds
    )


_BY_TYPE: dict[type, Callable[[Fingerprinter, Any], None]] = {
    np.ndarray: Fingerprinter._array,
    np.memmap: Fingerprinter._array,  # not all subclasses: a masked array is more than its numbers
    list: Fingerprinter._list,
    tuple: Fingerprinter._list,
    set: Fingerprinter._set,
    frozenset: Fingerprinter._set,
    dict: Fingerprinter._dict,
    MappingProxyType: Fingerprinter._dict,
    FunctionType: Fingerprinter._function,
    CodeType: Fingerprinter._code,
    CellType: Fingerprinter._cell,
    BuiltinFunctionType: Fingerprinter._builtin,
    MethodType: Fingerprinter._method,
    property: Fingerprinter._property,
    type(str.lower): Fingerprinter._descriptor,
    WrapperDescriptorType: Fingerprinter._descriptor,
    type(FunctionType.__code__): Fingerprinter._descriptor,
    type(FunctionType.__globals__): Fingerprinter._descriptor,
    partial: Fingerprinter._partial,
    GenericAlias: Fingerprinter._alias,
    UnionType: Fingerprinter._alias,
    pl.Expr: Fingerprinter._expression,
    re.Pattern: Fingerprinter._pattern,
}
_BY_BASE: tuple[tuple[Any, Callable[[Fingerprinter, Any], None]], ...] = (
    (type, Fingerprinter._class),
    (ModuleType, Fingerprinter._module),
    (NamedCallable, Fingerprinter._named),
    (DeclarativeLF, Fingerprinter._declarative),
    (PromptLF, Fingerprinter._prompts),
    (logging.Logger, Fingerprinter._logger),
)
