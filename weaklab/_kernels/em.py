"""One pass of expectation-maximisation over sparse rows: posteriors, and the expected counts that follow from them.

All label models whose log-posterior is linear in the votes share it. A *pair* is a (labeling function, vote) that
occurs; ``pair[at]`` numbers the pair of each vote, and ``log_weights[p, y]`` is what pair p adds to class y.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from weaklab._kernels._jit import kernel
from weaklab._kernels.chunks import over_chunks


class Pass(NamedTuple):
    """What one pass over the rows gives."""

    counts: np.ndarray  # (pairs, k): expected number of times that the pair occurs on a row of class y
    class_counts: np.ndarray  # (k,): expected number of rows of class y
    log_likelihood: float  # of all rows, by weight
    change: float  # the largest change of any posterior


@kernel
def posterior_rows(  # type: ignore[no-untyped-def]
    indptr, pair, start, stop, scale, log_weights, log_prior, gold, weight, q, log_likelihood
):
    """Posteriors of rows ``start`` to ``stop`` into ``q``; adds up the log-likelihood, returns the largest change."""
    k = log_prior.shape[0]
    logits = np.empty(k)
    largest_change = 0.0
    total = 0.0
    for i in range(start, stop):
        for y in range(k):
            logits[y] = 0.0
        for at in range(indptr[i], indptr[i + 1]):
            p = pair[at]
            for y in range(k):
                logits[y] += log_weights[p, y]
        top = -np.inf
        for y in range(k):
            logits[y] = scale[i] * logits[y] + log_prior[y]
            top = max(top, logits[y])
        norm = 0.0
        known = gold[i]
        log_known = logits[known] if known >= 0 else 0.0
        for y in range(k):
            logits[y] = math.exp(logits[y] - top)
            norm += logits[y]
        for y in range(k):
            new = (1.0 if y == known else 0.0) if known >= 0 else logits[y] / norm
            largest_change = max(largest_change, abs(new - q[i, y]))
            q[i, y] = new
        total += weight[i] * (log_known if known >= 0 else top + math.log(norm))
    log_likelihood[0] += total
    return largest_change


@kernel
def count_pairs(indptr, pair, start, stop, weight, q, counts, class_counts):  # type: ignore[no-untyped-def]
    """Add the posteriors of rows ``start`` to ``stop`` to the pairs that occur in them, and to the classes."""
    k = q.shape[1]
    for i in range(start, stop):
        w = weight[i]
        for y in range(k):
            class_counts[y] += w * q[i, y]
        for at in range(indptr[i], indptr[i + 1]):
            p = pair[at]
            for y in range(k):
                counts[p, y] += w * q[i, y]


def posterior(
    indptr: np.ndarray,
    pair: np.ndarray,
    scale: np.ndarray,
    log_weights: np.ndarray,
    log_prior: np.ndarray,
) -> np.ndarray:
    """The posterior of each row: ``softmax(scale_i * sum of log_weights over its votes + log_prior)``.

    Parameters
    ----------
    indptr : ndarray of int64 of shape (n + 1,)
        Row i is ``indptr[i]:indptr[i + 1]`` of ``pair``.
    pair : ndarray of int32 of shape (nnz,)
        The pair of each vote.
    scale : ndarray of shape (n,)
        What the evidence of a row is multiplied by.
    log_weights : ndarray of shape (pairs, k)
        What each pair adds to the log-score of each class, in nats.
    log_prior : ndarray of shape (k,)
        The log-score of each class before any vote.

    Returns
    -------
    ndarray of shape (n, k)
        Rows sum to 1.
    """
    n = len(indptr) - 1
    q = np.zeros((n, len(log_prior)))
    gold, weight, ignored = np.full(n, -1, dtype=np.int64), np.ones(n), np.zeros(1)
    for _ in over_chunks(
        lambda start, stop: posterior_rows(
            indptr, pair, start, stop, scale, log_weights, log_prior, gold, weight, q, np.zeros_like(ignored)
        ),
        n,
    ):
        pass
    return q


def expectation(
    indptr: np.ndarray,
    pair: np.ndarray,
    scale: np.ndarray,
    log_weights: np.ndarray,
    log_prior: np.ndarray,
    gold: np.ndarray,
    weight: np.ndarray,
    q: np.ndarray,
) -> Pass:
    """Update the posteriors ``q`` in place, and give the expected counts under the new ones.

    Parameters
    ----------
    indptr, pair, scale, log_weights, log_prior : ndarray
        As for :func:`posterior`.
    gold : ndarray of int64 of shape (n,)
        The class of a row where it is known, which then has all its posterior; -1 elsewhere.
    weight : ndarray of shape (n,)
        How often each row counts.
    q : ndarray of shape (n, k)
        The posteriors before; overwritten by those after.

    Returns
    -------
    Pass
    """

    def work(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, float, float]:
        counts, class_counts, log_likelihood = np.zeros_like(log_weights), np.zeros(q.shape[1]), np.zeros(1)
        change = posterior_rows(
            indptr, pair, start, stop, scale, log_weights, log_prior, gold, weight, q, log_likelihood
        )
        count_pairs(indptr, pair, start, stop, weight, q, counts, class_counts)
        return counts, class_counts, log_likelihood[0], change

    return _combine(list_of_parts=over_chunks(work, len(indptr) - 1), shape=log_weights.shape)


def expected_counts(
    indptr: np.ndarray, pair: np.ndarray, weight: np.ndarray, q: np.ndarray, pairs: int
) -> tuple[np.ndarray, np.ndarray]:
    """The expected counts under given posteriors: of pairs by class (pairs, k), and of classes (k,)."""

    def work(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, float, float]:
        counts, class_counts = np.zeros((pairs, q.shape[1])), np.zeros(q.shape[1])
        count_pairs(indptr, pair, start, stop, weight, q, counts, class_counts)
        return counts, class_counts, 0.0, 0.0

    total = _combine(list_of_parts=over_chunks(work, len(indptr) - 1), shape=(pairs, q.shape[1]))
    return total.counts, total.class_counts


def _combine(list_of_parts, shape: tuple[int, ...]) -> Pass:  # type: ignore[no-untyped-def]
    counts, class_counts, log_likelihood, change = np.zeros(shape), np.zeros(shape[1]), 0.0, 0.0
    for part in list_of_parts:  # in chunk order, so that the sums have the same bits at any number of threads
        counts += part[0]
        class_counts += part[1]
        log_likelihood += part[2]
        change = max(change, part[3])
    return Pass(counts, class_counts, float(log_likelihood), float(change))
