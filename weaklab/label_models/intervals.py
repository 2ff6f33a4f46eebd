"""Intervals around accuracies: how far they would move if other rows had been drawn, and other priors held."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta, t

from weaklab._kernels.em import Expected
from weaklab.label_models.appraisal import (
    HALF_BELIEVED,
    MAX_PASSES,
    PRIOR_VOTES,
    Appraisal,
    PlainModel,
    Rule,
    appraise,
    share_right,
)
from weaklab.label_models.dependence import find_dependence, with_groups
from weaklab.label_models.misfit import identified, misfit
from weaklab.label_models.problem import Problem
from weaklab.label_models.tempered import Known
from weaklab.typing import Floats

#: The nominal coverage.
INTERVAL = 0.90
#: Rows that are resampled.
RESAMPLED_ROWS = 5_000
#: Draws in which each labeling function takes part, and the fewest; between them, what keeps tables and draws together
#: below so many entries.
DRAWS, FEWEST, ENTRIES = 60, 20, 200_000
#: Log-weights (nats) of draws need not settle nearer than this: their spread is what counts.
NEAR = 1e-3
#: Draws of larger tables stop after so many passes: of hundreds of classes, the weights of pairs that hardly occur
#: wander on, and accuracies do not. With 8 labeling functions and 300 classes, and 12 and 150, bounds differ by .004 at
#: most, of intervals .03 to .11 wide.
FEW_PASSES = 15
#: Accuracies are kept this far from 0 and 1 where their log-odds are taken.
EDGE = 1e-4


def resample(problem: Problem, draw: Callable[[Problem, np.random.Generator], Floats], draws: int, m: int) -> Floats:
    """Accuracies that are learned anew from resampled rows.

    Each row gets a weight from a Poisson distribution (the bootstrap: Efron, 1979, doi:10.1214/aos/1176344552). Beyond
    ``RESAMPLED_ROWS`` rows a sample stands for all, each of its rows for as many as it is short.

    Parameters
    ----------
    problem : Problem
        The rows.
    draw : callable
        From the rows with new weights, and a source of randomness, to accuracies (m,); NaN where it has none.
    draws : int
        How often.
    m : int
        How many labeling functions there are.

    Returns
    -------
    ndarray of shape (draws, m)
    """
    rows, rng = problem.sample(RESAMPLED_ROWS), np.random.default_rng(0)
    weight = rows.weight if len(rows.weight) else np.ones(rows.votes.n)
    weight = weight * problem.total / max(rows.total, 1e-12)
    out = np.full((draws, m), np.nan)
    for b in range(draws):
        out[b] = draw(replace(rows, weight=rng.poisson(weight).astype(np.float64)), rng)
    return out


def appraised_anew(problem: Problem, appraisal: Appraisal, known: Known) -> Floats:
    r"""Accuracies that the plain model gives for resampled rows and redrawn priors, (draws, m).

    The posterior bootstrap (Fong, Lyddon and Holmes, 2019, doi:10.48550/arXiv.1902.03175): beside the weights of the
    rows, the prior accuracy of each labeling function is drawn from
    :math:`\mathrm{Beta}(s a_j, s (1 - a_j))`, s being the votes that the prior is worth. Where votes say much, priors
    do not matter; where they do not identify an accuracy, it moves as far as the prior allows.

    Parameters
    ----------
    problem : Problem
        The rows.
    appraisal : Appraisal
        What they gave.
    known : Known
        What is known beforehand.

    Returns
    -------
    ndarray of shape (draws, m)
        NaN where a labeling function sat out.
    """
    told = [identified(problem, active)[problem.pairs.lf, np.newaxis] for active, _ in appraisal.rounds]
    each = int(np.clip(ENTRIES // max(len(problem.pairs) * problem.k, 1), FEWEST, DRAWS))
    draws = each * len(appraisal.rounds)
    most = FEW_PASSES if len(problem.pairs) * problem.k > ENTRIES else MAX_PASSES
    turn = iter(np.arange(draws) % len(appraisal.rounds))

    def draw(rows: Problem, rng: np.random.Generator) -> Floats:
        at = next(turn)
        active, rule = appraisal.rounds[at]
        mean = known.accuracy.mean(axis=1)
        drawn = rng.beta(PRIOR_VOTES * mean, PRIOR_VOTES * (1 - mean))  # (m,)
        prior = np.clip(known.accuracy + (drawn - mean)[:, np.newaxis], 0.01, 0.99)
        prior = np.where(known.pinned[:, np.newaxis], known.accuracy, prior)
        model = PlainModel(rows, replace(known, accuracy=prior))
        # What votes do not identify, EM leaves about where it begins.
        nothing = Expected(np.zeros_like(rule.weights), rows.total * appraisal.class_shares, np.nan)
        begin = np.where(told[at], rule.weights, model.maximise(nothing, active).weights)
        expected, _ = model.settle(Rule(begin, rule.prior), active, NEAR, most)
        accuracy = share_right(rows.pairs, expected.counts, rows.m)
        accuracy[~active] = np.nan
        return accuracy

    return resample(problem, draw, draws, problem.m)


def around(centre: Floats, draws: Floats, widen: float = 1.0) -> Floats:
    """Intervals from the spread of draws in log-odds, (m, 2).

    Parameters
    ----------
    centre : ndarray of shape (m,)
        The accuracies.
    draws : ndarray of shape (draws, m)
        As they were learned anew; NaN where one was not.
    widen : float
        What the spread is multiplied by.

    Returns
    -------
    ndarray of shape (m, 2)
        NaN where the centre is.
    """
    odds = logit(np.clip(draws, EDGE, 1 - EDGE))
    number = (~np.isnan(odds)).sum(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a labeling function that no draw saw
        spread = np.nan_to_num(np.nanstd(odds, axis=0, ddof=1))
    half = widen * spread * t.ppf((1 + INTERVAL) / 2, np.maximum(number - 1, 1))
    middle = logit(np.clip(centre, EDGE, 1 - EDGE))[:, np.newaxis]
    bounds = expit(middle + half[:, np.newaxis] * np.array([-1, 1]))
    return np.column_stack([np.minimum(bounds[:, 0], centre), np.maximum(bounds[:, 1], centre)])


def from_counts(right: Floats, total: Floats) -> Floats:
    """Jeffreys' intervals of expected counts, (m, 2): Beta(1/2 + right, 1/2 + wrong), NaN where there are none.

    They take the posteriors as true (Brown, Cai and DasGupta, 2001, doi:10.1214/ss/1009213286).

    Examples
    --------
    >>> from_counts(np.array([8.0, 80.0]), np.array([10.0, 100.0])).round(2)
    array([[0.55, 0.94],
           [0.73, 0.86]])
    """
    tail = (1 - INTERVAL) / 2
    bounds = beta.ppf([[tail], [1 - tail]], right + 0.5, np.maximum(total - right, 0) + 0.5).T  # (m, 2)
    bounds[total == 0] = np.nan
    return bounds


def hull(*intervals: Floats) -> Floats:
    """The smallest interval that holds all of the given ones, (m, 2); those that are NaN do not count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a labeling function that never votes
        low = np.nanmin([part[:, 0] for part in intervals], axis=0)
        high = np.nanmax([part[:, 1] for part in intervals], axis=0)
    return np.clip(np.column_stack([low, high]), 0, 1)


def expected_under(model: Any, problem: Problem) -> Expected:
    """The expected counts of a fitted model's own posteriors, on rows that have votes."""
    other = copy(model)
    other._count(problem.covered())
    return Expected(other._pair_counts, other._class_counts, np.nan)


def learned_intervals(model: Any) -> Floats:
    """Intervals for the accuracies of a fitted model, (m, 2).

    Parameters
    ----------
    model : label model
        Fitted; it is left as it is.

    Returns
    -------
    ndarray of shape (m, 2)
    """
    problem, centre = model._kept, model.accuracies_
    counted = from_counts(*model._right_and_total())
    if not model._bootstraps or model._many_classes:
        return counted
    other = copy(model)

    def draw(rows: Problem, rng: np.random.Generator) -> Floats:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other.class_prior_ = other._fit(rows).class_prior
            other._count(rows)
        return other.accuracies_

    draws = resample(problem, draw, model._bootstraps, model.n_features_in_)
    if not model._columns_are_functions or not problem.total:
        return hull(counted, around(centre, draws))
    partial, everybody = (
        PlainModel(problem, Known.nothing(problem.m, problem.k)).partial,
        np.ones(problem.m, dtype=bool),
    )
    fit = misfit(problem, expected_under(model, problem), partial, everybody)
    own = hull(counted, around(centre, draws, np.sqrt(fit.overdispersion)))
    _, groups = with_groups(find_dependence(problem), [], problem.m)
    if fit.association < HALF_BELIEVED and not groups and identified(problem, everybody).all():
        return own
    return hull(own, second_opinion(problem, expected_under(model, problem), groups))


def second_opinion(problem: Problem, start: Expected, groups: list[list[int]]) -> Floats:
    """What the plain model says of labeling functions whose votes another model does not describe, (m, 2)."""
    known = Known.nothing(problem.m, problem.k)
    appraisal = appraise(problem, start, known, groups)
    if appraisal is None:
        return np.full((problem.m, 2), np.nan)
    draws = appraised_anew(problem, appraisal, known)
    return around(appraisal.accuracies(problem), draws, np.sqrt(appraisal.overdispersion))
