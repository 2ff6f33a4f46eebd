"""What went wrong while labeling functions ran: raised at once, or counted and told at the end."""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Iterable
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from weaklab.exceptions import (
    INTERRUPTIONS,
    FaultWarning,
    LabelingFunctionFailure,
    ReturnValueError,
    reason_of,
    text_of,
    warn_caller,
)
from weaklab.labeling.columns import row_in_words
from weaklab.labeling.preprocessing import blamed


class Fault(NamedTuple):
    """The rows on which one labeling function failed, and why it first did.

    It is a tuple of plain values, so that pandas can copy, compare and write the frame whose ``attrs`` hold it.

    Attributes
    ----------
    count : int
        How many rows.
    rows : tuple of int
        Their positions, 0..n-1, in order.
    labels : tuple
        Their index labels; those that JSON does not know, such as dates, as text. ``votes.index[list(fault.rows)]``
        has them as they are.
    traceback : str
        The traceback of the first.

    Examples
    --------
    >>> Fault(1, (7,), ("a",), "ZeroDivisionError: division by zero")
    Fault(count=1, rows=(7,), labels=('a',), 'ZeroDivisionError: division by zero')
    """

    count: int  # type: ignore[assignment]  # it takes the place of tuple.count, which a record does not need
    rows: tuple[int, ...]
    labels: tuple[Any, ...]
    traceback: str

    def __copy__(self) -> Fault:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Fault:
        return self  # pandas copies `attrs` deeply in every operation; this is immutable

    @property
    def reason(self) -> str:
        """The last line of the traceback."""
        return self.traceback.strip().rsplit("\n", 1)[-1]

    def __repr__(self) -> str:
        rows = f"({', '.join(map(str, self.rows[:5]))}, ...)" if self.count > 5 else repr(self.rows)
        labels = f"({', '.join(map(repr, self.labels[:5]))}, ...)" if self.count > 5 else repr(self.labels)
        return f"Fault(count={self.count}, rows={rows}, labels={labels}, {self.reason!r})"

    def _repr_html_(self) -> str:
        rows = ", ".join(map(str, self.rows[:10])) + (", ..." if self.count > 10 else "")
        return f"<div><b>{self.count:,} rows</b>: {escape(rows)}<pre>{escape(self.traceback)}</pre></div>"


class FaultLog:
    """Takes what goes wrong in one call of ``apply``: raises it, or keeps it.

    Parameters
    ----------
    on_error : {"raise", "abstain"}
        Which of the two.
    index : pandas.Index of length n
        The index of the frame.
    kind : str
        What the functions are called: slicing functions are run by the same code.
    """

    def __init__(self, on_error: str, index: pd.Index, kind: str = "labeling function") -> None:
        self.raises = on_error == "raise"
        self.index, self.kind = index, kind
        self._names: set[str] = set()
        self._rows: dict[str, set[int]] = {}
        self._first: dict[str, tuple[int, str]] = {}  # the row, and the traceback there

    @property
    def failed_names(self) -> set[str]:
        """The labeling functions that something went wrong with, so that their votes are not to be used again."""
        return set(self._names)

    def mark(self, name: str) -> None:
        """Count a labeling function among those that failed."""
        self._names.add(name)

    def raise_no_more(self) -> None:
        """Keep what fails from here on: an interruption is being raised, which no other error must replace."""
        self.raises = False

    def failed(self, name: str, row: int, error: BaseException, trace: str | None = None) -> None:
        """A labeling function raised on one row.

        Parameters
        ----------
        name : str
            The labeling function.
        row : int
            Its position.
        error : BaseException
            What it raised.
        trace : str, optional
            The traceback, where the error comes from another process and has none.

        Raises
        ------
        LabelingFunctionFailure
            Where errors are to be raised, from the original one.
        """
        if self.raises:
            raise LabelingFunctionFailure(
                f"{self.kind} {name!r} failed on {self.where(row)}: {blamed(error)}"
            ) from error
        self._keep(name, row, error, trace)

    def failed_whole(self, name: str, error: BaseException, hint: str = "") -> None:
        """A labeling function of the whole frame raised: it abstains on every row.

        Parameters
        ----------
        name : str
            The labeling function.
        error : BaseException
            What it raised.
        hint : str
            What to say beside it.

        Raises
        ------
        LabelingFunctionFailure
            Where errors are to be raised, from the original one.
        """
        if self.raises:
            raise LabelingFunctionFailure(
                f"{self.kind} {name!r} failed on the frame of {len(self.index):,} rows: "
                f"{reason_of(error)}{'. ' if hint else ''}{hint}"
            ) from error
        if hint:
            error.add_note(hint)
        for row in range(len(self.index)):
            self._keep(name, row, error)

    def failed_rows(self, name: str, rows: Iterable[int], error: BaseException, hint: str = "") -> None:
        """A labeling function failed on some rows at once: it abstains on these.

        Parameters
        ----------
        name : str
            The labeling function.
        rows : iterable of int
            Their positions.
        error : BaseException
            What it raised.
        hint : str
            What to say beside it.

        Raises
        ------
        LabelingFunctionFailure
            Where errors are to be raised, from the original one.
        """
        rows = list(rows)
        if self.raises:
            more = f" and {len(rows) - 1:,} rows more" if len(rows) > 1 else ""
            raise LabelingFunctionFailure(
                f"{self.kind} {name!r} failed on {self.where(rows[0])}{more}: {reason_of(error)}"
                f"{'. ' if hint else ''}{hint}"
            ) from error
        if hint:
            error.add_note(hint)
        for row in rows:
            self._keep(name, row, error)

    def no_vote(self, name: str, row: int, error: ReturnValueError) -> None:
        """A labeling function returned something that is no vote.

        Raises
        ------
        ReturnValueError
            Where errors are to be raised.
        """
        located = ReturnValueError(f"{self.kind} {name!r} on {self.where(row)} {text_of(error)}")
        if self.raises:
            raise located from error.__cause__
        self._keep(name, row, located)

    def no_votes(self, name: str, error: ReturnValueError) -> None:
        """A labeling function of the whole frame returned something that is not a vote per row.

        Raises
        ------
        ReturnValueError
            Where errors are to be raised.
        """
        whole = ReturnValueError(f"{self.kind} {name!r} {text_of(error)}")
        if self.raises:
            raise whole from error.__cause__
        for row in range(len(self.index)):
            self._keep(name, row, whole)

    def where(self, row: int) -> str:
        """A row in words: its position, and its index label where that says more."""
        return row_in_words(self.index, row)

    def _keep(self, name: str, row: int, error: BaseException, trace: str | None = None) -> None:
        self.mark(name)
        self._rows.setdefault(name, set()).add(row)
        if name not in self._first or row < self._first[name][0]:
            self._first[name] = (row, trace_of(error) if trace is None else trace)

    def faults(self, names: Iterable[str]) -> dict[str, Fault]:
        """What was kept, by name of the labeling function, in the order of ``names``, whoever failed first."""
        return {name: self._fault(name) for name in names if name in self._rows}

    def _fault(self, name: str) -> Fault:
        rows = tuple(sorted(self._rows[name]))
        labels = tuple(_plain(label) for label in self.index[list(rows)])
        return Fault(len(rows), rows, labels, self._first[name][1])

    def warn(self, faults: dict[str, Fault]) -> None:
        """One warning for all that was kept."""
        if not faults:
            return
        n = len(self.index)
        counts = "; ".join(
            f"{name!r} on {'all ' if fault.count == n else ''}{fault.count:,} of {n:,} rows ({_cut(fault.reason)})"
            for name, fault in faults.items()
        )
        warn_caller(
            f"{len(faults)} labeling function{'s' if len(faults) > 1 else ''} failed and abstained there: {counts}. "
            f"votes.attrs['faults'] has the rows and the first traceback of each.",
            FaultWarning,
        )


def trace_of(error: BaseException) -> str:
    """The traceback of what a labeling function raised."""
    # The outermost frame is the loop that called the labeling function, which explains nothing to its author.
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    try:
        return "".join(traceback.format_exception(type(error), error, trace))
    except INTERRUPTIONS:
        raise
    except BaseException:  # noqa: BLE001  -- an exception of the user's may raise anything when it is looked at
        return "".join([*traceback.format_tb(trace), reason_of(error), "\n"])


def _cut(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."


def _plain(label: Any) -> Hashable:
    if isinstance(label, tuple):
        return tuple(_plain(part) for part in label)
    label = label.item() if hasattr(label, "item") else label
    return label if isinstance(label, (str, int, float, bool)) or label is None else str(label)
