"""What passes between the shell of a label model and its maths."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from weaklab._kernels.em import expected_counts
from weaklab.typing import Floats
from weaklab.votes import VoteMatrix
from weaklab.votes.pairs import PairTable


@dataclass(frozen=True, eq=False)
class Problem:
    """What a model is fitted to: distinct rows with weights, and the pairs that occur in them."""

    votes: VoteMatrix
    pairs: PairTable
    pair: np.ndarray  # (nnz,) the pair of each vote
    weight: Floats  # (u,)
    gold: np.ndarray  # (u,) known class or -1

    @property
    def k(self) -> int:
        """How many classes there are."""
        return self.votes.k

    @property
    def m(self) -> int:
        """How many labeling functions there are."""
        return self.votes.m

    @cached_property
    def vote_share(self) -> Floats:
        """The share of the votes that each class gets on each row, (u, k); gold where known; uniform without votes."""
        counts = self.votes.class_votes()
        total = counts.sum(axis=1, keepdims=True)
        share = np.where(total > 0, counts / np.maximum(total, 1), 1 / self.k)
        known = np.flatnonzero(self.gold >= 0)
        share[known] = np.eye(self.k)[self.gold[known]]
        return share

    def pair_weights(self) -> Floats:
        """The total weight of the rows on which each pair occurs, (pairs,)."""
        fired = np.bincount(self.pair, self.weight[self.votes.rows], minlength=len(self.pairs))
        return fired.astype(np.float64)  # bincount of nothing gives ints

    def counts(self, q: Floats) -> tuple[Floats, Floats]:
        """Expected counts under posteriors q (u, k): of pairs by class (pairs, k), and of classes (k,)."""
        return expected_counts(self.votes.indptr, self.pair, self.weight, q, len(self.pairs))

    def covered(self) -> Problem:
        """The rows that have a vote."""
        kept = np.flatnonzero(self.votes.row_counts)
        if len(kept) == self.votes.n:
            return self
        # Rows without votes hold no pairs, so the pairs stay as they are.
        return Problem(self.votes.take(kept), self.pairs, self.pair, self.weight[kept], self.gold[kept])


@dataclass(frozen=True, eq=False)
class Fit:
    """What ``_fit`` gives to the shell."""

    class_prior: Floats  # (k,)
    n_iter: int = 0
    converged: bool = True
    objective_path: list[float] = field(default_factory=list)
