"""How right each labeling function is, estimated apart from the rule that labels rows.

A rule that is to give good labels whatever the votes are like trusts them less than their number asks for, and so
thinks less of whoever casts them. What is said of a labeling function should not carry that bias. Here Dawid and
Skene's model (1979, doi:10.2307/2346806) is fitted to a sample of the rows, begun where the labels' rule ended, barely
smoothed, and with one member of each dependent group at a time, so that none vouches for its copies. Where that model
does not describe the votes, which :mod:`weaklab.label_models.misfit` measures, what the labels' rule implies is said
instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.label_models.ascent import extrapolated
from weaklab.label_models.class_balance import smoothed_balance
from weaklab.label_models.misfit import misfit
from weaklab.label_models.problem import Problem
from weaklab.label_models.tempered import Known, centred, vote_given_class
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable

#: How many votes the prior accuracy of a labeling function is worth.
PRIOR_VOTES = 4.0
#: The most passes over the rows, and the change of any log-weight (nats) below which they end.
MAX_PASSES, TOL = 150, 1e-4
#: What the smoothed likelihood may lose per row before an extrapolation is dropped, in nats.
SLACK = 1e-6
#: A class that a labeling function would have missed by chance less often than this, it cannot vote for.
BY_CHANCE = 0.01
#: The association beyond the class at which the plain model and the labels' rule are believed alike. Planted votes that
#: the model describes show next to none, public sets of labeling functions three to twenty times as much.
HALF_BELIEVED = 0.0075
#: Tables larger than this are not worth it.
MOST_ENTRIES = 4_000_000


class Rule(NamedTuple):
    """What posteriors are computed from."""

    weights: Floats  # (pairs, k)
    prior: Floats  # (k,)


@dataclass(frozen=True, eq=False)
class PlainModel:
    r"""Dawid and Skene's model, with the silence of labeling functions that vote for some classes only as evidence.

    .. math:: \log q_{iy} = \log \pi_y + \sum_{j: \lambda_{ij} \ne -1} \log \theta_{j y \lambda_{ij}}
              + u \sum_{j \in P} \log P(j \text{ votes or not} \mid y) + \text{const}

    where P are the labeling functions that never vote for some class, and u is their share of the votes: between
    crowds, whose workers miss a class by accident, and rules that only ever vote for one.

    Parameters
    ----------
    problem : Problem
        The rows.
    known : Known
        Prior accuracies, what is pinned, and the class balance where it is given; worths are not used.
    """

    problem: Problem
    known: Known

    @cached_property
    def partial(self) -> np.ndarray:
        """Which labeling functions never vote for some class, and not by accident; bool of shape (m,)."""
        pairs = self.problem.pairs
        cast = np.zeros((self.problem.m, pairs.k))
        cast[pairs.lf, pairs.vote] = self.problem.fired
        share = cast.sum(axis=0) / max(cast.sum(), 1)
        by_chance = np.exp(cast.sum(axis=1, keepdims=True) * np.log1p(-np.minimum(share, 1 - 1e-9)))
        return ((cast == 0) & (by_chance < BY_CHANCE)).any(axis=1)

    @cached_property
    def partial_share(self) -> float:
        """u, the share of the votes that are theirs."""
        fired = self.problem.fired
        return float(fired[self.partial[self.problem.pairs.lf]].sum() / max(fired.sum(), 1))

    @cached_property
    def prior_theta(self) -> Floats:
        """What the prior says of each pair in each class, (pairs, k)."""
        return vote_given_class(self.problem.pairs, self.known.accuracy)

    @cached_property
    def rows(self) -> Problem:
        """The rows that say something: those without votes do where silence does."""
        return self.problem if self.partial_share > 0.5 else self.problem.covered()

    def maximise(self, expected: Expected, active: np.ndarray) -> Rule:
        """The M-step; labeling functions that are not active get weight 0."""
        pairs, m = self.problem.pairs, self.problem.m
        balance = smoothed_balance(expected.state_counts) if self.known.balance is None else self.known.balance
        told, by_lf = PRIOR_VOTES * balance, pairs.sum_by_lf(expected.counts, m)
        theta = self.prior_theta
        weights = np.log((expected.counts + told * theta) / (by_lf + told)[pairs.lf])
        fires = np.bincount(pairs.lf, self.rows.fired, minlength=m)[:, np.newaxis]
        often = np.minimum((fires + 1) / (self.rows.total + 2), 1)
        fires_given = np.clip((by_lf + told * often) / (expected.state_counts + told), 1e-9, 1 - 1e-6)  # (m, k)
        speaks = self.partial & active & (fires[:, 0] > 0)
        silence = self.partial_share * np.log1p(-fires_given) * speaks[:, np.newaxis]
        firing = self.partial_share * np.log(fires_given) * self.partial[:, np.newaxis]
        weights += (firing - silence)[pairs.lf]
        pinned = self.known.pinned[pairs.lf]
        weights[pinned] = np.log(theta[pinned]) - silence[pairs.lf[pinned]]
        prior = np.log(balance) + silence.sum(axis=0)
        return Rule(weights * active[pairs.lf, np.newaxis], prior)

    def settle(self, rule: Rule, active: np.ndarray, tol: float = TOL, most: int = MAX_PASSES) -> tuple[Expected, Rule]:
        """EM from a rule to where no log-weight moves by ``tol`` any more, in nats, or ``most`` passes are done.

        Squared extrapolation (:func:`weaklab.label_models.ascent.extrapolated`), each followed by a step of EM; where
        that ends lower than it began, the extrapolation is dropped.
        """
        spare: tuple[Rule, float] | None = None
        passes = 0
        while True:
            expected = self.rows.step(*rule)
            if spare is not None and expected.log_likelihood < spare[1] - SLACK * self.rows.total:
                rule, spare = spare[0], None
                continue
            first = self.maximise(expected, active)
            change = float(np.abs(centred(first.weights) - centred(rule.weights)).max(initial=0))
            if change < tol or passes >= most:
                return expected, rule
            then = self.rows.step(*first)
            second = self.maximise(then, active)
            spare = (second, then.log_likelihood)
            ahead = extrapolated((rule, first, second), lowest=-np.inf)
            rule = self.maximise(self.rows.step(*(second if ahead is None else ahead)), active)
            passes += 3


@dataclass(frozen=True, eq=False)
class Appraisal:
    """What the plain model says.

    Parameters
    ----------
    right : ndarray of shape (pairs, k)
        The probability of each class, given that the pair occurs.
    class_shares : ndarray of shape (k,)
        The shares of the classes among the rows that have votes.
    believed : float
        In (0, 1]: how far it is to be believed, by how well it describes the votes.
    overdispersion : float
        1 or more: by how much variances are larger than the model says.
    rounds : list of (active, Rule)
        The labeling functions that were looked at together, and the rule that they gave.
    """

    right: Floats
    class_shares: Floats
    believed: float
    overdispersion: float
    rounds: list[tuple[np.ndarray, Rule]]

    def accuracies(self, problem: Problem) -> Floats:
        """The share of right votes of each labeling function, (m,); NaN where it never voted."""
        return share_right(problem.pairs, problem.fired[:, np.newaxis] * self.right, problem.m)


def share_right(pairs: PairTable, counts: Floats, m: int) -> Floats:
    """The share of right votes of each labeling function, (m,), from expected counts of pairs by class; NaN if none."""
    right = np.bincount(pairs.lf, counts[np.arange(len(pairs)), pairs.vote], minlength=m)
    with np.errstate(invalid="ignore"):
        return np.asarray(right / np.bincount(pairs.lf, counts.sum(axis=1), minlength=m))


def appraise(problem: Problem, start: Expected, known: Known, groups: list[list[int]]) -> Appraisal | None:
    """Estimate how right each labeling function is.

    Parameters
    ----------
    problem : Problem
        Some rows.
    start : Expected
        The expected counts on them under the labels' rule.
    known : Known
        What is known beforehand.
    groups : list of list of int
        The columns of each group of labeling functions that repeat each other.

    Returns
    -------
    Appraisal, or None
        None where there is nothing to learn from, or too much to be worth it.
    """
    if not len(problem.pairs) or len(problem.pairs) * problem.k > MOST_ENTRIES:
        return None
    model = PlainModel(problem, known)
    fired = np.maximum(problem.fired, 1e-12)[:, np.newaxis]
    begun = start.counts / fired  # (pairs, k)
    total, times = np.zeros_like(begun), np.zeros(problem.m)
    shares = np.zeros(problem.k)
    rounds: list[tuple[np.ndarray, Rule]] = []
    for active in turns(share_right(problem.pairs, start.counts, problem.m), groups):
        expected, rule = model.settle(model.maximise(start, active), active)
        if not rounds:
            fit = misfit(problem, expected, model.partial, active)
        rounds.append((active, rule))
        expected = problem.covered().step(*rule)
        total += active[problem.pairs.lf, np.newaxis] * expected.counts / fired
        times += active
        shares += expected.state_counts
    seen = times[problem.pairs.lf, np.newaxis]
    right = np.where((seen > 0) & (problem.fired > 0)[:, np.newaxis], total / np.maximum(seen, 1), begun)
    believed = 1 / (1 + (fit.association / HALF_BELIEVED) ** 8)
    return Appraisal(right, shares / shares.sum(), believed, fit.overdispersion, rounds)


def turns(accuracy: Floats, groups: list[list[int]]) -> list[np.ndarray]:
    """Which labeling functions are looked at together: all, but of each group one at a time, as ranked by accuracy.

    Examples
    --------
    >>> [active.astype(int).tolist() for active in turns(np.array([0.9, 0.8, 0.7, 0.6]), [[0, 2]])]
    [[1, 1, 0, 1], [0, 1, 1, 1]]
    """
    ranked = [sorted(group, key=lambda j: -np.nan_to_num(accuracy[j])) for group in groups]
    out = []
    for turn in range(max((len(group) for group in groups), default=1)):
        active = np.ones(len(accuracy), dtype=bool)
        for group in ranked:
            active[group] = False
            active[group[turn % len(group)]] = True
        out.append(active)
    return out
