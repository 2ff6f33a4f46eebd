"""Words, and runs of two and three words, that occur in many texts: what keyword functions could look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse


@dataclass(frozen=True, eq=False)
class NGrams:
    """The n-grams that at least so many of n texts contain.

    Attributes
    ----------
    phrases : list of str of length c
        Case-folded, words separated by one space; fewer words first.
    inside : sparse matrix of float64 of shape (n, c)
        1 where a text contains an n-gram, which ``keyword_lf`` of that phrase then finds.
    """

    phrases: list[str]
    inside: sparse.csc_matrix


def find_ngrams(texts: Sequence[str], least: int, longest: int = 3) -> NGrams:
    """Find the runs of words that at least ``least`` texts contain.

    A run of words is looked at only where both of its parts are in so many texts (R. Agrawal and R. Srikant, "Fast
    algorithms for mining association rules", VLDB 1994), so that rare words cost one pass.

    Parameters
    ----------
    texts : sequence of str of length n
        The texts.
    least : int
        In how many of them an n-gram must be.
    longest : int
        The most words of one.

    Returns
    -------
    NGrams

    Examples
    --------
    >>> found = find_ngrams(["Free money", "free money now", "money, free"], least=2)
    >>> found.phrases, found.inside.sum(axis=0).tolist()
    (['free', 'money', 'free money'], [[3.0, 3.0, 2.0]])
    """
    words, ids, rows, joined = _words(texts)
    phrases: list[str] = []
    blocks: list[sparse.csc_matrix] = []
    spelled, single = words, words
    word_at, radix = ids, 1
    for length in range(1, longest + 1):
        if not len(ids):
            break
        ids, distinct, matrix = _frequent(ids, rows, len(texts), least)
        if length == 1:
            spelled = single = [words[word] for word in distinct]
            word_at, radix = ids, max(len(single), 1)
        else:
            spelled = [f"{spelled[key // radix]} {single[key % radix]}" for key in distinct.tolist()]
        phrases += spelled
        blocks.append(matrix)
        # The next run begins with this one and goes on by a word: both are in enough texts, with one space between.
        last = np.arange(len(ids) - length)
        ends = last + length
        goes_on = (ids[last] >= 0) & (word_at[ends] >= 0) & joined[ends - 1] & (rows[last] == rows[ends])
        keys = np.full(len(ids), -1, dtype=np.int64)
        keys[last[goes_on]] = ids[last[goes_on]] * np.int64(radix) + word_at[ends[goes_on]]
        ids = keys
    inside = sparse.hstack(blocks, format="csc") if blocks else sparse.csc_matrix((len(texts), 0))
    return NGrams(phrases, inside)


def _words(texts: Sequence[str]) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """The distinct words, and per word of the texts its number, its row, and whether one space follows it."""
    folded = [text.casefold() for text in texts]
    try:
        column = pl.Series(folded, dtype=pl.String)
    except UnicodeEncodeError:  # lone surrogates, which Python's strings may hold and polars' may not
        column = pl.Series([text.encode("utf-8", "replace").decode() for text in folded], dtype=pl.String)
    pieces = column.str.extract_all(r"\w+|[^\w]+")  # words, and what is between them, by turns
    rows = np.repeat(np.arange(len(texts)), pieces.list.len().to_numpy())
    flat = pieces.explode().drop_nulls() if len(rows) else pl.Series([], dtype=pl.String)
    is_word = flat.str.contains(r"^\w").to_numpy()
    joins = np.append((flat == " ").to_numpy()[1:], False)
    ids, distinct = pd.factorize(flat.filter(pl.Series(is_word)).to_numpy())
    return [str(word) for word in distinct], ids.astype(np.int64), rows[is_word], joins[is_word]


def _frequent(
    ids: np.ndarray, rows: np.ndarray, n: int, least: int
) -> tuple[np.ndarray, np.ndarray, sparse.csc_matrix]:
    """Numbers of those that are in enough rows, -1 elsewhere; what each numbers; and in which rows each is."""
    there = np.flatnonzero(ids >= 0)
    codes, distinct = pd.factorize(ids[there])
    count = max(len(distinct), 1)
    pairs = pd.unique(rows[there] * np.int64(count) + codes)  # a word twice in a text is in one text
    in_rows = np.bincount(pairs % count, minlength=count)[: len(distinct)]
    kept = np.flatnonzero(in_rows >= least)
    number = np.full(count, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    out = np.full(len(ids), -1, dtype=np.int64)
    out[there] = number[codes]
    columns = number[pairs % count]
    chosen = columns >= 0
    shape = (n, len(kept))
    matrix = sparse.csc_matrix((np.ones(chosen.sum()), (pairs[chosen] // count, columns[chosen])), shape=shape)
    return out, distinct[kept], matrix
