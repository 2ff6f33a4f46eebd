"""The data may come in many forms; votes have its index and its order."""

import pickle
from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, FaultWarning, FrameError, LabelingFunctionFailure
from weaklab.labeling import Row, as_row, keyword_lf, labeling_function, regex_lf, threshold_lf

DATA = {"text": ["free beer", "hello", None], "stars": [5, 1, 3]}
RECORDS = [dict(zip(DATA, row, strict=True)) for row in zip(*DATA.values(), strict=True)]
Review = namedtuple("Review", "text stars")


def happy(row):
    return 1 if row.stars > 2 and row["stars"] == row.stars and "text" in row else None


@labeling_function(batch=True)
def counted(frame):
    return [0] * len(frame)


LFS = [
    happy,
    counted,
    keyword_lf("free", column="text", label=1),
    regex_lf("^h", column="text", label=0),
    threshold_lf("stars", above=4, label=1),
]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(DATA),
        pd.DataFrame(DATA).astype({"text": object}),
        pd.DataFrame(DATA).astype({"text": "category", "stars": "Int64"}),
        pd.DataFrame(DATA).astype({"text": pd.StringDtype("python"), "stars": float}),
        pd.DataFrame(DATA).astype({"text": pd.ArrowDtype(pa.string()), "stars": pd.ArrowDtype(pa.int8())}),
        pl.DataFrame(DATA),
        pl.DataFrame(DATA).with_columns(pl.col("text").cast(pl.Categorical)),
        pa.table(DATA),
        pa.table(DATA).to_batches()[0],
        RECORDS,
        tuple(RECORDS),
        [Review(**record) for record in RECORDS],
        [as_row(record) for record in RECORDS],
        [pd.Series(record) for record in RECORDS],
        [SimpleNamespace(**record) for record in RECORDS],
    ],
    ids=lambda frame: f"{type(frame).__name__}-{type(frame[0]).__name__ if isinstance(frame, (list, tuple)) else ''}",
)
def test_every_form_gives_the_same_votes(frame):
    """The engine for a form is an implementation; the votes are what the functions say."""
    votes = apply(LFS, frame, progress=False)
    expected = [[1, 0, 1, -1, 1], [-1, 0, -1, 0, -1], [1, 0, -1, -1, -1]]
    assert votes.to_numpy().tolist() == expected
    assert votes.columns.tolist() == ["happy", "counted", "free", "regex_h", "stars_above_4"]
    assert votes.index.tolist() == [0, 1, 2]
    assert set(votes.dtypes) == {np.dtype(np.int8)}


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([3, 1, 2]),
        pd.Index(["b", "a", "b"]),
        pd.MultiIndex.from_tuples([("x", 2), ("x", 1), ("a", 1)], names=["one", "two"]),
        pd.DatetimeIndex(["2020-01-02", "2020-01-01", "2020-01-02"]),
        pd.RangeIndex(10, 40, 10),
        pd.Index([None, 1.5, None]),
    ],
    ids=["unsorted", "duplicated", "multi", "dates", "range", "missing"],
)
def test_the_index_and_the_order_are_the_frames(index):
    """Snorkel's parallel applier sorted the index and gave rows each other's votes."""
    frame = pd.DataFrame(DATA, index=index)
    votes = apply(LFS, frame, progress=False)
    assert votes.index is frame.index or votes.index.equals(frame.index)
    assert votes.index.names == frame.index.names
    assert votes.free.tolist() == [1, -1, -1]
    assert votes.stars_above_4.tolist() == [1, -1, -1]


@pytest.mark.parametrize("empty", [pd.DataFrame(DATA)[:0], pl.DataFrame(DATA)[:0], pa.table(DATA)[:0], []])
def test_no_rows_make_no_votes(empty):
    """A filter that leaves nothing is no error; names and types are as ever."""
    votes = apply(LFS, empty, progress=False)
    assert votes.shape == (0, 5)
    assert set(votes.dtypes) == {np.dtype(np.int8)}
    assert votes.columns[0] == "happy"


def test_a_missing_column_is_found_before_anything_runs():
    """A minute of labeling before "no such column" is a minute lost."""
    ran = []
    lfs = [labeling_function(name="first")(lambda row: ran.append(1)), keyword_lf("a", column="txet", label=1)]
    for frame in (pd.DataFrame(DATA), pl.DataFrame(DATA), RECORDS, [SimpleNamespace(**RECORDS[0])]):
        with pytest.raises(ColumnError, match=r"labeling function 'a' reads .*'txet'.*Did you mean 'text'\?"):
            apply(lfs, frame, progress=False, on_error="abstain")
    assert ran == []


def test_an_unknown_column_of_a_row_names_function_row_and_suggestion():
    """The typo is in the function; the message must lead there."""

    def typo(row):
        return 1 if row.txet else None

    with pytest.raises(LabelingFunctionFailure, match=r"'typo' failed on row 0: .*'txet'. Did you mean 'text'\?") as e:
        apply([typo], pd.DataFrame(DATA), progress=False)
    assert isinstance(e.value.__cause__, AttributeError)


def read_by_item(frame):
    return frame["txet"]


def read_by_attribute(frame):
    return frame.txet


def read_by_item_of_each(frame):
    return [row["txet"] for row in frame]


@pytest.mark.parametrize(
    ("function", "frame"),
    [
        (read_by_item, pd.DataFrame(DATA)),
        (read_by_attribute, pd.DataFrame(DATA)),
        (read_by_item, pl.DataFrame(DATA)),
        (read_by_attribute, pl.DataFrame(DATA)),
        (read_by_item, pl.DataFrame(DATA).to_arrow()),
        (read_by_item_of_each, RECORDS),
    ],
)
def test_an_unknown_column_of_a_batch_gets_the_suggestion_too(function, frame):
    """A frame's own error is KeyError: 'txet', which leaves out what there is."""
    lf = labeling_function(name="typo", batch=True)(function)
    with pytest.raises(LabelingFunctionFailure, match=r"'typo' failed.*no column 'txet'. Did you mean 'text'\?"):
        apply([lf], frame, progress=False)
    with pytest.warns(FaultWarning, match=r"'typo' on all .*no column 'txet'. Did you mean 'text'\?"):
        apply([lf], frame, progress=False, on_error="abstain")


def test_a_key_error_of_a_batch_functions_own_is_left_alone():
    """A dict of the author's is no frame."""
    lf = labeling_function(name="own", batch=True)(lambda frame: {}["txet"])
    with pytest.raises(LabelingFunctionFailure) as caught:
        apply([lf], pd.DataFrame(DATA), progress=False)
    assert "column" not in str(caught.value)


def test_columns_of_one_name_are_an_error_only_where_they_are_read():
    """Which of the two is meant nobody knows."""
    frame = pd.DataFrame([["a", "b", 1]], columns=["text", "text", "stars"])
    assert apply([lambda_named(lambda row: row.stars)], frame, progress=False).lf.tolist() == [1]
    with pytest.raises(FrameError, match="'text', which the frame has 2 times"):
        apply([keyword_lf("a", column="text", label=1)], frame, progress=False)
    with pytest.raises(LabelingFunctionFailure, match="'text', which the frame has 2 times"):
        apply([lambda_named(lambda row: row.text)], frame, progress=False)


def lambda_named(function):
    return labeling_function(name="lf")(function)


def test_columns_need_no_names_of_their_own():
    """Frames of arrays have ints for columns, grouped ones tuples."""
    frame = pd.DataFrame([[1, 2]])
    lfs = [lambda_named(lambda row: row[1]), threshold_lf(0, above=0, label=1)]
    assert apply(lfs, frame, progress=False).to_numpy().tolist() == [[2, 1]]
    grouped = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert apply([lambda_named(lambda row: row["a", "y"])], grouped, progress=False).lf.tolist() == [2]


def test_a_key_that_a_record_lacks_is_missing():
    """JSON lines leave out what is null; frames made of them have NaN there."""
    votes = apply(
        [lambda_named(lambda row: int(row.stars is None)), keyword_lf("a", column="text", label=1)],
        [{"text": "a", "stars": 1}, {"text": "a"}, {"stars": None}],
        progress=False,
    )
    assert votes.to_numpy().tolist() == [[0, 1], [1, 1], [1, -1]]


def test_objects_reach_functions_as_rows_or_as_themselves():
    """A record is protected from writing; a document must stay iterable."""

    @dataclass
    class Item:
        text: str

        def shout(self):
            return self.text.upper()

    class Document(list):
        text = "a"

    items = [Item("a"), Item("b")]

    def writes(row):
        assert isinstance(row, Row)
        row.text = "changed"
        return int(row.shout() in "AB")

    votes = apply([writes, lambda_named(lambda row: int(row.text == "a"))], items, progress=False)
    assert votes.to_numpy().tolist() == [[1, 1], [1, 0]]
    assert items == [Item("a"), Item("b")]
    seen = []
    with pytest.raises(FrameError, match="Row 0 of the list is"):
        apply([lambda_named(seen.append)], [Document()], progress=False)

    class Text:
        def __init__(self, text):
            self.text = text

        def __len__(self):
            return len(self.text)

    texts = [Text("a"), Text("abc")]
    votes = apply([lambda_named(len), keyword_lf("abc", column="text", label=0)], texts, progress=False)
    assert votes.to_numpy().tolist() == [[1, -1], [3, 0]]
    assert apply([counted], texts, progress=False).counted.tolist() == [0, 0]


class NoFrame:
    pass


@pytest.mark.parametrize(
    ("frame", "hint"),
    [
        (None, "None is no frame"),
        (pd.Series(["a"]), r"to_frame\('text'\)"),
        (pl.Series(["a"]), r"to_frame\('text'\)"),
        (pl.LazyFrame({"a": [1]}), r"collect\(\)"),
        ("file.csv", "pandas.read_csv"),
        ({"text": ["a"]}, "pandas.DataFrame"),
        (as_row({"text": "a"}), "for one row"),
        (np.zeros((2, 2)), "Name its columns"),
        (iter([{"a": 1}]), r"list\(...\)"),
        (Review("a", 1), r"list\(...\)"),
        (NoFrame(), "Give a pandas or polars"),
        (["a", "b"], r"Row 0 of the list is 'a' \(str\)"),
        ([{"a": 1}, None], "Row 1 of the list is None"),
        ([{"a": 1}, SimpleNamespace(a=1)], "mixes records and objects"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_frame_gets_a_hint(frame, hint):
    """A Series of texts is the most natural mistake."""
    with pytest.raises(FrameError, match=hint):
        apply(LFS, frame, progress=False)


def test_votes_pickle():
    """They are a plain DataFrame."""
    votes = apply(LFS, pd.DataFrame(DATA), progress=False)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(votes)), votes)


def test_older_pandas_copies_the_frame_for_batch_functions(monkeypatch):
    """Before copy-on-write a shallow copy shares its data."""
    monkeypatch.setattr(pd, "__version__", "2.2.3")
    monkeypatch.setattr(pd, "get_option", lambda name: False)

    @labeling_function(batch=True)
    def vandal(frame):
        frame.loc[:, "stars"] = 0
        return frame.stars

    frame = pd.DataFrame(DATA)
    assert apply([vandal], frame, progress=False).vandal.tolist() == [0, 0, 0]
    assert frame.stars.tolist() == [5, 1, 3]
