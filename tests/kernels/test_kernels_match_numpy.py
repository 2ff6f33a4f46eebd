"""Each kernel against a slow numpy twin, compiled and as plain Python."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weaklab._kernels import _jit, em, patterns, sparse_rows
from weaklab._kernels.chunks import CHUNK, n_threads, over_chunks
from weaklab.votes import check_votes, compress
from weaklab.votes.pairs import pair_up

matrices = hnp.arrays(
    np.int8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12), elements=st.integers(-1, 3)
)


def sparse_twin(votes):
    """Sparse rows, by numpy."""
    rows, columns = np.nonzero(votes >= 0)
    indptr = np.concatenate([[0], np.cumsum((votes >= 0).sum(axis=1))])
    return indptr, columns, votes[rows, columns]


def posterior_twin(votes, pairs, scale, weights, log_prior):
    """Posteriors and log-likelihood of each row, by numpy and a loop."""
    number = {(j, v): p for p, (j, v) in enumerate(zip(pairs.lf, pairs.vote, strict=True))}
    logits = np.array(
        [
            scale[i] * sum((weights[number[j, v]] for j, v in enumerate(row) if v >= 0), np.zeros(len(log_prior)))
            + log_prior
            for i, row in enumerate(votes)
        ]
    )
    top = logits.max(axis=1, keepdims=True)
    log_norm = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return np.exp(logits - log_norm[:, None]), logits, log_norm


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_sparse_rows_hold_the_votes_of_the_dense_matrix(votes):
    """Nothing is lost or moved on the way into the internal form."""
    indptr, lf, vote, lowest, highest = sparse_rows.sparse_rows(votes)
    for ours, twin in zip((indptr, lf, vote), sparse_twin(votes), strict=True):
        np.testing.assert_array_equal(ours, twin)
    assert (lowest, highest) == (min(votes.min(), 0), max(votes.max(), -1))
    np.testing.assert_array_equal(check_votes(votes, classes=4).dense(), votes)


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_equal_words_mean_equal_rows(votes):
    """Packing is injective: patterns are merged if, and only if, all their votes are equal."""
    words = check_votes(votes, classes=4).pack()
    same_words = (words[:, None] == words[None]).all(axis=2)
    same_rows = (votes[:, None] == votes[None]).all(axis=2)
    np.testing.assert_array_equal(same_words, same_rows)


@settings(max_examples=40, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans())
def test_one_em_pass_matches_numpy(votes, seed, plain_python):
    """Posteriors, log-likelihood, change and expected counts are those of the formula."""
    rng = np.random.default_rng(seed)
    k, n = 4, len(votes)
    matrix = check_votes(votes, classes=k)
    pairs, pair = pair_up(matrix)
    weights, log_prior = rng.normal(size=(len(pairs), k)) * 3, np.log(rng.dirichlet(np.ones(k)))
    scale, weight = rng.uniform(0.2, 1, size=n), rng.uniform(0, 3, size=n)
    gold = np.where(rng.random(n) < 0.3, rng.integers(0, k, size=n), -1)
    before = rng.dirichlet(np.ones(k), size=n)
    expected, logits, log_norm = posterior_twin(votes, pairs, scale, weights, log_prior)
    known = gold >= 0
    expected[known] = np.eye(k)[gold[known]]
    row_likelihood = np.where(known, logits[np.arange(n), gold], log_norm)

    q = before.copy()
    if plain_python:
        counts, class_counts, log_likelihood = np.zeros_like(weights), np.zeros(k), np.zeros(1)
        change = em.posterior_rows.py_func(
            matrix.indptr, pair, 0, n, scale, weights, log_prior, gold, weight, q, log_likelihood
        )
        em.count_pairs.py_func(matrix.indptr, pair, 0, n, weight, q, counts, class_counts)
        step = em.Pass(counts, class_counts, log_likelihood[0], change)
    else:
        step = em.expectation(matrix.indptr, pair, scale, weights, log_prior, gold, weight, q)

    np.testing.assert_allclose(q, expected, atol=1e-12)
    np.testing.assert_allclose(step.log_likelihood, weight @ row_likelihood, atol=1e-9)
    np.testing.assert_allclose(step.change, np.abs(expected - before).max(), atol=1e-12)
    twin = np.zeros_like(weights)
    np.add.at(twin, pair, (weight[:, None] * expected)[matrix.rows])
    np.testing.assert_allclose(step.counts, twin, atol=1e-9)
    np.testing.assert_allclose(step.class_counts, weight @ expected, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(matrices)
def test_plain_python_kernels_agree_with_compiled_ones(votes):
    """The source of a kernel means the same with and without numba."""
    n = len(votes)
    indptr, lf, vote, _, _ = sparse_rows.sparse_rows(votes)
    counts = np.zeros(n + 1, dtype=np.int64)
    assert sparse_rows.count_rows.py_func(votes, 0, n, counts) == (min(votes.min(), 0), max(votes.max(), -1))
    np.testing.assert_array_equal(np.cumsum(counts), indptr)
    lf2, vote2 = np.empty_like(lf), np.empty_like(vote)
    sparse_rows.fill_rows.py_func(votes, 0, n, indptr, lf2, vote2)
    np.testing.assert_array_equal(lf2, lf)
    np.testing.assert_array_equal(vote2, vote)
    words = np.zeros((n, patterns.packed_words(votes.shape[1], 4)), dtype=np.uint64)
    patterns.pack_rows.py_func(indptr, lf, vote, 0, n, 3, 21, words)
    np.testing.assert_array_equal(words, patterns.pack(indptr, lf, vote, votes.shape[1], 4))


def test_posteriors_survive_extreme_evidence():
    """Log-space: neither 2,000 agreeing votes nor weights of a thousand nats overflow."""
    votes = check_votes(np.ones((2, 2000), dtype=np.int8))
    pairs, pair = pair_up(votes)
    weights = np.tile([-1000.0, 1000.0], (len(pairs), 1))
    q = em.posterior(votes.indptr, pair, np.ones(2), weights, np.log([0.5, 0.5]))
    np.testing.assert_array_equal(q, [[0.0, 1.0], [0.0, 1.0]])


def test_merged_rows_keep_weight_gold_and_votes(rng):
    """Compressing is bookkeeping: the weight of each (votes, gold) is that of its rows."""
    votes = rng.integers(-1, 2, size=(5000, 3)).astype(np.int8)
    gold = np.where(rng.random(5000) < 0.2, rng.integers(0, 2, size=5000), -1)
    weight = rng.integers(0, 3, size=5000).astype(float)
    merged = compress(check_votes(votes), gold, weight)
    rows = np.column_stack([merged.votes.dense(), merged.gold])
    assert len(np.unique(rows, axis=0)) == len(rows) <= 27 * 3
    expected = {}
    for row, g, w in zip(votes.tolist(), gold.tolist(), weight.tolist(), strict=True):
        if w:
            expected[(*row, g)] = expected.get((*row, g), 0) + w
    assert {tuple(row): w for row, w in zip(rows.tolist(), merged.weight.tolist(), strict=True)} == expected


def test_rows_that_seldom_repeat_stay_as_they_are(rng):
    """Merging must pay: where nearly every row is its own pattern, none is moved."""
    votes = check_votes(rng.integers(-1, 2, size=(6000, 18)).astype(np.int8))
    assert compress(votes).votes is votes


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_chunks_come_in_order_and_cover_every_row(threads):
    """Partial sums are combined in row order whatever thread finished first."""
    n = 11 * CHUNK + 17
    parts = list(over_chunks(lambda start, stop: (start, stop), n, threads))
    assert parts[0][0] == 0
    assert parts[-1][1] == n
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert list(over_chunks(lambda start, stop: start, 0, threads)) == []


def test_without_affinity_all_cores_count(monkeypatch):
    """Platforms that cannot say which cores a process may use still get threads."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert n_threads() >= 1


def test_kernels_compile_where_nothing_can_be_cached(monkeypatch):
    """A read-only installation is slower at the first call, not broken."""
    real = _jit.numba.njit

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(_jit.numba, "njit", njit)
    assert _jit.kernel(lambda x: x + 1)(2) == 3
