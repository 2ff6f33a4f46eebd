"""A random layer of rectified units: the features of random-feature models, over dense or sparse rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from weaklab.typing import Floats

_UNITS_PER_COLUMN = 16  # of sparse rows: how many units a column feeds; on docstrings 4 and 64 were no better


class RandomUnits:
    r"""The features :math:`\max(0, x W + b) / \sqrt{\text{width}}` with random W and b, never trained.

    The entries of W are normal and scaled so that ``x W`` has variance 1 over the rows seen at fit; those of b are
    normal with standard deviation 0.3. Where rows are sparse, W is sparse too: each column feeds 16 units by a random
    sign, so that memory is linear in the number of columns.

    Parameters
    ----------
    rows : ndarray or csr_array of shape (n, columns)
        What to scale by.
    width : int
        The number of units.
    generator : numpy.random.Generator
        What W and b are drawn from.

    Notes
    -----
    Random rectified units and their limit of infinite width: Cho and Saul (2009). Sparse signs: Li, Hastie and Church
    (2006), doi:10.1145/1150402.1150436.

    Examples
    --------
    >>> RandomUnits(np.eye(3), 5, np.random.default_rng(0))(np.eye(3)).shape
    (3, 5)
    """

    def __init__(self, rows: Any, width: int, generator: np.random.Generator) -> None:
        n, columns = rows.shape
        square = rows.data @ rows.data.astype(np.float64) if sp.issparse(rows) else np.square(rows, dtype=float).sum()
        scale = 1 / np.sqrt(max(float(square) / max(n, 1), 1e-12))
        if sp.issparse(rows) and width > _UNITS_PER_COLUMN:
            size = (columns, _UNITS_PER_COLUMN)
            units = generator.integers(width, size=size, dtype=np.int32)
            signs = generator.integers(2, size=size, dtype=np.int8) * 2.0 - 1.0
            indptr = np.arange(0, units.size + 1, _UNITS_PER_COLUMN)
            values = (signs * scale * np.sqrt(width / _UNITS_PER_COLUMN)).astype(np.float32)
            self.weight: Any = sp.csr_array((values.ravel(), units.ravel(), indptr), shape=(columns, width))
            self.weight.sum_duplicates()
        else:
            self.weight = (generator.normal(size=(columns, width)) * scale).astype(np.float32)
        self.bias = 0.3 * generator.normal(size=width)  # by leave-one-out errors on digits; 1 is little worse

    def __call__(self, rows: Any) -> Floats:
        """The features of some rows, (rows, width)."""
        product = rows @ self.weight
        dense = product.toarray() if sp.issparse(product) else np.asarray(product)
        units: Floats = np.maximum(dense + self.bias, 0.0) / np.sqrt(len(self.bias))
        return units
