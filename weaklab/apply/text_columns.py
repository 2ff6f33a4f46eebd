"""A column of texts, made ready once for all labeling functions that read it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from weaklab.apply.faults import FaultLog
from weaklab.apply.frames import FrameReader
from weaklab.exceptions import FrameError
from weaklab.labeling.declarative import check_text, is_missing

#: What ``str.split`` takes for whitespace, in ASCII.
_WHITESPACE = r"[\x09-\x0D\x1C-\x20]+"


@dataclass(frozen=True)
class TextColumn:
    """A column of texts, parted into those of ASCII, on which engines agree, and the others, which Python reads.

    Attributes
    ----------
    n : int
        How many rows there are, missing ones among them.
    ascii : polars.Series of String
        The texts that are ASCII.
    ascii_rows : ndarray of int, or None
        Their positions; None where they are all n rows.
    others : list of str
        The other texts.
    other_rows : ndarray of int
        Their positions.
    wrong : list of (int, object)
        The position and the cell of what is neither text nor missing.
    """

    n: int
    ascii: pl.Series
    ascii_rows: np.ndarray | None
    others: list[str]
    other_rows: np.ndarray
    wrong: list[tuple[int, Any]] = field(default_factory=list)

    @cached_property
    def ascii_folded(self) -> pl.Series:
        """The ASCII texts in lower case, which is their case-folded form."""
        return self.ascii.str.to_lowercase()

    @cached_property
    def ascii_normalised(self) -> pl.Series:
        """The ASCII texts as :func:`weaklab.labeling.normalising.normalise` makes them, which for ASCII is little."""
        return self.ascii_folded.str.replace_all(_WHITESPACE, " ").str.strip_chars(" ")

    @cached_property
    def others_folded(self) -> list[str]:
        """The other texts, case-folded."""
        return [text.casefold() for text in self.others]

    def spread(self, ascii_matches: np.ndarray, other_matches: Sequence[bool] | np.ndarray) -> np.ndarray:
        """Matches of both parts as one array of bool over the rows of the frame, (n,)."""
        if self.ascii_rows is None:
            return ascii_matches
        matches = np.zeros(self.n, dtype=bool)
        matches[self.ascii_rows] = ascii_matches
        matches[self.other_rows] = other_matches
        return matches

    def report_wrong(self, lf_name: str, column: Hashable, faults: FaultLog) -> None:
        """Tell of each cell that is neither text nor missing, for one labeling function that reads the column."""
        for row, cell in self.wrong:
            try:
                check_text(cell, column)
            except FrameError as error:
                faults.failed(lf_name, row, error)


def read_text(reader: FrameReader, name: Hashable) -> TextColumn:
    """Make a column of texts ready.

    Parameters
    ----------
    reader : FrameReader
        The frame.
    name : hashable
        The column.

    Returns
    -------
    TextColumn
    """
    series = reader.texts(name)
    if series is not None:
        return _part(series, [], [])
    cells = reader.cells(name, 0, reader.n)
    wrong, odd = [], []
    if not set(map(type, cells)) <= {str}:
        for i, cell in enumerate(cells):
            if isinstance(cell, str):
                cells[i] = str(cell)  # numpy.str_ and the like
                continue
            if not is_missing(cell):
                wrong.append((i, cell))
            cells[i] = None
    try:
        series = pl.Series(cells, dtype=pl.String)
    except UnicodeEncodeError:  # lone surrogates, which no UTF-8 can hold
        for i, cell in enumerate(cells):
            if cell is not None and not _is_utf8(cell):
                odd.append((i, cell))
                cells[i] = None
        series = pl.Series(cells, dtype=pl.String)
    return _part(series, odd, wrong)


def _part(series: pl.Series, odd: list[tuple[int, str]], wrong: list[tuple[int, Any]]) -> TextColumn:
    is_ascii = series.str.len_bytes() == series.str.len_chars()  # null where the text is missing
    if series.null_count() == 0 and is_ascii.all():
        return TextColumn(len(series), series, None, [], np.empty(0, dtype=np.int64))
    others = is_ascii.not_().fill_null(value=False)
    is_ascii = is_ascii.fill_null(value=False)
    rows, texts = others.arg_true().to_numpy().astype(np.int64), series.filter(others).to_list()
    if odd:
        rows = np.concatenate([rows, [i for i, _ in odd]])
        texts += [text for _, text in odd]
    return TextColumn(
        len(series), series.filter(is_ascii), is_ascii.arg_true().to_numpy().astype(np.int64), texts, rows, wrong
    )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
