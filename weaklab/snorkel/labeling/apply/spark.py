"""Appliers of labeling functions to RDDs of Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from weaklab.apply.frames import Items
from weaklab.apply.shipping import dumps, loads_once
from weaklab.apply.spark_frames import import_spark
from weaklab.exceptions import FrameError
from weaklab.snorkel.labeling.apply.core import ApplierMetadata, BaseLFApplier, LFApplier


class SparkLFApplier(BaseLFApplier):
    """Run labeling functions over the rows of an RDD, where they are; the votes come to the driver.

    Where they are to stay on the cluster, use :func:`weaklab.apply` on a Spark DataFrame.

    Parameters
    ----------
    lfs : list of LabelingFunction
        One at least. They get rows as the RDD holds them, such as a ``pyspark.sql.Row``.
    """

    def apply(self, data_points: Any, fault_tolerant: bool = False, return_meta: bool = False) -> Any:
        """The votes, in the order of the RDD.

        Parameters
        ----------
        data_points : pyspark RDD of n rows, or DataFrame
            The data.
        fault_tolerant, return_meta : bool
            As in :meth:`weaklab.snorkel.labeling.LFApplier.apply`.

        Returns
        -------
        ndarray of int64 of shape (n, m), or (ndarray, ApplierMetadata)

        Raises
        ------
        MissingExtraError
            If pyspark is not installed.
        FrameError
            If the data are none of Spark.
        """
        import_spark()
        rdd = data_points.rdd if hasattr(data_points, "rdd") else data_points
        if not hasattr(rdd, "mapPartitions"):
            raise FrameError(f"SparkLFApplier takes an RDD of Spark; got {type(data_points).__name__}.")
        parts = rdd.mapPartitions(partial(_votes_on, packed=dumps((self._lfs, fault_tolerant)))).collect()
        votes = [np.frombuffer(content, dtype=np.int64).reshape(-1, len(self._lfs)) for content, _ in parts]
        L = self._as_output(np.concatenate(votes) if votes else np.empty((0, len(self._lfs)), dtype=np.int64))
        faults: Counter[str] = Counter()
        for _, failed in parts:
            faults.update(failed)
        return (L, ApplierMetadata(dict(faults))) if return_meta else L


def _votes_on(rows: Iterator[Any], packed: bytes) -> Iterator[tuple[bytes, dict[str, int]]]:
    """The votes on a partition; bytes, so that the driver needs no numpy of the worker's version."""
    lfs, fault_tolerant = loads_once(packed)
    points = Items(rows)
    if points:
        L, said = LFApplier(lfs).apply(points, progress_bar=False, fault_tolerant=fault_tolerant, return_meta=True)
        yield L.tobytes(), said.faults
