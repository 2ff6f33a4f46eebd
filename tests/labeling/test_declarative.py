"""Labeling functions that are data: what they say, and what they vote on one row."""

import copy
import enum
import pickle
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import FrameError, LabelingFunctionError, RowColumnError
from weaklab.labeling import KeywordLF, MatchLF, RegexLF, ThresholdLF, keyword_lf, regex_lf, threshold_lf

Label = enum.Enum("Label", {"SPAM": 1})

EACH = [
    keyword_lf(["a", "B"], column="text", label="spam", at_least=2),
    regex_lf(r"\bfree\b", column="text", label=1, flags=re.IGNORECASE),
    threshold_lf("price", above=3, below=5.5, label=0, name="<cheap>"),
]


@pytest.mark.parametrize("lf", EACH, ids=lambda lf: type(lf).__name__)
def test_they_are_plain_data(lf):
    """The planner, the cache and the archive go by what they say."""
    for twin in (pickle.loads(pickle.dumps(lf)), copy.copy(lf), copy.deepcopy(lf)):
        assert twin == lf
        assert hash(twin) == hash(lf)
        assert repr(twin) == repr(lf)
    said = lf.describe()
    assert said.pop("kind") == type(lf).__name__
    assert type(lf)(**said) == type(lf)(*lf.parts()) == lf
    assert lf not in [other for other in EACH if other is not lf]
    html = lf._repr_html_()
    assert "<cheap>" not in html
    assert repr(lf.column).replace("'", "&#x27;") in html


@pytest.mark.parametrize("lf", EACH, ids=lambda lf: type(lf).__name__)
def test_they_cannot_be_changed(lf):
    """Votes were made by what they said."""
    with pytest.raises(AttributeError):
        lf.label = 0


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, Decimal("nan")])
@pytest.mark.parametrize("lf", EACH, ids=lambda lf: type(lf).__name__)
def test_missing_cells_abstain(lf, missing):
    """There is nothing to match."""
    assert lf({"text": missing, "price": missing}) is None


@pytest.mark.parametrize("cell", [3, 2.5, b"free", ["free"], np.int64(1), object])
def test_text_is_not_made_of_other_things(cell):
    """str(cell) would match "1" in 10.0, and the author would never know."""
    for lf in EACH[:2]:
        with pytest.raises(FrameError, match="where text was expected"):
            lf({"text": cell})


@pytest.mark.parametrize("cell", ["3", 1j, [4], pd.Timestamp("2020-01-01")])
def test_numbers_are_not_made_of_other_things(cell):
    """A column of "3" and "12" compares as text, or not at all."""
    with pytest.raises(FrameError, match="where a number was expected"):
        EACH[2]({"price": cell})


def test_columns_are_looked_up_in_the_row():
    """The same suggestion as in any labeling function."""
    with pytest.raises(RowColumnError, match="Did you mean 'texts'"):
        EACH[0]({"texts": "a"})
    with pytest.raises(FrameError, match="has no columns"):
        EACH[0]("a text")


def test_the_base_class_leaves_matching_to_its_children():
    """A kind of its own says what it matches; the rest is inherited."""

    class Empty(MatchLF):
        def matches(self, cell):
            return cell == ""

    assert Empty("text", 1, "empty")({"text": ""}) == 1
    with pytest.raises(NotImplementedError):
        MatchLF("text", 1, "nothing")({"text": "a"})


@pytest.mark.parametrize("label", [None, -1, -3, 1.0, float("nan"), [1], np.float32(1)])
def test_labels_must_be_able_to_be_classes(label):
    """An LF that abstains where it matches is a slip."""
    for make in (
        lambda: keyword_lf("a", column="text", label=label),
        lambda: regex_lf("a", column="text", label=label),
        lambda: threshold_lf("a", above=1, label=label),
    ):
        with pytest.raises(LabelingFunctionError, match="is no class"):
            make()


def test_labels_may_be_codes_names_and_members():
    """Which classes there are is known when they are applied."""
    assert keyword_lf("a", column="text", label=np.int8(1)).label == 1
    assert type(keyword_lf("a", column="text", label=np.int8(1)).label) is int
    assert keyword_lf("a", column="text", label=Label.SPAM)({"text": "a"}) is Label.SPAM
    assert keyword_lf("a", column="text", label=True)({"text": "a"}) is True


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: keyword_lf([], column="t", label=1), "no keywords"),
        (lambda: keyword_lf("", column="t", label=1), "empty"),
        (lambda: keyword_lf(["a", "  "], column="t", label=1), "keyword 1"),
        (lambda: keyword_lf(["a", 3], column="t", label=1), "keyword 1 is 3"),
        (lambda: keyword_lf(b"a", column="t", label=1), "must be a string or a list"),
        (lambda: keyword_lf(3, column="t", label=1), "must be a string or a list"),
        (lambda: keyword_lf("a", column="t", label=1, at_least=0), "from 1"),
        (lambda: keyword_lf("a", column="t", label=1, at_least=True), "from 1"),
        (lambda: keyword_lf(["a", "A"], column="t", label=1, at_least=2), "2 of 1 different"),
        (lambda: keyword_lf("a", column="t", label=1, case="no"), "case='no'"),
        (lambda: keyword_lf("a", column="t", label=1, whole_words=1), "whole_words=1"),
        (lambda: keyword_lf("a", column=None, label=1), "column=None"),
        (lambda: keyword_lf("a", column=["t"], label=1), "name of one column"),
        (lambda: keyword_lf("a", column="t", label=1, name=""), "must be a string"),
        (lambda: KeywordLF("t", 1, 5, ("a",)), "name=5"),
        (lambda: regex_lf("(a", column="t", label=1), r"at position 0"),
        (lambda: regex_lf(b"a", column="t", label=1), "texts are no bytes"),
        (lambda: regex_lf(re.compile("a"), column="t", label=1, flags=re.I), "cannot be added"),
        (lambda: regex_lf("a", column="t", label=1, flags="i"), "flags='i'"),
        (lambda: regex_lf("a", column="t", label=1, flags=True), "flags=True"),
        (lambda: regex_lf("a", column="t", label=1, flags=re.DEBUG), "re.DEBUG"),
        (lambda: regex_lf("a", column="t", label=1, flags=re.ASCII | re.UNICODE), "cannot be compiled"),
        (lambda: threshold_lf("p", label=1), "never vote"),
        (lambda: threshold_lf("p", above=5, below=5, label=1), "never vote"),
        (lambda: threshold_lf("p", above=float("nan"), label=1), "never vote"),
        (lambda: threshold_lf("p", above="3", label=1), "int or a float"),
        (lambda: threshold_lf("p", below=True, label=1), "int or a float"),
    ],
)
def test_what_can_never_work_is_refused(make, says):
    """A keyword of the empty string is in every text, a range without a number in none."""
    with pytest.raises(LabelingFunctionError, match=says):
        make()


@pytest.mark.parametrize(
    ("lf", "name"),
    [
        (keyword_lf("subscribe", column="t", label=1), "subscribe"),
        (keyword_lf(["Check out!", "free"], column="t", label=1), "check_out_free"),
        (keyword_lf(list("abcde"), column="t", label=1), "a_b_c_2_more"),
        (keyword_lf({"b", "a"}, column="t", label=1), "a_b"),
        (keyword_lf("$$", column="t", label=1), "u24_u24"),
        (keyword_lf("x" * 60, column="t", label=1), "x" * 40),
        (regex_lf(r"https?://", column="t", label=1), "regex_https"),
        (regex_lf(r"\bfree\b", column="t", label=1), "regex_free"),
        (regex_lf(re.compile(r"^\d"), column="t", label=1), "regex_u5e"),
        (regex_lf(r"\d", column="t", label=1), "regex_d"),
        (regex_lf("", column="t", label=1), "regex_empty"),
        (threshold_lf("price", above=3, label=1), "price_above_3"),
        (threshold_lf("price", above=-2.5, below=1, label=1), "price_above_minus_2_5_below_1"),
        (keyword_lf("a", column="t", label=1, name="mine"), "mine"),
    ],
)
def test_default_names_say_what_is_looked_for(lf, name):
    """They head the columns of the votes."""
    assert lf.name == name


@pytest.mark.parametrize(
    ("keywords", "text", "found", "options"),
    [
        ("free", "FREE beer", True, {}),
        ("free", "freedom", False, {}),
        ("free", "free_text", False, {}),
        ("free", "free-text", True, {}),
        ("free", "carefree", False, {}),
        ("free", "freé", False, {}),
        ("free", "freedom for free", True, {}),
        ("free", "freedom", True, {"whole_words": False}),
        ("free", "Free", False, {"case": True}),
        ("c++", "I like C++.", True, {}),
        ("c++", "c++11", True, {}),
        ("c++", "abc++", False, {}),
        ("#tag", "a#tag", True, {}),
        ("#tag", "#tags", False, {}),
        ("$", "$5", True, {}),
        ("http://", "http://x", True, {}),
        ("STRASSE", "die straße", True, {}),
        ("straße", "STRASSE", True, {}),
        ("ÉTÉ", "l'été", True, {}),
        ("ΣΑΣ", "σας", True, {}),
        ("check out", "check  out", False, {}),
        (["ab", "bc"], "abc", True, {"whole_words": False, "at_least": 2}),
        (["a", "b"], "a a a", False, {"at_least": 2}),
        (["a", "A", "b"], "b A", True, {"at_least": 2}),
        (["love", "win"], "they win", True, {}),
    ],
)
def test_keywords_match_as_documented(keywords, text, found, options):
    """Word edges, case folding, and different keywords counted once."""
    lf = keyword_lf(keywords, column="text", label=1, **options)
    assert lf({"text": text}) == (1 if found else None)


def test_thresholds_are_strict_and_exact():
    """Both bounds are out of the range; numpy would round a bound to the type of a narrow float."""
    lf = threshold_lf("x", above=1, below=2, label=1)
    assert [lf({"x": x}) for x in (1, 1.5, 2, np.float32(1.5), Decimal("1.5"), Fraction(3, 2))] == [
        None, 1, None, 1, 1, 1,
    ]  # fmt: skip
    assert threshold_lf("x", above=0.1, label=1)({"x": np.float32(0.1)}) == 1
    assert threshold_lf("x", above=2**53, label=1)({"x": 2**53 + 1}) == 1
    assert threshold_lf("x", below=float("inf"), label=1)({"x": True}) == 1
    assert isinstance(lf, ThresholdLF)
    assert isinstance(EACH[1], RegexLF)
