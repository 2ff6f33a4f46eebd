"""Votes, features and end model together: what is learnt, what can be looked at, and what is refused."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from weaklab.datasets import Group, make_votes
from weaklab.end_models import EndModel, JointModel
from weaklab.end_models.joint_network import JointBuilder, JointLoss, vote_log_probs
from weaklab.end_models.losses import Step
from weaklab.exceptions import FrameError, ParameterError, SoftLabelError, VoteError, WeaklabWarning
from weaklab.label_models import LabelModel, MajorityVote


def _planted(seed, n=3000, apart=0.7, **options):
    """Votes with planted truth, and ten columns whose mean tells the class."""
    planted = make_votes(n=n, random_state=seed, **options)
    rng = np.random.default_rng(seed)
    X = apart * rng.normal(size=(len(planted.class_balance), 10))[planted.y] + rng.normal(size=(n, 10))
    return planted.votes, X, planted.y


def test_does_about_as_well_as_a_majority_vote_before_an_end_model():
    """Four draws, two thirds to learn from: no more than 3 points behind on any, within 1 point on average."""
    behind = []
    for seed in range(2):
        for options in ({"m": 10}, {"m": 12, "groups": [Group(6, 0.9, accuracy=0.55)]}):
            votes, X, y = _planted(seed, **options)
            joint = JointModel(random_state=seed).fit(votes[:2000], X[:2000]).score(X[2000:], y[2000:])
            soft = MajorityVote().fit(votes[:2000]).labels(votes[:2000])
            behind.append(EndModel(random_state=seed).fit(X[:2000], soft).score(X[2000:], y[2000:]) - joint)
    assert max(behind) < 0.04
    assert np.mean(behind) < 0.01


def test_soft_labels_know_what_features_tell():
    """Where features are strong, weighing votes by them beats counting the same votes, on the rows that have any."""
    votes, X, y = _planted(0, m=8, coverage=0.6, accuracy=[0.85] * 4 + [0.5] * 4, apart=1.5)
    model = JointModel(random_state=0).fit(votes, X)
    covered = (votes >= 0).any(axis=1).to_numpy()
    soft = model.labels(votes, X)
    np.testing.assert_array_equal(soft.covered, covered)
    alike = MajorityVote().fit(votes).predict_proba(votes)  # ties are even here, and so count by half
    counted = np.where(alike == alike.max(axis=1, keepdims=True), 1.0, 0.0)
    counted /= counted.sum(axis=1, keepdims=True)
    assert (soft.codes() == y)[covered].mean() > counted[np.arange(len(y)), y][covered].mean() + 0.03
    assert model.lf_weights_.index.tolist() == votes.columns.tolist()
    assert model.lf_weights_.between(0, np.sqrt(8)).all()


def test_weights_can_be_looked_at_row_by_row():
    """Positive, summing to the root of m, and as many as there are labeling functions."""
    votes, X, _ = _planted(1, n=300, m=9)
    model = JointModel(max_epochs=4).fit(votes, X)
    weights = model.weights(votes, X)
    assert weights.columns.tolist() == votes.columns.tolist()
    np.testing.assert_allclose(weights.sum(axis=1), 3, rtol=1e-5)
    assert (weights > 0).all(axis=None)
    votes["never"] = np.int8(-1)
    assert np.isnan(JointModel(max_epochs=4).fit(votes, X).lf_weights_["never"])


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_per_pattern_show_on_which_votes_a_labeling_function_can_be_relied(seed):
    """One is right where another votes the same, and guesses where that one abstains; a third is always as good."""
    rng = np.random.default_rng(seed)
    n = 4000
    y = rng.integers(0, 2, n)

    def says(accuracy):
        return np.where(rng.random(n) < accuracy, y, 1 - y)

    ally = np.where(rng.random(n) < 0.5, says(0.8), -1)
    moody = np.where(ally >= 0, says(0.95), says(0.5))
    votes = pd.DataFrame({"moody": moody, "ally": ally, "steady": says(0.75)})
    X = (2 * y - 1)[:, None] + rng.normal(scale=1.5, size=(n, 5))
    model = JointModel(encoder="votes", classes=["no", "yes"], max_epochs=30, random_state=seed).fit(votes, X)
    table = model.pattern_weights(votes)
    share = (table["moody"] / table["steady"]).to_dict()  # both vote in all patterns
    for code, name in enumerate(["no", "yes"]):
        for steady in ("no", "yes"):
            backed = share[f"moody: {name}, ally: {name}, steady: {steady}"]
            assert backed > 1.2 * share[f"moody: {name}, steady: {steady}"], (code, steady)
    assert table["rows"].sum() == n
    assert table["rows"].is_monotonic_decreasing
    assert table["ally"].isna().sum() == 4
    weights = model.weights(votes)
    same = weights[(votes == [1, 1, 0]).all(axis=1)]
    assert len(same) == table.loc["moody: yes, ally: yes, steady: no", "rows"]
    np.testing.assert_allclose(same - table.loc["moody: yes, ally: yes, steady: no", weights.columns], 0, atol=1e-6)
    assert (model.labels(votes).codes() == y).mean() > (moody == y).mean()


def test_only_an_encoder_of_votes_alone_has_weights_per_pattern():
    """With features, weights differ within a pattern, and cannot be told without them."""
    votes, X, _ = _planted(4, n=100, m=4)
    model = JointModel(max_epochs=1, start=0).fit(votes, X)
    with pytest.raises(ParameterError, match=r"needs JointModel\(encoder='votes'\).*weights\(votes, X\)"):
        model.pattern_weights(votes)
    with pytest.raises(FrameError, match="depend on features too: give X"):
        model.weights(votes)
    alone = JointModel(encoder="votes", max_epochs=1, start=0).fit(votes, X)
    assert alone.model_.module_.encoder.of_features is None
    pd.testing.assert_frame_equal(alone.weights(votes, X), alone.weights(votes))
    assert len(alone.pattern_weights(votes)) == len(votes[(votes >= 0).any(axis=1)].drop_duplicates())
    assert alone.pattern_weights(votes.iloc[:0]).shape == (0, 5)
    expected = alone.weights(votes)
    pd.testing.assert_frame_equal(alone.set_params(encoder="both").weights(votes), expected)  # until the next fit


def test_the_loss_is_the_cross_entropy_both_ways_with_fixed_targets():
    """Gradients of the end model come from the encoder's soft labels, and the other way round."""
    votes = torch.tensor([[0, 1, -1], [1, 1, 0]])
    network = JointBuilder(3, None, 4, 0.0, 0)(2, 2)
    torch.nn.init.normal_(network.encoder.last.weight)
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    logits = torch.tensor([[0.3, -0.2], [1.0, 0.5]], requires_grad=True)
    weight = torch.tensor([1.0, 2.0])

    def step(epoch):
        return Step(logits, None, torch.zeros(2, 2), weight, torch.arange(2), x, epoch, 0.0, network)

    q, p = network.encoder.log_probs(votes, x).exp(), torch.softmax(logits, dim=1)
    value = JointLoss(votes, alone=1)(step(1))
    expected = -(weight * (q * p.log() + p * q.log()).sum(dim=1)).mean()
    torch.testing.assert_close(value, expected)
    value.backward()
    torch.testing.assert_close(logits.grad, (weight[:, None] * (p - q) / 2).detach())
    network.zero_grad()
    JointLoss(votes, alone=1)(step(0)).backward()
    assert network.encoder.last.weight.grad is None or not network.encoder.last.weight.grad.any()


def test_votes_that_weigh_alike_are_counted():
    """The first soft labels are those of a majority vote with its doubts."""
    probs = vote_log_probs(torch.ones(2, 4), torch.tensor([[0, 1, 1, -1], [-1, -1, -1, -1]]), 3).exp()
    odds = np.exp([1, 2, 0])
    np.testing.assert_allclose(probs[0], odds / odds.sum(), rtol=1e-5)
    np.testing.assert_allclose(probs[1], [1 / 3] * 3, rtol=1e-5)


def test_texts_names_and_frames_go_through():
    """As with an end model: columns by name, classes by name, an index that must match."""
    frame = pd.DataFrame({"text": ["free money now", "lunch at noon"] * 40}, index=[f"r{i}" for i in range(80)])
    votes = pd.DataFrame({"money": [1, -1] * 40, "lunch": [-1, 0] * 40, "both": [1, 0] * 40}, index=frame.index)
    model = JointModel(column="text", classes=["ham", "spam"], hidden=None).fit(votes, frame)
    assert model.predict(frame).tolist() == ["spam", "ham"] * 40
    assert model.classes_.tolist() == ["ham", "spam"]
    assert model.labels(votes, frame).labels()[:2].tolist() == ["spam", "ham"]
    assert model.labels(votes, frame).index.equals(frame.index)
    assert model.decision_function(frame).shape == (80,)
    with pytest.raises(SoftLabelError, match="another index"):
        clone(model).fit(votes.reset_index(drop=True), frame)


def test_same_seed_same_bits_and_pickles():
    """As every estimator of the library."""
    votes, X, _ = _planted(2, n=300, m=6)
    first, second = (JointModel(max_epochs=5, random_state=4).fit(votes, X) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.lf_weights_, second.lf_weights_)
    again = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(again.labels(votes, X).probs, first.labels(votes, X).probs)
    assert not hasattr(clone(first), "classes_")


def test_an_encoder_that_no_epoch_trains_is_told():
    """Its weights would be those that it was made with, and mean nothing."""
    votes, X, _ = _planted(2, n=100, m=4)
    with pytest.warns(WeaklabWarning, match="max_epochs=3 with start=3 leaves the encoder untrained"):
        JointModel(max_epochs=3).fit(votes, X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        JointModel(max_epochs=1, start=0).fit(votes, X)


@pytest.mark.parametrize(
    ("options", "votes", "X", "error", "message"),
    [
        ({}, [[0, 1]] * 3, np.eye(2), SoftLabelError, "3 rows of soft labels for 2"),
        ({}, [[-1, -1]] * 3, np.eye(3), SoftLabelError, "All 3 rows have weight 0"),
        ({}, [[0, 1.5]] * 3, np.eye(3), VoteError, "1.5"),
        ({}, [[0, 1]] * 3, np.zeros((3, 2, 2)), FrameError, "no images"),
        ({"classes": 2}, [[0, 2]] * 3, np.eye(3), VoteError, "2"),
        ({"start": -1}, [[0, 1]] * 3, np.eye(3), ParameterError, "start=-1"),
        ({"encoder_hidden": 0}, [[0, 1]] * 3, np.eye(3), ParameterError, "encoder_hidden=0"),
        ({"encoder": "vote"}, [[0, 1]] * 3, np.eye(3), ParameterError, "encoder='vote' must be 'both' or 'votes'"),
        ({"dropout": 1.0}, [[0, 1]] * 3, np.eye(3), ParameterError, "dropout=1"),
        ({"device": "cuda:7"}, [[0, 1]] * 3, np.eye(3), ParameterError, "CUDA cards"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(options, votes, X, error, message):
    """By name, value and place."""
    with pytest.raises(error, match=message):
        JointModel(**options).fit(votes, X)


def test_votes_of_other_labeling_functions_are_refused():
    """Weights belong to labeling functions by name."""
    votes, X, _ = _planted(3, n=100, m=4)
    model = JointModel(max_epochs=1, start=0)
    with pytest.raises(NotFittedError):
        model.predict(X)
    model.fit(votes, X)
    with pytest.raises(VoteError, match="Missing labeling functions"):
        model.labels(votes.iloc[:, :3], X)
    with pytest.raises(VoteError, match=r"3 labeling functions.*not of the 4"):
        model.labels(votes.to_numpy()[:, :3], X)
    turned = votes.iloc[:, ::-1]  # matched by name, as label models do
    np.testing.assert_array_equal(model.labels(turned, X).probs, model.labels(votes, X).probs)
    assert model.weights(turned, X).equals(model.weights(votes, X))
    with pytest.raises(VoteError, match="100 rows of votes for 99"):
        model.weights(votes, X[:99])


@pytest.mark.data
def test_falls_behind_a_label_model_on_youtube_by_little(public_data):
    """Real text and real votes: within 10 points of the label model's soft labels, and well above the larger class."""
    parts = {}
    for split in ("train", "test"):
        held = np.load(public_data / "youtube" / f"{split}.npz")
        parts[split] = (
            held["votes"],
            pd.read_parquet(public_data / "youtube" / f"{split}.parquet")[["text"]],
            held["y"],
        )
    votes, X, _ = parts["train"]
    _, test, y = parts["test"]
    joint = JointModel(column="text").fit(votes, X).score(test, y)
    usual = EndModel(column="text").fit(X, LabelModel().fit(votes).labels(votes)).score(test, y)
    assert joint > usual - 0.1
    assert joint > 0.8
