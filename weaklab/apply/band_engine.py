"""Functions of bands over whole columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaklab.apply.cell_loop import by_cell
from weaklab.apply.exact_numbers import beyond, widened
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.labeling import BandsLF
from weaklab.typing import ABSTAIN


def run_bands(planned: Sequence[Planned[BandsLF]], run: Run) -> None:
    """Run functions of bands over the columns that they read.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    """
    for each in planned:
        numbers = run.reader.numbers(each.lf.column)
        codes = None if numbers is None else band_codes(each, *numbers)
        run.write_votes(each.column, by_cell(each, run) if codes is None else codes)


def band_codes(planned: Planned[BandsLF], values: np.ndarray, missing: np.ndarray | None) -> np.ndarray | None:
    """The code of the band of each number.

    Parameters
    ----------
    planned : Planned
        The bands, and the codes of their labels.
    values : ndarray of shape (n,)
        Bools, ints or floats.
    missing : ndarray of bool of shape (n,), or None
        Where there is no number; NaN need not be among them.

    Returns
    -------
    ndarray of int64 of shape (n,), or None
        None where numpy cannot compare exactly.
    """
    values = widened(values)
    of_label = dict(zip(planned.lf.labels, planned.codes, strict=True))
    codes = np.full(len(values), ABSTAIN, dtype=np.int64)
    gone = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    if missing is not None:
        gone = gone | missing
    for low, high, label in planned.lf.bands:
        inside = ~gone
        for bound, is_low in ((low, True), (high, False)):
            if bound is None:
                continue
            below = beyond(values, bound, is_above=False)
            if below is None:
                return None
            inside &= ~below if is_low else below
        codes[inside] = of_label[label]
    return codes
