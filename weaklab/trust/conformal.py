"""Sets of classes that hold the true one as often as asked: split conformal prediction by gold rows."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, SoftLabelError, did_you_mean
from weaklab.label_models.parameters import check_probability
from weaklab.trust.checks import read_gold, read_labels
from weaklab.trust.selective import keep_share
from weaklab.typing import ABSTAIN, Floats

Score = Literal["lac", "aps"]


class PredictionSets(BaseEstimator):
    r"""For each row the classes that it may have; the true one is among them with probability ``1 - alpha``.

    Gold rows say how strange true classes look, and a set takes in all classes that look no stranger than
    :math:`\lceil (n + 1)(1 - \alpha) \rceil` of n. It holds for any probabilities, however wrong, and any number of
    rows, on average over gold rows and rows to come, if the two are exchangeable: drawn alike, in any order, which gold
    rows chosen by difficulty are not. Nothing may have been fitted to the gold rows before, calibration included. It
    does not hold for each row or slice; ``by_class`` makes it hold for each class.

    Parameters
    ----------
    alpha : float in (0, 1), default=0.1
        How often the true class may be missing.
    score : {"lac", "aps"}, default="lac"
        How strange a class is. "lac": one minus its probability, which makes the smallest sets, some of them empty
        (Sadinle, Lei and Wasserman, 2019, doi:10.1080/01621459.2017.1395341). "aps": the probability of all classes
        that are likelier, and its own, which makes larger sets where rows are hard, none of them empty (Romano, Sesia
        and Candès, 2020, doi:10.48550/arXiv.2006.02544; without their random numbers, and so a little too large).
    by_class : bool, default=False
        One threshold per class, from its own gold rows. A class with fewer than ``1 / alpha - 1`` of them is in every
        set.

    Attributes
    ----------
    thresholds_ : ndarray of shape (k,)
        The strangest that each class may look.
    n_gold_ : ndarray of int of shape (k,)
        How many gold rows each class had.

    Examples
    --------
    >>> sets = PredictionSets(alpha=0.25).fit([[0.9, 0.1]] * 3 + [[0.4, 0.6]], [0, 0, 0, 0])
    >>> sets.predict([[0.95, 0.05], [0.5, 0.5]])
    array([[ True, False],
           [ True,  True]])
    """

    def __init__(self, *, alpha: float = 0.1, score: Score = "lac", by_class: bool = False) -> None:
        self.alpha = alpha
        self.score = score
        self.by_class = by_class

    def fit(self, probs: Any, y: Any = None) -> Self:
        """Learn from gold rows how strange true classes look.

        Parameters
        ----------
        probs : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            The probabilities of some model.
        y : array-like of shape (n,), optional
            Gold, by code or name, -1 or missing where unknown; None is that of SoftLabels.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, SoftLabelError, GoldError
            If an argument is not what it should be, or no row has gold.
        """
        check_probability("alpha", self.alpha)
        if self.score not in get_args(Score):
            raise ParameterError(f"score={self.score!r} is no score.{did_you_mean(self.score, get_args(Score))}")
        soft = read_labels(probs, "probs")
        gold = read_gold(y, soft)
        known = np.flatnonzero(gold != ABSTAIN)
        own = self._strangeness(soft.probs[known])[np.arange(len(known)), gold[known]]
        self.n_gold_ = np.bincount(gold[known], minlength=soft.k)
        parts = [gold[known] == c if self.by_class else slice(None) for c in range(soft.k)]
        self.thresholds_ = np.array([keep_share(own[part], 1 - self.alpha) for part in parts])
        return self

    def predict(self, probs: Any) -> np.ndarray:
        """Which classes are in the set of each row, an array of bool of shape (n, k)."""
        check_is_fitted(self)
        soft = read_labels(probs, "probs")
        if soft.k != len(self.thresholds_):
            raise SoftLabelError(f"probs has {soft.k} classes; gold was of {len(self.thresholds_)}.")
        return self._strangeness(soft.probs) <= self.thresholds_

    def _strangeness(self, probs: Floats) -> Floats:
        if self.score == "lac":
            return 1 - probs
        order = np.argsort(-probs, axis=1, kind="stable")
        total = np.cumsum(np.take_along_axis(probs, order, axis=1), axis=1)
        total[:, 0] = 0.0  # the likeliest class is in every set
        out = np.empty_like(probs)
        np.put_along_axis(out, order, total, axis=1)
        return out
