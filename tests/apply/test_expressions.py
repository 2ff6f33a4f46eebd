"""Expressions: what may be written, what is missing, and the same votes in the engine as in a call."""

import copy
import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, LabelingFunctionFailure
from weaklab.labeling import expression_lf

ROW = {"a": 2, "b": 2.5, "t": "Big sale", "ok": True, "n chars": 8, "day": datetime.date(2024, 2, 1)}


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        ("a > 1", True),
        ("a > 1 and b < 2", False),
        ("a > 1 & b < 2 | ok", True),
        ("1 < a <= 2 < b", True),
        ("not a > 1", False),
        ("~(a > 1)", False),
        ("a in [1, 2.0, 3]", True),
        ("t in ('x', 'y')", False),
        ("a not in [1]", True),
        ("'sale' in t", True),
        ("'SALE' not in t", True),
        ("`n chars` / a == 4", True),
        ("a + b * 2 - 7 == 0", True),
        ("a ** 3 // 3 % 2 == 0", True),
        ("-a < +b", True),
        ("ok", True),
        ("not ok", False),
        ("ok == True", True),
        ("len(t) == `n chars`", True),
        ("lower(t) == 'big sale' and upper(t) == 'BIG SALE'", True),
        ("contains(t, '.')", False),
        ("startswith(t, 'Big') and endswith(t, '\\'')", False),
        ("max(a, b) == 2.5 and min(a, b) == 2", True),
        ("abs(1 - a) == 1", True),
        ("day > date('2024-01-31')", True),
        ("a is None or isna(b) or t == None", False),
        ("a is not None and t != None", True),
        ("t == '`a` & `b` | c'", False),
        ("0 / (a - 2) > 1", False),
        ("(b - b) / (b - b) > 1", False),
        ("1.5e308 * b - 1.5e308 * b > 0", False),
    ],
)
def test_what_may_be_written(expression, true):
    """As in pandas and Python, and NaN is never more than a number."""
    assert expression_lf(expression, label=1)(ROW) == (1 if true else None)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "not empty"),
        (None, "not empty"),
        (3, "not empty"),
        ("a >", "is no expression"),
        ("a = 3", "is no expression"),
        ("a > 1; b", "is no expression"),
        ("@x > 1", "is no expression"),
        ("a.sum() > 1", r"'a.sum\(\)' may not be written"),
        ("`n c`.x > 1", "'`n c`.x' may not be written"),
        ("a.__class__", "may not be written"),
        ("__import__('os').system('ls')", "may not be written"),
        ("open('f') == a", r"open\(.f.\). may not be written"),
        ("(lambda: a)()", "may not be written"),
        ("[x for x in a]", "may not be written"),
        ("a if b else t", "may not be written"),
        ("a[0] > 1", "may not be written"),
        ("(b := a) > 1", "may not be written"),
        ("f'{a}' == t", "may not be written"),
        ("a is b", "may not be written"),
        ("a > None", "Write `x is None`"),
        ("a in []", "Nothing is in it"),
        ("a == ...", "may not be written"),
        ("a == b'x'", "may not be written"),
        ("a == 1j", "may not be written"),
        ("a ^ 1 > 0", "may not be written"),
        ("lenght(t) > 3", "may not be written"),
        ("lowr(t) == 'a'", "Did you mean 'lower'"),
        ("len(t, 3) > 3", "takes 1 argument"),
        ("contains(t) ", "takes 2 arguments"),
        ("contains(t, part='a')", "may not be written"),
        ("date('yesterday') < day", "cannot be read"),
        ("1 > 0", "names none"),
        ("`^a.*$` > 0", "one column"),
        ("(" * 300 + "a" + ")" * 300, "is no expression|cannot be read"),
        ("-" * 5000 + "a > 1", "is no expression|cannot be read"),
        (pl.col("a").mean() > 1, "uses Agg"),
        (pl.col("a").shift() > 1, "uses Shift"),
        (pl.col("a").is_duplicated(), "uses IsDuplicated"),
        (pl.col("a").over("b") > 1, "uses (Over|Window)"),
        (pl.col("a").str.join("") == "x", "uses StringExpr"),
        (pl.len() > pl.col("a"), "uses Len"),
        (pl.all() > 1, "uses|names none"),
        (pl.col("^a.*$") > 1, "uses|stands for several"),
        (pl.col("a", "b") > 1, "uses|stands for several"),
        (pl.col("a").map_elements(len, return_dtype=pl.Boolean), "calls a Python function"),
        (pl.lit(True), "names none"),
    ],
)
@pytest.mark.filterwarnings("ignore::polars.exceptions.PolarsInefficientMapWarning")
def test_what_may_not_be_written(expression, says):
    """The piece is named; none of it ever runs."""
    with pytest.raises(LabelingFunctionError, match=says):
        expression_lf(expression, label=1)


numbers = st.one_of(
    st.none(), st.just(float("nan")), st.integers(-3, 3), st.sampled_from([0.5, -1.5, 2.0, float("inf")])
)
strings = st.one_of(st.none(), st.sampled_from(["", "a", "ab", "B", "é", "ß"]))
atoms = st.sampled_from(
    [
        "a > 1", "b <= 0.5", "a == b", "t == 'a'", "'a' in t", "len(t) > 1", "a in [1, 2]", "a is None", "isna(t)",
        "a / b > 1", "a + b < 2", "a % 2 == 1", "a // b >= 0", "abs(a) >= 2", "-1 < b < 2", "max(a, b) > 1",
        "lower(t) != 'b'", "t in ['a', 'B']", "a - b * a ** 2 < 1", "startswith(t, 'a')", "min(a, b) < 0", "a",
        "t > 1",
    ]
)  # fmt: skip
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "&", "|"]), inner).map(lambda x: f"({x[0]}) {x[1]} ({x[2]})"),
        inner.map(lambda x: f"not ({x})"),
    ),
    max_leaves=4,
)


def _called(lf, rows):
    votes = []
    for row in rows:
        try:
            votes.append(lf(row))
            assert lf.explain(row).vote == votes[-1]
        except FrameError:
            votes.append("fault")
    return votes


@settings(max_examples=150, deadline=None)
@given(
    expressions,
    st.lists(st.tuples(numbers, numbers, strings), min_size=1, max_size=6),
    st.sampled_from(["records", "object", "pandas", "polars", "arrow"]),
)
@pytest.mark.filterwarnings("ignore::weaklab.exceptions.FaultWarning")
def test_the_engine_votes_and_fails_as_calls_do(expression, cells, form):
    """Missing cells with and without a type, columns of ints and floats, and types that do not compare."""
    lf = expression_lf(expression, label=1, name="lf")
    rows = [dict(zip("abt", row, strict=True)) for row in cells]
    frame = pd.DataFrame(rows, columns=list("abt"), dtype=object)
    if form != "object":
        frame = frame.astype({"a": "float64", "b": "float64"})
    given = {
        "records": lambda: rows, "object": lambda: frame, "pandas": lambda: frame,
        "polars": lambda: pl.from_pandas(frame.astype({"t": "str"})),
        "arrow": lambda: pl.from_pandas(frame.astype({"t": "str"})).to_arrow(),
    }[form]()  # fmt: skip
    read = rows if form in ("records", "object") else frame.to_dict("records")
    called = _called(lf, read)
    votes = apply(lf, given, progress=False, on_error="abstain")
    assert votes.lf.tolist() == [1 if vote == 1 else -1 for vote in called]
    fault = votes.attrs["faults"].get("lf")
    assert (fault.rows if fault else ()) == tuple(i for i, vote in enumerate(called) if vote == "fault")


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "bool", "Int16", "Float32", "boolean", "object"])
def test_narrow_columns_are_computed_in_64_bits(dtype):
    """100 * 2 is no int8; a call on one row knows of no int8."""
    cells = [1, 0] if dtype in ("bool", "boolean") else [100, 3]
    frame = pd.DataFrame({"a": pd.Series(cells).astype(dtype)})
    assert apply(expression_lf("a * 2 + 1 > 2", label=1, name="lf"), frame, progress=False).lf.tolist() == [
        1, 1 if cells[1] else -1,
    ]  # fmt: skip


def test_dates_and_times():
    """Of every frame."""
    days = [datetime.date(2024, 1, 1), datetime.date(2024, 3, 1), None]
    lf = expression_lf("day > date('2024-02-01')", label=1, name="lf")
    frames = [
        [{"day": day} for day in days],
        pl.DataFrame({"day": days}),
        pl.DataFrame({"day": days}).to_arrow(),
        pd.DataFrame({"day": pd.to_datetime(days)}),
        pd.DataFrame({"day": pd.Series(days, dtype=object)}),
    ]
    for frame in frames:
        assert apply(lf, frame, progress=False).lf.tolist() == [-1, 1, -1]
    assert lf({"day": pd.Timestamp("2024-03-01 10:00")}) == 1
    with pytest.raises(FrameError, match="cannot be computed"):
        lf({"day": pd.Timedelta("1h")})


def test_polars_expressions():
    """By value, though polars' own `==` makes an expression of two."""
    make = lambda bound: expression_lf((pl.col("a") > bound) & pl.col("t").str.contains("x"), label=1, name="lf")  # noqa: E731
    lf = make(1)
    assert (lf, hash(lf)) == (make(1), hash(make(1)))
    assert lf != make(2)
    assert lf.columns == ("a", "t")
    frame = pd.DataFrame({"a": [1, 2, 3, np.nan], "t": ["x", "x", None, "x"]})
    assert apply(lf, frame, progress=False).lf.tolist() == [-1, 1, -1, -1]
    twin = pickle.loads(pickle.dumps(lf))
    assert (twin, twin({"a": 2, "t": "x"})) == (lf, 1)
    assert 'col("a")' in repr(lf)
    for bad in (b"junk", b"AnonymousFunction", pl.col("a").is_null().meta.serialize()[:-3]):
        with pytest.raises(LabelingFunctionError, match="these bytes"):
            type(lf)(bad, 1, "lf")


def test_it_is_plain_data():
    """As written."""
    lf = expression_lf("a > 1 and `<b>` < 2", label=1)
    for twin in (pickle.loads(pickle.dumps(lf)), copy.deepcopy(lf)):
        assert (twin, hash(twin), repr(twin)) == (lf, hash(lf), repr(lf))
    assert (lf.name, lf.columns, lf.labels) == ("a_1_and_b_2", ("a", "<b>"), (1,))
    assert "&lt;b&gt;" in lf._repr_html_()
    assert "<b>" not in lf._repr_html_().replace("<div><b>", "").replace("</b> ExpressionLF", "")
    assert type(lf)(**{key: value for key, value in lf.describe().items() if key != "kind"}) == lf


def test_explanations_show_the_values():
    """Of each column that was read."""
    found = expression_lf("a > 1 and t == 'x'", label=1).explain({"a": 2, "t": "y"})
    assert found.reason == "\"a > 1 and t == 'x'\" is not true: a is 2, t is 'y'"
    assert found.details == {"values": {"a": 2, "t": "y"}}
    assert expression_lf("a > 1", label=1).explain({"a": 2}).column == "a"


def test_bad_frames():
    """The column, the row or the class is named."""
    lf = expression_lf("price > 1", label=1, name="lf")
    with pytest.raises(ColumnError, match="Did you mean 'prices'"):
        apply(lf, pd.DataFrame({"prices": [1]}), progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed on row 1: .*cannot compare string with numeric"):
        apply(lf, pd.DataFrame({"price": [1, "3", None]}), progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed on row 0: .*holds \[1\] \(list\)"):
        apply(lf, pd.DataFrame({"price": [[1], 2]}), progress=False)
    with pytest.raises(FrameError, match="gives Int64, where true or false"):
        expression_lf("price + 1", label=1)({"price": 1})
    with pytest.raises(FrameError, match="cannot read"):
        lf({"price": 2**64})
    with pytest.raises(LabelingFunctionError, match="its label is 3"):
        apply(expression_lf("price > 1", label=3), pd.DataFrame({"price": [1]}), classes=2, progress=False)
    assert apply(lf, pd.DataFrame({"price": []}), progress=False).shape == (0, 1)


def test_values_that_cannot_be_computed_fail_alone():
    """One text that is no number does not cost the votes on the others."""
    lf = expression_lf(pl.col("t").str.to_integer() > 1, label=1, name="lf")
    frame = pd.DataFrame({"t": ["3", "x", "1", None]})
    with pytest.warns(match="'lf' on 1 of 4 rows"):
        votes = apply(lf, frame, progress=False, on_error="abstain")
    assert votes.lf.tolist() == [1, -1, -1, -1]
    assert votes.attrs["faults"]["lf"].rows == (1,)
