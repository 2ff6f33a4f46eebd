"""Labels that two judges agree on: their own confidence, and a detector that learns from those agreed on so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.label_models.parameters import check_count
from weaklab.refine.base import Refiner
from weaklab.refine.gaussian_mixture import Columns
from weaklab.refine.held_out import cheap_classifier, held_out_probs
from weaklab.refine.problem import Problem
from weaklab.seeding import generator
from weaklab.typing import Floats, Seed


class OnlineMining(Refiner):
    """Keep the labels that features bear out, weigh them by how sure both judges are, and let the others go.

    Round by round a detector learns from the labels kept so far, and says what it thinks of every row that it has not
    learnt from (by cross-fitting: a row that taught it would be confirmed). The confidence of a row is
    ``mix`` parts that of its label and the rest that of the detector in the same class, each as a share, at most 1, of
    what three quarters of the rows of the class reach; for the detector, of those whose label it would give too. Rows
    of a confidence of ``threshold`` are kept, and so are rows with gold.

    Parameters
    ----------
    threshold : float in (0, 1], default=0.9
        What a row's confidence must be to be kept, as a share of the highest of its class, which is 1 but where
        label and detector nowhere agree.
    mix : float in [0, 1], default=0.5
        How much the confidence of the label counts; the rest is that of the detector.
    burn_in : float in (0, 1], default=0.2
        In which share of the rounds, the first ones, labels are kept by their own confidence alone; at least one.
    rounds : int, default=5
        How many rounds.
    folds : int from 2, default=3
        How many detectors share the rows.
    detector : classifier or None, default=None
        What learns: ``fit(Z, SoftLabels)`` and ``predict_proba(Z)``, such as
        :class:`~weaklab.end_models.EndModel` without ``column``. None takes ridge regression on 512 random features,
        which wrong labels do little harm.
    random_state : int, Generator or None, default=None
        The seed of the folds, and of the detector where none is given; None means 0.

    Attributes
    ----------
    kept_ : ndarray of bool of shape (n,)
        Whose label was kept.
    confidence_ : ndarray of shape (n,)
        The confidence of each row, in [0, 1]; 1 where gold is known, 0 where nothing is.
    changed_ : int
        How many rows of weight above 0 have another most probable class than before.

    Notes
    -----
    After Wang, Cheng, Chen, Zhang, Lin, Zhou and Li (2024), "MarvelOVD: Marrying Object Recognition and Vision-Language
    Models for Robust Open-Vocabulary Object Detection", doi:10.48550/arXiv.2407.21465, where the detector is the
    network in training, and scores are divided by the highest of an image. What comes out weighs
    ``(1 + confidence) / 2`` times what came in where it is kept, and else 0; the probabilities are the mean of label
    and detector by ``mix``. A detector learns from 50,000 rows at most.

    Examples
    --------
    >>> import numpy as np
    >>> Z = np.linspace(-1, 1, 40)[:, None]
    >>> shown = np.r_[1, np.zeros(19, dtype=int), np.ones(19, dtype=int), 0]  # the first and the last are wrong
    >>> refiner = OnlineMining()
    >>> refined = refiner.fit_transform(0.1 + 0.8 * np.eye(2)[shown], Z)
    >>> np.flatnonzero(~refined.covered)[[0, -1]]
    array([ 0, 39])
    """

    law_exemptions: ClassVar[Mapping[str, str]] = {
        "row_order_does_not_matter": "which rows a detector learns from is drawn by their number"
    }

    def __init__(
        self,
        *,
        threshold: float = 0.9,
        mix: float = 0.5,
        burn_in: float = 0.2,
        rounds: int = 5,
        folds: int = 3,
        detector: Any = None,
        random_state: Seed = None,
    ) -> None:
        self.threshold = threshold
        self.mix = mix
        self.burn_in = burn_in
        self.rounds = rounds
        self.folds = folds
        self.detector = detector
        self.random_state = random_state

    def _check_parameters(self) -> None:
        check_count("rounds", self.rounds, 1)
        check_count("folds", self.folds, 2)
        for name, least in (("threshold", 0.0), ("burn_in", 0.0), ("mix", -1e-9)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not least < value <= 1:
                zero = "from 0" if least < 0 else "above 0"
                raise ParameterError(f"{name}={value!r} must be a number {zero} to 1.")
        if self.detector is not None and not hasattr(self.detector, "predict_proba"):
            raise ParameterError(f"detector={self.detector!r} must be a classifier with predict_proba, or None.")

    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        rng = generator(self.random_state)
        columns = Columns.of(problem.features, one_scale=False)
        fold = rng.permutation(problem.n) % self.folds
        codes = problem.probs.argmax(axis=1)
        at = np.arange(problem.n)
        judged = problem.covered & ~problem.known
        own = _over_typical(problem.probs.max(axis=1), codes, judged, problem)
        confidence, seen = own, problem.probs
        learnable = len(columns.at) and len(set(codes[problem.covered].tolist())) > 1
        static = max(1, math.floor(self.burn_in * self.rounds))
        detector = cheap_classifier(self.random_state) if self.detector is None else self.detector
        for done in range(self.rounds if learnable else 0):
            kept = problem.covered & (confidence >= self.threshold)
            if not all((kept & (fold != one)).any() for one in range(self.folds)):
                break  # too few rows for a detector that has not seen some of them
            seen = held_out_probs(problem, columns, fold, kept, detector, rng)
            agreed = judged & (seen.argmax(axis=1) == codes)
            mixed = self.mix * own + (1 - self.mix) * _over_typical(seen[at, codes], codes, agreed, problem)
            if done + 1 >= static:
                confidence = _over_highest(mixed, codes, problem)
        self.kept_ = problem.covered & (confidence >= self.threshold)
        self.confidence_ = np.where(problem.covered, confidence, 0.0)
        refined = np.where(problem.covered[:, None], self.mix * problem.probs + (1 - self.mix) * seen, problem.probs)
        refined[self.kept_ & (refined.argmax(axis=1) != codes)] = 0.0  # then the label, which is what was kept
        return refined, np.where(self.kept_, problem.weight * (1 + self.confidence_) / 2, 0.0)


def _over_typical(values: Floats, codes: np.ndarray, counted: np.ndarray, problem: Problem) -> Floats:
    """Each value over the lower quartile of the counted rows of the same class, at most 1; 1 where gold is known."""
    typical = np.array(
        [
            np.quantile(values[counted & (codes == y)], 0.25) if (counted & (codes == y)).any() else 1.0
            for y in range(problem.k)
        ]
    )
    return np.where(problem.known, 1.0, np.minimum(values / np.maximum(typical[codes], 1e-300), 1.0))


def _over_highest(values: Floats, codes: np.ndarray, problem: Problem) -> Floats:
    """Each value over the highest of the covered rows of the same class; 1 where gold is known."""
    top = np.zeros(problem.k)
    counted = problem.covered & ~problem.known
    np.maximum.at(top, codes[counted], values[counted])
    out = np.divide(values, top[codes], out=np.zeros_like(values), where=top[codes] > 0)
    return np.where(problem.known, 1.0, np.minimum(out, 1.0))
