"""Passes over words against numpy, compiled and as plain Python."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit

from weaklab._kernels import exponential, words
from weaklab._kernels.words import WordRows
from weaklab.votes import check_votes
from weaklab.votes.matrix import VoteMatrix
from weaklab.votes.words import WordMatrix

matrices = st.integers(1, words.MOST).flatmap(
    lambda m: hnp.arrays(np.int8, st.tuples(st.integers(1, 8), st.just(m)), elements=st.integers(-1, 1))
)


def counts_twin(votes, value):
    """The total value of the rows on which each vote occurs, (m, 2)."""
    return np.column_stack([value @ (votes == 0), value @ (votes == 1)])


@settings(max_examples=60, deadline=None)
@given(matrices, st.booleans())
def test_words_hold_the_votes(plain_python, votes, uncompiled):
    """Row by row, column by column, from sparse rows and back: nothing is lost or moved."""
    with plain_python(words) if uncompiled else nullcontext():
        word = words.words(votes)
        np.testing.assert_array_equal(words.words(np.asfortranarray(votes)), word)
        indptr, code = words.sparse_of_words(word, np.dtype(np.uint16))
        np.testing.assert_array_equal(words.words_of_sparse(indptr, code), word)
        np.testing.assert_array_equal(words.votes_of_words(word), (votes >= 0).sum(axis=1))
    rows, columns = np.nonzero(votes >= 0)
    np.testing.assert_array_equal(code, 2 * columns + votes[rows, columns])
    np.testing.assert_array_equal(np.diff(indptr), (votes >= 0).sum(axis=1))


@settings(max_examples=80, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans(), st.booleans())
def test_one_pass_over_words_gives_the_sums_of_the_formula(plain_python, votes, seed, uncompiled, empty, weighted):
    """Posteriors, expected counts and log-likelihood, with and without weights, gold, and rows without votes."""
    rng = np.random.default_rng(seed)
    n, m = votes.shape
    gap, scale, prior = rng.normal(size=(m, 2)) * 3, rng.uniform(0.2, 1, size=m + 1), rng.normal()
    weight = rng.uniform(0, 3, size=n) if weighted else np.empty(0)
    gold = rng.integers(-1, 2, size=n) if rng.random() < 0.5 else np.empty(0, int)
    d = scale[(votes >= 0).sum(axis=1)] * ((votes == 0) @ gap[:, 0] + (votes == 1) @ gap[:, 1]) + prior
    known = gold if len(gold) else np.full(n, -1)
    counted = (weight if weighted else np.ones(n)) * (empty | (votes >= 0).any(axis=1))
    q = np.where(known >= 0, known, expit(d)) * counted
    likelihood = np.where(known >= 0, known * d, np.logaddexp(0, d)) @ counted
    with plain_python(words) if uncompiled else nullcontext():
        word = words.words(votes)
        second, rows, gained = words.expectation_of_words(WordRows(word, weight, gold, empty), scale, gap, prior, True)
        posterior = words.posterior_of_words(word, scale, gap, prior)
    np.testing.assert_allclose(second, counts_twin(votes, q), atol=1e-10)
    np.testing.assert_allclose([rows, gained], [q.sum(), likelihood], atol=1e-10)
    np.testing.assert_allclose(posterior, np.column_stack([expit(-d), expit(d)]), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans())
def test_a_survey_counts_what_numpy_counts(plain_python, votes, seed, uncompiled):
    """Votes, vote shares, rows with and without votes, and rows on which several meet."""
    rng = np.random.default_rng(seed)
    n, m = votes.shape
    weight = rng.uniform(0.1, 3, size=n) if rng.random() < 0.5 else np.empty(0)
    gold = rng.integers(-1, 2, size=n) if rng.random() < 0.5 else np.empty(0, int)
    w, cast = (weight if len(weight) else np.ones(n)), (votes >= 0).sum(axis=1)
    q = np.where(cast > 0, (votes == 1).sum(axis=1) / np.maximum(cast, 1), 0.5)
    q = w * (np.where(gold >= 0, gold, q) if len(gold) else q)
    with plain_python(words) if uncompiled else nullcontext():
        found = words.survey(WordRows(words.words(votes), weight, gold, True), m)
    np.testing.assert_allclose(found.fired, counts_twin(votes, w), atol=1e-12)
    np.testing.assert_allclose(found.second, counts_twin(votes, q), atol=1e-12)
    sums = [w[cast > 0].sum(), q[cast > 0].sum(), w[cast == 0].sum(), q[cast == 0].sum(), w[cast > 1].sum()]
    np.testing.assert_allclose(found[2:], sums, atol=1e-12)


@pytest.mark.parametrize("uncompiled", [False, True])
def test_exponentials_are_right_to_the_last_bits(plain_python, uncompiled, rng):
    """From 0 to where doubles end; what is smaller than exp(-700) is exp(-700)."""
    x = np.concatenate([[0.0, -1e-300, -700.0, -750.0, -np.inf], -rng.exponential(50, size=2000)])
    expected, power = np.exp(np.maximum(x, -700)), np.empty(len(x))
    with plain_python(exponential) if uncompiled else nullcontext():
        exponential.exp_below_zero(x, len(x), power, power.view(np.int64))
    np.testing.assert_allclose(x, expected, rtol=5e-16)


def test_words_and_sparse_rows_are_the_same_matrix(rng):
    """Whatever is asked of a matrix of words is what sparse rows answer."""
    votes = rng.integers(-1, 2, size=(300, 7)).astype(np.int8)
    ours = check_votes(votes)
    assert isinstance(ours, WordMatrix)
    rows, columns = np.nonzero(votes >= 0)
    indptr = np.concatenate([[0], np.cumsum((votes >= 0).sum(axis=1))])
    twin = VoteMatrix(indptr, (2 * columns + votes[rows, columns]).astype(np.uint16), 7, 2)
    chosen, order = rng.integers(0, 300, size=50), rng.permutation(7)
    for mine, its in (
        (ours, twin),
        (ours.take(chosen), twin.take(chosen)),
        (ours.between(10, 90), twin.between(10, 90)),
        (ours.reorder(order), twin.reorder(order)),
        (ours.with_classes(3), twin.with_classes(3)),
        (ours.without_index(), twin.without_index()),
    ):
        assert (mine.n, mine.m, mine.k, mine.nnz) == (its.n, its.m, its.k, its.nnz)
        for name in ("indptr", "code", "lf", "vote", "rows", "row_counts", "lf_counts", "covered"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(its, name), err_msg=name)
        np.testing.assert_array_equal(mine.pack(), its.pack())
        np.testing.assert_array_equal(mine.dense(), its.dense())
        np.testing.assert_array_equal(mine.majority(), its.majority())
        assert mine.most_votes >= its.row_counts.max()
