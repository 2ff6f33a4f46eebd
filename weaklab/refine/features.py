"""The features that refiners read beside the labels: checked once, read a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import scipy.sparse as sp

from weaklab.exceptions import FrameError, text_of

Features: TypeAlias = "np.ndarray | sp.csr_array"

_BLOCK = 2**20  # numbers of a block: 8 MB as float64, of which several exist at a time
_ENCODE = "Encode it first, for instance by weaklab.end_models.FeaturePlan(...).fit_transform(X)."


def check_features(Z: Any, n: int, index: pd.Index | None = None) -> Features:
    """Features as a matrix of finite real numbers, copied only where its form or type has to change.

    Parameters
    ----------
    Z : ndarray, memmap, DataFrame of numbers, list of lists, tensor, or sparse matrix, of shape (n, d)
        A row per row of the labels. float32 and float64 stay as they are, and so does a memmap in its file.
    n : int
        How many rows there must be.
    index : pandas.Index, optional
        The index of the labels; a DataFrame with another one is refused.

    Returns
    -------
    ndarray or csr_array of float32 or float64 of shape (n, d)

    Raises
    ------
    FrameError
        If it is no such matrix, a number is missing or infinite (row and column are named), or rows do not fit.

    Examples
    --------
    >>> check_features([[1, 2], [3, 4]], 2)
    array([[1., 2.],
           [3., 4.]])
    >>> check_features([[1.0, float("nan")]], 1)
    Traceback (most recent call last):
        ...
    weaklab.exceptions.FrameError: Z must be finite; row 0, column 1 is nan. Fill what is missing, or leave it out.
    """
    if isinstance(Z, (pd.DataFrame, pd.Series)):
        Z = _of_frame(Z, n, index)
    elif sp.issparse(Z):
        Z = _real(sp.csr_array(Z) if Z.dtype != object else Z.toarray())
    else:
        Z = _real(_of_array(Z))
    if Z.ndim != 2 or not Z.shape[1]:
        raise FrameError(f"Z must be of shape (n, d), a row of numbers per row of labels; got shape {Z.shape}.")
    if Z.shape[0] != n:
        raise FrameError(f"Z has {Z.shape[0]:,} rows; there are {n:,} rows of labels.")
    for part in row_blocks(Z):
        _check_finite(Z[part], part.start)
    return Z


def row_blocks(Z: Features, most: int = _BLOCK) -> Iterator[slice]:
    """Slices of rows that together are all of them, each of about ``most`` numbers and at least a row.

    Examples
    --------
    >>> list(row_blocks(np.zeros((5, 3)), most=6))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    n = Z.shape[0]
    step = max(1, most // max(Z.shape[1], 1))  # of sparse rows too: they are made dense block by block
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def dense_rows(Z: Features, rows: Any) -> np.ndarray:
    """Some rows, by slice, mask or number, as a new dense float64 array of shape (r, d)."""
    block = Z[rows]
    return np.array(block.toarray() if sp.issparse(block) else block, dtype=np.float64, order="C")


def _of_frame(frame: pd.DataFrame | pd.Series, n: int, index: pd.Index | None) -> np.ndarray:
    frame = frame.to_frame() if isinstance(frame, pd.Series) else frame
    if index is not None and len(frame) == n and not frame.index.equals(index):
        raise FrameError("The index of Z is not the index of the labels: align them, or give Z as an array.")
    for column, dtype in frame.dtypes.items():
        if not (pd.api.types.is_numeric_dtype(dtype) and dtype.kind != "c"):
            raise FrameError(f"Column {column!r} of Z is of {dtype}, not of numbers. {_ENCODE}")
    dtype = np.float32 if len(frame.columns) and (frame.dtypes == np.float32).all() else np.float64
    return frame.to_numpy(dtype=dtype, na_value=np.nan)


def _of_array(Z: Any) -> np.ndarray:
    if np.ma.is_masked(Z):
        row, column = (int(part) for part in np.argwhere(np.ma.getmaskarray(Z))[0][:2])
        raise FrameError(f"Z must be there for every row; row {row}, column {column} is masked.")
    if hasattr(Z, "detach"):  # a tensor, wherever it lies
        Z = Z.detach().cpu()
    try:
        return np.asarray(Z)
    except (TypeError, ValueError, RuntimeError) as error:
        raise FrameError(f"Z must be a matrix of numbers, a row per row of labels: {text_of(error)}") from error


def _real(Z: Any) -> Features:
    """The same numbers as float32 or float64."""
    if Z.dtype in (np.float32, np.float64):
        return Z
    if Z.dtype.kind not in "biuf" and Z.dtype != object:
        raise FrameError(f"Z is of {Z.dtype}, not of real numbers. {_ENCODE}")
    try:
        return Z.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise FrameError(f"Z must be a matrix of numbers: {text_of(error)}. {_ENCODE}") from error


def _check_finite(block: Features, start: int) -> None:
    values = block.data if sp.issparse(block) else block
    if np.isfinite(values).all():
        return
    dense = dense_rows(block, slice(None))
    row, column = (int(part) for part in np.argwhere(~np.isfinite(dense))[0])
    raise FrameError(
        f"Z must be finite; row {start + row}, column {column} is {dense[row, column]}. "
        "Fill what is missing, or leave it out."
    )
