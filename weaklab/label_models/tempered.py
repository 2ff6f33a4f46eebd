"""The tempered model: a pseudo-EM that trusts votes less the more of them there are, and never lets silence speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from weaklab._kernels.chunks import CHUNK
from weaklab._kernels.em import Expected
from weaklab.label_models.class_balance import smoothed_balance
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
SHARE_EXPONENT = 0.55
OUTPUT_EXPONENT = 0.6
MAX_ITER = 10
TOL = 1e-4


#: Above this many rows, the first iterations see a sample of this size, and the last ones all rows.
SAMPLE = CHUNK
#: The most iterations over all rows after those over a sample.
MAX_POLISH = 3
#: They end where more of them would move no log-weight by more than this, in nats: a vote moves a probability by less
#: than a four-hundredth of a point for each hundredth of a nat.
POLISH_TOL = 1e-2
#: Log-weights (nats) that are this near to where more iterations would take them count as settled.
NEAR = 0.1


@dataclass(frozen=True, eq=False)
class Known:
    """What a user knows of the labeling functions and the classes.

    Parameters
    ----------
    accuracy : ndarray of shape (m, k)
        The accuracy that the prior expects of each labeling function on rows of each class, in (0, 1).
    pinned : ndarray of bool of shape (m,)
        Whether it is taken as it is, and nothing is learned.
    worth : ndarray of shape (m,)
        What a vote of each counts, in (0, 1]: less than 1 where others repeat it.
    balance : ndarray of shape (k,), or None
        The class balance; None where it is learned.
    """

    accuracy: Floats
    pinned: np.ndarray
    worth: Floats
    balance: Floats | None = None

    @classmethod
    def nothing(cls, m: int, k: int) -> Known:
        """The defaults."""
        return cls(np.full((m, k), PRIOR_ACCURACY), np.zeros(m, dtype=bool), np.ones(m))


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
    balance : ndarray of shape (k,)
        The learned class balance, or the known one.
    log_prior : ndarray of shape (k,)
        The log of the class prior that the rule uses, sums to 1 in probability.
    known : Known
        What was known beforehand.
    changes : list of float
        The largest change of any log-weight, in nats and less its mean over the classes, per iteration.
    rate : float
        By what factor it changed from one iteration over the same rows to the next, last; NaN before there are two.
    """

    counts: Floats
    sums: Floats
    partial: np.ndarray
    balance: Floats
    log_prior: Floats
    known: Known
    changes: list[float]
    rate: float

    @property
    def converged(self) -> bool:
        """Whether the iterations that it is given took it near enough to where more of them would."""
        return self.error_bound < NEAR

    @property
    def error_bound(self) -> float:
        r"""How far the log-weights may be from where more iterations would take them, in nats.

        Changes that shrink by a factor r each time add up to less than :math:`\delta r / (1 - r)` after a change of
        :math:`\delta`; r is taken from the last two iterations over the same rows. Infinite where they do not shrink.
        """
        return bound_of(self.changes, self.rate)

    def log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        """What each pair adds to each class, (pairs, k), before the row's tempering."""
        joint = ABSOLUTE_PRIOR * pairs.k * prior_joint(pairs, self.balance, self.known.accuracy)
        old = seen >= 0
        joint[old] = self.counts[seen[old]]
        sums = self.sums[pairs.lf]
        weights = np.log(joint / sums)
        fires = np.log(sums / sums.sum(axis=1, keepdims=True) / self.balance)
        weights += self.partial[pairs.lf, np.newaxis] * fires
        pinned = self.known.pinned[pairs.lf]
        if pinned.any():
            weights[pinned] = np.log(vote_given_class(pairs, self.known.accuracy)[pinned])
        return weights * self.known.worth[pairs.lf, np.newaxis]


def bound_of(changes: list[float], rate: float) -> float:
    """What changes that shrink by a factor each add up to, after the last one; infinite where they do not shrink."""
    if changes and changes[-1] == 0:
        return 0.0
    return changes[-1] * rate / (1 - rate) if rate < 1 else np.inf


#: From the learned class balance (k,) to the class prior of the rule (k,), which need not sum to 1.
PriorRule = Callable[[Floats], Floats]


def root_prior(balance: Floats) -> Floats:
    """The square root of the learned balance: halfway to uniform."""
    return balance**CLASS_EXPONENT


def share_prior(problem: Problem) -> PriorRule:
    """A prior that learns the balance from labeling functions that vote for all classes, else takes the vote share.

    With u the share of the votes that come from partial labeling functions and s the class shares of the row-wise vote
    share, the prior is ``balance^(1 - u) * s^(0.55 u)``.
    """
    partial = partial_lfs(problem.pairs, problem.m)
    fired = problem.fired
    u = float(fired[partial[problem.pairs.lf]].sum() / fired.sum()) if fired.sum() else 1.0
    share = problem.vote_shares + 1
    share = share / share.sum()
    return lambda balance: balance ** (1 - u) * share ** (SHARE_EXPONENT * u)


def partial_lfs(pairs: PairTable, m: int) -> np.ndarray:
    """Which labeling functions never vote for some class, bool of shape (m,)."""
    return np.bincount(pairs.lf, minlength=m) < pairs.k


def row_scale(row_counts: np.ndarray) -> Floats:
    """What the evidence of a row is multiplied by: its number of votes to the power -1/4, (n,)."""
    return np.maximum(row_counts, 1).astype(np.float64) ** ROW_EXPONENT


def fit_tempered(problem: Problem, prior_rule: PriorRule, known: Known | None = None) -> Tempered:
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
    nothing. It is no EM of a likelihood, so no objective is guaranteed to rise. Where labeling functions repeat each
    other, W is multiplied by what a vote of each is worth.

    Parameters
    ----------
    problem : Problem
        Rows that each have a vote.
    prior_rule : callable
        From the learned class balance to the class prior of the rule.
    known : Known, optional
        What is known beforehand.

    Returns
    -------
    Tempered
    """
    known = Known.nothing(problem.m, problem.k) if known is None else known
    sample = problem.sample(SAMPLE)
    rule = _smooth(sample, sample.start(), prior_rule, known, [], np.nan)
    for _ in range(MAX_ITER - 1):
        rule = _improve(rule, sample, prior_rule, same_rows=True)
        if rule.changes[-1] < TOL:
            break
    for at in range(MAX_POLISH if sample is not problem else 0):
        rule = _improve(rule, problem, prior_rule, same_rows=at > 0)
        if rule.error_bound < POLISH_TOL:
            break
    return rule


def _improve(rule: Tempered, problem: Problem, prior_rule: PriorRule, same_rows: bool) -> Tempered:
    """One more iteration; its rate is one of change where the one before was over the same rows."""
    seen = np.arange(len(problem.pairs))
    before = rule.log_weights(problem.pairs, seen)
    expected = problem.step(before, rule.log_prior, row_scale(np.arange(problem.most_votes + 1)))
    after = _smooth(problem, expected, prior_rule, rule.known, rule.changes, rule.rate)
    change = np.abs(centred(after.log_weights(problem.pairs, seen)) - centred(before)).max(initial=0)
    rate = change / rule.changes[-1] if same_rows and rule.changes and rule.changes[-1] else rule.rate
    return replace(after, changes=[*rule.changes, float(change)], rate=float(rate))


def centred(weights: Floats) -> Floats:
    """Log-weights less their mean over the classes: what is left moves posteriors."""
    return weights - weights.mean(axis=1, keepdims=True)


def _smooth(
    problem: Problem,
    expected: Expected,
    prior_rule: PriorRule,
    known: Known,
    changes: list[float],
    rate: float,
) -> Tempered:
    pairs, k = problem.pairs, problem.k
    partial = partial_lfs(pairs, problem.m)
    balance = smoothed_balance(expected.state_counts) if known.balance is None else known.balance
    joint = prior_joint(pairs, balance, known.accuracy)  # (pairs, k)
    share = np.where(partial, SHARE_PRIOR["partial"], SHARE_PRIOR["full"])[pairs.lf] * problem.fired  # (pairs,)
    from_share = share[:, np.newaxis] * joint / joint.sum(axis=1, keepdims=True)
    by_lf = pairs.sum_by_lf(expected.counts + from_share, len(partial))  # (m, k)
    rho = prior_rule(balance)
    return Tempered(
        counts=expected.counts + ABSOLUTE_PRIOR * k * joint + from_share,
        sums=by_lf + ABSOLUTE_PRIOR * k * balance,  # the prior joint of all k votes sums to the balance
        partial=partial,
        balance=balance,
        log_prior=np.log(rho / rho.sum()),
        known=known,
        changes=changes,
        rate=rate,
    )


def vote_given_class(pairs: PairTable, accuracy: Floats) -> Floats:
    """The prior probability of each pair's vote in each class, (pairs, k), from accuracies (m, k)."""
    right = accuracy[pairs.lf]  # (pairs, k)
    return np.where(pairs.vote[:, np.newaxis] == np.arange(pairs.k), right, (1 - right) / (pairs.k - 1))


def prior_joint(pairs: PairTable, balance: Floats, accuracy: Floats) -> Floats:
    """The prior probability of each pair's vote together with each class, (pairs, k)."""
    return balance * vote_given_class(pairs, accuracy)
