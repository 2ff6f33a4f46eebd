"""Calibration: confidence becomes the share that is right, by gold or by votes, and labels stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import GoldError, ParameterError, SoftLabelError, VoteError
from weaklab.metrics import expected_calibration_error
from weaklab.trust import Calibrator
from weaklab.votes import SoftLabels

METHODS = ("temperature", "isotonic")


def _world(seed, n=6000, k=3, power=1.0):
    """True probabilities raised to a power, and scaled; classes drawn from the true ones; votes that err at random."""
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.full(k, 0.5), n)
    y = (rng.random((n, 1)) > truth.cumsum(axis=1)).sum(axis=1).clip(max=k - 1)
    probs = np.maximum(truth, 1e-9) ** power
    votes = np.full((n, 6), -1)
    for j, accuracy in enumerate((0.9, 0.8, 0.75, 0.7, 0.65, 0.6)):
        other = (y + rng.integers(1, k, n)) % k
        votes[:, j] = np.where(rng.random(n) < 0.6, np.where(rng.random(n) < accuracy, y, other), -1)
    return probs / probs.sum(axis=1, keepdims=True), y, votes


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("power", [0.25, 3.0], ids=["too unsure", "too sure"])
@pytest.mark.parametrize("by", ["gold", "votes", "votes of known accuracy"])
def test_confidence_becomes_the_share_that_is_right(method, power, by):
    """Three seeds, new rows, ECE of .05 or less, from .13 or more; labels stay, and log-loss falls."""
    errors = []
    for seed in (0, 1, 2):
        probs, y, votes = _world(seed, power=power)
        old, new = slice(0, 3000), slice(3000, None)
        calibrator = Calibrator(method)
        if by == "gold":
            calibrator.fit(probs[old][:500], y[old][:500])
        else:
            known = [0.9, 0.8, 0.75, 0.7, 0.65, 0.6] if by == "votes of known accuracy" else None
            calibrator.fit(probs[old], votes=votes[old], accuracies=known)
        after = calibrator.transform(probs[new])
        np.testing.assert_allclose(after.sum(axis=1), 1)
        assert (after.argmax(axis=1) == probs[new].argmax(axis=1)).all()
        assert expected_calibration_error(y[new], probs[new]) > 0.13
        errors.append(expected_calibration_error(y[new], after))
    assert np.mean(errors) <= 0.05, errors


def test_temperature_is_found():
    """Probabilities raised to a power are brought back by it, from 100 gold rows within a third."""
    for power in (0.3, 1.0, 2.5):
        found = []
        for seed in range(10):
            probs, y, _ = _world(seed, n=100, power=power)
            found.append(np.log(Calibrator().fit(probs, y).temperature_))
        assert np.exp(np.mean(found)) == pytest.approx(power, rel=0.34)


def test_few_rows_claim_little():
    """Three rows, all right, do not make a model certain; a step of the isotonic map is never 0 or 1."""
    assert 0.2 < Calibrator().fit([[0.7, 0.3]] * 3, [0, 0, 0]).temperature_ < 1
    curve = Calibrator("isotonic").fit([[0.6, 0.4]] * 5 + [[0.9, 0.1]] * 5, [1] * 5 + [0] * 5)
    after = curve.transform([[0.6, 0.4], [0.9, 0.1], [1.0, 0.0]])[:, 0]
    np.testing.assert_allclose(after, [0.5, 5.5 / 6, 5.5 / 6])  # the label stays, at a half


def test_soft_labels_keep_their_parts():
    """Index, classes, weight and gold; whose gold is taken where none is given."""
    probs, y, _ = _world(0, n=400, power=2.0)
    gold = np.where(np.arange(400) < 200, y, -1)
    soft = SoftLabels(probs, np.ones(400), gold, ("a", "b", "c"), pd.RangeIndex(400) + 5)
    for method in METHODS:
        calibrator = Calibrator(method).fit(soft)
        after = calibrator.transform(soft)
        assert calibrator.n_rows_ == 200
        assert after.index.equals(soft.index)
        assert after.classes == soft.classes
        np.testing.assert_array_equal(after.gold, gold)
        np.testing.assert_array_equal(calibrator.transform(probs), after.probs)
        assert calibrator.transform(probs[:0]).shape == (0, 3)
        names = np.array(["a", "b", "c"], dtype=object)[y]
        again = Calibrator(method).fit(soft.replace(gold=None), np.where(gold >= 0, names, None))
        np.testing.assert_array_equal(again.transform(probs), after.probs)


def test_certain_rows_stay_distributions():
    """A row of 1 and zeros has nothing that tells how the rest is shared: evenly."""
    certain = np.eye(3)[np.arange(60) % 3]
    y = np.where(np.arange(60) < 45, np.arange(60) % 3, (np.arange(60) + 1) % 3)
    after = Calibrator("isotonic").fit(certain, y).transform(certain)
    np.testing.assert_allclose(after[0], [0.75, 0.125, 0.125])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Calibrator("isotonc").fit([[1.0, 0.0]], [0]), ParameterError, "Did you mean 'isotonic'"),
        (lambda: Calibrator().fit([[1.0, 0.0]]), GoldError, "has gold"),
        (lambda: Calibrator().fit([[1.0]], [0]), SoftLabelError, "k of 2 or more"),
        (lambda: Calibrator().fit([[np.nan, 1.0]], [0]), SoftLabelError, "row 0"),
        (lambda: Calibrator().fit([[1.0, 0.0]], [2]), GoldError, "no class"),
        (lambda: Calibrator().fit([[1.0, 0.0]], [0], votes=[[0]]), ParameterError, "y or votes"),
        (lambda: Calibrator().fit([[1.0, 0.0]], [0], accuracies=[0.9]), ParameterError, "votes too"),
        (lambda: Calibrator().fit([[1.0, 0.0]], votes=[[0], [1]]), VoteError, "votes on 2 rows"),
        (lambda: Calibrator().fit([[1.0, 0.0]], votes=[[-1]]), VoteError, "has a vote"),
        (lambda: Calibrator().fit([[1.0, 0.0]], votes=[[0]], accuracies=[0.5]), VoteError, "by chance"),
        (lambda: Calibrator().fit([[1.0, 0.0]], votes=[[0]], accuracies=[7]), ParameterError, "column 0' is 7.0"),
        (lambda: Calibrator().fit([[1.0, 0.0]], votes=[[0]], accuracies=[0.9, 0.9]), ParameterError, r"\(1,\)"),
        (lambda: Calibrator().fit([[1.0, 0.0]], [0]).transform([[1.0, 0.0, 0.0]]), SoftLabelError, "3 classes"),
    ],
)
def test_bad_input_is_an_error(call, error, message):
    """Also one class, no gold, and no row with votes."""
    with pytest.raises(error, match=message):
        call()
