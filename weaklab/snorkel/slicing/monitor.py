"""The rows of a slice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from weaklab.snorkel.slicing.apply.core import PandasSFApplier
from weaklab.snorkel.slicing.sf.core import SlicingFunction


def slice_dataframe(df: pd.DataFrame, slicing_function: SlicingFunction) -> pd.DataFrame:
    """The rows for which a slicing function is true; where it abstains (-1), a row is not in the slice.

    Parameters
    ----------
    df : DataFrame
        The data.
    slicing_function : SlicingFunction
        Which rows.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> slice_dataframe(pd.DataFrame({"num": [10, 100]}), SlicingFunction("big", lambda x: x.num > 42))
       num
    1  100
    """
    inside = PandasSFApplier([slicing_function]).apply(df, progress_bar=False)[slicing_function.name]
    return df.iloc[np.flatnonzero(inside == 1)]
