"""Policies: how often each row is transformed, by which functions, in which order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.typing import Codes

#: In a sequence of a policy: no function in this step; the row as it is, as one of its own copies.
NOTHING, UNCHANGED = -1, -2


class Policy(ABC):
    """How often each row is transformed, by which functions, in which order; a policy of your own has one method."""

    @abstractmethod
    def sequences(self, n: int, n_tfs: int, rng: np.random.Generator) -> Codes:
        """What becomes of each row.

        Parameters
        ----------
        n : int
            How many rows there are.
        n_tfs : int
            How many transformation functions there are.
        rng : numpy.random.Generator
            Where randomness comes from.

        Returns
        -------
        ndarray of int64 of shape (n, copies, steps)
            The number of the transformation function in each step of each copy; -1 where there is none, and -2 in a
            copy that is to be the row as it is.
        """


class RandomPolicy(Policy):
    """Transformation functions drawn at random, with replacement, for each copy of each row.

    Parameters
    ----------
    steps : int, default=1
        How many follow on one another, from 1.
    copies : int, default=1
        How many copies are made of each row, from 1.
    p : sequence of float, optional
        How likely each transformation function is, in [0, 1], in their order; they sum to 1. None: all the same.

    Raises
    ------
    ParameterError
        If a number is below 1, or the probabilities are none.

    Examples
    --------
    >>> RandomPolicy(copies=2).sequences(3, 2, np.random.default_rng(0)).shape
    (3, 2, 1)
    """

    def __init__(self, steps: int = 1, copies: int = 1, p: Sequence[float] | None = None) -> None:
        self.steps, self.copies = _count("steps", steps), _count("copies", copies)
        self.p = None if p is None else np.asarray(p, dtype=np.float64)
        if self.p is not None and not (
            self.p.ndim == 1 and len(self.p) and bool((self.p >= 0).all()) and abs(float(self.p.sum()) - 1) < 1e-6
        ):
            raise ParameterError(f"p={p!r} must be probabilities of transformation functions that sum to 1.")

    def sequences(self, n: int, n_tfs: int, rng: np.random.Generator) -> Codes:
        """Drawn at random, (n, copies, steps)."""
        if self.p is not None and len(self.p) != n_tfs:
            raise ParameterError(f"p has {len(self.p)} probabilities for {n_tfs} transformation functions.")
        share = None if self.p is None else self.p / self.p.sum()
        return rng.choice(n_tfs, size=(n, self.copies, self.steps), p=share)

    def __repr__(self) -> str:
        more = "" if self.p is None else f", p={self.p.tolist()}"
        return f"RandomPolicy(steps={self.steps}, copies={self.copies}{more})"


class AllPolicy(Policy):
    """All transformation functions one after the other, in their order.

    Parameters
    ----------
    copies : int, default=1
        How many copies are made of each row, from 1; they differ where functions draw random numbers.

    Examples
    --------
    >>> AllPolicy().sequences(1, 3, np.random.default_rng(0)).tolist()
    [[[0, 1, 2]]]
    """

    def __init__(self, copies: int = 1) -> None:
        self.copies = _count("copies", copies)

    def sequences(self, n: int, n_tfs: int, rng: np.random.Generator) -> Codes:
        """The same for all, (n, copies, n_tfs)."""
        return np.tile(np.arange(n_tfs), (n, self.copies, 1))

    def __repr__(self) -> str:
        return f"AllPolicy(copies={self.copies})"


class EachPolicy(Policy):
    """One copy of each row by each transformation function.

    Examples
    --------
    >>> EachPolicy().sequences(1, 3, np.random.default_rng(0)).tolist()
    [[[0], [1], [2]]]
    """

    def sequences(self, n: int, n_tfs: int, rng: np.random.Generator) -> Codes:
        """The same for all, (n, n_tfs, 1)."""
        return np.tile(np.arange(n_tfs)[:, None], (n, 1, 1))

    def __repr__(self) -> str:
        return "EachPolicy()"


def _count(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ParameterError(f"{name}={value!r} must be an int from 1.")
    return int(value)
