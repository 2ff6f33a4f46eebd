"""What a labeling function of a whole frame may return: one vote per row, in any of the usual containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ReturnValueError, shown, text_of
from weaklab.labeling.declarative import is_missing
from weaklab.labeling.returns import VoteCoder
from weaklab.typing import Codes


def batch_codes(returned: Any, index: pd.Index, coder: VoteCoder) -> tuple[Codes, dict[int, ReturnValueError]]:
    """The class codes that a labeling function returned for a frame.

    Missing values (None, NaN, NA, masked ones) abstain. Since ``np.where(..., np.nan)`` and ``Series.map`` turn ints
    into floats as soon as one value is missing, an array of floats is accepted as long as every number in it is whole.

    Parameters
    ----------
    returned : array-like of length n
        A list, an ndarray, a pandas Series (its index must be the frame's) or array, a polars Series, a pyarrow
        array; of ints, bools, class names or Enum members.
    index : pandas.Index of length n
        The index of the frame.
    coder : VoteCoder
        The classes.

    Returns
    -------
    codes : ndarray of int64 of shape (n,)
        -1 where a value abstains or is no vote.
    errors : dict of int to ReturnValueError
        By row position.

    Raises
    ------
    ReturnValueError
        If what was returned is not one value per row.

    Examples
    --------
    >>> batch_codes(np.array([1.0, np.nan]), pd.RangeIndex(2), VoteCoder(2))[0]
    array([ 1, -1])
    """
    if isinstance(returned, pd.Series) and not (returned.index is index or returned.index.equals(index)):
        raise ReturnValueError(
            f"returned a Series of {len(returned):,} votes whose index is not the frame's, in its order; votes are "
            f"taken by position. Return it reindexed, `.reindex(frame.index)`, or as an array, `.to_numpy()`."
        )
    values = _as_array(returned, len(index))
    if len(values) != len(index):
        raise ReturnValueError(f"returned {len(values):,} votes for {len(index):,} rows; one per row was expected.")
    if values.dtype.kind == "f":
        return _whole_numbers(values, coder)
    if values.dtype.kind in "bui":
        return coder.codes(values.tolist())
    items = values.tolist() if values.dtype.kind in "US" else list(values)
    return coder.codes([None if is_missing(item) else item for item in items])


def _as_array(returned: Any, n: int) -> np.ndarray:
    """A one-dimensional numpy array of what was returned; missing values of nullable kinds become None."""
    wanted = f"one vote per row, {n:,} in all, was expected"
    if returned is None or isinstance(returned, (str, bytes, Mapping, set, frozenset, pd.DataFrame)):
        hint = " Is a `return` missing?" if returned is None else ""
        raise ReturnValueError(f"returned {_kind(returned)}; {wanted}.{hint}")
    if isinstance(returned, (pd.Series, pd.Index)):
        returned = returned.array
    if isinstance(returned, pd.arrays.NumpyExtensionArray):
        array = returned.to_numpy()
    elif isinstance(returned, pd.api.extensions.ExtensionArray):
        array = _of_one_type(returned.astype(object).tolist())
    elif np.ma.isMaskedArray(returned) and returned.ndim == 1:
        array = _of_one_type(returned.tolist())  # None where masked; np.asarray would show what is behind the mask
    elif hasattr(returned, "to_pylist"):  # pyarrow
        array = _of_one_type(returned.to_pylist())
    elif hasattr(returned, "to_list"):  # polars
        array = _of_one_type(returned.to_list())
    elif isinstance(returned, (list, tuple, range)):
        array = _objects(list(returned))
    elif hasattr(returned, "__array__"):
        try:
            array = np.asarray(returned)
        except (TypeError, ValueError, RuntimeError) as error:  # a tensor of a GPU, or one that asks for a gradient
            raise ReturnValueError(
                f"returned {_kind(returned)}, of which no array can be made: {text_of(error)}"
            ) from error
    else:
        raise ReturnValueError(f"returned {_kind(returned)}; {wanted}, as an array, a Series or a list.")
    if array.ndim != 1:
        raise ReturnValueError(f"returned an array of shape {array.shape}; {wanted}.")
    return array


def _objects(items: list[Any]) -> np.ndarray:
    # Object by object: numpy would make one kind of thing of 1 and "a", and a matrix of lists.
    return np.fromiter(items, dtype=object, count=len(items))


def _of_one_type(items: list[Any]) -> np.ndarray:
    """The items of a container that has one type: floats, missing or not, stay an array of floats."""
    missing = [is_missing(item) for item in items]
    if items and all(gone or type(item) is float for item, gone in zip(items, missing, strict=True)):
        return np.array([np.nan if gone else item for item, gone in zip(items, missing, strict=True)], dtype=np.float64)
    return _objects(items)


def _whole_numbers(values: np.ndarray, coder: VoteCoder) -> tuple[Codes, dict[int, ReturnValueError]]:
    missing = np.isnan(values)
    whole = ~missing & (np.floor(values) == values) & np.isfinite(values)
    items: list[Any] = [None] * len(values)
    for i in np.flatnonzero(~missing):
        items[i] = int(values[i]) if whole[i] else float(values[i])
    return coder.codes(items)


def _kind(returned: Any) -> str:
    text = shown(returned) if not isinstance(returned, pd.DataFrame) else f"of shape {returned.shape}"
    return f"a {type(returned).__name__} ({text})" if returned is not None else "None"
