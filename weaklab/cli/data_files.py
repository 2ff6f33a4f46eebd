"""Files of data: found by path or pattern, read as one frame, and which row is from which file."""

from __future__ import annotations

import glob
import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaklab.cli.usage import UsageError
from weaklab.exceptions import GoldError, did_you_mean, shown

if TYPE_CHECKING:
    import pandas as pd

#: The kinds of files that are read, by the end of their names.
KINDS = (".parquet", ".csv", ".jsonl")


@dataclass(frozen=True)
class Data:
    """Rows of one or several files.

    Parameters
    ----------
    frame : DataFrame
        All rows, in the order of the files, counted from 0.
    paths : tuple of Path
        The files.
    starts : tuple of int
        The first row of each.
    """

    frame: pd.DataFrame
    paths: tuple[Path, ...]
    starts: tuple[int, ...]

    @property
    def name(self) -> str:
        """What to call the data in a message."""
        return repr(str(self.paths[0])) if len(self.paths) == 1 else f"{len(self.paths):,} files"

    def with_place(self, message: str) -> str:
        """A message that names a row of all, and of which file it is."""
        found = re.search(r"\brow (\d[\d,]*)", message)
        row = int(found[1].replace(",", "")) if found else len(self.frame)
        if len(self.paths) == 1 or row >= len(self.frame):
            return message
        file = bisect_right(self.starts, row) - 1
        return f"{message} Row {row} of all is row {row - self.starts[file]} of {str(self.paths[file])!r}."

    def gold(self, column: str, classes: Any) -> pd.Series:
        """A column of gold labels, where each is a class or missing.

        Raises
        ------
        UsageError
            If there is no such column, or it holds no label, or something else.
        """
        from weaklab.votes import check_classes, check_gold

        if column not in self.frame.columns:
            names = list(self.frame.columns)
            raise UsageError(f"{self.name} has no column {column!r}.{did_you_mean(column, names)}")
        try:
            known = check_gold(self.frame[column], len(self.frame), check_classes(classes)) >= 0
        except GoldError as error:
            message = str(error).replace("classes=[...]", "--classes A,B,...")
            raise UsageError(f"--gold {column}: {self.with_place(message)}") from error
        if not known.any():
            raise UsageError(f"--gold {column}: none of the {len(self.frame):,} rows has a label.")
        return self.frame[column]


def find_files(given: Sequence[str]) -> list[Path]:
    """The files that paths and patterns name, each once: those of a pattern by name, else in the order given.

    Raises
    ------
    UsageError
        If a file is not there, is a folder or of another kind, or a pattern matches none.

    Examples
    --------
    >>> find_files(["no/*.parquet"])
    Traceback (most recent call last):
        ...
    weaklab.cli.usage.UsageError: No file matches 'no/*.parquet': there is no folder 'no'.
    """
    found: dict[Path, None] = {}
    for each in given:
        path = Path(each)
        if not path.exists() and glob.has_magic(each):
            matches = sorted(Path(match) for match in glob.glob(each, recursive=True))
            if not matches:
                raise UsageError(f"No file matches {each!r}{_what_there_is(path)}")
            found |= dict.fromkeys(match for match in matches if match.is_file() or len(matches) == 1)
        else:
            found[path] = None
    for path in found:
        _check_file(path)
    return list(found)


def _what_there_is(pattern: Path) -> str:
    """Why a pattern may match nothing: the part of its folder that is not there, or other endings in it."""
    folder = Path(*[part for part in pattern.parts[:-1] if not glob.has_magic(part)])
    if not folder.is_dir():
        return f": there is no folder {str(folder)!r}."
    endings = sorted({each.suffix for each in folder.iterdir() if each.suffix in KINDS})
    return f": {str(folder)!r} holds {' and '.join(endings) if endings else 'no Parquet, CSV or JSONL'} files."


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder: give its files, such as {str(path / '*.parquet')!r}.")
    if not path.is_file():
        near = did_you_mean(path.name, [each.name for each in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise UsageError(f"There is no file {str(path)!r}.{near}")
    if path.suffix not in KINDS:
        raise UsageError(f"{str(path)!r} must end in one of {', '.join(KINDS)}.")


def read_data(paths: Sequence[Path], *, progress: bool = False) -> Data:
    """Files of data as one frame.

    Parameters
    ----------
    paths : sequence of Path
        The files, as :func:`find_files` finds them.
    progress : bool
        Show a progress bar where it takes more than a second.

    Raises
    ------
    UsageError
        If a file cannot be read as what its ending says, or has other columns than the first; or where
        there is no row in any of them.
    """
    import pandas as pd
    from tqdm.auto import tqdm

    frames: list[pd.DataFrame] = []
    for path in tqdm(paths, desc="Reading", unit="file", delay=1, disable=not progress or len(paths) == 1):
        frames.append(_read_file(path))
        check_columns(frames[0], paths[0], frames[-1], path)
    starts = tuple(accumulate((len(frame) for frame in frames[:-1]), initial=0))
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        names = "it has columns, and no row" if len(paths) == 1 else f"none of the {len(paths):,} files has a row"
        raise UsageError(f"{str(paths[0])!r} holds no data: {names}.")
    return Data(pd.concat(filled, ignore_index=True), tuple(paths), starts)


def _read_file(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if not path.stat().st_size:
            raise UsageError(f"{str(path)!r} is empty: it has not even the names of columns.")
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix == ".csv":
            return pd.read_csv(path, low_memory=False)
        return pd.DataFrame(_records(path))
    except UsageError:
        raise
    except (ValueError, OSError) as error:  # pandas and pyarrow raise children of these
        raise UsageError(f"{str(path)!r} cannot be read: {error}") from error


def _records(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file; what pandas reads itself takes texts such as "007" for numbers."""
    found = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{str(path)!r} cannot be read: line {number} is no JSON: {error}") from error
            if not isinstance(record, dict):
                raise UsageError(f"{str(path)!r} cannot be read: line {number} is {shown(record)}, and no object.")
            found.append(record)
    return found


def check_columns(first: pd.DataFrame, first_path: Path, other: pd.DataFrame, path: Path) -> None:
    """Check that two files go together: the same columns, each of the same kind.

    Raises
    ------
    UsageError
        If they do not; names the files and the columns.
    """
    missing = [str(name) for name in first.columns if name not in other.columns]
    added = [str(name) for name in other.columns if name not in first.columns]
    if missing or added:
        parts = [f"lacks {', '.join(map(repr, missing))}"] * bool(missing)
        parts += [f"has {', '.join(map(repr, added))} more"] * bool(added)
        raise UsageError(
            f"{str(path)!r} {' and '.join(parts)}, compared with the columns of {str(first_path)!r}: "
            "give files of the same columns."
        )
    for name in first.columns:
        one, two = _kind(first[name]), _kind(other[name])
        if one and two and one != two:
            raise UsageError(
                f"Column {str(name)!r} holds {two} in {str(path)!r} and {one} in {str(first_path)!r}: "
                "give files whose columns are of the same types; Parquet keeps them."
            )


def _kind(column: pd.Series) -> str | None:
    """What a column holds, roughly; None where it holds nothing."""
    import pandas as pd

    if not column.notna().any():
        return None
    if pd.api.types.is_bool_dtype(column):
        return "truth values"
    if pd.api.types.is_numeric_dtype(column):
        return "numbers"
    return "dates" if pd.api.types.is_datetime64_any_dtype(column) else "texts or objects"
