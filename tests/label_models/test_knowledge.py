"""What a user knows: class balance, accuracies, gold rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax

from weaklab import metrics
from weaklab.datasets import Group, make_votes
from weaklab.exceptions import ParameterError
from weaklab.label_models import LabelModel
from weaklab.label_models.calibration import calibrate
from weaklab.label_models.choose_correction import fold_weights
from weaklab.label_models.corrections import Scored, correct_votes


def scores_and_gold(rng, n=200, k=3):
    """Overconfident and shifted log-scores, and classes."""
    truth = rng.normal(size=(n, k))
    q = np.exp(truth) / np.exp(truth).sum(axis=1, keepdims=True)
    gold = (q.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return 3 * truth + np.array([1.0, 0.0, -1.0]), gold


def test_calibration_finds_the_minimum(rng):
    """Newton's end is where a general optimiser of the same objective ends."""
    scores, gold = scores_and_gold(rng)
    weight = rng.uniform(0.5, 2, size=len(gold))

    def objective(x):
        logits = x[0] * (scores - scores.mean(axis=1, keepdims=True)) + x[1:]
        norm = np.log(np.exp(logits).sum(axis=1))
        return weight @ (norm - logits[np.arange(len(gold)), gold]) + 2 * (x[0] - 1) ** 2 + (x[1:] ** 2).sum() / 2

    best = minimize(objective, [1.0, 0, 0, 0], method="BFGS", options={"gtol": 1e-8}).x
    found = calibrate(scores, gold, weight)
    np.testing.assert_allclose([found.temperature, *found.offset], best, atol=1e-5)
    assert found.temperature < 0.6


def test_gold_rows_lower_the_log_loss_of_the_others():
    """A hundred gold rows set threshold and confidence; measured on rows that are not among them."""
    gains = []
    for seed in range(5):
        planted = make_votes(n=4000, m=10, coverage=0.4, class_balance=[0.8, 0.2], random_state=seed)
        gold = np.where(np.arange(4000) < 100, planted.y, -1)
        rest = (np.arange(4000) >= 100) & (planted.votes >= 0).any(axis=1).to_numpy()
        plain = LabelModel().fit(planted.votes).predict_proba(planted.votes)
        model = LabelModel().fit(planted.votes, gold)
        told = model.predict_proba(planted.votes)
        assert model.chosen_["calibrated on gold rows"] > 0
        gains.append(metrics.log_loss(planted.y, plain, where=rest) - metrics.log_loss(planted.y, told, where=rest))
    assert np.mean(gains) > 0.02


def test_gold_never_costs_a_rare_class_its_rows():
    """Where offsets would call no gold row positive any more, decisions stay as they were."""
    planted = make_votes(n=5000, m=10, kind="unipolar", coverage=(0.01, 0.3), class_balance=[0.93, 0.07])
    gold = np.where(np.arange(5000) < 100, planted.y, -1)
    where = (planted.votes >= 0).any(axis=1).to_numpy()
    plain = metrics.f1(planted.y[where], LabelModel().fit(planted.votes).predict(planted.votes)[where])
    told = metrics.f1(planted.y[where], LabelModel().fit(planted.votes, gold).predict(planted.votes)[where])
    assert told > plain - 0.05


def test_a_known_balance_is_used():
    """On imbalanced classes the right balance beats an even one."""
    planted = make_votes(n=5000, m=6, coverage=0.4, class_balance=[0.9, 0.1], random_state=2)
    model = LabelModel(class_balance=[9, 1]).fit(planted.votes)
    np.testing.assert_allclose(model.class_prior_, [0.9, 0.1])
    where = (planted.votes >= 0).any(axis=1).to_numpy()
    even = LabelModel(class_balance="uniform").fit(planted.votes)
    losses = [metrics.log_loss(planted.y, m.predict_proba(planted.votes), where=where) for m in (model, even)]
    assert losses[0] < losses[1]


def test_prior_accuracies_move_what_few_votes_cannot_tell():
    """With two functions that contradict each other, the one that is expected to be better is believed."""
    votes = np.array([[0, 1], [1, 0]] * 5)
    assert LabelModel(prior_accuracy={0: 0.95, 1: 0.6}).fit(votes).predict(votes).tolist() == [0, 1] * 5
    assert LabelModel(prior_accuracy=[0.6, 0.95]).fit(votes).predict(votes).tolist() == [1, 0] * 5
    by_class = LabelModel(prior_accuracy=[[0.9, 0.9], [0.6, 0.6]]).fit(votes)
    assert by_class.predict(votes).tolist() == [0, 1] * 5


def test_fixed_accuracies_are_not_learned():
    """A pinned function keeps the log-odds that its accuracy gives, whatever the votes say."""
    planted = make_votes(n=3000, m=5, coverage=1.0, accuracy=0.9, random_state=1)
    model = LabelModel(fixed_accuracy={"lf_0": 0.5}).fit(planted.votes)
    parts = model.explain(planted.votes.iloc[:1]).drop(columns="vote")
    np.testing.assert_allclose(parts.loc["lf_0"].to_numpy(dtype=float), 0, atol=1e-12)
    assert np.abs(parts.loc["lf_1"].to_numpy(dtype=float)).max() > 0.3


def logits_of(x, scores, sums, k):
    return x[0] * scores + x[1 : 1 + k] + sums @ x[1 + k :].reshape(-1, k)


def test_corrected_votes_are_where_a_general_optimiser_ends(rng):
    """The objective written anew; one pair is pinned, and stays as it is."""
    scores, gold = scores_and_gold(rng, n=60)
    scores -= scores.mean(axis=1, keepdims=True)
    pair = rng.permuted(np.tile(np.arange(6), (60, 1)), axis=1)[:, :3]  # three votes a row, of six pairs
    weight, scale = rng.uniform(0.5, 2, size=60), rng.uniform(0.5, 1, size=60)
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    free = np.arange(6) != 2
    rows = Scored.of(probs, pair.ravel(), 6, scale, np.full(60, 3), weight)
    sums = scale[:, np.newaxis] * (pair[:, :, np.newaxis] == np.flatnonzero(free)).sum(axis=1)

    def objective(x):
        logits = logits_of(x, scores, sums, 3)
        norm = np.log(np.exp(logits).sum(axis=1))
        return weight @ (norm - logits[np.arange(60), gold]) + 2 * (x[0] - 1) ** 2 + (x[1:] ** 2).sum() / 2

    best = minimize(objective, np.array([1.0, *[0] * 18]), method="BFGS", options={"gtol": 1e-6}).x
    found = correct_votes(rows, gold, free)
    assert not found.votes[2].any()
    np.testing.assert_allclose([found.temperature, *found.offset, *found.votes[free].ravel()], best, atol=1e-4)
    np.testing.assert_allclose(
        softmax(rows.corrected(found), axis=1), softmax(logits_of(best, scores, sums, 3), axis=1), atol=1e-4
    )


def test_folds_deal_out_weights_as_they_deal_out_rows():
    """A row of weight w is in the folds where w rows would be; all folds together hold all weight."""
    gold, weight = np.array([1, 0, 1, 1, 0]), np.array([2, 1, 7, 1, 3])
    one = fold_weights(gold, weight.astype(float))
    many = fold_weights(np.repeat(gold, weight), np.ones(weight.sum()))
    starts = np.concatenate([[0], np.cumsum(weight)[:-1]])
    np.testing.assert_allclose(one, np.add.reduceat(many, starts, axis=1), atol=1e-12)
    np.testing.assert_allclose(one.sum(axis=0), weight)
    assert set(np.unique(many)) == {0, 1}


def test_gold_rows_teach_the_prior_of_rows_without_votes():
    """Five functions, 5 % positives, 973 gold rows: the votes alone have the rare class at more than a third."""
    rng = np.random.default_rng(0)
    y = (rng.random(20_000) < 0.05).astype(int)
    votes = np.where(rng.random((20_000, 5)) < 0.75, y[:, np.newaxis], 1 - y[:, np.newaxis])
    votes[rng.random((20_000, 5)) >= 0.4] = -1
    gold = np.full(20_000, -1)
    known = rng.choice(20_000, 973, replace=False)
    gold[known] = y[known]
    assert LabelModel().fit(votes).class_prior_[1] > 0.3
    model = LabelModel().fit(votes, gold)
    assert 0.03 < model.class_prior_[1] < 0.1
    assert model.predict_proba(np.full((1, 5), -1))[0].tolist() == model.class_prior_.tolist()
    given = LabelModel(class_balance=[0.9, 0.1]).fit(votes, gold)
    np.testing.assert_allclose(given.class_prior_, [0.9, 0.1])


def test_gold_rows_teach_whom_to_trust():
    """Two functions that are wrong together outvote the good one, until half of the rows have gold."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=4000)
    votes = np.where(rng.random((4000, 3)) < [0.3, 0.3, 0.8], y[:, np.newaxis], 1 - y[:, np.newaxis])
    gold = np.where(np.arange(4000) < 2000, y, -1)
    rest = np.arange(4000) >= 2000
    assert (LabelModel().fit(votes).predict(votes) == y)[rest].mean() < 0.5
    model = LabelModel().fit(votes, gold)
    assert (model.predict(votes) == y)[rest].mean() > 0.77
    np.testing.assert_allclose(model.accuracies_, [0.3, 0.3, 0.8], atol=0.03)
    assert model.chosen_["gold corrects"][-1] == "and what each vote counts"
    losses = list(model.chosen_["log-loss of held-out gold rows"].values())
    assert losses[-1] < losses[0] - 0.2
    explained = model.explain(votes[0]).drop(columns="vote").to_numpy(dtype=float).sum(axis=0)
    np.testing.assert_allclose(softmax(explained), model.predict_proba(votes[:1])[0])
    pinned = LabelModel(fixed_accuracy={0: 0.5}).fit(votes, gold)
    np.testing.assert_allclose(pinned.explain(votes[0]).iloc[1, 1:].to_numpy(dtype=float), 0, atol=1e-12)


PLANTED = {
    "independent": {"coverage": 0.3},
    "rare": {"coverage": 0.3, "class_balance": [0.95, 0.05]},
    "keywords": {"coverage": (0.01, 0.3), "kind": "unipolar", "class_balance": [0.85, 0.15]},
    "partial": {"k": 5, "m": 12, "kind": "partial"},
    "copies": {"m": 12, "coverage": 0.3, "groups": [Group(5, 0.8, 0.56, 0.45)]},
    "crowd": {"n": 1000, "m": 50, "k": 3, "kind": "crowd"},
    "random": {"accuracy": 0.5, "coverage": 0.4},
}


@pytest.mark.parametrize("amount", [20, 200])
def test_gold_does_no_harm_on_average(amount):
    """Over planted regimes, few gold rows cost less than a point of accuracy, and all of them lower the log-loss."""
    gains, losses = [], []
    for regime in PLANTED.values():
        planted = make_votes(**{"n": 3000, "m": 10} | regime, random_state=1)
        n, k = len(planted.y), len(planted.class_balance)
        known = np.random.default_rng(amount).permutation(n) < amount
        where = (planted.votes >= 0).any(axis=1).to_numpy() & ~known
        models = [LabelModel(classes=k).fit(planted.votes, gold) for gold in (None, np.where(known, planted.y, -1))]
        before, after = (model.predict_proba(planted.votes) for model in models)
        rule = metrics.expected_accuracy
        gains.append(rule(planted.y, after, where=where) - rule(planted.y, before, where=where))
        losses.append(
            metrics.log_loss(planted.y, after, where=where) - metrics.log_loss(planted.y, before, where=where)
        )
    assert np.mean(gains) > -0.01
    assert np.mean(losses) < -0.02


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"prior_accuracy": 1.0}, "prior_accuracy is 1.0: it must be between 0 and 1"),
        ({"prior_accuracy": {"lf_8": 0.7}}, "no labeling function 'lf_8'.*Did you mean"),
        ({"prior_accuracy": [0.7]}, "1 accuracies for 3"),
        ({"prior_accuracy": {7: 0.7}}, "neither a name nor a column from 0 to 2"),
        ({"fixed_accuracy": {"lf_1": "high"}}, "fixed_accuracy of 'lf_1' is 'high'"),
        ({"class_balance": [0.5]}, "2 numbers above 0"),
        ({"dependence": "correcct"}, "Did you mean 'correct'"),
    ],
)
def test_what_cannot_be_known_is_named(parameters, message):
    """Each error names the parameter, the labeling function and the value."""
    votes = make_votes(n=100, m=3).votes
    with pytest.raises(ParameterError, match=message):
        LabelModel(**parameters).fit(votes)


def test_a_sample_and_a_polish_give_what_all_iterations_give(monkeypatch):
    """Beyond 100,000 rows most iterations see a sample. The last ones see all, and end within the stated bound of
    where all iterations over all rows end; only labels that were all but tied may differ."""
    planted = make_votes(n=150_000, m=12, coverage=0.3, random_state=5)
    quick = LabelModel(dependence="ignore").fit(planted.votes)
    bound = quick.error_bound_
    monkeypatch.setattr("weaklab.label_models.tempered.SAMPLE", 10**9)
    monkeypatch.setattr("weaklab.label_models.tempered.MAX_ITER", 60)
    slow = LabelModel(dependence="ignore").fit(planted.votes)
    ours, all_ours = quick.predict_proba(planted.votes), slow.predict_proba(planted.votes)
    assert bound < 0.01
    assert np.abs(np.log(ours) - np.log(all_ours)).max() < 12 * bound  # a row has twelve votes at most
    other = ours.argmax(axis=1) != all_ours.argmax(axis=1)
    assert np.abs(all_ours[other, 0] - 0.5).max(initial=0) < 6 * bound  # only what was even can tip
