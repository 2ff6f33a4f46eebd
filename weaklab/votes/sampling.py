"""Rows that stand for all."""

from __future__ import annotations

import numpy as np


def spread_rows(n: int, size: int) -> np.ndarray:
    """Rows spread evenly over the data: one out of each of ``size`` stretches, anywhere in it.

    Where in its stretch is drawn, always alike: rows at even distances would fall in step with data that repeat
    themselves, such as pairs, or classes in turn.

    Parameters
    ----------
    n : int
        How many rows there are.
    size : int
        How many are wanted; all, where there are no more.

    Returns
    -------
    ndarray of int64 of shape (min(n, size),)
        Ascending.

    Examples
    --------
    >>> spread_rows(3, 5)
    array([0, 1, 2])
    >>> len(spread_rows(10_000, 100))
    100
    """
    if n <= size:
        return np.arange(n)
    places = np.arange(size) + np.random.default_rng(0).random(size)
    return np.minimum(places * (n / size), n - 1).astype(np.int64)
