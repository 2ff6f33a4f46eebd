"""What rows of data come as: frames, texts, matrices, images, Datasets; told apart in one place."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from weaklab.end_models.dataset_rows import DatasetRows, is_dataset
from weaklab.exceptions import ColumnError, FrameError, did_you_mean


@dataclass(frozen=True, eq=False)
class Input:
    """Data as found: form, itself (DataFrame, Series of texts, matrix, images, DatasetRows), pandas index, and type."""

    form: Literal["frame", "texts", "matrix", "images", "dataset"]
    data: Any
    index: pd.Index | None
    name: str

    @property
    def n_dimensions(self) -> int:
        """2 for rows of columns, 1 for texts; a matrix may have any number until it is checked."""
        return len(self.data.shape) if hasattr(self.data, "shape") else int(np.asarray(self.data).ndim)


def read_input(X: Any) -> Input:
    """Tell what the data is.

    Parameters
    ----------
    X : DataFrame (pandas, polars, pyarrow, datasets), Series or list of str, list of mappings, array-like, sparse \
matrix, Dataset
        The data. Arrays of shape (n, h, w) and (n, h, w, c), and lists of arrays (h, w) and (h, w, c), are images.
        A Dataset of torch is read by index, one of Hugging Face as a frame.

    Returns
    -------
    Input

    Raises
    ------
    FrameError
        If it is none of these.

    Examples
    --------
    >>> read_input(["a text"]).form, read_input([[1.0]]).form, read_input([{"text": "a"}]).form
    ('texts', 'matrix', 'frame')
    """
    name = type(X).__name__
    if isinstance(X, (pd.DataFrame, pd.Series)):
        return Input("frame" if X.ndim == 2 else "texts", X, X.index, name)
    if isinstance(X, (str, bytes, Mapping)) or X is None:
        raise FrameError(f"X must be rows of data (a frame, a list of texts, a matrix), got {name}: {X!r:.80}.")
    if isinstance(X, DatasetRows) or is_dataset(X):
        return Input("dataset", X if isinstance(X, DatasetRows) else DatasetRows(X), None, name)
    if isinstance(X, Sequence) and not isinstance(X, (list, tuple)):  # a column of a Dataset of Hugging Face
        X = list(X)
    X = without_tensors(X)
    if np.ma.isMaskedArray(X):
        if np.ma.is_masked(X):
            cell = tuple(int(part) for part in np.argwhere(np.ma.getmaskarray(X))[0])
            column = f", column {cell[1]}" if len(cell) > 1 else ""
            raise FrameError(
                f"X is masked in row {cell[0]}{column}; a matrix has no missing numbers: fill them, or give a "
                "DataFrame with NaN, where they are imputed."
            )
        X = np.asarray(X)
    if isinstance(X, (list, tuple)) and X and all(getattr(one, "ndim", 0) in {2, 3} for one in X):
        X = _stacked(X)
    if getattr(X, "ndim", 0) in {3, 4} and not isinstance(X, (list, tuple)):
        return Input("images", np.asarray(X), None, name)
    if sp.issparse(X):
        return Input("matrix", X, None, name)
    if hasattr(X, "to_pandas"):  # polars and pyarrow
        return replace(read_input(X.to_pandas()), index=None, name=name)
    if isinstance(X, (list, tuple)) and any(isinstance(row, Mapping) for row in X[:1]):
        return Input("frame", pd.DataFrame(list(X)), None, name)
    if _is_texts(X):
        return Input("texts", pd.Series(list(X), dtype=object), None, name)
    return Input("matrix", X, None, name)


def without_tensors(X: Any) -> Any:
    """A tensor, or a list of them, as arrays, wherever they lie and whatever gradients they carry; all else as it is.

    Examples
    --------
    >>> without_tensors(torch.ones(1, 2, dtype=torch.bfloat16, requires_grad=True))
    array([[1., 1.]], dtype=float32)
    """
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], torch.Tensor):
        return [without_tensors(one) for one in X]
    if not isinstance(X, torch.Tensor):
        return X
    if X.layout != torch.strided:
        raise FrameError(f"X is a tensor of layout {X.layout}: give X.to_dense(), or a sparse matrix of scipy.")
    plain = X.detach().cpu()
    return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()  # numpy has no bfloat16


def _stacked(images: Any) -> np.ndarray:
    """A list of images as one array."""
    shapes = [tuple(image.shape) for image in images]
    other = next((row for row, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        raise FrameError(
            f"Images must be of one shape: that of row 0 is {shapes[0]}, that of row {other} {shapes[other]}."
        )
    return np.stack([np.asarray(image) for image in images])


def _is_texts(X: Any) -> bool:
    """Whether X is flat and its first value that is not missing is a text; flat and empty counts."""
    if isinstance(X, np.ndarray):
        if X.ndim != 1 or (X.dtype.kind not in "UO" and len(X)):
            return False
    elif not isinstance(X, (list, tuple)):
        return False
    first = next((value for value in X if not (value is None or value is pd.NA or isinstance(value, float))), "")
    return isinstance(first, str)


def find_column(frame: pd.DataFrame, name: Hashable) -> pd.Series:
    """A column of a frame.

    Raises
    ------
    ColumnError
        If the frame has no such column; a close name is suggested.
    FrameError
        If it has several.
    """
    if name not in frame.columns:
        raise ColumnError(f"There is no column {name!r}.{did_you_mean(name, frame.columns)}")
    column = frame[name]
    if column.ndim != 1:
        raise FrameError(f"There are {column.shape[1]} columns named {name!r}; names must differ.")
    return column
