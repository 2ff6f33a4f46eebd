"""Columns of a frame that cells are written into, without a silent change of type."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from weaklab.apply.frames import object_array
from weaklab.exceptions import ReturnValueError, shown

#: What :func:`pandas.api.types.infer_dtype` may say of cells for a column of a kind.
FITTING = {
    "i": ("integer",),
    "u": ("integer",),
    "f": ("floating", "integer", "mixed-integer-float"),
    "b": ("boolean",),
    "U": ("string",),
}


class WrittenColumns:
    """A frame whose cells are replaced, column by column; columns that are not written to are not copied.

    Parameters
    ----------
    frame : DataFrame with the index 0..n-1
        What it is at first; it is not changed.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.written: dict[Hashable, Any] = {}
        self.new: dict[Hashable, np.ndarray] = {}

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The columns, in order; new ones last."""
        return (*self.frame.columns, *self.new)

    def column(self, name: Hashable) -> pd.Series:
        """A column as it is now."""
        if name in self.new:
            return pd.Series(self.new[name])
        return pd.Series(self.written[name]) if name in self.written else self.frame[name]

    def whole(self) -> pd.DataFrame:
        """The frame as it is now."""
        out = self.frame.copy(deep=False)
        for name, values in self.written.items():
            out[name] = values
        for name, cells in self.new.items():
            out[name] = pd.Series(cells, dtype=object).infer_objects()
        return out

    def write(self, name: Hashable, rows: np.ndarray, cells: Sequence[Any], who: str) -> None:
        """Replace the cells of some rows.

        Parameters
        ----------
        name : hashable
            The column; one that is not there is made, with None in all other rows.
        rows : ndarray of int
            Positions.
        cells : sequence
            One per row.
        who : str
            Whose cells they are, for the error.

        Raises
        ------
        ReturnValueError
            If the column cannot hold one of them as it is.
        """
        if name not in self.frame.columns:
            if name not in self.new:
                self.new[name] = np.full(len(self.frame), None, dtype=object)
            self.new[name][rows] = object_array(cells)
            return
        if name not in self.written:
            self.written[name] = self.frame[name].array.copy()
        array, dtype = self.written[name], self.frame[name].dtype
        try:
            array[rows] = _fitting(cells, dtype)
        except (TypeError, ValueError, OverflowError) as error:
            at, cell = next((i, cell) for i, cell in enumerate(cells) if not _fits(cell, dtype))
            raise ReturnValueError(
                f"{who} gave {shown(cell)} ({type(cell).__name__}) for column {name!r} at its row {int(rows[at])}; the "
                f"column is {dtype}. Give such a value, or the column a type that holds it."
            ) from error


def _fitting(cells: Sequence[Any], dtype: Any) -> Any:
    """The cells as an array of a column's type.

    Raises
    ------
    TypeError, ValueError
        If one would be changed by it.
    """
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return object_array(cells)
    if isinstance(cells, pd.Series) and cells.dtype == dtype:
        return cells.array
    kind = "U" if isinstance(dtype, pd.StringDtype) else getattr(dtype, "kind", "O")
    found = infer_dtype(cells, skipna=True)
    if kind in FITTING and not isinstance(dtype, pd.ArrowDtype) and found not in (*FITTING[kind], "empty"):
        raise TypeError(f"{found} cells")
    objects = object_array(cells)
    missing = pd.isna(objects)
    if isinstance(dtype, np.dtype) and dtype.kind in "iub" and missing.any():
        raise TypeError("missing cells")
    if isinstance(dtype, pd.CategoricalDtype) and not pd.Series(objects[~missing]).isin(dtype.categories).all():
        raise TypeError("other categories")
    return pd.array(objects, dtype=dtype)


def _fits(cell: Any, dtype: Any) -> bool:
    try:
        _fitting([cell], dtype)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
