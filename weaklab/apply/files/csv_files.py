"""CSV files: a header, and records that may span lines; what is malformed is told by its line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weaklab.apply.files.batches import BYTES, ROWS, Bad, Batch
from weaklab.apply.files.text_lines import lines, opened, shown_line
from weaklab.exceptions import DatasetError


class Records:
    r"""The records of a file of CSV.

    A record that is none (a quote that is never closed, or text after one) takes its first line with it only; reading
    goes on with the next.

    Parameters
    ----------
    file : binary file
        The file.
    delimiter : str
        What stands between fields.

    Examples
    --------
    >>> import io
    >>> list(Records(io.BytesIO(b'a,b\n1,"x\ny"\n'), ","))
    [(1, b'a,b\n', ['a', 'b']), (2, b'1,"x\ny"\n', ['1', 'x\ny'])]
    """

    def __init__(self, file: BinaryIO, delimiter: str) -> None:
        self._lines = lines(file)
        self._delimiter = delimiter
        self._again: deque[tuple[int, bytes, bool]] = deque()
        self._taken: list[tuple[int, bytes, bool]] = []

    def __iter__(self) -> Iterator[tuple[int, bytes, list[str] | str]]:
        """The first line of each record, the bytes of it, and its fields, or what is wrong with it."""
        reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        while True:
            self._taken.clear()
            try:
                fields: list[str] | str = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._again.extendleft(reversed(self._taken[1:]))
                del self._taken[1:]
                fields = f"no CSV: {error}"
                reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
            if any(cut for *_, cut in self._taken):
                fields = "a line that is too long"
            if fields:  # an empty line has none
                yield self._taken[0][0], b"".join(raw for _, raw, _ in self._taken), fields

    def _feed(self) -> Iterator[str]:
        while line := self._again.popleft() if self._again else next(self._lines, None):
            self._taken.append(line)
            yield line[1].decode("utf-8", "surrogateescape")  # what is no UTF-8 is found by the record it is in


def header_of(path: Path) -> list[str]:
    """The names of the columns.

    Raises
    ------
    DatasetError
        If there is no header, or two columns have one name.
    """
    with opened(path) as file:
        _, _, names = next(iter(Records(file, _delimiter(path))), (0, b"", "empty"))
    if isinstance(names, str) or any(_is_broken(name) for name in names):
        raise DatasetError(f"{str(path)!r} has no header of CSV in its first line.")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DatasetError(f"{str(path)!r} has column {twice[0]!r} {names.count(twice[0])} times; rename them.")
    return names


def schema_of(path: Path, sample: int) -> pa.Schema:
    """The columns, and the narrowest type of int64, float64, bool and string that holds the first cells of each."""
    names = header_of(path)
    with opened(path) as file:
        found = islice(Records(file, _delimiter(path)), 1, sample + 1)
        rows = [row for _, _, row in found if len(row) == len(names) and not isinstance(row, str)]
    kept = [row for row in rows if not any(map(_is_broken, row))]
    return pa.schema([(name, type_of([row[place] for row in kept])) for place, name in enumerate(names)])


def type_of(cells: list[str]) -> pa.DataType:
    """The type that cells of text have; whole numbers that 64 bits do not hold are text, which keeps their digits.

    Examples
    --------
    >>> str(type_of(["1", "", "23"])), str(type_of(["1", "2.5"])), str(type_of(["007"])), str(type_of(["true"]))
    ('int64', 'double', 'string', 'bool')
    >>> str(type_of(["18446744073709551614"]))
    'string'
    """
    texts = pa.array([cell for cell in cells if cell], pa.string())
    if not len(texts):
        return pa.null()
    # Numbers that are written otherwise than numbers are codes: 007, +49.
    for kind, pattern in ((pa.int64(), r"^(0|-?[1-9][0-9]*)$"), (pa.float64(), r"^-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE]")):
        if kind == pa.float64():
            pattern += r"[+-]?[0-9]+)?$|^(nan|NaN|-?inf)$"
        if pc.all(pc.match_substring_regex(texts, pattern)).as_py():
            try:
                texts.cast(kind)
            except pa.ArrowInvalid:  # more digits than 64 bits hold; a single point
                if kind == pa.int64():
                    return pa.string()
                continue
            return kind
    if pc.all(pc.match_substring_regex(texts, "^(true|false|True|False|TRUE|FALSE)$")).as_py():
        return pa.bool_()
    return pa.string()


def read(path: Path, schema: pa.Schema, rows: int | None) -> Iterator[Batch]:
    """The records, batch by batch, as cells of text, missing where empty, and what is no record.

    Parameters
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        The columns to read, of which the file may lack some.
    rows : int, optional
        How many records there are in a batch at most.
    """
    names = header_of(path)
    columns = [(names.index(name), name) for name in schema.names if name in names]
    size = ROWS if rows is None else rows
    with opened(path) as file:
        records = iter(Records(file, _delimiter(path)))
        next(records)
        while True:
            good: list[list[str]] = []
            numbers: list[int] = []
            bad: list[Bad] = []
            nbytes = 0
            for number, raw, fields in records:
                reason = _fault(fields, len(names), raw)
                if reason:
                    bad.append(Bad(number, shown_line(raw), reason))
                else:
                    good.append(fields)  # type: ignore[arg-type]  # a fault otherwise
                    numbers.append(number)
                nbytes += len(raw)
                if len(good) + len(bad) >= size or nbytes >= BYTES:
                    break
            if not numbers and not bad:
                return
            cells = {name: pa.array([row[place] or None for row in good], pa.string()) for place, name in columns}
            yield Batch(pa.table(cells), np.array(numbers, dtype=np.int64), bad)


def _fault(fields: list[str] | str, width: int, raw: bytes) -> str:
    """What is wrong with a record, or nothing."""
    if isinstance(fields, str):
        return fields
    if len(fields) != width:
        return f"{len(fields)} field{'s' if len(fields) != 1 else ''} where the header has {width}"
    return "no UTF-8" if not raw.isascii() and any(map(_is_broken, fields)) else ""


def _is_broken(text: str) -> bool:
    """Whether there were bytes in it that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _delimiter(path: Path) -> str:
    return "\t" if ".tsv" in path.suffixes[-2:] else ","
