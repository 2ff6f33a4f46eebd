"""Appliers of labeling functions to pandas frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from weaklab.exceptions import ParameterError
from weaklab.snorkel.labeling.apply.core import BaseLFApplier


class PandasLFApplier(BaseLFApplier):
    """Run labeling functions over the rows of a frame.

    Rows are weaklab's, read by attribute and by item, and cells keep the type of their column; Snorkel's are Series, in
    which an int beside a float becomes a float.

    Parameters
    ----------
    lfs : list of LabelingFunction
        One at least.

    Examples
    --------
    >>> from weaklab.snorkel.labeling import labeling_function
    >>> @labeling_function()
    ... def big(x):
    ...     return 1 if x.num > 42 else 0
    >>> PandasLFApplier([big]).apply(pd.DataFrame({"num": [10, 100]}), progress_bar=False)
    array([[0],
           [1]])
    """

    def apply(
        self, df: pd.DataFrame, progress_bar: bool = True, fault_tolerant: bool = False, return_meta: bool = False
    ) -> Any:
        """The votes; see :meth:`weaklab.snorkel.labeling.LFApplier.apply`."""
        return self._apply(df, progress_bar, fault_tolerant, return_meta)


class PandasParallelLFApplier(BaseLFApplier):
    """Run labeling functions over the rows of a frame in several processes; rows keep their order.

    Parameters
    ----------
    lfs : list of LabelingFunction
        One at least.
    """

    def apply(
        self,
        df: pd.DataFrame,
        n_parallel: int = 2,
        scheduler: Any = "processes",
        fault_tolerant: bool = False,
        return_meta: bool = False,
    ) -> Any:
        """The votes.

        Parameters
        ----------
        df : DataFrame of n rows
            The data.
        n_parallel : int
            How many processes, from 2.
        scheduler : str
            Taken, and without meaning: there are always processes.
        fault_tolerant, return_meta : bool
            As in :meth:`weaklab.snorkel.labeling.LFApplier.apply`.

        Raises
        ------
        ParameterError
            If there are fewer than two processes.
        """
        if n_parallel < 2:
            raise ParameterError("n_parallel should be >= 2. For single process Pandas, use PandasLFApplier.")
        return self._apply(df, False, fault_tolerant, return_meta, n_jobs=n_parallel)
