"""What labeling functions cost is known before they run over everything."""

import time

import pandas as pd
import polars as pl
import pytest

import weaklab as wl
from weaklab.exceptions import ParameterError

FRAME = pd.DataFrame({"text": ["free", "hello"] * 1000, "i": range(2000)})


def slow(row):
    time.sleep(0.002)
    return 1


def fails(row):
    return 1 // (row.i % 4)


def quick(row):
    return 1 if row.text == "free" else None


LFS = [quick, fails, slow, wl.keyword_lf("free", column="text", label=1)]


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_the_slowest_stands_first(kind):
    """With faults and coverage of the sample, and what the whole frame would take."""
    profile = wl.profile_lfs(LFS, kind(FRAME), n=100)
    assert sorted(profile.index) == sorted(["quick", "fails", "slow", "free"])
    assert profile.index[0] == "slow"
    assert profile["ms_per_1000_rows"].is_monotonic_decreasing
    assert profile["ms_per_1000_rows"]["slow"] > 2000
    assert profile["expected_seconds"]["slow"] == pytest.approx(2 * profile["ms_per_1000_rows"]["slow"] / 1000)
    assert profile["coverage"]["slow"] == 1
    assert profile["coverage"]["quick"] == profile["coverage"]["free"]
    assert 0.2 < profile["coverage"]["quick"] < 0.8
    assert 10 < profile["faults"]["fails"] < 45
    assert profile["first_fault"]["fails"].startswith("ZeroDivisionError")
    assert profile["first_fault"]["quick"] == ""


def test_the_sample_is_seeded_and_no_larger_than_the_frame():
    """The same rows for the same seed; all rows where there are fewer."""
    coverage = [wl.profile_lfs(quick, FRAME, n=50, random_state=seed)["coverage"]["quick"] for seed in (1, 1, 2, 3)]
    assert coverage[0] == coverage[1]
    assert len(set(coverage)) > 1
    assert wl.profile_lfs(fails, FRAME.iloc[:8], n=100)["faults"]["fails"] == 2


def test_a_timeout_counts_as_a_fault():
    """So that a profile ends."""
    assert wl.profile_lfs(slow, FRAME, n=5, timeout=0.0005)["faults"]["slow"] == 5


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_a_sample_has_a_size(n):
    """And it is an int."""
    with pytest.raises(ParameterError, match="n="):
        wl.profile_lfs(LFS, FRAME, n=n)


@pytest.mark.parametrize("output", ["set", "soft"])
def test_sets_and_distributions_are_profiled_too(output):
    """Whatever a vote is, it covers its row."""
    vote = {"set": {0, 1}, "soft": [0.5, 0.5]}[output]
    lf = wl.labeling_function(name="lf", output=output)(lambda row: vote if row.i % 2 else None)
    assert wl.profile_lfs(lf, FRAME, n=2000, classes=2)["coverage"]["lf"] == 0.5
