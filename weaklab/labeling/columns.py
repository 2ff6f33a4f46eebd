"""Columns of a frame of any kind, as labeling functions that ask something learned read them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, did_you_mean
from weaklab.labeling.declarative import check_column, is_missing
from weaklab.labeling.rows import as_row
from weaklab.typing import Floats


def table_of_records(records: Sequence[Any], columns: Sequence[Hashable]) -> pd.DataFrame:
    """Some columns of records (mappings or rows) as a frame."""
    cells = {}
    for name in columns:
        column = np.empty(len(records), dtype=object)  # cells may be arrays, of which pandas would make a matrix
        for i, record in enumerate(records):
            column[i] = record[name]
        cells[name] = pd.Series(column).infer_objects()
    return pd.DataFrame(cells, columns=list(columns))


def as_table(frame: Any, columns: Sequence[Hashable], who: str) -> pd.DataFrame:
    """Some columns of a frame of any kind as a pandas frame.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
        The data.
    columns : sequence of hashable
        Which.
    who : str
        Who reads them, for errors.

    Raises
    ------
    FrameError
        If it is no frame.
    ColumnError
        If a column is not there.
    """
    if not isinstance(frame, pd.DataFrame) and hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if isinstance(frame, (list, tuple)):
        return table_of_records([as_row(item) for item in frame], columns)
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(f"{who}: {type(frame).__name__} is no frame; give a pandas or polars DataFrame.")
    for name in columns:
        if name not in frame.columns:
            raise ColumnError(
                f"{who} reads column {name!r}, which the frame does not have.{did_you_mean(name, frame.columns)}"
            )
    return frame[list(columns)]


def check_reads(column: Any, columns: Any, kind: str) -> tuple[tuple[Hashable, ...], bool]:
    """The columns to read, and whether it is one whose cells are read alone.

    Raises
    ------
    LabelingFunctionError
        If neither or both of ``column`` and ``columns`` are given, or one is no column.
    """
    if (column is None) == (columns is None):
        raise LabelingFunctionError(
            f"{kind}: give column= (one column, such as a text) or columns= (a list of columns, such as numbers)."
        )
    if columns is None:
        return (check_column(column, kind),), True
    if isinstance(columns, (str, bytes)) or not isinstance(columns, Iterable):
        raise LabelingFunctionError(f"{kind}: columns={columns!r} must be a list of columns; for one, say column=.")
    found = tuple(check_column(name, kind) for name in columns)
    if not found:
        raise LabelingFunctionError(f"{kind}: columns= names no column.")
    return found, False


def present_rows(table: pd.DataFrame) -> np.ndarray:
    """The positions of the rows of a frame in which no cell is missing."""
    present = np.ones(len(table), dtype=bool)
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if column.dtype == object:
            present &= np.fromiter((not is_missing(cell) for cell in column), dtype=bool, count=len(column))
        else:
            present &= column.notna().to_numpy(dtype=bool)
    return np.flatnonzero(present)


def numbers_of(table: pd.DataFrame, who: str) -> Floats:
    """A frame of numbers as an array of float64, NaN where a cell is missing.

    Raises
    ------
    FrameError
        If a column holds something else.
    """
    columns = []
    for place, name in enumerate(table.columns):
        try:
            columns.append(table.iloc[:, place].to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError) as error:
            raise FrameError(
                f"{who}: column {name!r} holds things that are no numbers ({error}); leave it out, or give encode=."
            ) from error
    return np.column_stack(columns) if columns else np.empty((len(table), 0))


def row_in_words(index: pd.Index, row: int) -> str:
    """A row of a frame by its position, and its index label where that says more.

    Examples
    --------
    >>> row_in_words(pd.Index([0, 7]), 0), row_in_words(pd.Index([0, 7]), 1)
    ('row 0', 'row 1 (index label 7)')
    """
    label = index[row]
    plain = label.item() if hasattr(label, "item") else label
    return f"row {row}" if type(plain) is int and plain == row else f"row {row} (index label {plain!r})"
