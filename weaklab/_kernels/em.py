"""One pass of expectation-maximisation over sparse rows: posteriors, and the expected counts that follow from them.

All label models whose log-posterior is linear in the votes share it. A *pair* is a (labeling function, vote) that
occurs; ``pair[at]`` numbers the pair of each vote. A *state* is a class, or a class together with whatever else a model
does not see of a row (its difficulty, a subtype): states ``y * per_class`` to ``(y + 1) * per_class`` belong to class
y. ``log_weights[p, s]`` is what pair p adds to state s.

No pass keeps a posterior of the rows: expected counts of pairs and states are all that an M-step needs. Where rows have
no weights or no gold, the arrays for these are empty, and cost nothing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from weaklab._kernels._jit import kernel
from weaklab._kernels.chunks import CHUNK, over_chunks, sum_chunks
from weaklab._kernels.exponential import exp_below_zero

#: Tables of up to this many entries are kept once per chunk that is in flight; larger ones once, and without threads.
THREADED_TABLE = 4_000_000
#: Log-scores that are worked on at a time: they stay in the nearest cache.
SCORES = 1024


class Rows(NamedTuple):
    """The rows that a pass goes over."""

    indptr: np.ndarray  # (n + 1,) int64: row i is indptr[i]:indptr[i + 1] of pair
    pair: np.ndarray  # (nnz,) unsigned int: the pair of each vote
    weight: np.ndarray  # (n,) or (0,) where each row counts once
    gold: np.ndarray  # (n,) int64, -1 where the class is not known; or (0,) where it never is
    empty: bool  # whether rows without votes count

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.indptr) - 1


class Expected(NamedTuple):
    """What one pass over the rows gives."""

    counts: np.ndarray  # (pairs, states): expected number of times that the pair occurs on a row of the state
    state_counts: np.ndarray  # (states,): expected number of rows of the state
    log_likelihood: float  # of all rows, by weight


@kernel
def add_four(indptr, pair, at, count, scale, log_weights, log_prior, scores):  # type: ignore[no-untyped-def]
    """:func:`score` for four states, whose sums stay in registers."""
    for o in range(count):
        row = pair[indptr[at + o] : indptr[at + o + 1]]
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for p in row:
            a += log_weights[p, 0]
            b += log_weights[p, 1]
            c += log_weights[p, 2]
            d += log_weights[p, 3]
        factor = scale[row.shape[0]]
        scores[o, 0] = factor * a + log_prior[0]
        scores[o, 1] = factor * b + log_prior[1]
        scores[o, 2] = factor * c + log_prior[2]
        scores[o, 3] = factor * d + log_prior[3]


@kernel
def add_up(indptr, pair, at, count, scale, log_weights, log_prior, scores):  # type: ignore[no-untyped-def]
    """:func:`score` for any number of states."""
    for o in range(count):
        row, sums = pair[indptr[at + o] : indptr[at + o + 1]], scores[o]
        for s in range(sums.shape[0]):
            sums[s] = 0.0
        for p in row:
            weights = log_weights[p]
            for s in range(sums.shape[0]):
                sums[s] += weights[s]
        factor = scale[row.shape[0]]
        for s in range(sums.shape[0]):
            sums[s] = factor * sums[s] + log_prior[s]


@kernel
def score(indptr, pair, at, count, scale, log_weights, log_prior, scores):  # type: ignore[no-untyped-def]
    """The log-scores of the states of ``count`` rows from row ``at`` on."""
    if log_prior.shape[0] == 4:
        add_four(indptr, pair, at, count, scale, log_weights, log_prior, scores)
    else:
        add_up(indptr, pair, at, count, scale, log_weights, log_prior, scores)


@kernel
def softmax(q, count, norm, power, bits):  # type: ignore[no-untyped-def]
    """Log-scores to probabilities, row by row and in place; the logarithm of what they were divided by into norm."""
    flat = q.reshape(q.size)
    for o in range(count):
        row = q[o]
        top = row[0]
        for s in range(row.shape[0]):
            top = max(top, row[s])
        norm[o] = top
        for s in range(row.shape[0]):
            row[s] -= top
    exp_below_zero(flat, count * q.shape[1], power, bits)
    for o in range(count):
        row = q[o]
        total = 0.0
        for s in range(row.shape[0]):
            total += row[s]
        norm[o] += math.log(total)
        for s in range(row.shape[0]):
            row[s] /= total


@kernel
def keep_gold(q, count, at, gold, per_class):  # type: ignore[no-untyped-def]
    """Leave only the states of the known class to rows that have one; q holds log-scores."""
    for o in range(count):
        known = gold[at + o]
        if known >= 0:
            for s in range(q.shape[1]):
                if s // per_class != known:
                    q[o, s] = -np.inf


@kernel
def scatter_four(indptr, pair, at, count, q, counts):  # type: ignore[no-untyped-def]
    """:func:`scatter` for four states."""
    for o in range(count):
        a, b, c, d = q[o, 0], q[o, 1], q[o, 2], q[o, 3]
        for p in pair[indptr[at + o] : indptr[at + o + 1]]:
            counts[p, 0] += a
            counts[p, 1] += b
            counts[p, 2] += c
            counts[p, 3] += d


@kernel
def scatter(indptr, pair, at, count, q, counts):  # type: ignore[no-untyped-def]
    """Add the probabilities of rows to the pairs that occur in them."""
    for o in range(count):
        row = q[o]
        for p in pair[indptr[at + o] : indptr[at + o + 1]]:
            own = counts[p]
            for s in range(row.shape[0]):
                own[s] += row[s]


@kernel
def expect_rows(  # type: ignore[no-untyped-def]
    indptr, pair, start, stop, scale, log_weights, log_prior, per_class, gold, weight, empty, counts, state_counts
):
    """Add the posteriors of rows to the pairs that occur in them, and to the states; returns the log-likelihood."""
    states = log_prior.shape[0]
    block = max(1, SCORES // states)
    q, norm, power = np.empty((block, states)), np.empty(block), np.empty(block * states)
    bits = power.view(np.int64)
    total = 0.0
    for at in range(start, stop, block):
        count = min(block, stop - at)
        score(indptr, pair, at, count, scale, log_weights, log_prior, q)
        if gold.shape[0] > 0:
            keep_gold(q, count, at, gold, per_class)
        softmax(q, count, norm, power, bits)
        for o in range(count):
            w = weight[at + o] if weight.shape[0] > 0 else 1.0
            if not empty and indptr[at + o] == indptr[at + o + 1]:
                w = 0.0
            total += w * norm[o]
            row = q[o]
            for s in range(states):
                row[s] *= w
                state_counts[s] += row[s]
        if states == 4:
            scatter_four(indptr, pair, at, count, q, counts)
        else:
            scatter(indptr, pair, at, count, q, counts)
    return total


@kernel
def expect_two(  # type: ignore[no-untyped-def]
    indptr, pair, start, stop, scale, gap, prior_gap, gold, weight, empty, likelihood, counts, totals
):
    """:func:`expect_rows` for two classes: only the second is counted, from differences of log-weights.

    Adds to ``counts[p]``, to the rows of the second class in ``totals[0]``, and, where ``likelihood`` says so, what the
    log-likelihood is above that of a world with the first class alone to ``totals[1]``.
    """
    rows, gained = 0.0, 0.0
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin == end and not empty:
            continue
        d = 0.0
        for at in range(begin, end):
            d += gap[pair[at]]
        d = scale[end - begin] * d + prior_gap
        w = weight[i] if weight.shape[0] > 0 else 1.0
        known = gold[i] if gold.shape[0] > 0 else -1
        if known >= 0:
            q = w * known
            gained += q * d
        else:
            small = math.exp(-abs(d))
            q = w / (1.0 + small) if d >= 0 else w * small / (1.0 + small)
            if likelihood:
                gained += w * (max(d, 0.0) + math.log1p(small))
        rows += q
        for at in range(begin, end):
            counts[pair[at]] += q
    totals[0] += rows
    totals[1] += gained


@kernel
def share_rows(indptr, pair, start, stop, vote, gold, weight, empty, counts, class_counts):  # type: ignore[no-untyped-def]
    """Add the vote shares of rows to the pairs that occur in them, and to the classes."""
    k = class_counts.shape[0]
    q = np.empty(k)
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin == end and not empty:
            continue
        w = weight[i] if weight.shape[0] > 0 else 1.0
        known = gold[i] if gold.shape[0] > 0 else -1
        for y in range(k):
            q[y] = w / k if begin == end and known < 0 else 0.0
        if known >= 0:
            q[known] = w
        else:
            for at in range(begin, end):
                q[vote[pair[at]]] += w / (end - begin)
        for y in range(k):
            class_counts[y] += q[y]
        for at in range(begin, end):
            p = pair[at]
            for y in range(k):
                counts[p, y] += q[y]


@kernel
def posterior_rows(indptr, pair, start, stop, scale, log_weights, log_prior, per_class, out):  # type: ignore[no-untyped-def]
    """The posteriors of rows over the classes into ``out``."""
    states = log_prior.shape[0]
    block = max(1, SCORES // states)
    q, norm, power = np.empty((block, states)), np.empty(block), np.empty(block * states)
    bits = power.view(np.int64)
    for at in range(start, stop, block):
        count = min(block, stop - at)
        score(indptr, pair, at, count, scale, log_weights, log_prior, q)
        softmax(q, count, norm, power, bits)
        for o in range(count):
            given, row = out[at + o], q[o]
            for y in range(given.shape[0]):
                given[y] = 0.0
                for s in range(y * per_class, (y + 1) * per_class):
                    given[y] += row[s]


def posterior(
    indptr: np.ndarray,
    pair: np.ndarray,
    scale: np.ndarray,
    log_weights: np.ndarray,
    log_prior: np.ndarray,
    per_class: int = 1,
) -> np.ndarray:
    """The posterior of each row: ``softmax(scale * sum of log_weights over its votes + log_prior)``.

    Parameters
    ----------
    indptr : ndarray of int64 of shape (n + 1,)
        Row i is ``indptr[i]:indptr[i + 1]`` of ``pair``.
    pair : ndarray of unsigned int of shape (nnz,)
        The pair of each vote.
    scale : ndarray of shape (most votes on a row + 1,)
        What the evidence of a row is multiplied by, by its number of votes.
    log_weights : ndarray of shape (pairs, states)
        What each pair adds to the log-score of each state, in nats.
    log_prior : ndarray of shape (states,)
        The log-score of each state before any vote.
    per_class : int
        How many states each class has.

    Returns
    -------
    ndarray of shape (n, states / per_class)
        Rows sum to 1.
    """
    n = len(indptr) - 1
    out = np.empty((n, len(log_prior) // per_class))
    for _ in over_chunks(
        lambda start, stop: posterior_rows(indptr, pair, start, stop, scale, log_weights, log_prior, per_class, out),
        n,
    ):
        pass
    return out


def expectation(
    rows: Rows, scale: np.ndarray, log_weights: np.ndarray, log_prior: np.ndarray, per_class: int = 1
) -> Expected:
    """Expected counts under the posteriors that weights and prior give.

    Parameters
    ----------
    rows : Rows
        The rows.
    scale, log_weights, log_prior, per_class
        As for :func:`posterior`.

    Returns
    -------
    Expected
    """

    def work(start: int, stop: int, counts: np.ndarray, state_counts: np.ndarray, likelihood: np.ndarray) -> None:
        likelihood += expect_rows(
            rows.indptr,
            rows.pair,
            start,
            stop,
            scale,
            log_weights,
            log_prior,
            per_class,
            rows.gold,
            rows.weight,
            rows.empty,
            counts,
            state_counts,
        )

    return _accumulate(work, rows.n, log_weights.shape)


def expectation_of_two(
    rows: Rows, scale: np.ndarray, log_weights: np.ndarray, log_prior: np.ndarray, fired: np.ndarray, total: float
) -> Expected:
    """:func:`expectation` for two classes, in a third of its time.

    Parameters
    ----------
    rows, scale, log_weights, log_prior
        As for :func:`expectation`; two states.
    fired : ndarray of shape (pairs,)
        The weight of the rows on which each pair occurs.
    total : float
        The weight of all rows that count.

    Returns
    -------
    Expected
        Its log-likelihood is NaN where the evidence of rows is scaled, for then there is none.
    """
    gap = np.ascontiguousarray(log_weights[:, 1] - log_weights[:, 0])
    prior_gap = float(log_prior[1] - log_prior[0])
    plain = bool((scale == 1).all())

    def work(start: int, stop: int, counts: np.ndarray, totals: np.ndarray) -> None:
        expect_two(
            rows.indptr,
            rows.pair,
            start,
            stop,
            scale,
            gap,
            prior_gap,
            rows.gold,
            rows.weight,
            rows.empty,
            plain,
            counts,
            totals,
        )

    second, (rows_of_second, gained) = sum_chunks(work, rows.n, (gap.shape, (2,)))
    first_alone = fired @ log_weights[:, 0] + total * log_prior[0]
    likelihood = float(first_alone + gained) if plain else float("nan")
    return of_second(fired, second, total, rows_of_second, likelihood)


def of_second(
    fired: np.ndarray, second: np.ndarray, total: float, rows_of_second: float, likelihood: float
) -> Expected:
    """Expected counts of two classes from those of the second; rounding may leave less than nothing to the first.

    Parameters
    ----------
    fired, second : ndarray of shape (pairs,)
        The weight of the rows on which each pair occurs, and what is expected of the second class.
    total, rows_of_second : float
        The same of all rows.
    likelihood : float
        The log-likelihood.

    Returns
    -------
    Expected
    """
    counts = np.column_stack([np.maximum(fired - second, 0), second])
    return Expected(counts, np.array([max(total - rows_of_second, 0.0), rows_of_second]), likelihood)


def share_counts(rows: Rows, vote: np.ndarray, k: int) -> Expected:
    """Expected counts where each row's votes share it: the class that a vote of it is for, drawn evenly.

    Parameters
    ----------
    rows : Rows
        The rows.
    vote : ndarray of int of shape (pairs,)
        The class that each pair votes for.
    k : int
        How many classes there are; a row without votes or gold falls evenly on all.

    Returns
    -------
    Expected
        Its log-likelihood is 0.
    """

    def work(start: int, stop: int, counts: np.ndarray, state_counts: np.ndarray, likelihood: np.ndarray) -> None:
        share_rows(rows.indptr, rows.pair, start, stop, vote, rows.gold, rows.weight, rows.empty, counts, state_counts)

    return _accumulate(work, rows.n, (len(vote), k))


def _accumulate(work, n: int, shape: tuple[int, int]) -> Expected:  # type: ignore[no-untyped-def]
    """Counts, counts of states, and the log-likelihood of all rows."""
    shapes = (shape, shape[1:], (1,))
    if shape[0] * shape[1] > THREADED_TABLE or n <= CHUNK:  # one table, filled in row order
        counts, state_counts, likelihood = (np.zeros(each) for each in shapes)
        for start in range(0, n, CHUNK):
            work(start, min(start + CHUNK, n), counts, state_counts, likelihood)
    else:
        counts, state_counts, likelihood = sum_chunks(work, n, shapes)
    return Expected(counts, state_counts, float(likelihood[0]))
