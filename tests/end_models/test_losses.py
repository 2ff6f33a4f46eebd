"""Loss terms: what they compute, how they compose, what they are given."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from weaklab.end_models import (
    AuxConfidence,
    ClassBalancedCrossEntropy,
    EarlyLearning,
    EndModel,
    GeneralizedCrossEntropy,
    LogitAdjustment,
    LossTerm,
    NoiseConsistency,
    SoftCrossEntropy,
    Step,
    SymmetricCrossEntropy,
    TrainingRows,
)
from weaklab.exceptions import ParameterError


def _step(logits, target, weight):
    logits = torch.tensor(logits, requires_grad=True)
    n = len(logits)
    model = torch.nn.Linear(1, 1)
    return Step(
        logits, None, torch.tensor(target), torch.tensor(weight), torch.arange(n), torch.zeros(n, 1), 0, 0.0, model
    )


def test_soft_cross_entropy_is_the_weighted_mean_of_minus_q_log_p():
    """Two rows by hand: p = (1/2, 1/2) costs ln 2 whatever q is; p = (3/4, 1/4) with q = (1, 0) costs ln 4/3."""
    step = _step([[0.0, 0.0], [math.log(3), 0.0]], [[0.3, 0.7], [1.0, 0.0]], [0.5, 1.5])
    expected = (0.5 * math.log(2) + 1.5 * math.log(4 / 3)) / 2
    assert SoftCrossEntropy()(step).item() == pytest.approx(expected, rel=1e-6)


def test_terms_add_and_scale_and_say_so():
    """Objectives of the literature are sums of terms; a sum must be readable in a notebook."""
    step = _step([[1.0, 2.0]], [[0.5, 0.5]], [1.0])

    def largest(step):
        return step.logits.max()

    total = 2 * SoftCrossEntropy() + LossTerm(largest) * 0.5
    assert total(step).item() == pytest.approx(2 * SoftCrossEntropy()(step).item() + 1.0)
    assert repr(total) == "2 * SoftCrossEntropy() + 0.5 * LossTerm(largest)"
    assert repr(3 * (SoftCrossEntropy() + SoftCrossEntropy())) == "3 * (SoftCrossEntropy() + SoftCrossEntropy())"
    assert (largest + SoftCrossEntropy())(step).item() == pytest.approx(2.0 + SoftCrossEntropy()(step).item())


def test_terms_refuse_what_is_no_term():
    """An error where the sum is written, not in the middle of training."""
    with pytest.raises(TypeError):
        SoftCrossEntropy() + 1
    with pytest.raises(TypeError):
        1 + SoftCrossEntropy()
    with pytest.raises(TypeError):
        SoftCrossEntropy() * "a"
    with pytest.raises(ParameterError, match="callable"):
        LossTerm(3)


def test_a_step_holds_all_that_a_term_may_need():
    """Terms with a memory per row need its position; ramps need the progress; regularisers need the features."""
    seen = []

    def spy(step):
        seen.append(step)
        return step.logits.square().mean()

    X = np.arange(12.0).reshape(12, 1)
    weight = np.array([0.0, 1.0] * 6)
    EndModel(hidden=5, loss=spy, max_epochs=4, batch_size=4, validation_fraction=0).fit(
        X, np.full((12, 3), 1 / 3), sample_weight=weight
    )
    assert {tuple(step.logits.shape) for step in seen} == {(4, 3), (2, 3)}
    assert {tuple(step.features.shape) for step in seen} == {(4, 5), (2, 5)}
    assert [step.epoch for step in seen] == [0, 0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose([step.progress for step in seen], np.arange(8) / 8)
    for epoch in range(4):
        index = torch.cat([step.index for step in seen if step.epoch == epoch])
        assert sorted(index.tolist()) == [1, 3, 5, 7, 9, 11]  # positions in X, of the rows that have weight
    mean, std = X.mean(), X.std()
    for step in seen:
        np.testing.assert_allclose(step.x[:, 0] * std + mean, step.index.double(), rtol=1e-5)
        assert step.weight.tolist() == [1.0] * len(step.index)
        assert step.target.shape == step.logits.shape
        assert step.views == ()
        assert isinstance(step.model, torch.nn.Module)


def test_the_loss_given_is_the_loss_that_is_minimised():
    """A term that prefers one class must pull all predictions there, against the labels."""
    X = np.random.default_rng(0).normal(size=(100, 2))

    def prefer_second(step):
        return torch.nn.functional.softplus(step.logits[:, 0] - step.logits[:, 1]).mean()

    soft = np.tile([0.9, 0.1], (100, 1))
    model = EndModel(hidden=None, loss=SoftCrossEntropy() + 50 * LossTerm(prefer_second), validation_fraction=0)
    assert (model.fit(X, soft).predict(X) == 1).all()


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda step: step.logits, "shape"),
        (lambda step: 1.0, r"gave 1\.0"),
        (lambda step: torch.tensor(1.0), "depends on step.logits"),
        ("cross_entropy", "callable"),
        (lambda step: step.logits.mean() * float("nan"), "first epoch"),
    ],
)
def test_a_loss_that_cannot_be_followed_is_refused(loss, message):
    """torch's own message would name neither the loss nor what is wrong with it."""
    with pytest.raises(ParameterError, match=message):
        EndModel(loss=loss).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("texts", [False, True])
def test_all_terms_train_whatever_torchs_defaults_are(texts):
    """A program that computes in float64 by default must not turn a term's noise, and so the model, to float64."""
    X = ["free money", "lunch at noon", "win money", "lunch with me"] * 6 if texts else np.arange(24.0)[:, None]
    terms = (
        SoftCrossEntropy() + EarlyLearning() + NoiseConsistency(0.2),
        GeneralizedCrossEntropy() + SymmetricCrossEntropy() + AuxConfidence(),
        LogitAdjustment() + ClassBalancedCrossEntropy(),
    )
    for loss in terms:
        probs = EndModel(loss=loss, max_epochs=2).fit(X, [0, 1] * 12).predict_proba(X)
        torch.set_default_dtype(torch.float64)
        try:
            with torch.device("meta"):  # the default device: tensors made without saying where would hold nothing
                again = EndModel(loss=loss, max_epochs=2).fit(X, [0, 1] * 12).predict_proba(X)
        finally:
            torch.set_default_dtype(torch.float32)
        np.testing.assert_array_equal(again, probs)


def test_held_out_rows_are_judged_by_the_loss_itself():
    """Terms that say something of a row add up; those that say nothing leave the judgement as it was; else the task."""
    logits, target = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]]), torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    entropy = -(target * torch.log_softmax(logits, dim=1)).sum(dim=1)
    robust = GeneralizedCrossEntropy(1.0).rows_loss(logits, target)
    torch.testing.assert_close(robust, torch.tensor([0.5, 0.5]))
    total = 2 * (SoftCrossEntropy() + 3 * GeneralizedCrossEntropy(1.0)) + 5 * NoiseConsistency()
    torch.testing.assert_close(total.rows_loss(logits, target), 2 * entropy + 6 * robust)
    wrapped = LossTerm(GeneralizedCrossEntropy(1.0)) + LossTerm(lambda step: step.logits.mean())
    torch.testing.assert_close(wrapped.rows_loss(logits, target), robust)
    assert (LossTerm(lambda step: step.logits.mean()) + NoiseConsistency()).rows_loss(logits, target) is None


@pytest.mark.parametrize(
    "loss",
    [
        SoftCrossEntropy(),
        GeneralizedCrossEntropy(0.3),
        SymmetricCrossEntropy(0.2, 0.5),
        LogitAdjustment(),
        ClassBalancedCrossEntropy(),
        AuxConfidence(0.6, 0.0),
    ],
)
def test_rows_held_out_and_rows_trained_on_lose_alike(loss):
    """Else training would be stopped by something that it does not lower. AuxConfidence is at full trust here."""
    draws = torch.Generator().manual_seed(0)
    logits, target = (torch.randn(30, 3, generator=draws) for _ in range(2))
    target = torch.softmax(target, dim=1)
    started = loss.start(TrainingRows.of(target)) if hasattr(loss, "start") else loss
    value = started(Step.of(logits, target, progress=0.9))
    torch.testing.assert_close(started.rows_loss(logits, target).mean(), value)


def test_the_history_shows_what_training_is_stopped_by():
    """The held-out loss of the last epoch, computed anew from the predictions of the weights that were kept."""
    draws = np.random.default_rng(0)
    X = draws.normal(size=(400, 3))
    soft = np.where(X[:, :1] + draws.normal(size=(400, 1)) > 0, [0.2, 0.8], [0.9, 0.1])
    model = EndModel(loss=GeneralizedCrossEntropy(1.0), validation_fraction=0.5, calibrate=False).fit(X, soft)
    index = []

    def spy(step):
        index.append(step.index)
        return 0 * step.logits.sum()

    EndModel(loss=GeneralizedCrossEntropy(1.0) + LossTerm(spy), validation_fraction=0.5, max_epochs=1).fit(X, soft)
    held_out = np.setdiff1d(np.arange(400), torch.cat(index).numpy())
    expected = 1 - (soft * model.predict_proba(X))[held_out].sum(axis=1).mean()
    assert model.history_["held_out_loss"].min() == pytest.approx(expected, rel=1e-5)


def test_a_loss_of_ones_own_says_how_it_is_judged():
    """A term that scores held-out rows by its own rule chooses the best weights by it."""

    class Judged(LossTerm):
        def __init__(self):
            self.scores = iter(range(100))

        def __call__(self, step):
            return 0 * step.logits.sum()

        def rows_loss(self, logits, target):
            return torch.full((len(logits),), float(next(self.scores)))  # worse in each epoch

    model = EndModel(loss=SoftCrossEntropy() + 100 * Judged(), patience=2, max_epochs=20)
    model.fit(np.arange(100.0)[:, None], np.arange(100) % 2)
    assert model.best_epoch_ == 1
    assert model.n_iter_ == 3
