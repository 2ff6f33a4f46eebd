"""Counts of votes, meetings, conflicts and right votes against numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weaklab._kernels import tallies
from weaklab._kernels.chunks import CHUNK
from weaklab.votes import check_votes

matrices = hnp.arrays(np.int8, st.tuples(st.integers(0, 30), st.integers(1, 6)), elements=st.integers(-1, 3))


def twin(votes, gold, k=4):
    """The same counts from dense indicators."""
    fires = votes >= 0
    there = fires.sum(axis=1, keepdims=True)
    lowest = np.where(fires, votes, k).min(axis=1, keepdims=True, initial=k)
    conflict = fires & (votes.max(axis=1, keepdims=True, initial=-1) != lowest)
    known = fires & (gold >= 0)[:, None] if len(gold) else np.zeros_like(fires)
    right = known & (votes == gold[:, None]) if len(gold) else known
    by_class = (votes[:, :, None] == np.arange(k)).sum(axis=0).ravel()
    return by_class, (fires & (there > 1)).sum(axis=0), conflict.sum(axis=0), right.sum(axis=0), known.sum(axis=0)


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans())
def test_counts_are_those_of_dense_indicators(votes, seed, has_gold, plain_python):
    """Whatever the votes, with and without gold, some of a class that nobody votes for."""
    gold = np.random.default_rng(seed).integers(-1, 6, size=len(votes)) if has_gold else np.empty(0, dtype=np.int64)
    matrix = check_votes(votes, classes=4)
    m = votes.shape[1]
    if plain_python:
        counts = [np.zeros(m * 4), *(np.zeros(m) for _ in range(4))]
        tallies.tally_rows.py_func(matrix.indptr, matrix.code, 0, len(votes), 4, gold, *counts)
    else:
        counts = tallies.tally(matrix.indptr, matrix.code, m, 4, gold)
    for count, expected in zip(counts, twin(votes, gold), strict=True):
        np.testing.assert_array_equal(count, expected)


@settings(max_examples=40, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans())
def test_votes_by_class_are_those_of_dense_indicators(votes, seed, plain_python):
    """Rows of unknown class count in none."""
    gold = np.random.default_rng(seed).integers(-1, 4, size=len(votes))
    matrix, m = check_votes(votes, classes=4), votes.shape[1]
    counts = np.zeros((m * 4, 4))
    if plain_python:
        tallies.tally_rows_by_class.py_func(matrix.indptr, matrix.code, 0, len(votes), gold, counts)
    else:
        counts = tallies.tally_by_class(matrix.indptr, matrix.code, m, 4, gold)
    fires = (votes[:, :, None] == np.arange(4)).reshape(len(votes), m * 4)
    np.testing.assert_array_equal(counts, fires.T.astype(float) @ (gold[:, None] == np.arange(4)))


def test_chunks_add_up(rng, monkeypatch):
    """Counts of chunks in threads, and one pass, are the same."""
    votes = rng.integers(-1, 4, size=(2 * CHUNK + 3, 5)).astype(np.int8)
    matrix, gold = check_votes(votes), rng.integers(-1, 4, size=len(votes))
    threaded = tallies.tally(matrix.indptr, matrix.code, 5, 4, gold)
    monkeypatch.setattr(tallies, "THREADED_VOTES", 0)
    for count, one_pass in zip(threaded, tallies.tally(matrix.indptr, matrix.code, 5, 4, gold), strict=True):
        np.testing.assert_array_equal(count, one_pass)
