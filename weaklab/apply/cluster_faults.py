"""Where labeling functions fail on a frame that is spread over a cluster."""

from __future__ import annotations

from typing import Any

from weaklab.apply.dask_frames import faults_on_dask
from weaklab.apply.errands import make_errand
from weaklab.apply.spark_frames import faults_on_spark
from weaklab.exceptions import FrameError
from weaklab.typing import Classes
from weaklab.votes.engines import engine_of


def cluster_faults(lfs: Any, frame: Any, *, classes: Classes = None) -> Any:
    """Count, partition by partition, where labeling functions fail.

    ``apply(..., on_error="abstain")`` on one machine warns, and keeps rows and tracebacks; on a cluster its workers log
    what fails (logger ``weaklab.apply``), and this runs the labeling functions once more and counts.

    Parameters
    ----------
    lfs : labeling function, or iterable of labeling functions
        As for ``apply``.
    frame : dask or pyspark DataFrame
        The data.
    classes : int or sequence of hashable, optional
        As for ``apply``.

    Returns
    -------
    dask or pyspark DataFrame
        Lazy. A row per partition (with Spark: per batch) and labeling function that fails there: ``partition``,
        ``labeling function``, how many rows ``failed``, of how many ``rows``, and the ``reason`` of the first.

    Raises
    ------
    FrameError
        If the frame is of one machine.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> import pandas as pd
    >>> def half(row):
    ...     return 1 if 1 / row.n > 0.5 else None
    >>> frame = dd.from_pandas(pd.DataFrame({"n": [2, 0, 1, 0]}), npartitions=2)
    >>> cluster_faults(half, frame).compute()[["partition", "labeling function", "failed", "rows"]]
       partition labeling function  failed  rows
    0          0              half       1     2
    0          1              half       1     2
    """
    engine = engine_of(frame)
    if engine is None:
        raise FrameError(
            "This counts faults on frames of Dask and Spark; of any other, apply(..., on_error='abstain') keeps them: "
            "votes.attrs['faults']."
        )
    errand = make_errand(lfs, frame.columns, classes=classes, on_error="abstain", n_jobs=1, cache=False, timeout=None)
    return faults_on_dask(errand, frame) if engine == "dask" else faults_on_spark(errand, frame)
