"""Threshold functions over whole columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isinf

import numpy as np

from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.exceptions import FrameError
from weaklab.labeling import ThresholdLF
from weaklab.labeling.declarative import is_missing


def run_thresholds(planned: Sequence[Planned[ThresholdLF]], run: Run) -> None:
    """Run threshold functions over the columns that they read.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    """
    for each in planned:
        numbers = run.reader.numbers(each.lf.column)
        matches = None if numbers is None else compare(each.lf, *numbers)
        run.write_matches(each.column, each.code, _one_by_one(each, run) if matches is None else matches)


def compare(lf: ThresholdLF, values: np.ndarray, missing: np.ndarray | None) -> np.ndarray | None:
    """Where numbers are in the range of a function, compared as exactly as Python compares.

    Parameters
    ----------
    lf : ThresholdLF
        The range.
    values : ndarray of shape (n,)
        Bools, ints or floats.
    missing : ndarray of bool of shape (n,), or None
        Where there is no number; NaN need not be among them.

    Returns
    -------
    ndarray of bool of shape (n,), or None
        None where numpy cannot compare exactly.
    """
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    elif values.dtype.kind == "f" and values.dtype.itemsize < 8:
        values = values.astype(np.float64)  # exact; the other way, numpy would round the bound
    matches = np.ones(len(values), dtype=bool)
    for bound, is_above in ((lf.above, True), (lf.below, False)):
        if bound is None:
            continue
        inside = (_ints if values.dtype.kind in "iu" else _floats)(values, bound, is_above)
        if inside is None:
            return None
        matches &= inside
    return matches if missing is None else matches & ~missing


def _ints(values: np.ndarray, bound: float, is_above: bool) -> np.ndarray:
    """Ints against a bound, as ints: 64 bits of int do not fit a float."""
    if isinstance(bound, float) and isinf(bound):
        return np.full(len(values), is_above == (bound < 0))
    whole = floor(bound) if is_above else ceil(bound)  # v > 2.5 is v > 2, and v < 2.5 is v < 3
    limits = np.iinfo(values.dtype)
    if not limits.min <= whole <= limits.max:
        return np.full(len(values), is_above == (whole < limits.min))
    typed = values.dtype.type(whole)
    return values > typed if is_above else values < typed


def _floats(values: np.ndarray, bound: float, is_above: bool) -> np.ndarray | None:
    try:
        number = float(bound)
    except OverflowError:
        return None
    if number != bound:  # an int that no float is; asked of Python, since numpy would round it to compare
        return None
    return values > number if is_above else values < number


def _one_by_one(each: Planned[ThresholdLF], run: Run) -> np.ndarray:
    cells = run.reader.cells(each.lf.column, 0, run.reader.n)
    matches = np.zeros(len(cells), dtype=bool)
    for row, cell in enumerate(cells):
        try:
            matches[row] = not is_missing(cell) and each.lf.matches(cell)
        except FrameError as error:
            run.faults.failed(each.lf.name, row, error)
    return matches
