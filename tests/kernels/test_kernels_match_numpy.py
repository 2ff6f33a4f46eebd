"""Each kernel against a slow numpy twin, compiled and as plain Python."""

from __future__ import annotations

import multiprocessing
import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import logsumexp

from weaklab._kernels import _jit, em, patterns, sparse_rows
from weaklab._kernels.chunks import CHUNK, n_threads, over_chunks
from weaklab.votes import check_votes, compress
from weaklab.votes.pairs import pair_up

matrices = hnp.arrays(
    np.int8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12), elements=st.integers(-1, 3)
)


def sparse_twin(votes, k):
    """Sparse rows, by numpy."""
    rows, columns = np.nonzero(votes >= 0)
    indptr = np.concatenate([[0], np.cumsum((votes >= 0).sum(axis=1))])
    return indptr, columns * k + votes[rows, columns]


def scores_twin(votes, pairs, scale, weights, log_prior):
    """The log-score of each state on each row, by numpy and a loop."""
    number = {(j, v): p for p, (j, v) in enumerate(zip(pairs.lf, pairs.vote, strict=True))}
    total = [sum((weights[number[j, v]] for j, v in enumerate(row) if v >= 0), 0 * log_prior) for row in votes]
    return scale[(votes >= 0).sum(axis=1)][:, None] * np.array(total) + log_prior


def softmax_twin(scores):
    """Posteriors and log-likelihoods of scores (n, states)."""
    log_norm = logsumexp(scores, axis=1)
    return np.exp(scores - log_norm[:, None]), log_norm


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_sparse_rows_hold_the_votes_of_the_dense_matrix(votes):
    """Nothing is lost or moved on the way into the internal form."""
    indptr, code = sparse_rows.sparse_rows(votes, 4, np.dtype(np.uint16))
    for ours, twin in zip((indptr, code), sparse_twin(votes, 4), strict=True):
        np.testing.assert_array_equal(ours, twin)
    np.testing.assert_array_equal(check_votes(votes, classes=4).dense(), votes)


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_equal_words_mean_equal_rows(votes):
    """Packing is injective: patterns are merged if, and only if, all their votes are equal."""
    words = check_votes(votes, classes=4).pack()
    same_words = (words[:, None] == words[None]).all(axis=2)
    same_rows = (votes[:, None] == votes[None]).all(axis=2)
    np.testing.assert_array_equal(same_words, same_rows)


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans(), st.sampled_from([1, 2]))
def test_one_pass_gives_the_expected_counts_of_the_formula(plain_python, votes, seed, uncompiled, empty, per_class):
    """Counts, log-likelihood and posteriors are those of numpy: with and without weights, gold, and empty rows."""
    rng = np.random.default_rng(seed)
    k, n = 4, len(votes)
    states = k * per_class
    matrix = check_votes(votes, classes=k)
    pairs, pair = pair_up(matrix)
    weights, log_prior = rng.normal(size=(len(pairs), states)) * 3, np.log(rng.dirichlet(np.ones(states)))
    scale = rng.uniform(0.2, 1, size=votes.shape[1] + 1)
    weight = rng.uniform(0, 3, size=n) if rng.random() < 0.5 else np.empty(0)
    gold = np.where(rng.random(n) < 0.3, rng.integers(0, k, size=n), -1) if rng.random() < 0.5 else np.empty(0, int)
    scores = scores_twin(votes, pairs, scale, weights, log_prior)
    whole, _ = softmax_twin(scores)
    for i in np.flatnonzero(gold >= 0):
        scores[i, np.arange(states) // per_class != gold[i]] = -np.inf
    q, likelihoods = softmax_twin(scores)
    w = (weight if len(weight) else np.ones(n)) * (empty | (votes >= 0).any(axis=1))

    if uncompiled:
        counts, state_counts, out = np.zeros_like(weights), np.zeros(states), np.empty((n, k))
        with plain_python(em):
            likelihood = em.expect_rows(
                *(matrix.indptr, pair, 0, n, scale, weights, log_prior, per_class, gold, weight, empty),
                *(counts, state_counts),
            )
            em.posterior_rows(matrix.indptr, pair, 0, n, scale, weights, log_prior, per_class, out)
        step = em.Expected(counts, state_counts, likelihood)
    else:
        step = em.expectation(em.Rows(matrix.indptr, pair, weight, gold, empty), scale, weights, log_prior, per_class)
        out = em.posterior(matrix.indptr, pair, scale, weights, log_prior, per_class)

    np.testing.assert_allclose(out, whole.reshape(n, k, per_class).sum(axis=2), atol=1e-12)
    np.testing.assert_allclose(step.log_likelihood, w @ likelihoods, atol=1e-9)
    twin = np.zeros_like(weights)
    np.add.at(twin, pair, (w[:, None] * q)[matrix.rows])
    np.testing.assert_allclose(step.counts, twin, atol=1e-9)
    np.testing.assert_allclose(step.state_counts, w @ q, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans())
def test_vote_shares_are_counted_as_numpy_counts_them(plain_python, votes, seed, uncompiled, empty):
    """The start of every EM: a row falls on the classes as its votes do, on gold where known, evenly where silent."""
    rng = np.random.default_rng(seed)
    k, n = 4, len(votes)
    matrix = check_votes(votes, classes=k)
    pairs, pair = pair_up(matrix)
    weight = rng.uniform(0, 3, size=n) if rng.random() < 0.5 else np.empty(0)
    gold = np.where(rng.random(n) < 0.3, rng.integers(0, k, size=n), -1) if rng.random() < 0.5 else np.empty(0, int)
    cast = (votes[:, :, None] == np.arange(k)).sum(axis=1)
    q = np.where(cast.any(axis=1, keepdims=True), cast / np.maximum(cast.sum(axis=1, keepdims=True), 1), 1 / k)
    q[gold >= 0] = np.eye(k)[gold[gold >= 0]] if len(gold) else q[gold >= 0]
    w = (weight if len(weight) else np.ones(n)) * (empty | (votes >= 0).any(axis=1))
    rows = em.Rows(matrix.indptr, pair, weight, gold, empty)
    if uncompiled:
        counts, state_counts = np.zeros((len(pairs), k)), np.zeros(k)
        em.share_rows.py_func(matrix.indptr, pair, 0, n, pairs.vote, gold, weight, empty, counts, state_counts)
    else:
        counts, state_counts, _ = em.share_counts(rows, pairs.vote, k)
    twin = np.zeros((len(pairs), k))
    np.add.at(twin, pair, (w[:, None] * q)[matrix.rows])
    np.testing.assert_allclose(counts, twin, atol=1e-9)
    np.testing.assert_allclose(state_counts, w @ q, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.int8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-1, 1)),
    st.integers(0, 2**31),
    st.booleans(),
    st.booleans(),
)
def test_two_classes_are_counted_as_many_are(plain_python, votes, seed, uncompiled, empty):
    """The kernel for two classes is a faster way to the same sums, and the same likelihood where nothing is scaled."""
    rng = np.random.default_rng(seed)
    n = len(votes)
    matrix = check_votes(votes, classes=2)
    pairs, pair = pair_up(matrix)
    weights, log_prior = rng.normal(size=(len(pairs), 2)) * 3, np.log(rng.dirichlet(np.ones(2)))
    plain = rng.random() < 0.5
    scale = np.ones(votes.shape[1] + 1) if plain else rng.uniform(0.2, 1, size=votes.shape[1] + 1)
    weight = rng.uniform(0, 3, size=n) if rng.random() < 0.5 else np.empty(0)
    gold = np.where(rng.random(n) < 0.3, rng.integers(0, 2, size=n), -1) if rng.random() < 0.5 else np.empty(0, int)
    rows = em.Rows(matrix.indptr, pair, weight, gold, empty)
    expected = em.expectation(rows, scale, weights, log_prior)
    start = em.share_counts(rows, pairs.vote, 2)
    arguments = (rows, scale, weights, log_prior, start.counts.sum(axis=1), start.state_counts.sum())
    if uncompiled:
        with plain_python(em):
            found = em.expectation_of_two(*arguments)
    else:
        found = em.expectation_of_two(*arguments)
    np.testing.assert_allclose(found.counts, expected.counts, atol=1e-9)
    np.testing.assert_allclose(found.state_counts, expected.state_counts, atol=1e-9)
    np.testing.assert_allclose(found.log_likelihood, expected.log_likelihood if plain else np.nan, atol=1e-8)


def test_large_tables_give_the_sums_of_small_ones(rng, monkeypatch):
    """Where a table is too large to keep once per chunk, one is filled in row order: the sums are the same."""
    votes = rng.integers(-1, 3, size=(2 * CHUNK + 5, 4)).astype(np.int8)
    matrix = check_votes(votes)
    pairs, pair = pair_up(matrix)
    rows = em.Rows(matrix.indptr, pair, np.empty(0), np.empty(0, int), True)
    weights, log_prior = rng.normal(size=(len(pairs), 3)), np.log(np.full(3, 1 / 3))
    threaded = em.expectation(rows, np.ones(5), weights, log_prior)
    monkeypatch.setattr(em, "THREADED_TABLE", 0)
    alone = em.expectation(rows, np.ones(5), weights, log_prior)
    np.testing.assert_allclose(alone.counts, threaded.counts, rtol=1e-10)
    np.testing.assert_allclose(alone.log_likelihood, threaded.log_likelihood, rtol=1e-10)


@settings(max_examples=20, deadline=None)
@given(matrices)
def test_plain_python_kernels_agree_with_compiled_ones(votes):
    """The source of a kernel means the same with and without numba."""
    n = len(votes)
    indptr, code = sparse_rows.sparse_rows(votes, 4, np.dtype(np.uint16))
    by_column = np.asfortranarray(votes)
    for given_votes, count, fill in (
        (votes, sparse_rows.count_rows, sparse_rows.fill_rows),
        (by_column, sparse_rows.count_columns, sparse_rows.fill_columns),
    ):
        counts, again = np.zeros(n + 1, dtype=np.int64), np.empty_like(code)
        count.py_func(given_votes, 0, n, counts)
        np.testing.assert_array_equal(np.cumsum(counts), indptr)
        fill.py_func(given_votes.astype(int), 0, n, indptr, 4, again)
        np.testing.assert_array_equal(again, code)
    for ours, twin in zip(sparse_rows.sparse_rows(by_column, 4, code.dtype), (indptr, code), strict=True):
        np.testing.assert_array_equal(ours, twin)
    words = np.zeros((n, patterns.packed_words(votes.shape[1], 4)), dtype=np.uint64)
    patterns.pack_rows.py_func(indptr, code, 0, n, 4, 3, 21, words)
    np.testing.assert_array_equal(words, patterns.pack(indptr, code, votes.shape[1], 4))


def test_posteriors_survive_extreme_evidence():
    """Log-space: neither 2,000 agreeing votes nor weights of a thousand nats overflow."""
    votes = check_votes(np.ones((2, 2000), dtype=np.int8))
    pairs, pair = pair_up(votes)
    weights = np.tile([-1000.0, 1000.0], (len(pairs), 1))
    q = em.posterior(votes.indptr, pair, np.ones(2001), weights, np.log([0.5, 0.5]))
    np.testing.assert_allclose(q, [[0.0, 1.0], [0.0, 1.0]], atol=1e-300)


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


def test_nothing_goes_on_behind_a_consumer_that_stops():
    """An error in a chunk, or a consumer that has seen enough: chunks that wait are dropped, those that run end."""
    running = []

    def work(start, stop):
        running.append(start)
        if start == 2 * CHUNK:
            raise ValueError("chunk 2")
        return start

    parts = over_chunks(work, 50 * CHUNK, threads=2)
    assert next(parts) == 0
    parts.close()
    seen = len(running)
    assert seen < 10
    with pytest.raises(ValueError, match="chunk 2"):
        list(over_chunks(work, 50 * CHUNK, threads=2))
    assert len(running) < seen + 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_starts_its_own_threads():
    """Threads do not survive a fork: a child that waited for its parent's would wait for ever."""
    list(over_chunks(lambda start, stop: start, 4 * CHUNK, threads=2))
    child = multiprocessing.get_context("fork").Process(
        target=lambda: list(over_chunks(lambda start, stop: start, 4 * CHUNK, threads=2))
    )
    child.start()
    child.join(20)
    alive = child.is_alive()
    child.kill()
    assert not alive
    assert child.exitcode == 0


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
