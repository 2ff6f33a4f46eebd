"""Rows of a torch Dataset: read as they are wanted, never all of them in memory."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from weaklab.exceptions import FrameError


class DatasetRows:
    """The rows of a ``torch.utils.data.Dataset``, whose items are one row x each, or tuples (x, ...).

    Parameters
    ----------
    dataset : Dataset
        By index, of known length; x is a tensor or an array of numbers, of the same shape in all rows.

    Raises
    ------
    FrameError
        If it is no such dataset.

    Examples
    --------
    >>> from torch.utils.data import TensorDataset
    >>> some = DatasetRows(TensorDataset(torch.tensor([[1.0], [2.0], [3.0]])))[np.array([2, 0])]
    >>> some.shape, some.read(np.array([1]))
    ((2, 1), array([[1.]], dtype=float32))
    """

    def __init__(self, dataset: Any) -> None:
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
            raise FrameError(
                f"X is a {type(dataset).__name__}, which cannot be read by row number: rows are shuffled, and each is "
                "to have its label. Give a Dataset with __getitem__ and __len__."
            )
        self.dataset, self.rows = dataset, np.arange(len(dataset))
        if not len(self.rows):
            raise FrameError("Found a Dataset with 0 rows (0 sample(s)) while a minimum of 1 is required.")
        with torch.random.fork_rng(devices=[]):  # an item that draws at random leaves the program as it was
            self.row_shape = _row(dataset[0], 0).shape

    @property
    def shape(self) -> tuple[int, ...]:
        """``(rows, *shape of a row)``."""
        return (len(self.rows), *self.row_shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray) -> DatasetRows:
        """Some rows, by number, without reading them."""
        some = copy.copy(self)
        some.rows = self.rows[rows]
        return some

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Some rows, by number, as float32 of shape (r, *shape of a row)."""
        at = self.rows[rows].tolist()
        if not at:
            return np.zeros((0, *self.row_shape), dtype=np.float32)
        draws = torch.Generator(device="cpu")  # of its own: a loader takes a number from it, whatever it reads
        loader = DataLoader(self.dataset, batch_sampler=[at], collate_fn=lambda items: items, generator=draws)
        read = [_row(item, row) for item, row in zip(next(iter(loader)), at, strict=True)]
        other = next((i for i, row in enumerate(read) if row.shape != self.row_shape), None)
        if other is not None:
            raise FrameError(
                f"Rows of a Dataset must be of one shape: row {at[other]} is of {read[other].shape}, others are of "
                f"{self.row_shape}."
            )
        return np.stack(read)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.read(np.arange(len(self))).astype(dtype or np.float32, copy=False)


class DatasetColumns:
    """The encoder of a Dataset: rows stay as they are, in float32; nothing is learnt but their shape."""

    detail = "as they are, read when they are wanted"

    @property
    def n_columns(self) -> int:
        """How many numbers a row holds."""
        return int(np.prod(self.row_shape_))

    def fit_transform(self, rows: DatasetRows) -> DatasetRows:
        """Learn the shape of rows."""
        self.row_shape_ = rows.row_shape
        return rows

    def transform(self, rows: DatasetRows) -> DatasetRows:
        """The rows, if they are of the shape that they had at fit."""
        if rows.row_shape != self.row_shape_:
            raise FrameError(
                f"The model was fitted on rows of shape {self.row_shape_}; these, of a Dataset, are of "
                f"{rows.row_shape}."
            )
        return rows


def is_dataset(X: Any) -> bool:
    """Whether X is a Dataset of torch.

    Raises
    ------
    FrameError
        If it is a DataLoader.

    Examples
    --------
    >>> is_dataset([[1.0]])
    False
    """
    if isinstance(X, DataLoader):
        raise FrameError(
            "X is a DataLoader, whose batches come in an order of its own: give its .dataset, with the labels in the "
            "order of that; batch_size= and sampler= say how it is read."
        )
    return isinstance(X, Dataset)


def _row(item: Any, row: int) -> np.ndarray:
    """The x of an item, as finite float32."""
    x = item[0] if isinstance(item, Sequence) and not isinstance(item, str) and len(item) else item
    array = x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
    if array.dtype.kind not in "buif" or not array.ndim:
        raise FrameError(
            f"Item {row} of the Dataset holds {type(x).__name__} {x!r:.60}; expected a tensor or an array of numbers, "
            "one row x, or a tuple (x, ...)."
        )
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise FrameError(f"Item {row} of the Dataset holds NaN or infinity.")
    return np.asarray(array)
