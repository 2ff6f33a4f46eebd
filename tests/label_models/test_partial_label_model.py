"""The partial label model against an independent EM, on planted sets, and the shell of richer votes."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import logsumexp

from weaklab.exceptions import GoldError, NotConvergedWarning, ParameterError, VoteError
from weaklab.label_models.partial_label_model import PartialLabelModel
from weaklab.votes import PartialVotes, SoftVotes

ATTRIBUTES = [[0b0001, 0b1110], [0b0011, 0b1100], [0b0101, 0b1010], [0b1001, 0b0010, 0b0100], [0b0111, 0b1000]]


def draw(rng, n=4000, families=ATTRIBUTES, k=4, accuracy=0.85, coverage=0.7):
    """Functions that each choose among sets of their own, right ones with the accuracy; masks, and the truth."""
    y = rng.integers(k, size=n)
    masks = np.zeros((n, len(families)), dtype=np.uint64)
    for j, family in enumerate(families):
        for i in range(n):
            right = rng.random() < accuracy
            fitting = [s for s in family if bool(s >> y[i] & 1) == right]
            masks[i, j] = rng.choice(fitting)
    masks[rng.random(masks.shape) >= coverage] = 0
    return PartialVotes(masks, k), y


def slow_em(votes, iterations, balance=None, strength=4.0, accuracy=0.7):
    """EM written anew, with a loop per labeling function and class."""
    masks, k = votes.masks[(votes.masks != 0).any(axis=1)], votes.k
    n, m = masks.shape
    holds = (masks[:, :, None] >> np.arange(k, dtype=np.uint64)) & np.uint64(1) == 1  # (n, m, k)
    fires = masks != 0
    log_sets = np.zeros((m, k, 2))
    for j in range(m):
        family = np.unique(masks[fires[:, j], j])
        for y in range(k):
            held = sum(int(s) >> y & 1 for s in family)
            log_sets[j, y] = np.log(max(held, 1)), np.log(max(len(family) - held, 1))
    alpha, pi = np.full((m, k), accuracy), np.full(k, 1 / k) if balance is None else balance

    def posterior():
        log_q = np.tile(np.log(pi), (n, 1))
        for j in range(m):
            for y in range(k):
                said = np.where(
                    holds[:, j, y], np.log(alpha[j, y]) - log_sets[j, y, 0], np.log(1 - alpha[j, y]) - log_sets[j, y, 1]
                )
                log_q[:, y] += np.where(fires[:, j], said, 0)
        return np.exp(log_q - logsumexp(log_q, axis=1, keepdims=True)), logsumexp(log_q, axis=1).sum()

    q, _ = posterior()
    path = []
    for _ in range(iterations + 1):
        for j in range(m):
            for y in range(k):
                right = (q[:, y] * (fires[:, j] & holds[:, j, y])).sum()
                alpha[j, y] = (right + strength * accuracy) / ((q[:, y] * fires[:, j]).sum() + strength)
        if balance is None:
            pi = (q.sum(axis=0) + 1) / (n + k)
        q, likelihood = posterior()
        path.append(likelihood + strength * (accuracy * np.log(alpha) + (1 - accuracy) * np.log(1 - alpha)).sum())
        path[-1] += np.log(pi).sum() if balance is None else 0
    return q, path[:-1]


@pytest.mark.parametrize("class_balance", ["estimate", [0.1, 0.2, 0.3, 0.4]])
def test_em_matches_an_independent_one(rng, class_balance):
    """The same posteriors and the same objective, iteration by iteration, as an EM written from the paper's model."""
    votes, _ = draw(rng, n=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        model = PartialLabelModel(class_balance=class_balance, max_iter=8, tol=0).fit(votes)
    expected, path = slow_em(votes, model.n_iter_, None if class_balance == "estimate" else np.array(class_balance))
    covered = (votes.masks != 0).any(axis=1)
    np.testing.assert_allclose(model.predict_proba(votes)[covered], expected, atol=1e-10)
    np.testing.assert_allclose(model.objective_path_, path, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_sets_that_name_no_class_still_tell_classes_apart(seed):
    """Attributes such as "has fins" identify classes together, and their accuracies come back."""
    votes, y = draw(np.random.default_rng(seed))
    model = PartialLabelModel().fit(votes)
    # Twenty standard errors of a share of 2,800 votes, for the truth is not known.
    np.testing.assert_allclose(model.accuracies_, 0.85, atol=20 * np.sqrt(0.85 * 0.15 / 2800))
    best, _ = slow_em(votes, 0, np.full(4, 0.25), strength=1e9, accuracy=0.85)  # the parameters that were planted
    covered = (votes.masks != 0).any(axis=1)
    achieved, bound = (model.predict(votes) == y)[covered].mean(), (best.argmax(axis=1) == y[covered]).mean()
    assert achieved > bound - 3 * np.sqrt(0.25 / len(y))


@pytest.mark.parametrize("class_balance", ["estimate", "uniform"])
def test_the_objective_never_falls(rng, class_balance):
    """EM raises the log-posterior of the parameters at every iteration, gold and weights included."""
    votes, y = draw(rng, n=400)
    gold = np.where(rng.random(400) < 0.1, y, -1)
    model = PartialLabelModel(class_balance=class_balance, tol=1e-9, max_iter=1000)
    model.fit(votes, gold, sample_weight=rng.uniform(0.1, 2, size=400))
    assert np.diff(model.objective_path_).min() > -1e-8
    assert model.converged_


def test_votes_for_one_class_are_sets_of_one(rng):
    """Ordinary votes and the same as masks give the same model, whichever of them it is fitted to or asked about."""
    votes = rng.integers(-1, 3, size=(300, 5))
    masks = PartialVotes(np.where(votes >= 0, 1 << np.maximum(votes, 0), 0), k=3)
    one, other = PartialLabelModel().fit(votes), PartialLabelModel().fit(masks)
    np.testing.assert_allclose(one.predict_proba(masks), other.predict_proba(votes), atol=1e-12)
    np.testing.assert_allclose(one.confusion_, other.confusion_, atol=1e-12)
    np.testing.assert_allclose(one.accuracy_intervals_, other.accuracy_intervals_, atol=1e-12)


def test_the_whole_contract_takes_sets(rng):
    """predict, labels, score, explain and the card read masks; nothing about the model changes."""
    votes, y = draw(rng, n=300)
    model = PartialLabelModel(classes=["bee", "cow", "eel", "owl"]).fit(votes)
    state = pickle.dumps(model.__dict__)
    probs = model.predict_proba(votes)
    np.testing.assert_array_equal(np.asarray(model.labels(votes)), probs)
    np.testing.assert_array_equal(model.labels(votes).weight, (votes.masks != 0).any(axis=1))
    assert model.score(votes, y) == (model.classes_[y] == model.predict(votes)).mean()
    row = PartialVotes(np.array([[0b0001, 0, 0b1010, 0, 0]]), k=4)
    frame = model.explain(row)
    assert frame.index.tolist() == ["(prior)", "column 0", "column 2"]
    assert frame["vote"].tolist() == [None, "bee", ("cow", "owl")]
    scores = np.exp(frame.drop(columns="vote").to_numpy(dtype=float).sum(axis=0))
    np.testing.assert_allclose(scores / scores.sum(), model.predict_proba(row)[0], atol=1e-12)
    assert pickle.dumps(model.__dict__) == state
    np.testing.assert_allclose(model.confusion_.sum(axis=2), 1)
    assert model.n_features_in_ == 5
    assert "accuracy" in model._repr_html_()


def test_sets_unseen_at_fit_are_read_by_the_accuracies(rng):
    """A set that a function never voted for before still speaks for the classes in it."""
    votes, _ = draw(rng)
    probs = PartialLabelModel().fit(votes).predict_proba(PartialVotes(np.array([[0, 0, 0, 0, 0b0110]]), k=4))[0]
    assert probs[[1, 2]].min() > probs[[0, 3]].max()


def test_functions_that_only_vote_for_one_set_are_evidence(rng):
    """A function without an alternative is not ignored: its vote speaks for its set."""
    model = PartialLabelModel().fit(PartialVotes(rng.choice([0, 0b011], size=(200, 1)), k=3))
    probs = model.predict_proba(PartialVotes([[0b011]], k=3))[0]
    assert probs[0] == pytest.approx(probs[1])
    assert probs[1] > probs[2]


def test_gold_is_clamped(rng):
    """Gold on every row gives the smoothed shares in closed form."""
    votes, y = draw(rng, n=300)
    model = PartialLabelModel(prior_strength=1e-9).fit(votes, y)
    fires = votes.masks != 0
    right = ((votes.masks >> y[:, None].astype(np.uint64)) & np.uint64(1)).astype(bool)
    np.testing.assert_allclose(model.accuracies_, (right & fires).sum(axis=0) / fires.sum(axis=0), atol=1e-9)


def test_what_does_not_fit_is_refused():
    """Another number of classes or functions, gold of no class, or another kind of vote is an error that says so."""
    votes = PartialVotes([[0b011, 0b100], [0b110, 0b001]], k=3)
    with pytest.raises(VoteError, match="for 3 classes, but there are 2"):
        PartialLabelModel(classes=2).fit(votes)
    model = PartialLabelModel().fit(votes)
    with pytest.raises(VoteError, match="for 4 classes, but there are 3"):
        model.predict(PartialVotes([[1, 1]], k=4))
    with pytest.raises(VoteError, match="have 1 features, but PartialLabelModel is expecting 2"):
        model.predict(PartialVotes([[1]], k=3))
    with pytest.raises(VoteError, match="SoftVotes"):
        model.predict(SoftVotes([[[0.5, 0.5, 0.0]] * 2]))
    with pytest.raises(GoldError):
        PartialLabelModel(classes=3).fit(votes, [0, 3])
    silent = PartialVotes(np.zeros((4, 2), dtype=int), k=3)
    with pytest.warns(UserWarning, match="nothing to learn"):
        np.testing.assert_allclose(PartialLabelModel().fit(silent).predict_proba(silent), 1 / 3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_balance": "even"}, "class_balance='even'"),
        ({"class_balance": [1, 1]}, "3 numbers above 0"),
        ({"prior_accuracy": 1.5}, "prior_accuracy=1.5"),
        ({"prior_strength": 0}, "prior_strength=0"),
        ({"max_iter": True}, "max_iter=True"),
        ({"tol": -1}, "tol=-1"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        PartialLabelModel(**parameters).fit(PartialVotes([[0b011, 0b100]], k=3))


def test_stopping_early_is_said(rng):
    """A fit that did not settle warns and says so."""
    with pytest.warns(NotConvergedWarning, match="max_iter=2"):
        model = PartialLabelModel(max_iter=2, tol=0).fit(draw(rng, n=200)[0])
    assert not model.converged_
