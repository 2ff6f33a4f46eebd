"""Equal rows merged: vote patterns with the weight of the rows that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from weaklab.votes.matrix import VoteMatrix
from weaklab.votes.sampling import spread_rows
from weaklab.votes.spool import Column, is_in_file
from weaklab.votes.words import WordMatrix, stacked

#: Rows looked at to decide whether merging pays, spread evenly over the data.
SAMPLE = 4096
#: Merging costs about as much as a few passes over the rows, so it must save most of each pass.
WORTHWHILE = 0.25
#: Wider rows than this seldom repeat, and sorting them costs more than it saves.
MAX_WORDS = 4
#: Rows that are merged at a time, which bounds the memory that merging takes beyond its result.
BLOCK = 1_048_576


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct rows of a vote matrix, with the weight of each.

    Parameters
    ----------
    votes : VoteMatrix
        One row per distinct (votes, gold), u in all; or the rows as they were, where merging does not pay.
    weight : ndarray of shape (u,) or (0,)
        The total weight of the rows that each stands for; empty where each stands for itself.
    gold : ndarray of int64 of shape (u,) or (0,)
        The known class of each, or -1; empty where no class is known.
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
    votes, gold, weight = _counting(votes, gold, weight)
    if votes.packed_words > MAX_WORDS or not votes.n:
        return Patterns(votes, weight, gold)
    sample = spread_rows(votes.n, SAMPLE)
    if len(distinct(votes.take(sample).pack(), gold[sample] if len(gold) else gold)[0]) > WORTHWHILE * len(sample):
        return Patterns(votes, weight, gold)
    first, total = _merge(votes, gold, weight)
    return Patterns(votes.take(first), total, gold[first] if len(gold) else gold)


def merge_rows(votes: VoteMatrix, gold: np.ndarray | None = None, weight: np.ndarray | None = None) -> Patterns:
    """Merge equal rows, whether or not that pays.

    Parameters
    ----------
    votes, gold, weight
        As for :func:`compress`.

    Returns
    -------
    Patterns
        In an order that that of the rows leaves no trace in; each has a weight.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> merge_rows(check_votes([[1, 1], [0, 1], [1, 1]])).weight
    array([1., 2.])
    """
    votes, gold, weight = _counting(votes, gold, weight)
    first, total = _merge(votes, gold, weight)
    return Patterns(votes.take(first), total, gold[first] if len(gold) else gold)


def stack(parts: Sequence[Patterns]) -> Patterns:
    """The rows of several, one after the other, for as many classes as any of them is for.

    Parameters
    ----------
    parts : sequence of Patterns
        One or more, of the same labeling functions.

    Returns
    -------
    Patterns
        Not merged.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> both = stack([merge_rows(check_votes([[0, 1]] * 3)), merge_rows(check_votes([[2, 1]]))])
    >>> both.votes.dense().tolist(), both.votes.k, both.weight
    ([[0, 1], [2, 1]], 3, array([3., 1.]))
    """
    k = max(part.votes.k for part in parts)
    votes = stacked([part.votes.with_classes(k) for part in parts])
    gold, weight = np.empty(0, dtype=np.int64), np.empty(0)
    if any(len(part.gold) for part in parts):
        gold = np.concatenate([part.gold if len(part.gold) else np.full(part.votes.n, -1) for part in parts])
    if any(len(part.weight) for part in parts):
        weight = np.concatenate([part.weight if len(part.weight) else np.ones(part.votes.n) for part in parts])
    return Patterns(votes, weight, gold)


def _counting(
    votes: VoteMatrix, gold: np.ndarray | None, weight: np.ndarray | None
) -> tuple[VoteMatrix, np.ndarray, np.ndarray]:
    """The rows that count; gold labels and weights empty where there are none."""
    gold = np.empty(0, dtype=np.int64) if gold is None or not (gold >= 0).any() else gold
    weight = np.empty(0) if weight is None else weight
    return (votes, gold, weight) if weight.all() else _weighed(votes, gold, weight)


def _weighed(votes: VoteMatrix, gold: np.ndarray, weight: np.ndarray) -> tuple[VoteMatrix, np.ndarray, np.ndarray]:
    """The rows of a weight above 0, with it and gold, copied some at a time, into files where they are in files."""
    words = isinstance(votes, WordMatrix)
    ends, code = Column(np.int64), Column(np.uint64 if words else votes.code.dtype)
    gold_kept, weight_kept = Column(np.int64), Column(np.float64)
    if is_in_file(votes.word if isinstance(votes, WordMatrix) else votes.code):
        for column in (ends, code, gold_kept, weight_kept):
            column.to_file()
    ends.append([0])
    step = max(BLOCK // 16, 1)  # taking rows holds their votes in wider types
    for start in range(0, votes.n, step):
        stop = min(start + step, votes.n)
        kept = np.flatnonzero(weight[start:stop])
        part = votes.between(start, stop).take(kept)
        if isinstance(part, WordMatrix):
            code.append(part.word)
        else:
            ends.append(part.indptr[1:] + len(code))
            code.append(part.code)
        gold_kept.append(gold[start:stop][kept] if len(gold) else gold)
        weight_kept.append(weight[start:stop][kept])
    if words:
        return WordMatrix(code.array(), votes.m, votes.names), gold_kept.array(), weight_kept.array()
    matrix = VoteMatrix(ends.array(), code.array(), votes.m, votes.k, votes.names)
    return matrix, gold_kept.array(), weight_kept.array()


def _merge(votes: VoteMatrix, gold: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A row of each distinct (votes, gold), and the weight of all its equals, summed in the order of the rows."""
    rows, total = np.empty(0, dtype=np.int64), np.empty(0)
    words = np.empty((0, votes.packed_words), dtype=np.uint64)
    for start in range(0, votes.n, BLOCK):
        stop = min(start + BLOCK, votes.n)
        packed = votes.between(start, stop).pack()
        first, inverse = distinct(packed, gold[start:stop])
        rows, words = np.concatenate([rows, start + first]), np.concatenate([words, packed[first]])
        first, place = distinct(words, gold[rows] if len(gold) else gold)
        before, total = total, np.zeros(len(first))
        total[place[: len(before)]] = before
        at = place[len(before) :][inverse]
        if len(weight):
            np.add.at(total, at, weight[start:stop])  # one by one: the same bits whatever the block
        else:
            total += np.bincount(at, minlength=len(first))
        rows, words = rows[first], words[first]
    return rows, total


def distinct(words: np.ndarray, gold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find equal rows.

    Parameters
    ----------
    words : ndarray of uint64 of shape (n, words)
        Rows, such as :meth:`VoteMatrix.pack` makes them.
    gold : ndarray of int64 of shape (n,) or (0,)
        One more number that tells rows apart; empty for none.

    Returns
    -------
    first : ndarray of int of shape (u,)
        The first row of each distinct one.
    number : ndarray of int of shape (n,)
        Which of these each row is.

    Examples
    --------
    >>> distinct(np.array([[7], [3], [7]], dtype=np.uint64), np.empty(0, dtype=np.int64))
    (array([1, 0]), array([1, 0, 1]))
    """
    keys = [words[:, at] for at in range(words.shape[1])]
    if len(gold):
        keys.append(gold.view(np.uint64))
    inverse = pd.factorize(keys[0])[0]
    for key in keys[1:]:  # hashing each word on its own, then the pairs of numbers, needs no sort of the rows
        number, values = pd.factorize(key)
        inverse = pd.factorize(inverse * np.int64(len(values)) + number)[0]
    count = int(inverse.max(initial=-1)) + 1
    first = np.empty(count, dtype=np.int64)
    first[inverse[::-1]] = np.arange(len(inverse) - 1, -1, -1)  # the last one written is the first row of each
    order = np.lexsort([key[first] for key in keys])  # of the distinct ones only, so that row order leaves no trace
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    return first[order], place[inverse]
