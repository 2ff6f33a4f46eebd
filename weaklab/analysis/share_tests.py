"""Tests of whether two samples of rows differ in a share, or in several."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2, false_discovery_control, fisher_exact, norm

from weaklab.typing import Floats

#: Below this expected count in a cell, Fisher's exact test stands in for the normal distribution, and cells of several
#: classes are pooled. W. G. Cochran (1954, doi:10.2307/3001666) is content with 5; where many are tested, tails count.
LEAST_EXPECTED = 10


def normal_test(a: Floats, n_a: Floats, b: Floats, n_b: Floats) -> tuple[Floats, Floats]:
    """Two-sided p-values that two shares are equal by the pooled normal test, and the least expected count of a cell.

    The p-value is 1 where both shares are 0 or both are 1, and NaN where a sample has no rows.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (a + b) / (n_a + n_b)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
        p_value = np.where(error > 0, 2 * norm.sf(np.abs(a / n_a - b / n_b) / error), 1.0)
    p_value[(n_a == 0) | (n_b == 0)] = np.nan
    return p_value, np.nan_to_num(np.minimum(pooled, 1 - pooled) * np.minimum(n_a, n_b))


def share_test(a: Floats, n_a: Floats, b: Floats, n_b: Floats) -> Floats:
    """Two-sided p-values that two shares are equal: normal where counts allow it, else Fisher's exact test.

    Examples
    --------
    >>> counts = [np.array(part, dtype=float) for part in ([90, 3], [100, 4], [60, 1], [100, 4])]
    >>> share_test(*counts).round(4)
    array([0.    , 0.4857])
    """
    p_value, expected = normal_test(a, n_a, b, n_b)
    for at in np.flatnonzero((expected < LEAST_EXPECTED) & (p_value < 1)):  # not where NaN
        table = [[a[at], n_a[at] - a[at]], [b[at], n_b[at] - b[at]]]
        p_value[at] = fisher_exact(np.array(table, dtype=np.int64)).pvalue
    return p_value


def classes_test(a: Floats, b: Floats) -> float:
    """The p-value that two rows of counts, (k,) each, come from one distribution; NaN where there is but one class.

    Karl Pearson's chi-squared (1900, doi:10.1080/14786440009463897), rare classes pooled; where that leaves nothing to
    compare, Fisher's exact test of the most frequent class.

    Examples
    --------
    >>> classes_test(np.array([50.0, 50.0]), np.array([80.0, 20.0])) < 1e-4
    True
    """
    there = a + b > 0
    a, b = a[there], b[there]
    if len(a) < 2 or not a.sum() or not b.sum():
        return float("nan")
    expected = (a + b) * min(a.sum(), b.sum()) / (a.sum() + b.sum())
    common = expected >= LEAST_EXPECTED
    pooled = [np.append(side[common], side[~common].sum()) for side in (a, b)]
    rare = expected[~common].sum()
    if rare < LEAST_EXPECTED:  # too few for a cell of their own: with the rarest of the common ones
        pooled = [side[:-1] for side in pooled]
        if len(pooled[0]):
            at = int(np.argmin(expected[common]))
            for side, whole in zip(pooled, (a, b), strict=True):
                side[at] += whole[~common].sum()
    if len(pooled[0]) < 3:
        most = int(np.argmax(a + b))
        counts = [np.array([part]) for part in (a[most], a.sum(), b[most], b.sum())]
        return float(share_test(*counts)[0])
    return chi_squared(*pooled)


def chi_squared(a: Floats, b: Floats) -> float:
    """The p-value of Pearson's test that two rows of counts come from one distribution."""
    total = a + b
    statistic = 0.0
    for side in (a, b):
        expected = total * side.sum() / total.sum()
        statistic += float(((side - expected) ** 2 / expected).sum())
    return float(chi2.sf(statistic, len(a) - 1))


def discoveries(p_value: Floats, fdr: float) -> np.ndarray:
    """Which of many tests find something at a false discovery rate (Benjamini and Hochberg, 1995); NaN are no tests."""
    found = np.zeros(p_value.shape, dtype=bool)
    tested = ~np.isnan(p_value)
    if tested.any():
        found[tested] = false_discovery_control(p_value[tested]) <= fdr
    return found
