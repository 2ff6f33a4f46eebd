"""Rows by their labels: gold beside predicted, or any others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import GoldError
from weaklab.snorkel.utils.core import to_int_label_array


def get_label_buckets(*y: Any) -> dict[tuple[int, ...], np.ndarray]:
    """The positions of rows, by their labels.

    Parameters
    ----------
    *y : array-like of int of shape (n,) or (n, 1)
        Labels of the same rows.

    Returns
    -------
    dict of tuple of int to ndarray
        In the order in which the combinations first appear.

    Raises
    ------
    GoldError
        If they are not of one length.

    Examples
    --------
    >>> get_label_buckets(np.array([1, 1, 0]), np.array([1, -1, -1]))
    {(1, 1): array([0]), (1, -1): array([1]), (0, -1): array([2])}
    """
    labels = [to_int_label_array(each) for each in y]
    if len(set(map(len, labels))) != 1:
        raise GoldError("Arrays must all have the same number of elements")
    found, code = np.unique(np.column_stack(labels), axis=0, return_inverse=True)
    order = np.argsort(code, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(code.ravel(), minlength=len(found)))[:-1]) if len(order) else []
    groups.sort(key=lambda rows: rows[0])
    return {tuple(int(label[rows[0]]) for label in labels): rows for rows in groups}


def get_label_instances(bucket: tuple[int, ...], x: Any, *y: Any) -> Any:
    """The data of rows with some labels.

    Parameters
    ----------
    bucket : tuple of int
        The labels, one for each of ``y``.
    x : ndarray or DataFrame of n rows
        The data.
    *y : array-like of int of shape (n,) or (n, 1)
        Labels of the same rows.

    Returns
    -------
    ndarray or DataFrame
        Of no rows where none has these labels.

    Raises
    ------
    GoldError
        If there are not as many labels as arrays of them, or x is of other rows.

    Examples
    --------
    >>> get_label_instances((1, 0), np.array(["a", "b"]), np.array([1, 1]), np.array([1, 0]))
    array(['b'], dtype='<U1')
    """
    if len(y) != len(bucket):
        raise GoldError("Number of lists must match the amount of labels in bucket")
    if len(x) != len(y[0]):
        raise GoldError("Number of rows in x does not match number of elements in at least one label list")
    rows = get_label_buckets(*y).get(tuple(bucket), np.empty(0, dtype=np.int64))
    return x.iloc[rows] if isinstance(x, (pd.DataFrame, pd.Series)) else np.asarray(x)[rows]
