"""What a function changes in a process of its own is noticed here, where nothing of it is to be seen."""

from __future__ import annotations

import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import CacheWarning
from weaklab.labeling import labeling_function

FRAME = pd.DataFrame({"text": [f"row {i}" for i in range(600)], "n": range(600)})  # more rows than are begun here
SEEN: list[int] = []
TOTALS = {"n": 0}
COUNT = 0


class Counter:
    """A labeling function with a state."""

    calls = 0

    def __init__(self):
        self.n = 0

    def __call__(self, row):
        self.n += 1
        return self.n % 2


def appends(row):
    SEEN.append(row.n)
    return len(SEEN) % 2


def adds(row):
    TOTALS["n"] += 1
    return TOTALS["n"] % 2


def counts_in_a_class(row):
    Counter.calls += 1
    return Counter.calls % 2


def remembers(row, memory=[]):  # noqa: B006  -- such functions exist
    memory.append(row.n)
    return len(memory) % 2


def through_a_helper(row):
    return note(row.n)


def note(n):
    SEEN.append(n)
    return len(SEEN) % 2


def closes_over():
    last = 0

    def lf(row):
        nonlocal last
        last += 1
        return last % 2

    return lf


def sets_a_global(row):
    global COUNT  # noqa: PLW0603  -- such functions exist
    COUNT = row.n
    return COUNT % 2


def steady(row):
    return int(len(row.text) > 5)


def reads_a_list(row):
    return int(row.text in WORDS)


def imports_inside(row):
    import html

    return int(html.escape(row.text) == row.text)


WORDS = ["row 1"]
CHANGING = [appends, adds, counts_in_a_class, remembers, through_a_helper, sets_a_global]


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_a_function_changes_makes_its_votes_its_own(n_jobs, tmp_path):
    """Lists, dicts, classes, defaults, closures, objects, wherever the function ran; and the others are reused."""
    lfs = [*CHANGING, labeling_function(name="object")(Counter()), labeling_function(name="closure")(closes_over())]
    names = [getattr(lf, "name", None) or lf.__name__ for lf in lfs]
    for place in range(2):
        with pytest.warns(CacheWarning, match="run each time"):
            votes = apply(
                [*lfs, steady, reads_a_list, imports_inside], FRAME, cache=tmp_path, n_jobs=n_jobs, progress=False
            )
        assert sorted(votes.attrs["not_reused"]) == sorted(names)
        assert votes.attrs.get("reused", ()) == (("steady", "reads_a_list", "imports_inside") if place else ())
