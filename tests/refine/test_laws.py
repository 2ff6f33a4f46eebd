"""The law book of weaklab.testing on every refiner, and that it can fail."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import clone

from weaklab.exceptions import ParameterError
from weaklab.refine import (
    AlternatingSelection,
    AttentionRefiner,
    BiasRemover,
    GaussianRefiner,
    MetricRefiner,
    OnlineMining,
    Refiner,
    ordinal_metric,
)
from weaklab.testing import check_refiner, refiner_laws_for


class Smooth(Refiner):
    """The mean of a row's label and those of the rows that share the sign of its first feature."""

    def __init__(self, share=0.5):
        self.share = share

    def _refine(self, problem):
        side = np.asarray(problem.features[:, [0]].sum(axis=1)).ravel() > 0
        out = problem.probs.copy()
        for one in (side, ~side):
            rows = one & problem.covered
            if rows.any():
                out[one] = (1 - self.share) * out[one] + self.share * out[rows].mean(axis=0)
        return out, problem.weight


class Attends(AttentionRefiner):
    """AttentionRefiner with groups that are made of the features, and so follow their rows."""

    def _refine(self, problem):
        side = np.asarray(problem.features[:, [0]].sum(axis=1)).ravel() > 0
        return super()._refine(dataclasses.replace(problem, groups=side.astype(np.int64)))


class Background(BiasRemover):
    """BiasRemover with one class as the background."""

    law_exemptions: ClassVar = BiasRemover.law_exemptions | {
        "class_order_does_not_matter": "the background is named by its code"
    }


#: A constructor's worth of each; a refiner that is added here is under the law.
REFINERS = {
    "one of a user's own": Smooth(),
    "GaussianRefiner": GaussianRefiner(),
    "GaussianRefiner, one variance": GaussianRefiner(learn_scale=False, iters=3),
    "AlternatingSelection": AlternatingSelection(rounds=2),
    "AttentionRefiner": Attends(),
    "BiasRemover": BiasRemover(n_clusters=5),
    "BiasRemover, a background": Background(n_clusters=5, background=0),
    "MetricRefiner": MetricRefiner(ordinal_metric(3)),
    "OnlineMining": OnlineMining(rounds=2),
    "a chain": GaussianRefiner(iters=2) >> Smooth(0.2),
}


@pytest.mark.parametrize(
    ("refiner", "law"),
    [
        pytest.param(refiner, law, id=f"{name}: {rule}")
        for name, refiner in REFINERS.items()
        for rule, law in refiner_laws_for(refiner)
    ],
)
def test_every_refiner_keeps_the_laws(refiner, law):
    """What any refiner must promise, whatever its maths."""
    law(clone(refiner))


class ByRow(Smooth):
    """Looks at the order of the rows."""

    def _refine(self, problem):
        probs, weight = super()._refine(problem)
        return probs[np.arange(problem.n) // 2 * 2], weight


class Listens(Smooth):
    """Listens to rows of weight 0."""

    def _refine(self, problem):
        return problem.probs + problem.probs.mean(axis=0), problem.weight


class Writes(Smooth):
    """Writes to what it was given."""

    def _refine(self, problem):
        problem.features[:] = 0
        return problem.probs, problem.weight


@pytest.mark.parametrize(
    ("refiner", "law"),
    [
        (ByRow(), "row_order_does_not_matter"),
        (Listens(), "what_uncovered_rows_say_is_ignored"),
        (Writes(), "given_data_is_left_alone"),
    ],
)
def test_a_refiner_that_breaks_a_law_is_caught(refiner, law):
    """The law book can fail, by name."""
    with pytest.raises(AssertionError, match=f"breaks the law '{law}'"):
        check_refiner(refiner)


def test_exemptions_name_a_law_and_a_reason():
    """No one is exempt from a law that does not exist."""
    refiner = Smooth()
    refiner.law_exemptions = {"row_order_does_not": "no"}
    with pytest.raises(ParameterError, match="Did you mean 'row_order_does_not_matter'"):
        check_refiner(refiner)
