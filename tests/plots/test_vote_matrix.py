"""The heat map of votes: each bin holds what it should, at any size, within seconds and little memory."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weaklab.datasets import make_votes
from weaklab.exceptions import ParameterError, VoteError
from weaklab.plots import VoteMatrixDisplay
from weaklab.plots.binned_votes import KINDS, BinnedVotes
from weaklab.plots.drawing import PALETTE
from weaklab.votes import SoftVotes, check_votes

pytest.importorskip("matplotlib")


def majority(votes: np.ndarray) -> int:
    """The class with most votes, the first of those that tie; -1 where there is none."""
    counts = np.bincount(votes[votes >= 0], minlength=1)
    return int(counts.argmax()) if counts.sum() else -1


@given(
    hnp.arrays(np.int8, st.tuples(st.integers(1, 14), st.integers(1, 7)), elements=st.integers(-1, 3)),
    st.integers(1, 14),
    st.integers(1, 7),
)
def test_bins_hold_what_falls_into_them(votes, row_bins, lf_bins) -> None:
    """Against slices of the sorted matrix: the votes of each class, and the number of cells."""
    n, m = votes.shape
    row_bins, lf_bins = min(n, row_bins), min(m, lf_bins)
    binned = BinnedVotes.of(check_votes(votes, classes=4), row_bins, lf_bins, "majority")
    last = 10  # what has no votes comes last
    rows = sorted(range(n), key=lambda i: (majority(votes[i]) % last, -(votes[i] >= 0).sum()))
    lfs = sorted(range(m), key=lambda j: (majority(votes[:, j]) % last, -(votes[:, j] >= 0).sum()))
    assert binned.lf_order.tolist() == lfs
    for r in range(row_bins):
        for c in range(lf_bins):
            ours = (
                [rows[i] for i in range(n) if i * row_bins // n == r],
                [lfs[j] for j in range(m) if j * lf_bins // m == c],
            )
            cell = votes[np.ix_(*ours)]
            assert binned.cells[r, c] == cell.size
            assert binned.votes[r, c].tolist() == [int((cell == v).sum()) for v in range(4)]


def test_small_matrices_show_each_vote_in_the_colour_of_its_class() -> None:
    """One cell per vote, written out, and white paper where there is none."""
    from matplotlib.colors import to_rgb

    votes = pd.DataFrame({"a": [0, 1, -1], "b": [0, -1, 1]})
    ax = VoteMatrixDisplay.from_votes(votes, classes=["ham", "spam"], sort="data").ax_
    picture = ax.images[0].get_array()
    ham, spam, none = to_rgb(PALETTE[0]), to_rgb(PALETTE[1]), (1, 1, 1)
    np.testing.assert_allclose(picture, [[ham, ham], [spam, none], [none, spam]])
    said = {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in ax.texts}
    assert said == {(0, 0): "ham", (0, 1): "ham", (1, 0): "spam", (2, 1): "spam"}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    assert [entry.get_text() for entry in ax.get_figure().legends[0].get_texts()] == ["ham", "spam", "no vote"]


def test_the_shade_of_a_bin_is_how_full_it_is() -> None:
    """On the scale of the fullest, which the legend names; a single vote is still seen."""
    votes = np.full((100, 3), -1)
    votes[:, 0] = 0
    votes[::2, 1] = 0
    votes[0, 2] = 0
    display = VoteMatrixDisplay.from_votes(votes, max_rows=1)
    full, half, one = display.ax_.images[0].get_array()[0]
    paper = np.ones(3)
    assert np.linalg.norm(paper - full) > np.linalg.norm(paper - half) > np.linalg.norm(paper - one) > 0.2
    assert "full colour: 100% of a bin's cells" in display.figure_.legends[0].get_texts()[-1].get_text()
    density = display.plot(show="density").ax_.images[0].get_array()
    np.testing.assert_allclose(density, [[1, 0.5, 0.01]])


def test_groups_are_named_beside_the_axes() -> None:
    """Where colours cannot be told apart, the names of rows' and functions' majorities can."""
    votes = np.array([[0, 0, -1]] * 6 + [[-1, -1, 1]] * 3 + [[-1, -1, -1]])
    ax = VoteMatrixDisplay.from_votes(votes, classes=["ham", "spam"]).ax_
    right, top = ax.child_axes
    assert [label.get_text() for label in right.get_yticklabels()] == ["ham 60%", "spam 30%", "no votes 10%"]
    assert [label.get_text() for label in top.get_xticklabels()] == ["ham", "spam"]
    assert [line.get_ydata()[0] for line in ax.lines[:2]] == [5.5, 8.5]


def test_many_classes_are_taken_together_and_three_thousand_functions_are_not_named() -> None:
    """As many colours as can be told apart; the title says what is in a bin."""
    planted = make_votes(n=2000, m=3000, k=12, coverage=0.01)
    display = VoteMatrixDisplay.from_votes(scipy.sparse.csr_array(planted.votes.to_numpy() + np.int8(1)))
    assert display.binned.votes.shape == (400, 300, KINDS)
    assert display.binned.votes.sum() == (planted.votes >= 0).to_numpy().sum()
    assert display.figure_.legends[0].get_texts()[KINDS - 1].get_text() == "7 other classes"
    assert "m = 3,000 labeling functions" in display.ax_.get_title(loc="left")
    assert "in bins of about 5 rows by 10 labeling functions" in display.ax_.get_title(loc="left")
    assert len(display.ax_.get_xticklabels()) < 20


def test_distributions_are_shown_by_their_likeliest_class() -> None:
    """Richer votes are drawn as one class each."""
    votes = SoftVotes([[[0.9, 0.1], [np.nan, np.nan]], [[0.2, 0.8], [0.4, 0.6]]])
    binned = VoteMatrixDisplay.from_votes(votes, sort="data").binned
    assert binned.votes.tolist() == [[[1, 0], [0, 0]], [[0, 1], [0, 1]]]


def test_what_cannot_be_drawn_is_an_error() -> None:
    """No rows, no votes, and options that are none."""
    with pytest.raises(VoteError, match="no rows"):
        VoteMatrixDisplay.from_votes(np.empty((0, 2), dtype=np.int8))
    with pytest.raises(VoteError, match="row 1"):
        VoteMatrixDisplay.from_votes([[0], [-7]])
    with pytest.raises(ParameterError, match="Did you mean 'majority'"):
        VoteMatrixDisplay.from_votes([[0]], sort="majorty")
    with pytest.raises(ParameterError, match="max_rows=0"):
        VoteMatrixDisplay.from_votes([[0]], max_rows=0)
    with pytest.raises(ParameterError, match="Did you mean 'density'"):
        VoteMatrixDisplay.from_votes([[0]]).plot(show="densty")


@pytest.mark.parametrize(("n", "m"), [(1_000_000, 50), (10_000, 3_000)])
def test_large_matrices_take_seconds_and_little_memory(n, m) -> None:
    """Two seconds and 110 MB were measured for a million rows of fifty; the clock is that of the process."""
    rng = np.random.default_rng(0)
    votes = rng.integers(-1, 2, (n, m), dtype=np.int8)
    VoteMatrixDisplay.from_votes(votes[:100]).figure_.canvas.draw()  # compiled and imported before the clock starts
    start = time.process_time()
    tracemalloc.start()
    display = VoteMatrixDisplay.from_votes(votes).plot()
    display.figure_.canvas.draw()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - start < 20
    assert peak < 400e6
    assert display.binned.votes.sum() == (votes >= 0).sum()
