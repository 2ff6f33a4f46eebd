"""What EM needs of a mixture of Gaussians with one spread for all classes: moments, distances, a temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.special import xlogy

from weaklab.refine.features import Features, dense_rows, row_blocks
from weaklab.typing import Floats

_TEMPERATURES = np.array([1, 1.5, 2, 3, 4, 6, 8, 12, 16, 32, 128, 1024.0])
_TUNED_ON = 20_000  # rows or up to twice as many, evenly spaced; more of them move no temperature
_STEPS = 4  # of the noise, at each temperature from that of the last


@dataclass(frozen=True, eq=False)
class Columns:
    """Where the columns of the features lie, and how far they spread; those that do not vary are left out.

    Parameters
    ----------
    at : ndarray of int of shape (c,)
        Which columns vary.
    mean, scale : ndarray of shape (c,)
        What is taken off each, and what it is divided by.
    """

    at: np.ndarray
    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, Z: Features, one_scale: bool) -> Columns:
        """The columns of a matrix, in two passes: numbers far from 0 keep their digits."""
        n, d = Z.shape
        total, square = np.zeros(d), np.zeros(d)
        for part in row_blocks(Z):
            total += dense_rows(Z, part).sum(axis=0)
        mean = total / n
        for part in row_blocks(Z):
            square += ((dense_rows(Z, part) - mean) ** 2).sum(axis=0)
        std = np.sqrt(square / n)
        at = np.flatnonzero(std > 1e-9 * np.abs(mean))  # below are rounding errors
        scale = np.full(len(at), np.sqrt((std[at] ** 2).mean())) if one_scale and len(at) else std[at]
        return cls(at, mean[at], scale)

    def __call__(self, Z: Features, rows: slice | np.ndarray) -> Floats:
        """Some rows, by slice or number, centred and scaled, (r, c)."""
        return (dense_rows(Z, rows)[:, self.at] - self.mean) / self.scale


def class_moments(Z: Features, columns: Columns, member: Floats, full: bool) -> tuple[Floats, Floats, Floats]:
    """The weight of each class, its centre, and what makes distances of differences.

    Parameters
    ----------
    Z : ndarray or csr_array of shape (n, d)
        The features.
    columns : Columns
        Which of them, of c columns.
    member : ndarray of shape (n, k)
        How much of each row belongs to each class.
    full : bool
        Whether spread differs by direction.

    Returns
    -------
    count : ndarray of shape (k,)
    mean : ndarray of shape (k, c)
        0 for a class of weight 0.
    root : ndarray of shape (c, c)
        ``(z - mean) @ root`` has about unit variance within classes in every direction.

    Notes
    -----
    The covariance within classes is shrunk towards one variance for all directions, by c over c + the rows there are.
    """
    c = len(columns.at)
    full = full and c > 0
    count = member.sum(axis=0)
    total, cross, square = np.zeros((len(count), c)), np.zeros((c, c)), 0.0
    for part in row_blocks(Z):
        z, m = columns(Z, part), member[part]
        total += m.T @ z
        weight = m.sum(axis=1)
        if full:
            cross += (z * weight[:, None]).T @ z
        else:
            square += float(weight @ (z**2).sum(axis=1))
    mean = total / np.maximum(count, 1e-300)[:, None]
    rows = max(float(count.sum()), 1e-300)
    if not full:
        variance = max((square - float(count @ (mean**2).sum(axis=1))) / (rows * max(c, 1)), 1e-12)
        return count, mean, np.eye(c) / np.sqrt(variance)
    covariance = (cross - (mean * count[:, None]).T @ mean) / rows
    even = max(float(np.trace(covariance)) / c, 1e-12)
    shrink = max(c / (c + rows), 1e-6)
    covariance = (1 - shrink) * covariance + shrink * even * np.eye(c)
    lower = cholesky(covariance, lower=True)
    return count, mean, solve_triangular(lower, np.eye(c), lower=True).T


def log_densities(Z: Features, columns: Columns, mean: Floats, root: Floats, share: Floats) -> Floats:
    """Minus half the squared distance of each row to each centre, (n, k), the row itself left out of the centre.

    Parameters
    ----------
    Z, columns, mean, root
        As :func:`class_moments` takes and gives them.
    share : ndarray of shape (n, k)
        Which part of each centre is the row: without it, the row is further off by one over one minus that.
    """
    out = np.empty(share.shape)
    centres = mean @ root
    for part in row_blocks(Z):
        z = columns(Z, part) @ root
        out[part] = (z**2).sum(axis=1, keepdims=True) - 2 * z @ centres.T + (centres**2).sum(axis=1)
    np.maximum(out, 0, out=out)
    out /= -2 * (1 - np.minimum(share, 0.9)) ** 2
    return out


def tune(
    log_density: Floats, probs: Floats, weight: Floats, prior: Floats, allowed: np.ndarray | None
) -> tuple[float, float]:
    r"""How far to trust the features, and how often labels are wrong: both by the likelihood of the labels.

    Densities of many dimensions are far too sure of themselves, so they are flattened by a temperature :math:`T`.
    With a share :math:`\varepsilon` of labels that say nothing, labels :math:`P_{ik}` of rows whose features give
    :math:`r_{ik} \propto \pi_k N_{ik}^{1/T}` have the log-likelihood

    .. math:: \sum_i w_i \sum_k P_{ik} \log\big((1 - \varepsilon) r_{ik} + \varepsilon \pi_k\big),

    so that noise in the labels is no reason for doubt in the features. Rows that may have some classes only are
    facts and no opinions: of them it is the log of the whole mass on these classes.

    Parameters
    ----------
    log_density : ndarray of shape (n, k)
        Of each row under each class, up to a constant per row.
    probs, weight : ndarray of shape (n, k) and (n,)
        The labels; rows of weight 0 are left out.
    prior : ndarray of shape (k,)
        The classes' shares.
    allowed : ndarray of bool of shape (n, k), or None
        The classes that a row may have.

    Returns
    -------
    temperature : float
        1 to 1,024.
    noise : float in (0, 1)
    """
    used = np.flatnonzero(weight > 0)
    used = used[:: max(1, len(used) // _TUNED_ON)]
    density, weight, target = log_density[used], weight[used] / weight[used].mean(), probs[used]
    facts = np.zeros(0, dtype=np.int64) if allowed is None else np.flatnonzero(~allowed[used].all(axis=1))
    with np.errstate(divide="ignore"):
        log_prior = np.log(prior)
    best, found, noise = -np.inf, (1.0, 0.5), 0.2
    for temperature in _TEMPERATURES:
        r = density / temperature + log_prior
        r = np.exp(r - r.max(axis=1, keepdims=True))
        r /= r.sum(axis=1, keepdims=True)
        for _ in range(_STEPS):  # EM of one number; a Beta(2, 10) prior keeps it off the ends
            mixed = np.maximum((1 - noise) * r + noise * prior, 1e-300)
            if len(facts):
                mass = mixed[facts] * allowed[used[facts]]  # type: ignore[index]
                target[facts] = mass / mass.sum(axis=1, keepdims=True)
            value = weight @ (target * np.log(mixed)).sum(axis=1) + np.log(noise) + 9 * np.log(1 - noise)
            if len(facts):  # with the entropy of where the mass lies, the log of its sum
                value -= weight[facts] @ xlogy(target[facts], target[facts]).sum(axis=1)
            if value > best:
                best, found = value, (float(temperature), float(noise))
            noise = (weight @ (target * (noise * prior / mixed)).sum(axis=1) + 1) / (weight.sum() + 10)
    return found
