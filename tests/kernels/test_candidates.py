"""Passes over the classes with votes only, against all classes by numpy, compiled and as plain Python."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import logsumexp

from weaklab._kernels import candidates, vote_sums
from weaklab._kernels.chunks import CHUNK
from weaklab._kernels.em import Rows
from weaklab.votes import check_votes
from weaklab.votes.pairs import pair_up

K = 5
KERNELS = {
    candidates: ("gather", "normalise", "expect_candidates", "share_candidates", "posterior_of_candidates"),
    vote_sums: ("votes_of_rows", "tie_rows"),
}
matrices = hnp.arrays(
    np.int8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=10), elements=st.integers(-1, K - 1)
)


def rows_of(votes, rng, empty=True):
    """Rows with weights and gold at random, and the table of pairs."""
    matrix, n = check_votes(votes, classes=K), len(votes)
    pairs, pair = pair_up(matrix)
    weight = rng.uniform(0, 3, size=n) if rng.random() < 0.5 else np.empty(0)
    gold = np.where(rng.random(n) < 0.3, rng.integers(0, K, size=n), -1) if rng.random() < 0.5 else np.empty(0, int)
    return Rows(matrix.indptr, pair, weight, gold, empty), pairs


def expected_of(q, votes, rows, pairs):
    """How often each pair is right and each class occurs under posteriors (n, k), by loops."""
    w = rows.weight if len(rows.weight) else np.ones(len(votes))
    w = np.where((votes >= 0).any(axis=1) | rows.empty, w, 0)
    right = [
        sum(w[i] * q[i, v] for i in range(len(votes)) if votes[i, j] == v)
        for j, v in zip(pairs.lf, pairs.vote, strict=True)
    ]
    return np.array(right), w @ q, w


def with_gold(q, gold):
    """The same, but 1 for the class that is known."""
    return np.where(gold[:, None] >= 0, np.eye(K)[gold], q) if len(gold) else q


class Plain:
    """Kernels as plain Python functions, where asked for."""

    def __init__(self, plain):
        kernels = [(module, name) for module, names in KERNELS.items() for name in names if plain]
        self.patches = [patch.object(module, name, getattr(module, name).py_func) for module, name in kernels]

    def __enter__(self):
        for one in self.patches:
            one.start()

    def __exit__(self, *_):
        for one in self.patches:
            one.stop()


@settings(max_examples=80, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans())
def test_a_pass_gives_the_counts_of_the_formula(votes, seed, plain, empty):
    """Right votes, classes and log-likelihood are those of a pass over all classes; posteriors are those to a power."""
    rng = np.random.default_rng(seed)
    rows, pairs = rows_of(votes, rng, empty)
    own, others = rng.normal(size=(2, len(pairs))) * 3
    log_prior, scale = np.log(rng.dirichlet(np.ones(K))), rng.uniform(0.2, 1, size=votes.shape[1] + 1)
    table = np.where(pairs.vote[:, None] == np.arange(K), own[:, None], others[:, None])
    number = {(j, v): p for p, (j, v) in enumerate(zip(pairs.lf, pairs.vote, strict=True))}
    evidence = np.array([sum((table[number[j, v]] for j, v in enumerate(row) if v >= 0), np.zeros(K)) for row in votes])
    scores = scale[(votes >= 0).sum(axis=1)][:, None] * evidence + log_prior
    log_norm = logsumexp(scores, axis=1)
    q = np.exp(scores - log_norm[:, None])
    with Plain(plain):
        step = candidates.expectation_of_candidates(rows, pairs.vote, scale, own, others, log_prior)
        plain_q = candidates.candidate_posterior(rows.indptr, rows.pair, pairs.vote, scale, own, others, log_prior)
        power_q = candidates.candidate_posterior(rows.indptr, rows.pair, pairs.vote, scale, own, others, log_prior, 0.6)
    right, class_counts, w = expected_of(with_gold(q, rows.gold), votes, rows, pairs)
    np.testing.assert_allclose(step.right, right, atol=1e-9)
    np.testing.assert_allclose(step.class_counts, class_counts, atol=1e-9)
    if len(rows.gold):
        log_norm = np.where(rows.gold >= 0, scores[np.arange(len(votes)), rows.gold], log_norm)
    assert step.log_likelihood == pytest.approx(w @ log_norm, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(plain_q, q, atol=1e-9)
    for row, one, powered in zip(votes, q, power_q, strict=True):
        voted = np.isin(np.arange(K), row)
        expected = np.where(voted, one**0.6, 0)
        if not voted.all():
            expected[~voted] = one[~voted].sum() ** 0.6 * one[~voted] / one[~voted].sum()
        np.testing.assert_allclose(powered, expected / expected.sum(), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans())
def test_shares_and_majorities_are_those_of_the_votes(votes, seed, plain, empty):
    """A row's class is drawn from its votes, or is the one with most of them."""
    rows, pairs = rows_of(votes, np.random.default_rng(seed), empty)
    matrix = check_votes(votes, classes=K)
    count = (votes[:, :, None] == np.arange(K)).sum(axis=1)  # (n, k)
    silent = count.sum(axis=1, keepdims=True) == 0
    with Plain(plain):
        share = candidates.share_of_candidates(rows, pairs.vote, K)
        majority = vote_sums.majority(matrix.indptr, matrix.vote, K)
    q = with_gold(np.where(silent, 1 / K, count / np.maximum(count.sum(axis=1, keepdims=True), 1)), rows.gold)
    right, class_counts, _ = expected_of(q, votes, rows, pairs)
    np.testing.assert_allclose(share.right, right, atol=1e-9)
    np.testing.assert_allclose(share.class_counts, class_counts, atol=1e-9)
    tied = count == count.max(axis=1, keepdims=True)
    np.testing.assert_array_equal(majority, tied / tied.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_threads_leave_no_trace(threads, rng):
    """Chunks are summed in their order, whatever the number of threads."""
    votes = rng.integers(-1, K, size=(2 * CHUNK + 77, 6))
    rows, pairs = rows_of(votes, np.random.default_rng(0))
    own, others = rng.normal(size=(2, len(pairs)))
    arguments = (rows, pairs.vote, np.ones(7), own, others, np.full(K, -np.log(K)))
    once = candidates.expectation_of_candidates(*arguments)
    with patch("weaklab._kernels.chunks.n_threads", lambda: threads):
        again = candidates.expectation_of_candidates(*arguments)
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one, other)
