"""A preview shows the right rows, says how many it looked at, stops early, and escapes what it shows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import polars as pl
import pytest

import weaklab as wl
from weaklab.analysis import preview
from weaklab.exceptions import ColumnError, GoldError, LabelingFunctionError, ParameterError

CLASSES = ["ham", "spam"]
INDEX = ["r0", "r1", "r2", "r3"]
FRAME = pd.DataFrame({"text": ["free money", "call me", "feel free", None], "n": [1, 2, 3, 4]}, index=INDEX)
FREE = wl.keyword_lf("free", column="text", label="spam")


def test_rows_with_vote_reason_and_gold():
    """In the data's index; accuracy by gold where it is known."""
    seen = preview(FREE, FRAME, y=["spam", "ham", "ham", None], classes=CLASSES)
    assert seen.frame.index.tolist() == ["r0", "r2"]
    assert seen.frame.columns.tolist() == ["text", "vote", "gold", "reason"]
    assert seen.frame["vote"].tolist() == ["spam", "spam"]
    assert seen.frame["gold"].tolist() == ["spam", "ham"]
    assert seen.frame["reason"].tolist() == ["found 'free' at 0", "found 'free' at 5"]
    assert seen.summary.loc["free"].to_dict() == {
        "rows": 4, "votes": 2, "coverage": 0.5, "faults": 0, "correct": 1, "incorrect": 1, "accuracy": 0.5,
    }  # fmt: skip
    assert "right on 1 of 2 with gold (50.0%)" in repr(seen)
    assert "[free] money" in repr(seen)
    with pytest.raises(FrozenInstanceError):
        seen.n = 3


def test_functions_that_are_data_need_no_classes():
    """Their labels are known; no other class than these is ever shown."""
    assert preview(FREE, FRAME).frame["vote"].tolist() == ["spam", "spam"]
    assert preview(wl.threshold_lf("n", above=2, label=1), FRAME).frame["vote"].tolist() == [1, 1]


def test_html_is_escaped_and_marked():
    """What stands in the data, its index and its columns must never become markup."""
    evil = "<script>alert('free')</script>"
    frame = pd.DataFrame({evil: [f"{evil} free"]}, index=[evil])
    lf = wl.keyword_lf("free", column=evil, label=evil, name=evil)
    html = preview(lf, frame)._repr_html_()
    assert "<script" not in html
    assert html.count("<mark>free</mark>") == 2
    assert "&lt;script&gt;" in html


def test_a_huge_frame_is_sampled_and_never_applied_to_whole():
    """Ten examples cost some hundred calls, not a million."""
    calls = []

    @wl.labeling_function
    def even(row):
        calls.append(row.n)
        return 1 if row.n % 2 == 0 else None

    seen = preview(even, pd.DataFrame({"n": np.arange(1_000_000)}), 10)
    assert len(seen.frame) == 10
    assert len(calls) <= 220
    assert "of the 200 rows looked at, of 1,000,000 in all" in repr(seen)
    assert seen.summary.loc["even", "rows"] == 200
    other = preview(even, pd.DataFrame({"n": np.arange(1_000_000)}), 10, random_state=1)
    assert other.frame.index.tolist() != seen.frame.index.tolist()


def test_rare_votes_are_found_and_max_rows_ends_the_search():
    """Samples grow until all rows are seen, or as many as allowed."""
    frame = pd.DataFrame({"n": np.arange(50_000)})
    rare = wl.threshold_lf("n", above=49_996, label=1)
    seen = preview(rare, frame)
    assert seen.frame.index.tolist() == [49_997, 49_998, 49_999]
    assert seen.summary["rows"].item() == 50_000
    assert preview(rare, frame, max_rows=3000).summary["rows"].item() == 3000


def test_coverage_is_that_of_a_random_sample():
    """Within four standard errors, for each of several seeds."""
    frame = pd.DataFrame({"n": np.arange(100_000)})
    lf = wl.threshold_lf("n", below=20_000, label=0)
    for seed in range(5):
        assert abs(preview(lf, frame, random_state=seed).summary["coverage"].item() - 0.2) < 4 * 0.4 / 2000**0.5


def test_few_gold_rows_are_looked_at_wherever_they_are():
    """Thirty gold rows of 100,000 would hardly be in the sample."""
    frame = pd.DataFrame({"n": np.arange(100_000)})
    y = np.full(100_000, -1)
    y[:30] = np.arange(30) % 3 > 0
    seen = preview(wl.threshold_lf("n", above=-1, label=1), frame, y=y)
    assert seen.summary.loc[:, ["rows", "correct", "incorrect"]].to_numpy().tolist() == [[2000, 20, 10]]


def test_faults_are_counted_and_the_first_is_told():
    """A function under construction raises now and then."""

    @wl.labeling_function
    def brittle(row):
        return 1 if 6 / (row.n - 2) > 2 else None

    seen = preview(brittle, FRAME)
    assert seen.summary.loc["brittle", ["votes", "faults"]].tolist() == [2, 1]
    assert "failed on 1 rows, first: ZeroDivisionError: division by zero" in repr(seen)
    assert "ZeroDivisionError" in seen._repr_html_()


def test_lists_of_functions_have_rows_each():
    """One of them never votes, and says so."""
    never = wl.keyword_lf("zzz", column="text", label="ham")
    seen = preview([FREE, never, wl.threshold_lf("n", above=3, label="ham")], FRAME, classes=CLASSES)
    assert seen.frame["lf"].tolist() == ["free", "free", "n_above_3"]
    assert seen.summary["votes"].tolist() == [2, 0, 1]
    assert "zzz votes on 0 of the 4 rows looked at (0.0%)" in repr(seen)
    assert "<b>zzz</b>" in seen._repr_html_()


def test_opaque_functions_show_what_they_read():
    """One column of two; a function of the whole frame shows all."""

    @wl.labeling_function
    def small(row):
        return 1 if row.n < 3 else None

    @wl.labeling_function(batch=True)
    def whole(frame):
        return np.where(frame["n"] > 3, 0, -1)

    assert preview(small, FRAME).frame.columns.tolist() == ["n", "vote", "reason"]
    assert preview(whole, FRAME).frame.columns.tolist() == ["text", "n", "vote", "reason"]
    assert preview(small, FRAME, columns=["text"]).frame.columns.tolist() == ["text", "vote", "reason"]
    assert preview(lambda_named := small.function, FRAME).frame["vote"].tolist() == [1, 1], lambda_named


def test_sets_and_distributions():
    """As dicts and tuples; only a set of one class is judged."""
    soft = wl.labeling_function(name="soft", output="soft")(lambda row: [0.25, 0.75] if row.n < 2 else None)
    sets = wl.labeling_function(name="sets", output="set")(lambda row: ["ham", "spam"] if row.n < 2 else ["ham"])
    y = ["spam", "ham", "ham", "ham"]
    assert preview(soft, FRAME, y=y, classes=CLASSES).frame["vote"].tolist() == [{"spam": 0.75, "ham": 0.25}]
    seen = preview(sets, FRAME, y=y, classes=CLASSES)
    assert seen.frame["vote"].tolist() == [("ham", "spam"), ("ham",), ("ham",), ("ham",)]
    assert seen.summary["correct"].item() == 3


@pytest.mark.parametrize("kind", ["polars", "arrow", "dicts", "objects"])
def test_frames_of_every_kind(kind):
    """Rows are numbered; dicts may lack keys."""
    polars = pl.DataFrame({"text": ["free money", "call me", "feel free", None], "n": [1, 2, 3, 4]})
    dicts = [{"text": text, "n": n} if text else {"n": n} for text, n in zip(FRAME["text"], FRAME["n"], strict=True)]
    objects = [type("Item", (), {"text": text, "n": 1})() for text in FRAME["text"]]
    frame = {"polars": polars, "arrow": polars.to_arrow(), "dicts": dicts, "objects": objects}[kind]
    seen = preview(FREE, frame)
    assert seen.frame.index.tolist() == [0, 2]
    assert seen.frame["text"].tolist() == ["free money", "feel free"]


def test_a_column_named_vote_is_kept():
    """The new one gets an underscore."""
    seen = preview(FREE, FRAME.assign(vote="mine"), columns=["vote"])
    assert seen.frame[["vote", "vote_"]].to_numpy().tolist() == [["mine", "spam"]] * 2
    repr(seen)


def test_a_prompt_without_a_cache_is_not_asked_again():
    """Each answer costs money: as many prompts as rows looked at, no more for the reasons."""
    asked = []

    def complete(prompts):
        asked.extend(prompts)
        return ["spam" for _ in prompts]

    frame = pd.DataFrame({"text": [f"text {i}" for i in range(500)]})
    lf = wl.prompt_lf(complete, "Spam? {text}", labels={"spam": 1, "ham": 0})
    seen = preview(lf, frame, 5)
    assert len(seen.frame) == 5
    assert len(asked) == 5


def test_empty_frames_and_bad_arguments():
    """Each says what is wrong."""
    assert len(preview(FREE, FRAME[:0]).frame) == 0
    with pytest.raises(ColumnError, match="Did you mean 'text'"):
        preview(wl.keyword_lf("a", column="txet", label=1), FRAME)
    with pytest.raises(ColumnError, match="Did you mean 'text'"):
        preview(FREE, FRAME, columns=["txet"])
    for n in (0, True, 2.5):
        with pytest.raises(ParameterError, match="n="):
            preview(FREE, FRAME, n)
    with pytest.raises(GoldError, match="shape"):
        preview(FREE, FRAME, y=[1])
    named = wl.labeling_function(name="named")(lambda row: "spam")
    with pytest.raises(LabelingFunctionError, match="declare them: classes="):
        preview(named, FRAME)
