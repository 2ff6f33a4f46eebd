"""Declarative functions of one cell, a cell at a time: for the columns that no compiled engine reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from weaklab.apply.faults import RAISED
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.labeling import CellLF
from weaklab.labeling.declarative import is_missing
from weaklab.typing import ABSTAIN


def by_cell(planned: Planned[Any], run: Run) -> np.ndarray:
    """Codes of a function of one cell for a whole column, (n,)."""
    cells = run.reader.cells(planned.lf.column, 0, run.reader.n)
    codes = np.full(len(cells), ABSTAIN, dtype=np.int64)
    fill(codes, planned, run, ((row, cell) for row, cell in enumerate(cells) if not is_missing(cell)))
    return codes


def fill(codes: np.ndarray, planned: Planned[Any], run: Run, cells: Iterable[tuple[int, Any]]) -> None:
    """Set the codes of some cells that are not missing, given with their rows."""
    lf: CellLF = planned.lf
    of_label = dict(zip(lf.labels, planned.codes, strict=True))
    for row, cell in cells:
        try:
            vote = lf.vote(cell)
        except RAISED as error:  # what a user's function in it raises may be anything
            run.faults.failed(lf.name, row, error)
        else:
            codes[row] = ABSTAIN if vote is None else of_label[vote]
