"""What a user's own function or transformer makes of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import clone

from weaklab.end_models.encoders import Block
from weaklab.end_models.matrices import MatrixColumns
from weaklab.exceptions import FrameError, ParameterError


class CustomColumn:
    """A column that is turned into numbers by a function, or by a transformer of scikit-learn.

    Parameters
    ----------
    name : object
        The column's name, for errors.
    encode : callable (list of n values) -> (n, d), or transformer
        Gives an array, a sparse matrix or a tensor. A transformer is cloned and learns from the rows at fit; one that
        takes no lists, as scalers do not, gets an array (n, 1).

    Attributes
    ----------
    encode_ : callable or transformer
        What is called: the function, or the fitted clone.
    upright_ : bool
        Whether it is called with an array (n, 1) instead of a list.
    matrix_ : MatrixColumns
        How its numbers are scaled: dense ones are standardised by column, sparse ones scaled by one number.

    Examples
    --------
    >>> lengths = CustomColumn("body", lambda texts: [[len(text)] for text in texts])
    >>> lengths.fit_transform(["a", "bcd"])
    array([[-1.],
           [ 1.]], dtype=float32)
    """

    def __init__(self, name: Any, encode: Any) -> None:
        if isinstance(encode, type) and hasattr(encode, "fit_transform"):
            called = f"{encode.__name__}(...)"
            raise ParameterError(f"{encode.__name__}, to encode {name!r}, is a class; give one of its kind: {called}.")
        if not callable(encode) and not (hasattr(encode, "fit_transform") and hasattr(encode, "transform")):
            raise ParameterError(f"encode={encode!r} must be a callable (values) -> (n, d), or a transformer.")
        self.name = name
        self.encode = encode

    @property
    def n_columns(self) -> int:
        """How many numbers a row becomes."""
        return self.matrix_.n_columns

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        return f"{_name(self.encode)}, {self.matrix_.detail}"

    def fit_transform(self, column: Any) -> Block:
        """Learn from values, and encode them."""
        self.upright_ = False
        if hasattr(self.encode, "fit_transform"):
            out = self._fitted(column)
        else:
            self.encode_ = self.encode
            out = self.encode_(self._values(column))
        self.matrix_ = MatrixColumns()
        return self.matrix_.fit_transform(self._numbers(out, len(column)))

    def transform(self, column: Any) -> Block:
        """Encode values, (n, n_columns)."""
        n = len(column)
        if not n:  # few functions expect nothing
            empty = sp.csr_array((0, self.n_columns)) if self.matrix_.sparse_ else np.zeros((0, self.n_columns))
            return self.matrix_.transform(empty)
        values = self._values(column)
        out = self.encode_.transform(values) if hasattr(self.encode, "fit_transform") else self.encode_(values)
        found = self._numbers(out, n)
        if found.shape[1] != self.n_columns:
            raise FrameError(
                f"{_name(self.encode)} gave {found.shape[1]} numbers per row of {self.name!r}; at fit it gave "
                f"{self.n_columns}."
            )
        return self.matrix_.transform(found)

    def _fitted(self, column: Any) -> Any:
        """What a clone that learns from values makes of them, as a list, or where it wants a matrix, as one."""
        self.encode_ = clone(self.encode, safe=False)
        try:
            return self.encode_.fit_transform(self._values(column))
        except ValueError as error:
            if getattr(column, "ndim", 1) > 1 or not str(error).startswith("Expected 2D array"):
                raise
        self.upright_ = True
        self.encode_ = clone(self.encode, safe=False)
        return self.encode_.fit_transform(self._values(column))

    def _values(self, column: Any) -> Any:
        if getattr(column, "ndim", 1) > 1:
            return column
        if getattr(self, "upright_", False):  # a model saved by an earlier version has none
            return pd.Series(column).to_numpy().reshape(-1, 1)  # (n, 1)
        return column.tolist() if hasattr(column, "tolist") else column

    def _numbers(self, out: Any, n: int) -> Any:
        """What came back, as a matrix of finite float64."""
        if hasattr(out, "detach"):  # a tensor, on whatever device
            out = out.detach().cpu().numpy()
        what = f"{_name(self.encode)} on column {self.name!r}"
        if not sp.issparse(out):
            try:
                out = np.asarray(out, dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise FrameError(f"{what} gave no numbers: {error}") from error
        if len(out.shape) != 2 or out.shape[0] != n or not out.shape[1]:
            raise FrameError(f"{what} gave shape {tuple(out.shape)} for {n:,} rows; expected ({n}, d).")
        held = out.data if sp.issparse(out) else out
        if not np.isfinite(held).all():
            raise FrameError(f"{what} gave NaN or infinity.")
        return sp.csr_array(out, dtype=np.float64) if sp.issparse(out) else out


def _name(encode: Any) -> str:
    return getattr(encode, "__name__", None) or type(encode).__name__
