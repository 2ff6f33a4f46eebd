"""Strata of rows that are right about equally often, and how many rows to ask of each."""

from __future__ import annotations

import numpy as np

from weaklab.typing import Floats


def cut(order: np.ndarray, deviation: Floats, parts: int) -> np.ndarray:
    """Strata of rows in an order, such that their deviations sum up to the same in each.

    As many rows asked of each stratum are then the best allocation (Neyman, 1934, doi:10.2307/2342192), and the cuts
    are close to the best ones (Dalenius and Hodges, 1959, doi:10.1080/01621459.1959.10501501, by another measure).

    Parameters
    ----------
    order : ndarray of int of shape (n,)
        The rows.
    deviation : ndarray of shape (n,)
        The expected standard deviation of each row's being right, above 0.
    parts : int
        How many strata; fewer come out where some would be without rows.

    Returns
    -------
    ndarray of int of shape (n,)
        The stratum of each row, 0 up.

    Examples
    --------
    >>> cut(np.arange(4), np.array([0.1, 0.1, 0.1, 0.3]), 2)
    array([0, 0, 0, 1])
    """
    mass = np.cumsum(deviation[order])
    place = np.minimum((parts * (mass - deviation[order] / 2) / mass[-1]).astype(np.int64), parts - 1)
    stratum = np.empty(len(order), dtype=np.int64)
    stratum[order] = np.unique(place, return_inverse=True)[1]
    return stratum


def allocate(n: int, wanted: Floats, size: np.ndarray, least: int = 2) -> np.ndarray:
    """How many rows to ask of each stratum: as wanted, but two or more, and no more than there are.

    Parameters
    ----------
    n : int
        How many in all, from ``least`` times the strata, as far as they have rows, to all rows.
    wanted : ndarray of shape (H,)
        What the rows are to be proportional to.
    size : ndarray of int of shape (H,)
        How many rows each has.
    least : int
        How many of each, where it has as many.

    Returns
    -------
    ndarray of int of shape (H,)
        It sums to n.

    Examples
    --------
    >>> allocate(10, np.array([0.1, 0.9]), np.array([100, 4]))
    array([6, 4])
    """
    low = np.minimum(least, size)
    count = low.astype(np.float64)
    free = np.ones(len(size), dtype=bool)
    while free.any():  # whoever is below its least or above its size is set there, and the rest shared anew
        count[free] = (n - count[~free].sum()) * wanted[free] / wanted[free].sum()
        below, above = free & (count < low), free & (count > size)
        lacking, over = (low - count)[below].sum(), (count - size)[above].sum()
        if not below.any() and not above.any():
            break
        outside = below if lacking >= over else above
        count[outside] = (low if lacking >= over else size)[outside]
        free &= ~outside
    whole = np.floor(count + 1e-9).astype(np.int64)
    for h in np.argsort(whole - count, kind="stable"):
        if whole.sum() >= n:
            break
        whole[h] += whole[h] < size[h]
    return whole
