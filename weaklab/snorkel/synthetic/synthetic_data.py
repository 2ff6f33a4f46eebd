"""Votes with planted truth."""

from __future__ import annotations

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.seeding import generator
from weaklab.typing import Seed


def generate_simple_label_matrix(
    n: int, m: int, cardinality: int, abstain_multiplier: float = 1.0, random_state: Seed = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw labeling functions that are better than chance, true labels of balanced classes, and votes.

    Parameters
    ----------
    n, m, cardinality : int
        How many rows, labeling functions and classes there are.
    abstain_multiplier : float
        What the chance to abstain is multiplied by before each table is normalised, from 0.
    random_state : int, Generator or None
        The seed; None means 0. Snorkel draws from numpy's global state.

    Returns
    -------
    P : ndarray of shape (m, cardinality + 1, cardinality)
        ``P[j, vote + 1, y]``, the probability of a vote of labeling function j on a row of class y.
    Y : ndarray of int64 of shape (n,)
        The true labels.
    L : ndarray of int64 of shape (n, m)
        The votes; -1 is "abstain".

    Raises
    ------
    ParameterError
        If a number is not what it should be.

    Examples
    --------
    >>> P, Y, L = generate_simple_label_matrix(100, 5, 2)
    >>> P.shape, Y.shape, L.shape, int(L.min()), int(L.max())
    ((5, 3, 2), (100,), (100, 5), -1, 1)
    """
    if min(n, m, cardinality) < 1 or abstain_multiplier < 0:
        raise ParameterError(f"n={n}, m={m}, cardinality={cardinality} must be from 1, {abstain_multiplier=} from 0.")
    rng = generator(random_state)
    P = rng.random((m, cardinality + 1, cardinality))
    P[:, 1:] += (cardinality - 1) * np.eye(cardinality)
    P[:, 0] *= abstain_multiplier
    P /= P.sum(axis=1, keepdims=True)
    Y = rng.integers(cardinality, size=n)
    L = np.empty((n, m), dtype=np.int64)
    for j, table in enumerate(P):
        steps = table.cumsum(axis=0)[:, Y]  # (cardinality + 1, n)
        L[:, j] = np.minimum((rng.random(n) >= steps).sum(axis=0), cardinality) - 1
    return P, Y, L
