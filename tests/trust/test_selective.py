"""Guarantees of finite samples: what is promised of error shares and sets holds over hundreds of draws."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from weaklab.exceptions import CoverageWarning, GoldError, ParameterError, SoftLabelError
from weaklab.trust import PredictionSets, SelectivePredictor, risk_threshold
from weaklab.votes import SoftLabels

DRAWS = 300


def _draw(rng, n, k=3):
    """Probabilities that are too sure, and classes drawn from what they should have been."""
    truth = rng.dirichlet(np.full(k, 0.4), n)
    y = (rng.random((n, 1)) > truth.cumsum(axis=1)).sum(axis=1).clip(max=k - 1)
    sharp = truth**1.7
    return sharp / sharp.sum(axis=1, keepdims=True), y


@pytest.mark.parametrize("score", ["lac", "aps"])
@pytest.mark.parametrize("n", [30, 200])
def test_sets_hold_the_true_class_as_often_as_asked(score, n):
    """Over 300 draws of gold rows, each with 200 new ones: not less, and with "lac" not more than 1 / (n + 1) above."""
    held = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        sets = PredictionSets(alpha=0.2, score=score).fit(*_draw(rng, n))
        probs, y = _draw(rng, 200)
        held.append(sets.predict(probs)[np.arange(200), y].mean())
    error = np.std(held) / np.sqrt(DRAWS)
    assert np.mean(held) >= 0.8 - 3 * error, np.mean(held)
    if score == "lac":
        assert np.mean(held) <= 0.8 + 1 / (n + 1) + 3 * error, np.mean(held)


def test_sets_by_class_hold_for_each_class():
    """Also for a class of one row in twelve, which one threshold for all serves badly."""
    by_class, together = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        n = 800
        y = (rng.random(n) < 1 / 12).astype(int)
        p = 1 / (1 + np.exp(2.5 - 2 * y - rng.normal(size=n)))
        probs, gold = np.column_stack([1 - p, p]), np.where(np.arange(n) < 400, y, -1)
        rare = (gold == -1) & (y == 1)
        for found, option in ((by_class, True), (together, False)):
            sets = PredictionSets(alpha=0.2, by_class=option).fit(probs, gold)
            found.append(sets.predict(probs[rare])[:, 1].mean())
    assert np.mean(by_class) >= 0.8 - 3 * np.std(by_class) / np.sqrt(200)
    assert np.mean(together) < 0.7


def test_sets_of_the_likeliest_classes():
    """ "aps" takes classes in order of probability and is never empty; few gold rows make sets of all classes."""
    rng = np.random.default_rng(0)
    probs, y = _draw(rng, 500)
    sets = PredictionSets(score="aps").fit(probs, y).predict(probs)
    assert sets[np.arange(500), probs.argmax(axis=1)].all()
    size = sets.sum(axis=1)
    for row in range(500):
        assert set(np.flatnonzero(sets[row])) == set(np.argsort(-probs[row])[: size[row]])
    assert PredictionSets(alpha=0.1).fit(probs[:8], y[:8]).predict(probs).all()


def test_a_class_without_gold_is_in_every_set():
    """Fewer gold rows than classes: nothing is known of the others, and nothing is claimed."""
    sets = PredictionSets(alpha=0.5, by_class=True).fit([[0.9, 0.05, 0.05]] * 2, [0, 0])
    assert sets.n_gold_.tolist() == [2, 0, 0]
    np.testing.assert_array_equal(sets.predict([[0.8, 0.1, 0.1]]), [[False, True, True]])


@pytest.mark.parametrize(("n", "risk"), [(150, 0.2), (600, 0.1)])
def test_the_error_share_stays_below_the_bound(n, risk):
    """Of 300 draws it may exceed it in one of twenty; and it is not by keeping nothing."""
    probs, y = _draw(np.random.default_rng(10**6), 100_000)
    confidence, wrong = probs.max(axis=1), probs.argmax(axis=1) != y
    assert wrong.mean() > 1.3 * risk
    exceeded, coverage = 0, []
    for seed in range(DRAWS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)
            model = SelectivePredictor(risk=risk).fit(*_draw(np.random.default_rng(seed), n))
        kept = confidence >= model.threshold_
        coverage.append(kept.mean())
        exceeded += bool(kept.any() and wrong[kept].mean() > risk)
    assert exceeded <= DRAWS * 0.05 + 2 * np.sqrt(DRAWS * 0.05 * 0.95), exceeded
    assert np.mean(coverage) > 0.1, np.mean(coverage)


def test_more_gold_keeps_more_rows():
    """The bound comes nearer to what is true."""
    found = [SelectivePredictor(risk=0.1).fit(*_draw(np.random.default_rng(0), n)).coverage_ for n in (500, 20_000)]
    assert found[1] > found[0]


def test_predictions_by_name_and_abstentions():
    """Names where SoftLabels have them; None where unsure; what was promised is told."""
    probs, y = _draw(np.random.default_rng(0), 2000)
    soft = SoftLabels(probs, gold=y, classes=("a", "b", "c"))
    model = SelectivePredictor(risk=0.15).fit(soft)
    predicted = model.predict(soft)
    kept = soft.confidence >= model.threshold_
    assert set(predicted[kept]) == {"a", "b", "c"}
    assert all(one is None for one in predicted[~kept])
    assert model.coverage_ == kept.mean()
    assert model.risk_ < model.bound_ <= 0.15
    assert model.risk_ == (soft.codes() != y)[kept].mean()


def test_rows_of_equal_doubt_stay_together():
    """No threshold lies among them, whatever their order."""
    doubt = np.repeat([0.1, 0.2, 0.9], [400, 300, 300])
    wrong = np.concatenate([np.zeros(690, bool), np.ones(310, bool)])
    order = np.random.default_rng(0).permutation(1000)
    found = risk_threshold(doubt[order], wrong[order], 0.1)
    assert found == risk_threshold(doubt, wrong, 0.1)
    assert found.coverage == 0.7
    assert found.risk == pytest.approx(10 / 700)


def test_a_large_tie_can_be_kept():
    """Label models have few distinct confidences: nine of ten rows may share the highest, and are kept together."""
    doubt = np.repeat([0.1, 0.9], [270, 30])
    wrong = np.arange(300) >= 265
    found = risk_threshold(doubt, wrong, 0.06)
    assert found.coverage == 0.9
    assert found.risk == pytest.approx(5 / 270)


def test_nothing_is_kept_where_nothing_can_be_proven():
    """Too few gold rows, or too many errors: a warning, and every row abstains."""
    for n, wrong in ((10, False), (500, True)):
        with pytest.warns(CoverageWarning, match="None is kept"):
            model = SelectivePredictor(risk=0.05).fit([[0.3, 0.7]] * n, [0 if wrong else 1] * n)
        assert model.predict([[0.0, 1.0]]).tolist() == [-1]
        assert model.coverage_ == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SelectivePredictor(risk=0).fit([[1.0, 0.0]], [0]), ParameterError, "risk=0"),
        (lambda: SelectivePredictor(level=2).fit([[1.0, 0.0]], [0]), ParameterError, "level=2"),
        (lambda: SelectivePredictor().fit([[1.0, 0.0]]), GoldError, "None of the 1 rows has gold"),
        (lambda: SelectivePredictor().fit([[np.nan, 0.0]], [0]), SoftLabelError, "row 0"),
        (lambda: SelectivePredictor().fit([[1.0]], [0]), SoftLabelError, "k of 2 or more"),
        (lambda: PredictionSets(alpha=1).fit([[1.0, 0.0]], [0]), ParameterError, "alpha=1"),
        (lambda: PredictionSets(score="lca").fit([[1.0, 0.0]], [0]), ParameterError, "Did you mean 'lac'"),
        (lambda: PredictionSets().fit([[1.0, 0.0]], [-1]), GoldError, "has gold"),
        (lambda: PredictionSets().fit([[1.0, 0.0]], [0]).predict([[1.0, 0.0, 0.0]]), SoftLabelError, "3 classes"),
        (lambda: risk_threshold([np.nan], [True], 0.1), ParameterError, "finite"),
        (lambda: risk_threshold([0.1], [1], 0.1), ParameterError, "bools"),
    ],
)
def test_bad_input_is_an_error(call, error, message):
    """Also without gold, and with one class."""
    with pytest.raises(error, match=message):
        call()
