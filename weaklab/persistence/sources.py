"""What a piece of the user's code says, as text: what is saved of it, and what it is compared with at load."""

from __future__ import annotations

import ast
import builtins
import difflib
import hashlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import dedent
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

from weaklab.exceptions import shown

#: A part of a text: what it is of, and the text.
Section = tuple[str, str]

_LONGEST_VALUE = 1_000
#: Packages whose code is told by their versions.
_LIBRARIES = frozenset({"builtins", "numpy", "pandas", "polars", "scipy", "sklearn", "spacy", "torch", "transformers"})
_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def sections_of(item: Any) -> list[Section]:
    """The source of a function, a class or a labeling function, of the helpers it calls, and the values it reads.

    Helpers are functions and classes of the same package, found by name; values are globals, variables of enclosing
    functions, defaults and resources that are plain data. What cannot be read (compiled code) gives no section.

    Parameters
    ----------
    item : object
        A function, a class, or something with ``function``, ``pre`` and ``resources``, or with ``describe``.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> LIMIT = 30
    >>> def short(row):
    ...     return 0 if len(row.text) < LIMIT else None
    >>> sections_of(short)[-1]
    ('LIMIT', '30')
    """
    sections: dict[str, str] = {}
    if isinstance(item, (FunctionType, type)):
        _take_in(item, sections, set())
    elif hasattr(item, "describe"):
        _take_description(item, sections)
    else:
        for step in (*getattr(item, "pre", ()), item):
            function = getattr(step, "function", None)
            if function is None:
                _take_in(type(step), sections, set())
                continue
            _take_in(inspect.unwrap(function), sections, set())
            for name, value in getattr(step, "resources", {}).items():
                _take_value(f"resource {name!r}", value, sections)
    return list(sections.items())


def same(saved: Sequence[Section], present: Sequence[Section]) -> bool:
    r"""Whether two texts say the same code: comments, blank lines and docstrings aside.

    Examples
    --------
    >>> same([("f", "def f(x): return x")], [("f", "def f(x):  # a comment\n    return x")])
    True
    """
    one, other = dict(saved), dict(present)
    return one.keys() == other.keys() and all(_normal(one[name]) == _normal(other[name]) for name in one)


def difference(saved: Sequence[Section], present: Sequence[Section]) -> str:
    """What has changed, as a unified diff."""
    lines = difflib.unified_diff(_lines(saved), _lines(present), "saved", "present", lineterm="")
    return "\n".join(lines)


def fingerprint(sections: Sequence[Section]) -> str:
    """The SHA-256 of a text, in 64 hexadecimal digits."""
    return hashlib.sha256("\0".join(part for section in sections for part in section).encode()).hexdigest()


def _lines(sections: Sequence[Section]) -> list[str]:
    return [
        line
        for name, text in sections
        for line in (text.splitlines() if "\n" in text or text.startswith("def ") else [f"{name} = {text}"])
    ]


def _take_in(item: Any, sections: dict[str, str], seen: set[int]) -> None:
    if id(item) in seen or str(getattr(item, "__module__", "")).split(".")[0] in _LIBRARIES:
        return
    seen.add(id(item))
    try:
        source = dedent(inspect.getsource(item))
    except (OSError, TypeError):  # made in a console, or compiled
        source = ""
    name = getattr(item, "__qualname__", type(item).__name__)
    if source:
        sections[name] = source
    elif isinstance(item, FunctionType):
        sections[name] = f"<code {_digest_of(item.__code__)}>"
    if isinstance(item, FunctionType):
        for kind, value in ((f"defaults of {name}", item.__defaults__), (f"defaults of {name}", item.__kwdefaults__)):
            if value:
                _take_value(kind, value, sections)
        for read, value in _reads(item):
            _take_read(read, value, item, sections, seen)
        return
    for method in vars(item).values():
        method = getattr(method, "__func__", getattr(method, "fget", method))
        if isinstance(method, FunctionType):
            for read, value in _reads(method):
                _take_read(read, value, method, sections, seen)


def _take_read(name: str, value: Any, reader: Any, sections: dict[str, str], seen: set[int]) -> None:
    value = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else value
    home = getattr(value, "__module__", None)
    if isinstance(value, (FunctionType, type)):
        if isinstance(home, str) and home.split(".")[0] == reader.__module__.split(".")[0]:
            _take_in(value, sections, seen)
        return
    _take_value(name, value, sections)


def _take_value(name: str, value: Any, sections: dict[str, str]) -> None:
    if _is_plain(value):
        text = _text_of(value)
        if len(text) > _LONGEST_VALUE:
            text = f"<{len(text):,} characters, SHA-256 {hashlib.sha256(text.encode()).hexdigest()}>"
        sections.setdefault(name, text)


def _take_description(item: Any, sections: dict[str, str]) -> None:
    """Something that says what it does: its arguments, and the code of those that are functions."""
    for name, value in item.describe().items():
        for each in value.values() if isinstance(value, Mapping) else [value]:
            if isinstance(each, (FunctionType, type)):
                _take_in(each, sections, set())
        if _is_plain(value):
            _take_value(name, value, sections)
        elif not callable(value) and not isinstance(value, Mapping):
            sections[name] = _ADDRESS.sub("", shown(value, _LONGEST_VALUE))


def _reads(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function reads by name from around it, in the order of the names."""
    cells: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not bound yet
            continue
    yield from sorted(cells.items(), key=lambda item: item[0])
    around = function.__globals__
    for name in sorted(_names(function.__code__)):
        if name in around and not hasattr(builtins, name):
            yield name, around[name]


def _names(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _digest_of(code: CodeType) -> str:
    said = repr((code.co_code, code.co_names, [const for const in code.co_consts if not isinstance(const, CodeType)]))
    inner = [_digest_of(const) for const in code.co_consts if isinstance(const, CodeType)]
    return hashlib.sha256((said + "".join(inner)).encode()).hexdigest()


def _is_plain(value: Any, depth: int = 4) -> bool:
    if isinstance(value, _PLAIN) and type(value) in _PLAIN:
        return True
    if depth and type(value) in (list, tuple, set, frozenset):
        return all(_is_plain(item, depth - 1) for item in value)
    if depth and type(value) in (dict, MappingProxyType):
        return all(_is_plain(key, depth - 1) and _is_plain(item, depth - 1) for key, item in value.items())
    return isinstance(value, re.Pattern)


def _text_of(value: Any) -> str:
    if isinstance(value, (set, frozenset)):  # whose order differs from process to process
        return f"{{{', '.join(sorted(map(_text_of, value)))}}}"
    if type(value) in (list, tuple):
        return f"{'[' if type(value) is list else '('}{', '.join(map(_text_of, value))})"
    if isinstance(value, (dict, MappingProxyType)):
        return f"{{{', '.join(f'{_text_of(key)}: {_text_of(item)}' for key, item in value.items())}}}"
    return repr(value)


def _normal(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a lambda stands within some other line
        return " ".join(text.split())
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(node, False):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def described(item: Any) -> str:
    """What an object of the user is, in words.

    Examples
    --------
    >>> described(len)
    'builtins.len'
    """
    if isinstance(item, (FunctionType, type)) or isinstance(getattr(item, "__qualname__", None), str):
        return f"{getattr(item, '__module__', None)}.{item.__qualname__}"
    return f"a {type(item).__module__}.{type(item).__qualname__}"
