"""Labeling functions of the whole frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from time import perf_counter
from typing import Any

from weaklab.apply.faults import RAISED
from weaklab.apply.frames import FrameReader
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.exceptions import ReturnValueError, did_you_mean
from weaklab.labeling import LabelingFunction, batch_codes, batch_sets, batch_soft

#: How to read what was returned, by what the votes are.
_READ: dict[str, Callable[..., tuple[Any, dict[int, ReturnValueError]]]] = {
    "hard": batch_codes,
    "set": batch_sets,
    "soft": batch_soft,
}


def run_batches(planned: Sequence[Planned[LabelingFunction]], run: Run) -> None:
    """Run labeling functions that take the frame at once; each gets a frame of its own.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    """
    for each in planned:
        name = each.lf.name
        frame = run.reader.for_batch()
        start = perf_counter()
        try:
            returned = each.lf(frame)
        except RAISED as error:
            run.faults.failed_whole(name, error, _missing_column(error, frame, run.reader))
            run.finished(each.column)
            continue
        finally:
            run.took(each.column, perf_counter() - start)
        try:
            codes, errors = _READ[each.lf.output](returned, run.reader.index, run.coder)
        except ReturnValueError as error:
            run.faults.no_votes(name, error)
            run.finished(each.column)
            continue
        if each.lf.output == "hard":
            run.write_codes(each.column, name, 0, codes, errors)
        else:
            run.write_rich(each.column, name, 0, codes, errors, each.lf.output)


def _missing_column(error: BaseException, frame: Any, reader: FrameReader) -> str:
    """A hint where a labeling function asked the frame for a column that it does not have; else nothing."""
    asked = _asked_for(error, frame)
    if asked is None or asked in reader.names or not reader.names:
        return ""
    return f"The frame has no column {asked!r}.{did_you_mean(asked, reader.names)}"


def _asked_for(error: BaseException, frame: Any) -> Hashable:
    """The column that an error of a frame names; None for other errors."""
    if isinstance(error, AttributeError):
        return error.name if error.obj is frame else None
    if len(error.args) != 1 or not isinstance(error.args[0], Hashable):
        return None
    # A dict of the labeling function's own raises KeyErrors too, but in its own code and not in that of the frame.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    raised_in = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
    if raised_in == "polars" and type(error).__name__ == "ColumnNotFoundError":
        quoted = re.match(r'(?:unable to find column )?"([^"]*)"', str(error.args[0]))
        return quoted[1] if quoted else None
    if not isinstance(error, KeyError) or not (isinstance(frame, list) or raised_in in ("pandas", "pyarrow")):
        return None
    quoted = re.fullmatch(r'Field "(.*)" does not exist in schema', str(error.args[0]))  # pyarrow's
    return quoted[1] if quoted else error.args[0]
