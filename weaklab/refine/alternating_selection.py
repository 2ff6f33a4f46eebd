"""Detectors of wrong and of strange rows that take turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from weaklab.exceptions import ParameterError
from weaklab.label_models.parameters import check_count
from weaklab.refine.base import Refiner
from weaklab.refine.gaussian_mixture import Columns
from weaklab.refine.held_out import cheap_classifier, held_out_probs
from weaklab.refine.noise_detectors import LinearSeparation, SmallLoss
from weaklab.refine.problem import Problem
from weaklab.seeding import generator
from weaklab.typing import Floats, Seed


class AlternatingSelection(Refiner):
    r"""Let go of rows whose label is wrong, and of rows that are of no class: two detectors take turns.

    Each round a model learns from the rows that were clean in the last one, and its loss on every row that it has not
    learnt from (by cross-fitting: a row that taught it would be confirmed) is shown to the detector whose turn it is.
    The loss is half the sum of absolute differences between label and prediction, from 0 to 1: a strange row, of
    which a model is unsure, is then as far from clean as a wrong label. A row's weight is multiplied by what each
    detector said of it last, 0 where it is not clean; labels stay as they are. Rows with gold are clean.

    Parameters
    ----------
    detectors : sequence of detectors, optional
        Objects with ``fit(losses, Z)``, which sets ``clean_probability`` and ``clean``. None:
        ``(LinearSeparation(), SmallLoss())``.
    every : int, default=1
        How many rounds a turn has.
    rounds : int, default=4
        How many rounds.
    folds : int from 2, default=3
        How many models share the rows.
    model : classifier or None, default=None
        What learns: ``fit(Z, SoftLabels)`` and ``predict_proba(Z)``. None takes ridge regression on 512 random
        features, which wrong labels do little harm.
    random_state : int, Generator or None, default=None
        The seed of the folds, and of the model where none is given; None means 0.

    Attributes
    ----------
    detectors_ : list of detectors
        Fitted clones.
    clean_probability_ : ndarray of shape (n,)
        What weights were multiplied by; 1 where gold is known, 0 where nothing is.
    losses_ : ndarray of shape (n,)
        The losses of the last round; NaN where there is gold, or no label.
    changed_ : int
        0, as labels stay.

    Notes
    -----
    After Albert et al. (2024), see :class:`LinearSeparation`, who train one network for an epoch a turn, on the rows
    that are clean by that turn's detector, and guess labels for the others. There, and here, detecting strange rows
    almost perfectly helps a model less than finding wrong labels.

    Examples
    --------
    >>> import numpy as np
    >>> Z = np.linspace(-1, 1, 40)[:, None]
    >>> shown = np.r_[1, np.zeros(19, dtype=int), np.ones(19, dtype=int), 0]  # the first and the last are wrong
    >>> selected = AlternatingSelection([SmallLoss()]).fit_transform(0.1 + 0.8 * np.eye(2)[shown], Z)
    >>> np.flatnonzero(~selected.covered)
    array([ 0, 39])
    """

    law_exemptions: ClassVar[Mapping[str, str]] = {
        "row_order_does_not_matter": "which rows a model learns from is drawn by their number"
    }

    def __init__(
        self,
        detectors: Sequence[Any] | None = None,
        *,
        every: int = 1,
        rounds: int = 4,
        folds: int = 3,
        model: Any = None,
        random_state: Seed = None,
    ) -> None:
        self.detectors = detectors
        self.every = every
        self.rounds = rounds
        self.folds = folds
        self.model = model
        self.random_state = random_state

    def _check_parameters(self) -> None:
        check_count("every", self.every, 1)
        check_count("rounds", self.rounds, 1)
        check_count("folds", self.folds, 2)
        if self.model is not None and not hasattr(self.model, "predict_proba"):
            raise ParameterError(f"model={self.model!r} must be a classifier with predict_proba, or None.")
        if self.detectors is not None:
            if not isinstance(self.detectors, (list, tuple)) or not self.detectors:
                raise ParameterError(f"detectors={self.detectors!r} must be a list of detectors, or None.")
            for one in self.detectors:
                if isinstance(one, type) or not hasattr(one, "fit"):
                    raise ParameterError(f"detectors: {one!r} is none; it must have fit(losses, Z).")

    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        rng = generator(self.random_state)
        columns = Columns.of(problem.features, one_scale=False)
        fold = rng.permutation(problem.n) % self.folds
        judged = np.flatnonzero(problem.covered & ~problem.known)
        model = cheap_classifier(self.random_state) if self.model is None else self.model
        given = (LinearSeparation(), SmallLoss()) if self.detectors is None else self.detectors
        self.detectors_ = [clone(one) for one in given]
        verdicts = [np.ones(len(judged)) for _ in given]
        self.losses_ = np.full(problem.n, np.nan)
        clean = problem.covered.copy()
        learnable = len(columns.at) and len(set(problem.probs[problem.covered].argmax(axis=1).tolist())) > 1
        for done in range(self.rounds if learnable and len(judged) else 0):
            if not all((clean & (fold != one)).any() for one in range(self.folds)):
                break  # too few rows for a model that has not seen some of them
            seen = held_out_probs(problem, columns, fold, clean, model, rng)[judged]
            said = problem.probs[judged]
            self.losses_[judged] = np.abs(said - seen).sum(axis=1) / 2
            turn = done // self.every % len(self.detectors_)
            detector = self.detectors_[turn].fit(self.losses_[judged], problem.features[judged])
            verdicts[turn] = np.where(detector.clean, detector.clean_probability, 0.0)
            clean[judged] = detector.clean
        self.clean_probability_ = np.where(problem.covered, 1.0, 0.0)
        self.clean_probability_[judged] = np.prod(verdicts, axis=0)
        return problem.probs, problem.weight * self.clean_probability_
