"""Richer votes than one class each: sets of classes, and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from weaklab.exceptions import VoteError


@dataclass(frozen=True, eq=False)
class PartialVotes:
    """Votes for sets of classes, as bit masks.

    Parameters
    ----------
    masks : array-like of uint64 of shape (n, m)
        Bit y is set where the labeling function holds class y possible; 0 is "abstain".
    k : int
        How many classes there are, 2 to 64.
    names : sequence of str of length m, optional
        The labeling functions.
    index : pandas.Index of length n, optional
        The rows.
    attrs : dict
        What ``apply`` has to say of the run, such as ``attrs["faults"]``.

    Raises
    ------
    VoteError
        If a mask names a class from k on, there are more than 64 classes, or names or index do not fit.

    Examples
    --------
    >>> PartialVotes([[0b011, 0], [0b100, 0b110]], k=3).shape
    (2, 2)
    """

    masks: np.ndarray
    k: int
    names: tuple[str, ...] | None = None
    index: Any = None
    attrs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or not 2 <= self.k <= 64:
            raise VoteError(f"k={self.k!r}: partial votes are for 2 to 64 classes.")
        masks = np.asarray(self.masks)
        if masks.ndim != 2 or masks.dtype.kind not in "iu":
            raise VoteError(f"Partial votes must be integer masks of shape (n, m), got {masks.dtype} {masks.shape}.")
        wrong = (masks < 0) if masks.dtype.kind == "i" else np.zeros(masks.shape, dtype=bool)
        masks = masks.astype(np.uint64)
        if self.k < 64:
            wrong |= (masks >> np.uint64(self.k)) != 0
        if wrong.any():
            row, column = (int(part) for part in np.argwhere(wrong)[0])
            value = np.asarray(self.masks)[row, column].item()
            raise VoteError(f"The mask of column {column} in row {row} is {value!r}: it must be 0 to 2**{self.k} - 1.")
        object.__setattr__(self, "masks", masks)
        object.__setattr__(self, "names", _check_names(self.names, self.index, *masks.shape))

    @property
    def shape(self) -> tuple[int, int]:
        """``(n, m)``."""
        return (self.masks.shape[0], self.masks.shape[1])


@dataclass(frozen=True, eq=False)
class SoftVotes:
    """Votes that are distributions over the classes.

    Parameters
    ----------
    probs : array-like of shape (n, m, k)
        Each vote sums to 1 over its k classes, or is NaN throughout: "abstain".
    names : sequence of str of length m, optional
        The labeling functions.
    index : pandas.Index of length n, optional
        The rows.
    attrs : dict
        What ``apply`` has to say of the run, such as ``attrs["faults"]``.

    Raises
    ------
    VoteError
        If a vote is neither, or names or index do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> SoftVotes([[[0.9, 0.1], [np.nan, np.nan]]]).shape
    (1, 2)
    """

    probs: np.ndarray
    names: tuple[str, ...] | None = None
    index: Any = None
    attrs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            probs = np.ascontiguousarray(self.probs, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise VoteError(f"Soft votes must be numbers of shape (n, m, k): {error}") from error
        if probs.ndim != 3 or probs.shape[2] < 2:
            raise VoteError(f"Soft votes must be of shape (n, m, k) with k of 2 or more, got {probs.shape}.")
        abstain = np.isnan(probs).all(axis=2)  # (n, m)
        with np.errstate(invalid="ignore"):
            right = (probs >= 0).all(axis=2) & (np.abs(probs.sum(axis=2) - 1) <= 1e-6)
        wrong = ~(abstain | right)
        if wrong.any():
            row, column = (int(part) for part in np.argwhere(wrong)[0])
            raise VoteError(
                f"The soft vote of column {column} in row {row} is {probs[row, column].tolist()}: "
                "it must be non-negative and sum to 1, or be NaN throughout to abstain."
            )
        object.__setattr__(self, "probs", probs)
        object.__setattr__(self, "names", _check_names(self.names, self.index, *probs.shape[:2]))

    @property
    def k(self) -> int:
        """How many classes there are."""
        return int(self.probs.shape[2])

    @property
    def shape(self) -> tuple[int, int]:
        """``(n, m)``."""
        return (self.probs.shape[0], self.probs.shape[1])


def _check_names(names: Sequence[str] | None, index: Any, n: int, m: int) -> tuple[str, ...] | None:
    if index is not None and len(index) != n:
        raise VoteError(f"The index has {len(index):,} labels for {n:,} rows of votes.")
    if names is None:
        return None
    if len(names) != m:
        raise VoteError(f"There are {len(names)} names for {m} labeling functions.")
    return tuple(map(str, names))
