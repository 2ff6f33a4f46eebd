"""Which rows to doubt, by how badly a model predicts their labels: one looks at the losses, one at the features too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from weaklab.exceptions import ParameterError
from weaklab.label_models.parameters import check_probability
from weaklab.refine.features import Features, check_features, row_blocks
from weaklab.refine.gaussian_mixture import Columns
from weaklab.seeding import generator
from weaklab.typing import Floats

_LEARNT_FROM = 50_000  # rows at most
_FLOOR = 5e-4  # of the variance of losses between 0 and 1, and
_STEPS, _TOL = 10, 1e-2  # the ends of EM: all three of the paper's code


class SmallLoss(BaseEstimator):
    """Rows of small loss are clean: a mixture of two Gaussians over the losses tells which are small.

    Parameters
    ----------
    threshold : float in (0, 1), default=0.95
        From which probability of belonging to the large losses a row is noisy.

    Attributes
    ----------
    clean_probability : ndarray of shape (n,)
        The probability of each row to belong to the small losses; all 1 where all losses are the same.
    clean : ndarray of bool of shape (n,)
        Which rows are not noisy.

    Notes
    -----
    After Arazo et al. (2019), "Unsupervised Label Noise Modeling and Loss Correction",
    doi:10.48550/arXiv.1904.11238, and Albert et al. (2024), see :class:`LinearSeparation`. The probability
    never rises with the loss, as that of two Gaussians of different spread would at the ends.

    Examples
    --------
    >>> SmallLoss().fit([0.1, 0.2, 0.1, 3.0, 0.2, 2.9]).clean
    array([ True,  True,  True, False,  True, False])
    """

    def __init__(self, *, threshold: float = 0.95) -> None:
        self.threshold = threshold

    def fit(self, losses: Any, Z: Any = None) -> SmallLoss:
        """Tell small losses from large ones.

        Parameters
        ----------
        losses : array-like of shape (n,)
            How badly a model predicts the label of each row, best one that has not learnt from the row.
        Z : any
            Ignored; other detectors look at it.

        Returns
        -------
        SmallLoss
            Itself.

        Raises
        ------
        ParameterError
            If the losses are not finite numbers, or the threshold is none.
        """
        check_probability("threshold", self.threshold)
        self.clean_probability = _small(_check_losses(losses))
        self.clean = 1 - self.clean_probability <= self.threshold
        return self


class LinearSeparation(BaseEstimator):
    r"""Rows on the side of large losses are strange: a hyperplane in feature space tells which side a row is on.

    :class:`SmallLoss` makes two subsets, and logistic regression on the standardised features separates them. Wrong
    labels of ordinary rows lie among ordinary rows, where no plane finds them; rows that are of no class at all lie
    apart, and are found whatever their loss.

    Parameters
    ----------
    threshold : float in (0, 1), default=0.95
        As of SmallLoss.

    Attributes
    ----------
    clean_probability : ndarray of shape (n,)
        The probability of each row to be on the side of the small losses; all 1 where there is one side only.
    clean : ndarray of bool of shape (n,)
        Where that is a half or more.

    Notes
    -----
    After Albert, Valmadre, Arazo, Krishna, O'Connor and McGuinness (2024), "An accurate detection is not all you need
    to combat label noise in web-noisy datasets", doi:10.48550/arXiv.2407.05528, who weigh both subsets the same. Here
    the noisy one weighs as much as the other at most: with balance, half of the rows would be strange where
    the features tell nothing. It learns from 50,000 rows at most.

    Examples
    --------
    >>> losses, Z = [0.1, 0.2, 0.1, 3.0, 0.2, 2.9], [[0.0], [0.1], [0.2], [0.1], [9.0], [9.1]]
    >>> LinearSeparation().fit([0.1, 0.1, 0.1, 0.1, 3.0, 2.9], Z).clean
    array([ True,  True,  True,  True, False, False])
    """

    def __init__(self, *, threshold: float = 0.95) -> None:
        self.threshold = threshold

    def fit(self, losses: Any, Z: Any) -> LinearSeparation:
        """Separate small losses from large ones in feature space.

        Parameters
        ----------
        losses : array-like of shape (n,)
            How badly a model predicts the label of each row.
        Z : ndarray, memmap, DataFrame of numbers, or sparse matrix, of shape (n, d)
            Features of the same rows.

        Returns
        -------
        LinearSeparation
            Itself.

        Raises
        ------
        ParameterError
            If the losses are not finite numbers, or the threshold is none.
        FrameError
            If Z is no matrix of finite numbers, or has another number of rows.
        """
        check_probability("threshold", self.threshold)
        values = _check_losses(losses)
        features = check_features(Z, len(values))
        noisy = 1 - _small(values) > self.threshold
        self.clean_probability = _side(features, noisy)
        self.clean = self.clean_probability >= 0.5
        return self


def _check_losses(losses: Any) -> Floats:
    try:
        values = np.asarray(losses, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"losses must be one number per row: {error}") from error
    if values.ndim != 1:
        raise ParameterError(f"losses must be of shape (n,), got {values.shape}.")
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ParameterError(f"losses must be finite; row {row} has {values[row]}.")
    return values


def _small(losses: Floats) -> Floats:
    """The probability of each loss to be of the lower of two Gaussians."""
    if not len(losses) or losses.max() - losses.min() <= 1e-12 * max(1.0, abs(float(losses.max()))):
        return np.ones(len(losses))
    x = (losses - losses.min()) / (losses.max() - losses.min())
    mean, variance, share = np.array([0.0, 1.0]), np.full(2, max(x.var(), _FLOOR)), np.full(2, 0.5)
    before = -math.inf
    for _ in range(_STEPS):
        log = np.log(share) - 0.5 * (np.log(2 * np.pi * variance) + (x[:, None] - mean) ** 2 / variance)  # (n, 2)
        total = np.logaddexp(log[:, 0], log[:, 1])
        member = np.exp(log - total[:, None])
        count = np.maximum(member.sum(axis=0), 1e-12)
        share, mean = count / count.sum(), (x @ member) / count
        variance = (member * (x[:, None] - mean) ** 2).sum(axis=0) / count + _FLOOR
        if total.mean() - before < _TOL:
            break
        before = float(total.mean())
    order = np.argsort(x, kind="stable")
    small = np.empty(len(x))
    small[order] = np.minimum.accumulate(np.maximum.accumulate(member[order[::-1], 0])[::-1])
    return small


def _side(Z: Features, noisy: np.ndarray) -> Floats:
    """The probability of each row to be on the side of those that are not noisy."""
    from sklearn.linear_model import LogisticRegression

    columns = Columns.of(Z, one_scale=False) if len(noisy) else None
    if columns is None or noisy.all() or not noisy.any() or not len(columns.at):
        return np.ones(len(noisy))
    rows = np.arange(len(noisy))
    if len(rows) > _LEARNT_FROM:
        rows = np.sort(generator(0).choice(rows, _LEARNT_FROM, replace=False))
        if noisy[rows].all() or not noisy[rows].any():
            return np.ones(len(noisy))
    heavy = min(1.0, float((~noisy[rows]).sum() / noisy[rows].sum()))
    weight = np.where(noisy[rows], heavy, 1.0)
    plane = LogisticRegression(max_iter=1000).fit(columns(Z, rows), noisy[rows], sample_weight=weight)
    return np.concatenate([plane.predict_proba(columns(Z, part))[:, 0] for part in row_blocks(Z)])
