"""Triplets: accuracies in closed form, from how often three labeling functions agree two by two."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.co_votes import co_counts
from weaklab.label_models.gold_counts import gold_counts
from weaklab.label_models.parameters import check_count, check_positive, check_probability
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable


class TripletModel(BaseLabelModel):
    r"""Accuracies in closed form, from the agreement of three labeling functions; nothing is iterated.

    Given the class, and that it votes, labeling function j votes for it with probability :math:`p_j`, and for each
    other class alike, independently of other labeling functions. In terms of :math:`b_j = (k p_j - 1) / (k - 1)`, which
    is 0 at chance, the share :math:`A_{ij}` of agreement among the rows on which i and j both vote satisfies

    .. math:: M_{ij} = \frac{k A_{ij} - 1}{k - 1} = b_i b_j
              \quad\Rightarrow\quad |b_i| = \sqrt{|M_{ij} M_{il} / M_{jl}|}

    for any two others, j and l, whatever the class balance. For two classes these are the triplets of Fu et al.; for
    more they go one class against the rest, where even random votes look accurate, so that the agreement corrected for
    chance stands in here. Of the estimates from all triplets with the ``partners`` labeling functions that vote most
    often beside it, each labeling function gets the median, weighted by :math:`w = M_{jl}^2 / (1/n_{ij} + 1/n_{il} +
    1/n_{jl})`, where :math:`1/w` bounds the variance of :math:`b_i^2` by the delta method, and n counts rows on which
    both vote. It is shrunk towards the prior by w votes (their median) against ``prior_strength``; gold rows count as
    votes too. Labeling functions are taken to be better than chance.

    Two that cannot agree, or cannot differ, as those that only ever vote for one class, tell nothing of each other.
    Two with no third share :math:`b_i = b_j = \sqrt{|M_{ij}|}`; one without any keeps the prior accuracy: where all do,
    the prediction is that of majority vote. Then

    .. math:: P(y \mid \lambda) \propto \pi_y \prod_{j: \lambda_j = y} p_j
              \prod_{j: \lambda_j \notin \{y, -1\}} \frac{1 - p_j}{k - 1}

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    class_balance : "uniform", "estimate", mapping or Series by class, or array-like of shape (k,)
        The class balance: equal, the vote share, or known (above 0 for each class; scaled to sum to 1). The vote share
        is no safe choice where most labeling functions only vote for one class.
    partners : int
        With how many others each labeling function is compared, 2 or more.
    prior_accuracy : float
        The accuracy that the prior expects of a labeling function; above 1/k, below 1.
    prior_strength : float
        How many votes the prior is worth, above 0.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The class balance.

    References
    ----------
    D. Fu, M. Chen, F. Sala, S. Hooper, K. Fatahalian and C. Ré, "Fast and three-rious: speeding up weak supervision
    with triplet methods", ICML 2020. doi:10.48550/arXiv.2002.11955

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models.triplets import TripletModel
    >>> planted = make_votes(n=20_000, m=5, coverage=0.8, accuracy=[0.9, 0.8, 0.7, 0.6, 0.8])
    >>> TripletModel().fit(planted.votes).accuracies_.round(1)
    array([0.9, 0.8, 0.7, 0.6, 0.8])
    """

    def __init__(
        self,
        *,
        classes: Classes = None,
        class_balance: Any = "uniform",
        partners: int = 30,
        prior_accuracy: float = 0.7,
        prior_strength: float = 20.0,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.class_balance = class_balance
        self.partners = partners
        self.prior_accuracy = prior_accuracy
        self.prior_strength = prior_strength
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_count("partners", self.partners, 2)
        check_probability("prior_accuracy", self.prior_accuracy)
        check_positive("prior_strength", self.prior_strength)

    def _fit(self, problem: Problem) -> Fit:
        k, pairs = problem.k, problem.pairs
        known = known_balance(self.class_balance, k, self.classes_.tolist())
        prior = max(_corrected(self.prior_accuracy, k), 0.0)
        edge, votes = self._from_triplets(problem, prior)
        counts = gold_counts(problem)
        right = np.bincount(pairs.lf, counts[np.arange(len(pairs)), pairs.vote], minlength=problem.m)
        told = np.bincount(pairs.lf, counts.sum(axis=1), minlength=problem.m)
        evidence = votes * edge + (k * right - told) / (k - 1) + self.prior_strength * prior
        edge = np.maximum(evidence / (votes + told + self.prior_strength), 0)
        self._accuracy = (1 + (k - 1) * edge) / k  # (m,), below 1 by the prior
        balance = smoothed_balance(problem.covered().start().state_counts) if known is None else known
        return Fit(balance)

    def _from_triplets(self, problem: Problem, prior: float) -> tuple[Floats, Floats]:
        """The estimate of b for each labeling function, (m,), and how many votes it is worth, (m,)."""
        edge, votes = np.full(problem.m, prior), np.zeros(problem.m)
        agreements = Agreements(problem)
        for j in np.unique(problem.pairs.lf):
            others = agreements.partners(j, self.partners)
            if len(others) == 0:
                continue
            n, m = (part[0] for part in agreements.between(np.array([j]), others))
            a, b = np.triu_indices(len(others), 1)
            met, third = (part[a, b] for part in agreements.between(others, others))
            with np.errstate(divide="ignore"):
                worth = third**2 / (1 / n[a] + 1 / n[b] + 1 / met)  # 0 where the two never met
            if (told := worth > 0).any():
                square = np.abs(m[a] * m[b])[told] / np.abs(third[told])
                edge[j], votes[j] = np.sqrt(min(weighted_median(square, worth[told]), 1)), np.median(worth[met > 0])
            elif len(others) == 1:
                edge[j], votes[j] = np.sqrt(np.abs(m[0])), n[0]
        return edge, votes

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        right = self._accuracy[pairs.lf, np.newaxis]
        return np.log(np.where(pairs.vote[:, np.newaxis] == np.arange(pairs.k), right, (1 - right) / (pairs.k - 1)))


def weighted_median(values: Floats, weights: Floats) -> float:
    """The middle of the values where each counts as its weight says; halfway, where the middle falls between two.

    Parameters
    ----------
    values, weights : ndarray of shape (size,)
        Weights above 0.

    Examples
    --------
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 5.0]))
    2.0
    """
    order = np.argsort(values)
    below = np.cumsum(weights[order]) / weights.sum()
    low, high = (int(np.searchsorted(below, 0.5 + nudge)) for nudge in (-1e-9, 1e-9))
    return float((values[order[low]] + values[order[min(high, len(order) - 1)]]) / 2)


def _corrected(agreement: Any, k: int) -> Any:
    """A share of agreement, or an accuracy, corrected for chance: 0 at 1/k, 1 at 1."""
    return (k * agreement - 1) / (k - 1)


class Agreements:
    """On how many rows each two labeling functions both vote, and how much they agree there.

    Parameters
    ----------
    problem : Problem
        Rows of votes.
    """

    def __init__(self, problem: Problem) -> None:
        pairs, m = problem.pairs, problem.m
        counts, each = co_counts(problem), np.arange(len(pairs))
        of_lf = sparse.csr_array((np.ones(len(pairs)), (pairs.lf, each)), shape=(m, len(pairs)))
        self._casts = sparse.csr_array((np.ones(len(pairs)), (pairs.lf, pairs.vote)), shape=(m, problem.k))
        self._both = of_lf @ counts @ of_lf.T  # (m, m), dense or sparse as the counts are
        self._same = self._both * 0
        for vote in np.unique(pairs.vote):
            ours = np.flatnonzero(pairs.vote == vote)
            self._same = self._same + of_lf[:, ours] @ counts[ours][:, ours] @ of_lf[:, ours].T
        # Where partners vote equally often beside one, what they are decides, not where they stand.
        self._size = np.asarray(self._both.sum(axis=0)).ravel(), np.asarray(self._same.sum(axis=0)).ravel()

    def between(self, some: np.ndarray, others: np.ndarray) -> tuple[Floats, Floats]:
        """On how many rows each of some and of others both vote, and their agreement corrected for chance.

        Both are 0 where the two cannot agree or cannot differ, or where they are one.
        """
        met, agreed = _dense(self._both[some][:, others]), _dense(self._same[some][:, others])
        one, other = _dense(self._casts[some]), _dense(self._casts[others])
        shared = one @ other.T
        total = one.sum(axis=1, keepdims=True) + other.sum(axis=1) - shared
        met = met * ((shared > 0) & (total > 1) & (some[:, np.newaxis] != others))
        return met, np.where(met > 0, _corrected(agreed / np.where(met > 0, met, 1), one.shape[1]), 0)

    def partners(self, j: int, most: int) -> np.ndarray:
        """The labeling functions that vote most often beside j, and tell something of it; ``most`` at most."""
        met, m = (part[0] for part in self.between(np.array([j]), np.arange(len(self._size[0]))))
        order = np.lexsort((*self._size, -m, -met))[:most]
        return order[met[order] > 0]


def _dense(table: Any) -> Floats:
    return np.asarray(table.toarray() if sparse.issparse(table) else table)
