"""The tempered model where classes are many: how often each vote is right, and no confusion between classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weaklab._kernels.candidates import Candidates
from weaklab.label_models.class_balance import smoothed_balance
from weaklab.label_models.many_classes import VoteWeights
from weaklab.label_models.problem import Problem
from weaklab.label_models.tempered import (
    ABSOLUTE_PRIOR,
    MAX_ITER,
    MAX_POLISH,
    NEAR,
    POLISH_TOL,
    SAMPLE,
    SHARE_PRIOR,
    TOL,
    Known,
    PriorRule,
    bound_of,
    partial_lfs,
    row_scale,
)
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable


@dataclass(frozen=True, eq=False)
class TemperedVotes:
    """A fitted tempered model of many classes: what its vote weights are computed from.

    Parameters
    ----------
    right, wrong : ndarray of shape (pairs,)
        Smoothed expected numbers of right and of wrong votes of each pair.
    share : ndarray of shape (pairs,)
        The share of the class that each pair votes for: of all rows where its labeling function never votes for some
        class, else of the rows that it votes on.
    balance, log_prior, known, changes
        As for :class:`weaklab.label_models.tempered.Tempered`.
    """

    right: Floats
    wrong: Floats
    share: Floats
    balance: Floats
    log_prior: Floats
    known: Known
    changes: list[float]

    @property
    def converged(self) -> bool:
        """Whether it came as near to where more iterations would take it as it needs to be."""
        return self.error_bound < NEAR

    @property
    def error_bound(self) -> float:
        """How far the log-weights may be from where more iterations would take them, in nats."""
        rate = self.changes[-1] / self.changes[-2] if len(self.changes) > 1 and self.changes[-2] else np.nan
        return bound_of(self.changes, rate)

    def vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        """What each pair adds to the class that it votes for, before the row's tempering; to others it adds 0."""
        right, wrong = prior_right_and_wrong(pairs, self.balance, self.known.accuracy)
        share = self.balance[pairs.vote]
        learned = (seen >= 0) & ~self.known.pinned[pairs.lf]
        old = seen[learned]
        right[learned], wrong[learned], share[learned] = self.right[old], self.wrong[old], self.share[old]
        gain = np.log(right / wrong) - np.log(share / (1 - share))
        return VoteWeights(gain * self.known.worth[pairs.lf], np.zeros(len(pairs)))


def fit_tempered_votes(problem: Problem, prior_rule: PriorRule, known: Known | None = None) -> TemperedVotes:
    r"""Fit a tempered model to rows that have votes, with one accuracy per labeling function and vote.

    It is the rule of :func:`weaklab.label_models.tempered.fit_tempered`, with its constants, under the assumption that
    a wrong vote falls on rows of each other class as these are frequent. With :math:`R_{jl} = \sum_i q_{il} \mathbb
    1[\lambda_{ij} = l]`, :math:`\tilde R` and :math:`\tilde V` its right and its wrong votes, smoothed by the same
    priors, and :math:`s_{jl}` the share of class l (:math:`\pi_l`, or among the rows that j votes on where j votes for
    all classes), a vote of j for l adds to class l

    .. math:: W_{jl} = \log \frac{\tilde R_{jl}}{\tilde V_{jl}} - \log \frac{s_{jl}}{1 - s_{jl}}

    and nothing to any other. With two classes, each of which is the other's only other, the two rules are one.

    Parameters
    ----------
    problem, prior_rule, known
        As for :func:`weaklab.label_models.tempered.fit_tempered`.

    Returns
    -------
    TemperedVotes
    """
    known = Known.nothing(problem.m, problem.k) if known is None else known
    partial = partial_lfs(problem.pairs, problem.m)
    seen = np.arange(len(problem.pairs))
    changes: list[float] = []
    sample = problem.sample(SAMPLE)
    stages = [(sample, MAX_ITER - 1, TOL)]  # one is the first, from the vote share
    if sample is not problem:
        stages.append((problem, MAX_POLISH, POLISH_TOL))
    rule = _smooth(sample, sample.start_by_vote(), partial, prior_rule, known, changes)
    for rows, most, tol in stages:
        scale = row_scale(np.arange(rows.most_votes + 1))
        for _ in range(most):
            before = rule.vote_weights(problem.pairs, seen)
            step = rows.step_by_vote(before, rule.log_prior, scale)
            rule = _smooth(rows, step, partial, prior_rule, known, changes)
            after = rule.vote_weights(problem.pairs, seen)
            changes.append(float(np.abs(after.own - before.own).max(initial=0)) * (1 - 1 / problem.k))  # less its mean
            if changes[-1] < tol:
                break
    return rule


def _smooth(
    problem: Problem,
    expected: Candidates,
    partial: np.ndarray,
    prior_rule: PriorRule,
    known: Known,
    changes: list[float],
) -> TemperedVotes:
    pairs, m, k = problem.pairs, problem.m, problem.k
    balance = smoothed_balance(expected.class_counts) if known.balance is None else known.balance
    right, wrong = prior_right_and_wrong(pairs, balance, known.accuracy)
    share = np.where(partial, SHARE_PRIOR["partial"], SHARE_PRIOR["full"])[pairs.lf] * problem.fired
    by_prior = right / (right + wrong)
    right = expected.right + ABSOLUTE_PRIOR * k * right + share * by_prior
    wrong = np.maximum(problem.fired - expected.right, 0) + ABSOLUTE_PRIOR * k * wrong + share * (1 - by_prior)
    of_class = balance[pairs.vote]
    elsewhere = wrong / (1 - of_class)  # per share of the rows of another class
    by_lf = np.bincount(pairs.lf, elsewhere, minlength=m)[pairs.lf]
    voted = np.bincount(pairs.lf, right + wrong, minlength=m)[pairs.lf]
    among_voted = (right + of_class * (by_lf - elsewhere)) / np.maximum(voted, np.finfo(float).tiny)
    rho = prior_rule(balance)
    return TemperedVotes(
        right=right,
        wrong=wrong,
        share=np.where(partial[pairs.lf], of_class, among_voted),
        balance=balance,
        log_prior=np.log(rho / rho.sum()),
        known=known,
        changes=changes,
    )


def prior_right_and_wrong(pairs: PairTable, balance: Floats, accuracy: Floats) -> tuple[Floats, Floats]:
    """The prior probability of each pair's vote where it is right, and where it is wrong; (pairs,) each."""
    slips = balance * (1 - accuracy)  # (m, k): of the rows of each class on which it errs
    wrong = (slips.sum(axis=1)[pairs.lf] - slips[pairs.lf, pairs.vote]) / (pairs.k - 1)
    return balance[pairs.vote] * accuracy[pairs.lf, pairs.vote], wrong
