"""What a piece of Python code reads from outside itself: globals, variables around it, modules that it imports.

A module is judged by the attributes that are read of it, so these are followed through local variables too: in
``m = string`` and, later, ``m.digits``, what is read is ``string.digits``.
"""

from __future__ import annotations

import dis
import importlib
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, Literal, NamedTuple

from weaklab.apply.libraries import CLOCK_WORDS, is_library

_GLOBAL_OPS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_VARIABLE_OPS = frozenset(
    ("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
)
_ATTRIBUTE_OPS = frozenset(("LOAD_ATTR", "LOAD_METHOD"))
_STORE_OPS = frozenset(("STORE_FAST", "STORE_DEREF"))
_REBIND_OPS = _STORE_OPS | {"DELETE_FAST", "DELETE_DEREF"}
_SET_OPS = frozenset(("STORE_GLOBAL", "DELETE_GLOBAL"))
_SKIPPED_OPS = frozenset(("CACHE", "PUSH_NULL", "EXTENDED_ARG", "NOP"))
#: Instructions of Python 3.13 and later that are two in one.
_PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
#: Attributes of attributes beyond which a variable is not followed: a loop may make the chain ever longer.
_DEPTH = 6


class Read(NamedTuple):
    """What code reads, and the attributes that it follows from there.

    Attributes
    ----------
    name : str
        Of a global, of a variable of the function around it, or of a module that it imports.
    attributes : tuple of str
        In the order in which they are followed.
    source : {"global", "closure", "import"}
        Which of these the name is.
    level : int
        Of a relative import, how far up it is.
    kept : bool
        Whether the end of this goes into a local variable, all reads of which are reads of their own.
    """

    name: str
    attributes: tuple[str, ...] = ()
    source: Literal["global", "closure", "import"] = "global"
    level: int = 0
    kept: bool = False

    def then(self, attributes: tuple[str, ...], kept: bool) -> Read:
        """The same, followed further."""
        return self._replace(attributes=self.attributes + attributes, kept=kept)


class CodeReads(NamedTuple):
    """What code reads, functions inside it included.

    Attributes
    ----------
    reads : tuple of Read
        Each once, in order.
    attributes : frozenset of str
        Names of all attributes that are asked of anything, but for those of the row.
    of_row : frozenset of str
        First attributes of the first parameter, where it is never bound to anything else; and items that are words
        for the clock.
    words : frozenset of str
        Constants that are words for the clock, or names with two underscores on both sides.
    sets : frozenset of str
        Globals that it binds or deletes.
    free : dict of str to frozenset of str
        First attributes of variables of the function around it; not among ``attributes``.
    rebound : frozenset of str
        Those of these variables that it binds.
    """

    reads: tuple[Read, ...]
    attributes: frozenset[str]
    of_row: frozenset[str]
    words: frozenset[str]
    sets: frozenset[str]
    free: dict[str, frozenset[str]]
    rebound: frozenset[str]


class _Step(NamedTuple):
    op: str
    value: Any
    shown: str = ""


@lru_cache(maxsize=4096)
def reads_of(code: CodeType) -> CodeReads:
    """What code reads from outside itself.

    Parameters
    ----------
    code : code
        Of a function.

    Returns
    -------
    CodeReads

    Examples
    --------
    >>> import math
    >>> def area(row):
    ...     m = math
    ...     return m.pi * row.r
    >>> for read in reads_of(area.__code__).reads:
    ...     print(read.name, read.attributes)
    math ()
    math ('pi',)
    >>> reads_of(area.__code__).of_row
    frozenset({'r'})
    """
    return _Scan(code).result()


class _Scan:
    """One pass over the instructions of code, and one over the functions inside it."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.steps = list(_steps(code))
        self.found: dict[Read, None] = {}
        self.kept: defaultdict[str, dict[Read, None]] = defaultdict(dict)  # by local variable, what went into it
        self.firsts: defaultdict[str, set[str]] = defaultdict(set)  # by variable
        self.attributes: set[str] = set()
        self.words: set[str] = set()
        self.sets: set[str] = set()
        self.rebound: set[str] = set()

    def result(self) -> CodeReads:
        """What was found."""
        loads = []
        for place, step in enumerate(self.steps):
            if step.op in _GLOBAL_OPS:
                self._follow(Read(step.value), place)
            elif step.op in _VARIABLE_OPS and step.value in self.code.co_freevars:
                self._follow(Read(step.value, (), "closure"), place)
            elif step.op in _VARIABLE_OPS:
                loads.append((step.value, *self._chain(place)))
            elif step.op == "IMPORT_NAME":
                self._import(place)
            self._note(place)
        self._follow_variables(loads)
        for inner in self.code.co_consts:
            if isinstance(inner, CodeType):
                self._take_in(reads_of(inner))
        return self._sorted()

    def _chain(self, place: int, follows: frozenset[str] = _ATTRIBUTE_OPS) -> tuple[tuple[str, ...], str | None]:
        """The attributes that are followed from a place, and the local variable that their end goes into."""
        chain: list[str] = []
        for step in self.steps[place + 1 :]:
            if step.op not in follows:
                goes = step.op in _STORE_OPS and step.value not in self.code.co_freevars
                return tuple(chain), step.value if goes else None
            if step.op in _ATTRIBUTE_OPS:
                chain.append(step.value)
        return tuple(chain), None

    def _follow(self, read: Read, place: int, follows: frozenset[str] = _ATTRIBUTE_OPS) -> None:
        self._keep(read, *self._chain(place, follows))

    def _keep(self, read: Read, attributes: tuple[str, ...], variable: str | None) -> bool:
        """Note a read; whether this tells anything new of the variable."""
        further = read.then(attributes, kept=variable is not None and len(read.attributes + attributes) < _DEPTH)
        self.found[further] = None
        if variable is None or not further.kept or further in self.kept[variable]:
            return False
        self.kept[variable][further] = None
        return True

    def _follow_variables(self, loads: list[tuple[str, tuple[str, ...], str | None]]) -> None:
        new = True
        while new:
            new = False
            for name, attributes, variable in loads:
                for read in list(self.kept.get(name, ())):
                    new |= self._keep(read, attributes, variable)

    def _import(self, place: int) -> None:
        level, names = self.steps[place - 2].value, self.steps[place - 1].value
        name = self.steps[place].value
        if names:  # from name import ...
            for at in range(place + 1, len(self.steps), 2):
                if self.steps[at].op != "IMPORT_FROM":
                    break
                self._follow(Read(name, (self.steps[at].value,), "import", level), at)
        elif self.steps[place + 1].op == "IMPORT_FROM":  # import a.b as c
            self._follow(Read(name, (), "import"), place, frozenset(("IMPORT_FROM", "SWAP", "POP_TOP")))
        else:  # import a.b binds a
            self.found[Read(name, (), "import", 0, kept=True)] = None
            self._follow(Read(name.partition(".")[0], (), "import"), place)

    def _note(self, place: int) -> None:
        """Take note of attributes, words, and what is bound."""
        step = self.steps[place]
        before = self.steps[place - 1] if place else _Step("", None)
        if step.op in _ATTRIBUTE_OPS and before.op in _VARIABLE_OPS:
            self.firsts[before.value].add(step.value)
        elif step.op in _ATTRIBUTE_OPS or step.op == "LOAD_SUPER_ATTR":
            self.attributes.add(step.value)
        elif step.op in ("LOAD_CONST", "RETURN_CONST"):
            if before.op in _VARIABLE_OPS and self._is_item(place):
                self.firsts[before.value].update(CLOCK_WORDS.intersection(_words(step.value)))
            else:
                self.words.update(_words(step.value))
        elif step.op in _REBIND_OPS:
            self.rebound.add(step.value)
        elif step.op in _SET_OPS:
            self.sets.add(step.value)

    def _is_item(self, place: int) -> bool:
        """Whether a constant is what stands in brackets."""
        after = self.steps[place + 1]
        return after.op == "BINARY_SUBSCR" or (after.op == "BINARY_OP" and after.shown == "[]")

    def _take_in(self, inner: CodeReads) -> None:
        """What a function inside this code reads."""
        for read in inner.reads:
            if read.source != "closure" or read.name in self.code.co_freevars:
                self.found[read] = None
                continue
            for mine in self.kept.get(read.name, ()):
                self.found[mine.then(read.attributes, read.kept)] = None
        self.attributes |= inner.attributes | inner.of_row
        self.words |= inner.words
        self.sets |= inner.sets
        self.rebound |= inner.rebound
        for name, firsts in inner.free.items():
            self.firsts[name] |= firsts

    def _sorted(self) -> CodeReads:
        code = self.code
        row = code.co_varnames[0] if code.co_argcount else None
        of_row = self.firsts.pop(row, set()) if row is not None and row not in self.rebound else set()
        free = {name: frozenset(self.firsts.pop(name)) for name in code.co_freevars if name in self.firsts}
        self.attributes.update(*self.firsts.values())
        return CodeReads(
            tuple(self.found),
            frozenset(self.attributes),
            frozenset(of_row),
            frozenset(self.words),
            frozenset(self.sets),
            free,
            frozenset(self.rebound.intersection(code.co_freevars)),
        )


def _steps(code: CodeType) -> Iterator[_Step]:
    for step in dis.get_instructions(code):
        if step.opname in _PAIRS:
            yield from map(_Step, _PAIRS[step.opname], step.argval)
        elif step.opname not in _SKIPPED_OPS:
            yield _Step(step.opname, step.argval, step.argrepr)


def _words(constant: Any) -> Iterator[str]:
    if isinstance(constant, (tuple, frozenset)):
        for each in constant:
            yield from _words(each)
    elif isinstance(constant, str) and (constant in CLOCK_WORDS or is_special(constant)):
        yield constant


def is_special(name: str) -> bool:
    """Whether a name has two underscores on both sides.

    Examples
    --------
    >>> is_special("__doc__"), is_special("__name")
    (True, False)
    """
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def imported_module(read: Read, package: str | None, loads: bool = False) -> ModuleType | None:
    """The module that an import inside a function gives, if it is loaded already, or may be and is installed."""
    name = read.name
    if read.level:
        try:
            name = importlib.util.resolve_name("." * read.level + name, package)
        except ImportError:
            return None
    if loads and name not in sys.modules:
        with suppress(ImportError):
            module = importlib.import_module(name)
            return module if is_library(name) else None  # on disk it may be another one than in memory
    return sys.modules.get(name)
