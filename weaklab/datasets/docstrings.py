"""A corpus that is on every machine: the docstrings of the packages that weaklab itself needs."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from hashlib import sha1
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from weaklab.datasets.cache import cache_folder, read_cached, write_cached
from weaklab.datasets.source_docstrings import docstrings_of_file
from weaklab.exceptions import DatasetError

logger = logging.getLogger(__name__)

#: Import name -> distribution name. The import names are the classes, in the order of their codes.
PACKAGES = {"numpy": "numpy", "pandas": "pandas", "scipy": "scipy", "sklearn": "scikit-learn", "numba": "numba"}

#: Raised whenever the same sources give other rows, so that no stale cache is read.
PARSER_VERSION = 1

#: Shorter texts ("Return self.", "Test.") say nothing about where they come from. Characters, whitespace folded.
MINIMUM_LENGTH = 40

#: Folders of tests, and of code that the package carries but did not write: their texts are not the package's own.
FOREIGN_FOLDERS = frozenset(
    {
        "tests",
        "externals",
        "_external",
        "_vendored",
        "array_api_compat",
        "array_api_extra",
        "cloudpickle",
        "__pycache__",
    }
)

#: Rows are dealt to the splits by the hash of their text: these are the upper ends of the shares.
SPLITS = (("train", 0.7), ("valid", 0.8), ("test", 1.0))

#: How many opening words decide the split. Texts filled in from one template open alike, and so stay together.
OPENING_WORDS = 8

COLUMNS = ("text", "label", "name", "split")


def load_docstrings(*, cache: bool = True, progress: bool = True) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The docstrings of the installed numpy, pandas, scipy, scikit-learn and numba: 5 classes of real text, offline.

    The Python sources are parsed, never imported. Modules, classes, functions and methods count, private ones
    too, and texts given to ``add_newdoc``; functions inside functions do not. Left out are tests, code copied from
    other projects, and texts of fewer than 40 characters.

    No text stands in two rows. Texts are equal if nothing but case, punctuation, whitespace and the documented
    object's own name tells them apart, as inherited and generated ones often are. Of equal texts in one package the
    first by name is kept; those found in several packages are dropped, as nobody could tell where they are from. The
    split follows from a hash of the text's opening words, so that it is the same on every machine with the same
    versions, and texts that were filled in from one template fall into the same split.

    Parameters
    ----------
    cache : bool
        Keep the result on disk, and read it from there the next time; the file's name depends on the versions of
        the five packages. ``$XDG_CACHE_HOME/weaklab`` or the platform's folder for caches. False parses anew.
    progress : bool
        Show a progress bar where parsing takes more than two seconds.

    Returns
    -------
    train, valid, test : DataFrame
        About 70, 10 and 20 percent of more than 10,000 rows, in an order that is random but always the same. Columns:
        ``text`` (the docstring, indentation cleaned), ``label`` (the import name of the package: "numpy", "pandas",
        "scipy", "sklearn" or "numba"), ``name`` (the dotted name of what it documents; it begins with the label).

    Raises
    ------
    DatasetError
        If one of the packages is not installed, or has no readable sources.

    Examples
    --------
    >>> train, valid, test = load_docstrings()
    >>> list(train.columns)
    ['text', 'label', 'name']
    >>> len(train) + len(valid) + len(test) > 10_000
    True
    >>> sorted(test["label"].unique())
    ['numba', 'numpy', 'pandas', 'scipy', 'sklearn']
    """
    path = cache_folder() / f"docstrings-{_fingerprint()}.parquet"
    frame = read_cached(path, COLUMNS) if cache else None
    if frame is None:
        frame = collect_docstrings({package: _root(package) for package in PACKAGES}, progress=progress)
        if cache:
            write_cached(frame, path)
    train, valid, test = (
        frame.loc[frame["split"] == split, ["text", "label", "name"]].reset_index(drop=True) for split, _ in SPLITS
    )
    return train, valid, test


def collect_docstrings(roots: dict[str, Path], *, progress: bool = True) -> pd.DataFrame:
    """Parse the sources under some packages' folders into one frame of texts without duplicates.

    Parameters
    ----------
    roots : dict of str to pathlib.Path
        The folder of each package, by import name.
    progress : bool
        Show a progress bar where it takes more than two seconds.

    Returns
    -------
    DataFrame
        Columns ``text``, ``label``, ``name``, ``split``, in the order of the texts' hashes.

    Raises
    ------
    DatasetError
        If a package has no docstring at all.
    """
    from tqdm.auto import tqdm

    files = [(package, root, path) for package, root in roots.items() for path in _sources(root)]
    rows: list[tuple[str, str, str]] = []
    skipped = 0
    for package, root, path in tqdm(files, desc="Parsing docstrings", unit="file", delay=2, disable=not progress):
        found = docstrings_of_file(path, _module_name(package, path.relative_to(root)))
        if found is None:
            skipped += 1
            continue
        rows += [(text, package, name) for name, text in found if len(" ".join(text.split())) >= MINIMUM_LENGTH]
    if skipped:
        logger.warning("%d of %d source files could not be parsed and are left out.", skipped, len(files))
    frame = pd.DataFrame(rows, columns=["text", "label", "name"])
    for package, root in roots.items():
        if not (frame["label"] == package).any():
            raise DatasetError(f"No docstrings found under {root}: is {package} installed with its sources?")
    return _deal(_without_duplicates(frame))


def _root(package: str) -> Path:
    """The folder of an installed package, found without importing it."""
    try:
        spec = find_spec(package)
    except ValueError:  # something stands in sys.modules under that name and says nothing of where it is from
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise DatasetError(
            f"The docstring corpus needs {package}, which is not installed: pip install {PACKAGES[package]}"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _fingerprint() -> str:
    """What the rows depend on, as a short hash: the packages' versions and the parser's."""
    parts = [f"parser {PARSER_VERSION}"]
    for package, distribution in PACKAGES.items():
        try:
            parts.append(f"{package} {metadata.version(distribution)}")
        except metadata.PackageNotFoundError as error:
            raise DatasetError(
                f"The docstring corpus needs {package}, which is not installed: pip install {distribution}"
            ) from error
    return sha1("; ".join(parts).encode()).hexdigest()[:16]


def _sources(root: Path) -> list[Path]:
    """The Python files of a package that it wrote itself, in a fixed order."""
    own = [path for path in root.rglob("*.py") if not FOREIGN_FOLDERS.intersection(path.relative_to(root).parts)]
    return sorted((path for path in own if path.name != "conftest.py"), key=lambda path: path.as_posix())


def _module_name(package: str, path: Path) -> str:
    """The dotted name of the module in the file at a path relative to its package."""
    parts: Sequence[str] = path.with_suffix("").parts
    return ".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def _key(text: str, name: str) -> str:
    """What makes a text itself: its words, without case and punctuation, its own name blanked out.

    Blanked, because a template that was filled in a hundred times says one thing once.
    """
    own = set(_words(".".join(name.split(".")[-2:])))
    return " ".join(["*" if word in own else word for word in _words(text)])


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _without_duplicates(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per text: the first by name within a package, none where packages share it."""
    rows = list(zip(frame["text"], frame["name"], strict=True))
    frame = frame.assign(
        plain=[" ".join(_words(text)) for text, _ in rows],  # equal texts may blank different names
        key=[_key(text, name) for text, name in rows],
    ).sort_values(["label", "name"], kind="stable")
    for same in ("plain", "key"):
        frame = frame[frame.groupby(same)["label"].transform("nunique") == 1]
    return frame.drop_duplicates("plain").drop_duplicates("key")


def _deal(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with their splits, in the order of their hashes, so that any slice is a fair sample."""
    order = [sha1(key.encode()).hexdigest() for key in frame["key"]]
    openings = [" ".join(key.split()[:OPENING_WORDS]) for key in frame["key"]]
    shares = [int(sha1(opening.encode()).hexdigest()[:8], 16) / 2**32 for opening in openings]
    split = [next(name for name, end in SPLITS if share < end) for share in shares]
    frame = frame.assign(order=order, split=split).sort_values("order", kind="stable")
    return frame[list(COLUMNS)].reset_index(drop=True)
