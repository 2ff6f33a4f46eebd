"""Patterns that count under some headings only."""

import copy
import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.apply import apply
from weaklab.apply.search_engine import relaxed
from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, LabelingFunctionFailure
from weaklab.labeling import regex_lf, section_lf

NOTE = "Seen today.\nFamily History: insulin for years\n  PLAN:\nstart insulin; call\nFollow-Up at Home : no insulin"

patterns = st.sampled_from(
    [r"\ba\b", "a", "^ ?a", "a$", r"a\b", "A:", r"\Aa", "ab?", "(?i)A", r"[a\b]", "a|^$", "(?<!b)a", r"\Ba", "", "b:a"]
)
pieces = st.sampled_from(["A:", "Plan:", "plan:", "\n", "a", "b", " ", "ab", "é", "P:", "PLAN :", "[x]", "x"])
texts = st.lists(st.one_of(st.none(), st.lists(pieces, max_size=9).map("".join)), max_size=8)
sections = st.lists(st.sampled_from(["a", "PLAN", "", "x"]), min_size=1, max_size=3)
headings = st.sampled_from([None, r"\[(.)\]", "(?m)^[A-Z]:", r"(?P<heading>x)", "(?=a)"])


@settings(max_examples=400, deadline=None)
@given(patterns, sections, headings, texts)
def test_the_engine_votes_as_calls_do(pattern, names, heading, cells):
    """Anchors mean the section, and the compiled engine sees the whole text."""
    options = {} if heading is None else {"headings": heading}
    lf = section_lf(pattern, column="t", label=1, sections=names, name="lf", **options)
    called = [lf({"t": cell}) for cell in cells]
    for frame in (pd.DataFrame({"t": pd.Series(cells, dtype=object)}), pl.DataFrame({"t": cells}, {"t": str})):
        assert apply(lf, frame, progress=False).lf.tolist() == [-1 if vote is None else vote for vote in called]
    for cell, vote in zip(cells, called, strict=True):
        found = lf.explain({"t": cell})
        assert found.vote == vote
        if vote is not None:
            ((start, stop),) = found.spans
            assert cell[start:stop] == found.details["match"]


@settings(max_examples=300, deadline=None)
@given(patterns, st.text("ab \nAé:", max_size=10), st.integers(0, 10), st.integers(0, 10))
def test_relaxed_patterns_are_found_wherever_parts_match(pattern, text, start, stop):
    """Else the engine would pass over texts on which the function votes."""
    wider = relaxed(pattern)
    if wider is not None and re.search(pattern, text[start:stop]):
        assert re.search(wider, text)


def test_only_the_sections_count():
    """Headings are compared whatever their case; what is before the first has no name."""

    def vote(names, pattern="insulin"):
        return section_lf(pattern, column="t", label=1, sections=names)({"t": NOTE})

    assert [vote(names) for names in ("plan", ["PLAN "], "family  history", "follow-up at home", "seen today")] == [
        1, 1, 1, 1, None,
    ]  # fmt: skip
    assert (vote("", "today"), vote(""), vote("", "Family")) == (1, None, None)
    assert (vote("plan", "call$"), vote("plan", r"call\n"), vote("plan", r"^\nstart"), vote("plan", "PLAN")) == (
        1, 1, 1, None,
    )  # fmt: skip


def test_headings_of_ones_own():
    """By a group of that name, the first group, or all of it."""
    for headings in (r"\[(?P<heading>\w+)\]", r"\[(\w+)\]"):
        lf = section_lf("x", column="t", label=1, sections="b", headings=headings)
        assert (lf({"t": "[a] y [b] x"}), lf({"t": "[a] x [b] y"})) == (1, None)
    assert section_lf("x", column="t", label=1, sections="== b", headings="(?m)^== .*$")({"t": "== b\nx"}) == 1


def test_explanations_show_the_section():
    """And the span in the whole text."""
    found = section_lf("insulin", column="t", label=1, sections="plan").explain({"t": NOTE})
    ((start, stop),) = found.spans
    assert NOTE[start - 6 : stop] == "start insulin"
    assert found.reason == f"found 'insulin' at {start} under 'PLAN'"
    assert found.details["section"] == "PLAN"
    missed = section_lf("aspirin", column="t", label=1, sections="plan").explain({"t": NOTE})
    assert missed.reason == (
        "'aspirin' is not found under 'plan'; the headings are 'Family History', 'PLAN', 'Follow-Up at Home'"
    )
    assert "there are no headings" in section_lf("a", column="t", label=1, sections="p").explain({"t": "a"}).reason
    assert "before any heading" in section_lf("a", column="t", label=1, sections="").explain({"t": "a"}).reason


def test_it_is_plain_data():
    """As all of them."""
    lf = section_lf(re.compile(r"\binsulin\b", re.I), column="t", label=1, sections={"plan", "history"})
    for twin in (pickle.loads(pickle.dumps(lf)), copy.deepcopy(lf)):
        assert (twin, hash(twin), repr(twin)) == (lf, hash(lf), repr(lf))
        assert twin({"t": "PLAN: Insulin"}) == 1
    assert (lf.name, lf.sections, lf.labels) == ("history_insulin", ("history", "plan"), (1,))
    assert "history" in lf._repr_html_()
    assert section_lf("a", column="t", label=1, sections="").name == "opening_a"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pattern": "(a"}, "no regular expression"),
        ({"headings": "(a"}, "no regular expression"),
        ({"headings": 3}, "headings=3"),
        ({"headings": re.compile("a", re.I)}, "write the flags of headings into it"),
        ({"sections": []}, "no sections"),
        ({"sections": 3}, "must be a list"),
        ({"sections": ["a", 3]}, "section 1 is 3"),
        ({"label": -1}, "is no class"),
        ({"column": ["t"]}, "name of one column"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, says):
    """When it is made."""
    with pytest.raises(LabelingFunctionError, match=says):
        section_lf(**{"pattern": "a", "column": "t", "label": 1, "sections": "p", **options})


def test_bad_frames():
    """As for every text."""
    lf = section_lf("a", column="note", label=1, sections="plan", name="lf")
    with pytest.raises(ColumnError, match="Did you mean 'notes'"):
        apply(lf, pd.DataFrame({"notes": ["a"]}), progress=False)
    with pytest.raises(LabelingFunctionFailure, match="'lf' failed on row 0: FrameError: column 'note' holds 2"):
        apply(lf, pd.DataFrame({"note": [2, "PLAN: a"]}), progress=False)
    with pytest.raises(LabelingFunctionError, match="its label is 'spam'"):
        apply(section_lf("a", column="note", label="spam", sections="p"), pd.DataFrame({"note": ["a"]}), progress=False)
    with pytest.raises(FrameError, match="where text was expected"):
        lf({"note": 2})


@pytest.mark.parametrize("seed", range(5))
def test_the_structure_of_notes_labels_them(seed):
    """A drug in the plan means that it is given; in the history, or in the family's, that somebody knew it.

    Sections come in any order, headings in any case; one heading in ten is misspelt, which costs votes and is never
    a wrong one. Whether a drug is in one section is independent of the others, so that the bare pattern is right on
    0.5 / (1 - 0.5 * 0.6 * 0.6) = 61 % of its votes.
    """
    rng = np.random.default_rng(seed)
    notes, given, spelt = [], [], []
    for _ in range(2000):
        in_plan, in_history, in_family = rng.random(3) < (0.5, 0.4, 0.4)
        right = rng.random() < 0.9
        names = ["Plan" if right else "Pln", "Past Medical History", "Family History"]
        parts = [
            f"{name.upper() if rng.random() < 0.5 else name}: {'on metformin.' if there else 'nothing of note.'}"
            for name, there in zip(names, (in_plan, in_history, in_family), strict=True)
        ]
        notes.append("\n".join(np.array(parts)[rng.permutation(3)].tolist()))
        given.append(in_plan)
        spelt.append(right)
    lfs = [
        regex_lf(r"\bmetformin\b", column="t", label=1, name="anywhere"),
        section_lf(r"\bmetformin\b", column="t", label=1, sections="plan", name="planned"),
    ]
    votes = apply(lfs, pd.DataFrame({"t": notes}), progress=False) == 1
    given, spelt = np.array(given), np.array(spelt)
    assert given[votes.anywhere].mean() < 0.70
    assert (votes.planned.to_numpy() == (given & spelt)).all()
