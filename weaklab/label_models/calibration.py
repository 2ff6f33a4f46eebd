"""Fit the confidence of a label model to gold rows: one temperature, and an offset per class."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from weaklab.typing import Floats

#: Standard deviations of the Gaussian priors: the temperature around 1, each offset around 0 (nats).
TEMPERATURE_SD = 0.5
OFFSET_SD = 1.0


class Calibration(NamedTuple):
    """Scores s of a row become ``temperature * s + offset``."""

    temperature: float
    offset: Floats  # (k,)


def calibrate(scores: Floats, gold: np.ndarray, weight: Floats, offsets: bool = True) -> Calibration:
    r"""The most probable temperature and offsets, given rows whose class is known.

    Minimises the convex

    .. math:: -\sum_i w_i \log \mathrm{softmax}(t s_i + b)_{g_i} + \frac{(t - 1)^2}{2 \cdot 0.5^2} + \frac{|b|^2}{2}

    by Newton's method. It extends temperature scaling (Guo et al., 2017, doi:10.48550/arXiv.1706.04599) by offsets,
    which is what sets the threshold where classes are imbalanced; the priors keep a handful of rows from deciding much.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Log-posteriors, up to a constant per row.
    gold : ndarray of int of shape (n,)
        Classes 0..k-1.
    weight : ndarray of shape (n,)
        How often each row counts.
    offsets : bool
        Whether there are offsets; without them a temperature is all that is fitted.

    Returns
    -------
    Calibration
        Its temperature is 0.05 or more.

    Examples
    --------
    >>> scores = np.log([[0.9, 0.1]] * 10)
    >>> calibrate(scores, np.array([0] * 6 + [1] * 4), np.ones(10)).temperature < 1
    True
    """
    n, k = scores.shape
    scores = scores - scores.mean(axis=1, keepdims=True)
    parameters = np.concatenate([[1.0], np.zeros(k)])
    precision = np.concatenate([[TEMPERATURE_SD**-2], np.full(k, OFFSET_SD**-2 if offsets else 1e12)])
    centre = np.concatenate([[1.0], np.zeros(k)])

    def objective(at: Floats) -> float:
        logits = at[0] * scores + at[1:]
        top = logits.max(axis=1)
        norm = top + np.log(np.exp(logits - top[:, np.newaxis]).sum(axis=1))
        return float(weight @ (norm - logits[np.arange(n), gold]) + precision @ (at - centre) ** 2 / 2)

    value = objective(parameters)
    for _ in range(100):
        logits = parameters[0] * scores + parameters[1:]
        q = np.exp(logits - logits.max(axis=1, keepdims=True))
        q /= q.sum(axis=1, keepdims=True)
        error = q - np.eye(k)[gold]  # (n, k)
        gradient = np.concatenate([[weight @ (error * scores).sum(axis=1)], weight @ error])
        gradient += precision * (parameters - centre)
        mean = (q * scores).sum(axis=1, keepdims=True)
        hessian = np.diag(precision)
        hessian[0, 0] += weight @ (q * (scores - mean) ** 2).sum(axis=1)
        hessian[0, 1:] += weight @ (q * (scores - mean))
        hessian[1:, 0] = hessian[0, 1:]
        hessian[1:, 1:] += np.diag(weight @ q) - (q * weight[:, np.newaxis]).T @ q
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-8 and (new := objective(parameters - size * step)) > value:
            size /= 2
        if size <= 1e-8:
            break  # no lower within rounding
        parameters, gain, value = parameters - size * step, value - new, new
        if gain <= 1e-14 * max(1.0, abs(value)):
            break
    return Calibration(max(float(parameters[0]), 0.05), parameters[1:])


def calibrate_odds(probs: Floats, rows: np.ndarray, vote: np.ndarray, gold: np.ndarray, weight: Floats) -> float:
    """The most probable temperature where classes are many, and those without votes on a row count as one.

    Parameters
    ----------
    probs : ndarray of shape (n, k)
        Posteriors.
    rows, vote : ndarray of int of shape (nnz,)
        The row of each vote, ascending, and the class that it is for.
    gold, weight : ndarray of shape (n,)
        As for :func:`calibrate`.

    Returns
    -------
    float
        What to raise the probabilities of the classes with votes, and of all others together, to; 0.05 or more.

    Examples
    --------
    >>> probs = np.array([[0.9, 0.06, 0.04]] * 10)
    >>> calibrate_odds(probs, np.arange(10), np.zeros(10, int), np.array([0] * 6 + [1] * 4), np.ones(10)) < 1
    True
    """
    n, k = probs.shape
    row, voted = np.divmod(np.unique(rows * np.int64(k) + vote), k)  # each class with votes once
    place = 1 + np.arange(len(row)) - np.searchsorted(row, np.arange(n))[row]
    mass = np.zeros((n, place.max(initial=0) + 1))  # a column for all others, then one per class with votes
    mass[row, place] = probs[row, voted]
    mass[:, 0] = np.maximum(1 - mass.sum(axis=1), 0)
    at, hit = np.zeros(n, dtype=np.int64), voted == gold[row]
    at[row[hit]] = place[hit]
    log_mass = np.log(np.maximum(mass, np.finfo(float).tiny))
    log_gold = log_mass[np.arange(n), at]

    def objective(temperature: float) -> float:
        log_norm = np.log(np.exp(temperature * log_mass, where=mass > 0, out=np.zeros_like(mass)).sum(axis=1))
        return float(weight @ (log_norm - temperature * log_gold) + (temperature - 1) ** 2 / (2 * TEMPERATURE_SD**2))

    return float(minimize_scalar(objective, bounds=(0.05, 20), method="bounded").x)


def macro_f1(predicted: np.ndarray, gold: np.ndarray, weight: Floats, k: int) -> float:
    """The mean over the classes that occur in gold of ``2 tp / (2 tp + fp + fn)``, by weight."""
    hits = np.bincount(gold[predicted == gold], weight[predicted == gold], minlength=k)
    sizes = np.bincount(predicted, weight, minlength=k) + np.bincount(gold, weight, minlength=k)
    occurs = np.bincount(gold, minlength=k) > 0
    return float((2 * hits[occurs] / sizes[occurs]).mean())
