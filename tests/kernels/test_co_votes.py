"""Co-occurrence counts against numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from weaklab._kernels import co_votes as kernels
from weaklab._kernels.chunks import CHUNK
from weaklab.label_models import co_votes
from weaklab.label_models.co_votes import co_counts
from weaklab.label_models.problem import Problem
from weaklab.votes import check_votes, compress

matrices = hnp.arrays(np.int8, st.tuples(st.integers(1, 30), st.integers(1, 6)), elements=st.integers(-1, 3))


def problem_of(votes, weight=None, k=4):
    """What the shell makes of votes."""
    return Problem.of(compress(check_votes(votes, classes=k), None, weight))


def twin(votes, pairs, weight=None):
    """Counts from dense indicators."""
    fires = (votes[:, pairs.lf] == pairs.vote).astype(float)  # (n, pairs)
    return (fires * (np.ones(len(votes)) if weight is None else weight)[:, None]).T @ fires


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 2**31), st.booleans(), st.booleans())
def test_counts_are_products_of_indicators(votes, seed, weighted, plain_python):
    """An entry is the weight of the rows on which both pairs occur, whatever merging did to the rows."""
    weight = np.random.default_rng(seed).integers(0, 4, size=len(votes)).astype(float) if weighted else None
    if (votes < 0).all():
        votes[0, 0] = 0
    problem = problem_of(votes, weight)
    if plain_python:
        rows = problem.rows
        counts = np.zeros((len(problem.pairs),) * 2)
        kernels.co_occur_rows.py_func(rows.indptr, rows.pair, 0, rows.n, rows.weight, counts)
        counts = np.triu(counts) + np.triu(counts, 1).T
    else:
        counts = co_counts(problem)
    np.testing.assert_allclose(counts, twin(votes, problem.pairs, weight), atol=1e-9)


def test_chunks_add_up(rng, monkeypatch):
    """Partial tables in threads and one table in row order give the same counts."""
    problem = problem_of(rng.integers(-1, 2, size=(2 * CHUNK + 3, 22)).astype(np.int8), k=2)
    assert problem.votes.n > 2 * CHUNK, "rows were merged, so there is nothing to cut"
    threaded = co_counts(problem)
    monkeypatch.setattr(kernels, "THREADED_TABLE", 0)
    np.testing.assert_array_equal(co_counts(problem), threaded)


def test_the_sparse_table_is_the_dense_one(rng, monkeypatch):
    """Beyond the size of a dense table, the same counts come as a sparse one."""
    votes = np.where(rng.random((400, 30)) < 0.2, rng.integers(0, 3, size=(400, 30)), -1)
    problem = problem_of(votes, rng.uniform(0.1, 2, size=400))
    dense = co_counts(problem)
    monkeypatch.setattr(co_votes, "DENSE_PAIRS", 5)
    monkeypatch.setattr(co_votes, "BLOCK", 1000)
    table = co_counts(problem)
    assert sparse.issparse(table)
    np.testing.assert_allclose(table.toarray(), dense, atol=1e-12)


def test_rare_partners_are_dropped_alike_in_any_order(rng, monkeypatch):
    """The cap on partners bounds the table, keeps it symmetric, and does not see how functions are ordered."""
    votes = np.where(rng.random((300, 40)) < 0.5, 0, -1)
    monkeypatch.setattr(co_votes, "DENSE_PAIRS", 5)
    whole = co_counts(problem_of(votes)).toarray()
    monkeypatch.setattr(co_votes, "PARTNERS", 7)
    table = co_counts(problem_of(votes)).toarray()
    off = table - np.diag(np.diag(table))
    assert (table == table.T).all()
    assert np.count_nonzero(off) <= 2 * 7 * 40
    assert np.isin(table, [0, *np.unique(whole)]).all()
    assert (off.max(axis=1) == (whole - np.diag(np.diag(whole))).max(axis=1)).all()
    order = rng.permutation(40)
    again = co_counts(problem_of(votes[:, order])).toarray()
    np.testing.assert_array_equal(again, table[np.ix_(order, order)])
