"""How much each member of the default label model counts: by what it tells of votes that are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklab._kernels.held_out import leave_out
from weaklab.label_models.many_classes import VoteWeights
from weaklab.label_models.problem import Problem
from weaklab.label_models.tempered import Tempered, partial_lfs, row_scale
from weaklab.label_models.tempered_votes import TemperedVotes
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable
from weaklab.votes.sampling import spread_rows

# All constants were chosen together on public label matrices and synthetic draws, and lie on a plateau: bases within
# .1, powers of 5 to 8 and a distrust of .4 to .6 change no mean score by more than .4 points.

#: What each member counts before any vote is held out: the root of the balance, the shared balance, every vote alike.
BASES = (0.4, 0.3, 0.3)
#: What the third is called.
ALIKE = "every vote alike"
#: To which power of its information a member counts.
POWER = 6.0
#: Information, in nats per vote, that is as good as none.
NOTHING = 1e-4
#: What every vote alike takes from the others where all votes come from partial labeling functions. Of these one learns
#: how often they fire, and only through the class balance how often they are right.
DISTRUST = 0.5
#: Rows that are looked at, those with two votes or more.
SAMPLE = 10_000
#: Votes times classes that are looked at: fewer rows where there are many.
MOST_ENTRIES = 2_000_000
#: Tables of pairs by classes with more entries than this are not made; then the bases count.
LARGEST_TABLE = 4_000_000


@dataclass(frozen=True, eq=False)
class Shares:
    """What the members of a label model count.

    Parameters
    ----------
    learned : ndarray of shape (members,)
        The weights of the tempered models among themselves; they sum to 1.
    alike : float
        The part, in [0, 1], of the log-weights that is the same for every vote.
    margin : float
        By how many nats each vote is for its class in that part, before its worth.
    information : ndarray of shape (members + 1,)
        What each of the tempered models, and last every vote alike, tells of held-out votes, in nats per vote.
    partial : float
        The share of the votes that come from partial labeling functions.
    """

    learned: Floats
    alike: float
    margin: float
    information: Floats
    partial: float

    def average(self, of_members: list[Floats]) -> Floats:
        """The tempered models' log-weights or log-priors, averaged."""
        return sum((share * one for share, one in zip(self.learned, of_members, strict=True)), np.zeros(()))

    def log_weights(self, pairs: PairTable, members: list[Tempered], seen: np.ndarray) -> Floats:
        """What each pair adds to each class, all members together, before the row's tempering; (pairs, k)."""
        learned = self.average([member.log_weights(pairs, seen) for member in members])
        known = members[0].known
        alike = votes_alike(pairs, known.worth, self.margin)
        part = np.where(known.pinned[pairs.lf], 0, self.alike)[:, np.newaxis]  # what is known is not levelled
        return (1 - part) * learned + part * alike

    def vote_weights(self, pairs: PairTable, members: list[TemperedVotes], seen: np.ndarray) -> VoteWeights:
        """:meth:`log_weights` where a vote says the same of each class that it is not for."""
        own, others = (
            self.average(list(each)) for each in zip(*(one.vote_weights(pairs, seen) for one in members), strict=True)
        )
        known = members[0].known
        part = np.where(known.pinned[pairs.lf], 0, self.alike)
        return VoteWeights((1 - part) * own + part * self.margin * known.worth[pairs.lf], (1 - part) * others)

    def log_prior(self, members: Sequence[Tempered | TemperedVotes]) -> Floats:
        """The log-score of each class before any vote, (k,): every vote alike has none, unless the balance is known."""
        part = self.alike if members[0].known.balance is None else 0.0
        return (1 - part) * self.average([member.log_prior for member in members])

    def say(self, names: list[str]) -> dict[str, Any]:
        """What was done and why, for ``chosen_``; the tempered models are called by their class priors."""
        names = [*names, ALIKE]
        weights = [*(float(share) * (1 - self.alike) for share in self.learned), self.alike]
        most, least = int(self.information.argmax()), float(self.information[-1])
        why = "No row has two votes, so nothing tells which member to trust more."
        if self.information.any():
            why = (
                f"The others' votes tell most of a held-out vote, {self.information[most]:.3f} nats, by the member "
                f"{names[most]!r}; with every vote alike they tell {least:.3f}."
            )
        if self.partial:
            why += f" {self.partial:.0%} of the votes come from functions that never vote for some class."
        return {
            "members": names,
            "weights": [round(weight, 3) for weight in weights],
            "information": [round(float(one), 4) for one in self.information],
            "why": why,
        }


def share_out(problem: Problem, members: list[Tempered]) -> Shares:
    r"""What each member counts, by what it tells of votes that are held out.

    The members are one or two tempered models and *every vote alike*: the same log-weights for all labeling functions,
    of the size that the tempered models' have on average. Each member m counts by

    .. math:: w_m \propto b_m (I_m + \epsilon)^6

    with :math:`I_m` what it tells of held-out votes (:meth:`HeldOut.information`) and :math:`b` = .4, .3, .3: a class
    prior, or weights, that do not explain what other labeling functions say are not to be trusted. Of what is left to
    the tempered models, half the share of the votes that come from partial labeling functions goes to every vote alike
    too.

    Parameters
    ----------
    problem : Problem
        Rows that have votes; at most ``SAMPLE`` are looked at.
    members : list of Tempered
        One (its class balance is known) or two.

    Returns
    -------
    Shares
    """
    pairs, fired = problem.pairs, problem.fired
    seen = np.arange(len(pairs))
    base = np.array([*BASES[:2], BASES[2]] if len(members) > 1 else [1 - BASES[2], BASES[2]])
    weights = [member.log_weights(pairs, seen) for member in members]
    first = base[:-1] / base[:-1].sum()
    worth = members[0].known.worth
    partial = _mean(partial_lfs(pairs, problem.m)[pairs.lf].astype(np.float64), fired)
    margin = _mean(_margins(pairs, sum(f * w for f, w in zip(first, weights, strict=True)) + 0.0), fired)
    margin = max(margin, 0.0) / max(_mean(worth[pairs.lf], fired), np.finfo(float).tiny)
    weights.append(votes_alike(pairs, worth, margin))
    priors = [member.log_prior for member in members]
    flat = np.zeros(problem.k) if members[0].known.balance is None else priors[0]
    information = np.zeros(len(weights))
    told = HeldOut.of(problem)
    if told is not None:
        both = zip(weights, [*priors, flat], strict=True)
        information = np.array([told.information(weight, prior) for weight, prior in both])
    chance = NOTHING + 1 / max(told.total if told is not None else 1.0, 1.0)
    shares = base * ((information + chance) / (information.max() + chance)) ** POWER
    shares /= shares.sum()
    alike = shares[-1] + (1 - shares[-1]) * DISTRUST * partial if margin else 0.0
    return Shares(shares[:-1] / shares[:-1].sum(), float(alike), margin, information, partial)


def share_out_by_vote(problem: Problem, members: list[TemperedVotes]) -> Shares:
    """What each member counts where classes are so many that votes are right or wrong: the bases of :func:`share_out`.

    Parameters
    ----------
    problem, members
        As for :func:`share_out`.

    Returns
    -------
    Shares
    """
    pairs, fired, worth = problem.pairs, problem.fired, members[0].known.worth
    base = np.array(BASES if len(members) > 1 else [1 - BASES[2], BASES[2]])
    learned = base[:-1] / base[:-1].sum()
    each = [member.vote_weights(pairs, np.arange(len(pairs))) for member in members]
    margins = sum(
        (share * (one.own - one.others) for share, one in zip(learned, each, strict=True)), np.zeros(len(pairs))
    )
    margin = max(_mean(margins, fired), 0.0) / max(_mean(worth[pairs.lf], fired), np.finfo(float).tiny)
    return Shares(learned, float(base[-1]) if margin else 0.0, margin, np.zeros(len(base)), 0.0)


def votes_alike(pairs: PairTable, worth: Floats, margin: float) -> Floats:
    """Log-weights that are the same for every vote but for its worth: ``margin`` nats for its class; (pairs, k)."""
    right = pairs.vote[:, np.newaxis] == np.arange(pairs.k)
    return margin * worth[pairs.lf, np.newaxis] * right


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows of two votes or more, from which each vote is left out in turn.

    Parameters
    ----------
    pairs : PairTable
        The (labeling function, vote) pairs.
    indptr : ndarray of int64 of shape (rows + 1,)
        Row i is ``indptr[i]:indptr[i + 1]`` of ``pair``.
    pair : ndarray of unsigned int of shape (votes,)
        The pair of each vote.
    weight : ndarray of shape (rows,)
        How often each row counts.
    m : int
        How many labeling functions there are.
    """

    pairs: PairTable
    indptr: np.ndarray
    pair: np.ndarray
    weight: Floats
    m: int

    @classmethod
    def of(cls, problem: Problem) -> HeldOut | None:
        """The rows of a problem; None where there are none, or the tables would be too large."""
        if len(problem.pairs) * problem.k > LARGEST_TABLE:
            return None
        counts = problem.votes.row_counts
        rows = spread(np.flatnonzero(counts > 1), SAMPLE)
        if not len(rows):
            return None
        rows = spread(rows, max(int(MOST_ENTRIES / (problem.k * counts[rows].mean())), 1))
        weight = problem.weight[rows] if len(problem.weight) else np.ones(len(rows))
        if not weight.any():
            return None
        indptr = np.concatenate([[0], np.cumsum(counts[rows], dtype=np.int64)])
        return cls(problem.pairs, indptr, problem.sample_pairs(rows), weight, problem.m)

    @property
    def total(self) -> float:
        """The weight of all votes."""
        return float(self.weight @ np.diff(self.indptr))

    def information(self, log_weights: Floats, log_prior: Floats) -> float:
        r"""What the class, as the other votes on a row show it, tells of a vote; in nats per vote.

        Each vote is left out in turn, and the row's class taken from the posterior q of the others alone. With
        :math:`J_{jly}` the sum of q over the votes l of j, and :math:`J_{j \cdot y}` that over all its rows, this is
        the mutual information of vote and class,

        .. math:: I = \frac{1}{\text{votes}} \sum_{jly} J_{jly} \log \frac{J_{jly} / J_{j \cdot y}}{J_{jl} / J_j}

        each share smoothed by one row of the mean. All rows are those on which j votes; for partial labeling functions
        all that there are, and not voting is a vote: that they fire is what they say.

        Parameters
        ----------
        log_weights : ndarray of shape (pairs, k)
            What each pair adds to each class, before the row's tempering.
        log_prior : ndarray of shape (k,)
            The log-score of each class before any vote.

        Returns
        -------
        float
            0 or more.
        """
        pairs = self.pairs
        scale = row_scale(np.arange(np.diff(self.indptr).max() + 1))
        joint, present, total = leave_out(
            self.indptr, self.pair, pairs.lf, self.weight, scale, log_weights, log_prior, self.m
        )
        partial = partial_lfs(pairs, self.m)
        silent = np.maximum(total - present, 0) * partial[:, np.newaxis]
        rows = pairs.sum_by_lf(joint, self.m) + silent
        gain = _gain(joint, rows[pairs.lf]) + _gain(silent, rows)
        return max(gain / self.total, 0.0)


def spread(rows: np.ndarray, size: int) -> np.ndarray:
    """At most ``size`` of the rows, spread evenly."""
    return rows[spread_rows(len(rows), size)]


def _gain(counts: Floats, rows: Floats) -> float:
    """By how much the log-likelihood of counts (., k) is higher given the class, of ``rows`` rows each."""
    mean = counts.sum(axis=1, keepdims=True) / np.maximum(rows.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    given = (counts + mean) / (rows + 1)
    happens = counts > 0
    return float((counts[happens] * np.log((given / np.where(mean > 0, mean, 1))[happens])).sum())


def _margins(pairs: PairTable, weights: Floats) -> Floats:
    """By how much each pair is for its class rather than, on average, for another; (pairs,)."""
    own = weights[np.arange(len(pairs)), pairs.vote]
    return own - (weights.sum(axis=1) - own) / (pairs.k - 1)


def _mean(values: Floats, weight: Floats) -> float:
    return float(values @ weight / weight.sum()) if weight.sum() > 0 else 0.0
