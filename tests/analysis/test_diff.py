"""What changed between two label matrices: counted right, in the right rows, refused where it cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weaklab.analysis import diff
from weaklab.exceptions import FrameError, GoldError, VoteError
from weaklab.votes import PartialVotes, SoftVotes

INDEX = ["a", "b", "c", "d"]
BEFORE = pd.DataFrame({"one": [0, 1, -1, -1], "two": [-1, 0, 0, -1], "gone": [1, -1, -1, -1]}, index=INDEX)
AFTER = pd.DataFrame({"one": [0, 0, 1, -1], "two": [-1, 0, 0, -1], "new": [-1, -1, -1, 1]}, index=INDEX)


def test_counts_per_function():
    """Gained, lost, flipped and unchanged; added and removed ones are told, never matched."""
    found = diff(BEFORE, AFTER)
    table = found.summary
    assert table.index.tolist() == ["one", "two", "new", "gone"]
    assert table["change"].tolist() == ["changed", "same", "added", "removed"]
    counts = table[["gained", "lost", "flipped", "unchanged"]]
    assert counts.to_numpy().tolist() == [[1, 0, 1, 1], [0, 0, 0, 2], [1, 0, 0, 0], [0, 1, 0, 0]]
    assert table["coverage_before"].tolist()[:2] == [0.5, 0.5]
    assert np.isnan(table.loc["new", "coverage_before"])
    assert np.isnan(table.loc["gone", "coverage_after"])
    assert found.overall["coverage"].tolist() == [0.75, 1.0]
    assert found.n_changed == 4


def test_rows_that_changed_with_the_frame():
    """Only what changed is shown, by class name, beside the data."""
    frame = pd.DataFrame({"text": list("wxyz")}, index=INDEX)
    rows = diff(BEFORE, AFTER, frame, [0, 0, 1, -1], classes=["ham", "spam"]).rows
    assert rows.index.tolist() == INDEX
    assert rows["text"].tolist() == list("wxyz")
    assert rows["before"].tolist() == [{"gone": "spam"}, {"one": "spam"}, {"one": None}, {"new": None}]
    assert rows["after"].tolist() == [{"gone": None}, {"one": "ham"}, {"one": "spam"}, {"new": "spam"}]
    assert rows["gold"].tolist()[:3] == ["ham", "ham", "spam"]
    assert rows["gold"].isna().tolist() == [False, False, False, True]


def test_accuracy_before_and_after():
    """Of each function, and of majority vote on covered rows with gold, where a tie counts in parts."""
    found = diff(BEFORE, AFTER, y=[0, 0, 1, -1])
    assert found.summary.loc["one", ["accuracy_before", "accuracy_after"]].tolist() == [0.5, 1.0]
    assert found.overall["accuracy"].round(4).tolist() == [round((0.5 + 0.5 + 0) / 3, 4), round((1 + 1 + 0.5) / 3, 4)]
    assert "accuracy 33.3% → 83.3%" in repr(found)


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.int8, (2, 12, 3), elements=st.integers(-1, 2)))
def test_counts_are_those_of_a_plain_loop(votes):
    """Whatever the votes are; dense arrays and named frames alike."""
    before, after = votes
    found = diff(before, after)
    for j in range(3):
        pairs = list(zip(before[:, j].tolist(), after[:, j].tolist(), strict=True))
        assert found.summary.loc[j, ["gained", "lost", "flipped", "unchanged"]].tolist() == [
            sum(a < 0 <= b for a, b in pairs),
            sum(b < 0 <= a for a, b in pairs),
            sum(a != b and min(a, b) >= 0 for a, b in pairs),
            sum(a == b >= 0 for a, b in pairs),
        ]
    assert found.rows.index.tolist() == np.flatnonzero((before != after).any(axis=1)).tolist()
    assert (found.summary["change"] == "same").tolist() == (before == after).all(axis=0).tolist()


def test_duplicated_index_labels_go_by_position():
    """As ``apply`` gives them for a frame that has them."""
    before, after = (votes.set_axis(["x"] * 4) for votes in (BEFORE, AFTER))
    found = diff(before, after, pd.DataFrame({"n": range(4)}, index=["x"] * 4))
    assert found.rows["n"].tolist() == [0, 1, 2, 3]


def test_no_change_is_said():
    """And is an empty table with its columns."""
    found = diff(BEFORE, BEFORE)
    assert (found.summary["change"] == "same").all()
    assert found.rows.columns.tolist() == ["before", "after"]
    assert len(found.rows) == 0
    assert "votes changed on 0 of 4 rows (0.0%)" in repr(found)
    assert "3 unchanged" in found._repr_html_()


def test_names_are_escaped():
    """A name of a labeling function is no markup."""
    evil = "<script>"
    html = diff(BEFORE.rename(columns={"one": evil}), AFTER.rename(columns={"one": evil}))._repr_html_()
    assert evil not in html


def test_sets_and_distributions():
    """Compared whole: a set that grew has flipped."""
    before = PartialVotes([[0b01], [0b11], [0]], k=2, names=["s"])
    after = PartialVotes([[0b11], [0b11], [0b10]], k=2, names=["s"])
    found = diff(before, after)
    assert found.summary.loc["s", ["gained", "lost", "flipped", "unchanged"]].tolist() == [1, 0, 1, 1]
    assert found.rows["before"].tolist() == [{"s": (0,)}, {"s": None}]
    assert found.rows["after"].tolist() == [{"s": (0, 1)}, {"s": (1,)}]
    nan = np.nan
    soft = [SoftVotes([[[0.5, 0.5]], [[p, 1 - p]], [[nan, nan]]], names=["s"]) for p in (0.25, 0.75)]
    assert diff(*soft).summary["flipped"].item() == 1
    assert diff(*soft).rows["after"].tolist() == [{"s": {0: 0.75, 1: 0.25}}]
    with pytest.raises(VoteError, match="Before are PartialVotes, after are votes of one class each"):
        diff(before, [[0], [1], [1]])


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (BEFORE, AFTER[:3], "on 4 rows, after on 3"),
        (BEFORE, AFTER[::-1], r"another order. votes_after.loc\[votes_before.index\]"),
        (BEFORE, AFTER.set_axis(list("abcz")), "1 index labels of before, such as 'd', are not in after"),
        (BEFORE, AFTER.to_numpy(), "Only one of the two names"),
        (BEFORE, pd.concat([AFTER, AFTER[["one"]]], axis=1), "Two labeling functions of one name: 'one'"),
    ],
)
def test_what_cannot_be_compared(before, after, says):
    """Each says why, and what to do."""
    with pytest.raises(VoteError, match=says):
        diff(before, after)


def test_frames_and_gold_that_do_not_fit():
    """Rows must be the same everywhere."""
    with pytest.raises(FrameError, match="The frame has 2 rows"):
        diff(BEFORE, AFTER, pd.DataFrame({"n": [1, 2]}))
    with pytest.raises(GoldError, match="shape"):
        diff(BEFORE, AFTER, y=[1])


def test_large_matrices_are_quick_to_compare():
    """Rows are made when asked for: many rows are compared without a dict for each."""
    rng = np.random.default_rng(0)
    before = rng.integers(-1, 2, (50_000, 10)).astype(np.int8)
    found = diff(before, np.where(rng.random(before.shape) < 0.5, before, -1))
    assert found.summary["lost"].sum() == found.summary[["lost", "gained", "flipped"]].to_numpy().sum()
    assert "rows" not in vars(found)
