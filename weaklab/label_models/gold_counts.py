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
