"""Which files there are to read, of which kind, and what the file that comes of each is called."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from weaklab.exceptions import DatasetError, did_you_mean

#: The kinds of files, by how their names end; text may be compressed (.gz).
KINDS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class Input(NamedTuple):
    """A file to read.

    Attributes
    ----------
    path : Path
        Where it is.
    name : str
        Its path from the folder that all of them are in, with slashes.
    kind : str
        "parquet", "csv" or "jsonl".
    part : str
        The name, without an ending, of what is made of it.
    """

    path: Path
    name: str
    kind: str
    part: str


def find_inputs(inputs: Any) -> list[Input]:
    """The files that a pattern, a path or a list of them names, sorted by path.

    Raises
    ------
    DatasetError
        If there are none, one is not there, they are of several kinds or an unknown one, or two of them would be
        written to one file.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = [(folder / name).touch() for name in ("a.csv", "b.csv", "notes.txt")]
    >>> [(each.name, each.kind, each.part) for each in find_inputs(folder / "*.csv")]
    [('a.csv', 'csv', 'a'), ('b.csv', 'csv', 'b')]
    """
    given = [inputs] if isinstance(inputs, (str, os.PathLike)) else inputs
    if not isinstance(given, Iterable):
        raise DatasetError(f"Inputs must be a pattern, a path or a list of these, got {type(inputs).__name__}.")
    paths = sorted({Path(os.path.abspath(path)) for one in given for path in _matches(os.fspath(one))})
    if not paths:
        raise DatasetError("There are no inputs: the list is empty.")
    kinds = {path: _kind(path) for path in paths}
    if len(set(kinds.values())) > 1:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(Counter(kinds.values()).items()))
        raise DatasetError(f"The inputs are of several kinds ({counts}); label each kind by itself.")
    folder = Path(os.path.commonpath([path.parent for path in paths]))
    names = [path.relative_to(folder).as_posix() for path in paths]
    parts = [_stem(path.name) for path in paths]
    if len(set(parts)) < len(parts):  # day=1/a.parquet and day=2/a.parquet
        parts = [_stem(name).replace("/", "__") for name in names]
    twice = [part for part, count in Counter(parts).items() if count > 1]
    if twice:
        same = [name for name, part in zip(names, parts, strict=True) if part == twice[0]]
        raise DatasetError(f"{' and '.join(map(repr, same))} would both be written to {twice[0] + '.parquet'!r}.")
    return [Input(*each) for each in zip(paths, names, kinds.values(), parts, strict=True)]


def _matches(given: str) -> list[str]:
    """The files that a path or a pattern names."""
    path = Path(given)
    if path.is_file():
        return [given]
    if path.is_dir():
        there = Counter(_ending(each.name) for each in path.iterdir() if _ending(each.name) in KINDS)
        ending = there.most_common(1)[0][0] if there else ".parquet"
        raise DatasetError(f"{given!r} is a folder; say which files in it: {str(path / ('*' + ending))!r}.")
    matching = glob.glob(given, recursive=True)
    found = [each for each in matching if os.path.isfile(each)]
    _check_rest([each for each in matching if not os.path.isfile(each)], found, given)
    if found:
        return found
    folder = path.parent
    if not glob.has_magic(given):
        near = did_you_mean(path.name, [each.name for each in folder.iterdir()] if folder.is_dir() else [])
        raise DatasetError(f"There is no file {given!r}.{near}")
    if not glob.has_magic(str(folder)) and not folder.is_dir():
        raise DatasetError(f"No file matches {given!r}: there is no folder {str(folder)!r}.")
    raise DatasetError(f"No file matches {given!r}.")


def _check_rest(rest: list[str], found: list[str], given: str) -> None:
    """What matches and is no file holds no data that would be passed over."""
    for each in rest:
        if os.path.isdir(each):
            if _ending(os.path.basename(each)) in KINDS and not any(Path(each) in Path(one).parents for one in found):
                raise DatasetError(f"{given!r} matches the folder {each!r}, which is no file: name the files in it.")
        elif os.path.islink(each) and not os.path.exists(each):
            raise DatasetError(f"{each!r} is a link to {os.readlink(each)!r}, and there is nothing.")
        else:
            raise DatasetError(f"{each!r} is no regular file.")


def _ending(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix


def _stem(name: str) -> str:
    name = name.removesuffix(".gz")
    return name[: len(name) - len(_ending(name))]


def _kind(path: Path) -> str:
    kind = KINDS.get(_ending(path.name))
    if kind is None or (kind == "parquet" and path.suffix == ".gz"):
        raise DatasetError(f"{str(path)!r} must end in one of {', '.join(KINDS)} (.gz after the last four).")
    return kind
