"""Where labeling functions say nothing: what the rows without votes have in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

#: A region is a gap where its share of the rows without votes is so many times that of the rows with votes.
LIFT = 1.5
#: Rows of each side that are looked at for words, evenly spread; more of them find the same.
ROWS_READ = 20_000
#: Into so many parts of equal size a column of numbers is cut.
PARTS = 10
#: A column of more different values than this is no category.
CATEGORIES = 50


@dataclass(frozen=True, eq=False)
class Gap:
    """A region of the data in which many rows have no votes.

    Attributes
    ----------
    what : str
        The region, in words.
    inside : ndarray of bool of shape (n,)
        Its rows.
    lift : float
        Its share of the rows without votes over its share of the others.
    """

    what: str
    inside: np.ndarray
    lift: float


def find_gaps(table: pd.DataFrame, bare: np.ndarray, count: int) -> list[Gap]:
    """Regions that hold many rows without votes and few others, the one with most rows first.

    Words of texts, tenths of numbers, and values of categories are tried. After each region its
    rows are taken out, so that the next one is about others.

    Parameters
    ----------
    table : DataFrame of n rows
        The columns to look at.
    bare : ndarray of bool of shape (n,)
        The rows without votes.
    count : int
        How many regions at most.

    Returns
    -------
    list of Gap

    Examples
    --------
    >>> texts = ["free money"] * 20 + ["call me", "see you"] * 10
    >>> gaps = find_gaps(pd.DataFrame({"text": texts}), np.arange(40) >= 20, 2)
    >>> [(gap.what, int(gap.inside.sum())) for gap in gaps]
    [("text has 'call'", 10), ("text has 'see'", 10)]
    """
    candidates = [gap for name in table.columns for gap in _of_column(table[name], name, bare)]
    least = max(5, int(np.ceil(0.01 * bare.sum())))
    left = bare.copy()
    found: list[Gap] = []
    while candidates and len(found) < count:
        sizes = [int((gap.inside & left).sum()) for gap in candidates]
        best = int(np.argmax(sizes))
        if sizes[best] < least:
            break
        found.append(candidates[best])
        left &= ~candidates[best].inside
        large = [gap for gap, size in zip(candidates, sizes, strict=True) if size >= least]
        candidates = [gap for gap in large if gap is not found[-1]]
    return found


def _of_column(column: pd.Series, name: Hashable, bare: np.ndarray) -> list[Gap]:
    if isinstance(column, pd.DataFrame):  # several columns of one name
        return []
    if pd.api.types.is_bool_dtype(column):
        return _categories(column, name, bare)
    if pd.api.types.is_numeric_dtype(column):
        return _numbers(column, name, bare)
    strings = [cell for cell in column.head(200) if isinstance(cell, str)]
    if not strings:
        return []
    if sum(len(cell.split()) for cell in strings) / len(strings) > 1.5 or column.nunique() > CATEGORIES:
        return _words(column, name, bare)
    return _categories(column, name, bare)


def _numbers(column: pd.Series, name: Hashable, bare: np.ndarray) -> list[Gap]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    if not len(known):
        return []
    edges = np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1)))
    regions = []
    for low, high in pairwise(edges.tolist()):
        inside = (values >= low) & ((values < high) if high < edges[-1] else (values <= high))
        regions.append((f"{name} from {low:.4g} to {high:.4g}", inside))
    return _lifted(regions, bare)


def _categories(column: pd.Series, name: Hashable, bare: np.ndarray) -> list[Gap]:
    values = column.dropna().unique()[:CATEGORIES]
    return _lifted([(f"{name} is {value!r}", (column == value).to_numpy(dtype=bool)) for value in values], bare)


def _words(column: pd.Series, name: Hashable, bare: np.ndarray) -> list[Gap]:
    from sklearn.feature_extraction.text import CountVectorizer

    sides = [_spread(np.flatnonzero(side)) for side in (bare, ~bare)]
    counter = CountVectorizer(binary=True, min_df=3, max_features=20_000)
    texts = np.array([cell if isinstance(cell, str) else "" for cell in column], dtype=object)
    try:
        counter.fit(texts[np.concatenate(sides)])
    except ValueError:  # no word is in three texts
        return []
    shares = [np.asarray(counter.transform(texts[rows]).mean(axis=0)).ravel() if len(rows) else None for rows in sides]
    if shares[0] is None:
        return []
    elsewhere = np.zeros_like(shares[0]) if shares[1] is None else shares[1]
    lift = shares[0] / np.maximum(elsewhere, 0.5 / max(len(sides[1]), 1))
    likely = np.flatnonzero(lift >= LIFT)
    likely = likely[np.argsort(-shares[0][likely], kind="stable")][:200]
    found = counter.transform(texts)[:, likely].tocsc()
    words = counter.get_feature_names_out()[likely]
    regions = []
    for place, word in enumerate(words):
        inside = np.zeros(len(texts), dtype=bool)
        inside[found.indices[found.indptr[place] : found.indptr[place + 1]]] = True
        regions.append((f"{name} has {str(word)!r}", inside))
    return _lifted(regions, bare)


def _lifted(regions: Sequence[tuple[str, np.ndarray]], bare: np.ndarray) -> list[Gap]:
    out = []
    for what, inside in regions:
        share = (inside & bare).sum() / max(bare.sum(), 1)
        elsewhere = (inside & ~bare).sum() / max((~bare).sum(), 1)
        lift = float(share / max(elsewhere, 0.5 / max(int((~bare).sum()), 1)))
        if share > 0 and lift >= LIFT:
            out.append(Gap(what, inside, lift))
    return out


def _spread(rows: np.ndarray) -> Any:
    return rows[:: -(-len(rows) // ROWS_READ)] if len(rows) > ROWS_READ else rows
