"""Appliers of slicing functions to frames of Dask; ``PandasParallelSFApplier``, which stands here, needs no Dask."""

from __future__ import annotations

from weaklab.snorkel.labeling.apply.dask import DaskLFApplier
from weaklab.snorkel.slicing.apply.core import PandasParallelSFApplier

__all__ = ["DaskSFApplier", "PandasParallelSFApplier"]


class DaskSFApplier(DaskLFApplier):
    """Run slicing functions over the rows of a Dask DataFrame: a record array, with a field per slice."""

    _use_recarray = True
