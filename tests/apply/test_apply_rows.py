"""Labeling functions of one row: they see the data as they are, and nobody sees what they do to them."""

import datetime as dt
import gc
from collections import OrderedDict, defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pytest

from weaklab.apply import apply
from weaklab.labeling import keyword_lf, labeling_function, preprocessor


def votes_of(function, frame, **options):
    return apply([labeling_function(name="lf")(function)], frame, progress=False, **options)["lf"].tolist()


def seen_by(frame, column):
    """The cells of a column as a labeling function sees them."""
    seen = []
    votes_of(lambda row: seen.append(row[column]), frame)
    return seen


FRAME = pd.DataFrame(
    {
        "int": [1, 2],
        "float": [0.5, 1.0],
        "narrow": np.array([0.1, 0.2], dtype=np.float32),
        "int8": np.array([100, 27], dtype=np.int8),
        "bool": [True, False],
        "text": ["a", None],
        "time": pd.to_datetime(["2020-01-01", None]),
        "span": pd.to_timedelta(["1D", None]),
        "nullable": pd.array([1, None], dtype="Int64"),
        "nullable narrow": pd.array([0.1, None], dtype="Float32"),
        "arrow narrow": pd.array([0.1, None], dtype="float[pyarrow]"),
        "category": pd.Categorical([7, 8]),
        "object": ["x", 3],
    }
)


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("int", (int, int)),
        ("float", (float, float)),
        ("narrow", (np.float32, np.float32)),
        ("int8", (int, int)),
        ("bool", (bool, bool)),
        ("text", (str, float)),
        ("time", (pd.Timestamp, type(pd.NaT))),
        ("span", (pd.Timedelta, type(pd.NaT))),
        ("nullable", (int, type(pd.NA))),
        ("nullable narrow", (np.float32, type(pd.NA))),
        ("arrow narrow", (np.float32, type(pd.NA))),
        ("category", (int, int)),
        ("object", (str, int)),
    ],
)
def test_cells_keep_the_type_of_their_column(column, kinds):
    """Snorkel's rows were Series, in which an int beside a float became a float."""
    assert tuple(map(type, seen_by(FRAME, column))) == kinds


def test_cells_of_polars_keep_their_types():
    """Dates with time are Timestamps, since Python's own lose nanoseconds; null is None."""
    frame = pl.DataFrame(
        {
            "int": [1, None],
            "text": ["a", None],
            "time": pl.Series([1, None], dtype=pl.Datetime("ns")),
            "span": pl.Series([1, None], dtype=pl.Duration("ns")),
            "date": [dt.date(2020, 1, 1), None],
            "list": [[1], None],
            "category": pl.Series(["a", None], dtype=pl.Categorical),
        }
    )
    assert seen_by(frame, "int") == [1, None]
    assert seen_by(frame, "text") == ["a", None]
    assert seen_by(frame, "time") == [pd.Timestamp(1), None]
    assert seen_by(frame, "span") == [pd.Timedelta(1), None]
    assert seen_by(frame, "date") == [dt.date(2020, 1, 1), None]
    assert seen_by(frame, "list") == [[1], None]
    assert seen_by(frame, "category") == ["a", None]
    assert seen_by(frame.to_arrow(), "time") == [pd.Timestamp(1), None]


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]
)
def test_numbers_are_of_one_type_whatever_the_frame(dtype):
    """`row.score == 0.1` must not depend on the library that read the file."""
    frame = pd.DataFrame({"number": np.array([0.1, 7.0], dtype=dtype)})
    expected = seen_by(frame, "number")
    for other in (pl.from_pandas(frame), pl.from_pandas(frame).to_arrow()):
        seen = seen_by(other, "number")
        assert seen == expected
        assert set(map(type, seen)) == set(map(type, expected))
    missing = seen_by(pl.DataFrame({"number": pl.Series([0.1, None], dtype=pl.Float32)}), "number")
    assert missing == [np.float32(0.1), None]


def test_columns_read_late_are_there():
    """Columns are converted when they are first read; one that only the last rows read must be theirs."""
    frame = pd.DataFrame({"a": range(3000), "b": range(3000, 6000)})
    expected = [row % 2 if row < 2500 else (row + 3000) % 3 for row in range(3000)]
    assert votes_of(lambda row: row.a % 2 if row.a < 2500 else row.b % 3, frame) == expected


def test_what_one_function_writes_no_other_sees():
    """Neither the frame nor the next function, over several chunks of rows."""
    n = 2500
    frame = pd.DataFrame({"text": ["a"] * n, "tags": [["old"] for _ in range(n)], "image": [np.zeros(1)] * n})
    before = frame.copy(deep=True)

    def vandal(row):
        row.text = "b"
        row["new"] = 1
        row.tags.append("new")
        return int(row.text == "b" and row.tags == ["old", "new"])

    def witness(row):
        return int(row.text == "a" and row.tags == ["old"] and "new" not in row)

    votes = apply([vandal, witness, labeling_function(name="again")(vandal)], frame, progress=False)
    assert (votes == 1).all(axis=None)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.tags[0] == ["old"]


def test_a_function_that_fails_leaves_no_trace_either():
    """What it wrote before it raised is taken back too."""

    def fails(row):
        row.text = "b"
        raise ValueError

    def witness(row):
        return int(row.text == "a")

    frame = pd.DataFrame({"text": ["a", "a"]})
    with pytest.warns(match="'fails' on all 2 of 2 rows"):
        votes = apply([fails, witness], frame, on_error="abstain", progress=False)
    assert votes.witness.tolist() == [1, 1]


def test_batch_functions_get_a_frame_of_their_own():
    """In-place code is common in functions of frames."""

    @labeling_function(batch=True)
    def vandal(frame):
        frame["text"] = "b"
        frame.loc[frame.index[0], "n"] = 100
        return (frame.n > 50).astype(int)

    @labeling_function(batch=True)
    def witness(frame):
        return [int(cell == "a") for cell in frame["text"]]

    frame = pd.DataFrame({"text": ["a", "a"], "n": [1, 2]})
    votes = apply([vandal, witness], frame, progress=False)
    assert votes.vandal.tolist() == [1, 0]
    assert votes.witness.tolist() == [1, 1]
    assert frame.to_dict("list") == {"text": ["a", "a"], "n": [1, 2]}


@pytest.mark.parametrize("make", [pl.DataFrame, lambda data: pl.DataFrame(data).to_arrow()])
def test_batch_functions_get_the_kind_of_frame_that_was_given(make):
    """A function written for polars is given polars."""
    frame = make({"n": [1, 2, 3]})

    @labeling_function(batch=True)
    def kind(given):
        assert type(given) is type(frame)
        return [1, None, 0]

    assert apply([kind], frame, progress=False).kind.tolist() == [1, -1, 0]


def test_preprocessors_run_once_per_row():
    """However many functions use them; and each row gets its own result, in every chunk."""
    runs = []

    @preprocessor
    def squared(row):
        runs.append(row.n)
        return {"square": row.n**2}

    @preprocessor
    def plus_one(row):
        row.square += 1
        return row

    def even(row):
        return row.square % 2

    def vandal(row):
        row.square = -5
        return row.n % 2

    n = 2100
    lfs = [
        labeling_function(pre=[squared])(vandal),
        labeling_function(pre=[squared])(even),
        labeling_function(pre=[squared, plus_one], name="odd")(even),
    ]
    votes = apply(lfs, pd.DataFrame({"n": range(n)}), progress=False)
    assert runs == list(range(n))
    assert votes.even.tolist() == [i % 2 for i in range(n)]
    assert votes.odd.tolist() == [1 - i % 2 for i in range(n)]


def test_preprocessed_rows_do_not_outlive_their_chunk():
    """A parsed document per row of a large corpus would fill the memory."""
    alive = []

    class Parsed:
        count = 0

        def __init__(self):
            Parsed.count += 1

        def __del__(self):
            Parsed.count -= 1

    @preprocessor
    def parsed(row):
        return {"doc": Parsed()}

    @labeling_function(pre=[parsed])
    def counting(row):
        alive.append(Parsed.count)

    gc.collect()
    apply([counting], pd.DataFrame({"n": range(10_000)}), progress=False)
    assert max(alive) <= 1024


def test_a_stop_iteration_is_an_error_like_any_other():
    """In a loop written with `map` it would silently end the votes."""

    def stops(row):
        return next(iter([]))

    frame = pd.DataFrame({"a": [1, 2]})
    with pytest.warns(match="StopIteration"):
        votes = apply([stops], frame, on_error="abstain", progress=False)
    assert votes.attrs["faults"]["stops"].count == 2


def test_one_function_may_call_another():
    """The row that it passes on is the same."""
    keyword = keyword_lf("spam", column="text", label=1)

    def not_spam(row):
        return 0 if keyword(row) is None else None

    frame = pd.DataFrame({"text": ["spam", "ham"]})
    assert apply([keyword, not_spam], frame, progress=False).to_numpy().tolist() == [[1, -1], [-1, 0]]


def test_cells_of_any_kind_of_dict_or_list_are_private_too():
    """Subclasses of containers are copied for each function, all the way down, and the data stays as it was."""
    cells = [OrderedDict(tags=[]), defaultdict(list, tags=[])]
    frame = pd.DataFrame({"o": pd.Series(cells, dtype=object)})

    def add(row):
        row.o["tags"].append(1)
        return 0

    def count(row):
        return len(row.o["tags"])

    for lfs in ([count, add], [add, count]):
        assert apply(lfs, frame, cache=False, progress=False)["count"].tolist() == [0, 0]
    assert [cell["tags"] for cell in cells] == [[], []]
