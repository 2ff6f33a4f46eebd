"""Matrices that stay in their file: rows are standardised as they are read, and never are all of them in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.end_models.encoders import standardised_rows
from weaklab.typing import Floats


class MappedMatrix:
    """A dense matrix in a file, as ``numpy.load(path, mmap_mode="r")`` gives it, standardised by column when read.

    Parameters
    ----------
    matrix : ndarray of shape (n, c)
        The file's numbers, float32 or float64.
    mean, std : ndarray of shape (c,)
        Of each column.
    rows : ndarray of int64 of shape (r,), optional
        Which rows, in which order; None is all.

    Examples
    --------
    >>> some = MappedMatrix(np.array([[1.0], [3.0], [5.0]]), np.array([3.0]), np.array([2.0]))[np.array([2, 0])]
    >>> some.shape, some.read(np.array([1]))
    ((2, 1), array([[-1.]], dtype=float32))
    """

    def __init__(self, matrix: np.ndarray, mean: Floats, std: Floats, rows: np.ndarray | None = None) -> None:
        self.matrix, self.mean, self.std, self.rows = matrix, mean, std, rows

    @property
    def shape(self) -> tuple[int, int]:
        """``(rows, columns)``."""
        return (len(self), int(self.matrix.shape[1]))

    def __len__(self) -> int:
        return len(self.matrix if self.rows is None else self.rows)

    def __getitem__(self, rows: np.ndarray) -> MappedMatrix:
        """Some rows, by number, without reading them."""
        return MappedMatrix(self.matrix, self.mean, self.std, rows if self.rows is None else self.rows[rows])

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Some rows, by number, as float32 of shape (r, c)."""
        at = rows if self.rows is None else self.rows[rows]
        return standardised_rows(np.asarray(self.matrix[at]), self.mean, self.std)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.rows is None:
            return standardised_rows(self.matrix, self.mean, self.std).astype(dtype or np.float32, copy=False)
        return self.read(np.arange(len(self))).astype(dtype or np.float32, copy=False)


def is_mapped(array: Any) -> bool:
    """Whether an array is, or is a view of, a file.

    Examples
    --------
    >>> is_mapped(np.zeros(3))
    False
    """
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False
