"""Labeling functions of one row: a loop over light rows, a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from weaklab.apply.faults import RAISED
from weaklab.apply.frames import FrameReader, ObjectReader
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.apply.timeouts import limited, timer
from weaklab.labeling import DeclarativeLF, LabelingFunction, Row
from weaklab.labeling.row_sources import ObjectSource, RowSource
from weaklab.labeling.rows import MUTABLE, is_record, make_rows

#: Rows that exist at once, with what preprocessors made of them. More of them run no faster.
CHUNK = 1024


@dataclass
class Returned:
    """What a labeling function gave for some rows.

    Attributes
    ----------
    values : list
        What it returned, row by row, as far as it came; None where it failed.
    failures : dict of int to BaseException
        What it raised, by place in ``values``.
    """

    values: list[Any] = field(default_factory=list)
    failures: dict[int, BaseException] = field(default_factory=dict)


class ChunkSource(RowSource):
    """Some rows of a frame, converted column by column when a labeling function first reads one.

    Parameters
    ----------
    reader : FrameReader
        The frame.
    start, stop : int
        The rows.
    read : dict
        The columns that were read in earlier chunks, in order; shared by all chunks, so that those columns are at
        hand when the rows are made.
    """

    def __init__(self, reader: FrameReader, start: int, stop: int, read: dict[Hashable, None]) -> None:
        super().__init__()
        self.reader = reader
        self.start, self.stop = start, stop
        self.read = read
        self._cells: dict[Hashable, list[Any]] = {}

    def columns(self, position: int) -> Sequence[Hashable]:
        """The columns of the frame."""
        return self.reader.names

    def cell(self, name: Hashable, position: int) -> Any:
        """One cell."""
        return self._column(name)[position - self.start]

    def column_of_chunk(self, name: Hashable) -> tuple[int, Sequence[Any]]:
        """The first row of the chunk, and its cells of a column."""
        return self.start, self._column(name)

    def _column(self, name: Hashable) -> list[Any]:
        if name not in self._cells:
            if name not in self.reader.names:
                raise KeyError(name)
            self.reader.check_column(name, "a labeling function")
            self._cells[name] = self.reader.cells(name, self.start, self.stop)
            self.read[name] = None
        return self._cells[name]

    def rows(self) -> list[Row]:
        """The rows, with the cells in place that earlier chunks were asked for."""
        ready = {}
        for name in list(self.read):
            cells = self._column(name)
            if set(map(type, cells)).isdisjoint(MUTABLE):  # those are copied by each reader, when it reads
                ready[name] = cells
        return make_rows(self, range(self.start, self.stop), ready)


def run_rows(planned: Sequence[Planned[LabelingFunction] | Planned[DeclarativeLF]], run: Run) -> None:
    """Run labeling functions of one row over a frame.

    Parameters
    ----------
    planned : sequence of Planned
        What to run. Each sees every row as the frame has it, whatever others did to theirs.
    run : Run
        Where votes and faults go.
    """
    if not planned:
        return
    functions = [row_function(each.lf, run.timeout) for each in planned]
    read: dict[Hashable, None] = {}
    with timer(run.timeout):
        for start in range(0, run.reader.n, CHUNK):
            source, rows = chunk_rows(run.reader, start, min(start + CHUNK, run.reader.n), read)
            for each, function in zip(planned, functions, strict=True):
                began, returned = perf_counter(), Returned()
                try:
                    call_on_rows(function, rows, source, returned, stop=run.faults.raises)
                    _write(each, start, returned, run)
                except KeyboardInterrupt:
                    run.faults.raise_no_more()
                    run.done[each.column] = start  # it may come while votes are written, or just after
                    _write(each, start, returned, run)
                    raise
                returned.failures.clear()  # tracebacks hold the rows
                run.took(each.column, perf_counter() - began)
            source.forget()


def _write(
    planned: Planned[LabelingFunction] | Planned[DeclarativeLF], start: int, returned: Returned, run: Run
) -> None:
    """Write what a labeling function returned for the rows from ``start`` on, as far as it came."""
    lf = planned.lf
    for offset, error in returned.failures.items():
        run.faults.failed(lf.name, start + offset, error)
    run.write_values(planned.column, lf.name, start, returned.values, getattr(lf, "output", "hard"))


def row_function(lf: LabelingFunction | DeclarativeLF, timeout: float | None) -> Callable[[Any], Any]:
    """What the loop over rows calls for a labeling function."""
    function = lf.bound() if isinstance(lf, LabelingFunction) else lf
    return function if timeout is None else limited(function, timeout)


def chunk_rows(
    reader: FrameReader, start: int, stop: int, read: dict[Hashable, None]
) -> tuple[RowSource, Sequence[Any]]:
    """Some rows of a frame as labeling functions see them, and their source; see :class:`ChunkSource`."""
    if not isinstance(reader, ObjectReader):
        chunk = ChunkSource(reader, start, stop, read)
        return chunk, chunk.rows()
    objects = reader.objects[start:stop]
    source = ObjectSource(objects, start)
    return source, [Row(source, start + i) if is_record(item) else item for i, item in enumerate(objects)]


def call_on_rows(
    function: Callable[[Any], Any], rows: Sequence[Any], source: RowSource, returned: Returned, *, stop: bool
) -> None:
    """Call a labeling function on some rows, and take back what it wrote to them.

    Parameters
    ----------
    function : callable
        What :func:`row_function` made.
    rows : sequence of Row or object
        They come from the source.
    source : RowSource
        Where they come from.
    returned : Returned
        Filled in row by row; the caller's own, so that what was done is at hand after an interruption.
    stop : bool
        Whether to stop at the first failure.
    """
    values, failures = returned.values, returned.failures
    keep = values.append
    try:
        # A loop and not `map`: a StopIteration out of a labeling function would end that quietly.
        for row in rows:
            try:
                keep(function(row))
            except RAISED as error:
                failures[len(values)] = error
                if stop:
                    break
                keep(None)
    finally:
        source.take_back()
