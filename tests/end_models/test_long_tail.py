"""Rare classes: adjusted logits and balanced weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from weaklab.end_models import (
    ClassBalancedCrossEntropy,
    EndModel,
    LogitAdjustment,
    SoftCrossEntropy,
    Step,
    TrainingRows,
)
from weaklab.end_models.training_rows import ready
from weaklab.exceptions import ParameterError


def test_the_shares_are_those_of_the_soft_labels_by_weight():
    """Rows of little weight must not count as rows of their class."""
    rows = TrainingRows.of([[1.0, 0.0], [0.5, 0.5]], weight=[1.0, 3.0])  # shares 5/8 and 3/8
    step = Step.of(torch.zeros(1, 2), [[1.0, 0.0]])
    assert LogitAdjustment(1.0).start(rows)(step).item() == pytest.approx(math.log(8 / 5), rel=1e-5)
    assert LogitAdjustment(0.0).start(rows)(step).item() == pytest.approx(math.log(2), rel=1e-5)


def test_balanced_weights_go_from_none_to_the_inverse_of_the_number_of_rows():
    """beta = 0 is cross-entropy; beta near 1 makes each class count the same in all."""
    target = torch.eye(2)[[0, 0, 0, 1]]
    rows, step = TrainingRows.of(target), Step.of(torch.zeros(4, 2), target)
    plain = SoftCrossEntropy()(step).item()
    assert ClassBalancedCrossEntropy(0.0).start(rows)(step).item() == pytest.approx(plain, rel=1e-6)
    for row, factor in ((0, 4 / 6), (3, 2.0)):
        one = Step.of(torch.zeros(1, 2), target[[row]])
        value = ClassBalancedCrossEntropy(1 - 1e-9).start(rows)(one).item()
        assert value == pytest.approx(factor * math.log(2), rel=1e-4)
    by_hand = np.array([1 / (1 - 0.5**3), 1 / (1 - 0.5**1)])
    by_hand /= (by_hand * [0.75, 0.25]).sum()
    one = Step.of(torch.zeros(1, 2), target[[3]])
    value = ClassBalancedCrossEntropy(0.5).start(rows)(one).item()
    assert value == pytest.approx(by_hand[1] * math.log(2), rel=1e-5)


@pytest.mark.parametrize("term", [LogitAdjustment(), ClassBalancedCrossEntropy()])
def test_a_class_without_rows_is_no_infinity(term):
    """A declared class that no row has is common in small samples."""
    rows = TrainingRows.of([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    logits = torch.zeros(2, 3, requires_grad=True)
    value = ready(term, rows)(Step.of(logits, rows.target))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("term", [LogitAdjustment(), ClassBalancedCrossEntropy()])
def test_a_term_that_was_not_started_says_so(term):
    with pytest.raises(ParameterError, match="start"):
        term(Step.of(torch.zeros(1, 2), [[1.0, 0.0]]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: LogitAdjustment(-0.5),
        lambda: LogitAdjustment(float("nan")),
        lambda: ClassBalancedCrossEntropy(1.0),
        lambda: ClassBalancedCrossEntropy(-0.1),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(ParameterError):
        make()


def test_rare_classes_are_found_where_classes_overlap():
    """Six overlapping Gaussians, the rarest of a hundredth of the rows of the largest, soft labels of 10 % doubt.

    Seen on hard labels, mean of 3 seeds, accuracy averaged over classes: cross-entropy .53, adjusted .72, balanced
    .71; over the three rarest .31, .77 and .73. The bounds are half of the gains.
    """
    losses = {"ce": None, "adjusted": LogitAdjustment(), "balanced": ClassBalancedCrossEntropy()}
    accuracy, rare = dict.fromkeys(losses, 0.0), dict.fromkeys(losses, 0.0)
    for seed in (0, 1):
        draws = np.random.default_rng(seed)
        means = 0.9 * draws.normal(size=(6, 8))
        y = np.repeat(np.arange(6), (2000 * 100.0 ** (-np.arange(6) / 5)).astype(int))
        X, soft = means[y] + draws.normal(size=(len(y), 8)), 0.9 * np.eye(6)[y]
        soft += 0.1 * np.bincount(y) / len(y)  # doubt by the shares leaves these as they are
        t = np.repeat(np.arange(6), 300)
        T = means[t] + draws.normal(size=(len(t), 8))
        for name, loss in losses.items():
            model = EndModel(hidden=None, loss=loss, max_epochs=15, validation_fraction=0, random_state=seed)
            of_class = (model.fit(X, soft).predict(T) == t).reshape(6, 300).mean(axis=1)
            accuracy[name] += of_class.mean() / 2
            rare[name] += of_class[3:].mean() / 2
    for name in ("adjusted", "balanced"):
        assert accuracy[name] >= accuracy["ce"] + 0.09
        assert rare[name] >= rare["ce"] + 0.2


@pytest.mark.slow
def test_adjusted_logits_help_a_network_that_learns_every_row_by_heart(digits):
    """Digits with 120 to 4 rows per class, last of 40 epochs, accuracy averaged over classes: half of what was seen.

    Seen, mean of 3 seeds: cross-entropy .858, adjusted .898, balanced weights .873 (which a network that learns all
    rows by heart hardly feels); over the five rarest .742, .830 and .775.
    """
    losses = {"ce": None, "adjusted": LogitAdjustment()}
    accuracy, rare = dict.fromkeys(losses, 0.0), dict.fromkeys(losses, 0.0)
    for seed in range(3):
        draws = np.random.default_rng(seed)
        sizes = (120 * 33.0 ** (-np.arange(10) / 9)).round().astype(int)
        kept = [
            draws.choice(np.flatnonzero(digits.y == c), min(sizes[c], (digits.y == c).sum()), replace=False)
            for c in range(10)
        ]
        rows = np.concatenate(kept)
        for name, loss in losses.items():
            model = digits.network(loss, seed, max_epochs=40, batch_size=32).fit(digits.X[rows], digits.y[rows])
            right = model.predict(digits.X_test) == digits.y_test
            of_class = np.array([right[digits.y_test == c].mean() for c in range(10)])
            accuracy[name] += of_class.mean() / 3
            rare[name] += of_class[5:].mean() / 3
    assert accuracy["adjusted"] >= accuracy["ce"] + 0.02
    assert rare["adjusted"] >= rare["ce"] + 0.04
