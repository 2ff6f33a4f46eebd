"""Files of data as one frame in memory, and which row is from where in which file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from weaklab.cli.usage import UsageError, in_words_of_options
from weaklab.exceptions import FaultWarning, GoldError, did_you_mean, warn_caller

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from weaklab.apply.files.inputs import Input


@dataclass(frozen=True)
class Data:
    """Rows of one or several files.

    Parameters
    ----------
    frame : DataFrame
        All rows, in the order of the files, counted from 0.
    inputs : tuple of Input
        The files.
    starts : tuple of int
        The first row of each.
    places : ndarray of int
        Where each row stands in its file: lines from 1 in files of text, rows from 0 in Parquet.
    unread : str
        What is to be said of records that cannot be read and are left out; nothing where there are none.
    """

    frame: pd.DataFrame
    inputs: tuple[Input, ...]
    starts: tuple[int, ...]
    places: np.ndarray
    unread: str

    def with_place(self, message: str) -> str:
        """A message that names a row of all, and where in which file it is."""
        found = re.search(r"\brow (\d[\d,]*)", message)
        row = int(found[1].replace(",", "")) if found else len(self.frame)
        if row >= len(self.frame) or (len(self.inputs) == 1 and self.inputs[0].kind == "parquet"):
            return message
        each = self.inputs[bisect_right(self.starts, row) - 1]
        end = "" if message.endswith(".") else "."
        return f"{message}{end} Row {row} of all is {place_of(each, int(self.places[row]))}."

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
            raise UsageError(f"--gold {column}: there is no such column.{did_you_mean(column, names)}")
        try:
            known = check_gold(self.frame[column], len(self.frame), check_classes(classes)) >= 0
        except GoldError as error:
            message = self.with_place(in_words_of_options(error))
            raise UsageError(f"--gold {column}: {message}") from error
        if not known.any():
            raise UsageError(f"--gold {column}: none of the {len(self.frame):,} rows has a label.")
        return self.frame[column]


def place_of(each: Input, place: int) -> str:
    """Where a record stands, in words."""
    return f"{'row' if each.kind == 'parquet' else 'line'} {place:,} of {str(each.path)!r}"


def read_data(
    inputs: Sequence[Input], columns: list[str] | None, types: Mapping[str, str], *, progress: bool = False
) -> Data:
    """Files of data as one frame.

    Parameters
    ----------
    inputs : sequence of Input
        The files.
    columns : list of str, optional
        The columns to read; all by default.
    types : mapping of str to str
        Their types, where they are not to be as the files say, or as they seem.
    progress : bool
        Show a progress bar where it takes more than a second.

    Raises
    ------
    UsageError
        If there is no row in any of them.
    DatasetError, ColumnError
        If a file cannot be read as what its ending says, or has other columns than the first.
    """
    import numpy as np
    import pyarrow as pa
    from tqdm.auto import tqdm

    from weaklab.apply.files.shapes import read_batches, shape_of

    shape = shape_of(inputs, columns, types, misfits=False)
    tables, places, rows, bad = [shape.schema.empty_table()], [np.empty(0, dtype=np.int64)], [], []
    for each in tqdm(inputs, desc="Reading", unit="file", delay=1, disable=not progress or len(inputs) == 1):
        batches = list(read_batches(each, shape))
        tables += [batch.table for batch in batches]
        places += [batch.places for batch in batches]
        rows.append(sum(batch.table.num_rows for batch in batches))
        bad += [(each, one) for batch in batches for one in batch.bad]
    unread = ""
    if bad:
        where, first = bad[0]
        unread = (
            f"{len(bad):,} {'record cannot' if len(bad) == 1 else 'records cannot'} be read; the first is "
            f"{place_of(where, first.place)}: {first.reason}."
        )
    if not sum(rows):
        names = "it has no row" if len(inputs) == 1 else f"none of the {len(inputs):,} files has a row"
        raise UsageError(f"{str(inputs[0].path)!r} holds no data: {names}.{unread and ' ' + unread}")
    frame = pa.concat_tables(tables).to_pandas()
    return Data(frame, tuple(inputs), tuple(accumulate(rows[:-1], initial=0)), np.concatenate(places), unread)


def tell_unread(data: Data) -> None:
    """Warn of records that are left out."""
    if data.unread:
        warn_caller(f"{data.unread} They are left out.", FaultWarning)
