"""Tables of rows of the data with something said of each: the frame beside its votes, and what goes into columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import FrameError, ParameterError
from weaklab.typing import Frame
from weaklab.votes import VoteMatrix


def rows_and_votes(frame: Frame, votes: Any, classes: Sequence[Hashable] | None) -> tuple[pd.DataFrame, VoteMatrix]:
    """A frame of any kind as a pandas frame, and the votes on its rows, one class each.

    Raises
    ------
    FrameError, VoteError
        If they are of different rows, or are none.
    """
    if isinstance(frame, (pd.Series, str, bytes)):
        raise FrameError(f"frame must be a table, got a {type(frame).__name__}: use .to_frame() for a Series.")
    if hasattr(frame, "to_pandas"):  # polars and pyarrow
        frame = frame.to_pandas()
    table = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame)
    matrix = hard_votes(votes, classes)
    if len(table) != matrix.n:
        raise FrameError(f"The frame has {len(table):,} rows, and there are votes on {matrix.n:,}.")
    if isinstance(frame, pd.DataFrame) and matrix.index is not None and not matrix.index.equals(table.index):
        raise FrameError("The index of the votes is not that of the frame: are these the votes on these rows?")
    return table, matrix


def check_n(n: Any) -> None:
    """Refuse what is no number of rows to show."""
    if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1):
        raise ParameterError(f"n={n!r} must be an int from 1, or None for all rows.")


def said_on(matrix: VoteMatrix, rows: np.ndarray, names: list[Hashable] | None) -> np.ndarray:
    """Per row, a dict of what each labeling function that voted said; an array of objects."""
    chosen, lfs = matrix.take(rows), matrix.columns
    said = []
    for start, end in zip(chosen.indptr[:-1], chosen.indptr[1:], strict=True):
        votes = chosen.vote[start:end].tolist()
        said.append(
            {
                lfs[j]: vote if names is None else names[vote]
                for j, vote in zip(chosen.lf[start:end], votes, strict=True)
            }
        )
    return objects(said)


def with_columns(table: pd.DataFrame, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """A copy of a table with more columns; where it has one of a name already, the new one gets an underscore."""
    out = table.copy()
    for name, values in columns.items():
        while name in table.columns:
            name += "_"
        out[name] = values
    return out


def named(codes: np.ndarray, names: list[Hashable]) -> np.ndarray:
    """The names of classes, as an array that pandas keeps as it is."""
    return np.asarray(names)[codes] if all(isinstance(name, (str, int)) for name in names) else objects(names)[codes]


def objects(values: Sequence[Any]) -> np.ndarray:
    """An array of objects that numpy does not look into."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
