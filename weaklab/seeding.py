"""Local random generators from whatever a user may give as ``random_state``; the global ones are never touched."""

from __future__ import annotations

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.typing import Seed


def generator(random_state: Seed) -> np.random.Generator:
    """A numpy Generator from whatever a user may give as ``random_state``; None means 0.

    Examples
    --------
    >>> int(generator(0).integers(10))
    8
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    if random_state is None:
        return np.random.default_rng(0)
    if (
        isinstance(random_state, (bool, np.bool_))
        or not isinstance(random_state, (int, np.integer))
        or random_state < 0
    ):
        raise ParameterError(f"random_state must be an int from 0, a numpy Generator or None, got {random_state!r}.")
    return np.random.default_rng(int(random_state))
