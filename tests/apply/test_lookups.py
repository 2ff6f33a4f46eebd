"""Lookups: what counts as found, what a table may be, and the same votes in the engine as in a call."""

import copy
import pickle
import re
import time
from statistics import median

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, LabelingFunctionFailure
from weaklab.labeling import lookup_lf
from weaklab.labeling.keywords import bounded
from weaklab.labeling.normalising import normalise, original_spans

TRICKY = "abAB K_1 .-+$\t\n\x1c\u00a0ßſKİéÉ\u0301ﬁ²\u3000ガｶﾞ\u1112\u1161\u11ab´\u0345한"
words = st.text(TRICKY, min_size=1, max_size=5).filter(lambda word: normalise(word) != "" and word.strip() != "")
texts = st.lists(st.one_of(st.none(), st.text(TRICKY, max_size=14), st.text("ab A-", max_size=10)), max_size=8)
matches = st.sampled_from(["exact", "normalised", "substring"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(words, st.integers(0, 2), min_size=1, max_size=6), texts, matches)
def test_the_engine_votes_as_calls_do(table, cells, match):
    """Unicode, odd whitespace, missing cells, keys that overlap."""
    try:
        lf = lookup_lf(table, column="t", name="lf", match=match)
    except LabelingFunctionError as error:  # two keys that are one once normalised
        assert "two labels" in str(error)  # noqa: PT017
        return
    cells = [*cells, *table]
    called = [lf({"t": cell}) for cell in cells]
    for frame in (pd.DataFrame({"t": pd.Series(cells, dtype=object)}), pl.DataFrame({"t": cells}, {"t": str})):
        votes = apply(lf, frame, progress=False).lf.tolist()
        assert votes == [-1 if vote is None else vote for vote in called]
    for cell, vote in zip(cells, called, strict=True):
        found = lf.explain({"t": cell})
        assert found.vote == vote
        if match == "substring" and cell is not None:
            labels = {lf.table[hit.key] for hit in lf.hits(normalise(cell))}
            assert vote == (labels.pop() if len(labels) == 1 else None)
        assert all(0 <= start < stop <= len(cell) for start, stop in found.spans)


@settings(max_examples=120, deadline=None)
@given(st.lists(words, min_size=1, max_size=5), st.text(TRICKY, max_size=14))
def test_substrings_are_whole_words_as_keywords_are(keys, text):
    """The walk over tokens finds a key exactly where the definition of a whole word does."""
    lf = lookup_lf(set(keys), column="t", label=1, match="substring")
    plain = normalise(text)
    assert (lf({"t": text}) == 1) == any(re.search(bounded(normalise(key)), plain) for key in keys)


@settings(max_examples=120, deadline=None)
@given(st.text(TRICKY, max_size=14), st.data())
def test_spans_are_those_of_the_text_that_is_shown(text, data):
    """Normalising what is marked gives what was found, or all of the text is marked."""
    plain = normalise(text)
    assert normalise(plain) == plain
    if not plain:
        return
    start = data.draw(st.integers(0, len(plain) - 1))
    stop = data.draw(st.integers(start + 1, len(plain)))
    ((first, last),) = original_spans(text, [(start, stop)])
    assert plain[start:stop].strip() in normalise(text[first:last])


@settings(max_examples=100, deadline=None)
@given(
    st.sets(st.sampled_from([0, 1, 2, -3, 2**53, 2**53 + 1, 2**63]), min_size=1),
    st.lists(st.one_of(st.none(), st.sampled_from([0, 1, 2, -3, 2**53, 2**53 + 1]), st.floats(-2, 2)), max_size=6),
    st.sampled_from(["int64", "int8", "float32", "float64", "Int64", "bool", "object"]),
)
def test_numbers_are_looked_up_exactly(keys, cells, dtype):
    """A column of ints becomes one of floats as soon as one is missing; 3.0 is 3 still."""
    if dtype != "object":
        held = [c for c in cells if c is not None and (np.dtype(dtype.lower()).kind == "f" or float(c).is_integer())]
        held = [c for c in held if dtype != "int8" or abs(c) < 100]
        column = pd.Series([int(c) if "nt" in dtype else c for c in held], dtype=dtype)
        if dtype in ("Int64", "float32", "float64"):
            column = pd.concat([column, pd.Series([np.nan if dtype[0] == "f" else None], dtype=dtype)])
    else:
        column = pd.Series(cells, dtype=object)
    lf = lookup_lf({key: i % 2 for i, key in enumerate(sorted(keys))}, column="x", name="lf")
    called = [lf({"x": cell}) for cell in (list(column.to_numpy()) if dtype[0] == "f" else column.tolist())]
    votes = apply(lf, pd.DataFrame({"x": column}), progress=False).lf.tolist()
    assert votes == [-1 if vote is None else vote for vote in called]


@pytest.mark.parametrize(
    ("match", "text", "vote"),
    [
        ("exact", "New York", "us"),
        ("exact", "new york", None),
        ("normalised", "  NEW\tyork ", "us"),
        ("normalised", "Ｎｅｗ York", "us"),
        ("normalised", "in New York", None),
        ("substring", "in New  York!", "us"),
        ("substring", "yorkshire", None),
        ("substring", "York and York", "uk"),
        ("substring", "York, New York", None),
        ("substring", "", None),
    ],
)
def test_what_counts_as_found(match, text, vote):
    """The words of the docstring."""
    assert lookup_lf({"New York": "us", "York": "uk"}, column="t", match=match)({"t": text}) == vote


def test_files(tmp_path):
    """A gazetteer of lines, and a CSV of keys and labels with or without a header."""
    lines = tmp_path / "Big Cities.txt"
    lines.write_text("\ufeff# cities\nParis\n\n  Oslo \n", encoding="utf-8")
    lf = lookup_lf(lines, column="t", label=1)
    assert (lf.name, lf.entries) == ("big_cities", (("Oslo", 1), ("Paris", 1)))
    table = tmp_path / "t.csv"
    for text, entries in [
        ('a,ham\n"b,c",spam\n', (("a", "ham"), ("b,c", "spam"))),
        ("word,Label\na,1\nb,0\n", (("a", 1), ("b", 0))),
    ]:
        table.write_text(text)
        assert lookup_lf(str(table), column="t").entries == entries
    table.write_text("a\nb\n")
    assert lookup_lf(table, column="t", label=0).labels == (0,)


@pytest.mark.parametrize(
    ("content", "label", "says"),
    [
        ("", None, "needs label="),
        ("", 1, "the table is empty"),
        ("a,1\nb\n", None, "line 2 .* has no label"),
        ("a,1\nb, \n", None, "line 2 .* has no label"),
        ("a,1\n", 1, "t.csv has its own"),
        ("a\n", None, "needs label="),
        ("a,1\na,2\n", None, "'a' stands for two labels, 1 and 2"),
        ('"a,1\n', None, "line 1 .* is no CSV"),
        (b"\xff\xfe", 1, "cannot be read as UTF-8"),
    ],
)
def test_ill_formed_files(tmp_path, content, label, says):
    """The line is named."""
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LabelingFunctionError, match=says):
        lookup_lf(path, column="t", label=label)


def test_files_that_are_not_there(tmp_path):
    """Or are folders."""
    (tmp_path / "cities.txt").write_text("a")
    with pytest.raises(LabelingFunctionError, match=r"Did you mean 'cities\.txt'"):
        lookup_lf(tmp_path / "citys.txt", column="t", label=1)
    with pytest.raises(LabelingFunctionError, match="cannot be read"):
        lookup_lf(tmp_path, column="t", label=1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lookup_lf({}, column="t"), "empty"),
        (lambda: lookup_lf([], column="t", label=1), "empty"),
        (lambda: lookup_lf(["a"], column="t"), "needs label="),
        (lambda: lookup_lf({"a": 1}, column="t", label=1), "a dict has its own"),
        (lambda: lookup_lf({"a": None}, column="t"), "'a': label=None is no class"),
        (lambda: lookup_lf({" ": 1}, column="t"), "is empty"),
        (lambda: lookup_lf({1.5: 1}, column="t"), "neither text nor int"),
        (lambda: lookup_lf({True: 1}, column="t"), "neither text nor int"),
        (lambda: lookup_lf({"a": 1, 2: 1}, column="t"), "some are ints"),
        (lambda: lookup_lf({2: 1}, column="t", match="normalised"), "only match='exact'"),
        (lambda: lookup_lf({"a": 1, "A ": 0}, column="t", match="normalised"), "the same as 'a' once normalised"),
        (lambda: lookup_lf({"a": 1}, column="t", match="normalized"), "Did you mean 'normalised'"),
        (lambda: lookup_lf(3, column="t", label=1), "must be a dict"),
        (lambda: lookup_lf(b"a", column="t", label=1), "must be a dict"),
        (lambda: lookup_lf({"a": 1}, column=None), "column=None"),
    ],
)
def test_what_cannot_be_meant_is_refused(make, says):
    """Before anything runs."""
    with pytest.raises(LabelingFunctionError, match=says):
        make()


def test_bad_frames():
    """The column, the cell, or the class is named."""
    lf = lookup_lf({"a": 1}, column="text", name="lf")
    with pytest.raises(ColumnError, match="Did you mean 'texts'"):
        apply(lf, pd.DataFrame({"texts": ["a"]}), progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed on row 1: FrameError: column 'text' holds 3"):
        apply(lf, pd.DataFrame({"text": ["a", 3]}), progress=False)
    with pytest.warns(match="'lf' on 1 of 3 rows"):
        assert apply(lf, pd.DataFrame({"text": ["a", 3, None]}), on_error="abstain", progress=False).lf.tolist() == [
            1, -1, -1,
        ]  # fmt: skip
    with pytest.raises(LabelingFunctionError, match="its label is 2"):
        apply(lookup_lf({"a": 0, "b": 2}, column="text"), pd.DataFrame({"text": ["a"]}), classes=2, progress=False)
    with pytest.raises(FrameError, match="where a number was expected"):
        lookup_lf({1}, column="n", label=1)({"n": "1"})


def test_explanations_show_the_key():
    """And where it is in the text as it was written."""
    lf = lookup_lf({"new york": 1, "oslo": 0}, column="t", match="substring")
    found = lf.explain({"t": "To NEW   York."})
    assert (found.vote, found.spans, found.details) == (1, ((3, 13),), {"found": {"new york": 1}})
    both = lf.explain({"t": "Oslo, New York"})
    assert both.vote is None
    assert both.reason == "found 'oslo', 'new york', which stand for different labels: 0, 1"
    assert lf.explain({"t": "x"}).reason == "found no key of the table"
    exact = lookup_lf({"a": 1}, column="t")
    assert [exact.explain({"t": t}).reason for t in "ab"] == ["'a' is in the table", "'b' is not in the table"]
    assert lookup_lf({3: 1}, column="t").explain({"t": 3}).vote == 1


def test_it_is_plain_data():
    """A gazetteer does not fill the screen."""
    lf = lookup_lf({f"word {i}": i % 3 for i in range(2000)}, column="t", match="substring", name="lf")
    for twin in (pickle.loads(pickle.dumps(lf)), copy.deepcopy(lf)):
        assert (twin, hash(twin), repr(twin)) == (lf, hash(lf), repr(lf))
        assert twin({"t": "word 7"}) == 1
    assert len(lf._repr_html_()) < 2000
    assert "2,000 entries" in repr(lf)
    assert lf != lookup_lf({f"word {i}": i % 3 for i in range(2000)}, column="t", match="normalised", name="lf")
    assert lookup_lf(list("abcde"), column="t", label=1).name == "lookup_a_b_c_2_more"


def test_thousands_of_keys_cost_little_more_than_one():
    """One pass of an automaton, whatever the number of keys."""
    rng = np.random.default_rng(0)
    vocabulary = [f"w{i:x}q" for i in range(20_000)]
    frame = pd.DataFrame(
        {"t": [" ".join(vocabulary[i] for i in row) for row in rng.integers(20_000, size=(20_000, 12))]}
    )
    few = lookup_lf(vocabulary[:1], column="t", label=1, match="substring", name="lf")
    many = lookup_lf([f"{word} {word}" for word in vocabulary[:5000]], column="t", label=1, match="substring")

    def seconds(lf):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            apply(lf, frame, progress=False, cache=False)
            times.append(time.perf_counter() - start)
        return median(times)

    assert seconds(many) < 5 * seconds(few)  # measured: 1.5
