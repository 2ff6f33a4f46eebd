"""What rows of known class say of each pair: the counts that gold adds to a method that fits no posterior."""

from __future__ import annotations

import numpy as np

from weaklab.label_models.problem import Problem
from weaklab.typing import Floats


def gold_counts(problem: Problem) -> Floats:
    """The weight of the rows of each known class on which each pair occurs.

    Parameters
    ----------
    problem : Problem
        Rows of votes, some with gold.

    Returns
    -------
    ndarray of shape (pairs, k)
        Zeros where no class is known.
    """
    counts = np.zeros((len(problem.pairs), problem.k))
    if problem.has_gold:
        gold = problem.gold[problem.votes.rows]  # (nnz,)
        weight = problem.weight[problem.votes.rows] if len(problem.weight) else np.ones(len(gold))
        known = np.flatnonzero(gold >= 0)
        np.add.at(counts, (problem.pair[known], gold[known]), weight[known])
    return counts


def gold_classes(problem: Problem) -> tuple[Floats, Floats]:
    """The weight of the rows of each known class, (k,): of those that have a vote, and of those that have none."""
    known = np.flatnonzero(problem.gold >= 0)
    gold, voted = problem.gold[known], problem.votes.row_counts[known] > 0
    weight = problem.weight[known] if len(problem.weight) else np.ones(len(known))
    with_votes, without = (np.bincount(gold, weight * there, minlength=problem.k) for there in (voted, ~voted))
    return with_votes.astype(np.float64), without.astype(np.float64)
