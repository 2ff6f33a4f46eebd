"""Bootstrap intervals of scores, and of differences of scores on the same rows, from counts of alike rows.

Of a row, accuracy and F1 see its class and the classes that a model has tied for the highest probability. Rows that are
alike in that are one cell, and a bootstrap resample (Efron, 1979, doi:10.1214/aos/1176344552) is a multinomial draw of
the cells: the same distribution as drawing rows, at a cost that does not grow with them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from weaklab.typing import Codes, Floats

Rule: TypeAlias = Literal["accuracy", "f1_macro"]

#: Entries of a table of resamples by cells that are held at a time.
BLOCK = 4_000_000
#: Bounds that differ by less than this part of themselves differ by rounding.
NO_WIDTH = 1e-9


class Cells(NamedTuple):
    """Rows that are alike for two models."""

    rows: np.ndarray  # (cells,): how many rows
    gold: Codes  # (cells,)
    predictions: tuple[Floats, ...]  # of each model (cells, k): its prediction, spread over ties


def cells_of(gold: Codes, predictions: list[Floats]) -> Cells:
    """Merge rows of the same class and the same predictions.

    Parameters
    ----------
    gold : ndarray of int64 of shape (n,)
        Known classes.
    predictions : list of ndarray of shape (n, k)
        Of each model, the prediction of each row, spread evenly over the classes that are tied.
    """
    table = np.column_stack([gold, *[_numbers(credit) for credit in predictions]])
    _, first, count = np.unique(table, axis=0, return_index=True, return_counts=True)
    return Cells(count, gold[first], tuple(credit[first] for credit in predictions))


def _numbers(credit: Floats) -> np.ndarray:
    """A number for each distinct row."""
    most = credit.argmax(axis=1)
    out = np.where(credit.max(axis=1) >= 1, most, -1)
    tied = np.flatnonzero(out < 0)
    if len(tied):
        out[tied] = credit.shape[1] + np.unique(credit[tied], axis=0, return_inverse=True)[1].ravel()
    return out


def resampled(cells: Cells, rule: Rule, resamples: int, rng: np.random.Generator) -> tuple[Floats, ...]:
    """The score of each model in each resample, an array (resamples,) per model."""
    n, size = int(cells.rows.sum()), max(1, BLOCK // len(cells.rows))
    parts = []
    for start in range(0, resamples, size):
        draws = rng.multinomial(n, cells.rows / n, size=min(size, resamples - start)).astype(np.float64)
        parts.append([scored(draws, cells.gold, credit, rule) for credit in cells.predictions])
    return tuple(np.concatenate(each) for each in zip(*parts, strict=True))


def scored(counts: Floats, gold: Codes, credit: Floats, rule: Rule) -> Floats:
    """The scores of draws (draws, cells): accuracy or macro F1 from expected counts over ties, (draws,)."""
    right = credit[np.arange(len(gold)), gold]
    if rule == "accuracy":
        return np.asarray(counts @ right / counts.sum(axis=1))
    above, below = np.zeros((len(counts), credit.shape[1])), counts @ credit
    for y in range(credit.shape[1]):
        mine = gold == y
        above[:, y] = 2 * counts[:, mine] @ right[mine]
        below[:, y] += counts[:, mine].sum(axis=1)
    there = below > 0
    return np.asarray(np.where(there, above / np.maximum(below, 1e-300), 0).sum(axis=1) / there.sum(axis=1))


def interval(draws: Floats, level: float) -> tuple[float, float]:
    """The percentile interval of resampled values."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_draws(values: Floats, weight: Floats, resamples: int, seed: int) -> Floats:
    """Weighted means of resampled rows, (resamples,): the same rows for all calls of one seed."""
    rng = np.random.default_rng(seed)
    out = np.empty(resamples)
    for b in range(resamples):
        rows = rng.integers(len(values), size=len(values))
        out[b] = values[rows].sum() / max(weight[rows].sum(), 1e-300)
    return out


def verdict(low: float, high: float) -> str:
    """Better or worse, where an interval of a difference leaves 0 out; else no difference.

    An interval without width, but at 0, says nothing: all rows differ by the same, and nothing of others. It is empty.
    """
    if high - low <= NO_WIDTH * max(abs(low), abs(high)) and (low or high):
        return ""
    return "better" if low > 0 else "worse" if high < 0 else "no difference"
