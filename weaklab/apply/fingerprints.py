"""Fingerprints of labeling functions, and of whatever they hold: see :mod:`weaklab.apply.value_fingerprints`."""

from __future__ import annotations

import copyreg
import logging
import os
import re
import sys
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
from weaklab.apply.libraries import HANDLES, is_library, library_version
from weaklab.apply.value_fingerprints import Unfingerprintable
from weaklab.labeling import DeclarativeLF, LabelingFunction, PromptLF
from weaklab.labeling.references import NamedCallable

#: The flag of classes that cannot be given attributes.
_IMMUTABLE = 1 << 8


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
        self.token("logger", item.name.encode())

    def _pipeline(self, nlp: Any) -> None:
        """A pipeline of spaCy: by what it would write to disk, and by the functions in it."""
        # Less its store of strings, which every text adds to.
        self.token("pipeline", nlp.to_bytes(exclude=["vocab"]))
        self.token("vocabulary", nlp.vocab.to_bytes(exclude=["strings"]))
        self.add([(name, part) for name, part in nlp.pipeline if isinstance(part, FunctionType)])

    def _instance(self, item: Any) -> None:
        kind = type(item)
        if any(base.__module__.partition(".")[0] in HANDLES for base in kind.__mro__) and not _is_pure_path(item):
            raise Unfingerprintable(f"reads a {kind.__module__}.{kind.__qualname__}, which stands for what may change")
        self.add(kind)
        # A class may leave out of its reduction what its methods read.
        self.add(getattr(item, "__dict__", None))
        try:
            reduced = copyreg.dispatch_table[kind](item) if kind in copyreg.dispatch_table else item.__reduce_ex__(4)
        except Exception as error:
            raise Unfingerprintable(f"reads a {kind.__module__}.{kind.__qualname__}, which has no value") from error
        if isinstance(reduced, str):
            self._global(item, reduced)
        else:
            self.add(
                tuple(list(part) if place > 2 and part is not None else part for place, part in enumerate(reduced))
            )
        for base in kind.__mro__:
            slots = base.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else tuple(slots):
                if slot not in ("__dict__", "__weakref__") and not slot.startswith("__"):
                    self.add((slot, getattr(item, slot, None)))

    def _global(self, item: Any, name: str) -> None:
        """An object that pickles as a name: good if a library has it under that name."""
        for home in (getattr(item, "__module__", None), type(item).__module__.partition(".")[0], "scipy.special"):
            found: Any = sys.modules.get(home) if isinstance(home, str) and is_library(home) else None
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is item:
                self._by_name(str(home), name)
                return
        raise Unfingerprintable(f"reads {name}, of which only its name is known")


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
    if isinstance(value, (staticmethod, classmethod, cached_property, type(library_version))):
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
