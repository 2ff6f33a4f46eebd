"""Labeling functions over a Dask DataFrame: partition by partition, and nothing before somebody asks."""

from __future__ import annotations

from typing import Any

import pandas as pd

from weaklab.apply.errands import Errand, fault_table
from weaklab.apply.shipping import loads_once
from weaklab.exceptions import MissingExtraError, ParameterError


def import_dask() -> Any:
    """The package ``dask``, with its frames.

    Raises
    ------
    MissingExtraError
        If they are not installed.
    """
    try:
        import dask
        import dask.dataframe
    except ImportError as error:
        raise MissingExtraError('Dask frames need an extra package: pip install "weaklab[dask]".') from error
    return dask


def apply_on_dask(errand: Errand, frame: Any) -> Any:
    """Votes on a Dask DataFrame.

    Parameters
    ----------
    errand : Errand
        What to run.
    frame : dask DataFrame
        The data.

    Returns
    -------
    dask DataFrame
        A column per labeling function, with the index and the divisions of the frame. Nothing is computed yet.
    """
    if errand.timeout is not None:
        raise ParameterError("timeout= needs the main thread of a process, and Dask runs tasks in others; leave it.")
    dask = import_dask()
    none = pd.DataFrame({name: pd.Series(dtype=errand.dtype) for name in errand.names})
    none.index = frame._meta.index[:0]
    packed = dask.delayed(errand.packed())  # sent once to each worker, not with each task
    return frame.map_partitions(_votes_on, packed, meta=none)


def _votes_on(part: pd.DataFrame, packed: bytes, partition_info: dict[str, Any] | None = None) -> pd.DataFrame:
    number = "an unknown partition" if partition_info is None else f"partition {partition_info['number']}"
    votes: pd.DataFrame = loads_once(packed).run(part, number)[0]
    return votes


def faults_on_dask(errand: Errand, frame: Any) -> Any:
    """What fails on a Dask DataFrame, as a lazy one: see :func:`weaklab.apply.cluster_faults`."""
    dask = import_dask()
    none = fault_table({}, 0, 0)
    return frame.map_partitions(_faults_on, dask.delayed(errand.packed()), meta=none)


def _faults_on(part: pd.DataFrame, packed: bytes, partition_info: dict[str, Any] | None = None) -> pd.DataFrame:
    number = -1 if partition_info is None else partition_info["number"]
    return fault_table(loads_once(packed).run(part, f"partition {number}")[1], number, len(part))
