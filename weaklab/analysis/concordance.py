r"""Whether votes agree more often than votes that are dealt at random: the test that tells them from noise.

Let :math:`x_{ijy}` be 1 where labeling function j votes for class y on row i, and :math:`p_{jy}` the share of rows on
which it does. Two that know nothing of the class, nor of each other, agree on :math:`\sum_y p_{jy} p_{ly}` of the rows,
and meet on :math:`s_j s_l` of them, :math:`s_j = \sum_y p_{jy}`. Over all pairs, let :math:`\rho` be the one over the
other: the share of meetings on which chance has them agree. With A the agreements and M the meetings that there are,

.. math:: A - \rho M = \sum_i \sum_{j < l} (x_{ij} - p_j)^\top (I - \rho 1 1^\top) (x_{il} - p_l)

up to what the estimation of p adds. Without any dependence the terms are uncorrelated, so that the variance is

.. math:: n \sum_{j < l} \mathrm{tr}(Q \Sigma_j Q \Sigma_l), \quad Q = I - \rho 1 1^\top,
          \quad \Sigma_j = \mathrm{diag}(p_j) - p_j p_j^\top

which needs a pass over the votes and no pair of labeling functions. Rows that attract votes whatever they are for raise
A and M alike, and say nothing. Functions that vote for one class only count by whom they meet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from weaklab.typing import Floats
from weaklab.votes import VoteMatrix


class Concordance(NamedTuple):
    """How often labeling functions agree where they meet."""

    #: On how many rows two meet, over all pairs of them.
    meetings: float
    #: The share of meetings on which the two agree, and that which chance alone would give.
    agreement: float
    by_chance: float
    #: The standard error of the agreement, if there is nothing but chance.
    error: float

    @property
    def beyond_chance(self) -> float:
        """The agreement, corrected for chance: 0 by chance alone, 1 if all agree always."""
        return (self.agreement - self.by_chance) / (1 - self.by_chance)

    @property
    def z(self) -> float:
        """By how many standard errors the agreement is above that by chance."""
        return (self.agreement - self.by_chance) / self.error


def concordance(matrix: VoteMatrix) -> Concordance | None:
    """Count agreements over all pairs of labeling functions, beside what chance alone would make of them.

    Parameters
    ----------
    matrix : VoteMatrix
        The votes; those of labeling functions that repeat each other, once.

    Returns
    -------
    Concordance, or None
        None where nobody meets, or where all vote for one class.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> found = concordance(check_votes([[0, 0, -1], [1, 1, -1], [0, 1, 0], [1, -1, 0]] * 25))
    >>> int(found.meetings), round(found.agreement, 2), round(found.by_chance, 2)
    (150, 0.5, 0.46)
    """
    n, m, k = matrix.n, matrix.m, matrix.k
    table = np.bincount(matrix.code, minlength=m * k).reshape(m, k).astype(np.float64)  # votes by class
    votes = table.sum(axis=1)
    for_class = np.bincount(matrix.rows * k + matrix.vote).astype(np.float64)  # on each row
    meetings = _pairs(matrix.row_counts.astype(np.float64))
    agreements = _pairs(for_class)
    alike, any_two = (table.sum(axis=0) ** 2 - (table**2).sum(axis=0)).sum(), votes.sum() ** 2 - (votes**2).sum()
    chance = float(alike / (any_two or 1.0))
    if not meetings or not n or chance >= 1 - 1e-9:
        return None
    return Concordance(
        meetings, agreements / meetings, chance, float(np.sqrt(_variance(table / n, chance) * n)) / meetings
    )


def _pairs(counts: Floats) -> float:
    return float((counts * (counts - 1)).sum() / 2)


def _variance(p: Floats, rho: float) -> float:
    """The variance that one row adds: half of the sum over all ordered pairs, less each with itself."""
    votes = p.sum(axis=1)
    silent = 1 - votes  # (m,)
    cov = np.diag(p.sum(axis=0)) - p.T @ p  # sum of the covariances, (k, k)
    ones = silent @ p  # its row sums
    every = (cov**2).sum() - 2 * rho * (ones**2).sum() + rho**2 * ones.sum() ** 2
    pull = p + rho * silent[:, np.newaxis]  # Q Sigma_j = diag(p_j) - pull_j p_j'
    itself = (p**2).sum(axis=1) - 2 * (p**2 * pull).sum(axis=1) + (p * pull).sum(axis=1) ** 2
    return float(max(every - itself.sum(), 0) / 2)
