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
    | {"load", "loadtxt", "genfromtxt", "fromregex", "fromfile", "memmap", "open_memmap", "load_npz", "loadmat"}
    | {"fopen", "iterdir", "is_file", "is_dir", "exists", "stat", "open", "now", "utcnow", "today"}
    | {"default_rng", "RandomState", "rand", "randn", "randint", "random_sample", "rvs", "empty", "empty_like"}
    | {"randperm", "rand_like", "randn_like", "bernoulli", "multinomial", "sample", "shuffle", "resample"}
    | {"get_option", "option_context", "options", "urlopen", "getpass", "environ", "environb", "putenv", "unsetenv"}
    | {"getcontext", "setcontext", "localcontext", "setlocale", "getlocale", "localeconv", "tzset", "current_thread"}
    | {
        "get_ident",
        "register_error",
        "isEnabledFor",
        "getEffectiveLevel",
        "DataSource",
        "geterr",
        "seterr",
        "get_printoptions",
        "getbufsize",
    }
)
#: Names of methods that take code as text, in which names of variables and of files may stand.
TEXT_METHODS = frozenset({"eval", "query", "sql", "register_globals"})
#: Attributes of frames of functions that run, and of generators, from which all variables can be reached; and the
#: store of spaCy's extensions, which are functions.
INSIDES = frozenset(
    {"gi_frame", "cr_frame", "ag_frame", "tb_frame", "f_globals", "f_locals", "f_builtins", "f_back", "gi_yieldfrom"}
    | {"cr_await", "ag_await", "_"}
)
#: Words that mean the clock where a library is given them.
CLOCK_WORDS = frozenset({"now", "today"})
#: Installed modules whose functions depend on what they are given alone, but for the names above. Those of any other
#: may read what they like, and what calls them is run each time.
PURE = frozenset(
    {"builtins", "abc", "base64", "binascii", "bisect", "calendar", "cmath", "codecs", "collections", "copy"}
    | {"copyreg", "dataclasses", "datetime", "decimal", "difflib", "encodings", "enum", "fractions", "functools"}
    | {"hashlib", "heapq", "hmac", "html", "itertools", "json", "keyword", "math", "numbers", "operator", "re"}
    | {"sre_compile", "stat", "statistics", "string", "struct", "textwrap", "types", "typing", "typing_extensions"}
    | {"unicodedata", "weakref", "zlib", "contextlib", "warnings", "logging", "array", "regex", "unidecode"}
)
#: Modules of packages of which only these are so; a module inside one is one more.
_PURE_MODULES = frozenset(
    {"numpy", "numpy.linalg", "numpy.strings", "numpy.char", "numpy.fft", "numpy.ma", "numpy.ma.core"}
    | {
        f"numpy.lib._{each}_impl"
        for each in ("function_base", "arraysetops", "nanfunctions", "type_check", "shape_base")
    }
    | {f"numpy.lib._{each}_impl" for each in ("ufunclike", "twodim_base", "index_tricks", "arraypad", "histograms")}
    | {
        "numpy._core",
        "numpy.core",
        "numpy.lib.stride_tricks",
        "numpy.dtypes",
        "scipy.special",
        "scipy.spatial.distance",
        "urllib.parse",
    }
    | {"weaklab.exceptions", "weaklab.metrics", "weaklab.apply.applier", "nltk.stem.porter", "nltk.metrics.distance"}
    | {"polars.functions.col", "polars.functions.lit", "polars.functions.whenthen", "polars.functions.as_datatype"}
    | {"polars.functions.aggregation.horizontal", "polars.functions.aggregation.vertical", "polars.functions.eager"}
    | {
        "polars.convert.general",
        "polars.series.series",
        "polars.dataframe.frame",
        "polars.expr.expr",
        "polars.selectors",
    }
    | {"polars.datatypes.classes", "spacy.tokens.doc", "spacy.tokens.span", "spacy.tokens.token"}
)
#: And of packages, or modules, of which only these functions and classes are so.
_PURE_NAMES = {
    "pandas": frozenset(
        {"isna", "isnull", "notna", "notnull", "to_numeric", "to_timedelta", "concat", "merge", "cut", "qcut"}
        | {"unique", "factorize", "crosstab", "get_dummies", "melt", "pivot_table", "pivot", "DataFrame", "Series"}
        | {"Index", "MultiIndex", "RangeIndex", "Categorical", "CategoricalDtype", "Timedelta", "Interval"}
        | {"IntervalIndex", "StringDtype", "Timestamp", "to_datetime", "NaTType", "NAType", "Grouper", "NamedAgg"}
        | {"is_numeric_dtype", "is_string_dtype", "is_bool_dtype", "is_integer_dtype", "is_float_dtype"}
        | {"is_datetime64_any_dtype", "is_object_dtype", "is_scalar", "is_number", "is_integer", "is_float"}
        | {"Int64Dtype", "Int32Dtype", "Float64Dtype", "BooleanDtype"}
    ),
    "pyarrow.lib": frozenset({"array", "scalar", "table", "chunked_array", "concat_arrays", "concat_tables", "nulls"}),
    "pyarrow.compute": frozenset(
        {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "and_", "or_", "invert", "is_in"}
        | {"is_null", "is_valid", "fill_null", "if_else", "match_substring", "match_substring_regex", "starts_with"}
        | {"ends_with", "utf8_lower", "utf8_upper", "utf8_length", "add", "subtract", "multiply", "divide", "sum"}
        | {"mean", "min_max", "count", "cast"}
    ),
    "scipy.sparse": frozenset({"csr_matrix", "csr_array", "csc_matrix", "coo_matrix", "hstack", "vstack", "issparse"}),
    "scipy.stats": frozenset({"zscore", "rankdata", "entropy", "iqr", "percentileofscore"}),
    "sklearn.metrics.pairwise": frozenset(
        {"cosine_similarity", "cosine_distances", "euclidean_distances", "linear_kernel"}
    ),
    "sklearn.preprocessing": frozenset({"StandardScaler", "MinMaxScaler", "normalize", "scale", "minmax_scale"}),
    "torch": frozenset(
        {"tensor", "as_tensor", "from_numpy", "zeros", "ones", "full", "arange", "cat", "stack", "where", "no_grad"}
        | {"inference_mode", "sigmoid", "softmax", "log_softmax", "relu", "argmax", "topk", "exp", "log", "sqrt"}
        | {"matmul", "sum", "mean", "max", "min", "abs", "Tensor", "Module", "Linear", "ReLU", "Sequential"}
        | {"Embedding", "LayerNorm", "Sigmoid", "Softmax", "Tanh", "dtype", "normalize", "cosine_similarity"}
    ),
}
#: Packages whose objects hold what they are, and pickle it; those of any other may stand for a file, a connection, or
#: a store that changes without them.
_HOLDING = frozenset(
    {"weaklab", "numpy", "pandas", "polars", "pyarrow", "scipy", "sklearn", "spacy", "thinc", "torch", "random", "uuid"}
    | {
        "ipaddress",
        "zoneinfo",
        "argparse",
        "inspect",
        "xgboost",
        "lightgbm",
        "catboost",
        "rapidfuzz",
        "pydantic",
        "attr",
    }
    | {"pydantic_core", "dateutil", "pytz", "urllib.parse"}
)
#: Parts of these packages whose objects do not.
_POINTING = (
    *("pyarrow._dataset", "pyarrow.dataset", "pyarrow._fs", "pyarrow.fs", "pyarrow._parquet", "pyarrow.parquet"),
    *("polars.lazyframe", "polars.sql", "polars.io", "pandas.io", "numpy.lib._npyio_impl", "torch.utils.data"),
    *("spacy.util", "weaklab.datasets"),
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


def is_pure(module: str, name: str = "") -> bool:
    """Whether a function or a class of an installed module is taken to depend on what it is given alone.

    Examples
    --------
    >>> is_pure("numpy", "where"), is_pure("_operator"), is_pure("sqlite3"), is_pure("pandas", "read_csv")
    (True, True, False, False)
    """
    top = module.partition(".")[0]
    if top in PURE or top.lstrip("_") in PURE or top in ("_sre", "_thread", "_abc"):
        return True
    if module in _PURE_MODULES or (module.rpartition(".")[0] in _PURE_MODULES and module.count(".") > 1):
        return True
    parts, allowed = name.split("."), frozenset[str]()
    for home, names in _PURE_NAMES.items():
        if module == home or module.startswith(f"{home}."):
            allowed |= names
    return parts[0] in allowed or parts[-1] in allowed


def holds_itself(module: str) -> bool:
    """Whether objects of an installed module are what they hold, and stand for nothing else.

    Examples
    --------
    >>> holds_itself("sklearn.svm"), holds_itself("pyarrow._dataset"), holds_itself("shelve")
    (True, False, False)
    """
    top = module.partition(".")[0]
    known = is_pure(module) or top in _HOLDING or top.lstrip("_") in _HOLDING or module in _HOLDING
    return known and not f"{module}.".startswith(tuple(f"{each}." for each in _POINTING))


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
