"""Many keyword functions over a column of texts in one pass, however many keywords there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklab._kernels.automaton import NO, UNSURE, YES, build_trie, link, scan
from weaklab._kernels.chunks import over_chunks
from weaklab.apply.text_columns import TextColumn
from weaklab.labeling import KeywordLF

#: From this many keyword functions on, one pass over all is faster than a pass of polars for each: measured on texts
#: of 90 characters with one to three keywords per function.
WORTHWHILE = 6
#: Larger automata would not stay in the caches; functions with so many letters of keywords are matched one by one.
MOST_STATES = 1_000_000
#: Texts that are scanned at a time, by each thread.
CHUNK = 8_192


@dataclass(frozen=True)
class Automaton:
    """The keywords of several functions, ready to be found; see :mod:`weaklab._kernels.automaton` for the arrays."""

    lfs: Sequence[KeywordLF]
    tables: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, lfs: Sequence[KeywordLF]) -> Automaton | None:
        """The automaton of functions that all fold case, or all do not; None where it would be too large."""
        entries: dict[bytes, list[tuple[int, int]]] = {}
        for j, lf in enumerate(lfs):
            for word in lf.sought:
                entries.setdefault(word.encode(), []).append((j, _edges(word) if lf.whole_words else 0))
        words = list(entries)
        length = np.array([len(word) for word in words])
        states = int(length.sum()) + 1
        if states > MOST_STATES:
            return None
        text = np.frombuffer(b"".join(words), dtype=np.uint8)
        kind = np.zeros(256, dtype=np.uint8 if len(set(text.tolist())) < 255 else np.uint16)
        kind[np.unique(text)] = np.arange(1, len(np.unique(text)) + 1)
        if not lfs[0].case:  # texts of ASCII need not be folded before they are read
            kind[ord("A") : ord("Z") + 1] = kind[ord("a") : ord("z") + 1]
        step = np.zeros((states, int(kind.max()) + 1), dtype=np.int32)
        at = np.full(states, -1, dtype=np.int32)
        first, following = np.zeros(states, dtype=np.int32), np.zeros(states, dtype=np.int32)
        used = build_trie(text, np.concatenate([[0], np.cumsum(length)]), kind, step, at)
        link(used, step, at, first, following)
        each = [entry for own in entries.values() for entry in own]
        places = np.concatenate([[0], np.cumsum([len(own) for own in entries.values()])])
        owner = np.array([j for j, _ in each], dtype=np.int32)
        edges = np.array([edge for _, edge in each], dtype=np.uint8)
        need = np.array([one.at_least for one in lfs])
        return cls(lfs, (kind, _IS_WORD, step, at, first, following, length, places, owner, edges, need))

    def find(self, texts: pl.Series, folded: Sequence[str] | None = None) -> np.ndarray:
        """Which functions vote on which texts, bool of shape (functions, texts).

        Parameters
        ----------
        texts : polars.Series of String
            Without missing ones: of ASCII, or as folded as the functions read them.
        folded : sequence of str, optional
            The same texts, to decide what stands beside a letter beyond ASCII; none where all are ASCII.
        """
        array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
        bounds = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        data = np.frombuffer(array.buffers()[2] or b"", dtype=np.uint8)
        found = np.full((len(self.lfs), len(texts)), NO, dtype=np.uint8)
        for _ in over_chunks(
            lambda start, stop: scan(data, bounds, start, stop, *self.tables, found), len(texts), chunk=CHUNK
        ):
            pass
        if folded is not None:
            for j, i in zip(*np.nonzero(found == UNSURE), strict=True):
                found[j, i] = self.lfs[j].in_folded(folded[i])
        return found == YES


def match_keywords(lfs: Sequence[KeywordLF], column: TextColumn) -> list[np.ndarray] | None:
    """Where each function matches, by one automaton; None where that does not pay.

    Parameters
    ----------
    lfs : sequence of KeywordLF
        They all fold case, or all do not.
    column : TextColumn
        The texts, n with the missing ones.

    Returns
    -------
    list of ndarray of bool of shape (n,), or None
    """
    if len(lfs) < WORTHWHILE:
        return None
    others = column.others if lfs[0].case else column.others_folded
    try:
        automaton, of_others = Automaton.of(lfs), pl.Series(others, dtype=pl.String)
    except UnicodeEncodeError:  # lone surrogates, in keywords or texts, which no UTF-8 can hold
        return None
    if automaton is None:
        return None
    both = zip(automaton.find(column.ascii), automaton.find(of_others, others), strict=True)
    return [column.spread(*found) for found in both]


def _edges(word: str) -> int:
    """Where no letter may stand: before (1) and after (2) a keyword, as :func:`weaklab.labeling.keywords.bounded`."""
    return (1 if re.match(r"\w", word) else 0) + (2 if re.match(r"\w", word[-1]) else 0)


#: For each byte: 1 is part of a word, 0 is not, 2 is a part of a character beyond ASCII.
_IS_WORD = np.array([2 if byte > 127 else int(bool(re.match(r"\w", chr(byte)))) for byte in range(256)], dtype=np.uint8)
