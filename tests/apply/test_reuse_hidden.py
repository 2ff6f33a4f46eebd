"""What code does not show: names in texts, memories, today's date, settings, classes that hide what they hold."""

from __future__ import annotations

import calendar
import functools
import logging
import re
import string
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
import scipy.sparse
import sklearn
import torch
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from weaklab.apply import apply
from weaklab.exceptions import CacheWarning
from weaklab.labeling import labeling_function

FRAME = pd.DataFrame({"text": ["a", "bb", "ccc", "dddd"], "n": [1, 2, 3, 4]})
LIMIT = 2
GIVEN = pl.DataFrame({"n": [1]})
INTO_DATE = pd.Timestamp
DROPOUT = torch.nn.Dropout(0.5)


def numbers(values):
    return np.asarray(values).astype(int)


def selected(frame):
    return frame.query("n > @LIMIT").index


@functools.lru_cache
def remembered_limit():
    return LIMIT


class Holder:
    @functools.lru_cache  # noqa: B019  -- such methods exist
    def limit(self):
        return LIMIT


HOLDER = Holder()


class Hidden(list):
    def __reduce__(self):
        return (Hidden, ())


HIDDEN = Hidden([3])

OF_FRAMES = {
    "eval": lambda frame: numbers(frame.eval("n > @LIMIT")),
    "eval by name": lambda frame: numbers(getattr(frame, "eval")("n > @LIMIT")),  # noqa: B009
    "query": lambda frame: numbers(frame.index.isin(frame.query("n > @LIMIT").index)),
    "query in a helper": lambda frame: numbers(frame.index.isin(selected(frame))),
    "pandas.eval": lambda frame: numbers(pd.eval("frame.n > LIMIT")),
    "polars.sql": lambda frame: numbers(
        frame.n.isin(pl.SQLContext(t=GIVEN, eager=True).execute("SELECT n FROM t")["n"].to_list())
    ),
    "dataset": lambda frame: numbers(frame.n < len(pyarrow.dataset.dataset("a.parquet").to_table())),
    "file": lambda frame: numbers(frame.n < pyarrow.parquet.ParquetFile("a.parquet").metadata.num_rows),
    "forest": lambda frame: numbers(IsolationForest(n_estimators=2).fit_predict(frame[["n"]]) > 0),
    "split": lambda frame: numbers(np.isin(frame.n, train_test_split(frame.n)[0])),
    "generator": lambda frame: numbers(np.random.Generator(np.random.PCG64()).random(len(frame)) > 0.5),
    "sparse": lambda frame: numbers(scipy.sparse.random(len(frame), 1, density=0.5).toarray()[:, 0] > 0),
    "normal": lambda frame: numbers(torch.normal(torch.zeros(len(frame)), 1.0).numpy() > 0),
    "dropout": lambda frame: numbers(DROPOUT(torch.ones(len(frame))).numpy() > 0),
    "dates": lambda frame: numbers(pd.to_datetime(frame.text.map(lambda _: "10:30")).dt.year > 2000),
}
OF_ROWS = {
    "lru_cache": lambda row: int(row.n > remembered_limit()),
    "lru_cache of a method": lambda row: int(row.n > HOLDER.limit()),
    "time of today": lambda row: int(pd.Timestamp("10:30").day > row.n),
    "time of today by another name": lambda row: int(INTO_DATE("10:30").day > row.n),
    "variables of a generator": lambda row: int(row.n > (x for x in ()).gi_frame.f_globals["LIMIT"]),
    "hidden items": lambda row: int(row.n in HIDDEN),
    "level of a logger": lambda row: int(logging.getLogger("a test").isEnabledFor(10)),
}


@pytest.mark.parametrize("what", [*OF_FRAMES, *OF_ROWS])
def test_what_cannot_be_judged_is_run_each_time(what, tmp_path, monkeypatch):
    """And is said to be."""
    monkeypatch.chdir(tmp_path)
    pyarrow.parquet.write_table(pa.table({"n": [1, 2]}), "a.parquet")
    lf = labeling_function(name="lf", batch=what in OF_FRAMES)({**OF_FRAMES, **OF_ROWS}[what])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Could not infer format")
        for _ in range(2):
            with pytest.warns(CacheWarning, match="run each time: 'lf'"):
                assert "reused" not in apply(lf, FRAME, cache=tmp_path / "cache", progress=False).attrs


class Limited(pd.DataFrame):
    _metadata = ["limit"]  # noqa: RUF012  -- as pandas wants it

    @property
    def _constructor(self):
        return Limited


def test_frames_of_a_class_of_the_users_are_not_judged(tmp_path):
    """They may hold anything, and their methods read anything."""
    frame = Limited(FRAME)
    frame.limit = 2
    lf = labeling_function(name="lf", batch=True)(lambda frame: numbers(frame["n"] > frame.limit))
    for _ in range(2):
        with pytest.warns(CacheWarning, match="more than a frame of pandas"):
            assert "reused" not in apply(lf, frame, cache=tmp_path, progress=False).attrs


def test_metadata_of_arrow_tables(tmp_path, assert_run_again):
    """A function of the table sees them."""
    tables = [pa.table({"n": [1, 2, 3]}).replace_schema_metadata({"limit": limit}) for limit in "12"]
    lf = labeling_function(name="lf", batch=True)(
        lambda table: numbers(table["n"].to_numpy() > int(table.schema.metadata[b"limit"]))
    )
    assert_run_again(lf, lf, tables[0], tmp_path, tables[1])


def test_patterns_of_a_class_of_a_library(tmp_path, monkeypatch, assert_run_again):
    """A patched one is what the class then works by."""
    lf = labeling_function(name="lf")(lambda row: int(string.Template("$x").safe_substitute(x=row.text) == row.text))
    never = re.compile("zzz(?P<escaped>a)(?P<named>b)(?P<braced>c)(?P<invalid>d)")

    def changed():
        monkeypatch.setattr(string.Template, "pattern", never)
        return lf

    assert_run_again(lf, changed, FRAME, tmp_path)


class Private:
    __slots__ = ("__limit",)

    def __init__(self, limit=0):
        self.__limit = limit

    def beyond(self, n):
        return n > self.__limit

    def __reduce__(self):
        return (Private, ())


def test_private_slots(tmp_path, assert_run_again):
    """They have another name than the one they were given."""
    box = [Private(2)]
    lf = labeling_function(name="lf")(lambda row: int(box[0].beyond(row.n)))

    def changed():
        box[0].__init__(3)
        return lf

    assert_run_again(lf, changed, FRAME, tmp_path)


def shows(frame):
    return numbers([len(str(frame.n)) % 97 % 5] * len(frame))


def scales(frame):
    return numbers([isinstance(StandardScaler().fit_transform(frame[["n"]]), pd.DataFrame)] * len(frame))


def weeks(frame):
    return numbers([calendar.monthcalendar(2024, 1)[0][0]] * len(frame))


def dives(frame):
    def down(depth):
        return depth and down(depth - 1)

    try:
        return numbers([down(700)] * len(frame))
    except RecursionError:
        return numbers([1] * len(frame))


@pytest.fixture
def as_before():
    """Whatever a test sets is set back."""
    depth, rows = sys.getrecursionlimit(), pd.get_option("display.max_rows")
    yield
    sys.setrecursionlimit(depth)
    pd.set_option("display.max_rows", rows)
    sklearn.set_config(transform_output="default")
    calendar.setfirstweekday(0)


@pytest.mark.parametrize(
    ("function", "change"),
    [
        (shows, lambda: pd.set_option("display.max_rows", 2)),
        (scales, lambda: sklearn.set_config(transform_output="pandas")),
        (weeks, lambda: calendar.setfirstweekday(6)),
        (dives, lambda: sys.setrecursionlimit(600)),
    ],
)
@pytest.mark.usefixtures("as_before")
def test_votes_under_other_settings_are_other_votes(function, change, tmp_path, assert_run_again):
    """Options of pandas and scikit-learn, the first day of the week, the recursion limit."""
    sys.setrecursionlimit(3000)

    def changed():
        change()
        return labeling_function(name="lf", batch=True)(function)

    assert_run_again(labeling_function(name="lf", batch=True)(function), changed, FRAME, tmp_path)


@functools.lru_cache
def normalised(text):
    return re.sub(r"\s+", " ", text).strip().lower()


@functools.cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


DATES = pd.DataFrame({"d": pd.date_range("2020-01-01", periods=4), "query": [1, 2, 3, 4], "t": ["2020-01-01"] * 4})


@pytest.mark.parametrize(
    ("function", "batch"),
    [
        (lambda row: int(normalised(row.t) > "a"), False),
        (lambda row: int(fibonacci(row["query"]) > 1), False),
        (lambda row: int(row.query > 1), False),
        (lambda row: int(isinstance(row.d, pd.Timestamp) and row.d > pd.Timestamp("2020-01-02")), False),
        (lambda frame: numbers(frame.d > pd.to_datetime(frame.t.str.strip(), format="%Y-%m-%d")), True),
        (lambda frame: numbers(np.where(np.isin(frame["query"], [1]), 1, np.median(frame["query"]))), True),
    ],
)
def test_what_depends_on_arguments_alone_is_reused_without_a_word(function, batch, tmp_path):
    """Memories of pure functions, columns named as methods, dates that say their year."""
    lf = labeling_function(name="lf", batch=batch)(function)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apply(lf, DATES, cache=tmp_path, progress=False)
        assert apply(lf, DATES, cache=tmp_path, progress=False).attrs == {"reused": ("lf",)}
