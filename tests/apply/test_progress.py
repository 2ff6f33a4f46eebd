"""A bar that is worth looking at: it names what is slow."""

import itertools
from typing import ClassVar

import pandas as pd

from weaklab.apply import applier, apply, run
from weaklab.labeling import keyword_lf, labeling_function


class _Bar:
    """Takes the place of tqdm, and keeps what is shown."""

    disable = False
    shown: ClassVar[list] = []

    def __init__(self, **_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self, votes):
        pass

    def set_postfix_str(self, text, refresh):
        self.shown.append(text)


def test_the_bar_names_the_slowest_functions(monkeypatch):
    """Whoever waits sees for what."""
    clock = itertools.count(0, 2)
    monkeypatch.setattr(applier, "tqdm", _Bar)
    monkeypatch.setattr(run, "perf_counter", lambda: next(clock))

    def slow(row):
        return sum(range(2000)) % 2

    quick = labeling_function(name="quick")(lambda row: 1)
    frame = pd.DataFrame({"text": ["free"] * 3000})
    apply([quick, slow, keyword_lf("free", column="text", label=1)], frame, cache=False)
    assert _Bar.shown[-1].startswith("slowest: slow ")
    assert _Bar.shown[-1].count("us/row") == 3
