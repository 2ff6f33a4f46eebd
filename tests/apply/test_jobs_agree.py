"""How many processes there are changes nothing but the time: with time limits, failures and progress, all at once."""

import signal
import sys
import warnings

import pandas as pd
import pytest

from weaklab.analysis import profile_lfs
from weaklab.apply import applier, apply
from weaklab.exceptions import LabelingFunctionFailure
from weaklab.labeling import keyword_lf, labeling_function

N = 1500
FRAME = pd.DataFrame({"i": range(N), "text": ["free" if i % 4 else "dear" for i in range(N)]}, index=range(7, N + 7))


def plain(row):
    return row.i % 3 if row.i % 5 else None


def divides(row):
    return 1 // (row.i % 700 - 3)


def no_vote(row):
    return "?" if row.i % 600 == 500 else 0


def exits(row):
    return sys.exit(3) if row.i == 1100 else 1


def loops(row):
    while row.i in (40, 1300):
        pass
    return 1


@labeling_function(batch=True)
def whole(frame):
    raise ValueError("not today")


LFS = [plain, divides, no_vote, exits, keyword_lf("free", column="text", label=1), whole]
LIMITED = [*LFS, loops]
needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers of POSIX")


class _Bar:
    """Takes the place of tqdm, and counts."""

    disable = False

    def __init__(self, total, **_):
        self.total, self.told = total, 0
        _Bar.last = self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self, votes):
        self.told += votes

    def set_postfix_str(self, text, refresh):
        pass


def run(n_jobs, lfs=LIMITED, **options):
    """Votes, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        votes = apply(lfs, FRAME, cache=False, n_jobs=n_jobs, timeout=0.2 if loops in lfs else None, **options)
    return votes, [(each.category, str(each.message), each.filename) for each in caught]


@needs_timers
def test_votes_faults_warnings_and_progress_agree(monkeypatch):
    """The matrix, the counts, the rows and their labels, the words, and a bar that ends at its end."""
    monkeypatch.setattr(applier, "tqdm", _Bar)
    (one, told), bar = run(1, on_error="abstain"), _Bar.last
    (two, told_two), bar_two = run(2, on_error="abstain"), _Bar.last
    pd.testing.assert_frame_equal(one, two)
    assert told == told_two
    faults, faults_two = one.attrs["faults"], two.attrs["faults"]
    assert list(faults) == list(faults_two)
    for name, fault in faults.items():  # but for the line at which time was up
        assert fault[:3] == faults_two[name][:3]
        assert fault.reason == faults_two[name].reason
    assert {name: fault.rows for name, fault in faults.items() if name != "whole"} == {
        "divides": (3, 703, 1403),
        "no_vote": (500, 1100),
        "exits": (1100,),
        "loops": (40, 1300),
    }
    assert bar.told == bar.total == bar_two.told == bar_two.total == N * len(LIMITED)


@needs_timers
@pytest.mark.parametrize(
    ("lf", "says"),
    [
        (divides, r"'divides' failed on row 3 \(index label 10\): ZeroDivisionError"),
        (exits, r"'exits' failed on row 1100 \(index label 1107\): SystemExit: 3"),
        (loops, r"'loops' failed on row 40 \(index label 47\): TimeoutError: no vote after 0.2 s"),
    ],
)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_first_failure_is_the_same(n_jobs, lf, says):
    """Raised from what the function raised."""
    with pytest.raises(LabelingFunctionFailure, match=says) as caught:
        run(n_jobs, [plain, lf], progress=False)
    assert type(caught.value.__cause__).__name__ in says


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_profile_of_all_rows_tells_the_same(n_jobs):
    """Coverage, how often each failed, and why at first."""
    votes, _ = run(n_jobs, LFS, on_error="abstain", progress=False)
    profile = profile_lfs(LFS, FRAME, n=N).loc[list(votes.columns)]
    assert profile["coverage"].tolist() == (votes >= 0).mean().tolist()
    faults = votes.attrs["faults"]
    assert profile["faults"].tolist() == [faults[name].count if name in faults else 0 for name in votes.columns]
    assert profile["first_fault"].tolist() == [faults[name].reason if name in faults else "" for name in votes.columns]
