"""What rows of known class correct in a fitted label model: confidence, thresholds, what votes count, class prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from scipy.optimize import minimize
from scipy.special import gammaln

from weaklab.label_models.calibration import OFFSET_SD, TEMPERATURE_SD
from weaklab.typing import Floats

#: The standard deviation of the Gaussian prior of what a vote counts for a class beyond what was learned, in nats.
#: Chosen on public label matrices and synthetic draws together: 2 gives the same mean log-loss within .005, .5 up to
#: .03 more.
VOTE_SD = 1.0
#: Tables of rows by pairs with no more entries than this are multiplied faster dense.
DENSE = 200_000
#: How many rows a class prior may be worth when gold rows correct it: how many it is, they tell too.
WORTHS = np.array([3.0, 10.0, 30.0, 100.0, 300.0, 1000.0])


class Correction(NamedTuple):
    """Scores s of a row become ``temperature * s + offset + scale * (the sum of votes over its pairs)``."""

    temperature: float
    offset: Floats  # (k,)
    votes: Floats | None = None  # (pairs, k); None where they are all 0

    def towards(self, other: Correction, part: float) -> Correction:
        """The correction that lies between this one (0) and another (1)."""
        votes: Floats | None = None
        if self.votes is not None or other.votes is not None:
            nothing = np.zeros(())
            ours, theirs = (nothing if one.votes is None else one.votes for one in (self, other))
            votes = (1 - part) * ours + part * theirs
        return Correction(
            (1 - part) * self.temperature + part * other.temperature,
            (1 - part) * self.offset + part * other.offset,
            votes,
        )


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows that have votes, as a label model scores them.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Log-posteriors, up to a constant per row.
    design : sparse array of shape (n, pairs)
        What evidence of a row is multiplied by, at each pair that occurs on it.
    weight : ndarray of shape (n,)
        How often each row counts.
    """

    scores: Floats
    design: Any
    weight: Floats

    @classmethod
    def of(
        cls, posterior: Floats, pair: np.ndarray, pairs: int, scale: Floats, row_counts: np.ndarray, weight: Floats
    ) -> Scored:
        """Rows from their posteriors (n, k), the pairs of their votes, side by side, and their scales (n,)."""
        indptr = np.concatenate([[0], np.cumsum(row_counts, dtype=np.int64)])
        values = np.repeat(scale, row_counts)
        design = scipy.sparse.csr_array((values, pair.astype(np.int64), indptr), shape=(len(row_counts), pairs))
        return cls(np.log(np.maximum(posterior, np.finfo(float).tiny)), design, weight)

    def corrected(self, by: Correction) -> Floats:
        """The corrected scores, (n, k)."""
        scores = by.temperature * self.scores + by.offset
        return scores if by.votes is None else scores + self.design @ by.votes


def correct_votes(
    rows: Scored, gold: np.ndarray, free: np.ndarray, near: Correction | None = None, tol: float = 1e-13
) -> Correction:
    r"""The most probable temperature, offsets, and additions to what votes count, given rows whose class is known.

    Minimises the convex

    .. math:: -\sum_i w_i \log \mathrm{softmax}(t s_i + b + c_i \sum_{p \in i} D_p)_{g_i}
              + \frac{(t - 1)^2}{2 \cdot 0.5^2} + \frac{|b|^2}{2} + \frac{|D|^2}{2}

    a logistic regression (Cox, 1958, doi:10.1111/j.2517-6161.1958.tb00292.x) on votes, whose prior mean is what the
    model learned from votes alone. Unlike counts of right votes on gold rows it knows of votes that repeat each other.

    Parameters
    ----------
    rows : Scored
        n rows.
    gold : ndarray of int of shape (n,)
        Classes 0..k-1.
    free : ndarray of bool of shape (pairs,)
        Whether what a pair counts may be corrected.
    near : Correction, optional
        Where to begin; the end does not depend on it.
    tol : float
        It ends where the objective falls by no more than this part of it.

    Returns
    -------
    Correction
        Its temperature is 0.05 or more.
    """
    n, k = rows.scores.shape
    used = np.flatnonzero(free & (np.bincount(rows.design.indices, minlength=len(free)) > 0))
    design = rows.design[:, used]
    if design.shape[0] * design.shape[1] <= DENSE:
        design = design.toarray()
    scores = rows.scores - rows.scores.mean(axis=1, keepdims=True)
    one_hot = np.eye(k)[gold]
    centre = np.concatenate([[1.0], np.zeros(k + len(used) * k)])
    begin = centre
    if near is not None and near.votes is not None:
        begin = np.concatenate([[near.temperature], near.offset, near.votes[used].ravel()])
    sd = np.concatenate([[TEMPERATURE_SD], np.full(k, OFFSET_SD), np.full(len(used) * k, VOTE_SD)])

    def objective(at: Floats) -> tuple[float, Floats]:
        logits = at[0] * scores + at[1 : 1 + k] + design @ at[1 + k :].reshape(-1, k)
        logits = logits - logits.max(axis=1, keepdims=True)
        norm = np.log(np.exp(logits).sum(axis=1))
        error = rows.weight[:, np.newaxis] * (np.exp(logits - norm[:, np.newaxis]) - one_hot)
        away = (at - centre) / sd
        value = rows.weight @ (norm - logits[np.arange(n), gold]) + away @ away / 2
        by_votes = (design.T @ error).ravel()
        gradient = np.concatenate([[(error * scores).sum()], error.sum(axis=0), by_votes]) + away / sd
        return float(value), gradient

    limits = {"maxiter": 500, "ftol": tol, "gtol": 1e-7}
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", options=limits).x
    votes = np.zeros((len(free), k))
    votes[used] = found[1 + k :].reshape(-1, k)
    return Correction(max(float(found[0]), 0.05), found[1 : 1 + k], votes)


def corrected_prior(learned: Floats, with_votes: Floats, without: Floats) -> Floats:
    """The class prior of rows without votes, where some rows' classes are known.

    Parameters
    ----------
    learned : ndarray of shape (k,)
        What votes alone say.
    with_votes, without : ndarray of shape (k,)
        Counts of known classes among rows that have votes, and among those that have none. The first correct what is
        learned, and the second, which tell of such rows directly, correct that; each the more, the less well the prior
        that it meets explains it (the worth of a prior in rows has six values that are equally likely beforehand).

    Returns
    -------
    ndarray of shape (k,)
        Sums to 1.

    Examples
    --------
    >>> corrected_prior(np.array([0.5, 0.5]), np.array([90.0, 10.0]), np.zeros(2)).round(2)
    array([0.89, 0.11])
    >>> corrected_prior(np.array([0.5, 0.5]), np.array([52.0, 48.0]), np.array([4.0, 1.0])).round(2)
    array([0.57, 0.43])
    """
    prior = learned
    for counts in (with_votes, without):
        before = WORTHS[:, np.newaxis] * prior  # (worths, k): Dirichlet priors
        seen = gammaln(before + counts) - gammaln(before)
        likelihood = seen.sum(axis=1) + gammaln(WORTHS) - gammaln(WORTHS + counts.sum())
        belief = np.exp(likelihood - likelihood.max())
        prior = belief / belief.sum() @ ((before + counts) / (WORTHS + counts.sum())[:, np.newaxis])
    return prior / prior.sum()
