"""Texts made comparable: one form for compatible characters, for case, and for whitespace."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


def normalise(text: str) -> str:
    r"""A text in Unicode's NFKC form, case-folded, with each run of whitespace as one space, and none at the edges.

    Examples
    --------
    >>> normalise("  The ﬁne\tSTRAẞE ")
    'the fine strasse'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def original_spans(text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    r"""Spans of a normalised text as spans of the text that it was made of.

    Parameters
    ----------
    text : str
        As it was.
    spans : sequence of (int, int)
        Of ``normalise(text)``.

    Returns
    -------
    tuple of (int, int)
        Of ``text``; the whole of it for each where the two cannot be aligned.

    Examples
    --------
    >>> text = "in  NEW\tYork"
    >>> [text[start:stop] for start, stop in original_spans(text, [(3, 11)])]
    ['NEW\tYork']
    """
    if not spans:
        return ()
    starts, pieces = _clusters(text)
    ends = list(accumulate(map(len, pieces)))
    if "".join(pieces).strip(" ") != normalise(text):
        return tuple((0, len(text)) for _ in spans)
    lead = len("".join(pieces)) - len("".join(pieces).lstrip(" "))
    return tuple(
        (starts[bisect_right(ends, start + lead)], starts[bisect_right(ends, stop + lead - 1) + 1])
        for start, stop in spans
    )


def _clusters(text: str) -> tuple[list[int], list[str]]:
    """Where the parts begin that are normalised on their own, with the end of the text; and what each becomes."""
    starts = [i for i, character in enumerate(text) if i == 0 or not _joins(character)]
    pieces: list[str] = []
    after_space = False
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:stop]
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold())
        kept = []
        for character in folded:
            if not character.isspace():
                kept.append(character)
            elif not after_space:
                kept.append(" ")
            after_space = character.isspace()
        pieces.append("".join(kept))
    return [*starts, len(text)], pieces


def _joins(character: str) -> bool:
    """Whether a character may become one with that before it: marks, and vowels and finals of Hangul."""
    first = unicodedata.normalize("NFKC", character)[0]
    return unicodedata.category(first).startswith("M") or "\u1160" <= first <= "\u11ff"
