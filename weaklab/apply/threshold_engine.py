"""Threshold functions over whole columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaklab.apply.cell_loop import by_cell
from weaklab.apply.exact_numbers import beyond, widened
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.labeling import ThresholdLF


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
        if matches is None:
            run.write_votes(each.column, by_cell(each, run))
        else:
            run.write_matches(each.column, each.code, matches)


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
    values = widened(values)
    matches = np.ones(len(values), dtype=bool)
    for bound, is_above in ((lf.above, True), (lf.below, False)):
        if bound is None:
            continue
        inside = beyond(values, bound, is_above)
        if inside is None:
            return None
        matches &= inside
    return matches if missing is None else matches & ~missing
