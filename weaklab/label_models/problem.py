"""What passes between the shell of a label model and its maths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from weaklab._kernels.chunks import CHUNK
from weaklab._kernels.em import Expected, Rows, expectation, expectation_of_two, share_counts
from weaklab.typing import Floats
from weaklab.votes import Patterns, VoteMatrix
from weaklab.votes.pairs import PairTable, pair_up


@dataclass(frozen=True, eq=False)
class Problem:
    """What a model is fitted to: rows of votes with weights, and the pairs that occur in them.

    The rows themselves stay out of a model's sight: it asks for expected counts, and gives weights and a prior.

    Parameters
    ----------
    votes : VoteMatrix
        Rows, u in all; equal ones may have been merged.
    pairs : PairTable
        The (labeling function, vote) pairs that occur.
    pair : ndarray of unsigned int of shape (nnz,)
        The number of the pair of each vote.
    weight : ndarray of shape (u,) or (0,)
        How many rows each stands for; empty where each stands for itself.
    gold : ndarray of int64 of shape (u,) or (0,)
        The known class, or -1; empty where no class is known.
    empty : bool
        Whether rows without votes count.
    """

    votes: VoteMatrix
    pairs: PairTable
    pair: np.ndarray
    weight: Floats
    gold: np.ndarray
    empty: bool = True

    @classmethod
    def of(cls, patterns: Patterns) -> Problem:
        """The problem that (merged) rows of votes pose."""
        pairs, pair = pair_up(patterns.votes)
        return cls(patterns.votes, pairs, pair, patterns.weight, patterns.gold)

    @property
    def k(self) -> int:
        """How many classes there are."""
        return self.votes.k

    @property
    def m(self) -> int:
        """How many labeling functions there are."""
        return self.votes.m

    @property
    def rows(self) -> Rows:
        """What a pass goes over."""
        return Rows(self.votes.indptr, self.pair, self.weight, self.gold, self.empty)

    @cached_property
    def total(self) -> float:
        """The total weight of the rows that count."""
        if self.empty:
            return float(self.weight.sum()) if len(self.weight) else float(self.votes.n)
        counted = self.votes.indptr[1:] > self.votes.indptr[:-1]
        return float(self.weight[counted].sum()) if len(self.weight) else float(np.count_nonzero(counted))

    @cached_property
    def meetings(self) -> float:
        """The total weight of the rows on which two or more labeling functions vote."""
        several = self.votes.row_counts > 1
        return float(self.weight[several].sum()) if len(self.weight) else float(np.count_nonzero(several))

    @cached_property
    def has_gold(self) -> bool:
        """Whether any row's class is known."""
        return bool(len(self.gold)) and bool((self.gold >= 0).any())

    @cached_property
    def fired(self) -> Floats:
        """The total weight of the rows on which each pair occurs, (pairs,)."""
        return self.start().counts.sum(axis=1)

    @cached_property
    def most_votes(self) -> int:
        """The most votes on a row."""
        return self.votes.most_votes

    @cached_property
    def _shares(self) -> Expected:
        return share_counts(self.rows, self.pairs.vote, self.k)

    def start(self) -> Expected:
        """Expected counts where each row's class is its vote share; gold where known; uniform without votes."""
        return self._shares

    def step(self, log_weights: Floats, log_prior: Floats, scale: Floats | None = None, per_class: int = 1) -> Expected:
        """Expected counts under the posteriors of a rule.

        Parameters
        ----------
        log_weights : ndarray of shape (pairs, states)
            What each pair adds to the log-score of each state.
        log_prior : ndarray of shape (states,)
            The log-score of each state before any vote.
        scale : ndarray of shape (most_votes + 1,), optional
            What the evidence of a row is multiplied by, by its number of votes; 1 by default.
        per_class : int
            How many states each class has; they stand side by side.

        Returns
        -------
        Expected
            Counts of pairs by state, counts of states, and the log-likelihood; of two classes, where evidence is
            scaled, that is NaN.
        """
        scale = np.ones(self.most_votes + 1) if scale is None else scale
        if self.k == 2 and per_class == 1:
            return expectation_of_two(self.rows, scale, log_weights, log_prior, self.fired, self.total)
        return expectation(self.rows, scale, np.ascontiguousarray(log_weights), log_prior, per_class)

    def counts_under(self, posterior: Callable[[VoteMatrix], Floats]) -> tuple[Floats, Floats]:
        """Expected counts under posteriors that no weights give: of pairs by class, (pairs, k), and of classes, (k,).

        Parameters
        ----------
        posterior : callable
            From rows of votes to probabilities (rows, k).
        """
        counts, class_counts = np.zeros((len(self.pairs), self.k)), np.zeros(self.k)
        for start in range(0, self.votes.n, CHUNK):
            rows = np.arange(start, min(start + CHUNK, self.votes.n))
            part = self.votes.take(rows)
            q = np.array(posterior(part))
            if len(self.gold):
                known = np.flatnonzero(self.gold[rows] >= 0)
                q[known] = np.eye(self.k)[self.gold[rows[known]]]
            if len(self.weight):
                q *= self.weight[rows, np.newaxis]
            if not self.empty:
                q[part.row_counts == 0] = 0
            pair = self.pair[self.votes.indptr[start] : self.votes.indptr[rows[-1] + 1]]
            np.add.at(counts, pair, q[part.rows])
            class_counts += q.sum(axis=0)
        return counts, class_counts

    def covered(self) -> Problem:
        """The same, but rows that have no vote do not count."""
        return self._covered if self.empty else self

    @cached_property
    def _covered(self) -> Problem:  # kept, so that its start is computed once
        return replace(self, empty=False)

    def without_gold(self) -> Problem:
        """The same, but no class is known."""
        return replace(self, gold=np.empty(0, dtype=np.int64)) if len(self.gold) else self

    def sample_pairs(self, rows: np.ndarray) -> np.ndarray:
        """The pairs of the votes of some rows, by position, side by side."""
        number = np.zeros(self.m * self.k, dtype=np.uint32)
        number[self.pairs.lf * self.k + self.pairs.vote] = np.arange(len(self.pairs))
        return number[self.votes.take(rows).code].astype(self.pair.dtype)

    def slim(self) -> Problem:
        """The same, without the index of the data and whatever was computed of it: small enough to be kept."""
        return replace(self, votes=replace(self.votes, index=None))

    def sample(self, size: int) -> Problem:
        """Rows spread evenly over the data, ``size`` at most; itself where there are no more.

        The pairs keep their numbers, also those that do not occur in the sample.
        """
        if self.votes.n <= size:
            return self
        chosen = np.linspace(0, self.votes.n - 1, size).astype(np.int64)
        votes = self.votes.take(chosen)
        weight = self.weight[chosen] if len(self.weight) else self.weight
        gold = self.gold[chosen] if len(self.gold) else self.gold
        return Problem(votes, self.pairs, self.sample_pairs(chosen), weight, gold, self.empty)


@dataclass(frozen=True, eq=False)
class Fit:
    """What ``_fit`` gives to the shell."""

    class_prior: Floats  # (k,)
    n_iter: int = 0
    converged: bool = True
    objective_path: list[float] = field(default_factory=list)
