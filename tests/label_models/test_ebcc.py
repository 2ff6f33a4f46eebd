"""EBCC against dense variational Bayes, the exact evidence, and planted subtypes."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from scipy.special import digamma, gammaln, logsumexp

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models.ebcc import EBCC
from weaklab.label_models.ibcc import IBCC


def draw(rng, n, share=0.3):
    """Five good independent workers, and three that are wrong together on a share of the rows; and the truth."""
    y = rng.integers(2, size=n)
    misled = rng.random(n) < share
    right = np.where(misled[:, None], [0.85] * 5 + [0.05] * 3, [0.85] * 5 + [0.95] * 3)
    votes = np.where(rng.random((n, 8)) < right, y[:, None], 1 - y[:, None])
    return votes, y


def kl(a, b):
    """The divergence of Dirichlet distributions along the last axis, summed."""
    mean_log = digamma(a) - digamma(a.sum(axis=-1, keepdims=True))
    norms = gammaln(a.sum(axis=-1)) - gammaln(a).sum(axis=-1) - gammaln(b.sum(axis=-1)) + gammaln(b).sum(axis=-1)
    return (norms + ((a - b) * mean_log).sum(axis=-1)).sum()


def slow_vb(votes, k, subtypes, rng, iterations=300):
    """VB written anew from the paper, dense, from subtypes drawn per row: the bound and the posteriors at its end."""
    onehot = (votes[:, :, None] == np.arange(k)).astype(float)
    share = onehot.sum(axis=1) / onehot.sum(axis=(1, 2))[:, None]
    q = rng.dirichlet(np.ones(subtypes), size=share.shape) * share[:, :, None]  # (n, k, M)
    prior = np.ones((k, 1, k)) + 3 * np.eye(k)[:, None]
    bound = -np.inf
    for _ in range(iterations):
        a = prior + np.einsum("iyg,ijv->jygv", q, onehot, optimize=True)
        rho, tau = 0.1 / subtypes + q.sum(axis=0), 1 + q.sum(axis=(0, 2))
        log_theta = digamma(a) - digamma(a.sum(axis=3, keepdims=True))
        logits = np.einsum("ijv,jygv->iyg", onehot, log_theta, optimize=True)
        logits += digamma(rho) - digamma(rho.sum(axis=1, keepdims=True))
        logits += (digamma(tau) - digamma(tau.sum()))[:, None]
        norm = logsumexp(logits, axis=(1, 2), keepdims=True)
        before, bound = bound, norm.sum() - kl(a, np.broadcast_to(prior, a.shape))
        bound -= kl(rho, np.full_like(rho, 0.1 / subtypes)) + kl(tau, np.ones(k))
        q = np.exp(logits - norm)
        if bound - before < 1e-9:
            break
    return bound, q.sum(axis=2)


@pytest.mark.parametrize("seed", range(2))
def test_it_ends_where_dense_vb_ends(seed):
    """The best of several climbs reaches the same bound and posteriors as VB with a posterior kept for each row."""
    rng = np.random.default_rng(seed)
    votes, _ = draw(rng, 500)
    model = EBCC(n_subtypes=2, n_restarts=10, tol=1e-10, max_iter=2000).fit(votes)
    bound, posterior = max((slow_vb(votes, 2, 2, rng) for _ in range(10)), key=lambda end: end[0])
    assert model.objective_path_[-1] == pytest.approx(bound, abs=1e-4)
    np.testing.assert_allclose(model.predict_proba(votes), posterior, atol=1e-3)


@pytest.mark.filterwarnings("ignore::weaklab.exceptions.CollapseWarning")  # random votes
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_below_the_evidence(seed):
    """The bound bounds: enumerating all classes and subtypes of a tiny set gives a log-evidence that is higher."""
    votes = np.random.default_rng(seed).integers(2, size=(5, 3))
    prior = np.ones((2, 2)) + 3 * np.eye(2)
    logs = []
    for state in product(range(4), repeat=5):
        y, g = np.array(state) // 2, np.array(state) % 2
        tables = [(np.ones(2), np.bincount(y, minlength=2))]
        tables += [(np.full(2, 0.05), np.bincount(g[y == c], minlength=2)) for c in (0, 1)]
        for j, s in product(range(3), range(4)):
            tables.append((prior[s // 2], np.bincount(votes[np.array(state) == s, j], minlength=2)))
        a, seen = (np.array(part) for part in zip(*tables, strict=True))
        total = gammaln(a.sum(axis=1)) - gammaln(a.sum(axis=1) + seen.sum(axis=1))
        logs.append(total.sum() + (gammaln(a + seen) - gammaln(a)).sum())
    bound = EBCC(n_subtypes=2, tol=1e-10, max_iter=2000).fit(votes).objective_path_[-1]
    assert logsumexp(logs) - 4 < bound < logsumexp(logs)


@pytest.mark.filterwarnings("ignore::weaklab.exceptions.CollapseWarning")  # random votes
@pytest.mark.parametrize("seed", range(3))
def test_one_subtype_is_ibcc(seed):
    """Without subtypes it is IBCC, iteration by iteration."""
    votes = np.random.default_rng(seed).integers(-1, 3, size=(200, 5))
    one, other = EBCC(n_subtypes=1, tol=1e-7, max_iter=500).fit(votes), IBCC(tol=1e-7, max_iter=500).fit(votes)
    np.testing.assert_allclose(one.objective_path_, other.objective_path_, rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_never_falls(seed):
    """Each iteration raises the bound, gold and weights included."""
    rng = np.random.default_rng(seed)
    votes, y = draw(rng, 400)
    votes[rng.random(votes.shape) < 0.4] = -1
    gold = np.where(rng.random(400) < 0.1, y, -1)
    model = EBCC(n_subtypes=3, n_restarts=2, tol=1e-8, max_iter=3000)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=400))
    assert np.diff(model.objective_path_).min() > -1e-8


@pytest.mark.parametrize("seed", range(4))
def test_errors_that_go_together_are_seen(seed):
    """Planted subtypes come back without gold, and rows are read better than where errors count as independent."""
    n, share = 5000, 0.3
    votes, y = draw(np.random.default_rng(seed), n, share)
    ours, independent = EBCC(n_subtypes=2, n_restarts=3).fit(votes), IBCC().fit(votes)
    # Five standard errors of a share of the half of the rows that are of a class, twice over for not seeing them.
    np.testing.assert_allclose(ours.subtype_shares_, [[1 - share, share]] * 2, atol=10 * np.sqrt(0.25 / (n / 2)))
    assert ours.score(votes, y) > independent.score(votes, y)


def test_there_are_never_more_states_than_the_limit(rng):
    """With many classes there are fewer subtypes, down to one."""
    votes = rng.integers(100, size=(300, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        model = EBCC(classes=100, n_restarts=1, max_iter=2).fit(votes)
    assert model.subtype_shares_.shape == (100, 2)


def test_stopping_early_is_said(rng):
    """A fit that did not settle warns and says so."""
    with pytest.warns(NotConvergedWarning, match="max_iter=2"):
        assert not EBCC(max_iter=2, tol=0, n_restarts=1).fit(draw(rng, 100)[0]).converged_


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_subtypes": 0}, "n_subtypes=0"),
        ({"prior_diagonal": 0}, "prior_diagonal=0"),
        ({"prior_off_diagonal": -1}, "prior_off_diagonal=-1"),
        ({"prior_balance": "1"}, "prior_balance='1'"),
        ({"prior_subtypes": 0.0}, "prior_subtypes=0.0"),
        ({"n_restarts": 0}, "n_restarts=0"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1}, "tol=-1"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        EBCC(**parameters).fit([[0, 1], [1, 1]])
