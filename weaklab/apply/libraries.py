"""Which modules are installed, and what of them depends on more than what it is given."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from importlib import metadata
from typing import Any

_INSTALLED = ("site-packages", "dist-packages")
#: Names of functions and methods that read files, options, the clock or randomness, whatever they are found on.
OUTSIDE_METHODS = frozenset(
    {"read_text", "read_bytes", "read_csv", "read_parquet", "read_json", "read_excel", "read_pickle", "getenv"}
    | {"read_table", "read_fwf", "read_sql", "read_feather", "read_orc", "read_hdf", "read_html", "read_xml"}
    | {"read_stata", "read_sas", "read_spss", "read_clipboard", "read_avro", "read_ipc", "read_ndjson", "read_lines"}
    | {"read_database", "read_database_uri", "read_delta", "scan_csv", "scan_parquet", "scan_ipc", "scan_ndjson"}
    | {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "open_memmap", "load_npz", "loadmat", "fopen"}
    | {"iterdir", "is_file", "is_dir", "exists", "stat", "open", "now", "utcnow", "today"}
    | {"default_rng", "RandomState", "rand", "randn", "randint", "random_sample", "rvs"}
    | {"randperm", "rand_like", "randn_like", "bernoulli", "multinomial", "sample", "shuffle", "resample"}
    | {"get_option", "option_context", "options", "urlopen", "getpass", "environ", "environb", "putenv", "unsetenv"}
    | {
        "getcontext",
        "setcontext",
        "localcontext",
        "setlocale",
        "getlocale",
        "localeconv",
        "tzset",
        "current_thread",
        "get_ident",
    }
)
#: Installed modules whose objects stand for something outside, such as a file, that changes without them.
HANDLES = frozenset({"pathlib", "os", "shelve", "dbm", "zipfile", "tarfile", "mailbox", "subprocess"})
#: Words that mean the clock where a library is given them.
CLOCK_WORDS = frozenset({"now", "today"})
#: Installed modules whose functions depend on what they are given alone, but for the names above. Those of any other
#: may read what they like, and what calls them is run each time.
PURE = frozenset(
    {"weaklab", "builtins", "abc", "base64", "binascii", "bisect", "calendar", "cmath", "codecs", "collections", "copy"}
    | {"copyreg", "dataclasses", "datetime", "difflib", "encodings", "enum", "fractions", "functools", "hashlib"}
    | {"heapq", "hmac", "html", "itertools", "json", "keyword", "math", "numbers", "operator", "re"}
    | {"sre_compile", "stat"}
    | {"statistics", "string", "struct", "textwrap", "types", "typing", "typing_extensions", "unicodedata", "weakref"}
    | {"zlib", "contextlib", "warnings", "logging", "threading", "array", "cloudpickle", "joblib", "numba", "numpy"}
    | {"pandas", "polars", "pyarrow", "regex", "scipy", "sklearn", "spacy", "torch", "unidecode", "nltk"}
)


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
