"""Some labeling functions on some rows: what one process does at a time, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from weaklab.apply.faults import trace_of
from weaklab.apply.frames import read_frame
from weaklab.apply.row_engine import CHUNK, Returned, call_on_rows, chunk_rows, row_function
from weaklab.apply.shipping import error_parts
from weaklab.exceptions import ReturnValueError
from weaklab.labeling import DeclarativeLF, LabelingFunction, VoteCoder, set_masks, soft_rows
from weaklab.labeling.row_sources import RowSource


class Task(NamedTuple):
    """What to run.

    Attributes
    ----------
    places : tuple of int
        Which labeling functions.
    start, stop : int
        On which rows of the frame.
    careful : bool
        Whether to say before each row where one is, since one of them ends processes.
    """

    places: tuple[int, ...]
    start: int
    stop: int
    careful: bool = False


class At(NamedTuple):
    """The labeling function at a place begins with the rows from start to stop."""

    place: int
    start: int
    stop: int


class Part(NamedTuple):
    """What a labeling function returned for some rows.

    Attributes
    ----------
    place : int
        Which labeling function.
    start : int
        The first row.
    votes : ndarray of shape (rows,) or (rows, k)
        Class codes; masks or distributions, where the labeling function's output is a set or soft.
    failures : list of (row, parts of the exception, traceback)
        Where it raised.
    no_votes : list of (row, parts of the exception)
        Where it returned what is no vote.
    seconds : float
        How long it took.
    """

    place: int
    start: int
    votes: np.ndarray
    failures: list[tuple[int, Any, str]]
    no_votes: list[tuple[int, Any]]
    seconds: float


class Done(NamedTuple):
    """A task is finished."""

    seconds: float


class Changes(NamedTuple):
    """Why the votes of some labeling functions may differ next time, by place; asked for when all tasks are done."""

    reasons: dict[int, str]


@dataclass
class Crew:
    """Labeling functions as one process holds them.

    Attributes
    ----------
    lfs : list of labeling functions
        In their order.
    coder : VoteCoder
        The classes.
    names : tuple of hashable
        The columns of the whole frame.
    stop : bool
        Whether a labeling function stops at its first failure.
    timeout : float or None
        Seconds per call.
    watched : tuple of int
        Places of those of which it must be known whether they change what they read.
    look : float
        How many seconds to look at these, before and after.
    """

    lfs: Sequence[LabelingFunction | DeclarativeLF]
    coder: VoteCoder
    names: tuple[Hashable, ...]
    stop: bool
    timeout: float | None
    watched: tuple[int, ...] = ()
    look: float = float("inf")
    _read: dict[Hashable, None] = field(default_factory=dict)

    def run(self, task: Task, frame: Any, say: Callable[[Any], None]) -> None:
        """Run a task over its rows, and say what comes of it."""
        began = perf_counter()
        functions = {place: row_function(self.lfs[place], self.timeout) for place in task.places}
        reader = read_frame(frame)
        reader.names = self.names  # records are read by the columns of all of them
        step = 1 if task.careful else CHUNK
        for start in range(0, reader.n, step):
            source, rows = chunk_rows(reader, start, min(start + step, reader.n), self._read)
            for place, function in functions.items():
                first = task.start + start
                say(At(place, first, first + len(rows)))
                say(self._part(place, first, function, rows, source))
            source.forget()
        say(Done(perf_counter() - began))

    def _part(
        self, place: int, first: int, function: Callable[[Any], Any], rows: Sequence[Any], source: RowSource
    ) -> Part:
        began = perf_counter()
        returned = Returned()
        call_on_rows(function, rows, source, returned, stop=self.stop)
        values, failures = returned.values, returned.failures
        values += [None] * (len(rows) - len(values))
        output = getattr(self.lfs[place], "output", "hard")
        read = {"hard": VoteCoder.codes, "set": _masks, "soft": _shares}[output]
        votes, errors = read(self.coder, values)
        failed = [(first + row, error_parts(error), trace_of(error)) for row, error in failures.items()]
        failures.clear()  # tracebacks hold the rows
        no_votes = [(first + row, error_parts(error)) for row, error in errors.items()]
        return Part(place, first, votes, failed, no_votes, perf_counter() - began)


def _masks(coder: VoteCoder, values: Sequence[Any]) -> tuple[np.ndarray, dict[int, ReturnValueError]]:
    return set_masks(values, coder)


def _shares(coder: VoteCoder, values: Sequence[Any]) -> tuple[np.ndarray, dict[int, ReturnValueError]]:
    return soft_rows(values, coder)
