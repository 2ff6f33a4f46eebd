"""Rows of up to 32 two-class votes as one 64-bit word each, and passes over them by table lookups.

A vote takes two bits: 0 abstains, 1 and 2 vote for the first and the second class. Ten bits, the votes of five labeling
functions, are looked up at a time: ``table[plane, bits]`` holds what these five votes add to the log-odds of the second
class. Beside lists of votes this saves the loop over them, whose length no branch predictor guesses. How often each
value of each plane occurs, times the posterior, is likewise counted as a whole and taken apart at the end.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from weaklab._kernels._jit import frozen, kernel
from weaklab._kernels.chunks import over_chunks, sum_chunks
from weaklab._kernels.exponential import exp_below_zero

#: The most labeling functions whose votes fit a word.
MOST = 32
#: Labeling functions that are looked up at a time.
PER_PLANE = 5
PLANE_BITS = np.uint64(2 * PER_PLANE)
PLANE_SIZE = 1 << (2 * PER_PLANE)
PLANE_MASK = np.uint64(PLANE_SIZE - 1)
#: Four planes are looked up without a loop: unused ones hold zeros, and cost less than the loop does.
UNROLLED = 4
#: Rows that are worked on at a time: their log-odds stay in the nearest cache, and a product of as many numbers up to 2
#: does not overflow.
BLOCK = 512

ONE, TWO, FOUR, TOP = (np.uint64(shift) for shift in (1, 2, 4, 56))
LOW_BITS, PAIRS, NIBBLES, BYTES = (np.uint64(int(pattern * 8, 16)) for pattern in ("55", "33", "0f", "01"))
SHIFT_1, SHIFT_2, SHIFT_3 = PLANE_BITS, np.uint64(2) * PLANE_BITS, np.uint64(3) * PLANE_BITS


class WordRows(NamedTuple):
    """The rows that a pass goes over."""

    word: np.ndarray  # (n,) uint64
    weight: np.ndarray  # (n,) or (0,) where each row counts once
    gold: np.ndarray  # (n,) int64, -1 where the class is not known; or (0,) where it never is
    empty: bool  # whether rows without votes count


class Survey(NamedTuple):
    """What one look at all rows tells; ``[j, v]`` is for vote v of labeling function j."""

    fired: np.ndarray  # (m, 2): weight of the rows on which the vote occurs
    second: np.ndarray  # (m, 2): of these, the share of the second class, by the votes of the row or its gold
    covered: float  # weight of the rows that have a vote
    covered_second: float  # of these, the share of the second class
    empty: float  # weight of the rows without
    empty_second: float
    meetings: float  # weight of the rows that have two votes or more


@kernel
def word_rows(votes, start, stop, word):  # type: ignore[no-untyped-def]
    """Words of rows that lie row by row."""
    for i in range(start, stop):
        w = np.uint64(0)
        for j in range(votes.shape[1]):
            w |= np.uint64((votes[i, j] + 1) & 3) << np.uint64(2 * j)
        word[i] = w


@kernel
def word_columns(votes, start, stop, word):  # type: ignore[no-untyped-def]
    """Words of rows that lie column by column, as those of data frames do."""
    for at in range(start, stop, BLOCK):
        part = word[at : min(at + BLOCK, stop)]
        for o in range(part.shape[0]):
            part[o] = 0
        for j in range(votes.shape[1]):
            column = votes[at : min(at + BLOCK, stop), j]
            shift = np.uint64(2 * j)
            for o in range(part.shape[0]):
                part[o] |= np.uint64((column[o] + 1) & 3) << shift


@kernel
def word_codes(indptr, code, start, stop, word):  # type: ignore[no-untyped-def]
    """Words of sparse rows, whose codes are ``2 * lf + vote``."""
    for i in range(start, stop):
        w = np.uint64(0)
        for at in range(indptr[i], indptr[i + 1]):
            c = np.uint64(code[at])
            w |= (ONE + (c & ONE)) << (TWO * (c >> ONE))
        word[i] = w


@kernel
def fill_codes(word, start, stop, indptr, code):  # type: ignore[no-untyped-def]
    """Codes ``2 * lf + vote`` of words where ``indptr`` says."""
    for i in range(start, stop):
        at = indptr[i]
        w = word[i]
        lf = 0
        while w != 0:
            vote = w & np.uint64(3)
            if vote != 0:
                code[at] = 2 * lf + np.int64(vote) - 1
                at += 1
            w >>= TWO
            lf += 1


@kernel
def ones(bits):  # type: ignore[no-untyped-def]
    """How many of the even bits are set."""
    bits &= LOW_BITS
    bits = (bits & PAIRS) + ((bits >> TWO) & PAIRS)
    bits = (bits + (bits >> FOUR)) & NIBBLES
    return (bits * BYTES) >> TOP


@kernel
def count_votes(word, start, stop, counts):  # type: ignore[no-untyped-def]
    """How many votes there are in each word."""
    for i in range(start, stop):
        counts[i] = ones(word[i] | (word[i] >> ONE))


@kernel
def look_up(part, table, scale, prior, d):  # type: ignore[no-untyped-def]
    """The log-odds of the second class of each word into d."""
    for o in range(part.shape[0]):
        w = part[o]
        x = (
            table[0, w & PLANE_MASK]
            + table[1, (w >> SHIFT_1) & PLANE_MASK]
            + table[2, (w >> SHIFT_2) & PLANE_MASK]
            + table[3, (w >> SHIFT_3) & PLANE_MASK]
        )
        for b in range(UNROLLED, table.shape[0]):
            x += table[b, (w >> (np.uint64(b) * PLANE_BITS)) & PLANE_MASK]
        d[o] = scale[ones(w | (w >> ONE))] * x + prior


@kernel
def scatter(part, value, counts):  # type: ignore[no-untyped-def]
    """Add the value of each word to what its planes hold."""
    for o in range(part.shape[0]):
        w, q = part[o], value[o]
        counts[0, w & PLANE_MASK] += q
        counts[1, (w >> SHIFT_1) & PLANE_MASK] += q
        counts[2, (w >> SHIFT_2) & PLANE_MASK] += q
        counts[3, (w >> SHIFT_3) & PLANE_MASK] += q
        for b in range(UNROLLED, counts.shape[0]):
            counts[b, (w >> (np.uint64(b) * PLANE_BITS)) & PLANE_MASK] += q


@kernel
def weigh(part, at, d, s, gold, weight, empty, q):  # type: ignore[no-untyped-def]
    """Posteriors of rows with weights or gold, times their weight, into q; returns what the log-likelihood gains."""
    gained = 0.0
    for o in range(part.shape[0]):
        if part[o] == 0 and not empty:
            q[o] = 0.0
            continue
        w = weight[at + o] if weight.shape[0] > 0 else 1.0
        known = gold[at + o] if gold.shape[0] > 0 else -1
        if known >= 0:
            q[o] = w * known
            gained += q[o] * d[o]
        else:
            q[o] *= w
            gained += w * (max(d[o], 0.0) + math.log1p(s[o]))
    return gained


@kernel
def expect_words(  # type: ignore[no-untyped-def]
    word, start, stop, table, scale, prior, gold, weight, empty, likelihood, counts, totals
):
    """Add the posteriors of the second class to what the planes of each word hold.

    The rows of that class add to ``totals[0]``; what the log-likelihood is above that of a world with the first class
    alone adds to ``totals[1]``, where ``likelihood`` asks for it.
    """
    d, s, q, power = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    bits = power.view(np.int64)
    for at in range(start, stop, BLOCK):
        part = word[at : min(at + BLOCK, stop)]
        c = part.shape[0]
        look_up(part, table, scale, prior, d)
        for o in range(c):
            s[o] = -abs(d[o])
        exp_below_zero(s, c, power, bits)
        for o in range(c):
            q[o] = (1.0 if d[o] >= 0 else s[o]) / (1.0 + s[o])
        if gold.shape[0] > 0 or weight.shape[0] > 0:
            totals[1] += weigh(part, at, d, s, gold, weight, empty, q)
        else:
            if not empty:
                for o in range(c):
                    if part[o] == 0:
                        q[o], s[o], d[o] = 0.0, 0.0, 0.0
            if likelihood:
                product = 1.0  # one logarithm for all of them
                for o in range(c):
                    totals[1] += max(d[o], 0.0)
                    product *= 1.0 + s[o]
                totals[1] += math.log(product)
        for o in range(c):
            totals[0] += q[o]
        scatter(part, q, counts)


@kernel
def posterior_words(word, start, stop, table, scale, prior, out):  # type: ignore[no-untyped-def]
    """The posterior of each word into out, (n, 2)."""
    d, s, power = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    bits = power.view(np.int64)
    for at in range(start, stop, BLOCK):
        part, rows = word[at : min(at + BLOCK, stop)], out[at : min(at + BLOCK, stop)]
        look_up(part, table, scale, prior, d)
        for o in range(part.shape[0]):
            s[o] = -abs(d[o])
        exp_below_zero(s, part.shape[0], power, bits)
        for o in range(part.shape[0]):
            more, less = 1.0 / (1.0 + s[o]), s[o] / (1.0 + s[o])
            rows[o, 0] = less if d[o] >= 0 else more
            rows[o, 1] = more if d[o] >= 0 else less


@kernel
def survey_words(word, start, stop, gold, weight, fired, second, totals):  # type: ignore[no-untyped-def]
    """Add what :class:`Survey` holds: ``totals`` in the order of its fields."""
    q, w = np.empty(BLOCK), np.empty(BLOCK)
    for at in range(start, stop, BLOCK):
        part = word[at : min(at + BLOCK, stop)]
        for o in range(part.shape[0]):
            first, other = ones(part[o]), ones(part[o] >> ONE)
            w[o] = weight[at + o] if weight.shape[0] > 0 else 1.0
            q[o] = 0.5 if part[o] == 0 else np.float64(other) / np.float64(first + other)
            if gold.shape[0] > 0 and gold[at + o] >= 0:
                q[o] = gold[at + o]
            q[o] *= w[o]
            place = 0 if part[o] != 0 else 2
            totals[place] += w[o]
            totals[place + 1] += q[o]
            if first + other > 1:
                totals[4] += w[o]
        scatter(part, w, fired)
        scatter(part, q, second)


@kernel
def spread(values, table):  # type: ignore[no-untyped-def]
    """What each plane adds for each of its values, from what each vote adds, (m, 2)."""
    for b in range(table.shape[0]):
        for value in range(PLANE_SIZE):
            total = 0.0
            for j in range(PER_PLANE):
                vote = (value >> (2 * j)) & 3
                lf = b * PER_PLANE + j
                if lf < values.shape[0] and (vote == 1 or vote == 2):  # noqa: PLR1714 (numba compiles no tuples here)
                    total += values[lf, vote - 1]
            table[b, value] = total


@kernel
def gather(counts, out):  # type: ignore[no-untyped-def]
    """How often each vote occurs, (m, 2), from how often each value of each plane does."""
    for b in range(counts.shape[0]):
        for value in range(PLANE_SIZE):
            count = counts[b, value]
            if count == 0.0:
                continue
            for j in range(PER_PLANE):
                vote = (value >> (2 * j)) & 3
                lf = b * PER_PLANE + j
                if lf < out.shape[0] and (vote == 1 or vote == 2):  # noqa: PLR1714
                    out[lf, vote - 1] += count


def planes(m: int) -> int:
    """How many planes there are for m labeling functions."""
    return max(UNROLLED, math.ceil(m / PER_PLANE))


def words(votes: np.ndarray) -> np.ndarray:
    """A word for each row of a dense matrix of votes.

    Parameters
    ----------
    votes : ndarray of int8 of shape (n, m)
        Each -1, 0 or 1; m is at most ``MOST``.

    Returns
    -------
    ndarray of uint64 of shape (n,)

    Examples
    --------
    >>> words(np.array([[-1, 0, 1], [1, -1, -1]], dtype=np.int8))
    array([36,  2], dtype=uint64)
    """
    by_column = votes.flags.f_contiguous and not votes.flags.c_contiguous
    work = word_columns if by_column else word_rows
    votes = frozen(votes.T).T if by_column else frozen(votes)
    word = np.empty(len(votes), dtype=np.uint64)
    for _ in over_chunks(lambda start, stop: work(votes, start, stop, word), len(votes)):
        pass
    return word


def words_of_sparse(indptr: np.ndarray, code: np.ndarray) -> np.ndarray:
    """A word for each of sparse rows whose codes are ``2 * lf + vote``, (n,) uint64."""
    word = np.empty(len(indptr) - 1, dtype=np.uint64)
    for _ in over_chunks(lambda start, stop: word_codes(indptr, code, start, stop, word), len(word)):
        pass
    return word


def sparse_of_words(word: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Sparse rows of words: (n + 1,) int64, and codes ``2 * lf + vote``, (nnz,)."""
    indptr = np.zeros(len(word) + 1, dtype=np.int64)
    np.cumsum(votes_of_words(word), out=indptr[1:])
    code = np.empty(indptr[-1], dtype=dtype)
    for _ in over_chunks(lambda start, stop: fill_codes(word, start, stop, indptr, code), len(word)):
        pass
    return indptr, code


def votes_of_words(word: np.ndarray) -> np.ndarray:
    """How many votes there are in each word, (n,) int64."""
    counts = np.empty(len(word), dtype=np.int64)
    for _ in over_chunks(lambda start, stop: count_votes(word, start, stop, counts), len(word)):
        pass
    return counts


def survey(rows: WordRows, m: int) -> Survey:
    """Look at all rows once; those without votes are told apart, whatever ``rows.empty`` says."""

    def work(start: int, stop: int, fired: np.ndarray, second: np.ndarray, totals: np.ndarray) -> None:
        survey_words(rows.word, start, stop, rows.gold, rows.weight, fired, second, totals)

    table = (planes(m), PLANE_SIZE)
    fired, second, totals = sum_chunks(work, len(rows.word), (table, table, (5,)))
    return Survey(_votes(fired, m), _votes(second, m), *totals.tolist())


def expectation_of_words(
    rows: WordRows, scale: np.ndarray, gap: np.ndarray, prior_gap: float, likelihood: bool
) -> tuple[np.ndarray, float, float]:
    """Expected counts of the second class.

    Parameters
    ----------
    rows : WordRows
        The rows.
    scale : ndarray of shape (m + 1,)
        What the evidence of a row is multiplied by, by its number of votes.
    gap : ndarray of shape (m, 2)
        What each vote adds to the log-odds of the second class, in nats.
    prior_gap : float
        Their value before any vote.
    likelihood : bool
        Whether the log-likelihood is wanted.

    Returns
    -------
    second : ndarray of shape (m, 2)
        Expected number of rows of the second class on which each vote occurs.
    rows_of_second : float
        Expected number of rows of the second class.
    gained : float
        What the log-likelihood is above that of a world with the first class alone.
    """
    m = len(gap)
    table = _spread(gap)

    def work(start: int, stop: int, counts: np.ndarray, totals: np.ndarray) -> None:
        expect_words(
            rows.word,
            start,
            stop,
            table,
            scale,
            prior_gap,
            rows.gold,
            rows.weight,
            rows.empty,
            likelihood,
            counts,
            totals,
        )

    counts, totals = sum_chunks(work, len(rows.word), (table.shape, (2,)))
    return _votes(counts, m), float(totals[0]), float(totals[1])


def posterior_of_words(word: np.ndarray, scale: np.ndarray, gap: np.ndarray, prior_gap: float) -> np.ndarray:
    """The posterior of each row, (n, 2); parameters as for :func:`expectation_of_words`."""
    table, out = _spread(gap), np.empty((len(word), 2))
    for _ in over_chunks(
        lambda start, stop: posterior_words(word, start, stop, table, scale, prior_gap, out), len(word)
    ):
        pass
    return out


def _spread(gap: np.ndarray) -> np.ndarray:
    table = np.empty((planes(len(gap)), PLANE_SIZE))
    spread(gap, table)
    return table


def _votes(counts: np.ndarray, m: int) -> np.ndarray:
    out = np.zeros((m, 2))
    gather(counts, out)
    return out
