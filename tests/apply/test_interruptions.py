"""Ctrl-C: the exception carries all that was done, to the row."""

import signal

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.apply.run import VoteTable
from weaklab.apply.vote_cache import FolderStore
from weaklab.labeling import labeling_function

N = 3000
FRAME = pd.DataFrame({"i": range(N)})


@pytest.fixture(autouse=True)
def heard():
    """Python's own answer to Ctrl-C: jobs in the background of a shell start without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupts(name="interrupts", at=2000, output="hard", vote=lambda i: i % 2):
    """A labeling function during whose call on one row Ctrl-C is pressed."""

    def vote_until(row):
        if row.i == at:
            signal.raise_signal(signal.SIGINT)
        return vote(row.i)

    return labeling_function(name=name, output=output)(vote_until)


def even(row):
    return int(row.i % 2 == 0)


@labeling_function(batch=True)
def whole(frame):
    return (frame.i % 3 == 0).astype(int)


@labeling_function(batch=True)
def whole_interrupts(frame):
    signal.raise_signal(signal.SIGINT)
    return [1] * len(frame)


def interrupted(lfs, frame=FRAME, **options):
    """The votes that the interruption carries."""
    with pytest.raises(KeyboardInterrupt) as caught:
        apply(lfs, frame, progress=False, **{"cache": False, **options})
    return caught.value.votes


@pytest.mark.parametrize("on_error", ["raise", "abstain"])
@pytest.mark.parametrize("at", [0, 1, 900, 1024, 2999])
def test_every_finished_row_counts(at, on_error):
    """A chunk of 1,024 rows that take a minute each is most of a day."""
    votes = interrupted([even, interrupts(at=at), labeling_function(name="later")(even)], on_error=on_error)
    begun = min((at // 1024 + 1) * 1024, N)  # what stands before it has run on its chunk, what stands after not
    assert votes.attrs["done"] == {"even": begun, "interrupts": at, "later": at // 1024 * 1024}
    assert votes["interrupts"].tolist() == [i % 2 for i in range(at)] + [-1] * (N - at)
    assert (votes["even"] >= 0).sum() == begun


@pytest.mark.parametrize(
    ("output", "vote"), [("set", lambda i: {0, i % 2}), ("soft", lambda i: [0.5, 0.5] if i % 2 else [1.0, 0.0])]
)
@pytest.mark.parametrize("at", [0, 1024, 2000])
def test_sets_and_distributions_count_too(output, vote, at):
    """Whatever a vote is."""
    votes = interrupted([interrupts(at=at, output=output, vote=vote)], classes=2)
    assert votes.attrs["done"] == {"interrupts": at}
    there = votes.masks[:, 0] > 0 if output == "set" else ~np.isnan(votes.probs[:, 0, 0])
    assert there.tolist() == [True] * at + [False] * (N - at)


@pytest.mark.parametrize(
    ("bad", "on_error"), [(lambda: 0.5, "raise"), (lambda: 0.5, "abstain"), (lambda: 1 // 0, "abstain")]
)
def test_it_stays_an_interruption_whatever_else_is_wrong(bad, on_error):
    """An error in its place would let a loop over frames go on."""
    lf = interrupts(at=900, vote=lambda i: bad() if i == 700 else 1)
    votes = interrupted([lf], on_error=on_error)
    assert votes.attrs["done"] == {"interrupts": 900}
    assert votes["interrupts"].tolist() == [1] * 700 + [-1] + [1] * 199 + [-1] * (N - 900)


def test_it_may_come_while_votes_are_written(monkeypatch):
    """Each row counts once."""
    write, told = VoteTable.write, []

    def write_and_interrupt(table, *args):
        write(table, *args)
        told.append(args)
        if len(told) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(VoteTable, "write", write_and_interrupt)
    votes = interrupted([even])
    assert votes.attrs["done"] == {"even": 2048}
    assert (votes["even"] >= 0).sum() == 2048


def test_functions_of_the_frame_count_when_they_are_finished():
    """One of them has no rows that could be finished before the others."""
    votes = interrupted([whole, whole_interrupts, even])
    assert votes.attrs["done"] == {"whole": N, "whole_interrupts": 0, "even": 0}
    assert votes["whole"].tolist() == whole(FRAME).tolist()
    assert (votes[["whole_interrupts", "even"]] == -1).all(axis=None)


def test_what_was_finished_is_not_run_again(tmp_path):
    """And what was not is run from the start, in full."""
    pressed = []

    def once(row):
        if row.i == 1500 and not pressed:
            pressed.append(row.i)
            signal.raise_signal(signal.SIGINT)
        return 1

    interrupted([whole, once], cache=tmp_path)
    with pytest.warns(match="run each time: 'once'"):
        votes = apply([whole, once], FRAME, cache=tmp_path, progress=False)
    assert votes.attrs["reused"] == ("whole",)
    assert (votes["once"] == 1).all()


def test_it_may_come_while_kept_votes_are_looked_up(tmp_path, monkeypatch):
    """Whoever catches it reads the votes without a second thought."""
    apply([whole], FRAME, cache=tmp_path, progress=False)
    monkeypatch.setattr(FolderStore, "get", lambda *_: signal.raise_signal(signal.SIGINT))
    assert interrupted([whole, even], cache=tmp_path).attrs["done"] == {"whole": 0, "even": 0}
