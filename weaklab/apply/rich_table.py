"""Where votes go when some of them are sets of classes or distributions: hard ones are promoted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling import Output
from weaklab.typing import ABSTAIN
from weaklab.votes import PartialVotes, SoftVotes, vote_dtype


class RichTable(ABC):
    """Where richer votes of n rows and m labeling functions for k classes go.

    Parameters
    ----------
    votes : ndarray
        All abstain.
    k : int
        How many classes there are.
    """

    def __init__(self, votes: np.ndarray, k: int) -> None:
        self.votes, self.k = votes, k
        self.stands_for: dict[int, int] = {}  # column -> the set that each vote in it stands for

    def write(self, column: int, rows: slice, codes: np.ndarray) -> None:
        """Set some rows of one column to class codes, or to what the votes there stand for."""
        if column in self.stands_for:
            self.write_set(column, rows, set_where(codes != ABSTAIN, self.stands_for[column]))
        else:
            self.write_codes(column, rows, codes)

    @abstractmethod
    def write_codes(self, column: int, rows: slice, codes: np.ndarray) -> None:
        """Set some rows of one column to class codes."""

    @abstractmethod
    def column(self, column: int, output: Output) -> np.ndarray:
        """One column as its labeling function voted, whatever the votes were promoted to."""

    @abstractmethod
    def write_set(self, column: int, rows: slice, masks: np.ndarray) -> None:
        """Set some rows of one column to sets."""


class SetTable(RichTable):
    """Masks of shape (n, m), all 0 at first.

    Parameters
    ----------
    n, m, k : int
        Rows, labeling functions, classes.
    """

    def __init__(self, n: int, m: int, k: int) -> None:
        super().__init__(np.zeros((n, m), dtype=np.uint64), k)

    def write_codes(self, column: int, rows: slice, codes: np.ndarray) -> None:
        """Set some rows of one column to class codes, each a set of one."""
        one = np.uint64(1) << np.maximum(codes, 0).astype(np.uint64)
        self.votes[rows, column] = np.where(codes == ABSTAIN, np.uint64(0), one)

    def write_set(self, column: int, rows: slice, masks: np.ndarray) -> None:
        """Set some rows of one column to sets."""
        self.votes[rows, column] = masks

    def column(self, column: int, output: Output) -> np.ndarray:
        """One column as class codes or as sets, (n,)."""
        masks = self.votes[:, column]
        if output == "set":
            return masks.copy()
        # A set of one is a power of two, and 0 has exponent 0, which makes it -1.
        return (np.frexp(masks.astype(np.float64))[1] - 1).astype(vote_dtype(self.k))

    def frame(self, index: pd.Index, names: list[str]) -> PartialVotes:
        """The votes as PartialVotes."""
        return PartialVotes(self.votes, self.k, tuple(names), index)


class SoftTable(RichTable):
    """Distributions of shape (n, m, k), all NaN at first.

    Parameters
    ----------
    n, m, k : int
        Rows, labeling functions, classes.
    """

    def __init__(self, n: int, m: int, k: int) -> None:
        super().__init__(np.full((n, m, k), np.nan), k)

    def write_codes(self, column: int, rows: slice, codes: np.ndarray) -> None:
        """Set some rows of one column to class codes, each certain."""
        certain = np.vstack([np.eye(self.k), np.full(self.k, np.nan)])  # row -1 is the last
        self.votes[rows, column] = certain[codes]

    def write_set(self, column: int, rows: slice, masks: np.ndarray) -> None:
        """Set some rows of one column to sets, each class of a set being as likely."""
        inside = ((masks[:, np.newaxis] >> np.arange(self.k, dtype=np.uint64)) & np.uint64(1)).astype(np.float64)
        sizes = inside.sum(axis=1, keepdims=True)  # (rows, 1)
        self.votes[rows, column] = np.divide(inside, sizes, out=np.full_like(inside, np.nan), where=sizes > 0)

    def write_soft(self, column: int, rows: slice, probs: np.ndarray) -> None:
        """Set some rows of one column to distributions."""
        self.votes[rows, column] = probs

    def column(self, column: int, output: Output) -> np.ndarray:
        """One column as class codes or as sets, (n,), or as distributions, (n, k)."""
        probs = self.votes[:, column]
        if output == "soft":
            return probs.copy()
        inside = probs > 0  # not where it is NaN
        if output == "set":
            return np.where(inside, np.uint64(1) << np.arange(self.k, dtype=np.uint64), np.uint64(0)).sum(axis=1)
        return np.where(inside.any(axis=1), inside.argmax(axis=1), ABSTAIN).astype(vote_dtype(self.k))

    def frame(self, index: pd.Index, names: list[str]) -> SoftVotes:
        """The votes as SoftVotes."""
        return SoftVotes(self.votes, tuple(names), index)


def set_where(votes: np.ndarray, mask: int) -> np.ndarray:
    """A set where there is a vote, (rows,), and none elsewhere."""
    return np.where(votes, np.uint64(mask), np.uint64(0))


def richest(lfs: Sequence[Any], k: int | None) -> Output:
    """The kind of votes that holds those of all labeling functions: distributions, else sets, else classes.

    Raises
    ------
    LabelingFunctionError
        If one is not of one class each, and no classes are declared, or more than a set can hold.
    """
    outputs = {lf.name: getattr(lf, "output", "hard") for lf in lfs}
    rich = [name for name, output in outputs.items() if output != "hard"]
    if not rich:
        return "hard"
    if k is None:
        raise LabelingFunctionError(
            f"labeling function {rich[0]!r} has output={outputs[rich[0]]!r}, whose votes need to know all classes: "
            f"give apply(..., classes=...)."
        )
    sets = [name for name in rich if outputs[name] == "set"]
    if sets and k > 64:
        raise LabelingFunctionError(
            f"labeling function {sets[0]!r} has output='set', which is for 64 classes at most, and there are {k}; "
            f"use output='soft'."
        )
    return "soft" if "soft" in outputs.values() else "set"
