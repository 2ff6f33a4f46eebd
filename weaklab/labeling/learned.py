"""Labeling functions that ask something learned: a classifier, embeddings, clusters, a language model.

What is asked is asked for many rows at once, so that such a function is no function of a row and none that is data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import FrameError, shown
from weaklab.labeling.columns import table_of_records
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.rich_returns import Output
from weaklab.labeling.rows import Row, as_row
from weaklab.markup import element, facts_table
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

    def failed(self, rows: Iterable[int], error: BaseException) -> None:
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

    @property
    def finished(self) -> bool:
        """Whether the last run answered all rows, so that ``apply`` may keep its votes."""
        return self.report is None

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
        said = [
            (key, element("code", shown(value, 200)))
            for key, value in self.describe().items()
            if key not in ("kind", "name")
        ]
        return element("div", element("b", self.name), f" {type(self).__name__}", facts_table(said))
