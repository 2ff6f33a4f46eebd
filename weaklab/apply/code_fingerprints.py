"""Fingerprints of code: functions by what they do and by all that they read, and modules."""

from __future__ import annotations

import builtins
import sys
from time import sleep
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from weaklab.apply.code_reads import (
    CLOCK_WORDS,
    OUTSIDE_METHODS,
    Read,
    imported_module,
    is_library,
    is_pure,
    library_version,
    reads_of,
)
from weaklab.apply.value_fingerprints import Unfingerprintable, ValueFingerprinter
from weaklab.labeling.references import found_by_name

_OUTSIDE_BUILTINS = frozenset((open, input, eval, exec, compile, globals, __import__, hash, id, breakpoint))
#: Names of modules and of classes that say nothing of what they do, or are caches.
UNREAD = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__annotate_func__", "__file__"}
    | {"__abstractmethods__", "_abc_impl", "__firstlineno__", "__static_attributes__", "__builtins__", "__loader__"}
    | {"__spec__", "__cached__", "__slotnames__"}
)


class CodeFingerprinter(ValueFingerprinter):
    """Takes in functions and modules too."""

    def _code(self, code: CodeType) -> None:
        # Neither lines nor file: a function that was moved votes as it did.
        self.token("code", code.co_code)
        self.token("exceptions", getattr(code, "co_exceptiontable", b""))
        self.add((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags))
        self.add((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
        self.add(code.co_consts)

    def _function(self, function: FunctionType) -> None:
        home = function.__globals__.get("__name__")
        if is_library(home):
            name = f"calls {home}.{function.__qualname__}()"
            self._refuse(name, not is_pure(str(home)) or function.__name__ in OUTSIDE_METHODS)
            self._by_name(str(home), function.__qualname__)
            # One that a function of the library made, such as a decorator of it, holds what it was made of.
            if function.__module__ != home or not found_by_name(function):
                self.add((function.__defaults__, function.__kwdefaults__, function.__closure__, vars(function)))
            return
        self.token("function")
        self._code(function.__code__)
        self.add((function.__defaults__, function.__kwdefaults__, function.__closure__, vars(function)))
        reads, attributes = reads_of(function.__code__)
        outside = attributes & OUTSIDE_METHODS
        if outside:
            raise Unfingerprintable(f"reads files or the clock ({', '.join(sorted(outside))})")
        words = CLOCK_WORDS.intersection(const for const in function.__code__.co_consts if isinstance(const, str))
        if words:
            raise Unfingerprintable(f"names the clock ({', '.join(sorted(words))})")
        for read in reads:
            if read.name == "hash" and function.__name__ == "__hash__":
                continue  # which items are equal does not depend on it
            self.token("reads", repr(read).encode())
            self._read(read, function.__globals__)

    def _read(self, read: Read, names: dict[str, Any]) -> None:
        if read.imported:
            value: Any = imported_module(read, names.get("__package__") or names.get("__name__"))
            if value is None:
                raise Unfingerprintable(f"imports {read.name!r} while it runs")
            self.add(sys.modules.get(value.__name__.partition(".")[0]))  # what `import a.b` binds is a
        elif read.name in names:
            value = names[read.name]
        elif hasattr(builtins, read.name):
            value = getattr(builtins, read.name)
        else:
            self.token("missing")
            return
        for attribute in read.attributes:
            if not isinstance(value, ModuleType):
                break
            try:
                value = getattr(value, attribute)
            except AttributeError:
                self.token("missing")
                return
        if isinstance(value, type) and is_library(value.__module__):
            self._refuse(f"uses {value.__module__}.{value.__qualname__}", not is_pure(value.__module__))
        if value is sys.modules:
            raise Unfingerprintable("reads sys.modules")
        self.add(value)

    def _cell(self, cell: CellType) -> None:
        try:
            content = cell.cell_contents
        except ValueError:
            self.token("empty cell")
            return
        self.token("cell")
        self.add(content)

    def _builtin(self, function: BuiltinFunctionType) -> None:
        home = function.__module__ or ""
        apart = function in _OUTSIDE_BUILTINS or bool(home and is_library(home) and not is_pure(home))
        self._refuse(f"calls {function.__qualname__}()", apart and function is not sleep)
        self._by_name(home or "builtins", function.__qualname__)
        if not isinstance(function.__self__, (ModuleType, type(None))):
            self.add(function.__self__)

    def _method(self, method: MethodType) -> None:
        self.token("method")
        self.add((method.__func__, method.__self__))

    @staticmethod
    def _refuse(what: str, outside: bool) -> None:
        if outside:
            raise Unfingerprintable(f"{what}, which depends, or may depend, on more than the row")

    def _by_name(self, module: str, name: str) -> None:
        self.token("library", f"{module} {name} {library_version(module)}".encode())

    def _module(self, module: ModuleType) -> None:
        if is_library(module.__name__):
            self._refuse(f"uses module {module.__name__}", not is_pure(module.__name__))
            self._by_name(module.__name__, "")
            return
        self.token("module", module.__name__.encode())
        for name, item in sorted(vars(module).items()):
            if name not in UNREAD:
                self.add(name)
                self.add(item)
