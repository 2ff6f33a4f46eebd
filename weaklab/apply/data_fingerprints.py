"""Fingerprints of data: the contents of columns, in the type that labeling functions see them in."""

from __future__ import annotations

import datetime as dt
import decimal
import marshal
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from weaklab.apply.fingerprints import Fingerprinter
from weaklab.apply.frames import (
    ArrowReader,
    FrameReader,
    ObjectReader,
    PandasReader,
    PolarsReader,
    RecordReader,
    read_frame,
)
from weaklab.apply.value_fingerprints import PLAIN, Unfingerprintable

#: Cells of these kinds cannot be changed in place.
_FIXED = PLAIN | {pd.Timestamp, pd.Timedelta, type(pd.NA), type(pd.NaT), dt.date, dt.datetime, dt.time, dt.timedelta}
_FIXED |= {decimal.Decimal}


class _Sink:
    """A file that is only taken in."""

    closed = False

    def __init__(self, taker: Fingerprinter) -> None:
        self.taker = taker

    def write(self, content: Any) -> int:
        self.taker.token("", memoryview(content))
        self.taker.check_time()
        return len(content)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""


class DataFingerprints:
    """The fingerprints of one frame, each taken once.

    Parameters
    ----------
    reader : FrameReader
        The frame.
    """

    def __init__(self, reader: FrameReader) -> None:
        self.reader = reader
        self._columns: dict[Hashable, tuple[bytes, bool]] = {}

    def columns(self, names: Sequence[Hashable], deadline: float) -> bytes:
        """The digest of the columns that a labeling function says it reads."""
        self._check_cells()
        taker = Fingerprinter(deadline)
        for name in names:
            taker.token("column", self._column(self.reader.names.index(name), deadline)[0])
        return taker.digest()

    def whole(self, deadline: float, *, with_index: bool = False, have_run: bool = False) -> bytes:
        """The digest of all columns, and of the index for functions of the frame.

        With ``have_run``, labeling functions have seen the cells already, and may have changed what is in them.

        Raises
        ------
        Unfingerprintable
            If a cell has no value to judge it by, or one that could be, or have been, changed in place.
        """
        self._check_cells()
        taker = Fingerprinter(deadline)
        taker.add((type(self.reader).__name__, self.reader.n))
        taker.add(self.reader.names)
        for place in range(len(self.reader.names)):
            digest, fixed = self._column(place, deadline)
            if (with_index or have_run) and not fixed:
                raise Unfingerprintable(f"reads column {self.reader.names[place]!r}, whose cells it could change")
            taker.token("column", digest)
        if isinstance(self.reader, RecordReader) and with_index:
            # A missing key is a missing cell to a row, and more than that to a function of a list of dicts.
            kinds = map(type, self.reader.given)
            taker.add([(kind, tuple(each)) for kind, each in zip(kinds, self.reader.records, strict=True)])
        if with_index:
            frame = getattr(self.reader, "frame", None)
            taker.add((getattr(frame, "attrs", None), getattr(getattr(frame, "columns", None), "name", None)))
            add_table(taker, self.reader.index)
        return taker.digest()

    def _check_cells(self) -> None:
        if isinstance(self.reader, ObjectReader):
            raise Unfingerprintable("reads objects, which may change by themselves")

    def _column(self, place: int, deadline: float) -> tuple[bytes, bool]:
        if place not in self._columns:
            taker = Fingerprinter(deadline)
            taker.check_time()
            fixed = _add_column(taker, self.reader, place)
            self._columns[place] = (taker.digest(), fixed)
        return self._columns[place]


def add_table(taker: Fingerprinter, table: Any) -> None:
    """Take in a frame, a column or an index of pandas, polars or pyarrow."""
    taker.token("table", type(table).__qualname__.encode())
    taker.add((type(table), [(name, getattr(table, name, None)) for name in ("attrs", *_own_attributes(table))]))
    if isinstance(table, pd.MultiIndex):
        table = table.to_frame(index=False)
    elif isinstance(table, pd.RangeIndex):
        taker.add((table.start, table.stop, table.step, table.name))
        return
    if isinstance(table, (pd.Series, pd.Index, pl.Series)):
        taker.add(table.name)
        if isinstance(table, pd.Series):
            add_table(taker, table.index)
        table = pd.DataFrame({"": table.array}) if not isinstance(table, pl.Series) else table.to_frame()
    elif isinstance(table, pd.DataFrame):
        taker.add(list(table.columns.names))
        add_table(taker, table.index)
    reader = read_frame(table)
    taker.add(reader.names)
    for place in range(len(reader.names)):
        _add_column(taker, reader, place)


def _own_attributes(table: Any) -> list[str]:
    """The names of attributes that a class made of one of pandas has beside its columns."""
    return [name for name in getattr(type(table), "_metadata", ()) if name != "_name"]


def _add_column(taker: Fingerprinter, reader: FrameReader, place: int) -> bool:
    """Take a column in; whether its cells are of kinds that nobody can change in place."""
    if isinstance(reader, PandasReader):
        return _add_pandas(taker, reader.frame.iloc[:, place])
    if isinstance(reader, ArrowReader):
        return _add_arrow(taker, reader.table.column(place))
    if isinstance(reader, PolarsReader):
        series = reader.frame.to_series(place)
        taker.token("dtype", repr(series.dtype).encode())
        return (
            _add_cells(taker, series.to_list()) if series.dtype == pl.Object else _add_arrow(taker, series.to_arrow())
        )
    return _add_cells(taker, reader.cells(reader.names[place], 0, reader.n))


def _add_pandas(taker: Fingerprinter, column: pd.Series) -> bool:
    dtype = column.dtype
    taker.token("dtype", f"{dtype!r} {getattr(dtype, 'storage', '')}".encode())
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        taker.add(column.to_numpy())
        return True
    if isinstance(dtype, pd.CategoricalDtype):
        taker.add((bool(dtype.ordered), column.cat.codes.to_numpy()))
        add_table(taker, dtype.categories)
        return set(map(type, dtype.categories)) <= _FIXED
    if isinstance(dtype, (pd.StringDtype, pd.ArrowDtype)):
        try:
            return _add_arrow(taker, column.array.__arrow_array__())
        except UnicodeEncodeError:  # lone surrogates, which pandas then holds as Python's strings
            pass
    if isinstance(column.array, (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray)):
        plain = dtype.numpy_dtype
        taker.add((column.array.to_numpy(dtype=plain, na_value=plain.type(0)), column.isna().to_numpy()))
        return True
    if isinstance(column.array, (pd.arrays.DatetimeArray, pd.arrays.PeriodArray)):  # with a time zone, or a frequency
        taker.add(column.array.asi8)
        return True
    return _add_cells(taker, column.tolist())


def _add_arrow(taker: Fingerprinter, array: Any) -> bool:
    table = pa.table({"": array})
    with pa.ipc.new_stream(pa.PythonFile(_Sink(taker), "w"), table.schema) as stream:
        stream.write_table(table)
    return not pa.types.is_nested(table.schema.field(0).type)


def _add_cells(taker: Fingerprinter, cells: list[Any]) -> bool:
    kinds = set(map(type, cells))
    if kinds <= PLAIN:
        for start in range(0, len(cells), 65_536):
            taker.token("cells", marshal.dumps(cells[start : start + 65_536], 2))
            taker.check_time()
    else:
        taker.add(cells)
    return kinds <= _FIXED
