"""Leave each vote of a row out in turn, and see which class the others show."""

from __future__ import annotations

import math

import numpy as np

from weaklab._kernels._jit import kernel


@kernel
def softmax_of(evidence, without, factor, log_weights, log_prior, q):  # type: ignore[no-untyped-def]
    """The posterior of a row into q, the pair ``without`` (if 0 or more) left out of its summed evidence."""
    k = log_prior.shape[0]
    top = -np.inf
    for y in range(k):
        left = evidence[y] - log_weights[without, y] if without >= 0 else evidence[y]
        q[y] = factor * left + log_prior[y]
        top = max(top, q[y])
    norm = 0.0
    for y in range(k):
        q[y] = math.exp(q[y] - top)
        norm += q[y]
    for y in range(k):
        q[y] /= norm


@kernel
def leave_out_rows(indptr, pair, lf, weight, scale, log_weights, log_prior, joint, present, total):  # type: ignore[no-untyped-def]
    """Add the posteriors of rows, each vote's without itself to ``joint[pair]``, and with all to the other tables."""
    k = log_prior.shape[0]
    evidence, q = np.empty(k), np.empty(k)
    for i in range(indptr.shape[0] - 1):
        begin, end = indptr[i], indptr[i + 1]
        evidence[:] = 0.0
        for at in range(begin, end):
            for y in range(k):
                evidence[y] += log_weights[pair[at], y]
        softmax_of(evidence, -1, scale[end - begin], log_weights, log_prior, q)
        for y in range(k):
            total[y] += weight[i] * q[y]
        for at in range(begin, end):
            for y in range(k):
                present[lf[pair[at]], y] += weight[i] * q[y]
        for at in range(begin, end):
            p = np.int64(pair[at])
            softmax_of(evidence, p, scale[end - begin - 1], log_weights, log_prior, q)
            for y in range(k):
                joint[p, y] += weight[i] * q[y]


def leave_out(
    indptr: np.ndarray,
    pair: np.ndarray,
    lf: np.ndarray,
    weight: np.ndarray,
    scale: np.ndarray,
    log_weights: np.ndarray,
    log_prior: np.ndarray,
    m: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected counts of votes by the class that the other votes on their row show.

    Parameters
    ----------
    indptr : ndarray of int64 of shape (n + 1,)
        Row i is ``indptr[i]:indptr[i + 1]`` of ``pair``; one vote or more each.
    pair : ndarray of unsigned int of shape (nnz,)
        The pair of each vote.
    lf : ndarray of int of shape (pairs,)
        The labeling function of each pair.
    weight : ndarray of shape (n,)
        How often each row counts.
    scale : ndarray of shape (most votes on a row + 1,)
        What the evidence of a row is multiplied by, by its number of votes, the one that is left out not counted.
    log_weights : ndarray of shape (pairs, k)
        What each pair adds to the log-score of each class, in nats.
    log_prior : ndarray of shape (k,)
        The log-score of each class before any vote.
    m : int
        How many labeling functions there are.

    Returns
    -------
    joint : ndarray of shape (pairs, k)
        The expected number of rows of the class on which the pair occurs, by the other votes alone.
    present : ndarray of shape (m, k)
        The expected number of rows of the class on which the labeling function votes, by all votes.
    total : ndarray of shape (k,)
        The expected number of rows of the class, by all votes.
    """
    k = len(log_prior)
    joint, present, total = np.zeros((len(lf), k)), np.zeros((m, k)), np.zeros(k)
    weights = np.ascontiguousarray(log_weights)
    leave_out_rows(indptr, pair, lf, weight, scale, weights, np.ascontiguousarray(log_prior), joint, present, total)
    return joint, present, total
