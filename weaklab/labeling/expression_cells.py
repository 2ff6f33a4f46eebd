"""Cells as polars columns, in the few types that expressions see, whatever frame or row they came from."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from weaklab.exceptions import FrameError
from weaklab.labeling.declarative import is_missing
from weaklab.labeling.explanations import short

_TYPES: Mapping[str, Any] = {"bool": pl.Boolean, "int": pl.Int64, "float": pl.Float64, "text": pl.String}
#: A missing cell has no type, and some functions of polars want one; these are tried in turn.
_TYPES_OF_MISSING: tuple[Any, ...] = (pl.Null, pl.String, pl.Float64, pl.Int64, pl.Boolean, pl.Date, pl.Datetime("us"))


def kind_of(cell: Any, column: Hashable) -> str:
    """The kind of a cell: "missing", "bool", "int", "float", "text", "date", "time", "zoned time" or "duration".

    Raises
    ------
    FrameError
        If it is of none, or an int beyond 64 bits.

    Examples
    --------
    >>> kind_of(3, "n"), kind_of(None, "n")
    ('int', 'missing')
    """
    if is_missing(cell):
        return "missing"
    if isinstance(cell, (bool, np.bool_)):
        return "bool"
    if isinstance(cell, (int, np.integer)) and -(2**63) <= int(cell) < 2**63:
        return "int"
    if isinstance(cell, (float, np.floating)):
        return "float"
    if isinstance(cell, str) and _is_utf8(cell):
        return "text"
    if isinstance(cell, datetime):
        return "time" if cell.tzinfo is None else "zoned time"
    if isinstance(cell, date):
        return "date"
    if isinstance(cell, timedelta):
        return "duration"
    raise FrameError(
        f"column {column!r} holds {short(cell)} ({type(cell).__name__}), which expressions cannot read; they read "
        f"bools, ints of 64 bits, floats, texts in Unicode, dates and times."
    )


def as_column(cells: Sequence[Any], kind: str) -> pl.Series:
    """Cells of one kind, some of which may be missing, as a column."""
    if kind == "missing":
        return pl.Series([None] * len(cells), dtype=pl.Null)
    plain = [None if is_missing(cell) else _plain(cell, kind) for cell in cells]
    return pl.Series(plain, dtype=_TYPES.get(kind))


def _plain(cell: Any, kind: str) -> Any:
    if isinstance(cell, pd.Timestamp):
        return cell.to_pydatetime(warn=False)
    if isinstance(cell, pd.Timedelta):
        return cell.to_pytimedelta()
    if kind == "text":
        return str(cell)
    return cell.item() if isinstance(cell, np.generic) else cell


def holds(expression: pl.Expr, cells: pl.DataFrame) -> np.ndarray:
    """Where an expression is true.

    Parameters
    ----------
    expression : polars.Expr
        Of the columns of ``cells``, row by row.
    cells : polars.DataFrame of n rows
        In the types that :func:`as_column` makes.

    Returns
    -------
    ndarray of bool of shape (n,)
        False where it is missing.

    Raises
    ------
    FrameError
        If it cannot be computed of cells of these types, or is neither true nor false.
    """
    reason: Exception | None = None
    for frame in _typed(cells):
        try:
            found = frame.select(expression.alias("found")).to_series()
        except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
            reason = reason or error
            continue
        if found.dtype not in (pl.Boolean, pl.Null):
            raise FrameError(f"the expression gives {found.dtype}, where true or false was expected.")
        return found.cast(pl.Boolean).fill_null(value=False).to_numpy()
    said = str(reason).split("\n", maxsplit=1)[0]
    first = {name: f" such as {short(cells[name][0])}" if cells.height else "" for name in cells.columns}
    types = ", ".join(f"{name!r}: {dtype}{first[name]}" for name, dtype in cells.schema.items())
    raise FrameError(f"the expression cannot be computed: {said} (columns {types}).") from reason


def _typed(cells: pl.DataFrame) -> Iterator[pl.DataFrame]:
    untyped = [name for name, dtype in cells.schema.items() if dtype == pl.Null]
    for types in product(_TYPES_OF_MISSING, repeat=len(untyped)):
        yield cells.cast(dict(zip(untyped, types, strict=True))) if untyped else cells


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
