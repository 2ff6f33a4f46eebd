"""IBCC against dense variational Bayes, the exact evidence, and planted truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import digamma, gammaln, logsumexp

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models.ibcc import IBCC


def draw(rng, n, theta, balance, coverage=0.7):
    """Votes from confusion matrices (m, k, k), each row with one at least, and the truth."""
    m, k, _ = theta.shape
    y = rng.choice(k, size=n, p=balance)
    draws = rng.random((n, m, 1))
    votes = (draws > theta.cumsum(axis=2)[:, y].transpose(1, 0, 2)).sum(axis=2).clip(max=k - 1)
    silent = rng.random((n, m)) >= coverage
    silent[np.arange(n), rng.integers(m, size=n)] = False
    return np.where(silent, -1, votes), y


def confusions(rng, m, k):
    """Confusion matrices (m, k, k) of decent labeling functions, each row another accuracy."""
    right = rng.uniform(0.6, 0.9, size=(m, k))
    theta = np.repeat(((1 - right) / (k - 1))[:, :, None], k, axis=2)
    theta[:, np.arange(k), np.arange(k)] = right
    return theta


def kl(a, b):
    """The divergence of Dirichlet distributions along the last axis, summed."""
    mean_log = digamma(a) - digamma(a.sum(axis=-1, keepdims=True))
    norms = gammaln(a.sum(axis=-1)) - gammaln(a).sum(axis=-1) - gammaln(b.sum(axis=-1)) + gammaln(b).sum(axis=-1)
    return (norms + ((a - b) * mean_log).sum(axis=-1)).sum()


def slow_vb(votes, k, iterations):
    """VB written anew with dense arrays: posteriors, and the bound of each iteration but the last."""
    onehot = (votes[:, :, None] == np.arange(k)).astype(float)  # (n, m, k)
    q = onehot.sum(axis=1) / onehot.sum(axis=(1, 2))[:, None]
    prior = np.ones((k, k)) + 3 * np.eye(k)
    path = []
    for _ in range(iterations + 1):
        a = prior + np.einsum("iy,ijv->jyv", q, onehot)
        balance = 1 + q.sum(axis=0)
        log_theta = digamma(a) - digamma(a.sum(axis=2, keepdims=True))
        logits = digamma(balance) - digamma(balance.sum()) + np.einsum("ijv,jyv->iy", onehot, log_theta)
        bound = logsumexp(logits, axis=1).sum()
        path.append(bound - kl(a, np.broadcast_to(prior, a.shape)) - kl(balance, np.ones(k)))
        q = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    return q, path[:-1]


@pytest.mark.parametrize("k", [2, 4])
def test_vb_matches_an_independent_one(rng, k):
    """The same posteriors and bound, iteration by iteration, as variational Bayes written from the paper."""
    votes, _ = draw(rng, 300, confusions(rng, 5, k), np.full(k, 1 / k))
    with pytest.warns(NotConvergedWarning, match="max_iter=8"):
        model = IBCC(classes=k, max_iter=8, tol=0).fit(votes)
    expected, path = slow_vb(votes, k, 8)
    np.testing.assert_allclose(model.predict_proba(votes), expected, atol=1e-10)
    np.testing.assert_allclose(model.objective_path_, path, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_below_the_evidence(seed):
    """The bound bounds: enumerating all classes of a tiny set gives a log-evidence that is higher, not by much."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(2, size=(6, 3))
    prior = np.ones((2, 2)) + 3 * np.eye(2)
    logs = []
    for y in product([0, 1], repeat=6):
        tables = [(np.ones(2), np.bincount(y, minlength=2))]
        for j, c in product(range(3), (0, 1)):
            tables.append((prior[c], np.bincount(votes[np.array(y) == c, j], minlength=2)))
        logs.append(
            sum(
                gammaln(a.sum()) - gammaln(a.sum() + seen.sum()) + (gammaln(a + seen) - gammaln(a)).sum()
                for a, seen in tables
            )
        )
    bound = IBCC(tol=1e-10, max_iter=500).fit(votes).objective_path_[-1]
    assert logsumexp(logs) - 3 < bound < logsumexp(logs)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_never_falls(seed):
    """Each iteration raises the bound, gold, weights and one-sided labeling functions included."""
    rng = np.random.default_rng(seed)
    votes, y = draw(rng, 400, confusions(rng, 5, 3), [0.2, 0.3, 0.5], coverage=0.4)
    votes[votes[:, 0] > 0, 0] = -1
    gold = np.where(rng.random(400) < 0.1, y, -1)
    model = IBCC(classes=3, tol=1e-9, max_iter=2000)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=400))
    assert np.diff(model.objective_path_).min() > -1e-8
    assert model.converged_


@pytest.mark.parametrize("seed", range(5))
def test_confusions_and_balance_are_recovered(seed):
    """On votes drawn from the model, the planted confusions and class balance come back."""
    rng = np.random.default_rng(seed)
    n, balance, theta = 20_000, [0.3, 0.7], confusions(rng, 7, 2)
    votes, _ = draw(rng, n, theta, balance, coverage=1.0)
    model = IBCC(tol=1e-8).fit(votes)
    # Five standard errors over the rows of the rarer class, twice over for not knowing the truth.
    bound = 10 * np.sqrt(0.25 / (0.3 * n))
    np.testing.assert_allclose(model.confusion_[:, :, :2], theta, atol=bound)
    np.testing.assert_allclose(model.class_prior_, balance, atol=bound)


def test_few_votes_are_trusted_less(rng):
    """Of two labeling functions that were always right, the one that showed it more often weighs more."""
    y = rng.integers(2, size=200)
    votes = np.column_stack([y, y, np.where(np.arange(200) < 5, y, -1)])
    model = IBCC().fit(votes)
    often, seldom = model.predict_proba([[1, -1, -1], [-1, -1, 1]])[:, 1]
    assert 0.5 < seldom < often


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"prior_diagonal": 0}, "prior_diagonal=0"),
        ({"prior_off_diagonal": "1"}, "prior_off_diagonal='1'"),
        ({"prior_balance": float("nan")}, "prior_balance=nan"),
        ({"max_iter": True}, "max_iter=True"),
        ({"tol": -1}, "tol=-1"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        IBCC(**parameters).fit([[0, 1], [1, 1]])
