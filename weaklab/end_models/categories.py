"""A column of categories: one feature per category."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from weaklab.end_models.encoders import Block
from weaklab.exceptions import FrameError

DENSE = 50  # more features than these are kept sparse: a dense row of them would be nearly all zeros


class CategoryColumn:
    """A column of categories, one-hot: a feature is 1 where the row is of its category, else 0.

    A category that was not seen at fit is none of them: all its features are 0, which leaves the decision to the
    other columns. Missing values are a category of their own where there were some at fit.

    Parameters
    ----------
    name : object
        The column's name, for errors.
    max_features : int
        How many categories to keep at most: the most frequent.

    Attributes
    ----------
    categories_ : Index
        The categories that have a feature, most frequent first.
    n_seen_ : int
        How many there were at fit.
    missing_ : float in [0, 1]
        The share of missing values at fit.

    Examples
    --------
    >>> column = CategoryColumn("colour", 100)
    >>> column.fit_transform(pd.Series(["red", "blue", "red"]))
    array([[1., 0.],
           [0., 1.],
           [1., 0.]], dtype=float32)
    >>> column.transform(pd.Series(["green"]))
    array([[0., 0.]], dtype=float32)
    """

    def __init__(self, name: Any, max_features: int) -> None:
        self.name = name
        self.max_features = max_features

    @property
    def n_columns(self) -> int:
        """One per category, and one for missing values where there were some."""
        return len(self.categories_) + bool(self.missing_)

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        shown = ", ".join(map(repr, self.categories_[:3].tolist())) + (", ..." if len(self.categories_) > 3 else "")
        dropped = self.n_seen_ - len(self.categories_)
        rare = f"; {dropped:,} rare ones dropped" if dropped else ""
        missing = f"; {self.missing_:.1%} missing" if self.missing_ else ""
        return f"{len(self.categories_):,} categories: {shown}{rare}{missing}"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        values = self._values(column)
        known = values[column.notna().to_numpy()]
        codes, found = pd.factorize(known)
        counts = np.bincount(codes, minlength=len(found))
        self.categories_ = pd.Index(found[np.argsort(-counts, kind="stable")][: self.max_features], dtype=object)
        self.n_seen_ = len(found)
        self.missing_ = float(column.isna().mean())
        if not self.n_columns:
            raise FrameError(f"Column {self.name!r} has no rows to learn categories from.")
        return self.transform(column)

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, n_columns)."""
        at = self.categories_.get_indexer(self._values(column))
        if self.missing_:
            at = np.where(column.isna().to_numpy(), len(self.categories_), at)
        rows = np.flatnonzero(at >= 0)
        shape = (len(column), self.n_columns)
        if self.n_columns > DENSE:
            ones = np.ones(len(rows), dtype=np.float32)
            return sp.csr_array(sp.coo_array((ones, (rows, at[rows])), shape=shape))
        dense = np.zeros(shape, dtype=np.float32)
        dense[rows, at[rows]] = 1
        return dense

    def _values(self, column: pd.Series) -> np.ndarray:
        values = column.astype(object).to_numpy()
        for row, value in enumerate(values):
            if isinstance(value, (list, dict, set, np.ndarray)):
                raise FrameError(f"Column {self.name!r} should hold categories; row {row} holds {value!r:.80}.")
        return np.asarray(values)
