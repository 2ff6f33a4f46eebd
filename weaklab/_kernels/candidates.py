"""One pass of expectation-maximisation where classes are many: only the classes that a row has votes for are visited.

Where a vote for a class says the same of each other class, all classes without a vote on a row share what is left of
its posterior in proportion to the prior. So a row costs as much as it has votes, not as there are classes, and tables
are per pair: ``own[p]`` is what pair p adds to the class that it votes for, ``others[p]`` what it adds to each other
class. Rows and pairs are those of :mod:`weaklab._kernels.em`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from weaklab._kernels._jit import kernel
from weaklab._kernels.chunks import over_chunks, sum_chunks
from weaklab._kernels.em import Expected, Rows

#: What is left to classes without votes counts as nothing below this: it is rounding.
ROUNDING = 1e-12


class Candidates(NamedTuple):
    """What one pass over the rows gives."""

    right: np.ndarray  # (pairs,): expected number of times that the pair's vote is right
    class_counts: np.ndarray  # (k,): expected number of rows of the class
    log_likelihood: float  # of all rows, by weight

    @classmethod
    def of(cls, expected: Expected, vote: np.ndarray) -> Candidates:
        """The same of counts of pairs by class; ``vote`` (pairs,) says which class each votes for."""
        return cls(expected.counts[np.arange(len(vote)), vote], expected.state_counts, expected.log_likelihood)


@kernel
def gather(indptr, pair, i, vote, gain, found, score, mark):  # type: ignore[no-untyped-def]
    """The classes that row i has votes for into ``found``, their summed gains into ``score``; returns how many."""
    size = 0
    for at in range(indptr[i], indptr[i + 1]):
        y = vote[pair[at]]
        if mark[y] != i:
            mark[y] = i
            score[y] = 0.0
            found[size] = y
            size += 1
        score[y] += gain[pair[at]]
    return size


@kernel
def normalise(found, size, factor, power, log_prior, score):  # type: ignore[no-untyped-def]
    """Turn summed gains of the classes found into posteriors.

    Returns the log of the normaliser, and what the prior of any other class is multiplied by.
    """
    left, top = 1.0, -np.inf
    for c in range(size):
        y = found[c]
        left -= math.exp(log_prior[y])
        score[y] = power * (factor * score[y] + log_prior[y])
        top = max(top, score[y])
    rest = power * math.log(left) if left > ROUNDING else -np.inf
    top = max(top, rest)
    total = math.exp(rest - top)
    for c in range(size):
        total += math.exp(score[found[c]] - top)
    log_norm = top + math.log(total)
    for c in range(size):
        score[found[c]] = math.exp(score[found[c]] - log_norm)
    return log_norm, math.exp(rest - log_norm) / left if left > ROUNDING else 0.0


@kernel
def expect_candidates(  # type: ignore[no-untyped-def]
    indptr, pair, start, stop, vote, scale, own, others, log_prior, gold, weight, empty, right, class_counts
):
    """Add the expected right votes to the pairs, and the posteriors of rows to the classes.

    ``class_counts`` gets the classes with votes; returns the log-likelihood, and what all classes get on top in
    proportion to the prior.
    """
    k = log_prior.shape[0]
    gain = own - others
    found, score, mark = np.empty(k, np.int64), np.empty(k), np.full(k, -1, np.int64)
    total, spread = 0.0, 0.0
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin == end and not empty:
            continue
        w = weight[i] if weight.shape[0] > 0 else 1.0
        size = gather(indptr, pair, i, vote, gain, found, score, mark)
        base = 0.0
        for at in range(begin, end):
            base += others[pair[at]]
        factor = scale[end - begin]
        known = gold[i] if gold.shape[0] > 0 else -1
        if known >= 0:
            gained = score[known] if mark[known] == i else 0.0
            total += w * (factor * (base + gained) + log_prior[known])
            class_counts[known] += w
            for at in range(begin, end):
                if vote[pair[at]] == known:
                    right[pair[at]] += w
            continue
        log_norm, share = normalise(found, size, factor, 1.0, log_prior, score)
        total += w * (factor * base + log_norm)
        share *= w
        spread += share
        for c in range(size):
            y = found[c]
            class_counts[y] += w * score[y] - share * math.exp(log_prior[y])
        for at in range(begin, end):
            right[pair[at]] += w * score[vote[pair[at]]]
    return total, spread


@kernel
def share_candidates(indptr, pair, start, stop, vote, gold, weight, empty, right, class_counts):  # type: ignore[no-untyped-def]
    """:func:`expect_candidates` where the votes of a row share it; returns the weight of rows without votes or gold."""
    k = class_counts.shape[0]
    found, score, mark = np.empty(k, np.int64), np.empty(k), np.full(k, -1, np.int64)
    one = np.ones(vote.shape[0])
    silent = 0.0
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin == end and not empty:
            continue
        w = weight[i] if weight.shape[0] > 0 else 1.0
        known = gold[i] if gold.shape[0] > 0 else -1
        if known >= 0:
            class_counts[known] += w
        elif begin == end:
            silent += w
        else:
            size = gather(indptr, pair, i, vote, one, found, score, mark)
            for c in range(size):
                score[found[c]] *= w / (end - begin)
                class_counts[found[c]] += score[found[c]]
        for at in range(begin, end):
            y = vote[pair[at]]
            if known < 0:
                right[pair[at]] += score[y]
            elif y == known:
                right[pair[at]] += w
    return silent


@kernel
def posterior_of_candidates(indptr, pair, start, stop, vote, scale, power, own, others, log_prior, out):  # type: ignore[no-untyped-def]
    """The posteriors of rows over all classes into ``out``."""
    k = log_prior.shape[0]
    gain, prior = own - others, np.exp(log_prior)
    found, score, mark = np.empty(k, np.int64), np.empty(k), np.full(k, -1, np.int64)
    for i in range(start, stop):
        size = gather(indptr, pair, i, vote, gain, found, score, mark)
        _, share = normalise(found, size, scale[indptr[i + 1] - indptr[i]], power, log_prior, score)
        for y in range(k):
            out[i, y] = share * prior[y]
        for c in range(size):
            out[i, found[c]] = score[found[c]]


def expectation_of_candidates(
    rows: Rows, vote: np.ndarray, scale: np.ndarray, own: np.ndarray, others: np.ndarray, log_prior: np.ndarray
) -> Candidates:
    """Expected counts under the posteriors that weights and prior give.

    Parameters
    ----------
    rows : Rows
        The rows.
    vote : ndarray of int of shape (pairs,)
        The class that each pair votes for.
    scale : ndarray of shape (most votes + 1,)
        What the evidence of a row is multiplied by, by its number of votes.
    own, others : ndarray of shape (pairs,)
        What each pair adds to the log-score of the class that it votes for, and of each other class.
    log_prior : ndarray of shape (k,)
        The log-score of each class before any vote; sums to 1 in probability.

    Returns
    -------
    Candidates
    """

    def work(start: int, stop: int, right: np.ndarray, class_counts: np.ndarray, likelihood: np.ndarray) -> None:
        log_likelihood, spread = expect_candidates(
            rows.indptr,
            rows.pair,
            start,
            stop,
            vote,
            scale,
            own,
            others,
            log_prior,
            rows.gold,
            rows.weight,
            rows.empty,
            right,
            class_counts,
        )
        class_counts += spread * np.exp(log_prior)
        likelihood += log_likelihood

    return _accumulate(work, rows.n, len(vote), len(log_prior))


def share_of_candidates(rows: Rows, vote: np.ndarray, k: int) -> Candidates:
    """Expected counts where each row's votes share it, as :func:`weaklab._kernels.em.share_counts` has them.

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
    Candidates
        Its log-likelihood is 0.
    """

    def work(start: int, stop: int, right: np.ndarray, class_counts: np.ndarray, likelihood: np.ndarray) -> None:
        class_counts += (
            share_candidates(
                rows.indptr, rows.pair, start, stop, vote, rows.gold, rows.weight, rows.empty, right, class_counts
            )
            / k
        )

    return _accumulate(work, rows.n, len(vote), k)


def candidate_posterior(
    indptr: np.ndarray,
    pair: np.ndarray,
    vote: np.ndarray,
    scale: np.ndarray,
    own: np.ndarray,
    others: np.ndarray,
    log_prior: np.ndarray,
    power: float = 1.0,
) -> np.ndarray:
    """The posterior of each row, (n, k); parameters as for :func:`expectation_of_candidates`.

    The posteriors of the classes with votes, and that of all others as one, are raised to ``power`` and scaled to sum
    to 1: it is not how many classes there are that decides how sure one is.
    """
    n = len(indptr) - 1
    out = np.empty((n, len(log_prior)))
    for _ in over_chunks(
        lambda start, stop: posterior_of_candidates(
            indptr, pair, start, stop, vote, scale, power, own, others, log_prior, out
        ),
        n,
    ):
        pass
    return out


def _accumulate(work, n: int, pairs: int, k: int) -> Candidates:  # type: ignore[no-untyped-def]
    right, class_counts, likelihood = sum_chunks(work, n, ((pairs,), (k,), (1,)))
    return Candidates(right, np.maximum(class_counts, 0), float(likelihood[0]))  # rounding may leave less than nothing
