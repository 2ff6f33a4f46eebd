"""What is read of a file at a time: rows that are what they should be, and records that are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

T = TypeVar("T")

#: Rows that are read, labelled and written at a time, as many as a chunk of the kernels has.
ROWS = 65_536
#: Bytes of data in them, after which they are fewer.
BYTES = 64_000_000


class Bad(NamedTuple):
    """A record that is no row.

    Attributes
    ----------
    place : int
        The line of a file of text, from 1; the row of another, from 0.
    raw : str
        The record as it stands there.
    reason : str
        What is wrong with it.
    """

    place: int
    raw: str
    reason: str


class Batch(NamedTuple):
    """Some records of a file.

    Attributes
    ----------
    table : pyarrow.Table
        The good ones, of the schema that all inputs share.
    places : ndarray of int64
        Where these stand in the file: lines from 1, or rows from 0.
    bad : list of Bad
        The others.
    """

    table: pa.Table
    places: np.ndarray
    bad: list[Bad]

    @property
    def read(self) -> int:
        """How many records these are."""
        return self.table.num_rows + len(self.bad)

    def without(self, bad: dict[int, str]) -> Batch:
        """The same, with some rows, by position, among the bad ones for a reason."""
        if not bad:
            return self
        keep = np.ones(self.table.num_rows, dtype=bool)
        keep[list(bad)] = False
        worse = [Bad(int(self.places[row]), raw_row(self.table, row), reason) for row, reason in bad.items()]
        return Batch(self.table.filter(pa.array(keep)), self.places[keep], sorted([*self.bad, *worse]))

    def frame(self) -> pd.DataFrame:
        """The rows as pandas has them, indexed by their places."""
        frame = self.table.to_pandas()
        places, n = self.places, len(self.places)
        straight = n > 0 and places[-1] - places[0] == n - 1
        frame.index = pd.RangeIndex(places[0], places[0] + n) if straight else pd.Index(places)
        return frame


def raw_row(table: pa.Table, row: int) -> str:
    """A row of a table as text, for a person to read."""
    return json.dumps(table.slice(row, 1).to_pylist()[0], default=str, ensure_ascii=False)


def find_failures(n: int, run: Callable[[int, int], T]) -> Iterator[tuple[int, int, T | Exception]]:
    """Run something on all rows at once, and where that fails on halves of them, down to the rows at fault.

    Parameters
    ----------
    n : int
        How many rows.
    run : callable
        Takes the first row and the one after the last.

    Yields
    ------
    start, stop : int
        Rows, in their order.
    what : object, or Exception
        What came of them; of one row alone the exception.

    Examples
    --------
    >>> list(find_failures(3, lambda start, stop: [1 / (row - 2) for row in range(start, stop)]))
    [(0, 1, [-0.5]), (1, 2, [-1.0]), (2, 3, ZeroDivisionError('division by zero'))]
    """
    waiting = [(0, n)]
    while waiting:
        start, stop = waiting.pop()
        try:
            yield start, stop, run(start, stop)
        except (MemoryError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  -- what is run is the user's
            if stop - start <= 1:
                yield start, stop, error
            else:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]


def batch_rows(nbytes: int, n: int) -> int:
    """How many rows to read at a time where n of them take so many bytes.

    Examples
    --------
    >>> batch_rows(10_000_000, 100_000), batch_rows(1_000_000_000, 1_000)
    (65536, 64)
    """
    return int(min(ROWS, max(1, BYTES // max(1, nbytes // max(n, 1)))))
