"""Labeling functions over a Spark DataFrame: batch by batch of each partition, and nothing before somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from weaklab.apply.errands import Errand, fault_table
from weaklab.apply.shipping import loads_once
from weaklab.exceptions import ColumnError, MissingExtraError, ParameterError, did_you_mean


def import_spark() -> Any:
    """The types of Spark's columns, ``pyspark.sql.types``.

    Raises
    ------
    MissingExtraError
        If pyspark is not installed.
    """
    try:
        import pyspark.sql.types
    except ImportError as error:
        raise MissingExtraError('Spark frames need an extra package: pip install "weaklab[spark]".') from error
    return pyspark.sql.types


def apply_on_spark(errand: Errand, frame: Any, keep: Sequence[str] = ()) -> Any:
    """Votes on a Spark DataFrame.

    Parameters
    ----------
    errand : Errand
        What to run.
    frame : pyspark DataFrame
        The data.
    keep : sequence of str
        The columns of the frame that stand before the votes.

    Returns
    -------
    pyspark DataFrame
        The kept columns, and one per labeling function. Nothing is computed yet.

    Raises
    ------
    ParameterError, ColumnError
        If a column to keep has the name of a labeling function, or is not there.
    """
    types = import_spark()
    if isinstance(keep, str):
        raise ParameterError(f"keep={keep!r} must be a list of columns; say keep=[{keep!r}].")
    for name in keep:
        if name not in frame.columns:
            raise ColumnError(f"keep: the frame has no column {name!r}.{did_you_mean(name, frame.columns)}")
        if name in errand.names:
            raise ParameterError(f"keep: the column {name!r} has the name of a labeling function; rename one.")
    votes = [types.StructField(name, vote_type(types, errand.dtype), nullable=False) for name in errand.names]
    schema = types.StructType([*(frame.schema[name] for name in keep), *votes])
    return frame.mapInPandas(partial(_votes_on, packed=errand.packed(), keep=list(keep)), schema)


def vote_type(types: Any, dtype: np.dtype) -> Any:
    """Spark's name for a type of votes."""
    return {1: types.ByteType, 2: types.ShortType, 4: types.IntegerType}[dtype.itemsize]()


def numbered(batches: Iterator[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, int, int]]:
    """Batches of a partition, with its number and that of the first row within it."""
    from pyspark import TaskContext

    context, row = TaskContext.get(), 0
    number = -1 if context is None else context.partitionId()
    for batch in batches:
        yield batch, number, row
        row += len(batch)


def _votes_on(batches: Iterator[pd.DataFrame], packed: bytes, keep: list[str]) -> Iterator[pd.DataFrame]:
    for batch, number, row in numbered(batches):
        votes, _ = loads_once(packed).run(batch, f"the rows from {row:,} on of partition {number}")
        yield pd.concat([batch[keep], votes], axis=1) if keep else votes


def faults_on_spark(errand: Errand, frame: Any) -> Any:
    """What fails on a Spark DataFrame, as a lazy one: see :func:`weaklab.apply.cluster_faults`."""
    types = import_spark()
    kinds = {np.dtype(np.int64): types.LongType()}
    none = fault_table({}, 0, 0).dtypes
    schema = types.StructType([types.StructField(n, kinds.get(d, types.StringType())) for n, d in none.items()])
    return frame.mapInPandas(partial(_faults_on, packed=errand.packed()), schema)


def _faults_on(batches: Iterator[pd.DataFrame], packed: bytes) -> Iterator[pd.DataFrame]:
    for batch, number, row in numbered(batches):
        faults = loads_once(packed).run(batch, f"the rows from {row:,} on of partition {number}")[1]
        yield fault_table(faults, number, len(batch))
