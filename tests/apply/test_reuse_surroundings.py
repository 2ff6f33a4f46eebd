"""Settings of a process that arithmetic and formatting depend on, though no code names them."""

from __future__ import annotations

import datetime as dt
import decimal
import locale
import os
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import CacheWarning

FRAME = pd.DataFrame({"text": ["a", "bb", "ccc"], "n": [1, 2, 3]})
THIRD = Decimal(3)


def divides(row):
    return len(str(1 / THIRD)) % 7


def tells_the_hour(row):
    return dt.datetime.fromtimestamp(0).hour


def shows(row):
    return len(str(np.array([1 / 3]))) % 7


def zone(name):
    os.environ["TZ"] = name
    time.tzset()


@pytest.fixture
def as_before(monkeypatch):
    """Whatever a test sets is set back."""
    context, shown = decimal.getcontext().copy(), np.get_printoptions()
    monkeypatch.setenv("TZ", os.environ.get("TZ", "UTC"))
    time.tzset()
    yield
    decimal.setcontext(context)
    np.set_printoptions(**shown)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("function", "change"),
    [
        (divides, lambda: setattr(decimal.getcontext(), "prec", 5)),
        (tells_the_hour, lambda: zone("Asia/Tokyo")),
        (shows, lambda: np.set_printoptions(precision=2)),
    ],
)
@pytest.mark.usefixtures("as_before")
def test_votes_under_other_settings_are_other_votes(function, change, tmp_path, assert_run_again):
    """Precision, time zone, how numbers are written."""

    def changed():
        change()
        return function

    assert_run_again(function, changed, FRAME, tmp_path)


@pytest.mark.usefixtures("as_before")
def test_other_processes_work_under_the_same_settings(tmp_path):
    """Votes of several processes are those of one."""
    frame = pd.DataFrame({"n": range(600)})
    decimal.getcontext().prec = 5
    alone = apply(divides, frame, cache=False, progress=False)
    pd.testing.assert_frame_equal(alone, apply(divides, frame, cache=False, n_jobs=2, progress=False))


def reads_context(row):
    return decimal.getcontext().prec % 7


def sets_context(row):
    decimal.getcontext().prec = 9
    return 1


def borrows_context(row):
    with decimal.localcontext() as context:
        context.prec = 3
    return 1


def reads_locale(row):
    return len(locale.localeconv())


def sets_locale(row):
    return len(locale.setlocale(locale.LC_ALL))


def reads_environment(row):
    return len(os.environ.get("HOME", ""))


def sets_environment(row):
    os.environ["WEAKLAB_TEST"] = "1"
    return 1


@pytest.mark.parametrize(
    "function",
    [reads_context, sets_context, borrows_context, reads_locale, sets_locale, reads_environment, sets_environment],
)
@pytest.mark.usefixtures("as_before")
def test_who_names_settings_is_run_each_time(function, tmp_path, monkeypatch):
    """They may be set anywhere, and what is set in another process is not to be seen."""
    monkeypatch.setenv("WEAKLAB_TEST", "0")
    for _ in range(2):
        with pytest.warns(CacheWarning, match=function.__name__):
            assert "reused" not in apply(function, FRAME, cache=tmp_path, progress=False).attrs
