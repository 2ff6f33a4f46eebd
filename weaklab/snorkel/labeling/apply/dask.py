"""Appliers of labeling functions to frames of Dask; ``PandasParallelLFApplier``, which stands here, needs no Dask."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.apply import apply, cluster_faults
from weaklab.exceptions import FrameError
from weaklab.snorkel.labeling.apply.core import ApplierMetadata, BaseLFApplier, errors_of_functions
from weaklab.snorkel.labeling.apply.pandas import PandasParallelLFApplier
from weaklab.votes.engines import engine_of

__all__ = ["DaskLFApplier", "PandasParallelLFApplier"]

#: The classes are not known before the votes are, and Dask wants their type: 16 bits, as for so many.
CLASSES = 2**15 - 1


class DaskLFApplier(BaseLFApplier):
    """Run labeling functions over the rows of a Dask DataFrame, partition by partition.

    Parameters
    ----------
    lfs : list of LabelingFunction
        One at least.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> import pandas as pd
    >>> from weaklab.snorkel.labeling import labeling_function
    >>> @labeling_function()
    ... def big(x):
    ...     return 1 if x.num > 42 else 0
    >>> frame = dd.from_pandas(pd.DataFrame({"num": [10, 100]}), npartitions=2)
    >>> DaskLFApplier([big]).apply(frame, scheduler="threads")
    array([[0],
           [1]])
    """

    def apply(
        self, df: Any, scheduler: Any = "processes", fault_tolerant: bool = False, return_meta: bool = False
    ) -> Any:
        """The votes, in the order of the partitions.

        Parameters
        ----------
        df : dask DataFrame of n rows
            The data.
        scheduler : str or dask.distributed.Client
            What runs it.
        fault_tolerant : bool
            Whether a labeling function that fails on a row abstains there.
        return_meta : bool
            Whether to return metadata too, for which labeling functions run once more where faults are tolerated.

        Returns
        -------
        ndarray of int64 of shape (n, m), or (ndarray, ApplierMetadata)

        Raises
        ------
        FrameError
            If the frame is none of Dask.
        """
        if engine_of(df) != "dask":
            raise FrameError(f"DaskLFApplier takes a Dask DataFrame; got {type(df).__name__}. See PandasLFApplier.")
        lazy: Any = apply(
            self._lfs, df, classes=CLASSES, on_error="abstain" if fault_tolerant else "raise", cache=False
        )
        with errors_of_functions():
            L = self._as_output(np.asarray(lazy.compute(scheduler=scheduler)).astype(np.int64))
        if not return_meta:
            return L
        if not fault_tolerant:
            return L, ApplierMetadata({})
        table = cluster_faults(self._lfs, df, classes=CLASSES).compute(scheduler=scheduler)
        return L, ApplierMetadata(table.groupby("labeling function")["failed"].sum().to_dict())
