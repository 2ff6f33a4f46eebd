"""Rows that labeling functions say something about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import VoteError


def filter_unlabeled_dataframe(X: pd.DataFrame, y: Any, L: Any) -> tuple[pd.DataFrame, Any]:
    """The rows with a vote, and their labels.

    Parameters
    ----------
    X : DataFrame of n rows
        The data.
    y : array of shape (n,) or (n, k)
        What is known of them, such as probabilities.
    L : array-like of shape (n, m)
        The votes; -1 is "abstain".

    Returns
    -------
    DataFrame, array

    Raises
    ------
    VoteError
        If the three are not of the same length.

    Examples
    --------
    >>> X, y = filter_unlabeled_dataframe(pd.DataFrame({"a": [1, 2]}), np.array([0.1, 0.9]), np.array([[-1], [1]]))
    >>> X.a.tolist(), y
    ([2], array([0.9]))
    """
    covered = (np.asarray(L) != -1).any(axis=1)
    if not len(X) == len(y) == len(covered):
        raise VoteError(f"X has {len(X):,} rows, y {len(y):,} and L {len(covered):,}; they must be the same rows.")
    return X.iloc[covered], y[covered]
