"""MACE against variational Bayes by enumeration of who spams, the exact evidence, and planted competences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import digamma, gammaln, logsumexp

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models.mace import MACE


def draw(rng, n, competence, strategy, k=2, coverage=1.0):
    """Votes of labeling functions that know or spam, each row with one at least, and the truth."""
    m = len(competence)
    y = rng.integers(k, size=n)
    spam = np.stack([rng.choice(k, size=n, p=strategy[j]) for j in range(m)], axis=1)
    votes = np.where(rng.random((n, m)) < competence, y[:, None], spam)
    silent = rng.random((n, m)) >= coverage
    silent[np.arange(n), rng.integers(m, size=n)] = False
    return np.where(silent, -1, votes), y


def kl(a, b):
    """The divergence of one Dirichlet distribution from another, from its definition."""
    mean_log = digamma(a) - digamma(a.sum())
    norms = gammaln(a.sum()) - gammaln(a).sum() - gammaln(b.sum()) + gammaln(b).sum()
    return norms + ((a - b) * mean_log).sum()


def slow_vb(votes, k, iterations, b=0.5, d=10.0):
    """VB written anew: for each row, all classes and all ways to spam are enumerated."""
    n, m = votes.shape
    known, spam = np.zeros(m), np.zeros((m, k))
    for row in votes:
        cast = row[row >= 0]
        for j in np.flatnonzero(row >= 0):
            known[j] += np.mean(cast == row[j])
            spam[j, row[j]] += 1 - np.mean(cast == row[j])
    path = []
    for _ in range(iterations + 1):
        competence = np.column_stack([known, spam.sum(axis=1)]) + b
        strategy = spam + d
        log_c = digamma(competence) - digamma(competence.sum(axis=1, keepdims=True))
        log_xi = digamma(strategy) - digamma(strategy.sum(axis=1, keepdims=True))
        known, spam, q, bound = np.zeros(m), np.zeros((m, k)), np.zeros((n, k)), 0.0
        for i, row in enumerate(votes):
            voters = np.flatnonzero(row >= 0)
            joint = {}
            for y in range(k):
                for spams in product([False, True], repeat=len(voters)):
                    who = list(zip(voters, spams, strict=True))
                    if all(s or row[j] == y for j, s in who):
                        terms = [log_c[j, 1] + log_xi[j, row[j]] if s else log_c[j, 0] for j, s in who]
                        joint[y, spams] = sum(terms) - np.log(k)
            norm = logsumexp(list(joint.values()))
            bound += norm
            for (y, spams), score in joint.items():
                weight = np.exp(score - norm)
                q[i, y] += weight
                for j, s in zip(voters, spams, strict=True):
                    if s:
                        spam[j, row[j]] += weight
                    else:
                        known[j] += weight
        for j in range(m):
            bound -= kl(competence[j], np.full(2, b)) + kl(strategy[j], np.full(k, d))
        path.append(bound)
    return q, path[:-1]


@pytest.mark.parametrize("k", [2, 3])
def test_vb_matches_enumeration(rng, k):
    """The same posteriors and bound, iteration by iteration, as VB that enumerates who spams on each row."""
    votes, _ = draw(rng, 40, [0.9, 0.5, 0.2], np.full((3, k), 1 / k), k, coverage=0.7)
    with pytest.warns(NotConvergedWarning, match="max_iter=6"):
        model = MACE(classes=k, n_restarts=0, max_iter=6, tol=0).fit(votes)
    expected, path = slow_vb(votes, k, 6)
    np.testing.assert_allclose(model.predict_proba(votes), expected, atol=1e-10)
    np.testing.assert_allclose(model.objective_path_, path, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_below_the_evidence(seed):
    """The bound bounds: enumerating all classes and spammers of a tiny set gives a log-evidence that is higher."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(2, size=(3, 2))
    logs = []
    for y in product([0, 1], repeat=3):
        for spams in product([0, 1], repeat=6):
            s = np.array(spams, dtype=bool).reshape(3, 2)
            if (~s & (votes != np.array(y)[:, None])).any():
                continue
            total = -3 * np.log(2)
            for j in range(2):
                counts = np.array([(~s[:, j]).sum(), s[:, j].sum()])
                cast = np.array([(s[:, j] & (votes[:, j] == v)).sum() for v in (0, 1)])
                for prior, seen in ((np.full(2, 0.5), counts), (np.full(2, 10.0), cast)):
                    total += gammaln(prior.sum()) - gammaln(prior.sum() + seen.sum())
                    total += (gammaln(prior + seen) - gammaln(prior)).sum()
            logs.append(total)
    bound = MACE(tol=1e-10, max_iter=500).fit(votes).objective_path_[-1]
    assert logsumexp(logs) - 3 < bound < logsumexp(logs)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_never_falls(seed):
    """Each iteration raises the bound, gold, weights and one-sided labeling functions included."""
    rng = np.random.default_rng(seed)
    votes, y = draw(rng, 300, [0.8, 0.6, 0.4, 0.2], rng.dirichlet(np.ones(3), size=4), 3, coverage=0.5)
    votes[votes[:, 0] > 0, 0] = -1
    gold = np.where(rng.random(300) < 0.1, y, -1)
    model = MACE(classes=3, n_restarts=3, tol=1e-9, max_iter=2000)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=300))
    assert np.diff(model.objective_path_).min() > -1e-8


@pytest.mark.parametrize("seed", range(3))
def test_restarts_never_lower_the_bound(seed):
    """More starts end as high or higher, and a seed decides them."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, 3, size=(80, 6))
    few, many = (MACE(n_restarts=r, max_iter=500, random_state=seed).fit(votes) for r in (0, 8))
    assert many.objective_path_[-1] >= few.objective_path_[-1]
    again = MACE(n_restarts=8, max_iter=500, random_state=seed).fit(votes)
    assert np.array_equal(again.predict_proba(votes), many.predict_proba(votes))


@pytest.mark.parametrize("seed", range(5))
def test_competences_are_recovered(seed):
    """On votes drawn from the model, the planted competences come back, also of one who always says the same."""
    competence, n = np.array([0.9, 0.7, 0.5, 0.0, 0.8]), 5000
    strategy = np.array([[0.5, 0.5], [0.5, 0.5], [0.4, 0.6], [1.0, 0.0], [0.5, 0.5]])
    votes, y = draw(np.random.default_rng(seed), n, competence, strategy)
    model = MACE(n_restarts=2, max_iter=500).fit(votes)
    # Five standard errors of a share of n rows, twice over for not knowing the truth.
    np.testing.assert_allclose(model.competences_, competence, atol=10 * np.sqrt(0.25 / n))
    assert model.score(votes, y) > 0.9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"prior_competence": 0}, "prior_competence=0"),
        ({"prior_strategy": -1.0}, "prior_strategy=-1.0"),
        ({"n_restarts": -1}, "n_restarts=-1"),
        ({"max_iter": 2.5}, "max_iter=2.5"),
        ({"tol": None}, "tol=None"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        MACE(**parameters).fit([[0, 1], [1, 1]])
