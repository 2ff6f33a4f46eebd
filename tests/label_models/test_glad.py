"""GLAD against dense integration over difficulty, a scalar optimiser, and planted abilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit, logsumexp
from scipy.stats import norm

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models.glad import GLAD, climb_abilities

#: log-easiness on a fine grid, and its prior N(1, 1): the trapezoid rule is next to exact on it.
GRID = np.linspace(-7, 9, 1601)
MASS = norm.pdf(GRID, 1, 1) * (GRID[1] - GRID[0])


def draw(rng, n, abilities, k=2, coverage=1.0):
    """Votes drawn from the model, each row with one at least, and the truth."""
    m = len(abilities)
    y = rng.integers(k, size=n)
    easiness = np.exp(rng.normal(1, 1, size=(n, 1)))
    wrong = (y[:, None] + rng.integers(1, k, size=(n, m))) % k
    votes = np.where(rng.random((n, m)) < expit(easiness * abilities), y[:, None], wrong)
    silent = rng.random((n, m)) >= coverage
    silent[np.arange(n), rng.integers(m, size=n)] = False
    return np.where(silent, -1, votes), y


def log_joint(votes, abilities, balance):
    """log P(votes, class) of each row by integration over easiness on the grid, (n, k)."""
    k = len(balance)
    out = np.empty((len(votes), k))
    for i, row in enumerate(votes):
        for y in range(k):
            log = np.log(MASS) + np.log(balance[y])
            for j in np.flatnonzero(row >= 0):
                p = abilities[j] * np.exp(GRID)
                log = log + (log_expit(p) if row[j] == y else log_expit(-p) - np.log(k - 1))
            out[i, y] = logsumexp(log)
    return out


@pytest.mark.parametrize("k", [2, 3])
def test_posteriors_match_dense_integration(rng, k):
    """Integrating difficulty out on a fine grid gives the same posteriors; nine nodes come close."""
    votes, _ = draw(rng, 60, np.array([2.0, 1.0, 0.5, -0.3]), k, coverage=0.7)
    for nodes, tolerance in ((40, 1e-3), (9, 0.02)):
        model = GLAD(classes=k, n_nodes=nodes, class_balance="estimate").fit(votes)
        log = log_joint(votes, model.abilities_, model.class_prior_)
        expected = np.exp(log - logsumexp(log, axis=1, keepdims=True))
        np.testing.assert_allclose(model.predict_proba(votes), expected, atol=tolerance)


def test_the_objective_is_the_log_posterior(rng):
    """At the end, the objective is the marginal log-likelihood by dense integration plus the log-prior."""
    votes, _ = draw(rng, 60, np.array([2.0, 1.0, 0.5, 0.2]))
    model = GLAD(n_nodes=40, tol=1e-10, max_iter=2000).fit(votes)
    log = log_joint(votes, model.abilities_, model.class_prior_)
    expected = logsumexp(log, axis=1).sum() - ((model.abilities_ - 1) ** 2).sum() / 2
    assert model.objective_path_[-1] == pytest.approx(expected, abs=1e-2)


def test_no_ability_can_be_improved_on(rng):
    """Where EM settles, the log-posterior by dense integration is at a maximum in each ability."""
    votes, _ = draw(rng, 80, np.array([1.5, 1.0, 0.5]))
    model = GLAD(n_nodes=40, tol=1e-12, max_iter=5000).fit(votes)

    def value(j, a):
        abilities = model.abilities_.copy()
        abilities[j] = a
        return logsumexp(log_joint(votes, abilities, [0.5, 0.5]), axis=1).sum() - ((abilities - 1) ** 2).sum() / 2

    for j, a in enumerate(model.abilities_):
        best = minimize_scalar(lambda x, j=j: -value(j, x), bracket=(a - 0.2, a + 0.2), options={"maxiter": 12})
        assert value(j, a) == pytest.approx(-best.fun, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_newton_finds_the_top_and_never_goes_down(seed):
    """The M-step ends no lower than it starts, and repeated, where a scalar optimiser does."""
    rng = np.random.default_rng(seed)
    easiness = np.exp(rng.normal(1, 1, size=6))
    right, wrong = rng.gamma(0.5, 200, size=(2, 8, 6))
    right[0], wrong[1] = 0, 0  # always wrong, always right

    def value(j, a):
        return right[j] @ log_expit(a * easiness) + wrong[j] @ log_expit(-a * easiness) - (a - 1) ** 2 / 2

    ability = rng.normal(1, 5, size=8)
    for _ in range(30):
        before, ability = ability, climb_abilities(ability, right, wrong, easiness)
        assert all(value(j, ability[j]) >= value(j, before[j]) - 1e-9 for j in range(8))
    for j in range(8):
        best = minimize_scalar(lambda a, j=j: -value(j, a), bounds=(-60, 60), method="bounded", options={"xatol": 1e-9})
        assert ability[j] == pytest.approx(best.x, abs=1e-4)


@pytest.mark.parametrize("class_balance", ["estimate", "uniform", [0.2, 0.3, 0.5]])
@pytest.mark.parametrize("seed", range(3))
def test_the_objective_never_falls(class_balance, seed):
    """EM raises the log-posterior of the parameters at every iteration, gold and weights included."""
    rng = np.random.default_rng(seed)
    votes, y = draw(rng, 300, np.array([2.0, 1.0, 0.5, 0.2, -0.5]), 3, coverage=0.5)
    gold = np.where(rng.random(300) < 0.1, y, -1)
    model = GLAD(classes=3, class_balance=class_balance, tol=1e-9, max_iter=2000)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=300))
    assert np.diff(model.objective_path_).min() > -1e-8
    assert model.converged_


@pytest.mark.parametrize("seed", range(5))
def test_abilities_are_recovered(seed):
    """On votes drawn from the model, the planted abilities come back."""
    abilities, n = np.array([1.5, 1.0, 0.7, 0.4, 0.2, 0.0, 1.0]), 10_000
    votes, y = draw(np.random.default_rng(seed), n, abilities)
    model = GLAD(n_nodes=20).fit(votes, y)
    # With gold, Fisher's information on a is n E[b^2 p (1 - p)], at ability 1.5 still above .2 n; five standard errors.
    np.testing.assert_allclose(model.abilities_, abilities, atol=5 / np.sqrt(0.05 * n))
    blind = GLAD(n_nodes=20).fit(votes)
    # Without gold: twice over for not knowing the truth.
    np.testing.assert_allclose(blind.abilities_, abilities, atol=10 / np.sqrt(0.05 * n))


def test_who_never_votes_has_the_prior_ability(rng):
    """A labeling function without votes keeps ability 1, and its first vote counts as such."""
    votes, _ = draw(rng, 200, np.array([1.0, 1.0, 1.0]))
    votes[:, 2] = -1
    model = GLAD().fit(votes)
    assert model.abilities_[2] == 1
    assert model.predict_proba([[-1, -1, 1]])[0, 1] > 0.8


def test_stopping_early_is_said(rng):
    """A fit that did not settle warns and says so."""
    votes, _ = draw(rng, 200, np.array([1.0, 1.0, 0.2]))
    with pytest.warns(NotConvergedWarning, match="max_iter=2"):
        assert not GLAD(max_iter=2, tol=0).fit(votes).converged_


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_balance": "uniformly"}, "Did you mean 'uniform'"),
        ({"class_balance": [1, 1, 1]}, "2 numbers above 0"),
        ({"n_nodes": 0}, "n_nodes=0"),
        ({"n_nodes": 65}, "n_nodes=65"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1}, "tol=-1"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        GLAD(**parameters).fit([[0, 1], [1, 1]])
