"""The tempered model: a pseudo-EM that trusts votes less the more of them there are, and never lets silence speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable

# All constants were chosen together on public label matrices and synthetic draws; the mean score stays within 0.4
# points for a prior accuracy of .7 to .9, an absolute prior of .5 to 2, a share prior of .2 to .4, 3 to 50 iterations.
PRIOR_ACCURACY = 0.7
ABSOLUTE_PRIOR = 1.0
SHARE_PRIOR = {"partial": 0.3, "full": 0.1}
ROW_EXPONENT = -0.25
CLASS_EXPONENT = 0.5
OUTPUT_EXPONENT = 0.7
MAX_ITER = 10
TOL = 1e-4


@dataclass(frozen=True, eq=False)
class Tempered:
    """A fitted tempered model: what its log-weights are computed from.

    Parameters
    ----------
    counts : ndarray of shape (pairs, k)
        Smoothed expected counts of each pair by class, the share prior included.
    sums : ndarray of shape (m, k)
        Their sums over all votes that each labeling function could cast.
    partial : ndarray of bool of shape (m,)
        Whether it never votes for some class.
    class_counts : ndarray of shape (k,)
        Expected number of rows of each class.
    log_prior : ndarray of shape (k,)
        The log of the class prior that the rule uses, sums to 1 in probability.
    changes : list of float
        The largest change of any log-weight, in nats and less its mean over the classes, per iteration.
    """

    counts: Floats
    sums: Floats
    partial: np.ndarray
    class_counts: Floats
    log_prior: Floats
    changes: list[float]

    @property
    def converged(self) -> bool:
        """Whether it settled within the iterations that it is given."""
        return bool(self.changes) and self.changes[-1] < TOL

    def log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        """What each pair adds to each class, (pairs, k), before the row's tempering."""
        prior = ABSOLUTE_PRIOR * pairs.k * _prior_joint(pairs, self.class_balance)
        known = seen >= 0
        joint = prior
        joint[known] = self.counts[seen[known]]
        sums = self.sums[pairs.lf]
        weights = np.log(joint / sums)
        fires = np.log(sums / sums.sum(axis=1, keepdims=True) / self.class_balance)
        return weights + self.partial[pairs.lf, np.newaxis] * fires

    @property
    def class_balance(self) -> Floats:
        """The learned class balance, (k,)."""
        return (self.class_counts + 1) / (self.class_counts.sum() + len(self.class_counts))


#: From the learned class balance (k,) to the class prior of the rule (k,), which need not sum to 1.
PriorRule = Callable[[Floats], Floats]


def root_prior(balance: Floats) -> Floats:
    """The square root of the learned balance: halfway to uniform."""
    return balance**CLASS_EXPONENT


def share_prior(problem: Problem) -> PriorRule:
    """A prior that learns the balance from labeling functions that vote for all classes, else takes the vote share.

    With u the share of the votes that come from partial labeling functions and s the class shares of the row-wise vote
    share, the prior is ``balance^(1 - u) * s^(u / 2)``.
    """
    partial = partial_lfs(problem.pairs, problem.m)
    fired = problem.fired
    u = float(fired[partial[problem.pairs.lf]].sum() / fired.sum()) if fired.sum() else 1.0
    share = problem.start().state_counts + 1
    share = share / share.sum()
    return lambda balance: balance ** (1 - u) * share ** (u / 2)


def partial_lfs(pairs: PairTable, m: int) -> np.ndarray:
    """Which labeling functions never vote for some class, bool of shape (m,)."""
    return np.bincount(pairs.lf, minlength=m) < pairs.k


def row_scale(row_counts: np.ndarray) -> Floats:
    """What the evidence of a row is multiplied by: its number of votes to the power -1/4, (n,)."""
    return np.maximum(row_counts, 1).astype(np.float64) ** ROW_EXPONENT


def fit_tempered(problem: Problem, prior_rule: PriorRule) -> Tempered:
    r"""Fit a tempered model to rows that have votes.

    With :math:`J_{jly} = \sum_i q_{iy} \mathbb 1[\lambda_{ij} = l]`, the prior joint
    :math:`P_{ly} = \pi_y M_{ly}` (:math:`M`: .7 on the diagonal), :math:`B_{ly} = P_{ly} / \sum_{y'} P_{ly'}`,
    :math:`F_{jl}` the number of rows on which j votes l, and :math:`\kappa_j` the share prior,

    .. math::
        \tilde J_{jly} &= J_{jly} + a k P_{ly} + \kappa_j F_{jl} B_{ly} \\
        W_{jly} &= \log \frac{\tilde J_{jly}}{\sum_l \tilde J_{jly}}
                  + U_j \log \frac{\sum_l \tilde J_{jly}}{\pi_y \sum_{ly} \tilde J_{jly}} \\
        q_{iy} &\propto \rho_y \exp\Big(v_i^{-1/4} \sum_{j: \lambda_{ij} \ne -1} W_{j \lambda_{ij} y}\Big)

    where :math:`U_j` says that j never votes for some class (for these, that they fire is the evidence), and
    :math:`v_i` is the number of votes on row i. It starts from the vote share, which ties classes to votes, and draws
    nothing. It is no EM of a likelihood, so no objective is guaranteed to rise.

    Parameters
    ----------
    problem : Problem
        Rows that each have a vote.
    prior_rule : callable
        From the learned class balance to the class prior of the rule.

    Returns
    -------
    Tempered
    """
    partial = partial_lfs(problem.pairs, problem.m)
    scale = row_scale(np.arange(problem.most_votes + 1))
    seen = np.arange(len(problem.pairs))
    expected = problem.start()
    weights: Floats | None = None
    changes: list[float] = []
    for _ in range(MAX_ITER):
        rule = _smooth(problem, expected, partial, prior_rule, changes)
        before, weights = weights, rule.log_weights(problem.pairs, seen)
        if before is not None:
            changes.append(float(np.abs(centred(weights) - centred(before)).max(initial=0)))
            if changes[-1] < TOL:
                break
        expected = problem.step(weights, rule.log_prior, scale)
    return rule


def centred(weights: Floats) -> Floats:
    """Log-weights less their mean over the classes: what is left moves posteriors."""
    return weights - weights.mean(axis=1, keepdims=True)


def _smooth(
    problem: Problem, expected: Expected, partial: np.ndarray, prior_rule: PriorRule, changes: list[float]
) -> Tempered:
    pairs, class_counts, k = problem.pairs, expected.state_counts, problem.k
    balance = (class_counts + 1) / (class_counts.sum() + k)
    joint = _prior_joint(pairs, balance)  # (pairs, k)
    share = np.where(partial, SHARE_PRIOR["partial"], SHARE_PRIOR["full"])[pairs.lf] * problem.fired  # (pairs,)
    from_share = share[:, np.newaxis] * joint / joint.sum(axis=1, keepdims=True)
    by_lf = pairs.sum_by_lf(expected.counts + from_share, len(partial))  # (m, k)
    rho = prior_rule(balance)
    return Tempered(
        counts=expected.counts + ABSOLUTE_PRIOR * k * joint + from_share,
        sums=by_lf + ABSOLUTE_PRIOR * k * balance,  # the prior joint of all k votes sums to the balance
        partial=partial,
        class_counts=class_counts,
        log_prior=np.log(rho / rho.sum()),
        changes=changes,
    )


def _prior_joint(pairs: PairTable, balance: Floats) -> Floats:
    """The prior probability of each pair's vote together with each class, (pairs, k)."""
    other = (1 - PRIOR_ACCURACY) / (pairs.k - 1)
    return balance * np.where(pairs.vote[:, np.newaxis] == np.arange(pairs.k), PRIOR_ACCURACY, other)
