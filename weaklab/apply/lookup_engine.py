"""Lookups over whole columns: hash joins in polars, and one pass of a multi-pattern automaton for substrings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from weaklab.apply.cell_loop import by_cell, fill
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.apply.text_columns import TextColumn
from weaklab.labeling import LookupLF
from weaklab.typing import ABSTAIN


def run_lookups(planned: Sequence[Planned[LookupLF]], run: Run) -> None:
    """Run lookups over the columns that they read.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    """
    for each in planned:
        if each.lf.is_of_text:
            column = run.text(each.lf.column)
            column.report_wrong(each.lf.name, each.lf.column, run.faults)
            run.write_votes(each.column, _text_codes(each, column, run))
            continue
        numbers = run.reader.numbers(each.lf.column)
        codes = by_cell(each, run) if numbers is None else _number_codes(each, *numbers)
        run.write_votes(each.column, codes)


def _text_codes(planned: Planned[LookupLF], column: TextColumn, run: Run) -> np.ndarray:
    lf = planned.lf
    texts = column.ascii if lf.match == "exact" else column.ascii_normalised
    of_ascii = _substring_codes(planned, texts) if lf.match == "substring" else _joined_codes(planned, texts)
    codes = np.full(column.n, ABSTAIN, dtype=np.int64)
    codes[slice(None) if column.ascii_rows is None else column.ascii_rows] = of_ascii
    fill(codes, planned, run, zip(column.other_rows.tolist(), column.others, strict=True))
    return codes


def _joined_codes(planned: Planned[LookupLF], texts: pl.Series) -> np.ndarray:
    entries = [(key, label) for key, label in planned.lf.entries if str(key).isascii()]
    of_label = dict(zip(planned.lf.labels, planned.codes, strict=True))
    keys = pl.Series([key for key, _ in entries], dtype=pl.String)
    codes = pl.Series([of_label[label] for _, label in entries], dtype=pl.Int64)
    return texts.replace_strict(keys, codes, default=ABSTAIN, return_dtype=pl.Int64).to_numpy()


def _substring_codes(planned: Planned[LookupLF], texts: pl.Series) -> np.ndarray:
    """One pass finds the texts that hold a key anywhere; only those are read word by word."""
    codes = np.full(len(texts), ABSTAIN, dtype=np.int64)
    keys = [key for key, _ in planned.lf.entries if isinstance(key, str) and key.isascii()]
    if not keys:
        return codes
    of_label = dict(zip(planned.lf.labels, planned.codes, strict=True))
    found = texts.str.contains_any(keys)
    vote = planned.lf.vote_normalised
    for row, text in zip(found.arg_true().to_list(), texts.filter(found).to_list(), strict=True):
        label = vote(text)
        if label is not None:
            codes[row] = of_label[label]
    return codes


def _number_codes(planned: Planned[LookupLF], values: np.ndarray, missing: np.ndarray | None) -> np.ndarray:
    of_label = dict(zip(planned.lf.labels, planned.codes, strict=True))
    different, places = np.unique(values, return_inverse=True)
    # Asked of a dict of Python's, in which an int and a float are one key where they are exactly equal.
    votes = [planned.lf.table.get(number) for number in different.tolist()]
    codes = np.array([ABSTAIN if vote is None else of_label[vote] for vote in votes], dtype=np.int64)
    codes = codes[places] if len(codes) else np.empty(0, dtype=np.int64)
    return codes if missing is None else np.where(missing, ABSTAIN, codes)
