"""Which learned class is which: the votes decide."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable


def anchored_classes(pairs: PairTable, counts: Floats) -> np.ndarray:
    """The order of the classes under which votes are right most often.

    EM cannot tell classes apart but by the votes that name them: where another order of the learned classes agrees
    better with the votes, the names were exchanged.

    Parameters
    ----------
    pairs : PairTable
        The pairs.
    counts : ndarray of shape (pairs, k)
        Expected counts of each pair by learned class.

    Returns
    -------
    ndarray of int of shape (k,)
        Which learned class belongs in place y; the identity unless another is strictly better.
    """
    agreement = np.zeros((pairs.k, pairs.k))
    np.add.at(agreement, pairs.vote, counts)  # (vote, learned class)
    _, order = linear_sum_assignment(agreement, maximize=True)
    gain = agreement[np.arange(pairs.k), order].sum() - np.trace(agreement)
    return order if gain > 1e-9 * agreement.sum() else np.arange(pairs.k)
