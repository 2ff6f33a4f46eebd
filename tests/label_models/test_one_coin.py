"""The one-coin model against an independent EM, closed forms, and planted truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models.one_coin import OneCoin


def draw(rng, n=3000, k=3, coverage=0.6, accuracies=(0.9, 0.8, 0.7, 0.6, 0.75), balance=None):
    """Votes of one-coin labeling functions, each row with one at least, and the truth."""
    y = rng.choice(k, size=n, p=balance)
    m = len(accuracies)
    wrong = (y[:, None] + rng.integers(1, k, size=(n, m))) % k
    votes = np.where(rng.random((n, m)) < accuracies, y[:, None], wrong)
    silent = rng.random((n, m)) >= coverage
    silent[np.arange(n), rng.integers(m, size=n)] = False
    return np.where(silent, -1, votes), y


def slow_em(votes, k, iterations, strength=4.0, accuracy=0.7):
    """EM written anew, a vote at a time: posteriors and the objective before each M-step but the last."""
    n, m = votes.shape
    q = np.array([[np.mean(row[row >= 0] == y) for y in range(k)] for row in votes])
    path = []
    for _ in range(iterations + 1):
        a = np.empty(m)
        for j in range(m):
            rows = np.flatnonzero(votes[:, j] >= 0)
            a[j] = (q[rows, votes[rows, j]].sum() + strength * accuracy) / (len(rows) + strength)
        balance = (q.sum(axis=0) + 1) / (n + k)
        logits = np.tile(np.log(balance), (n, 1))
        for j in range(m):
            for y in range(k):
                logits[votes[:, j] == y] += np.log((1 - a[j]) / (k - 1))
                logits[votes[:, j] == y, y] += np.log(a[j]) - np.log((1 - a[j]) / (k - 1))
        prior = strength * (accuracy * np.log(a) + (1 - accuracy) * np.log(1 - a)).sum() + np.log(balance).sum()
        path.append(logsumexp(logits, axis=1).sum() + prior)
        q = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    return q, path[:-1]


@pytest.mark.parametrize("k", [2, 4])
def test_em_matches_an_independent_one(rng, k):
    """The same posteriors and the same objective, iteration by iteration, as an EM written from the formulas."""
    votes, _ = draw(rng, n=300, k=k)
    with pytest.warns(NotConvergedWarning, match="max_iter=8"):
        model = OneCoin(class_balance="estimate", classes=k, max_iter=8, tol=0).fit(votes)
    expected, path = slow_em(votes, k, 8)
    np.testing.assert_allclose(model.predict_proba(votes), expected, atol=1e-10)
    np.testing.assert_allclose(model.objective_path_, path, rtol=1e-10)


@pytest.mark.parametrize("class_balance", ["estimate", "uniform", [0.2, 0.3, 0.5]])
@pytest.mark.parametrize("seed", range(3))
def test_the_objective_never_falls(class_balance, seed):
    """EM raises the log-posterior of the parameters at every iteration, gold and weights included."""
    rng = np.random.default_rng(seed)
    votes, y = draw(rng, n=500, coverage=0.4)
    gold = np.where(rng.random(500) < 0.1, y, -1)
    model = OneCoin(classes=3, class_balance=class_balance, tol=1e-9, max_iter=1000)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=500))
    assert np.diff(model.objective_path_).min() > -1e-8
    assert model.converged_


@pytest.mark.parametrize("seed", range(5))
def test_accuracies_and_balance_are_recovered(seed):
    """On votes drawn from the model, the planted accuracies and class balance come back."""
    accuracies, n = np.array([0.9, 0.8, 0.7, 0.6, 0.75]), 10_000
    votes, _ = draw(np.random.default_rng(seed), n=n, accuracies=accuracies, balance=[0.2, 0.3, 0.5])
    model = OneCoin(class_balance="estimate", tol=1e-8).fit(votes)
    # Five standard errors over .6 n votes, twice over for not knowing the truth.
    bound = 10 * np.sqrt(0.25 / (0.6 * n))
    np.testing.assert_allclose(model.accuracies_, accuracies, atol=bound)
    np.testing.assert_allclose(model.class_prior_, [0.2, 0.3, 0.5], atol=bound)


def test_gold_gives_accuracies_in_closed_form(rng):
    """With gold on every row and next to no prior, the posterior of one vote is the share of right votes."""
    votes, y = draw(rng, n=500, coverage=1.0)
    model = OneCoin(prior_strength=1e-9, class_balance="uniform").fit(votes, y)
    right = (votes[:, 1] == y).mean()
    expected = [right, (1 - right) / 2, (1 - right) / 2]
    np.testing.assert_allclose(model.predict_proba([[-1, 0, -1, -1, -1]])[0], expected, atol=1e-9)


def test_a_known_balance_is_kept(rng):
    """A balance that the user knows is scaled and not learned."""
    votes, _ = draw(rng, k=2)
    np.testing.assert_allclose(OneCoin(class_balance=[1, 3]).fit(votes).class_prior_, [0.25, 0.75])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_balance": "estimated"}, "Did you mean 'estimate'"),
        ({"class_balance": [1, 0]}, "2 numbers above 0"),
        ({"prior_accuracy": 1.0}, "prior_accuracy=1.0"),
        ({"prior_strength": 0}, "prior_strength=0"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1}, "tol=-1"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        OneCoin(**parameters).fit([[0, 1], [1, 1]])
