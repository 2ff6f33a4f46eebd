"""Where gold disagrees with what a label model learned of labeling functions: one rule for all tables and findings."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta

from weaklab.typing import Codes, Floats
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix

#: The chance at which gold intervals of all labeling functions together miss (Bonferroni).
MISS = 0.01
#: Learned and gold accuracies that differ by less are the same.
SAME_ACCURACY = 0.10
#: A learned interval that is wider than this says next to nothing; what was learned is then held against gold itself.
WIDE = 0.5


def judge(matrix: VoteMatrix, gold: Codes) -> tuple[Floats, Floats]:
    """How many votes of each labeling function gold judges, and how many are right, (m,) each."""
    of_vote = gold[matrix.rows]
    judged = np.bincount(matrix.lf[of_vote >= 0], minlength=matrix.m).astype(np.float64)
    right = np.bincount(matrix.lf[of_vote == matrix.vote], minlength=matrix.m).astype(np.float64)
    return judged, right


def judge_rich(votes: PartialVotes | SoftVotes, gold: Codes) -> tuple[Floats, Floats]:
    """The same of richer votes, as their models count: a set is right where it holds the class, a distribution in part.

    Examples
    --------
    >>> judge_rich(SoftVotes([[[0.8, 0.2]], [[0.5, 0.5]], [[1.0, 0.0]]]), np.array([0, 1, -1]))
    (array([2.]), array([1.3]))
    """
    known = np.flatnonzero(gold >= 0)
    if isinstance(votes, PartialVotes):
        masks = votes.masks[known]
        right = ((masks >> gold[known, np.newaxis].astype(np.uint64)) & np.uint64(1)).astype(np.float64)  # (known, m)
        return (masks != 0).sum(axis=0).astype(np.float64), right.sum(axis=0)
    right = votes.probs[known, :, gold[known]]
    return (~np.isnan(right)).sum(axis=0).astype(np.float64), np.nansum(right, axis=0)


def gold_intervals(judged: Floats, right: Floats) -> Floats:
    """Intervals of Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404), (m, 2); (0, 1) where gold judges no vote.

    All of them together miss with a probability of ``MISS`` at most.

    Examples
    --------
    >>> gold_intervals(np.array([0.0, 400.0]), np.array([0.0, 400.0])).round(3)
    array([[0.   , 1.   ],
           [0.987, 1.   ]])
    """
    tail = MISS / 2 / max(int((judged > 0).sum()), 1)
    with np.errstate(invalid="ignore"):
        low = np.where(right > 0, beta.ppf(tail, right, judged - right + 1), 0)
        high = np.where(right < judged, beta.ppf(1 - tail, right + 1, judged - right), 1)
    return np.column_stack([low, high])


def gold_against(judged: Floats, right: Floats, learned: Floats, interval: Floats | None) -> np.ndarray:
    """Whether gold disagrees with the learned accuracy of each labeling function, bool of shape (m,).

    The gold interval and the learned one must not meet, and the accuracies differ by ``SAME_ACCURACY``. A learned
    interval wider than ``WIDE`` meets any other, and says nothing: the gold interval must leave out the learned
    accuracy. Where what was learned is right, that happens to any of all with a probability of ``MISS`` at most.

    Parameters
    ----------
    judged, right : ndarray of shape (m,)
        As :func:`judge` gives them.
    learned : ndarray of shape (m,)
        The learned accuracies; NaN where there is none.
    interval : ndarray of shape (m, 2), or None
        Theirs; None for a model that has none.

    Examples
    --------
    >>> judged, right, learned = np.array([50.0, 50.0]), np.array([18.0, 18.0]), np.array([0.7, 0.7])
    >>> gold_against(judged, right, learned, np.array([[0.1, 0.95], [0.5, 0.8]]))
    array([ True, False])
    """
    bounds = gold_intervals(judged, right)
    point = np.column_stack([learned, learned])
    with np.errstate(invalid="ignore"):
        if interval is None:
            told = point
        else:
            told = np.where((interval[:, 1] - interval[:, 0] > WIDE)[:, np.newaxis], point, interval)
        apart = (bounds[:, 0] > told[:, 1]) | (bounds[:, 1] < told[:, 0])
        off: np.ndarray = apart & (np.abs(right / np.maximum(judged, 1) - learned) >= SAME_ACCURACY) & (judged > 0)
    return off
