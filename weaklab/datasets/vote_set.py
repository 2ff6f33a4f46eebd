"""Votes of one split, with the data and the gold labels that belong to them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from weaklab.exceptions import DatasetError
from weaklab.typing import Codes


@dataclass(frozen=True, eq=False)
class VoteSet:
    """Votes of one split of a dataset.

    Attributes
    ----------
    name : str
        The dataset's name.
    split : str
        "train", "valid" or "test"; "all" where a dataset has no splits.
    votes : DataFrame of shape (n, m), or scipy.sparse.csr_array
        -1 is "abstain"; a column per labeling function or worker. A sparse matrix stores ``vote + 1``.
    y : ndarray of int64 of shape (n,)
        Gold class codes, -1 where unknown.
    frame : DataFrame of n rows
        The data, with the index of the votes; without columns where only votes were published.
    classes : tuple of str
        Class names in the order of their codes.
    meta : mapping
        What else the source says.
    repeated : int
        How many votes were superseded: a worker's later answer to the same task replaces the earlier one.
    """

    name: str
    split: str
    votes: pd.DataFrame | scipy.sparse.csr_array
    y: Codes
    frame: pd.DataFrame
    classes: tuple[str, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    repeated: int = 0

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self.votes.shape[0]

    @property
    def m(self) -> int:
        """How many labeling functions or workers there are."""
        return self.votes.shape[1]

    @property
    def k(self) -> int:
        """How many classes there are."""
        return len(self.classes)

    def __repr__(self) -> str:
        gold = int((self.y >= 0).sum())
        return f"VoteSet({self.name!r}, {self.split!r}: n={self.n:,}, m={self.m:,}, k={self.k}, gold rows={gold:,})"

    def _repr_html_(self) -> str:
        known = [self.classes[code] if code >= 0 else "" for code in self.y[:5]]
        head = self.frame.head(5).assign(gold=known)
        return f"<div><b>{escape(repr(self))}</b>{head.to_html(max_cols=12)}</div>"


def folder_path(folder: str | os.PathLike[str]) -> Path:
    """The path of a folder of data.

    Raises
    ------
    DatasetError
        If it is no path at all.
    """
    try:
        return Path(folder)
    except TypeError as error:
        raise DatasetError(f"folder must be the path of a folder, got {folder!r}.") from error


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises
    ------
    DatasetError
        If it cannot be read, is no JSON, or has an object with a key given twice, of which JSON readers silently
        keep one.
    """

    def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise DatasetError(f"{path}: the key {twice!r} is given more than once in one object.")
        return content

    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=without_repeats)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    except RecursionError as error:
        raise DatasetError(f"{path} is nested too deep to be read.") from error
    except ValueError as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path} is no JSON: {error}") from error


def check_range(values: np.ndarray, k: int, path: Path, what: str, least: int = -1) -> None:
    """Refuse codes outside ``least`` to k - 1, naming the file and the first row.

    Raises
    ------
    DatasetError
        If there are any, or the array is not of integers.
    """
    if values.dtype.kind not in "iu":
        raise DatasetError(f"{path}: {what} must be integers, got {values.dtype}.")
    wrong = (values < least) | (values >= k)
    if wrong.any():
        where = tuple(int(i[0]) for i in np.nonzero(wrong))
        column = f", column {where[1]}" if len(where) > 1 else ""
        raise DatasetError(
            f"{path}: {int(wrong.sum()):,} of the {what} are no class codes; the first, in row {where[0]}{column}, is "
            f"{values[where].item()!r}. They must be {least} to {k - 1}."
        )


def vote_frame(votes: np.ndarray, names: Any, index: pd.Index | None = None) -> pd.DataFrame:
    """Votes as a DataFrame of the smallest signed integers that hold them."""
    return pd.DataFrame(votes.astype(smallest_dtype(int(votes.max(initial=0)))), columns=names, index=index)


def smallest_dtype(highest: int) -> type[np.signedinteger[Any]]:
    """The smallest signed integers that hold -1 to the highest vote."""
    return np.int8 if highest < 128 else np.int16 if highest < 2**15 else np.int32
