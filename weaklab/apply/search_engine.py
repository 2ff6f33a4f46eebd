"""Functions that Python decides, over the texts in which a compiled engine finds what they need."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from weaklab.apply.cell_loop import fill
from weaklab.apply.faults import RAISED
from weaklab.apply.plan import Planned
from weaklab.apply.row_engine import CHUNK, chunk_rows
from weaklab.apply.run import Run
from weaklab.apply.rust_patterns import to_rust
from weaklab.apply.text_columns import TextColumn
from weaklab.labeling import PatternLF, SectionLF
from weaklab.typing import ABSTAIN

SearchLF = PatternLF | SectionLF


def run_searches(planned: Sequence[Planned[SearchLF]], run: Run) -> None:
    """Run functions of patterns that are verified, or count in some sections only, over the columns that they read.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    """
    for each in planned:
        column = run.text(each.lf.column)
        column.report_wrong(each.lf.name, each.lf.column, run.faults)
        codes = np.full(column.n, ABSTAIN, dtype=np.int64)
        texts = sorted(candidates(each.lf, column))  # by row: the first that fails is the one to tell of
        if isinstance(each.lf, PatternLF) and each.lf.reads_row:
            _fill_by_row(codes, each.lf, each.code, dict(texts), run)
        else:
            fill(codes, each, run, texts)
        run.write_votes(each.column, codes)


def candidates(lf: SearchLF, column: TextColumn) -> Iterator[tuple[int, str]]:
    """The texts on which a function may vote, with their rows: those of ASCII that hold its patterns, all others."""
    found = np.ones(len(column.ascii), dtype=bool)
    for pattern, flags in needed(lf):
        rust = to_rust(pattern, flags)
        if rust is not None:
            found &= column.ascii.str.contains(rust).to_numpy()
    rows = np.flatnonzero(found) if column.ascii_rows is None else column.ascii_rows[found]
    yield from zip(rows.tolist(), column.ascii.filter(found).to_list(), strict=True)
    yield from zip(column.other_rows.tolist(), column.others, strict=True)


def needed(lf: SearchLF) -> list[tuple[str, int]]:
    """Patterns, each of which is found in every text on which a function votes."""
    if isinstance(lf, PatternLF):
        return [(lf.pattern, lf.flags)]
    inside = relaxed(lf.pattern)
    return [*([(lf.headings, 0)] if lf.needs_heading else []), *([(inside, lf.flags)] if inside is not None else [])]


def relaxed(pattern: str) -> str | None:
    r"""A pattern that is found in a text wherever a given one is found in a part of it, or None.

    A part begins and ends in other places, where ``\b`` holds that does not hold in the whole; without it the
    pattern is found there too. Patterns with other anchors, or that look around, are left alone.

    Examples
    --------
    >>> relaxed(r"\bfree\b"), relaxed(r"^free")
    ('free', None)
    """
    pieces = re.findall(r"\\[\s\S]|[\s\S]", pattern)
    text = "".join(piece for piece in pieces if piece != r"\b")
    # `^` may also negate a class, `$` stand in one: to tell is not worth it.
    if any(piece in ("^", "$", r"\A", r"\Z", r"\B") for piece in pieces) or re.search(r"\(\?(?!:|P<|i\))", pattern):
        return None
    if text != pattern and "[" in pattern:  # in a class, \b is a backspace
        return None
    try:
        re.compile(text)
    except re.error:
        return None
    return text


def _fill_by_row(codes: np.ndarray, lf: PatternLF, code: int, texts: dict[int, str], run: Run) -> None:
    """Set the codes of some texts, each decided in its row; rows are made a chunk at a time."""
    read: dict[Hashable, None] = {}
    by_chunk: dict[int, list[int]] = {}
    for row in sorted(texts):
        by_chunk.setdefault(row // CHUNK, []).append(row)
    for chunk, members in by_chunk.items():
        start = chunk * CHUNK
        source, rows = chunk_rows(run.reader, start, min(start + CHUNK, run.reader.n), read)
        for row in members:
            try:
                vote = lf.decide(texts[row], rows[row - start])
            except RAISED as error:  # a user's function may raise anything
                run.faults.failed(lf.name, row, error)
            else:
                codes[row] = ABSTAIN if vote is None else code
        source.take_back()
        source.forget()
