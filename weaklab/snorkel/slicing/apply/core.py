"""Appliers of slicing functions: a record array, with a field per slice."""

from __future__ import annotations

from weaklab.snorkel.labeling.apply.core import LFApplier
from weaklab.snorkel.labeling.apply.pandas import PandasLFApplier, PandasParallelLFApplier


class SFApplier(LFApplier):
    """Run slicing functions over data points: 1 in the slice, 0 outside, -1 where a function abstains."""

    _use_recarray = True


class PandasSFApplier(PandasLFApplier):
    """Run slicing functions over the rows of a frame.

    Examples
    --------
    >>> import pandas as pd
    >>> from weaklab.snorkel.slicing import slicing_function
    >>> @slicing_function()
    ... def big(x):
    ...     return x.num > 42
    >>> PandasSFApplier([big]).apply(pd.DataFrame({"num": [10, 100]}), progress_bar=False).big
    array([0, 1])
    """

    _use_recarray = True


class PandasParallelSFApplier(PandasParallelLFApplier):
    """Run slicing functions over the rows of a frame in several processes."""

    _use_recarray = True
