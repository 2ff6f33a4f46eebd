"""Patterns whose captured values are verified: by themselves, or against the row they stand in."""

import copy
import datetime
import pickle
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.apply import apply
from weaklab.exceptions import (
    ColumnError,
    FrameError,
    LabelingFunctionError,
    LabelingFunctionFailure,
    NotPicklableError,
)
from weaklab.labeling import pattern_lf

DATE = r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)"


def is_date(year, month, day):
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def agrees(row, value):
    return abs(value - row["x"]) < 0.05


def is_even(a):
    return int(a) % 2 == 0


def is_longer(match, **groups):
    return match.end() - match.start() > len(groups["a"])


def fails(a):
    return 1 / int(a) > 0


dates = pattern_lf(DATE, column="t", label=1, verify=is_date, parse=int, name="dates")
quotes = pattern_lf(r"x = (?P<value>\d+(?:\.\d+)?)", column="t", label=1, verify=agrees, parse=float, name="quotes")

SPECS = [
    pattern_lf(r"(?P<a>\d+)", column="t", label=1, name="plain"),
    pattern_lf(r"(?P<a>\d+)", column="t", label=1, verify=is_even, name="even"),
    pattern_lf(r"(?P<a>\d)(?P<b>\d)?", column="t", label=2, verify=is_even, name="one_even", unique=True),
    pattern_lf(r"(?P<a>\w)(?=b)", column="t", label=0, verify=is_longer, name="longer"),
    pattern_lf(r"(?P<a>[a-z]+)\b", column="t", label=0, verify=is_longer, flags=re.I, name="never"),
    pattern_lf(r"(?P<value>\d)", column="t", label=1, verify=agrees, parse={"value": float}, name="row"),
    pattern_lf(r"(?P<a>\d+)", column="t", label=1, verify=fails, name="fails"),
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.text("0123ab B²٣é\n", max_size=8)), st.integers(0, 3)), max_size=7),
    st.sampled_from(["pandas", "polars", "records", "objects"]),
)
@pytest.mark.filterwarnings("ignore::weaklab.exceptions.FaultWarning")
def test_the_engine_votes_and_fails_as_calls_do(cells, form):
    """The compiled engine only says where to look."""
    rows = [{"t": text, "x": x} for text, x in cells]
    if form == "records" and not rows:
        return
    frame = {
        "pandas": lambda: pd.DataFrame({"t": [r["t"] for r in rows], "x": [r["x"] for r in rows]}, dtype=object),
        "polars": lambda: pl.DataFrame(rows, {"t": pl.String, "x": pl.Int64}),
        "records": lambda: rows,
        "objects": lambda: [SimpleNamespace(**row) for row in rows],
    }[form]()
    votes = apply(SPECS, frame, progress=False, on_error="abstain")
    for lf in SPECS:
        called, failed = [], []
        for i, row in enumerate(rows):
            try:
                called.append(lf(row))
                assert lf.explain(row).vote == called[-1]
            except Exception:  # noqa: BLE001
                called.append(None)
                failed.append(i)
        assert votes[lf.name].tolist() == [-1 if vote is None else vote for vote in called], lf
        fault = votes.attrs["faults"].get(lf.name)
        assert list(fault.rows if fault else ()) == failed


def test_only_values_that_hold_vote():
    """Every match is tried."""
    assert dates({"t": "on 2024-02-30 or 2024-02-29"}) == 1
    assert dates({"t": "on 2024-02-30"}) is None
    assert quotes({"t": "x = 1.3", "x": 1.26}) == 1
    assert quotes({"t": "x = 1.3", "x": 1.2}) is None
    assert dates({"t": None}) is None
    both = pattern_lf(r"(?P<a>\d)", column="t", label=1, verify=is_even, unique=True)
    assert [both({"t": text}) for text in ("2", "23", "24")] == [1, 1, None]


def test_explanations_show_the_values():
    """Of the match that holds, or the matches that do not."""
    found = dates.explain({"t": "not 2024-13-01 but 2024-12-01"})
    assert found.reason == "found '2024-12-01' at 19, year = 2024, month = 12, day = 1, which is verified"
    assert (found.vote, found.spans) == (1, ((19, 29),))
    assert found.details == {"values": {"year": 2024, "month": 12, "day": 1}}
    refused = dates.explain({"t": "2024-13-01"})
    assert (refused.vote, refused.spans) == (None, ((0, 10),))
    assert refused.reason == "found '2024-13-01', which is not verified"
    assert "is not found" in dates.explain({"t": "-"}).reason
    assert "missing" in dates.explain({"t": float("nan")}).reason
    two = SPECS[2].explain({"t": "2 4"})
    assert (two.vote, two.spans) == (None, ((0, 1), (2, 3)))
    assert "only one may" in two.reason


def test_failures_name_the_row_and_obey_on_error():
    """What verify and parse raise is a failure of the labeling function."""
    frame = pd.DataFrame({"t": ["1", "0", "b"], "x": [1, 2, 3]})
    with pytest.raises(LabelingFunctionFailure, match="'fails' failed on row 1: ZeroDivisionError"):
        apply(SPECS[-1], frame, progress=False)
    with pytest.warns(match="'fails' on 1 of 3 rows"):
        assert apply(SPECS[-1], frame, progress=False, on_error="abstain").fails.tolist() == [1, -1, -1]
    with pytest.raises(LabelingFunctionFailure, match="'fails' failed on row 0"):
        apply(SPECS[-1], pd.DataFrame({"t": ["é 0", "0"]}), progress=False)
    unparsable = pattern_lf("(?P<a>b)", column="t", label=1, parse=int, name="lf")
    with pytest.raises(LabelingFunctionFailure, match="'lf' failed on row 2: ValueError"):
        apply(unparsable, frame, progress=False)
    forgot = pattern_lf("(?P<a>b)", column="t", label=1, verify=lambda a: None, name="lf")
    with pytest.raises(LabelingFunctionFailure, match="verify returned None"):
        apply(forgot, frame, progress=False)
    by_row = pattern_lf("(?P<a>b)", column="t", label=1, verify=lambda row: row.y > 1, name="lf")
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed on row 2: RowColumnError: .* no column 'y'"):
        apply(by_row, frame, progress=False)


def test_rows_that_verify_writes_to_are_given_back():
    """No labeling function sees what another did to its row."""

    def writes(row, a):
        row.x = row.x + 1
        return row.x == 2

    lfs = [pattern_lf(r"(?P<a>\d)", column="t", label=1, verify=writes, name=f"lf{i}") for i in range(2)]
    frame = pd.DataFrame({"t": ["1", "2"] * 1000, "x": [1, 2] * 1000})
    assert apply(lfs, frame, progress=False).drop_duplicates().to_numpy().tolist() == [[1, 1], [-1, -1]]
    assert frame.x.tolist() == [1, 2] * 1000


def test_it_is_data_but_for_its_functions():
    """Which pickle by name, or say why they do not."""
    for twin in (pickle.loads(pickle.dumps(dates)), copy.deepcopy(dates)):
        assert (twin, hash(twin), repr(twin)) == (dates, hash(dates), repr(dates))
    assert dates != pattern_lf(DATE, column="t", label=1, parse=int, name="dates")
    assert pattern_lf(DATE, column="t", label=1).name == "pattern_year_4_month_day"
    parsed = pattern_lf("(?P<a>.)", column="t", label=1, parse={"a": float})
    assert pickle.loads(pickle.dumps(parsed)) == parsed
    assert type(dates)(**{key: value for key, value in dates.describe().items() if key != "kind"}) == dates
    assert "is_date" in dates._repr_html_()
    for options in ({"verify": lambda a: True}, {"parse": lambda a: 1}, {"parse": {"a": lambda a: 1}}):
        with pytest.raises(NotPicklableError, match=r"its (verify|parse), .*lambda"):
            pickle.dumps(pattern_lf("(?P<a>.)", column="t", label=1, **options))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pattern": "(a"}, "no regular expression"),
        ({"pattern": 3}, "must be a string"),
        ({"verify": 3}, "must be a function"),
        ({"verify": lambda yaer: True}, "Did you mean 'year'"),
        ({"verify": lambda year, /: True}, "no group of the pattern"),
        ({"verify": dict}, "does not say what it takes|verify takes"),
        ({"parse": 3}, "must be a function, or a dict"),
        ({"parse": {"yaer": int}}, "Did you mean 'year'"),
        ({"parse": {"year": 3}}, "must be a function"),
        ({"unique": 1}, "unique=1"),
        ({"label": None}, "label=None"),
        ({"column": None}, "column=None"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, says):
    """When it is made, not in the middle of a run."""
    with pytest.raises(LabelingFunctionError, match=says):
        pattern_lf(**{"pattern": DATE, "column": "t", "label": 1, **options})


def test_bad_frames():
    """As for every text."""
    with pytest.raises(ColumnError, match="Did you mean 'tt'"):
        apply(dates, pd.DataFrame({"tt": ["a"]}), progress=False)
    with pytest.raises(LabelingFunctionFailure, match="'dates' failed on row 1: FrameError: column 't' holds 3"):
        apply(dates, pd.DataFrame({"t": ["a", 3]}), progress=False)
    with pytest.raises(LabelingFunctionError, match="its label is 7"):
        apply(pattern_lf(DATE, column="t", label=7), pd.DataFrame({"t": ["a"]}), classes=2, progress=False)
    with pytest.raises(FrameError, match="where text was expected"):
        dates({"t": 3})
    with pytest.raises(LabelingFunctionError, match="call it on one"):
        quotes.vote("x = 3")


@pytest.mark.parametrize("seed", range(5))
def test_a_verified_measurement_is_right_where_a_quoted_one_is_not(seed):
    """A quarter of the reports quote another record's value; the record itself tells which.

    A third of the reports quote one, so that wrong ones are 8.3 points of coverage (three standard errors of 4,000 rows
    are 1.3). Unverified, the share of right quotes is 3/4 by construction; verified, a wrong one gets through only
    where two records agree to a decimal.
    """
    rng = np.random.default_rng(seed)
    n = 4000
    measured = rng.lognormal(1.5, 0.6, n)
    wrong = rng.random(n) < 0.25
    quoted = np.where(wrong, rng.permutation(measured), measured).round(1)
    says = rng.random(n) < 1 / 3
    texts = [
        f"Nodule on slice {rng.integers(200)}, {rng.integers(40)} mm, SUVmax {value:.1f}." if said
        else f"No uptake on slice {rng.integers(200)}; SUVmax not given."
        for value, said in zip(quoted, says, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame({"t": texts, "x": measured})
    pattern = r"SUVmax\s*(?P<value>\d+(?:\.\d+)?)"
    lfs = [
        pattern_lf(pattern, column="t", label=1, parse=float, name="quoted"),
        pattern_lf(pattern, column="t", label=1, parse=float, verify=lambda row, value: abs(value - row.x) <= 0.0501,
                   unique=True, name="verified"),
    ]  # fmt: skip
    votes = apply(lfs, frame, progress=False)
    precision = {name: (~wrong[votes[name] == 1]).mean() for name in votes}
    coverage = (votes == 1).mean()
    assert precision["quoted"] <= 0.80
    assert precision["verified"] >= 0.95
    assert coverage["quoted"] - coverage["verified"] <= 0.10
    assert ((votes.verified == 1) == (votes.quoted == 1))[~wrong].all()
