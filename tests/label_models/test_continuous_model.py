"""The continuous model against an independent EM, against votes without confidence, and on planted confidence."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import logsumexp

from weaklab.exceptions import NotConvergedWarning, ParameterError, VoteError
from weaklab.label_models import continuous_model
from weaklab.label_models.continuous_model import ContinuousModel
from weaklab.votes import PartialVotes, SoftVotes


def draw(rng, n=2000, m=5, k=2, coverage=0.7, sharp=2.0):
    """Beliefs of functions that each see the class through noise of their own; the exact posterior is their product."""
    y = rng.integers(k, size=n)
    signal = sharp * rng.uniform(0.4, 1, size=m)
    seen = signal[:, None] * np.eye(k)[y][:, None] + rng.normal(size=(n, m, k))  # (n, m, k)
    log_belief = signal[:, None] * seen
    probs = np.exp(log_belief - logsumexp(log_belief, axis=2, keepdims=True))
    probs[rng.random((n, m)) >= coverage] = np.nan
    return SoftVotes(probs), y


def slow_em(votes, iterations, strength=1.0, precision=0.8):
    """EM written anew on dense arrays, with the class balance learned."""
    r = np.nan_to_num(votes.probs)
    fires = ~np.isnan(votes.probs[:, :, 0])
    n, m, k = r.shape
    shown = r.sum(axis=0) + 1 / k
    mean = shown / shown.sum(axis=1, keepdims=True)
    guide = np.empty((m, k, k + 1))
    for j in range(m):
        share = shown[j] / (n + 2)
        for y in range(k):
            for v in range(k):
                guide[j, y, v] = k * share[v] * (precision if v == y else (1 - precision) / (k - 1))
            total = guide[j, y, :k].sum()
            guide[j, y, :k] *= min(np.sqrt(share.sum()) / total, 1)
            guide[j, y, k] = 1 - guide[j, y, :k].sum()
    worth = strength * n / k
    phi, pi = guide.copy(), np.full(k, 1 / k)

    def posterior():
        likely = np.einsum("jyv,njv->njy", phi[:, :, :k], r / mean)
        log_q = np.log(pi) + np.where(fires[:, :, None], np.log(np.maximum(likely, 1e-300)), np.log(phi[:, :, k])).sum(
            axis=1
        )
        return np.exp(log_q - logsumexp(log_q, axis=1, keepdims=True)), likely, logsumexp(log_q, axis=1).sum()

    q, likely, _ = posterior()
    path = []
    for _ in range(iterations + 1):
        meant = np.zeros((m, k, k))
        for j in range(m):
            i = fires[:, j]
            meant[j] = phi[j, :, :k] * np.einsum("ny,nv->yv", q[i] / likely[i, j], r[i, j] / mean[j])
        counts = guide * worth
        counts[:, :, :k] += meant
        counts[:, :, k] += q.sum(axis=0) - meant.sum(axis=2)
        phi = counts / counts.sum(axis=2, keepdims=True)
        pi = (q.sum(axis=0) + 1) / (n + k)
        q, likely, likelihood = posterior()
        path.append(likelihood + worth * (guide * np.log(phi)).sum() + np.log(pi).sum())
    return q, path[:-1]


@pytest.mark.parametrize("k", [2, 3])
def test_em_matches_an_independent_one(rng, k, monkeypatch):
    """The same posteriors and the same objective, iteration by iteration, as an EM on dense arrays."""
    monkeypatch.setattr(continuous_model, "BLOCK", 100)  # as where tables are large
    votes, _ = draw(rng, n=300, k=k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        model = ContinuousModel(max_iter=6, tol=0).fit(votes)
    expected, path = slow_em(votes, model.n_iter_)
    covered = ~np.isnan(votes.probs).all(axis=(1, 2))
    np.testing.assert_allclose(model.predict_proba(votes)[covered], expected[covered], atol=1e-10)
    np.testing.assert_allclose(model.objective_path_, path, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_confidence_is_worth_knowing(seed):
    """On beliefs that are true, soft votes come closer to the truth than the classes that they are most for."""
    votes, y = draw(np.random.default_rng(seed))
    silent = np.isnan(votes.probs[:, :, 0])
    hard = np.where(silent, -1, np.nan_to_num(votes.probs).argmax(axis=2))
    covered = ~silent.all(axis=1)
    soft = ContinuousModel().fit(votes).predict(votes)
    plain = ContinuousModel().fit(hard).predict(hard)
    exact = np.nansum(np.log(votes.probs), axis=1).argmax(axis=1)
    right = [(guess == y)[covered].mean() for guess in (plain, soft, exact)]
    assert right[0] + 0.01 < right[1] < right[2] + 3 * np.sqrt(0.25 / covered.sum())
    assert right[2] - right[1] < 3 * np.sqrt(0.25 / covered.sum())


def test_votes_for_one_class_are_wholly_confident(rng):
    """Ordinary votes and the same as certainties give the same model, whichever it is fitted to or asked about."""
    votes = rng.integers(-1, 3, size=(300, 5))
    soft = SoftVotes(np.where(votes[:, :, None] >= 0, np.eye(3)[votes], np.nan))
    one, other = ContinuousModel().fit(votes), ContinuousModel().fit(soft)
    np.testing.assert_allclose(one.predict_proba(soft), other.predict_proba(votes), atol=1e-12)
    np.testing.assert_allclose(one.confusion_, other.confusion_, atol=1e-12)


def test_a_vote_that_knows_nothing_says_nothing(rng):
    """Where a function is wholly unsure and fires on any class alike, its contribution is sampling error."""
    votes, _ = draw(rng, n=500)
    fires = rng.random(500) < 0.5
    unsure = np.where(fires[:, None], 0.5, np.nan)[:, None].repeat(2, axis=2)
    with_it = SoftVotes(np.concatenate([votes.probs, unsure], axis=1))
    frame = ContinuousModel().fit(with_it).explain(SoftVotes(with_it.probs[fires][:1]))
    # A share of 250 rows of a class has standard error .03, and is .5: log-odds of .06 at most, times three.
    assert np.abs(frame.drop(columns="vote").loc["column 5"].to_numpy(dtype=float)).max() < 0.2


def test_the_guide_keeps_votes_from_being_turned_round(rng):
    """Functions that only ever vote for one class are believed as the guide says, where nothing contradicts them."""
    fires = rng.random((3000, 4)) < 0.2
    votes = np.where(fires, np.arange(4) % 2, -1)
    model = ContinuousModel(class_balance="uniform").fit(votes)
    lone = np.where(np.eye(4, dtype=bool), np.arange(4) % 2, -1)
    assert model.predict(lone).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("class_balance", ["estimate", "uniform", [1, 3]])
def test_the_objective_never_falls(rng, class_balance):
    """EM raises the log-posterior of the parameters at every iteration, gold and weights included."""
    votes, y = draw(rng, n=400)
    gold = np.where(rng.random(400) < 0.1, y, -1)
    model = ContinuousModel(class_balance=class_balance, tol=1e-9, max_iter=1000, guide_strength=0.01)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=400))
    assert np.diff(model.objective_path_).min() > -1e-8
    assert model.converged_


def test_the_whole_contract_takes_soft_votes(rng):
    """predict, labels, score and explain read soft votes; nothing about the model changes."""
    votes, y = draw(rng, n=300)
    model = ContinuousModel(classes=["ham", "spam"]).fit(votes)
    state = pickle.dumps(model.__dict__)
    probs = model.predict_proba(votes)
    np.testing.assert_array_equal(np.asarray(model.labels(votes)), probs)
    assert model.score(votes, y) == (model.classes_[y] == model.predict(votes)).mean()
    nan = [np.nan, np.nan]
    row = SoftVotes([[[0.25, 0.75], nan, [1, 0], nan, nan]])
    frame = model.explain(row)
    assert frame["vote"].tolist() == [None, {"ham": 0.25, "spam": 0.75}, "ham"]
    scores = np.exp(frame.drop(columns="vote").to_numpy(dtype=float).sum(axis=0))
    np.testing.assert_allclose(scores / scores.sum(), model.predict_proba(row)[0], atol=1e-12)
    assert pickle.dumps(model.__dict__) == state
    accuracies, intervals = model.accuracies_, model.accuracy_intervals_
    assert ((intervals[:, 0] <= accuracies) & (accuracies <= intervals[:, 1])).all()
    with pytest.raises(VoteError, match="PartialVotes"):
        model.predict(PartialVotes([[1] * 5], k=2))
    with pytest.raises(VoteError, match="for 3 classes, but there are 2"):
        model.predict(SoftVotes(np.full((1, 5, 3), 1 / 3)))


def test_known_balance_and_silence():
    """A known balance is kept, and rows without votes get it."""
    silent = SoftVotes(np.full((4, 2, 3), np.nan))
    with pytest.warns(UserWarning, match="nothing to learn"):
        model = ContinuousModel(class_balance=[1, 1, 2]).fit(silent)
    np.testing.assert_allclose(model.predict_proba(silent), [[0.25, 0.25, 0.5]] * 4)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_balance": "even"}, "class_balance='even'"),
        ({"guide_precision": 0}, "guide_precision=0"),
        ({"guide_strength": 0}, "guide_strength=0"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1}, "tol=-1"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        ContinuousModel(**parameters).fit(SoftVotes([[[0.9, 0.1]], [[0.2, 0.8]]]))


def test_stopping_early_is_said(rng):
    """A fit that did not settle warns and says so."""
    with pytest.warns(NotConvergedWarning, match="max_iter=2"):
        model = ContinuousModel(max_iter=2, tol=0).fit(draw(rng, n=200)[0])
    assert not model.converged_
