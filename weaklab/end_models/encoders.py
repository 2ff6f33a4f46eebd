"""Encoders of the plain kinds of columns: text, numeric, bool. Each is fitted at fit and gives float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import scipy.sparse as sp

from weaklab.end_models.text import HashedText
from weaklab.exceptions import FrameError
from weaklab.typing import Floats

Block: TypeAlias = "np.ndarray | sp.csr_array"

#: Standardised numbers end here. No row of fewer than 1e12 that a model is trained on is farther from the mean (n
#: numbers are within sqrt(n - 1) standard deviations), so that it only bounds what is seen later: 1e40 in float32 would
#: be infinite, and the logits of that row no numbers.
FARTHEST = 1e6


class NumericColumn:
    """A column of numbers: standardised; missing values become the mean, and a second column says where.

    Parameters
    ----------
    name : object
        The column's name, for errors.

    Attributes
    ----------
    mean_, std_ : float
        Of the values seen at fit; ``std_`` is infinite where they do not vary, so that the column is 0 whatever comes
        later: nothing was learnt of it, and the initial weights of a network are no reason to listen to it.
    missing_ : float in [0, 1]
        The share of missing values at fit; above 0 there is a column of 0 and 1 for them.

    Examples
    --------
    >>> NumericColumn("age").fit_transform(pd.Series([1.0, 3.0, None]))
    array([[-1.,  0.],
           [ 1.,  0.],
           [ 0.,  1.]], dtype=float32)
    """

    def __init__(self, name: Any) -> None:
        self.name = name

    @property
    def n_columns(self) -> int:
        """1, or 2 with the column that says where values are missing."""
        return 2 if self.missing_ else 1

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        missing = f", {self.missing_:.1%} missing" if self.missing_ else ""
        std = self.std_ if np.isfinite(self.std_) else 0.0
        return f"mean {self.mean_:.4g}, standard deviation {std:.4g}{missing}"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        values = numbers(column, self.name)
        known = values[~np.isnan(values)]
        self.missing_ = float(np.isnan(values).mean())
        self.mean_ = float(centre(known[:, None])[0]) if len(known) else 0.0
        self.std_ = float(spread(known[:, None])[0]) if len(known) else np.inf  # [:, None]: (known, 1)
        return self._encode(values)

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, n_columns)."""
        return self._encode(numbers(column, self.name))

    def _encode(self, values: Floats) -> Block:
        missing = np.isnan(values)
        scaled = np.where(missing, 0.0, standardised(values, self.mean_, self.std_))
        columns = [scaled, missing] if self.missing_ else [scaled]
        return np.column_stack(columns).astype(np.float32)  # (n, n_columns)


class BoolColumn:
    """A column of truth values: 1 and -1, and 0 where missing.

    Parameters
    ----------
    name : object
        The column's name, for errors.

    Examples
    --------
    >>> BoolColumn("open").fit_transform(pd.Series([True, None, False]))
    array([[ 1.],
           [ 0.],
           [-1.]], dtype=float32)
    """

    n_columns = 1

    def __init__(self, name: Any) -> None:
        self.name = name

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        return f"{self.true_:.1%} true"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        encoded = self.transform(column)
        self.true_ = float((encoded > 0).mean())
        return encoded

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, 1)."""
        values = numbers(column, self.name)
        wrong = ~(np.isnan(values) | (values == 0) | (values == 1))
        if wrong.any():
            raise wrong_value(column, wrong, self.name, "True, False or missing")
        return np.nan_to_num(2 * values - 1)[:, None].astype(np.float32)  # (n, 1)


class TextColumn:
    """A column of texts: hashed n-grams, see :class:`~weaklab.end_models.text.HashedText`. Missing is no n-gram.

    Parameters
    ----------
    name : object
        The column's name, for errors.
    max_features : int
        How many buckets of words, and of characters, to keep at most.

    Examples
    --------
    >>> TextColumn("body", 100).fit_transform(pd.Series(["free money", None])).shape[0]
    2
    """

    def __init__(self, name: Any, max_features: int) -> None:
        self.name = name
        self.max_features = max_features

    @property
    def n_columns(self) -> int:
        """The buckets of words and of characters that were kept."""
        return self.hashed_.n_columns

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        words, chars = len(self.hashed_.word_buckets_), len(self.hashed_.char_buckets_)
        return f"{words:,} buckets of word 1-2-grams, {chars:,} of character 3-5-grams"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        self.hashed_ = HashedText(max_features=self.max_features)
        block = self.hashed_.fit_transform(texts_of(column, self.name))
        if not self.n_columns:
            raise FrameError(f"Column {self.name!r} holds no text at all: all {len(column):,} rows are empty or blank.")
        return block

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, n_columns)."""
        return self.hashed_.transform(texts_of(column, self.name))


def texts_of(column: pd.Series, name: Any) -> list[str]:
    """A column of texts as a list, "" where missing.

    Raises
    ------
    FrameError
        If a value is no text; the first is named.
    """
    values = column.astype(object).where(column.notna(), "").tolist()
    if set(map(type, values)) - {str}:
        wrong = np.array([not isinstance(value, str) for value in values])
        if wrong.any():
            raise wrong_value(column, wrong, name, "texts (str) or missing")
    return values


def numbers(column: pd.Series, name: Any) -> Floats:
    """A column as float64 of shape (n,), NaN where missing.

    Raises
    ------
    FrameError
        If a value is no number, or infinite; the first is named.
    """
    kind = column.dtype
    plain = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind)
    if not plain and len(column):
        known = column.notna().to_numpy()
        real = (int, float, np.integer, np.floating, np.bool_)
        wrong = known & np.array([not isinstance(value, real) for value in column.astype(object)])
        if wrong.any():
            raise wrong_value(column, wrong, name, "numbers")
        column = column.astype(object).where(known, np.nan)
    values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise wrong_value(column, np.isinf(values), name, "finite numbers (missing ones may be NaN)")
    return values


def centre(values: Floats) -> Floats:
    """The mean of each column of (n, c)."""
    unit = _unit(values)
    return np.asarray((values / unit).mean(axis=0) * unit)


def spread(values: Floats) -> Floats:
    """The standard deviation of each column of (n, c), infinite where it is 0 or only rounding."""
    unit = _unit(values)
    std = (values / unit).std(axis=0)
    return np.where(std > 1e-12 * np.abs(values / unit).max(axis=0, initial=0), std * unit, np.inf)


def mean_and_std(matrix: np.ndarray) -> tuple[Floats, Floats]:
    """:func:`centre` and :func:`spread` of a matrix (n, c) of float32 or float64, in float64.

    Taken block by block, so that a matrix in a file is not loaded whole. float32 is summed in one pass, as differences
    to the mean of a few rows: in float32 within a block of rows, in float64 over blocks. Where a column has gone far
    from those few rows, float64 is used throughout.
    """
    if matrix.dtype == np.float64 or not len(matrix):
        return _exact_mean_and_std(matrix)
    pivot = matrix[:1000].mean(axis=0, dtype=np.float64).astype(np.float32)
    first, second = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of 1e30: told by the sums
        for block in _blocks(matrix):
            part = block - pivot
            first += np.einsum("ij->j", part)
            second += np.einsum("ij,ij->j", part, part)
        shift = first / len(matrix)
        std = np.sqrt(np.maximum(second / len(matrix) - shift**2, 0.0))
        near = np.abs(shift) < 10 * std
    known = near | (second == 0)
    if not (known.all() and np.isfinite(second).all()):
        return _exact_mean_and_std(matrix)
    return pivot + shift, np.where(second > 0, std, np.inf)


def _exact_mean_and_std(matrix: np.ndarray) -> tuple[Floats, Floats]:
    """:func:`centre` and :func:`spread` in float64, in three passes over blocks: greatest numbers, means, squares."""
    n, nothing = max(len(matrix), 1), np.zeros(matrix.shape[1])
    top = nothing
    for block in _blocks(matrix):
        top = np.maximum(top, np.abs(block).max(axis=0))
    unit = np.where(top > 1e100, top, 1.0)  # as in _unit
    mean = sum(((block / unit).sum(axis=0) for block in _blocks(matrix)), nothing) / n
    std = np.sqrt(sum((((block / unit - mean) ** 2).sum(axis=0) for block in _blocks(matrix)), nothing) / n)
    return mean * unit, np.where(std > 1e-12 * top / unit, std * unit, np.inf)


def standardised_rows(matrix: np.ndarray, mean: Floats, std: Floats, *, bounded: bool = False) -> np.ndarray:
    """:func:`standardised` of a matrix (n, c), as float32 in the order of rows, a block of rows at a time.

    float32 stays float32, which rounds no more than its numbers are rounded already. ``bounded`` says that all are
    within :data:`FARTHEST`, as those that mean and deviation were taken from are.
    """
    out = np.empty(matrix.shape, dtype=np.float32)
    constant = np.isinf(std)
    std = np.where(constant, 1.0, std)
    single = matrix.dtype == np.float32 and bool((std > 1e-30).all()) and bool((std < 1e30).all())
    kind = np.float32 if single else np.float64
    mean, std, start = mean.astype(kind), std.astype(kind), 0
    with np.errstate(over="ignore"):
        for block in _blocks(matrix):
            place = out[start : start + len(block)]
            scaled = np.subtract(block, mean, dtype=kind, out=place if single else None)
            np.divide(scaled, std, out=scaled)
            if not bounded:
                np.clip(scaled, -FARTHEST, FARTHEST, out=scaled)
            if not single:
                place[...] = scaled
            if constant.any():
                place[:, constant] = 0
            start += len(block)
    return out


def _blocks(matrix: np.ndarray) -> Iterator[np.ndarray]:
    """Some rows of a matrix at a time, few enough to stay in a processor's cache."""
    rows = max(1, 2**16 // max(matrix.shape[1], 1))
    for start in range(0, len(matrix), rows):
        yield matrix[start : start + rows]


def _unit(values: Floats) -> Floats:
    """What to measure each column of (n, c) in, so that sums of squares stay finite: 1 but for huge numbers."""
    top = np.abs(values).max(axis=0, initial=0)
    return np.where(top > 1e100, top, 1.0)


def standardised(values: Floats, mean: Any, std: Any) -> Floats:
    """Values in standard deviations from the mean, at most :data:`FARTHEST`; 0 where the deviation is infinite."""
    with np.errstate(over="ignore"):  # 1e308 minus -1e308; the bound takes care of it
        scaled = np.clip((values - mean) / np.where(np.isinf(std), 1.0, std), -FARTHEST, FARTHEST)
    return np.where(np.isinf(std), 0.0, scaled)


def wrong_value(column: pd.Series, wrong: np.ndarray, name: Any, expected: str) -> FrameError:
    """An error that names the column, the first wrong row, and what was expected.

    Parameters
    ----------
    column : Series of length n
        The values.
    wrong : ndarray of bool of shape (n,)
        Where they are wrong, once at least.
    name : object
        The column's name.
    expected : str
        What it should hold.
    """
    row = int(np.argmax(wrong))
    return FrameError(
        f"Column {name!r} should hold {expected}; {int(wrong.sum()):,} rows do not, the first is row {row} "
        f"with {column.iloc[row]!r}."
    )
