"""How far votes are from what a model with independent labeling functions implies: its fit, pair by pair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from weaklab._kernels.em import Expected
from weaklab.label_models.co_votes import co_counts
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats

#: Pairs of labeling functions that are expected to meet on fewer rows than this are passed over.
LEAST_MEETINGS = 5.0
#: Of more labeling functions than this, those that vote most often are looked at.
MOST_FUNCTIONS = 500
#: Standard errors that the association is lowered by: what chance may have added.
CAUTION = 2.0


class Misfit(NamedTuple):
    """How far votes are from a model."""

    #: The root mean square correlation that is left between labeling functions given the class, at the least; [0, 1].
    association: float
    #: By how much the squared errors of their tables exceed what chance makes them, 1 or more.
    overdispersion: float


def misfit(problem: Problem, expected: Expected, partial: np.ndarray, active: np.ndarray) -> Misfit:
    r"""The association that is left between labeling functions, given the class.

    For two that vote for all classes, Pearson's :math:`X^2` of the table of their votes against
    :math:`\sum_y N_y \theta_{iyv} \theta_{jyw}`, scaled to the rows on which both vote; for others, of the number of
    rows on which both vote. Less its expectation, over the rows, it is a squared correlation: 0 where the model is
    right, whatever the number of rows. Over its expectation, it is the overdispersion by which quasi-likelihood widens
    intervals (Wedderburn, 1974, doi:10.1093/biomet/61.3.439).

    Parameters
    ----------
    problem : Problem
        The rows.
    expected : Expected
        Expected counts of pairs and classes under the model.
    partial : ndarray of bool of shape (m,)
        The labeling functions that never vote for some class.
    active : ndarray of bool of shape (m,)
        Those that the model was fitted to; others are passed over.

    Returns
    -------
    Misfit
        Over all pairs, each by its rows; (0, 1) where there are none.
    """
    pairs, k = problem.pairs, problem.k
    chosen = _chosen(problem, active)
    if len(chosen) < 2:
        return Misfit(0.0, 1.0)
    place = np.full(problem.m, -1)
    place[chosen] = np.arange(len(chosen))
    ours = np.flatnonzero(place[pairs.lf] >= 0)
    lf = place[pairs.lf[ours]]
    table = co_counts(problem.covered())
    seen = table[ours][:, ours]
    seen = np.asarray(seen.toarray() if hasattr(seen, "toarray") else seen)
    rows = np.maximum(expected.state_counts, 1e-9)
    theta = expected.counts[ours] / rows  # (pairs, k)
    implied = theta @ expected.counts[ours].T
    both, implied_both = _by_lf(seen, lf, len(chosen)), _by_lf(implied, lf, len(chosen))
    full = ~partial[chosen]
    of_votes = np.outer(full, full)
    scale = np.where(of_votes, both / np.maximum(implied_both, 1e-9), 1)[np.ix_(lf, lf)]
    implied = implied * scale
    from_votes = _by_lf((seen - implied) ** 2 / np.maximum(implied, 0.5), lf, len(chosen))
    fires = np.zeros((len(chosen), k))
    np.add.at(fires, lf, theta)
    spread = fires * np.clip(1 - fires, 0, 1)
    from_meetings = (both - implied_both) ** 2 / np.maximum((spread * rows) @ spread.T, 1e-9)
    meetings = np.where(of_votes, both, implied_both)
    counted = meetings >= np.where(of_votes, k * k, 1) * LEAST_MEETINGS
    np.fill_diagonal(counted, False)
    if not counted.any():
        return Misfit(0.0, 1.0)
    freedom = np.where(of_votes, k * k - 1, 1)[counted]
    squares = np.where(of_votes, from_votes, from_meetings)[counted]
    number = np.where(of_votes, both, rows.sum())[counted].sum()
    chance = np.sqrt(4 * freedom.sum())  # of the sum of X^2, each pair standing twice
    association = np.sqrt(np.clip((squares.sum() - freedom.sum() - CAUTION * chance) / number, 0, 1))
    return Misfit(float(association), max(float((squares / freedom).mean()), 1.0))


def identified(problem: Problem, active: np.ndarray) -> np.ndarray:
    """Which labeling functions' accuracies agreements can tell: those that meet two others or more, bool of shape (m,).

    Two labeling functions show one agreement, which many accuracies of theirs explain alike; three show three.

    Parameters
    ----------
    problem : Problem
        The rows; known classes tell accuracies whoever meets.
    active : ndarray of bool of shape (m,)
        The labeling functions that may be met.
    """
    if problem.has_gold:
        return np.ones(problem.m, dtype=bool)
    pairs = problem.pairs
    of_lf = sparse.csr_array((np.ones(len(pairs)), (pairs.lf, np.arange(len(pairs)))), shape=(problem.m, len(pairs)))
    met = of_lf @ co_counts(problem.covered()) @ of_lf.T
    met = (met >= LEAST_MEETINGS) * active
    own = met.diagonal()
    return np.asarray(met.sum(axis=1)).ravel() - own >= 2


def _chosen(problem: Problem, active: np.ndarray) -> np.ndarray:
    """The labeling functions that are looked at, in order."""
    votes = np.bincount(problem.pairs.lf, problem.fired, minlength=problem.m)
    often = np.lexsort((-votes,))[:MOST_FUNCTIONS]
    return np.sort(often[(active & (votes > 0))[often]])


def _by_lf(table: Floats, lf: np.ndarray, m: int) -> Floats:
    """Sums of a table of pairs by pairs over the votes of each two labeling functions, (m, m)."""
    first = np.zeros((m, table.shape[1]))
    np.add.at(first, lf, table)
    both = np.zeros((m, m))
    np.add.at(both, lf, first.T)
    return both.T
