"""From whatever a user calls votes to the internal form, or an error that says which vote is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from weaklab._kernels.sparse_rows import sparse_rows
from weaklab.exceptions import VoteError
from weaklab.typing import ABSTAIN, Classes
from weaklab.votes.classes import number_of_classes
from weaklab.votes.engines import engine_of
from weaklab.votes.matrix import VoteMatrix, code_dtype, encode
from weaklab.votes.rich import PartialVotes, SoftVotes
from weaklab.votes.words import as_kept, fit_words, from_dense

#: The most classes that a highest vote may imply; more are to be declared. One vote of 10**7 would make every model
#: set up arrays of (m, 10**7, 10**7 + 1), and is far more often an id in the wrong column.
MOST_INFERRED = 100_000

_CHUNKS = " If these are chunks of rows, say so to a label model's fit: VoteChunks(...)."


@dataclass(frozen=True)
class _Place:
    """What to call the rows and columns of a matrix in an error."""

    names: tuple[str, ...] | None
    index: pd.Index | None
    first_row: int


def check_votes(votes: Any, *, classes: Classes = None, first_row: int = 0) -> VoteMatrix:
    """Check a label matrix and bring it into the internal form.

    Parameters
    ----------
    votes : DataFrame, ndarray of shape (n, m), list of lists, or scipy sparse matrix or array
        Class codes 0..k-1, and -1 for "abstain". Frames of pandas, polars and pyarrow name the labeling functions. A
        sparse matrix stores ``vote + 1``, so that what it does not store
        abstains. Floats are taken where each is a whole number.
    classes : int, sequence of hashable, or None
        The classes; None infers ``k = max(2, highest vote + 1)``, up to 100,000.
    first_row : int
        The number by which errors call the first row, where these rows are some of many.

    Returns
    -------
    VoteMatrix

    Raises
    ------
    VoteError
        If it is not a matrix of votes; names the labeling function, the row, and the value.

    Examples
    --------
    >>> check_votes([[0, -1], [1, 1]]).k
    2
    >>> check_votes([[0, -1], [1, 7]], classes=2)
    Traceback (most recent call last):
        ...
    weaklab.exceptions.VoteError: The vote of column 1 in row 1 is 7, but there are 2 classes: it must be -1 to 1.
    """
    if isinstance(votes, VoteMatrix):
        return votes
    if engine_of(votes) is not None:
        raise VoteError(
            "These votes are spread over a cluster; there, label models have fit, predict_proba, predict and labels. "
            "For anything else bring some rows here: votes.head(...), or votes.compute() or votes.toPandas()."
        )
    if isinstance(votes, (PartialVotes, SoftVotes)):
        raise VoteError(f"These are {type(votes).__name__}; what was called here takes one class per vote.")
    k = number_of_classes(classes)
    if scipy.sparse.issparse(votes):
        return _from_sparse(votes, k, first_row)
    names, index = _column_names(votes), votes.index if isinstance(votes, pd.DataFrame) else None
    place = _Place(names, index, first_row)
    array = _as_integers(_as_array(votes), place)
    lowest, highest = int(array.min(initial=ABSTAIN)), int(array.max(initial=ABSTAIN))
    if lowest < ABSTAIN or (k is not None and highest >= k):
        _raise_out_of_range(array, k, place)
    if k is None and highest >= MOST_INFERRED:
        _raise_at(array, array == highest, _too_many(highest), place)
    m, k = array.shape[1], k or max(2, highest + 1)
    if fit_words(m, k):
        return from_dense(array, names, index)
    return VoteMatrix(*sparse_rows(array, k, code_dtype(m, k)), m, k, names, index)


def _as_array(votes: Any) -> np.ndarray:
    if votes is None or isinstance(votes, (str, bytes, dict)):
        raise VoteError(f"Votes must be a matrix of class codes, got {type(votes).__name__}.")
    if isinstance(votes, pd.Series):
        raise VoteError("Votes must be a matrix with a column per labeling function, got a Series: use .to_frame().")
    if isinstance(votes, pd.DataFrame) and any(
        isinstance(dtype, pd.api.types.CategoricalDtype) for dtype in votes.dtypes
    ):
        raise VoteError("Votes must be class codes, got categorical columns: give their codes (.cat.codes).")
    try:
        array = np.asanyarray(votes) if np.ma.isMaskedArray(votes) else np.asarray(votes)
    except ValueError as error:  # a ragged list
        raise VoteError(f"Votes must be a matrix: {error}.{_CHUNKS}") from error
    if array.ndim != 2:
        hint = " Reshape your data: one row per row of data, one column per labeling function."
        what = f"got {type(votes).__name__}" if array.ndim == 0 else f"got shape {array.shape}"
        raise VoteError(f"Votes must be a matrix of shape (n, m), {what}.{hint if array.ndim == 1 else _CHUNKS}")
    if array.shape[1] == 0:
        raise VoteError(
            f"There are no labeling functions: 0 feature(s) (shape={array.shape}) while a minimum of 1 is required."
        )
    return array


def _too_many(highest: int) -> str:
    return (
        f"it would mean {highest + 1:,} classes, and more than {MOST_INFERRED:,} are not inferred from votes; "
        "if it is a class code, say how many classes there are: classes="
    )


def _as_integers(array: np.ndarray, place: _Place) -> np.ndarray:
    """The same values as int8 or int32, losing nothing."""
    if np.ma.is_masked(array):
        _raise_not_whole(array, np.ma.getmaskarray(array), place)
    array = np.asarray(array)
    kind = array.dtype.kind
    if kind == "c":
        raise VoteError(f"Votes must be class codes; got {array.dtype}. Complex data not supported.")
    if kind == "b":
        raise VoteError("Votes are True and False, which has no way to abstain: give class codes, -1 for abstain.")
    if kind == "O":
        array = _integers_from_objects(array, place)
    elif kind == "f":
        if array.dtype.itemsize < 8:
            array = array.astype(np.float64)  # exact; a float16 cannot be compared with the bounds below
        with np.errstate(invalid="ignore"):
            wrong = array != np.floor(array)  # NaN too
            wrong |= ~np.isfinite(array)
        if wrong.any():
            _raise_not_whole(array, wrong, place)
    elif kind not in "iu":
        raise VoteError(f"Votes must be class codes (integers), got an array of {array.dtype}.")
    if array.dtype == np.int8:
        return array
    wrong = (array > np.iinfo(np.int32).max) | (array < ABSTAIN)
    if wrong.any():
        _raise_at(array, wrong, "it must be -1 (abstain) or a class code from 0", place)
    return array.astype(np.int32)


def _integers_from_objects(array: np.ndarray, place: _Place) -> np.ndarray:
    flat = array.ravel()
    is_whole = np.fromiter((_is_whole(value) for value in flat), dtype=bool, count=flat.size).reshape(array.shape)
    if not is_whole.all():
        _raise_not_whole(array, ~is_whole, place)
    return array.astype(np.int64)


def _is_whole(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, (int, np.integer)):
        return -(2**62) < int(value) < 2**62
    return isinstance(value, (float, np.floating)) and float(value).is_integer() and abs(float(value)) < 2**53


def _raise_not_whole(array: np.ndarray, wrong: np.ndarray, place: _Place) -> None:
    _raise_at(
        array,
        wrong,
        "it must be a class code from 0, or -1 for abstain, also in place of NaN and other missing values",
        place,
    )


def _raise_out_of_range(array: np.ndarray, k: int | None, place: _Place) -> None:
    top = np.iinfo(array.dtype).max if k is None else k - 1
    wrong = (array < ABSTAIN) | (array > top)
    expected = "it must be -1 (abstain) or a class code from 0" if k is None else f"it must be -1 to {k - 1}"
    so = "" if k is None else f", but there are {k} classes"
    _raise_at(array, wrong, expected, place, so=so)


def _raise_at(
    array: np.ndarray,
    wrong: np.ndarray,
    expected: str,
    place: _Place,
    so: str = "",
) -> None:
    row, column = (int(part) for part in np.argwhere(wrong)[0])
    value = array[row, column]
    value = value.item() if isinstance(value, np.generic) else value
    who = f"column {column}" if place.names is None else f"labeling function {place.names[column]!r}"
    label = None if place.index is None else place.index[row]
    row += place.first_row
    where = f"row {row}" if label is None or label == row else f"row {row} (index {label!r})"
    more = f" ({int(wrong.sum()):,} votes are wrong in all.)" if wrong.sum() > 1 else ""
    raise VoteError(f"The vote of {who} in {where} is {value!r}{so}: {expected}.{more}")


def _column_names(votes: Any) -> tuple[str, ...] | None:
    """The names that a frame of pandas, polars or pyarrow gives to the labeling functions."""
    if isinstance(votes, pd.DataFrame):
        return _names(votes.columns)
    columns = getattr(votes, "column_names", None) or getattr(votes, "columns", None)  # pyarrow's, polars'
    return _names(pd.Index(columns)) if isinstance(columns, list) and columns else None


def _names(columns: pd.Index) -> tuple[str, ...] | None:
    """The names of the labeling functions; None where a DataFrame has only numbered columns."""
    if columns.has_duplicates:
        twice = sorted({repr(name) for name in columns[columns.duplicated()]})
        raise VoteError(f"Two labeling functions of one name: {', '.join(twice)}. Each column needs its own.")
    if all(isinstance(name, str) for name in columns):
        return tuple(columns)
    if isinstance(columns, pd.RangeIndex) and columns.start == 0 and columns.step == 1:
        return None
    return tuple(str(name) for name in columns)


def _from_sparse(votes: Any, k: int | None, first_row: int) -> VoteMatrix:
    if votes.ndim != 2 or votes.shape[1] == 0:
        raise VoteError(f"Votes must be a matrix of shape (n, m) with m of 1 or more, got shape {votes.shape}.")
    if votes.dtype.kind not in "iuf":
        raise VoteError(f"A sparse matrix of votes stores vote + 1 as numbers, got {votes.dtype}.")
    stored = votes.nnz
    csr = scipy.sparse.csr_array(votes, copy=True)  # sorting below must not touch the caller's
    csr.sum_duplicates()
    if csr.nnz != stored:
        raise VoteError(f"The sparse matrix stores {stored - csr.nnz:,} cells twice; each may hold one vote.")
    csr.eliminate_zeros()
    data = csr.data
    wrong = ~(np.isfinite(data) & (data == np.floor(data)) & (data >= 1) & (data <= (k or np.iinfo(np.int32).max)))
    if wrong.any():
        at = int(np.argmax(wrong))
        row = int(np.searchsorted(csr.indptr, at, side="right")) - 1 + first_row
        top = "" if k is None else f", at most {k} for {k} classes"
        raise VoteError(
            f"The sparse matrix stores {data[at].item()!r} for column {int(csr.indices[at])} in row {row}: "
            f"it must store vote + 1, a whole number from 1{top}."
        )
    vote = data.astype(np.int32) - 1
    highest = int(vote.max(initial=ABSTAIN))
    if k is None and highest >= MOST_INFERRED:
        at = int(np.argmax(vote == highest))
        row = int(np.searchsorted(csr.indptr, at, side="right")) - 1 + first_row
        column = int(csr.indices[at])
        raise VoteError(f"The vote of column {column} in row {row} is {highest}: {_too_many(highest)}.")
    k = k or max(2, highest + 1)
    m = csr.shape[1]
    return as_kept(VoteMatrix(csr.indptr.astype(np.int64), encode(csr.indices, vote, m, k), m, k))
