"""Policies that draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.seeding import generator
from weaklab.snorkel.augmentation.policy.core import Policy
from weaklab.typing import Seed


class MeanFieldPolicy(Policy):
    """Transformation functions drawn by their probabilities.

    Parameters
    ----------
    n_tfs : int
        How many there are.
    sequence_length : int
        How many follow on one another.
    p : sequence of float, optional
        How likely each is; None: all the same.
    n_per_original, keep_original
        As for :class:`Policy`.
    seed : int, Generator or None
        Where randomness comes from; None means 0. Snorkel draws from numpy's global state.

    Raises
    ------
    ParameterError
        If there are not as many probabilities as functions.
    """

    def __init__(
        self,
        n_tfs: int,
        sequence_length: int = 1,
        p: Sequence[float] | None = None,
        n_per_original: int = 1,
        keep_original: bool = True,
        seed: Seed = None,
    ) -> None:
        super().__init__(n_tfs, n_per_original, keep_original)
        if p is not None and len(p) != n_tfs:
            raise ParameterError(f"p has {len(p)} probabilities for {n_tfs} transformation functions.")
        self.sequence_length, self._p = sequence_length, None if p is None else np.cumsum(p) / np.sum(p)
        self._rng = generator(seed)

    def generate(self) -> list[int]:
        """Drawn, with replacement."""
        draws = self._rng.random(self.sequence_length)
        found = (draws * self.n).astype(np.int64) if self._p is None else np.searchsorted(self._p, draws, side="right")
        return np.minimum(found, self.n - 1).tolist()


class RandomPolicy(MeanFieldPolicy):
    """Transformation functions drawn, each as likely as the others.

    Examples
    --------
    >>> RandomPolicy(5, sequence_length=2, keep_original=False, seed=1).generate_for_example()
    [[2, 4]]
    """

    def __init__(
        self,
        n_tfs: int,
        sequence_length: int = 1,
        n_per_original: int = 1,
        keep_original: bool = True,
        seed: Seed = None,
    ) -> None:
        super().__init__(n_tfs, sequence_length, None, n_per_original, keep_original, seed)
