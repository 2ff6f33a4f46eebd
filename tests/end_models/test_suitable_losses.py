"""Losses that cannot train what they were given to are told, and terms add up as numbers do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from weaklab.end_models import (
    AuxConfidence,
    BinaryCrossEntropy,
    EarlyLearning,
    EndModel,
    EndRegressor,
    GeneralizedCrossEntropy,
    LogitAdjustment,
    LossTerm,
    MultiSourceConsistency,
    NoiseConsistency,
    SoftCrossEntropy,
    SquaredError,
    Step,
)
from weaklab.exceptions import ParameterError

X = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
BOTH = np.column_stack([Y, X[:, 1] > 0])


@pytest.mark.parametrize(
    "loss", [SoftCrossEntropy(), GeneralizedCrossEntropy(), 2 * AuxConfidence(), LogitAdjustment()], ids=repr
)
def test_softmax_losses_are_refused_where_classes_do_not_exclude_each_other(loss):
    """They would train, in silence, something else than was asked for."""
    with pytest.raises(ParameterError, match=r"is for task='multiclass', not for 'regression'\. Use SquaredError\(\)"):
        EndRegressor(loss=loss).fit(X, X[:, 0])
    message = r"is for task='multiclass', not for 'multilabel'\. Use BinaryCrossEntropy\(\)"
    with pytest.raises(ParameterError, match=message):
        EndModel(task="multilabel", loss=BinaryCrossEntropy() + loss).fit(X, BOTH)
    with pytest.raises(ParameterError, match=r"is for task='regression', not for 'multiclass'\. Use SoftCrossEntropy"):
        EndModel(loss=loss + SquaredError()).fit(X, Y)


@pytest.mark.parametrize(
    "loss",
    [EarlyLearning(), 0.5 * NoiseConsistency(), EarlyLearning() + MultiSourceConsistency(views=torch.neg)],
    ids=repr,
)
def test_terms_that_learn_nothing_from_labels_need_a_loss_beside_them(loss):
    """Alone they train a network of chance; a function of one's own may well be the loss."""
    with pytest.raises(ParameterError, match=r"learns nothing from the labels by itself.*SoftCrossEntropy\(\) \+"):
        EndModel(loss=loss, max_epochs=1).fit(X, Y)
    assert EndModel(loss=SoftCrossEntropy() + loss, max_epochs=20).fit(X, Y).score(X, Y) > 0.8
    own = LossTerm(lambda step: -(step.target * torch.log_softmax(step.logits, dim=1)).sum(dim=1).mean())
    assert EndModel(loss=own + loss, max_epochs=1).fit(X, Y).n_iter_ == 1


def test_terms_add_up_as_numbers_do():
    """``sum`` starts at 0; halves and differences are products."""
    step = Step.of(torch.tensor([[2.0, 0.0]]), [[0.0, 1.0]])
    one, other = SoftCrossEntropy(), GeneralizedCrossEntropy(1.0)
    first, second = float(one(step)), float(other(step))
    for loss, value in (
        (sum([one, other]), first + second),
        (one / 2, first / 2),
        (one - other, first - second),
        ((lambda _: 1.0) - one, 1.0 - first),
        (-one, -first),
        (np.float32(2) * one, 2 * first),
    ):
        assert float(loss(step)) == pytest.approx(value, abs=1e-6), loss
    with pytest.raises(ParameterError, match="divided by 0"):
        one / 0
    with pytest.raises(TypeError):
        one + 1
