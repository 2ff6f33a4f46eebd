"""What a labeling function of a whole frame may return: one vote per row, whatever holds them."""

import enum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from weaklab.exceptions import ReturnValueError
from weaklab.labeling import VoteCoder, batch_codes

Spam = enum.Enum("Spam", {"ham": 0, "spam": 1})
INDEX = pd.Index(["a", "b", "a"])


@pytest.mark.parametrize(
    "returned",
    [
        [1, None, 0],
        (1, -1, False),
        [True, None, False],
        [Spam.spam, None, Spam.ham],
        ["spam", None, "ham"],
        ["spam", np.nan, "ham"],
        np.array([1, -1, 0], dtype=np.int8),
        np.array([1.0, np.nan, 0.0]),
        np.ma.array([1, 1, 0], mask=[0, 1, 0]),
        np.ma.array([1.0, 1.0, 0.0], mask=[0, 1, 0]),
        np.ma.array(["spam", "spam", "ham"], mask=[0, 1, 0]),
        np.array([1.0, np.nan, 0.0], dtype=np.float32),
        np.array([1, None, 0], dtype=object),
        np.array(["spam", None, "ham"], dtype=object),
        pd.Series([1, -1, 0], index=INDEX),
        pd.Series([1, np.nan, 0], index=INDEX),
        pd.Series([1, None, 0], index=INDEX, dtype="Int64"),
        pd.Series([1, None, 0], index=INDEX, dtype="Float64"),
        pd.Series([True, None, False], index=INDEX, dtype="boolean"),
        pd.Series(["spam", None, "ham"], index=INDEX),
        pd.Series(["spam", None, "ham"], index=INDEX, dtype="category"),
        pd.Series([1, None, 0], index=INDEX, dtype="category"),
        pd.array([1, None, 0], dtype="Int8"),
        pd.Index([1, -1, 0]),
        pl.Series([1, None, 0]),
        pl.Series([1.0, None, 0.0]),
        pd.Series([1.0, None, 0.0], index=INDEX, dtype="double[pyarrow]"),
        pa.array([1, None, 0]),
        pa.chunked_array([[1, None], [0]]),
    ],
    ids=lambda returned: f"{type(returned).__name__}-{getattr(returned, 'dtype', '')}",
)
def test_one_vote_per_row(returned):
    """np.where, Series.map and nullable arrays each have their own way to say "nothing"; all of them abstain."""
    codes, errors = batch_codes(returned, INDEX, VoteCoder(["ham", "spam"]))
    assert codes.tolist() == [1, -1, 0]
    assert errors == {}


@pytest.mark.parametrize("returned", [pd.array([1, 0, 1], dtype="Int64"), np.array(["spam", "ham", "spam"])])
def test_arrays_without_anything_missing(returned):
    """The common case takes the short way."""
    assert batch_codes(returned, INDEX, VoteCoder(["ham", "spam"]))[0].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("returned", "row", "says"),
    [
        (np.array([1.0, 1.9, np.nan]), 1, "1.9"),
        (np.array([1.0, np.inf, np.nan]), 1, "inf"),
        ([0, 1, 1.0], 2, "nothing is rounded"),
        ([7, 1, 1], 0, "7"),
        ([1, [1, 2], 0], 1, "[1, 2]"),
        (np.array([1, 1, -5]), 2, "-5"),
        (["spam", 1, 1], 0, "classes="),
    ],
)
def test_what_is_no_vote_is_named_by_row(returned, row, says):
    """A float of a whole number is a vote in an array of floats, where pandas put it; nothing else is rounded."""
    codes, errors = batch_codes(returned, INDEX, VoteCoder(2))
    assert list(errors) == [row]
    assert says in str(errors[row])
    assert codes[row] == -1


class OnDevice:
    def __array__(self, dtype=None, copy=None):
        raise TypeError("copy it to the host first")


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (None, "Is a `return` missing"),
        ("ham", "a str"),
        (1, "a int"),
        ({"a": 1}, "a dict"),
        ({1, 0}, "a set"),
        (iter([1, 0, 1]), "as an array, a Series or a list"),
        (OnDevice(), "no array can be made: copy it to the host first"),
        (np.array(1), r"shape \(\)"),
        (np.ones((3, 1), dtype=int), r"shape \(3, 1\)"),
        (pd.DataFrame({"a": [1, 0, 1]}), r"of shape \(3, 1\)"),
        ([1, 0], "2 votes for 3 rows"),
        (np.ones(4, dtype=int), "4 votes for 3 rows"),
        (pd.Series([1, 0, 1]), "index is not the frame's"),
        (pd.Series([1, 0, 1], index=["b", "a", "a"]), "index is not the frame's"),
        (pd.Series([1, 0], index=["a", "b"]), "index is not the frame's"),
    ],
)
def test_anything_that_cannot_be_lined_up_is_refused(returned, says):
    """Snorkel's parallel applier gave votes to the wrong rows; a sorted or filtered Series would do the same."""
    with pytest.raises(ReturnValueError, match=says):
        batch_codes(returned, INDEX, VoteCoder(2))


def test_an_equal_index_will_do():
    """It need not be the same object."""
    series = pd.Series([1, 0, 1], index=INDEX.copy())
    assert batch_codes(series, INDEX, VoteCoder(2))[0].tolist() == [1, 0, 1]
