"""Equal rows merged: vote patterns with the weight of the rows that show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weaklab.votes.matrix import VoteMatrix

#: Rows looked at to decide whether merging pays, spread evenly over the data.
SAMPLE = 4096
#: Merging costs about as much as a few passes over the rows, so it must save most of each pass.
WORTHWHILE = 0.25
#: Wider rows than this seldom repeat, and sorting them costs more than it saves.
MAX_WORDS = 4


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct rows of a vote matrix, with the weight of each.

    Parameters
    ----------
    votes : VoteMatrix
        One row per distinct (votes, gold), u in all; or the rows as they were, where merging does not pay.
    weight : ndarray of shape (u,)
        The total weight of the rows that each stands for.
    gold : ndarray of int64 of shape (u,)
        The known class of each, or -1.
    """

    votes: VoteMatrix
    weight: np.ndarray
    gold: np.ndarray


def compress(votes: VoteMatrix, gold: np.ndarray | None = None, weight: np.ndarray | None = None) -> Patterns:
    """Merge equal rows where that pays.

    Parameters
    ----------
    votes : VoteMatrix
        n rows.
    gold : ndarray of int of shape (n,), optional
        Known classes, -1 where unknown; rows that differ in it are not merged.
    weight : ndarray of shape (n,), optional
        The weight of each row; 1 by default. Rows of weight 0 are dropped.

    Returns
    -------
    Patterns

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> patterns = compress(check_votes([[0, 1]] * 5 + [[1, -1]] * 3))
    >>> patterns.weight
    array([3., 5.])
    """
    gold = np.full(votes.n, -1, dtype=np.int64) if gold is None else gold
    weight = np.ones(votes.n) if weight is None else weight
    if not weight.all():
        kept = np.flatnonzero(weight)
        votes, gold, weight = votes.take(kept), gold[kept], weight[kept]
    if votes.packed_words > MAX_WORDS or not votes.n:
        return Patterns(votes, weight, gold)
    sample = np.linspace(0, votes.n - 1, min(SAMPLE, votes.n)).astype(np.int64)
    if len(_distinct(votes.take(sample).pack(), gold[sample])[0]) > WORTHWHILE * len(sample):
        return Patterns(votes, weight, gold)
    first, inverse = _distinct(votes.pack(), gold)
    return Patterns(votes.take(first), np.bincount(inverse, weights=weight, minlength=len(first)), gold[first])


def _distinct(words: np.ndarray, gold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A row of each distinct (words, gold), (u,), and the number of each row's, (n,)."""
    order = np.lexsort((gold, *words.T))
    changed = (np.diff(words[order], axis=0) != 0).any(axis=1) | (np.diff(gold[order]) != 0)
    number = np.concatenate([[0], np.cumsum(changed)])
    inverse = np.empty(len(order), dtype=np.int64)
    inverse[order] = number
    return order[np.concatenate([[True], changed])], inverse
