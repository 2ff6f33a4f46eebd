"""The engine gives the votes that the labeling function gives row by row: that is its whole specification."""

import re
from decimal import Decimal
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.apply import apply, keyword_engine
from weaklab.apply.rust_patterns import to_rust
from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling import keyword_lf, regex_lf, threshold_lf

# Letters that fold to others, letters that grow when folded, word characters of one engine and not of the other.
TRICKY = "aAbBkKsS_019 .,-+#$\t\n\r\x0b\x1c\x1f\x85\u00a0ßſKİıΣςσéÉ\u0301²½Ⅷ一\u200d‿٣\U0001f600'\"\\"
texts = st.lists(st.one_of(st.none(), st.text(TRICKY, max_size=12)), min_size=1, max_size=8)
ascii_texts = st.lists(st.text("aAbBkK_01 .\n\x1c-]", max_size=12), min_size=1, max_size=8)


def assert_agrees(lf, cells):
    """Votes of the engine are those of the calls, cell by cell."""
    called = [lf({"text": cell}) for cell in cells]
    assert [lf.explain({"text": cell}).vote for cell in cells] == called
    for frame in (pd.DataFrame({"text": pd.Series(cells, dtype=object)}), pl.DataFrame({"text": cells}, {"text": str})):
        votes = apply(lf, frame, progress=False)[lf.name].tolist()
        assert votes == [-1 if vote is None else vote for vote in called], (lf, cells)


keywords = st.lists(
    st.text(TRICKY, min_size=1, max_size=4).filter(lambda word: word.strip() != ""), min_size=1, max_size=4
)


@settings(max_examples=250, deadline=None)
@given(keywords, texts, st.booleans(), st.booleans(), st.integers(1, 3))
def test_keywords(words, cells, whole_words, case, at_least):
    """Unicode case folding, edges of words, overlaps: polars knows none of these as Python does."""
    try:
        lf = keyword_lf(words, column="text", label=1, name="lf", whole_words=whole_words, case=case, at_least=at_least)
    except LabelingFunctionError:  # fewer different keywords than at_least
        lf = keyword_lf(words, column="text", label=1, name="lf", whole_words=whole_words, case=case)
    assert_agrees(lf, cells)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(keywords, st.booleans(), st.booleans(), st.integers(1, 3)), min_size=1, max_size=4), texts)
def test_many_keyword_functions_in_one_pass(said, cells):
    """The automaton finds for each of them what it finds alone: shared keywords, keywords in keywords, counts."""
    lfs = [
        keyword_lf(
            words, column="text", label=1, name=f"lf_{j}", whole_words=whole, case=case,
            at_least=min(least, len({word if case else word.casefold() for word in words})),
        )
        for j, (words, whole, case, least) in enumerate(said)
    ]  # fmt: skip
    with patch.object(keyword_engine, "WORTHWHILE", 1):
        votes = apply(lfs, pd.DataFrame({"text": pd.Series(cells, dtype=object)}), progress=False)
    for lf in lfs:
        expected = [-1 if lf({"text": cell}) is None else 1 for cell in cells]
        assert votes[lf.name].tolist() == expected, (lf, cells)


def test_the_automaton_reads_what_utf8_cannot_hold_and_leaves_the_huge_alone(monkeypatch):
    """Lone surrogates are read by Python; keywords that would fill memory are matched one function at a time."""
    lfs = [keyword_lf(["b\ud800", f"w{j}"], column="text", label=1, name=f"lf_{j}") for j in range(8)]
    frame = pd.DataFrame({"text": pd.Series(["a b\ud800 c", "w3 é", "w4", "b", None], dtype=object)})
    expected = [[1, -1, -1, -1, -1] for _ in range(8)]
    expected[3][1] = expected[4][2] = 1
    assert apply(lfs, frame, progress=False).T.to_numpy().tolist() == expected
    lfs = [keyword_lf([f"w{j}"], column="text", label=1, name=f"lf_{j}") for j in range(8)]
    assert keyword_engine.Automaton.of(lfs) is not None
    monkeypatch.setattr(keyword_engine, "MOST_STATES", 5)
    assert keyword_engine.Automaton.of(lfs) is None
    assert apply(lfs, frame, progress=False)["lf_3"].tolist() == [-1, 1, -1, -1, -1]


atoms = st.one_of(
    st.sampled_from([*"abkKs019_ -", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", r"\n", r"\.", r"\x41", r"\-"]),
    st.sampled_from(["[ab]", "[^a]", "[a-k]", "[]a]", r"[\d_]", r"[\W]", r"[^\s]", "[A-Z]", r"[\]\-]", "é", "ſ", "K"]),
    st.sampled_from([r"\b", "^", "$", r"\A", r"\Z", r"\B", "(?=a)", "(?!a)", "(?<=a)", "(?<!b)"]),
)


def _grow(inner):
    repeats = st.sampled_from(
        ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{1,}", "{,}", "{", "{a}", "*+"]
    )
    groups = st.sampled_from(["(?:{})", "({})", "(?P<n>{})", "(?i:{})", "(?-i:{})", "(?s:{})", "(?m:{})", "(?>{})"])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.tuples(groups, inner).map(lambda both: both[0].format(both[1])),
        st.tuples(inner, repeats).map("".join),
        st.tuples(groups, inner, repeats).map(lambda all_: all_[0].format(all_[1]) + all_[2]),
    )


patterns = st.recursive(atoms, _grow, max_leaves=8)
flags = st.sampled_from([0, re.I, re.M, re.S, re.A, re.I | re.M, re.I | re.A, re.X])


def _compiled(pattern, flag):
    try:
        return regex_lf(pattern, column="text", label=1, name="lf", flags=flag)
    except LabelingFunctionError:
        return None


@settings(max_examples=600, deadline=None)
@given(patterns, flags, ascii_texts, texts)
def test_patterns(pattern, flag, plain, cells):
    """Whatever a pattern is made of, the engine finds what re.search finds, or leaves it to re."""
    lf = _compiled(pattern, flag)
    if lf is not None:
        assert_agrees(lf, [*plain, *cells])


NASTY = [
    "a$", "(a$)", "a$|b", "(a$|b)", "a$\n", "a$b?", "$", "^", "^$", "^a|b$", r"\Aa\Z", r"a\Z", r"\bk\b", r"\Bk",
    r"\s", r"[\s]", r"[^\s]", r"\S+$", r"\d+", r"[^\d]", r"\w+\W\w+", ".", "a.b", "(?s)a.b", "(?i)K", "(?i)ſ",
    "(?i)[k-s]",
    "(?i:k)K", "(?i)(?-i:k)K", "(?m)^b$", "(?m)$\n^", "(?x)a b", r"(a)\1", "(?P<n>a)(?P=n)", "(?=a)b|a", "(?<!a)b",
    "a*", "a*?b", "(?:a*)*b", "(?:a?){3}b", "(?:a|b)*k", "(?:|a)k", "a{2}", "a{,2}b", "a{1,}", "a{", "a{x}", "{", "a{}",
    "a{,}b", "x{2}{", "]", "}", "[]a]", "[^]a]", r"[\]]", r"[a\-k]", "[a-]", r"\x41", r"\u0041", r"\U00000041", r"\0",
    r"\01", r"\101", r"\n", r"\t|\v|\f|\r|\a", r"\.", r"\-", "_", "a++b", "(?>a+)b", "(?#note)a",
    "(a)?(?(1)b|k)", "a|", "", "|", "()", "(?:)", "é", "[é]", "[^é]", "a|é", r"[\x00-\x7f]", "(?u)k", "(?a)\\w",
    "b{1001}", r"(\b|a)k", r"\b", "[&][&]", "[a&]", "(?ims)a.k$", "(?i:a|(?-i:B))k", "((((a))))", "a{2,3}?k",
]  # fmt: skip


@pytest.mark.parametrize("pattern", NASTY)
def test_nasty_patterns(pattern):
    """Where engines are known to differ: `$` before a newline, \\s and \\x1c, empty loops, braces, folding."""
    cells = [
        "", "a", "a\n", "a\n\n", "b", "b\na", "k", "K", "K", "ſ", "aa", "aab", "ab", "a b", "a\x1cb", "\x85", "é", "É",
        "²", "1",
        "٣", "_", "a_k", "a.b", "a\nb", "aK", "Kk", "kK", "]", "}", "{", "a{", "a{x}", "a{}", "a&k", "A", "\x00",
        "\x01", "-",
        "x{2}{", "xx{", None, "b\n", "\nb\n", "aBk", "abk", "Bk", "aaak", "a-k", "&&", "\t", "\r", "\x7f", "ak\n", "bk",
    ]  # fmt: skip
    assert_agrees(regex_lf(pattern, column="text", label=1, name="lf"), cells)


@pytest.mark.parametrize(
    "pattern",
    [
        r"https?://",
        r"\bfree\b",
        r"[A-Z]{3,}",
        r"(?i)sub(scribe)?s?$",
        r"^\s*\d+",
        r"a|b|(c|d)+",
        "(?P<year>19|20)\\d\\d",
    ],
)
def test_common_patterns_run_in_the_engine(pattern):
    """Agreement would be easy if everything were left to Python."""
    assert to_rust(pattern) is not None


LEFT = [r"(a)\1", "(?=a)", r"\B", "(?:a*)*", "a++", "(?>a)", "(a$|b)c", "(?x)a", "[[a]", "[a&&b]", "b{1001}", r"\b{a}"]
LEFT += [r"\101", "(" * 60 + "a" + ")" * 60, r"(?:(?:\w{900}){900})", "(?#c)a", r"\N{DIGIT ONE}", "^{a}"]


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@pytest.mark.parametrize("pattern", LEFT)
def test_what_is_not_proven_is_left_to_python(pattern):
    """A wrong vote is worse than a slow one."""
    assert to_rust(pattern) is None


def test_lone_surrogates_are_texts_too():
    """Python's strings may hold what no UTF-8 can; such rows are not lost."""
    cells = ["a \ud800 free", "free", None, "é free", "\udfff"]
    frame = pd.DataFrame({"text": pd.Series(cells, dtype=object)})
    lfs = [
        keyword_lf("free", column="text", label=1),
        keyword_lf("fre", column="text", label=1, whole_words=False, case=True),
        regex_lf("e$", column="text", label=1),
    ]
    votes = apply(lfs, frame, progress=False)
    assert votes.to_numpy().tolist() == [[1, 1, 1], [1, 1, 1], [-1, -1, -1], [1, 1, 1], [-1, -1, -1]]
    python = frame.astype({"text": pd.StringDtype("python")})
    pd.testing.assert_frame_equal(apply(lfs, python, progress=False), votes)


def test_subclasses_of_str_are_texts():
    """numpy makes them."""
    frame = pd.DataFrame({"text": pd.Series([np.str_("free"), "no"], dtype=object)})
    assert apply(keyword_lf("free", column="text", label=1), frame, progress=False).free.tolist() == [1, -1]


EDGES = [-(2**63), -(2**53) - 1, -3, -1, 0, 1, 2, 3, 127, 255, 2**53, 2**53 + 1, 2**63 - 1, 2**64 - 1]
bounds = st.one_of(
    st.sampled_from(EDGES), st.integers(-5, 5), st.floats(-5, 5), st.sampled_from([0.1, 1e300, float("inf"), -1e300]),
    st.sampled_from([float("-inf"), 2.0**53, 10**400]),
)  # fmt: skip
DTYPES = [
    "int8",
    "uint8",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "bool",
    "Int64",
    "Float32",
    "boolean",
    "object",
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(DTYPES), st.lists(st.one_of(st.sampled_from(EDGES), st.floats(-4, 4)), max_size=6), bounds, bounds
)
def test_thresholds(dtype, cells, one, other):
    """Ints of 64 bits, unsigned ints, narrow floats, NA: numpy rounds or overflows where Python compares exactly."""
    column = _column(cells, dtype)
    above, below = (one, other) if one < other else (one, None)
    lf = threshold_lf("x", above=above, below=below, label=1, name="lf")
    called = [lf({"x": cell}) for cell in (list(column.to_numpy()) if column.dtype.kind == "f" else column.tolist())]
    votes = apply(lf, pd.DataFrame({"x": column}), progress=False).lf.tolist()
    assert votes == [-1 if vote is None else vote for vote in called]


@pytest.mark.parametrize("bound", [10**400, 2**53 + 1])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_bounds_that_no_float_is(bound, dtype):
    """Python compares a float with such an int exactly; numpy would round it, or overflow."""
    frame = pd.DataFrame({"x": np.array([1.0, 2.0**53, 2.0**60]).astype(dtype)})
    lfs = [threshold_lf("x", above=bound, label=1), threshold_lf("x", below=bound, label=1)]
    votes = apply(lfs, frame, progress=False).to_numpy().tolist()
    assert votes == [[1 if int(x) > bound else -1, 1 if int(x) < bound else -1] for x in frame.x]


def _column(cells, dtype):
    """A column of a type, of those cells that it can hold, and one that is missing where it can be."""
    name = dtype.lower().replace("boolean", "bool")
    if name == "object":
        return pd.Series([*cells, None, Decimal("1.5"), Decimal("nan")], dtype=object)
    kind = np.dtype(name)
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        held = [int(cell) for cell in cells if limits.min <= cell <= limits.max and int(cell) == cell]
    elif kind.kind == "b":
        held = [bool(cell) for cell in cells]
    else:
        held = [float(cell) for cell in cells if abs(cell) < 60000] + [float("nan")]
    values = np.array(held, dtype=kind)
    column = pd.Series(values).astype(dtype)
    return pd.concat([column, pd.Series([None], dtype=dtype)]) if dtype[0].isupper() or dtype == "boolean" else column


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Float32, pl.Float64, pl.Decimal(10, 2)])
def test_thresholds_of_polars_columns(dtype):
    """Null is missing, whatever the type makes of it."""
    frame = pl.DataFrame({"x": [0, 1, None, 3]}).with_columns(pl.col("x").cast(dtype))
    assert apply(threshold_lf("x", above=0.5, below=3, label=1, name="lf"), frame, progress=False).lf.tolist() == [
        -1, 1, -1, -1,
    ]  # fmt: skip
    assert apply(threshold_lf("x", above=2, label=0, name="lf"), frame.to_arrow(), progress=False).lf.tolist() == [
        -1, -1, -1, 0,
    ]  # fmt: skip
