"""Expressions over whole columns, in polars."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import polars as pl

from weaklab.apply.frames import FrameReader
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.exceptions import FrameError
from weaklab.labeling import ExpressionLF
from weaklab.labeling.expression_cells import as_column, kind_of


def run_expressions(planned: Sequence[Planned[ExpressionLF]], run: Run) -> None:
    """Run expressions over the columns that they name.

    Parameters
    ----------
    planned : sequence of Planned
        What to run; those that share columns share their preparation.
    run : Run
        Where votes and faults go.
    """
    ready: dict[Hashable, pl.Series | None] = {}
    for each in planned:
        for name in each.lf.columns:
            if name not in ready:
                ready[name] = typed_column(run.reader, name)
        columns = {str(name): ready[name] for name in each.lf.columns}
        run.write_matches(each.column, each.code, _matches(each, columns, run))


def typed_column(reader: FrameReader, name: Hashable) -> pl.Series | None:
    """A column in one of the types that expressions see; None where its cells are of several, or of none."""
    texts = reader.texts(name)
    if texts is not None:
        return texts
    numbers = reader.numbers(name)
    if numbers is not None:
        values, missing = numbers
        if values.dtype.kind == "u" and values.max(initial=0) >= 2**63:
            return None
        wide: np.ndarray = values.astype(
            {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}[values.dtype.kind]
        )
        gone = np.isnan(wide) if wide.dtype.kind == "f" else np.zeros(len(wide), dtype=bool)
        gone = gone if missing is None else gone | missing
        column = pl.Series(wide)
        return pl.select(pl.when(pl.Series(~gone)).then(column)).to_series() if gone.any() else column
    cells = reader.cells(name, 0, reader.n)
    try:
        kinds = {kind_of(cell, name) for cell in cells} - {"missing"}
    except FrameError:
        return None
    return as_column(cells, kinds.pop()) if len(kinds) == 1 else None


def _matches(planned: Planned[ExpressionLF], columns: dict[str, pl.Series | None], run: Run) -> np.ndarray:
    if not run.reader.n:
        return np.zeros(0, dtype=bool)
    ready = {name: column for name, column in columns.items() if column is not None}
    if len(ready) == len(columns):
        try:
            return planned.lf.holds(pl.DataFrame(ready))
        except FrameError:
            pass  # it may be computed of some rows and not of others: those whose cells are missing, say
    return _by_kinds(planned, run)


def _by_kinds(planned: Planned[ExpressionLF], run: Run) -> np.ndarray:
    """Rows whose cells are of the same kinds, together."""
    lf, n = planned.lf, run.reader.n
    cells = {name: run.reader.cells(name, 0, n) for name in lf.columns}
    groups: dict[tuple[str, ...], list[int]] = {}
    errors: dict[int, FrameError] = {}
    for row in range(n):
        try:
            kinds = tuple(kind_of(cells[name][row], name) for name in lf.columns)
        except FrameError as error:
            errors[row] = error
        else:
            groups.setdefault(kinds, []).append(row)
    matches = np.zeros(n, dtype=bool)
    for kinds, rows in groups.items():
        frame = pl.DataFrame(
            {
                str(name): as_column([cells[name][row] for row in rows], kind)
                for name, kind in zip(lf.columns, kinds, strict=True)
            }
        )
        found, failed = _group(lf, frame)
        matches[np.array(rows)] = found
        errors |= {rows[place]: error for place, error in failed.items()}
    for row in sorted(errors):
        run.faults.failed(lf.name, row, errors[row])
    return matches


def _group(lf: ExpressionLF, frame: pl.DataFrame) -> tuple[np.ndarray, dict[int, FrameError]]:
    try:
        return lf.holds(frame), {}
    except FrameError as error:
        failure = error
    matches = np.zeros(frame.height, dtype=bool)
    try:
        lf.holds(frame.clear())
    except FrameError:  # of such types it cannot be computed, whatever the values
        return matches, dict.fromkeys(range(frame.height), failure)
    errors = {}
    for place in range(frame.height):
        try:
            matches[place] = lf.holds(frame.slice(place, 1))[0]
        except FrameError as error:
            errors[place] = error
    return matches, errors
