"""Dawid and Skene's model against an independent EM, closed forms, and planted truth."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models import DawidSkene
from weaklab.label_models.dawid_skene import anchored_classes
from weaklab.votes import check_votes
from weaklab.votes.pairs import pair_up


def draw(rng, n=3000, k=2, coverage=0.6, accuracies=(0.9, 0.8, 0.7, 0.6, 0.75), balance=None):
    """Votes of independent labeling functions, and the truth."""
    y = rng.choice(k, size=n, p=balance)
    m = len(accuracies)
    wrong = (y[:, None] + rng.integers(1, k, size=(n, m))) % k
    votes = np.where(rng.random((n, m)) < accuracies, y[:, None], wrong)
    votes[rng.random((n, m)) >= coverage] = -1
    return votes.astype(np.int8), y


def slow_em(votes, k, iterations, outcome, strength=4.0, accuracy=0.7):
    """EM written anew: dense arrays, a loop per labeling function, nothing shared with the library."""
    n, m = votes.shape
    if not outcome:
        votes = votes[(votes >= 0).any(axis=1)]
        n = len(votes)
    onehot = np.stack([(votes == v) for v in range(k)] + [votes == -1], axis=2).astype(float)  # (n, m, k + 1)
    cast = onehot[:, :, :k].sum(axis=1)
    total = cast.sum(axis=1, keepdims=True)
    q = np.where(total > 0, cast / np.maximum(total, 1), 1 / k)
    prior = np.full((k, k), (1 - accuracy) / (k - 1)) + np.eye(k) * (accuracy - (1 - accuracy) / (k - 1))
    coverage = (onehot[:, :, :k].sum(axis=(0, 2)) + 1) / (n + 2)
    path = []
    for _ in range(iterations + 1):
        balance = (q.sum(axis=0) + 1) / (n + k)
        joint = np.einsum("ny,nmv->myv", q, onehot)
        if outcome:
            smooth = np.concatenate(
                [coverage[:, None, None] * prior, np.broadcast_to((1 - coverage)[:, None, None], (m, k, 1))], axis=2
            )
            theta = joint + strength * smooth
        else:
            smooth = np.concatenate([np.broadcast_to(prior, (m, k, k)), np.zeros((m, k, 1))], axis=2)
            theta = joint * (np.arange(k + 1) < k) + strength * smooth
            theta[:, :, -1] = 0
        theta /= theta.sum(axis=2, keepdims=True)
        with np.errstate(divide="ignore"):
            log_theta = np.where(theta > 0, np.log(theta), 0)
        logits = np.log(balance) + np.einsum("nmv,myv->ny", onehot, log_theta)
        path.append(logsumexp(logits, axis=1).sum() + strength * (smooth * log_theta).sum() + np.log(balance).sum())
        q = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    return q, path[:-1], votes


@pytest.mark.parametrize("abstain", ["ignore", "outcome"])
@pytest.mark.parametrize("k", [2, 3])
def test_em_matches_an_independent_one(rng, abstain, k):
    """The same posteriors and the same objective, iteration by iteration, as an EM written from the paper."""
    votes, _ = draw(rng, n=400, k=k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        model = DawidSkene(classes=k, abstain=abstain, max_iter=12, tol=0).fit(votes)
    expected, path, rows = slow_em(votes, k, model.n_iter_, abstain == "outcome")
    covered = (rows >= 0).any(axis=1)
    np.testing.assert_allclose(model.predict_proba(rows[covered]), expected[covered], atol=1e-10)
    np.testing.assert_allclose(model.objective_path_, path, rtol=1e-10)


@pytest.mark.parametrize("abstain", ["ignore", "outcome"])
@pytest.mark.parametrize("class_balance", ["estimate", "uniform", [0.2, 0.3, 0.5]])
def test_the_objective_never_falls(rng, abstain, class_balance):
    """EM raises the log-posterior of the parameters at every iteration, gold and weights included."""
    votes, y = draw(rng, n=500, k=3, coverage=0.5)
    gold = np.where(rng.random(500) < 0.1, y, -1)
    votes[:, 0] = np.where(votes[:, 0] > 0, -1, votes[:, 0])
    model = DawidSkene(classes=3, abstain=abstain, class_balance=class_balance, tol=1e-9, max_iter=500)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=500))
    assert np.diff(model.objective_path_).min() > -1e-8
    assert model.converged_


@pytest.mark.parametrize("abstain", ["ignore", "outcome"])
def test_accuracies_and_balance_are_recovered(rng, abstain):
    """On votes drawn from the model, the planted accuracies and class balance come back."""
    accuracies = np.array([0.9, 0.8, 0.7, 0.6, 0.75])
    votes, _ = draw(rng, n=20_000, accuracies=accuracies, balance=[0.3, 0.7])
    model = DawidSkene(abstain=abstain).fit(votes)
    # Five standard errors of an accuracy over 12,000 votes, twice over for not knowing the truth.
    np.testing.assert_allclose(model.accuracies_, accuracies, atol=10 * np.sqrt(0.25 / 12_000))
    np.testing.assert_allclose(model.class_prior_, [0.3, 0.7], atol=0.03)


def test_abstaining_can_be_evidence(rng):
    """Labeling functions that fire more on one class say so by silence, where abstaining is an outcome."""
    y = rng.integers(2, size=4000)
    fires = rng.random((4000, 8)) < np.where(y[:, None] == np.arange(8) % 2, 0.5, 0.1)
    votes = np.where(fires, np.arange(8) % 2, -1)
    model = DawidSkene(abstain="outcome").fit(votes)
    covered = fires.any(axis=1)
    assert (model.predict(votes) == y)[covered].mean() > 0.8


def test_a_known_balance_is_kept(rng):
    """A balance that the user knows is scaled and not learned."""
    votes, _ = draw(rng)
    np.testing.assert_allclose(DawidSkene(class_balance=[1, 3]).fit(votes).class_prior_, [0.25, 0.75])
    np.testing.assert_allclose(DawidSkene(class_balance="uniform").fit(votes).class_prior_, [0.5, 0.5])


def test_gold_rows_are_clamped(rng):
    """Gold on every row gives the smoothed confusion counts in closed form."""
    votes, y = draw(rng, n=500, coverage=1.0)
    model = DawidSkene(prior_strength=1e-9).fit(votes, y)
    np.testing.assert_allclose(model.accuracies_, (votes == y[:, None]).mean(axis=0), atol=1e-9)
    expected = [[np.mean(votes[y == c, 2] == v) for v in (0, 1)] for c in (0, 1)]
    np.testing.assert_allclose(model.confusion_of(2).to_numpy()[:, :2], expected, atol=1e-9)


def test_votes_unseen_at_fit_get_their_prior(rng):
    """A labeling function that votes for a class it never voted for before is neither ignored nor an error."""
    votes, _ = draw(rng, coverage=1.0)
    votes[:, 4] = np.where(votes[:, 4] == 1, -1, votes[:, 4])
    for abstain in ("ignore", "outcome"):
        model = DawidSkene(abstain=abstain).fit(votes)
        probs = model.predict_proba([[-1, -1, -1, -1, 1], [-1, -1, -1, -1, 0]])
        assert np.isfinite(probs).all()
        assert probs[0, 1] > probs[1, 1]


def test_exchanged_names_are_put_right(rng):
    """Where the learned classes agree better with the votes in another order, they are renamed."""
    votes, _ = draw(rng, k=3)
    pairs, _ = pair_up(check_votes(votes, classes=3))
    counts = np.where(pairs.vote[:, None] == np.array([2, 0, 1]), 9.0, 1.0)
    assert anchored_classes(pairs, counts).tolist() == [1, 2, 0]
    assert anchored_classes(pairs, np.ones_like(counts)).tolist() == [0, 1, 2]


def test_stopping_early_is_said(rng):
    """A fit that did not settle warns and says so."""
    votes, _ = draw(rng)
    with pytest.warns(NotConvergedWarning, match="max_iter=2"):
        model = DawidSkene(max_iter=2, tol=0).fit(votes)
    assert not model.converged_
    assert model.n_iter_ == 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"abstain": "ignored"}, "Did you mean 'ignore'"),
        ({"class_balance": "estimated"}, "Did you mean 'estimate'"),
        ({"class_balance": [1, 0]}, "2 numbers above 0"),
        ({"class_balance": [1, 1, 1]}, "2 numbers above 0"),
        ({"class_balance": ["a", "b"]}, "class_balance"),
        ({"prior_accuracy": 1.0}, "prior_accuracy"),
        ({"prior_strength": 0}, "prior_strength"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": -1}, "tol"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        DawidSkene(**parameters).fit(pd.DataFrame({"a": [0, 1], "b": [1, 1]}))
