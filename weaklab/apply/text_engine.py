"""Keyword and regular-expression functions over whole columns, in the compiled engine of polars.

Every text is read by an engine that provably gives what Python gives: texts of ASCII by polars, all functions of a
column in one parallel pass, many keyword functions by one automaton; the others, and patterns that have no exact
translation, by Python's own ``in`` and ``re`` over a list.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from functools import reduce
from operator import add

import numpy as np
import polars as pl

from weaklab.apply.keyword_engine import match_keywords
from weaklab.apply.plan import Planned
from weaklab.apply.run import Run
from weaklab.apply.rust_patterns import literal, to_rust
from weaklab.apply.text_columns import TextColumn
from weaklab.labeling import KeywordLF, RegexLF

TextLF = KeywordLF | RegexLF


def run_texts(planned: Sequence[Planned[TextLF]], run: Run) -> None:
    """Run keyword and regular-expression functions over the columns that they read.

    Parameters
    ----------
    planned : sequence of Planned
        What to run; those of one column share its preparation.
    run : Run
        Where votes and faults go.
    """
    by_column: dict[Hashable, list[Planned[TextLF]]] = {}
    for each in planned:
        by_column.setdefault(each.lf.column, []).append(each)
    for name, group in by_column.items():
        column = run.text(name)
        for each in group:
            column.report_wrong(each.lf.name, name, run.faults)
        for each, matches in zip(group, match_column([each.lf for each in group], column), strict=True):
            run.write_matches(each.column, each.code, matches)


def match_column(lfs: Sequence[TextLF], column: TextColumn) -> list[np.ndarray]:
    """Where each function matches.

    Parameters
    ----------
    lfs : sequence of KeywordLF or RegexLF
        They read this column.
    column : TextColumn
        The texts, n with the missing ones.

    Returns
    -------
    list of ndarray of bool of shape (n,)
        One per function; False where a text is missing.
    """
    found: dict[int, np.ndarray] = {}
    for case in (False, True):
        places = [place for place, lf in enumerate(lfs) if isinstance(lf, KeywordLF) and lf.case is case]
        together = match_keywords([lfs[place] for place in places], column)  # type: ignore[misc]
        found |= {} if together is None else dict(zip(places, together, strict=True))
    alone = [place for place in range(len(lfs)) if place not in found]
    found |= dict(zip(alone, _match_alone([lfs[place] for place in alone], column), strict=True))
    return [found[place] for place in range(len(lfs))]


def _match_alone(lfs: Sequence[TextLF], column: TextColumn) -> list[np.ndarray]:
    """:func:`match_column`, an expression for each function."""
    expressions = {
        f"{place}": expression for place, lf in enumerate(lfs) if (expression := _expression(lf)) is not None
    }
    folded = any(isinstance(lf, KeywordLF) and not lf.case for lf in lfs)
    texts = pl.DataFrame({"text": column.ascii, "folded": column.ascii_folded if folded else column.ascii})
    # One pass over all: polars spreads the expressions over its threads.
    found = texts.select([expression.alias(place) for place, expression in expressions.items()])
    matches = []
    for place, lf in enumerate(lfs):
        if f"{place}" in expressions:
            of_ascii = found.get_column(f"{place}").to_numpy()
        else:
            of_ascii = np.fromiter(map(lf.matches, column.ascii.to_list()), dtype=bool, count=len(column.ascii))
        matches.append(column.spread(of_ascii, _of_others(lf, column)))
    return matches


def _of_others(lf: TextLF, column: TextColumn) -> Sequence[bool]:
    if isinstance(lf, KeywordLF) and not lf.case:
        return [lf.in_folded(text) for text in column.others_folded]
    return [lf.matches(text) for text in column.others]


def _expression(lf: TextLF) -> pl.Expr | None:
    """What polars is to compute for texts of ASCII, or None where only Python can."""
    if isinstance(lf, RegexLF):
        rust = to_rust(lf.pattern, lf.flags)
        return None if rust is None else pl.col("text").str.contains(rust)
    words = [word for word in lf.sought if word.isascii()]  # the others are in no text of ASCII
    text = pl.col("text" if lf.case else "folded")
    if len(words) < lf.at_least:
        return pl.repeat(value=False, n=pl.len(), dtype=pl.Boolean)
    if lf.at_least == 1:
        return _any_of(text, words, lf.whole_words)
    counts = [_any_of(text, [word], lf.whole_words).cast(pl.UInt32) for word in words]
    return reduce(add, counts) >= lf.at_least


def _any_of(text: pl.Expr, words: list[str], whole_words: bool) -> pl.Expr:
    if whole_words:
        return text.str.contains("|".join(map(_bounded, words)))
    if len(words) == 1:
        return text.str.contains(words[0], literal=True)
    return text.str.contains_any(words)


def _bounded(word: str) -> str:
    """:func:`weaklab.labeling.keywords.bounded` for ASCII: next to a letter, "no letter" is a word boundary."""
    before = r"(?-u:\b)" if re.match(r"\w", word[0]) else ""
    after = r"(?-u:\b)" if re.match(r"\w", word[-1]) else ""
    return f"{before}{literal(word)}{after}"
