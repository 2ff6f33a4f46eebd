"""A column of vectors that something else has computed: embeddings, as lists or arrays of one length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.end_models.encoders import Block, centre, spread, standardised
from weaklab.exceptions import FrameError
from weaklab.typing import Floats


class EmbeddingColumn:
    """A column of vectors of one length, standardised by component.

    Parameters
    ----------
    name : object
        The column's name, for errors.

    Attributes
    ----------
    length_ : int
        The length of each vector.
    mean_, std_ : ndarray of shape (length_,)
        Of each component at fit.
    missing_ : float in [0, 1]
        The share of rows without a vector at fit; above 0 there is a column of 0 and 1 for them. A missing vector
        counts as the mean.

    Examples
    --------
    >>> EmbeddingColumn("vector").fit_transform(pd.Series([[1.0, 0.0], [3.0, 0.5]]))
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    """

    def __init__(self, name: Any) -> None:
        self.name = name

    @property
    def n_columns(self) -> int:
        """The length of a vector, and one more where some are missing."""
        return self.length_ + bool(self.missing_)

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        missing = f", {self.missing_:.1%} missing" if self.missing_ else ""
        return f"vectors of length {self.length_:,}, standardised{missing}"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        known = column[column.notna()]
        if not len(known):
            raise FrameError(f"Column {self.name!r} holds no vector at all: all {len(column):,} rows are missing.")
        self.length_ = np.size(known.iloc[0])
        vectors, missing = self._vectors(column)
        self.missing_ = float(missing.mean())
        self.mean_, self.std_ = centre(vectors[~missing]), spread(vectors[~missing])
        return self._encode(vectors, missing)

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, n_columns)."""
        return self._encode(*self._vectors(column))

    def _encode(self, vectors: Floats, missing: np.ndarray) -> Block:
        scaled = standardised(vectors, self.mean_, self.std_)
        scaled[missing] = 0
        return np.column_stack([scaled, missing] if self.missing_ else [scaled]).astype(np.float32)

    def _vectors(self, column: pd.Series) -> tuple[Floats, np.ndarray]:
        """The vectors, (n, length_), and where there is none, (n,)."""
        missing = column.isna().to_numpy()
        out = np.zeros((len(column), self.length_))
        for row, value in enumerate(column):
            if missing[row]:
                continue
            if not isinstance(value, (list, tuple, np.ndarray)):
                raise FrameError(f"Column {self.name!r} should hold vectors; row {row} holds {value!r:.80}.")
            try:
                vector = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise FrameError(f"Column {self.name!r}, row {row}: {value!r:.80} is no vector: {error}") from error
            if vector.shape != (self.length_,):
                got = f"length {len(vector)}" if vector.ndim == 1 else f"shape {vector.shape}"
                raise FrameError(
                    f"Column {self.name!r} should hold vectors of one length, {self.length_}; row {row} has {got}."
                )
            out[row] = vector
        infinite = ~np.isfinite(out).all(axis=1)
        if infinite.any():
            raise FrameError(f"Column {self.name!r}, row {int(infinite.argmax())}: the vector is not finite.")
        return out, missing
