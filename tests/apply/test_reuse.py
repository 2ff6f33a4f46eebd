"""What changed is run again, whatever it was, and only that: never a stale vote."""

import datetime as dt
import logging
import re
import subprocess
import sys
import threading
import types

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from weaklab.apply import apply, clear_cache
from weaklab.exceptions import CacheWarning, LabelingFunctionFailure, ParameterError
from weaklab.labeling import (
    expression_lf,
    keyword_lf,
    labeling_function,
    lookup_lf,
    pattern_lf,
    regex_lf,
    threshold_lf,
)

FRAME = pd.DataFrame({"text": ["a", "bb", "ccc", "dddd"], "n": [1, 2, 3, 4]})


def run(lfs, frame, cache, **options):
    return apply(lfs, frame, cache=cache, progress=False, **options)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (keyword_lf("bb", column="text", label=1, name="x"), keyword_lf("ccc", column="text", label=1, name="x")),
        (keyword_lf("bb", column="text", label=1, name="x"), keyword_lf("bb", column="text", label=0, name="x")),
        (
            regex_lf("^B", column="text", label=1, name="x"),
            regex_lf("^B", column="text", label=1, name="x", flags=re.I),
        ),
        (threshold_lf("n", above=1, label=1, name="x"), threshold_lf("n", above=2, label=1, name="x")),
    ],
)
def test_functions_that_are_data_are_what_they_say(before, after, tmp_path, assert_run_again):
    """The same rule for all kinds."""
    assert_run_again([before], [after], FRAME, tmp_path)


def long(row):
    return int(len(str(row.text)) > 2)


def narrow(row):
    return int(type(row.n) is int)


@pytest.mark.parametrize(
    ("lf", "change"),
    [
        (long, lambda frame: frame.assign(text=["a", "bb", "cc", "dddd"])),
        (long, lambda frame: frame.iloc[::-1]),
        (long, lambda frame: frame.iloc[:3]),
        (narrow, lambda frame: frame.astype({"n": "float32"})),
        (narrow, lambda frame: frame.assign(n=pd.Series([1, 2, 3, None], dtype="Int64"))),
        (threshold_lf("n", above=2, label=1), lambda frame: frame.assign(n=[3, 2, 3, 4])),
        (keyword_lf("bb", column="text", label=1), lambda frame: frame.assign(text=["bb", "bb", "ccc", "dddd"])),
    ],
)
def test_data_are_compared_by_what_they_hold(lf, change, tmp_path, assert_run_again):
    """Cells, their type, their order, their number."""
    assert_run_again([lf], [lf], FRAME, tmp_path, change(FRAME))


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.copy(),
        FRAME.astype({"text": object}),
        FRAME.assign(n=[[1], [2], [3], [4]]),
        FRAME.assign(n=FRAME.n.astype("category")),
        FRAME.assign(n=pd.to_datetime(FRAME.n, unit="D", utc=True)),
        FRAME.assign(n=pd.array([1, None, 2, 3], dtype="Int64")),
        FRAME.astype({"text": "string[pyarrow]", "n": "int64[pyarrow]"}),
    ],
    ids=lambda frame: "-".join(map(str, frame.dtypes)),
)
def test_a_frame_changed_in_place_is_another_frame(frame, tmp_path):
    """The object is the same; what it holds is not."""

    def reads_all(row):
        return int(str(row.n) + str(row.text) == saved)

    saved = f"{frame.n[2]}ccc"
    first = run(reads_all, frame, tmp_path)
    assert first["reads_all"].tolist() == [0, 0, 1, 0]
    assert run(reads_all, frame, tmp_path).attrs["reused"] == ("reads_all",)
    if isinstance(frame.n[2], list):
        frame.n[2][0] = 5
    else:
        frame.loc[2, "n"] = frame.n[3]
    assert run(reads_all, frame, tmp_path)["reads_all"].tolist() == [0, 0, 0, 0]
    frame.loc[2, "text"] = "a"
    assert "reused" not in run(reads_all, frame, tmp_path).attrs


@pytest.mark.parametrize("kind", [pl.DataFrame, pa.Table.from_pandas, lambda frame: frame.to_dict("records")])
def test_other_frames_are_compared_too(kind, tmp_path):
    """Polars, arrow and lists: reused for equal contents, run again for others."""
    run(long, kind(FRAME), tmp_path)
    assert run(long, kind(FRAME), tmp_path).attrs["reused"] == ("long",)
    changed = FRAME.assign(text=["aaa", "bb", "ccc", "d"])
    assert run(long, kind(changed), tmp_path)["long"].tolist() == [1, 0, 1, 0]


def test_reused_votes_have_the_index_of_the_frame(tmp_path):
    """Votes belong to rows, and rows to the frame that was given now."""
    run(long, FRAME, tmp_path)
    moved = FRAME.set_axis(["w", "x", "y", "z"])
    votes = run(long, moved, tmp_path)
    assert votes.attrs["reused"] == ("long",)
    assert votes.index.tolist() == ["w", "x", "y", "z"]


def test_functions_of_the_frame_see_its_index(tmp_path, assert_run_again):
    """A function of a row cannot, one of the frame can."""
    by_index = labeling_function(name="lf", batch=True)(lambda frame: (frame.index > 1).astype(int))
    assert_run_again(by_index, [by_index], FRAME, tmp_path, FRAME.set_axis([5, 6, 0, 1]))


def test_a_column_that_is_not_read(tmp_path):
    """Functions that are data name their column; what others read is not known, so they run."""
    lfs = [long, keyword_lf("bb", column="text", label=1)]
    run(lfs, FRAME, tmp_path)
    assert run(lfs, FRAME.assign(new=1), tmp_path).attrs["reused"] == ("bb",)


def test_classes_are_part_of_the_votes(tmp_path):
    """The same name is another code under other classes."""

    def named(row):
        return "spam" if row.n > 2 else "ham"

    assert run(named, FRAME, tmp_path, classes=["ham", "spam"])["named"].tolist() == [0, 0, 1, 1]
    assert run(named, FRAME, tmp_path, classes=["ham", "spam"]).attrs["reused"] == ("named",)
    assert run(named, FRAME, tmp_path, classes=["spam", "ham"])["named"].tolist() == [1, 1, 0, 0]


def test_a_function_that_failed_is_run_again(tmp_path):
    """Its faults must be told each time, and on_error="raise" must raise."""

    def fails(row):
        return 1 // (row.n - 2)

    for _ in range(2):
        with pytest.warns(match="failed and abstained"):
            votes = run([fails, long], FRAME, tmp_path, on_error="abstain")
        assert votes.attrs["faults"]["fails"].rows == (1,)
    assert votes.attrs["reused"] == ("long",)
    with pytest.raises(LabelingFunctionFailure):
        run([fails], FRAME, tmp_path)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_function_that_raised_is_run_again(n_jobs, tmp_path):
    """The error is raised each time, also where other processes went on to the last row."""

    def fails(row):
        return 1 // (row.n - 300)

    def fine(row):
        return row.n % 2

    frame = pd.DataFrame({"n": range(1000)})
    for _ in range(2):
        with pytest.raises(LabelingFunctionFailure, match="'fails' failed on row 300"):
            run([fails, fine], frame, tmp_path, n_jobs=n_jobs)


def test_a_moved_or_commented_function_is_the_same(tmp_path):
    """Where code stands says nothing of its votes."""
    names = {}
    exec("def lf(row):\n    return int(row.n > 1)", names)
    run(names["lf"], FRAME, tmp_path)
    exec("# new\n\n\ndef lf(row):\n    # a comment\n    return int(row.n > 1)", names)
    assert run(names["lf"], FRAME, tmp_path).attrs["reused"] == ("lf",)


class Opaque:
    """What has no value: it holds a lock."""

    def __init__(self):
        self.lock = threading.Lock()


OPAQUE = Opaque()
SEEN = []
COUNT = 0


def reads_lock(row):
    return int(OPAQUE.lock is not None)


def reads_clock(row):
    return int(dt.datetime.now().year > 2000)


def reads_file(row):
    with open(sys.executable, "rb") as file:
        return len(file.read(1))


def remembers(row):
    SEEN.append(row.n)
    return len(SEEN) % 2


def counts(row):
    global COUNT  # noqa: PLW0603  -- such functions exist
    COUNT += 1
    return COUNT % 2


def draws(row):
    return int(np.random.random() < 2)  # noqa: NPY002  -- such functions exist


def reads_names(row):
    return globals()["COUNT"] % 2


UFUNC = np.frompyfunc(lambda n: n > 2, 1, 1)


def hidden(row):
    return int(UFUNC(row.n))


@pytest.mark.parametrize(
    "lf",
    [reads_lock, reads_clock, reads_file, remembers, counts, draws, reads_names, hidden],
    ids=lambda lf: lf.__name__,
)
def test_what_cannot_be_judged_is_run_each_time_and_says_so(lf, tmp_path, caplog):
    """Locks, clocks, files, state of its own: reuse would be a guess."""
    caplog.set_level(logging.INFO, "weaklab.apply")
    for _ in range(3):
        with pytest.warns(CacheWarning, match=rf"run each time: '{lf.__name__}' "):
            votes = run([lf, long], FRAME, tmp_path)
        assert list(votes.attrs["not_reused"]) == [lf.__name__]
    assert votes.attrs["reused"] == ("long",)
    assert lf.__name__ in caplog.text
    assert "reused the votes of 1 of 2" in caplog.text


def test_objects_are_not_compared(tmp_path):
    """They may hold anything, and change by themselves."""
    items = [types.SimpleNamespace(text=text) for text in FRAME.text]
    for _ in range(2):
        with pytest.warns(CacheWarning, match="reads objects"):
            assert run([long], items, tmp_path)["long"].tolist() == [0, 0, 1, 1]


def test_after_editing_one_of_fifty_one_is_run():
    """The loop in the notebook, with nothing asked for."""

    def make(place, plus=0):
        return labeling_function(name=f"lf{place}")(lambda row: int((row.n + place + plus) % 7 == 0) or None)

    clear_cache()
    frame = pd.DataFrame({"n": range(3000), "text": [f"row {i}" for i in range(3000)]})
    lfs = [make(place) for place in range(50)]
    first = apply(lfs, frame, progress=False)
    lfs[17] = make(17, plus=1)
    second = apply(lfs, frame, progress=False)
    assert second.attrs["reused"] == tuple(f"lf{place}" for place in range(50) if place != 17)
    pd.testing.assert_frame_equal(second, apply(lfs, frame, cache=False, progress=False))
    assert not first.equals(second)
    frame.loc[5, "n"] = 0
    assert "reused" not in apply(lfs, frame, progress=False).attrs


def test_off_is_off(tmp_path):
    """Nothing is kept, nothing is looked up."""
    run(long, FRAME, tmp_path)
    assert run(long, FRAME, False).attrs == {}


@pytest.mark.parametrize("cache", [True, 3, ["a"], ""])
def test_what_is_no_place_is_refused(cache):
    """A typo must not run for hours uncached, nor a name that was left empty fill the working directory."""
    with pytest.raises(ParameterError, match="cache="):
        run(long, FRAME, cache)


def test_another_process_finds_the_votes(tmp_path):
    """A folder outlives the process, and hash seeds differ."""
    code = f"""
import pandas as pd, weaklab as wl
WORDS = {{"bb", "ccc", "x", "y"}}
def lf(row):
    return int(row.text in WORDS or row.text in {{"q", "r", "s"}})
frame = pd.DataFrame({{"text": ["a", "bb", "ccc"]}})
print(wl.apply(lf, frame, cache={str(tmp_path)!r}, progress=False).attrs)
"""
    said = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["{}", "{'reused': ('lf',)}"]


def test_kinds_that_are_data_are_kept_by_the_columns_they_read(tmp_path):
    """Expressions, patterns and tables too; and a helper that one holds is part of it."""
    deep = pattern_lf(r"(?P<found>\w+)", column="text", label=1, name="deep", verify=lambda found: len(found) > 2)
    lfs = [
        expression_lf("n > 2", label=1, name="more"),
        lookup_lf({"bb": 0, "ccc": 1}, column="text", name="table"),
        threshold_lf("n", above=1, label=0),
        deep,
    ]
    first = run(lfs, FRAME, tmp_path)
    again = run(lfs, FRAME, tmp_path)
    assert again.attrs["reused"] == tuple(first.columns)
    pd.testing.assert_frame_equal(first, again)
    wider = run(lfs, FRAME.assign(new=1), tmp_path)
    assert wider.attrs["reused"] == tuple(first.columns[:3]), "what verifies a pattern may look at the row"
    other = pattern_lf(r"(?P<found>\w+)", column="text", label=1, name="deep", verify=lambda found: len(found) > 3)
    assert "deep" not in run([*lfs[:3], other], FRAME, tmp_path).attrs["reused"]
