"""Calls of a labeler: rows in, new columns out, checked; and the rows on which it fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from weaklab.apply.files.batches import Batch, find_failures
from weaklab.exceptions import ParameterError, reason_of

#: So many rows in a row, and no other, must fail before it is the labeler that is at fault and not they.
_BROKEN = 100


class LabelerLike(Protocol):
    """What labels files: anything that gives a frame back with more columns, ``label`` among them."""

    def label(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with ``label``, ``confidence`` and ``covered`` added, its rows as they are."""
        ...


def label_batch(
    labeler: LabelerLike, batch: Batch, added: pa.Schema | None, *, set_apart: bool
) -> tuple[Batch, pa.Table | None]:
    """Label the rows of a batch.

    Parameters
    ----------
    labeler : object with ``label``
        Who labels.
    batch : Batch
        The rows.
    added : pyarrow.Schema, optional
        The types of the new columns; None has them as they come.
    set_apart : bool
        Whether rows on which the labeler fails are bad; else the first is an error.

    Returns
    -------
    batch : Batch
        The rows that were labelled; the others are bad.
    columns : pyarrow.Table, or None
        The new columns of these; None where there are no rows.

    Raises
    ------
    ParameterError
        If the labeler does not give what it should.
    """
    frame = batch.frame()
    if not len(frame):
        return batch, None
    call = _quiet(labeler)
    if not set_apart:
        return batch, _new_columns(call(frame.copy(deep=False)), frame, added)
    tables: list[pa.Table] = []
    bad: dict[int, str] = {}

    def label(start: int, stop: int) -> Any:
        return call(frame.iloc[start:stop].copy(deep=False))

    for start, stop, found in find_failures(len(frame), label):
        if isinstance(found, Exception):
            bad[start] = reason_of(found)
            if not tables and len(bad) >= _BROKEN:
                raise found
        else:
            tables.append(_new_columns(found, frame.iloc[start:stop], added))
    return batch.without(bad), pa.concat_tables(tables) if tables else None


def _quiet(labeler: LabelerLike) -> Callable[[pd.DataFrame], Any]:
    """Its method, without a progress bar for each batch: the files have one of their own."""
    label: Callable[..., Any] = labeler.label
    try:
        shows = "progress" in signature(label).parameters
    except (TypeError, ValueError):
        shows = False
    return partial(label, progress=False) if shows else label


def _new_columns(labelled: Any, frame: pd.DataFrame, added: pa.Schema | None) -> pa.Table:
    """The columns that a labeler added, as arrow has them."""
    if not isinstance(labelled, pd.DataFrame) or len(labelled) != len(frame):
        what = f"{len(labelled):,} rows" if isinstance(labelled, pd.DataFrame) else type(labelled).__name__
        raise ParameterError(f"labeler.label() gave {what} for a frame of {len(frame):,} rows; it must keep the rows.")
    if not labelled.index.equals(frame.index):
        raise ParameterError("labeler.label() gave rows in another order, or with another index.")
    for name in frame.columns:
        if name not in labelled.columns:
            raise ParameterError(
                f"labeler.label() gave the frame without its column {name!r}; it must keep all columns."
            )
        if not frame[name].equals(labelled[name]):
            raise ParameterError(
                f"labeler.label() gave column {name!r} changed, and files keep columns as they are: give what is new "
                f"another name."
            )
    names = [name for name in labelled.columns if name not in frame.columns]
    if "label" not in names:
        raise ParameterError(f"labeler.label() gave no column 'label', but {list(labelled.columns)!r:.200}.")
    if added is not None and names != added.names:
        raise ParameterError(f"labeler.label() gave the new columns {names}, but {added.names} before.")
    arrays = [_array(labelled[name], None if added is None else added.field(name).type) for name in names]
    return pa.table(arrays, names=[str(name) for name in names])


def _array(column: pd.Series, kind: pa.DataType | None) -> pa.Array | pa.ChunkedArray:
    """A new column in a type, or in its own, but for what other rows could contradict."""
    try:
        if kind is None:
            own = pa.Array.from_pandas(column).type
            own = own.value_type if pa.types.is_dictionary(own) else own
            # Names of classes, of which none is there.
            kind = pa.string() if pa.types.is_null(own) or pa.types.is_large_string(own) else own
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        return pa.array(column, kind, from_pandas=True)
    except (pa.ArrowException, TypeError) as error:
        raise ParameterError(f"labeler.label() gave a column {column.name!r} that no file holds: {error}") from error
