"""Fingerprints of code: functions by what they do and by all that they read, and modules."""

from __future__ import annotations

import builtins
import sys
from time import sleep
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar

from weaklab.apply.code_reads import CodeReads, Read, imported_module, is_special, reads_of
from weaklab.apply.libraries import CLOCK_WORDS, OUTSIDE_METHODS, is_library, is_pure, library_version
from weaklab.apply.value_fingerprints import PLAIN, Unfingerprintable, ValueFingerprinter
from weaklab.labeling.references import found_by_name

Self = TypeVar("Self", bound="CodeFingerprinter")

_OUTSIDE_BUILTINS = frozenset((open, input, eval, exec, compile, globals, __import__, hash, id, breakpoint))
#: Names of modules and of classes that say nothing of what they do, or are caches.
UNREAD = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__annotate_func__", "__file__"}
    | {"__abstractmethods__", "_abc_impl", "__firstlineno__", "__static_attributes__", "__builtins__", "__loader__"}
    | {"__spec__", "__cached__", "__slotnames__"}
)
#: Attributes of the language that are nothing but names, or methods, which are taken in with their class.
_HARMLESS = frozenset(
    {"__name__", "__version__", "__members__", "__init__", "__new__", "__post_init__", "__init_subclass__", "__call__"}
    | {"__enter__", "__exit__", "__len__", "__iter__", "__next__", "__contains__", "__getitem__", "__setitem__"}
    | {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__repr__", "__str__", "__format__", "__bool__"}
    | {"__getattr__", "__setattr__", "__delattr__", "__missing__", "__slots__"}
)
#: Those that a method of the language, such as ``__eq__``, may ask of its object, all of which is taken in.
_OF_ITSELF = frozenset({"__class__", "__qualname__", "__dict__", "__hash__"})

_EMPTY = object()


class CodeFingerprinter(ValueFingerprinter):
    """Takes in functions and modules too."""

    #: Functions that are called with a row of the frame, and with nothing else.
    of_rows: tuple[FunctionType, ...] | None = None

    def inner(self: Self) -> Self:
        """Another one for something inside what this one takes in, where nothing is called with rows alone."""
        taker = super().inner()
        taker.of_rows = ()
        return taker

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
        code = function.__code__
        self.token("function", function.__name__.encode())
        self._code(code)
        self.add((function.__defaults__, function.__kwdefaults__, vars(function)))
        for cell in function.__closure__ or ():
            if not isinstance(_content(cell), ModuleType):  # a module is what is read of it
                self.add(cell)
        reads = reads_of(code)
        self._check_attributes(function, reads)
        asked = sorted(reads.attributes.union(reads.of_row, *reads.free.values()))
        for kind in _kinds_of_data():  # methods and accessors that the user gave them
            for name in asked:
                if hasattr(kind, name):
                    self.add_foreign(name, getattr(kind, name), kind.__module__)
        for read in reads.reads:
            if read.name == "hash" and function.__name__ == "__hash__":
                continue  # which items are equal does not depend on it
            self.token("reads", repr(read).encode())
            self._read(read, function)

    def _check_attributes(self, function: FunctionType, reads: CodeReads) -> None:
        """Refuse code for the names that stand in it, whatever they are asked of."""
        asked = reads.attributes.union(*reads.free.values())
        if not any(function is each for each in self.of_rows or ()):
            asked |= reads.of_row
        outside = asked & OUTSIDE_METHODS
        if outside:
            raise Unfingerprintable(f"reads files, the clock or settings ({', '.join(sorted(outside))})")
        words = reads.words & CLOCK_WORDS
        if words:
            raise Unfingerprintable(f"names the clock ({', '.join(sorted(words))})")
        known = _HARMLESS | _OF_ITSELF if is_special(function.__name__) else _HARMLESS
        special = {name for name in asked | reads.of_row | reads.words if is_special(name)} - known
        if special:
            raise Unfingerprintable(f"reads {', '.join(sorted(special))}, which may be more than votes depend on")
        if reads.sets:
            raise Unfingerprintable(f"sets the global {', '.join(sorted(reads.sets))}")

    def _read(self, read: Read, function: FunctionType) -> None:
        value = self._root(read, function)
        for attribute in read.attributes:
            if isinstance(value, type) and is_library(value.__module__):
                self._library_class(value)
                self.add_foreign(attribute, getattr(value, attribute, None), value.__module__)
                return
            if not isinstance(value, ModuleType):
                break
            try:
                value = getattr(value, attribute)
            except AttributeError:
                if read.source == "import":  # it may be a module that is loaded then
                    raise Unfingerprintable(f"imports {read.name!r} while it runs") from None
                self.token("missing")
                return
        if value is _EMPTY:
            self.token("missing")
            return
        if isinstance(value, ModuleType) and read.kept:
            self.token("module", value.__name__.encode())
            return
        if isinstance(value, type) and is_library(value.__module__):
            self._library_class(value)
        if value is sys.modules:
            raise Unfingerprintable("reads sys.modules")
        self.add(value)

    def _library_class(self, kind: type) -> None:
        self._refuse(f"uses {kind.__module__}.{kind.__qualname__}", not is_pure(kind.__module__))
        self.add(kind)

    def add_foreign(self, name: str, item: Any, home: str) -> None:
        """Take in an attribute of a class of a library where it may be another than the library has given it."""
        code = item.fget if isinstance(item, property) else getattr(item, "__func__", item)
        if type(item) in PLAIN:
            self.add((name, item))
        elif isinstance(code, (FunctionType, type)):
            from_here = code.__globals__.get("__name__") if isinstance(code, FunctionType) else code.__module__
            if from_here != home and not is_library(from_here):
                self.add((name, item))

    def _root(self, read: Read, function: FunctionType) -> Any:
        """What the name of a read stands for."""
        if read.source == "import":
            names = function.__globals__
            module = imported_module(read, names.get("__package__") or names.get("__name__"), self.loads)
            if module is None:
                raise Unfingerprintable(f"imports {read.name!r} while it runs")
            return module
        if read.source == "closure":
            cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
            return _content(cells[read.name])
        if read.name in function.__globals__:
            return function.__globals__[read.name]
        return getattr(builtins, read.name, _EMPTY)

    def _cell(self, cell: CellType) -> None:
        content = _content(cell)
        self.token("empty cell" if content is _EMPTY else "cell")
        if content is not _EMPTY:
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
            raise Unfingerprintable(f"uses module {module.__name__} otherwise than by its attributes")
        self.token("module", module.__name__.encode())
        for name, item in sorted(vars(module).items()):
            if name not in UNREAD:
                self.add(name)
                self.add(item)


def _kinds_of_data() -> list[type]:
    names = (("pandas", ("DataFrame", "Series", "Index")), ("polars", ("DataFrame", "LazyFrame", "Series", "Expr")))
    return [getattr(sys.modules[home], name) for home, kinds in names if home in sys.modules for name in kinds]


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _EMPTY
