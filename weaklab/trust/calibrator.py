"""Probabilities that mean what they say: scaled by a few gold rows, or by votes whose accuracy is estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self, get_args

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, SoftLabelError, VoteError, did_you_mean
from weaklab.label_models import LabelModel
from weaklab.trust.checks import read_gold, read_labels
from weaklab.typing import ABSTAIN, Codes, Floats
from weaklab.votes import SoftLabels, VoteMatrix, check_votes

Method = Literal["temperature", "isotonic"]
#: The standard deviation of the prior of log T around 0: networks that average noisy votes are six times too unsure.
LOG_TEMPERATURE_SD = 1.0
#: Labeling functions that agree with the truth so little more often than with a wrong class say nothing of confidence.
LEAST_EDGE = 0.05


class Calibrator(BaseEstimator):
    r"""Make the confidence of any probabilities what the share of right ones is; which class is likeliest stays.

    Parameters
    ----------
    method : {"temperature", "isotonic"}, default="temperature"
        "temperature": :math:`p^{1/T}`, scaled to sum to 1; one number, which a few dozen rows tell (Guo et al., 2017,
        doi:10.48550/arXiv.1706.04599; with a broad prior around 1, which a handful of rows hardly moves).
        "isotonic": any non-decreasing map of confidence, from a few hundred rows up (Zadrozny and Elkan, 2002,
        doi:10.1145/775047.775151), of the likeliest class alone; the others share the rest as before. Each step of the
        map is drawn to the mean by one row, so that none is 0 or 1.

    Attributes
    ----------
    temperature_ : float
        T; above 1 where the probabilities were too sure. Of "temperature" only.
    curve_ : IsotonicRegression
        From confidence to the share that is right. Of "isotonic" only.
    n_rows_ : int
        How many rows it was fitted to.

    Examples
    --------
    >>> sure = Calibrator().fit([[0.99, 0.01]] * 200, [0] * 150 + [1] * 50)
    >>> sure.transform([[0.99, 0.01]]).round(2)
    array([[0.76, 0.24]])
    """

    def __init__(self, method: Method = "temperature") -> None:
        self.method = method

    def fit(self, probs: Any, y: Any = None, *, votes: Any = None, accuracies: Any = None) -> Self:
        r"""Fit to gold rows, or to votes.

        Votes are taken for gold that is wrong with a known probability: labeling function j names the true class with
        probability :math:`a_j`, and each other one with :math:`(1 - a_j) / (k - 1)`. The temperature is then the one
        under which the votes are most likely; for the isotonic map, a vote that agrees with the likeliest class
        (1) or does not (0) stands for :math:`([\text{agrees}] - b_j) / (a_j - b_j)`, b the second probability, whose
        expectation is that of being right. This assumes that votes err no more often where the probabilities do; and
        it needs probabilities that have not learnt these very votes by heart.

        Parameters
        ----------
        probs : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            Of any model; best of rows that it was not fitted to.
        y : array-like of shape (n,), optional
            Gold, by code or name, -1 or missing where unknown; None is that of SoftLabels, where there are no votes.
        votes : DataFrame, array-like or sparse matrix of shape (n, m), optional
            In the place of gold.
        accuracies : array-like of shape (m,), optional
            How often each labeling function is right where it votes; None estimates them by
            :class:`~weaklab.label_models.LabelModel`.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If the method is unknown, both gold and votes are given, or accuracies do not fit the votes.
        SoftLabelError, GoldError, VoteError
            If probabilities are none, or no row has gold, or votes.
        """
        if self.method not in get_args(Method):
            raise ParameterError(f"method={self.method!r} is no method.{did_you_mean(self.method, get_args(Method))}")
        soft = read_labels(probs, "probs")
        self.k_ = soft.k
        for stale in ("temperature_", "curve_"):
            self.__dict__.pop(stale, None)
        if votes is None:
            if accuracies is not None:
                raise ParameterError("accuracies are of labeling functions: give their votes too.")
            gold = read_gold(y, soft)
            known = gold != ABSTAIN
            self._fit_gold(soft.probs[known], gold[known])
        else:
            if y is not None:
                raise ParameterError("Give y or votes, one of them: where there is gold, votes have nothing to add.")
            self._fit_votes(soft.probs, *_judges(votes, soft, accuracies))
        return self

    def transform(self, probs: Any) -> Any:
        """The calibrated probabilities: SoftLabels of SoftLabels, else an array (n, k)."""
        check_is_fitted(self, "k_")
        soft = read_labels(probs, "probs")
        if soft.k != self.k_:
            raise SoftLabelError(f"probs has {soft.k} classes; the calibrator was fitted to {self.k_}.")
        if not soft.n:
            out = soft.probs
        elif self.method == "temperature":
            out = _sharpened(soft.probs, self.temperature_)
        else:
            out = _with_confidence(soft.probs, self.curve_.predict(soft.confidence))
        return soft.replace(probs=out) if isinstance(probs, SoftLabels) else out

    def _fit_gold(self, probs: Floats, gold: Codes) -> None:
        self.n_rows_ = len(gold)
        if self.method == "temperature":
            rows = np.arange(len(gold))
            self.temperature_ = _temperature(lambda at: at[rows, gold], probs)
        else:
            self._fit_curve(probs.max(axis=1), (probs.argmax(axis=1) == gold) * 1.0, np.ones(len(gold)))

    def _fit_votes(self, probs: Floats, matrix: VoteMatrix, right: Floats) -> None:
        other = (1 - right) / (probs.shape[1] - 1)
        told = np.flatnonzero((right - other)[matrix.lf] > LEAST_EDGE)
        rows, vote, lf = matrix.rows[told], matrix.vote[told], matrix.lf[told]
        if not len(rows):
            raise VoteError("No labeling function that is right more often than by chance votes on any of the rows.")
        self.n_rows_ = len(np.unique(rows))
        if self.method == "isotonic":
            edge = (right - other)[lf]
            agrees = probs[rows].argmax(axis=1) == vote
            self._fit_curve(probs[rows].max(axis=1), (agrees - other[lf]) / edge, edge**2)
            return

        def said(at: Floats) -> Floats:
            p = at[rows, vote]
            return p * right[lf] + (1 - p) * other[lf]

        self.temperature_ = _temperature(said, probs)

    def _fit_curve(self, confidence: Floats, right: Floats, weight: Floats) -> None:
        curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        step = curve.fit(confidence, right, sample_weight=weight).predict(confidence)
        each, place = np.unique(step, return_inverse=True)
        mass, mean = np.bincount(place, weight), float(np.average(step, weights=weight))
        drawn = (each * mass + mean * weight.mean()) / (mass + weight.mean())
        self.curve_ = curve.fit(confidence, drawn[place], sample_weight=weight)


def _temperature(likelihood: Callable[[Floats], Floats], probs: Floats) -> float:
    """The most probable temperature, of which the likelihood is told for probabilities (n, k)."""

    def loss(log_temperature: float) -> float:
        told = np.maximum(likelihood(_sharpened(probs, float(np.exp(log_temperature)))), 1e-300)
        return float(log_temperature**2 / (2 * LOG_TEMPERATURE_SD**2) - np.log(told).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))


def _judges(votes: Any, soft: SoftLabels, accuracies: Any) -> tuple[VoteMatrix, Floats]:
    """The votes, and how right each labeling function is, where it votes at all."""
    matrix = check_votes(votes, classes=soft.k)
    if matrix.n != soft.n:
        raise VoteError(f"There are votes on {matrix.n:,} rows for {soft.n:,} rows of probabilities.")
    if not matrix.nnz:
        raise VoteError(f"None of the {matrix.n:,} rows has a vote: there is nothing to calibrate by.")
    if accuracies is None:
        right = np.asarray(LabelModel(classes=soft.k).fit(matrix.frame()).accuracies_, dtype=np.float64)
    else:
        right = np.asarray(accuracies, dtype=np.float64)
        if right.shape != (matrix.m,):
            raise ParameterError(f"accuracies must be of shape ({matrix.m},), a labeling function each: {right.shape}.")
    heard = np.unique(matrix.lf)
    wrong = heard[~((right[heard] >= 0) & (right[heard] <= 1))]
    if len(wrong):
        raise ParameterError(f"The accuracy of {matrix.name(int(wrong[0]))!r} is {right[wrong[0]]}: not within 0 to 1.")
    return matrix, np.clip(np.nan_to_num(right), 1e-3, 1 - 1e-3)


def _log(probs: Floats) -> Floats:
    return np.log(np.maximum(probs, 1e-12))


def _sharpened(probs: Floats, temperature: float) -> Floats:
    scores = _log(probs) / temperature
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _with_confidence(probs: Floats, confidence: Floats) -> Floats:
    """The likeliest class at this confidence, as far as it stays the likeliest; the others share what is left."""
    top = probs.argmax(axis=1)[:, None]
    highest = np.take_along_axis(probs, top, axis=1)
    left = 1 - highest
    share = np.divide(probs, left, out=np.full_like(probs, 1 / (probs.shape[1] - 1)), where=left > 1e-12)
    np.put_along_axis(share, top, 0.0, axis=1)
    second = share.max(axis=1, keepdims=True)
    kept = np.maximum(confidence[:, None], second / (1 + second) + 1e-9)  # by more than rounding
    out = share * (1 - kept)
    np.put_along_axis(out, top, kept, axis=1)
    return np.asarray(out / out.sum(axis=1, keepdims=True))
