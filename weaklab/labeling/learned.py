"""Labeling functions that ask something learned: a classifier, embeddings, clusters, a language model.

What is asked is asked for many rows at once, so that such a function is no function of a row and none that is data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, did_you_mean
from weaklab.labeling.declarative import check_column, is_missing
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.rich_returns import Output
from weaklab.labeling.rows import Row, as_row
from weaklab.typing import Floats


@dataclass(frozen=True, eq=False)
class Answers:
    """What a labeling function answers for n rows.

    Attributes
    ----------
    labels : sequence of length L
        What each number stands for: a class, or a tuple of classes where the output is "set". None abstains.
    choice : ndarray of int of shape (n,)
        Which label; -1 abstains.
    probs : ndarray of shape (n, L), optional
        Where the output is "soft": a distribution over the labels per row that does not abstain.
    """

    labels: Sequence[Any]
    choice: np.ndarray
    probs: Floats | None = None

    def value(self, row: int) -> Any:
        """The vote on one row as a labeling function returns it."""
        if self.choice[row] < 0 or self.labels[self.choice[row]] is None:
            return None
        if self.probs is None:
            return self.labels[self.choice[row]]
        shares: dict[Any, float] = {}
        for label, share in zip(self.labels, self.probs[row].tolist(), strict=True):
            if label is not None:
                shares[label] = shares.get(label, 0.0) + share
        total = sum(shares.values())
        return {label: share / total for label, share in shares.items()}


class Watch:
    """Who is told how an answer to many rows goes. This one raises what fails."""

    def failed(self, rows: Iterable[int], error: Exception) -> None:
        """Some rows could not be answered; they abstain unless this raises."""
        raise error

    def done(self, rows: int) -> None:
        """So many rows more are answered."""


class LearnedLF(ABC):
    """A labeling function that answers many rows at once; made by ``model_lf`` and its siblings.

    Attributes
    ----------
    name : str
        The name of its column of votes.
    columns : tuple of hashable
        The columns that it reads.
    output : {"hard", "set", "soft"}
        What its votes are.
    labels : tuple or None
        What it may vote, None standing for "abstain"; None where only its answers tell.
    """

    name: str
    columns: tuple[Hashable, ...]
    output: Output
    labels: tuple[Any, ...] | None

    @abstractmethod
    def answers(self, table: pd.DataFrame, watch: Watch | None = None) -> Answers:
        """The votes on a frame of its columns.

        Parameters
        ----------
        table : DataFrame of n rows
            Its columns.
        watch : Watch, optional
            Who is told of failures and progress; by default failures raise.

        Returns
        -------
        Answers
        """

    @abstractmethod
    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: anything with items or attributes."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What it says, as a dict of its arguments, with ``kind``: its class."""

    @property
    def report(self) -> dict[str, Any] | None:
        """What the last run has to tell beside votes and faults; None where there is nothing."""
        return None

    def __call__(self, row: Any) -> Any:
        """The vote on one row: a label, a tuple or a dict of labels, or None to abstain."""
        return self.answers(self.table_of(row)).value(0)

    def table_of(self, row: Any) -> pd.DataFrame:
        """One row as a frame of the columns that it reads.

        Raises
        ------
        FrameError
            If the row has no columns.
        ColumnError
            If it lacks one.
        """
        row = as_row(row)
        if not isinstance(row, Row):
            raise FrameError(
                f"labeling function {self.name!r} reads {self.columns!r}; {row!r:.80} ({type(row).__name__}) has no "
                f"columns."
            )
        return table_of_records([row], self.columns)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _repr_html_(self) -> str:
        said = "".join(
            f"<tr><th>{escape(str(key))}</th><td><code>{escape(_short(value))}</code></td></tr>"
            for key, value in self.describe().items()
            if key not in ("kind", "name")
        )
        return f"<div><b>{escape(self.name)}</b> {type(self).__name__}<table>{said}</table></div>"


def table_of_records(records: Sequence[Any], columns: Sequence[Hashable]) -> pd.DataFrame:
    """Some columns of records (mappings or rows) as a frame."""
    cells = {}
    for name in columns:
        column = np.empty(len(records), dtype=object)  # cells may be arrays, of which pandas would make a matrix
        for i, record in enumerate(records):
            column[i] = record[name]
        cells[name] = pd.Series(column).infer_objects()
    return pd.DataFrame(cells, columns=list(columns))


def as_table(frame: Any, columns: Sequence[Hashable], who: str) -> pd.DataFrame:
    """Some columns of a frame of any kind as a pandas frame.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
        The data.
    columns : sequence of hashable
        Which.
    who : str
        Who reads them, for errors.

    Raises
    ------
    FrameError
        If it is no frame.
    ColumnError
        If a column is not there.
    """
    if not isinstance(frame, pd.DataFrame) and hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if isinstance(frame, (list, tuple)):
        return table_of_records([as_row(item) for item in frame], columns)
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(f"{who}: {type(frame).__name__} is no frame; give a pandas or polars DataFrame.")
    for name in columns:
        if name not in frame.columns:
            raise ColumnError(
                f"{who} reads column {name!r}, which the frame does not have.{did_you_mean(name, frame.columns)}"
            )
    return frame[list(columns)]


def check_reads(column: Any, columns: Any, kind: str) -> tuple[tuple[Hashable, ...], bool]:
    """The columns to read, and whether it is one whose cells are read alone.

    Raises
    ------
    LabelingFunctionError
        If neither or both of ``column`` and ``columns`` are given, or one is no column.
    """
    if (column is None) == (columns is None):
        raise LabelingFunctionError(
            f"{kind}: give column= (one column, such as a text) or columns= (a list of columns, such as numbers)."
        )
    if columns is None:
        return (check_column(column, kind),), True
    if isinstance(columns, (str, bytes)) or not isinstance(columns, Iterable):
        raise LabelingFunctionError(f"{kind}: columns={columns!r} must be a list of columns; for one, say column=.")
    found = tuple(check_column(name, kind) for name in columns)
    if not found:
        raise LabelingFunctionError(f"{kind}: columns= names no column.")
    return found, False


def check_size(value: Any, argument: str, kind: str) -> int:
    """A number of things, 1 or more.

    Raises
    ------
    LabelingFunctionError
        If it is none.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise LabelingFunctionError(f"{kind}: {argument}={value!r} must be an int from 1.")
    return int(value)


def check_number(value: Any, argument: str, kind: str, low: float, high: float = np.inf) -> float:
    """A number within bounds, both of which are allowed.

    Raises
    ------
    LabelingFunctionError
        If it is none.
    """
    if (
        isinstance(value, (bool, np.bool_))
        or not isinstance(value, (int, float, np.number))
        or not low <= value <= high
    ):
        bounds = f"from {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        raise LabelingFunctionError(f"{kind}: {argument}={value!r} must be a number {bounds}.")
    return float(value)


def present_rows(table: pd.DataFrame) -> np.ndarray:
    """The positions of the rows of a frame in which no cell is missing."""
    present = np.ones(len(table), dtype=bool)
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if column.dtype == object:
            present &= np.fromiter((not is_missing(cell) for cell in column), dtype=bool, count=len(column))
        else:
            present &= column.notna().to_numpy(dtype=bool)
    return np.flatnonzero(present)


def numbers_of(table: pd.DataFrame, who: str) -> Floats:
    """A frame of numbers as an array of float64, NaN where a cell is missing.

    Raises
    ------
    FrameError
        If a column holds something else.
    """
    columns = []
    for place, name in enumerate(table.columns):
        try:
            columns.append(table.iloc[:, place].to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError) as error:
            raise FrameError(
                f"{who}: column {name!r} holds things that are no numbers ({error}); leave it out, or give encode=."
            ) from error
    return np.column_stack(columns) if columns else np.empty((len(table), 0))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
