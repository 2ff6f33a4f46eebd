"""Parquet files: their schema from the footer, their rows in batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from weaklab.apply.files.batches import Batch, batch_rows
from weaklab.exceptions import DatasetError


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """A file to read, in small pieces rather than whole row groups.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{str(path)!r} cannot be read as Parquet: {error}") from error


def schema_of(path: Path) -> pa.Schema:
    """The columns and their types."""
    with opened(path) as file:
        return file.schema_arrow


def rows_of(path: Path) -> int:
    """How many rows the footer says there are."""
    with opened(path) as file:
        return int(file.metadata.num_rows)


def read(path: Path, schema: pa.Schema, rows: int | None) -> Iterator[Batch]:
    """The rows, batch by batch, as they stand in the file.

    Parameters
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        The columns to read; their types are not looked at.
    rows : int, optional
        How many rows there are in a batch; None takes as many as :func:`batch_rows` says.
    """
    with opened(path) as file:
        meta, there = file.metadata, set(file.schema_arrow.names)
        nbytes = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
        size = batch_rows(nbytes, meta.num_rows) if rows is None else rows
        columns = [name for name in schema.names if name in there]
        start = 0
        for batch in file.iter_batches(batch_size=size, columns=columns):
            table = pa.Table.from_batches([batch]).select(columns)
            yield Batch(table, np.arange(start, start + table.num_rows), [])
            start += table.num_rows
        if start != meta.num_rows:
            raise DatasetError(f"{str(path)!r} says that it has {meta.num_rows:,} rows, but gave {start:,}.")
