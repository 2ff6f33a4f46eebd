"""What a piece of Python code reads from outside itself: globals, their attributes, and modules it imports."""

from __future__ import annotations

import dis
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from types import CodeType, ModuleType
from typing import Any, NamedTuple

_INSTALLED = ("site-packages", "dist-packages")
_GLOBAL_OPS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"))
_ATTRIBUTE_OPS = frozenset(("LOAD_ATTR", "LOAD_METHOD"))
_SKIPPED_OPS = frozenset(("CACHE", "PUSH_NULL", "EXTENDED_ARG", "NOP"))
#: Names of functions and methods that read files, options, the clock or randomness, whatever they are found on.
OUTSIDE_METHODS = frozenset(
    {"read_text", "read_bytes", "read_csv", "read_parquet", "read_json", "read_excel", "read_pickle", "getenv"}
    | {"read_table", "read_fwf", "read_sql", "read_feather", "read_orc", "read_hdf", "read_html", "read_xml"}
    | {"read_stata", "read_sas", "read_spss", "read_clipboard", "read_avro", "read_ipc", "read_ndjson", "read_lines"}
    | {"read_database", "read_database_uri", "read_delta", "scan_csv", "scan_parquet", "scan_ipc", "scan_ndjson"}
    | {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "open_memmap", "load_npz", "loadmat", "fopen"}
    | {"iterdir", "is_file", "is_dir", "exists", "stat", "open", "now", "utcnow", "today"}
    | {"default_rng", "RandomState", "rand", "randn", "randint", "random_sample", "rvs"}
    | {"get_option", "option_context", "options", "getcontext", "urlopen", "getpass"}
)
#: Words that mean the clock where a library is given them.
CLOCK_WORDS = frozenset({"now", "today"})
#: Installed modules whose functions depend on what they are given alone, but for the names above. Those of any other
#: may read what they like, and what calls them is run each time.
PURE = frozenset(
    {"weaklab", "builtins", "abc", "base64", "binascii", "bisect", "calendar", "cmath", "codecs", "collections", "copy"}
    | {
        "copyreg",
        "dataclasses",
        "datetime",
        "difflib",
        "encodings",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
    }
    | {"hmac", "html", "itertools", "json", "keyword", "math", "numbers", "operator", "re", "sre_compile", "stat"}
    | {"statistics", "string", "struct", "textwrap", "types", "typing", "typing_extensions", "unicodedata", "weakref"}
    | {"zlib", "contextlib", "warnings", "logging", "threading", "array", "cloudpickle", "joblib", "numba", "numpy"}
    | {"pandas", "polars", "pyarrow", "regex", "scipy", "sklearn", "spacy", "torch", "unidecode", "nltk"}
)


class Read(NamedTuple):
    """A global that code reads, or a module that it imports, and the attributes that it follows from there."""

    name: str
    attributes: tuple[str, ...] = ()
    imported: bool = False
    level: int = 0


@lru_cache(maxsize=4096)
def reads_of(code: CodeType) -> tuple[tuple[Read, ...], frozenset[str]]:
    """The globals and modules that code reads, functions inside it included, and all attributes that it asks for.

    Parameters
    ----------
    code : code
        Of a function.

    Returns
    -------
    reads : tuple of Read
        Each once, in order.
    attributes : frozenset of str
        Names of attributes of anything.

    Examples
    --------
    >>> import math
    >>> def area(row):
    ...     return math.pi * row.r
    >>> reads_of(area.__code__)[0]
    (Read(name='math', attributes=('pi',), imported=False, level=0),)
    """
    found: dict[Read, None] = {}
    attributes: set[str] = set()
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SKIPPED_OPS]
    for place, step in enumerate(steps):
        if step.opname in _ATTRIBUTE_OPS:
            attributes.add(step.argval)
        elif step.opname == "IMPORT_NAME":
            found.update(dict.fromkeys(_imports(steps, place)))
        elif step.opname in _GLOBAL_OPS and isinstance(step.argval, str):
            found[Read(step.argval, tuple(_following(steps, place, _ATTRIBUTE_OPS)))] = None
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            reads, more = reads_of(inner)
            found.update(dict.fromkeys(reads))
            attributes |= more
    return tuple(found), frozenset(attributes)


def _following(steps: list[dis.Instruction], place: int, ops: frozenset[str]) -> Iterator[str]:
    for step in steps[place + 1 :]:
        if step.opname not in ops:
            return
        yield step.argval


def _imports(steps: list[dis.Instruction], place: int) -> list[Read]:
    level = steps[place - 2].argval if place >= 2 and isinstance(steps[place - 2].argval, int) else 0
    name = steps[place].argval
    taken = [step.argval for step in steps[place + 1 :] if step.opname in ("IMPORT_FROM", "IMPORT_STAR")]
    # IMPORT_FROM steps of a later import are among them: too many names give an extra run at worst, never too few.
    if steps[place - 1].argval is None:  # `import name`, and then its attributes through a local variable
        return [Read(name, (), True, level)]
    return [Read(name, (each,) if isinstance(each, str) else (), True, level) for each in taken]


def imported_module(read: Read, package: str | None) -> ModuleType | None:
    """The module that an import inside a function gives, if it is loaded already."""
    name = read.name
    if read.level:
        try:
            name = importlib.util.resolve_name("." * read.level + name, package)
        except ImportError:
            return None
    return sys.modules.get(name)


def is_library(name: Any) -> bool:
    """Whether a module is installed, and so is what its version says, or belongs to the user and may change.

    Examples
    --------
    >>> is_library("json"), is_library("numpy.random"), is_library("__main__")
    (True, True, False)
    """
    if not isinstance(name, str) or name == "__main__":
        return False
    top = name.partition(".")[0]
    if top in ("weaklab", "builtins"):
        return True
    module = sys.modules.get(top)
    places = [getattr(module, "__file__", None), *list(getattr(module, "__path__", []))]
    files = [place for place in places if isinstance(place, str)]
    if not files:
        return top in sys.builtin_module_names or top in sys.stdlib_module_names
    return files[0].startswith(_library_folders()) or any(f"{os.sep}{name}{os.sep}" in files[0] for name in _INSTALLED)


def is_pure(name: str) -> bool:
    """Whether functions of an installed module are taken to depend on what they are given alone.

    Examples
    --------
    >>> is_pure("numpy.linalg"), is_pure("_operator"), is_pure("sqlite3")
    (True, True, False)
    """
    top = name.partition(".")[0]
    return top in PURE or top.lstrip("_") in PURE or top in ("_sre", "_thread", "_abc")


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[key] + os.sep for key in ("stdlib", "platstdlib", "purelib", "platlib")})


@lru_cache(maxsize=1024)
def library_version(name: str) -> str:
    """The version of the installed package that a module is part of."""
    top = name.partition(".")[0]
    version = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(version, str):
        return version
    if top in sys.stdlib_module_names:
        return sys.version
    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        return "unknown"
