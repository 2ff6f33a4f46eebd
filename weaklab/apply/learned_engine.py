"""Labeling functions that ask something learned, for all rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.apply.faults import RAISED
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.exceptions import FaultWarning, LabelingFunctionFailure, ReturnValueError, warn_caller
from weaklab.labeling import Answers, LearnedLF, VoteCoder, Watch, set_masks
from weaklab.labeling.declarative import is_missing
from weaklab.labeling.explanations import short
from weaklab.typing import ABSTAIN


class RunWatch(Watch):
    """Tells the run of failures and progress."""

    def __init__(self, lf: LearnedLF, table: pd.DataFrame, run: Run) -> None:
        self.lf, self.table, self.run = lf, table, run
        self.told = 0

    def failed(self, rows: Iterable[int], error: Exception) -> None:
        """Raise, or keep the fault of each row."""
        rows = list(rows)
        self.run.faults.failed_rows(self.lf.name, rows, error, self.odd_cell(rows))

    def done(self, rows: int) -> None:
        """Move the bar."""
        self.told += rows
        self.run.bar.update(rows)

    def odd_cell(self, rows: Iterable[int]) -> str:
        """Where a function of single cells failed, the first that is no text: models name neither it nor its row."""
        if not getattr(self.lf, "single", False):
            return ""
        cells, name = self.table.iloc[:, 0], self.table.columns[0]
        for row in rows:
            cell = cells.iloc[row]
            if not isinstance(cell, str) and not is_missing(cell):
                return f"Column {name!r} holds {short(cell)} ({type(cell).__name__}) on {self.run.faults.where(row)}."
        return ""


def run_learned(planned: Sequence[Planned[LearnedLF]], run: Run) -> dict[str, Any]:
    """Run labeling functions that answer many rows at once.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.

    Returns
    -------
    dict of str to dict
        What they report, by name; only those that do.
    """
    reports = {}
    for each in planned:
        lf = each.lf
        table = run.reader.columns(lf.columns)
        watch = RunWatch(lf, table, run)
        before = lf.report
        try:
            answers = lf.answers(table, watch)
        except LabelingFunctionFailure:
            raise  # the watch's own
        except RAISED as error:  # a model may raise anything
            run.faults.failed_whole(lf.name, error, watch.odd_cell(range(run.reader.n)))
        else:
            _write(each.column, lf, answers, run)
        if lf.report is not None and lf.report is not before:
            reports[lf.name] = lf.report
        run.finished(each.column, watch.told)
    _warn(reports)
    return reports


def _write(column: int, lf: LearnedLF, answers: Answers, run: Run) -> None:
    rows = slice(0, run.reader.n)
    try:
        if lf.output == "set":
            masks, errors = set_masks(answers.labels, run.coder)
            for error in errors.values():
                raise error
            run.table.write_set(column, rows, np.append(masks, np.uint64(0))[answers.choice])
            return
        codes = label_codes(answers.labels, run.coder)
    except ReturnValueError as error:
        run.faults.no_votes(lf.name, error)
        return
    hard = np.append(codes, ABSTAIN)[answers.choice]  # (n,); -1 is the last
    if lf.output == "hard" or answers.probs is None:
        run.table.write(column, rows, hard)
        return
    probs = np.zeros((len(hard), run.coder.k or 0))
    for place, code in enumerate(codes):
        if code != ABSTAIN:  # what stands for no class is shared out among the classes
            probs[:, code] += answers.probs[:, place]
    total = probs.sum(axis=1, keepdims=True)
    silent = (hard == ABSTAIN) | ~(total[:, 0] > 0)
    probs = np.divide(probs, total, out=np.zeros_like(probs), where=total > 0)
    probs[silent] = np.nan
    run.table.write_soft(column, rows, probs)


def label_codes(labels: Sequence[Any], coder: VoteCoder) -> np.ndarray:
    """The class codes of what a labeling function may vote, -1 for None; a ReturnValueError if one is no class."""
    return np.array([coder.code(label) for label in labels], dtype=np.int64)


def _warn(reports: dict[str, Any]) -> None:
    told = [f"{name!r}: {report['warning']}" for name, report in reports.items() if report.get("warning")]
    if told:
        warn_caller(f"{'; '.join(told)}. votes.attrs['reports'] has the counts.", FaultWarning)
