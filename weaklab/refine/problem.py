"""What a refiner works on, and what becomes of its answer: the promises of every refiner are kept here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklab.exceptions import GoldError, SoftLabelError
from weaklab.refine.allowed import check_allowed, check_groups
from weaklab.refine.features import Features, check_features
from weaklab.typing import Floats
from weaklab.votes.soft import SoftLabels, check_soft_labels


@dataclass(frozen=True, eq=False)
class Problem:
    """Labels, features, groups and allowed classes, checked. No part of it is to be written to.

    Build it with :func:`read_problem`.

    Parameters
    ----------
    given : SoftLabels
        The labels as they were given.
    probs : ndarray of shape (n, k)
        The same, but one-hot where gold is known, and without mass on forbidden classes.
    weight : ndarray of shape (n,)
        How much each row is to count; 0 where nobody has said anything of it. Never 0 where gold is known, or where
        not all classes are allowed.
    gold : ndarray of int64 of shape (n,)
        The true class, -1 where unknown.
    Z : ndarray or csr_array of float32 or float64 of shape (n, d), or None
        The features.
    groups : ndarray of int64 of shape (n,), or None
        The group of each row, 0..g-1.
    allowed : ndarray of bool of shape (n, k), or None
        The classes that each row may have; None is all.
    """

    given: SoftLabels
    probs: Floats
    weight: Floats
    gold: np.ndarray
    Z: Features | None
    groups: np.ndarray | None
    allowed: np.ndarray | None

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self.probs.shape[0]

    @property
    def k(self) -> int:
        """How many classes there are."""
        return self.probs.shape[1]

    @property
    def known(self) -> np.ndarray:
        """Where gold is known, an array of bool of shape (n,)."""
        return self.gold >= 0

    @property
    def covered(self) -> np.ndarray:
        """Where something is known of the label, an array of bool of shape (n,)."""
        return self.weight > 0

    @property
    def features(self) -> Features:
        """The features, where the refiner has said that it needs them."""
        assert self.Z is not None
        return self.Z

    def restrict(self, scores: Floats) -> Floats:
        """Non-negative scores (n, k) as distributions over the allowed classes; gold rows are one-hot.

        A row without any mass on an allowed class keeps its distribution from before.
        """
        out = np.array(scores, dtype=np.float64)
        if self.allowed is not None:
            out[~self.allowed] = 0.0
        total = out.sum(axis=1, keepdims=True)
        lost = total[:, 0] <= 0
        out[lost], total[lost] = self.probs[lost], 1.0
        alone = ((out > 0).sum(axis=1) == 1)[:, None]
        np.divide(out, total, out=out, where=alone | (np.abs(total - 1.0) > 1e-12))  # what sums to 1 keeps its bits
        return _with_gold(out, self.gold)

    def finish(self, probs: Any, weight: Any) -> SoftLabels:
        """The refined labels, from what a refiner answers.

        Parameters
        ----------
        probs : ndarray of shape (n, k)
            Non-negative scores.
        weight : ndarray of shape (n,)
            0 or more.

        Returns
        -------
        SoftLabels
            With the gold, the classes and the index of the labels as they were given. Weights are left out where the
            given ones were and all are 1.

        Raises
        ------
        SoftLabelError
            If the scores are no scores: the refiner is wrong.
        """
        probs = np.asarray(probs, dtype=np.float64)
        if probs.shape != self.probs.shape:
            raise SoftLabelError(f"The refiner answered with shape {probs.shape} where {self.probs.shape} was asked.")
        wrong = ~(np.isfinite(probs) & (probs >= 0)).all(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise SoftLabelError(f"The refiner answered with {probs[row].tolist()} in row {row}: those are no scores.")
        weight = np.array(weight, dtype=np.float64)
        weight[self.known & ~(weight > 0)] = 1.0
        plain = self.given.weight is None and bool((weight == 1.0).all())
        return self.given.replace(probs=self.restrict(probs), weight=None if plain else weight)

    def untouched(self) -> SoftLabels:
        """The labels as they are where there is nothing to learn from."""
        return self.finish(self.probs, self.weight)


def read_problem(labels: Any, Z: Any, groups: Any, allowed: Any) -> Problem:
    """Check what a refiner is given.

    Raises
    ------
    SoftLabelError, FrameError, ParameterError
        If the labels, the features, or the groups and allowed classes are not what they must be.
    GoldError
        If a row's gold class is not among those that it may have.
    """
    n = labels.n if isinstance(labels, SoftLabels) else len(_sized(labels))
    given = check_soft_labels(labels, n)
    features = None if Z is None else check_features(Z, given.n, given.index)
    grouped = check_groups(groups, given.n)
    names = given.k if given.classes is None else given.classes
    mask = check_allowed(allowed, given.n, names, grouped)
    gold = np.full(given.n, -1, dtype=np.int64) if given.gold is None else given.gold
    weight = np.ones(given.n) if given.weight is None else given.weight.copy()
    weight[(gold >= 0) & (weight == 0)] = 1.0
    probs = given.probs
    if mask is not None:
        _check_gold_is_allowed(gold, mask, given)
        weight[~mask.all(axis=1) & (weight == 0)] = 1.0
        probs = np.where(mask, probs, 0.0)
        total = probs.sum(axis=1, keepdims=True)
        even = mask / mask.sum(axis=1, keepdims=True)
        probs = np.divide(probs, total, out=even, where=total > 0)
    return Problem(
        given, _with_gold(probs, gold), weight, gold, features, None if grouped is None else grouped[0], mask
    )


def _with_gold(probs: Floats, gold: np.ndarray) -> Floats:
    known = np.flatnonzero(gold >= 0)
    if len(known):
        probs = probs.copy()
        probs[known] = 0.0
        probs[known, gold[known]] = 1.0
    return probs


def _check_gold_is_allowed(gold: np.ndarray, mask: np.ndarray, given: SoftLabels) -> None:
    known = np.flatnonzero(gold >= 0)
    wrong = known[~mask[known, gold[known]]]
    if len(wrong):
        row = int(wrong[0])
        name = given.classes_.tolist()[gold[row]]
        raise GoldError(f"The gold class of row {row} is {name!r}, which is not among the classes allowed there.")


def _sized(labels: Any) -> Any:
    if not hasattr(labels, "__len__"):
        raise SoftLabelError(f"labels must be SoftLabels or probabilities of shape (n, k), got {labels!r:.80}.")
    return labels
