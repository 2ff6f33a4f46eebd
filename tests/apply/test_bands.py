"""Bands of numbers: half-open, exact, and the same votes in the engine as in a call."""

import copy
import enum
import pickle
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, LabelingFunctionFailure
from weaklab.labeling import bands_lf

AGE = bands_lf("age", [(65, None, 2), (None, 18, 0), (18, 65.0, 1)], name="age")
EDGES = [-(2**63), -(2**53) - 1, -1, 0, 1, 2, 127, 255, 2**53, 2**53 + 1, 2**63 - 1, 2**64 - 1]
bounds = st.lists(st.one_of(st.sampled_from(EDGES), st.integers(-4, 4), st.floats(-4, 4)), max_size=4)
cells = st.lists(st.one_of(st.none(), st.sampled_from(EDGES), st.floats(-5, 5), st.just(float("nan"))), max_size=8)


def _bands(edges, open_low, open_high, gap):
    edges = [None] * open_low + sorted(set(edges)) + [None] * open_high
    bands = [(low, high, i % 3) for i, (low, high) in enumerate(pairwise(edges))]
    return [band for i, band in enumerate(bands) if i != gap] or [(0, 1, 2)]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "bool", "Int64", "object"]),
    bounds,
    st.booleans(),
    st.booleans(),
    st.integers(0, 5),
    cells,
)
def test_the_engine_votes_as_calls_do(dtype, edges, open_low, open_high, gap, values):
    """64 bits of int, narrow floats, NaN and None: compared exactly, or one by one."""
    kind = np.dtype(dtype.lower()).kind
    if kind in "iub":
        info = np.iinfo(dtype.lower()) if kind != "b" else np.iinfo("uint8")
        values = [int(v) for v in values if v is not None and float(v).is_integer() and info.min <= v <= info.max]
    elif kind == "f":
        values = [float("nan") if v is None else float(v) for v in values if v is None or not abs(v) > 60000]
    column = pd.Series(values, dtype=dtype)
    if dtype == "Int64":
        column = pd.concat([column, pd.Series([None], dtype=dtype)], ignore_index=True)
    lf = bands_lf("x", _bands(edges, open_low, open_high, gap), name="lf")
    read = list(column.to_numpy()) if kind == "f" else column.tolist()
    called = [lf({"x": cell}) for cell in read]
    assert [lf.explain({"x": cell}).vote for cell in read] == called
    votes = apply(lf, pd.DataFrame({"x": column}), progress=False).lf.tolist()
    assert votes == [-1 if vote is None else vote for vote in called]


def test_the_lower_bound_is_in_the_band_and_the_upper_is_not():
    """So that bands may touch without a number in two of them."""
    assert [AGE({"age": age}) for age in (17.9, 18, 64, 65, None, float("nan"), Decimal("18"))] == [
        0, 1, 1, 2, None, None, 1,
    ]  # fmt: skip
    frame = pd.DataFrame({"age": [17.9, 18, 64, 65, np.nan]})
    for each in (frame, pl.from_pandas(frame), pl.from_pandas(frame).to_arrow(), frame.to_dict("records")):
        assert apply(AGE, each, progress=False).age.tolist() == [0, 1, 1, 2, -1]
    assert AGE.bands[0] == (None, 18, 0)


def test_it_is_plain_data():
    """In whatever order the bands were given."""
    assert AGE == bands_lf("age", reversed(AGE.bands), name="age")
    for twin in (pickle.loads(pickle.dumps(AGE)), copy.deepcopy(AGE)):
        assert (twin, hash(twin), repr(twin)) == (AGE, hash(AGE), repr(AGE))
    assert (AGE.labels, AGE.columns, bands_lf("age", [(0, 1, 1)]).name) == ((0, 1, 2), ("age",), "age_bands")
    assert "65" in AGE._repr_html_()


def test_explanations_name_the_band():
    """In the words of the bounds."""
    assert [AGE.explain({"age": age}).reason for age in (3, 20, 70)] == [
        "3 is below 18", "20 is from 18 to below 65.0", "70 is from 65",
    ]  # fmt: skip
    assert bands_lf("n", [(0, 1, 1)]).explain({"n": 5}).reason == "5 is in no band"
    assert bands_lf("n", [(None, None, 1)]).explain({"n": 5}).reason == "5 is a number"


@pytest.mark.parametrize(
    ("bands", "says"),
    [
        ([], "no bands"),
        ("ab", "must be a list"),
        (3, "must be a list"),
        ([(1, 2)], r"bands\[0\] is \(1, 2\)"),
        (["abc"], r"bands\[0\] is 'abc'"),
        ([(0, 2, 1), (1, 3, 0)], "overlap"),
        ([(0, None, 1), (1, 3, 0)], "overlap"),
        ([(None, 1, 1), (None, 3, 0)], "overlap"),
        ([(2, 2, 1)], "no number is in"),
        ([("a", 2, 1)], "int or a float"),
        ([(float("nan"), 2, 1)], "compares with nothing"),
        ([(0, 2, None)], r"bands\[0\]: label=None is no class"),
    ],
)
def test_what_cannot_be_meant_is_refused(bands, says):
    """A number in two bands would have two votes."""
    with pytest.raises(LabelingFunctionError, match=says):
        bands_lf("n", bands)


def test_bad_frames():
    """Named before anything runs, or at the cell."""
    with pytest.raises(ColumnError, match="Did you mean 'agee'"):
        apply(AGE, pd.DataFrame({"agee": [1]}), progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"'age' failed on row 1: FrameError: column 'age' holds 'old'"):
        apply(AGE, pd.DataFrame({"age": [1, "old"]}), progress=False)
    with pytest.raises(LabelingFunctionError, match="its label is 2"):
        apply(AGE, pd.DataFrame({"age": [1]}), classes=["a", "b"], progress=False)
    with pytest.raises(FrameError, match="where a number was expected"):
        AGE({"age": "3"})


def test_labels_may_be_names_and_members():
    """Codes are for machines."""
    kind = enum.Enum("Kind", {"YOUNG": 0})
    lf = bands_lf("age", [(0, 18, kind.YOUNG), (18, None, "old")], name="lf")
    votes = apply(lf, pd.DataFrame({"age": [3, 30]}), classes=["young", "old"], progress=False)
    assert votes.lf.tolist() == [0, 1]
