"""Matrices of numbers without names, dense and sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from weaklab.end_models.encoders import FARTHEST, Block, mean_and_std, standardised_rows
from weaklab.end_models.mapped import MappedMatrix, is_mapped
from weaklab.end_models.text import ROW_LENGTH


class MatrixColumns:
    """A numeric matrix without names: dense is standardised by column, sparse is scaled by one number.

    Parameters
    ----------
    in_place : bool, default=False
        Leave a dense matrix that is a file in that file, and standardise rows as they are read.

    Attributes
    ----------
    n_columns : int
        The number of columns.
    mean_, std_ : ndarray of shape (n_columns,)
        Of a dense matrix; ``std_`` is infinite where a column does not vary, which is then 0 whatever comes later.
    scale_ : float
        Of a sparse matrix: brings its rows to the length of our text features on average (the root of the mean
        square), and leaves any weighting of columns as it is.
    """

    def __init__(self, in_place: bool = False) -> None:
        self.in_place = in_place

    def fit_transform(self, matrix: Any) -> Block:
        """Learn from a matrix, and encode it."""
        self.n_columns = int(matrix.shape[1])
        self.sparse_ = sp.issparse(matrix)
        if self.sparse_:
            top = float(np.abs(matrix.data).max(initial=0))
            unit = top if top > 1e100 else 1.0  # so that the sum of squares stays finite
            square = float(((matrix.data.astype(np.float64) / unit) ** 2).sum())
            self.scale_ = ROW_LENGTH * (matrix.shape[0] / square) ** 0.5 / unit if square else 1.0
        else:
            self.mean_, self.std_ = mean_and_std(matrix)
            if self.in_place and is_mapped(matrix):
                return MappedMatrix(matrix, self.mean_, self.std_)
            return standardised_rows(matrix, self.mean_, self.std_, bounded=len(matrix) < FARTHEST**2)
        return self.transform(matrix)

    def transform(self, matrix: Any) -> Block:
        """Encode a matrix, (n, n_columns); dense and sparse ones can stand for each other."""
        if self.sparse_:
            scaled = sp.csr_array(matrix, copy=True)
            with np.errstate(over="ignore"):
                scaled.data = np.clip(scaled.data * self.scale_, -FARTHEST, FARTHEST).astype(np.float32)
            return scaled
        if self.in_place and is_mapped(matrix):
            return MappedMatrix(matrix, self.mean_, self.std_)
        dense = matrix.toarray() if sp.issparse(matrix) else matrix
        return standardised_rows(dense, self.mean_, self.std_)

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        return f"sparse, scaled by {self.scale_:.4g}" if self.sparse_ else "standardised by column"
