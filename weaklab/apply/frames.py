"""The data that labeling functions run over: one way to read pandas, polars, pyarrow, datasets, lists of records."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from weaklab.exceptions import ColumnError, FrameError, did_you_mean
from weaklab.labeling import Row
from weaklab.labeling.rows import named_values


class FrameReader(ABC):
    """Reads the columns of one frame.

    Attributes
    ----------
    n : int
        How many rows there are.
    index : pandas.Index
        The frame's own, or 0..n-1 where it has none.
    names : tuple of hashable
        The columns, in order.
    """

    n: int
    index: pd.Index
    names: tuple[Hashable, ...]

    @abstractmethod
    def cells(self, name: Hashable, start: int, stop: int) -> list[Any]:
        """Some rows of one column as Python objects, in the type of the column."""

    @abstractmethod
    def for_batch(self) -> Any:
        """The frame for a labeling function that takes it whole; what is done to it must not reach the user's."""

    def columns(self, names: Sequence[Hashable]) -> pd.DataFrame:
        """Some columns as a pandas frame, which shares nothing that could be written to."""
        cells = {name: pd.Series(object_array(self.cells(name, 0, self.n)), index=self.index) for name in names}
        return pd.DataFrame({name: column.infer_objects() for name, column in cells.items()}, index=self.index)

    def texts(self, name: Hashable) -> pl.Series | None:
        """A column of strings, without conversion where that is possible; None where it holds other things."""
        return None

    def numbers(self, name: Hashable) -> tuple[np.ndarray, np.ndarray | None] | None:
        """A column of numbers (n,) and where they are missing (n,); None where it holds other things."""
        return None

    def check_column(self, name: Hashable, reader: str) -> None:
        """Check that a column is there, once.

        Raises
        ------
        ColumnError
            If the frame has no such column.
        FrameError
            If it has several.
        """
        there = self.names.count(name)
        if there == 0:
            raise ColumnError(
                f"{reader} reads column {name!r}, which the frame does not have.{did_you_mean(name, self.names)}"
            )
        if there > 1:
            raise FrameError(f"{reader} reads column {name!r}, which the frame has {there} times; rename them.")


class PandasReader(FrameReader):
    """Reads a pandas DataFrame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.n = len(frame)
        self.index = frame.index
        self.names = tuple(frame.columns)
        self._places = {name: place for place, name in enumerate(self.names)}

    def _column(self, name: Hashable) -> pd.Series:
        return self.frame.iloc[:, self._places[name]]

    def cells(self, name: Hashable, start: int, stop: int) -> list[Any]:
        """Ints, bools and floats of Python, numpy's narrow floats, Timestamps, NA: as pandas has them."""
        column = self._column(name).iloc[start:stop]
        plain = getattr(column.dtype, "numpy_dtype", column.dtype)  # of nullable and of arrow's types too
        if not (isinstance(plain, np.dtype) and plain.kind == "f" and plain.itemsize < 8):
            return column.tolist()
        # tolist() would widen float32 to Python's float, which compares otherwise.
        if isinstance(column.dtype, np.dtype):
            return list(column.to_numpy())
        cells = column.to_numpy(dtype=plain, na_value=np.nan)
        return [pd.NA if gone else cell for cell, gone in zip(cells, column.isna(), strict=True)]

    def for_batch(self) -> pd.DataFrame:
        """A copy; a lazy one where pandas copies on write."""
        return self.frame.copy(deep=not _copies_on_write())

    def columns(self, names: Sequence[Hashable]) -> pd.DataFrame:
        """The columns as they are, copied where pandas does not copy on write."""
        return self.frame.iloc[:, [self._places[name] for name in names]].copy(deep=not _copies_on_write())

    def texts(self, name: Hashable) -> pl.Series | None:
        """The strings as pandas' arrow-backed arrays hold them."""
        column = self._column(name)
        if not isinstance(column.dtype, pd.StringDtype):
            return None
        try:
            series = pl.from_arrow(column.array.__arrow_array__())
        except UnicodeEncodeError:
            return None  # lone surrogates, which Python's strings may hold and arrow's may not
        return series if isinstance(series, pl.Series) and series.dtype == pl.String else None

    def numbers(self, name: Hashable) -> tuple[np.ndarray, np.ndarray | None] | None:
        """Numbers of numpy kinds, and pandas' nullable ones with where they are NA."""
        column = self._column(name)
        if isinstance(column.dtype, np.dtype):
            return (column.to_numpy(), None) if column.dtype.kind in "iufb" else None
        if isinstance(column.array, (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray)):
            plain = column.dtype.numpy_dtype
            return column.array.to_numpy(dtype=plain, na_value=plain.type(0)), column.isna().to_numpy()
        return None


class PolarsReader(FrameReader):
    """Reads a polars DataFrame."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.n = frame.height
        self.index = pd.RangeIndex(self.n)
        self.names = tuple(frame.columns)

    def _column(self, name: Hashable) -> pl.Series:
        return self.frame.get_column(str(name))

    def cells(self, name: Hashable, start: int, stop: int) -> list[Any]:
        """Python objects, numpy's narrow floats; dates with time as Timestamps, which keep nanoseconds."""
        column = self._column(name).slice(start, stop - start)
        if column.dtype in (pl.Datetime, pl.Duration):
            return [None if cell is pd.NaT else cell for cell in column.to_pandas().tolist()]
        if column.dtype.is_float() and column.dtype != pl.Float64:
            # to_list() would widen float32 to Python's float, which compares otherwise.
            known = column.is_not_null().to_list()
            return [cell if there else None for cell, there in zip(column.to_numpy(), known, strict=True)]
        return column.to_list()

    def for_batch(self) -> Any:
        """The frame itself is never changed by what is done to its clone."""
        return self.frame.clone()

    def texts(self, name: Hashable) -> pl.Series | None:
        """The strings; categories as strings."""
        column = self._column(name)
        if column.dtype in (pl.Categorical, pl.Enum):
            return column.cast(pl.String)
        return column if column.dtype == pl.String else None

    def numbers(self, name: Hashable) -> tuple[np.ndarray, np.ndarray | None] | None:
        """The numbers, and where they are null."""
        column = self._column(name)
        if not (column.dtype.is_integer() or column.dtype.is_float()):
            return None
        array = column.fill_null(0).to_numpy()
        return (array, column.is_null().to_numpy()) if array.dtype.kind in "iuf" else None


class ArrowReader(PolarsReader):
    """Reads a pyarrow Table."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.n = table.num_rows
        self.index = pd.RangeIndex(self.n)
        self.names = tuple(table.column_names)
        self._converted: dict[Hashable, pl.Series] = {}

    def _column(self, name: Hashable) -> pl.Series:
        if name not in self._converted:
            series = pl.from_arrow(self.table.column(self.names.index(name)))
            assert isinstance(series, pl.Series)
            self._converted[name] = series
        return self._converted[name]

    def for_batch(self) -> Any:
        """The table, which nothing can change."""
        return self.table


class RecordReader(FrameReader):
    """Reads a list of dicts, namedtuples or rows; a key that a record lacks is a missing cell, None."""

    def __init__(self, records: Sequence[Mapping[Hashable, Any]], given: Sequence[Any]) -> None:
        self.records = records
        self.given = given
        self.n = len(records)
        self.index = pd.RangeIndex(self.n)
        self.names = tuple(dict.fromkeys(name for record in records for name in record))

    def cells(self, name: Hashable, start: int, stop: int) -> list[Any]:
        """What the records hold under a name."""
        return [record.get(name) for record in self.records[start:stop]]

    def for_batch(self) -> list[Any]:
        """A list of copies of the records."""
        return [dict(item) if isinstance(item, Mapping) else item for item in self.given]


class ObjectReader(FrameReader):
    """Reads a list of objects with attributes."""

    def __init__(self, objects: Sequence[Any]) -> None:
        self.objects = objects
        self.n = len(objects)
        self.index = pd.RangeIndex(self.n)
        self.names = ()

    def cells(self, name: Hashable, start: int, stop: int) -> list[Any]:
        """One attribute of each object."""
        return [getattr(item, str(name)) for item in self.objects[start:stop]]

    def check_column(self, name: Hashable, reader: str) -> None:
        """Check that every object has an attribute."""
        for i, item in enumerate(self.objects):
            if not isinstance(name, str) or not hasattr(item, name):
                known = [each for each in dir(item) if not each.startswith("_")]
                raise ColumnError(
                    f"{reader} reads attribute {name!r}, which the {type(item).__name__} at row {i} does not have."
                    f"{did_you_mean(name, known)}"
                )

    def for_batch(self) -> list[Any]:
        """A list of the objects themselves."""
        return list(self.objects)


class Items(list[Any]):
    """A list whose items reach labeling functions as they are, whatever they are: texts, numbers, arrays.

    Objects that are no more than their attributes still reach them as rows.

    Examples
    --------
    >>> read_frame(Items(["a text", "another"])).n
    2
    """


def read_frame(frame: Any) -> FrameReader:
    """Find out how to read the data that a user gave.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, Dataset of Hugging Face, list of dicts, list of objects
        The data, a row per item.

    Returns
    -------
    FrameReader

    Raises
    ------
    FrameError
        If it is none of these.

    Examples
    --------
    >>> read_frame([{"text": "a"}, {"text": "b", "stars": 3}]).names
    ('text', 'stars')
    """
    if isinstance(frame, pd.DataFrame):
        return PandasReader(frame)
    if isinstance(frame, Items):
        return ObjectReader(frame)
    if isinstance(frame, pl.DataFrame):
        return PolarsReader(frame)
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(frame, arrow.RecordBatch):
        return ArrowReader(arrow.Table.from_batches([frame]))
    if arrow is not None and isinstance(frame, arrow.Table):
        return ArrowReader(frame)
    if isinstance(frame, (list, tuple)) and not hasattr(frame, "_fields"):
        return _read_list(frame)
    if "datasets" in sys.modules:
        from weaklab.apply.dataset_frames import read_dataset

        dataset = read_dataset(frame)
        if dataset is not None:
            return dataset
    raise FrameError(f"{_kind(frame)} is no frame that labeling functions can run over. {_hint(frame)}")


def _read_list(items: Sequence[Any]) -> FrameReader:
    fields = [item if type(item) is dict else named_values(item) for item in items]
    records = [record for record in fields if record is not None]
    if len(records) == len(items):
        return RecordReader(records, items)
    for i, item in enumerate(items):
        if isinstance(item, (str, bytes, int, float, complex, list, tuple, np.ndarray, np.generic)) or item is None:
            raise FrameError(
                f"Row {i} of the list is {item!r:.60} ({type(item).__name__}), which has no named cells. Give dicts or "
                f"objects with attributes, or a frame, for example pandas.DataFrame({{'text': texts}})."
            )
    if records:
        kinds = Counter(type(item).__name__ for item in items)
        raise FrameError(f"The list mixes records and objects ({dict(kinds)}); give rows of one kind.")
    return ObjectReader(items)


def _kind(frame: Any) -> str:
    return "None" if frame is None else f"A {type(frame).__module__.split('.')[0]}.{type(frame).__name__}"


def _hint(frame: Any) -> str:
    if isinstance(frame, (pd.Series, pl.Series)):
        return "Give a frame: series.to_frame('text')."
    if isinstance(frame, pl.LazyFrame):
        return "Collect it first: frame.collect()."
    if hasattr(frame, "to_spark"):
        return "Give the frame of Spark that it stands on: frame.to_spark()."
    if isinstance(frame, (str, bytes)) or hasattr(frame, "__fspath__"):
        return "To read a file, use for example pandas.read_csv; for one text, call the labeling function on it."
    if isinstance(frame, (Mapping, Row)):
        return "A dict of columns becomes a frame by pandas.DataFrame(...); for one row, call the labeling function."
    if isinstance(frame, np.ndarray):
        return "Name its columns: pandas.DataFrame(array, columns=[...])."
    if hasattr(frame, "__iter__") and not hasattr(frame, "columns"):
        return "Make it a list: list(...)."
    return "Give a pandas or polars DataFrame, a pyarrow Table, or a list of dicts or objects."


def object_array(cells: Sequence[Any]) -> np.ndarray:
    """Cells as an array of objects (n,): one by one, for numpy would make a matrix of cells that are arrays."""
    return np.fromiter(cells, dtype=object, count=len(cells))


def _copies_on_write() -> bool:
    if int(pd.__version__.split(".")[0]) >= 3:
        return True
    return pd.get_option("mode.copy_on_write") is True
