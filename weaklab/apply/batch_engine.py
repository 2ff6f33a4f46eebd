"""Labeling functions of the whole frame."""

from __future__ import annotations

from collections.abc import Sequence

from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.exceptions import ReturnValueError
from weaklab.labeling import LabelingFunction, batch_codes


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
        try:
            returned = each.lf(frame)
        except Exception as error:  # noqa: BLE001  -- a labeling function may raise anything
            run.faults.failed_whole(name, error)
            run.bar.update(run.reader.n)
            continue
        try:
            codes, errors = batch_codes(returned, run.reader.index, run.coder)
        except ReturnValueError as error:
            run.faults.no_votes(name, error)
            run.bar.update(run.reader.n)
            continue
        run.write_codes(each.column, name, 0, codes, errors)
