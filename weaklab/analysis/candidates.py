"""Conditions that a labeling function could vote on: words of texts, cuts of numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from weaklab.analysis.ngrams import find_ngrams
from weaklab.labeling import keyword_lf, threshold_lf

#: A column of numbers is cut at so many quantiles; one with fewer different values is taken for codes of something.
CUTS = 20
#: A column of more different values than this is text even if each is one word.
CATEGORIES = 50


@dataclass(frozen=True, eq=False)
class Candidates:
    """Conditions on the rows of a frame.

    Attributes
    ----------
    inside : sparse matrix of float64 of shape (n, c)
        1 where a row meets a condition.
    make : list of callable, of length c
        Each makes the labeling function, of a label and a name (None for its own).
    columns : list of hashable, of length c
        The column that each reads.
    kinds : list of str, of length c
        "keyword" or "threshold".
    simple : ndarray of bool of shape (c,)
        Those of one word.
    """

    inside: sparse.csc_matrix
    make: list[Callable[[Any, str | None], Any]]
    columns: list[Hashable]
    kinds: list[str]
    simple: np.ndarray

    def take(self, chosen: np.ndarray) -> Candidates:
        """Some of them, by position."""
        return Candidates(
            self.inside[:, chosen],
            [self.make[place] for place in chosen],
            [self.columns[place] for place in chosen],
            [self.kinds[place] for place in chosen],
            self.simple[chosen],
        )


def find_candidates(table: pd.DataFrame, least: int, longest: int) -> Candidates:
    """Conditions that at least ``least`` rows meet, each set of rows once.

    Parameters
    ----------
    table : DataFrame of n rows
        The columns to look at; those that hold neither texts nor numbers are left out.
    least : int
        How many rows.
    longest : int
        The most words of an n-gram.

    Returns
    -------
    Candidates

    Examples
    --------
    >>> found = find_candidates(pd.DataFrame({"text": ["free money", "money free", "call me"]}), 2, 3)
    >>> [make(1, None).name for make in found.make]
    ['free']
    """
    parts = [_of_column(table[name], name, least, longest) for name in table.columns]
    found = [part for part in parts if part is not None and part.make]
    if not found:
        return Candidates(sparse.csc_matrix((len(table), 0)), [], [], [], np.empty(0, dtype=bool))
    together = Candidates(
        sparse.hstack([part.inside for part in found], format="csc"),
        [make for part in found for make in part.make],
        [name for part in found for name in part.columns],
        [kind for part in found for kind in part.kinds],
        np.concatenate([part.simple for part in found]),
    )
    return together.take(first_of_equal(together.inside))


def first_of_equal(inside: sparse.csc_matrix) -> np.ndarray:
    """The columns whose rows no column before them has, by position.

    Examples
    --------
    >>> first_of_equal(sparse.csc_matrix([[1, 0, 1], [0, 1, 0]])).tolist()
    [0, 1]
    """
    # Two sums of random numbers per row tell sets of rows apart, but for odds of one in 2**100.
    drawn = np.random.default_rng(0).random((inside.shape[0], 2))
    sums = np.column_stack([inside.T @ drawn, np.diff(inside.indptr)])
    _, first = np.unique(sums.round(9), axis=0, return_index=True)
    return np.sort(first)


def _of_column(column: Any, name: Hashable, least: int, longest: int) -> Candidates | None:
    if isinstance(column, pd.DataFrame) or pd.api.types.is_bool_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column):
        return _cuts(column, name, least)
    strings = [cell for cell in column.head(200) if isinstance(cell, str)]
    if not strings:
        return None
    of_words = sum(len(cell.split()) for cell in strings) / len(strings) > 1.5
    return _ngrams(column, name, least, longest) if of_words or column.nunique() > CATEGORIES else None


def _ngrams(column: pd.Series, name: Hashable, least: int, longest: int) -> Candidates:
    found = find_ngrams([cell if isinstance(cell, str) else "" for cell in column], least, longest)

    def looks_for(phrase: str) -> Callable[[Any, str | None], Any]:
        return lambda label, own: keyword_lf(phrase, column=name, label=label, name=own)

    simple = np.array([" " not in phrase for phrase in found.phrases], dtype=bool)
    make, count = [looks_for(phrase) for phrase in found.phrases], len(found.phrases)
    return Candidates(found.inside, make, [name] * count, ["keyword"] * count, simple)


def _cuts(column: pd.Series, name: Hashable, least: int) -> Candidates | None:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    if len(np.unique(known[:100_000])) <= CUTS:
        return None
    quantiles = np.quantile(known, np.linspace(0, 1, CUTS + 1)[1:-1], method="nearest")
    whole = bool((known == np.floor(known)).all())
    cuts = np.unique([float(f"{cut:.4g}") for cut in quantiles.tolist()]).tolist()

    def compares(side: str, cut: float) -> Callable[[Any, str | None], Any]:
        bound = {side: int(cut) if whole else cut}
        return lambda label, own: threshold_lf(name, label=label, name=own, **bound)

    sides = [(side, cut) for cut in cuts for side in ("above", "below")]
    inside = np.column_stack([(values > cut) if side == "above" else (values < cut) for side, cut in sides])
    kept = np.flatnonzero(inside.sum(axis=0) >= least)
    make = [compares(*sides[place]) for place in kept]
    matrix = sparse.csc_matrix(inside[:, kept].astype(np.float64))
    return Candidates(matrix, make, [name] * len(make), ["threshold"] * len(make), np.zeros(len(make), dtype=bool))
