"""Labeling functions that look for words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.cells import MatchLF
from weaklab.labeling.declarative import (
    check_column,
    check_flag,
    check_given_name,
    check_label,
    check_text,
    readable_name,
)
from weaklab.labeling.explanations import Explanation, short

_KIND = "keyword_lf"


@dataclass(frozen=True)
class KeywordLF(MatchLF):
    """Votes where a text contains keywords; made by :func:`keyword_lf`, which says what the arguments mean.

    Attributes
    ----------
    keywords : tuple of str
        As they were given, each once.
    whole_words, case : bool
    at_least : int
        How many different keywords must be found.
    """

    keywords: tuple[str, ...]
    whole_words: bool = True
    case: bool = False
    at_least: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "keywords", _check_keywords(self.keywords))
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "label", check_label(self.label, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "whole_words", check_flag(self.whole_words, "whole_words", _KIND))
        object.__setattr__(self, "case", check_flag(self.case, "case", _KIND))
        sought = tuple(dict.fromkeys(map(self.fold, self.keywords)))
        object.__setattr__(self, "at_least", _check_at_least(self.at_least, len(sought)))
        edges = [(word, re.compile(bounded(word))) for word in sought]
        object.__setattr__(self, "_edges", tuple(edges))

    @property
    def sought(self) -> tuple[str, ...]:
        """The different keywords that are looked for, folded unless case matters."""
        return tuple(word for word, _ in self._edges)  # type: ignore[attr-defined]

    def fold(self, text: str) -> str:
        """A text as keywords are looked for in it: case-folded (Unicode, ``str.casefold``) unless case matters."""
        return text if self.case else text.casefold()

    def matches(self, cell: Any) -> bool:
        """Whether a text contains enough of the keywords."""
        return self.in_folded(self.fold(check_text(cell, self.column)))

    def in_folded(self, folded: str) -> bool:
        """Whether a text that is folded already contains enough of the keywords."""
        missing = self.at_least
        for word, edge in self._edges:  # type: ignore[attr-defined]
            # `in` first: it is ten times faster than the expression, and most keywords are not there.
            if word in folded and (not self.whole_words or edge.search(folded)):
                missing -= 1
                if not missing:
                    return True
        return False

    def explain_cell(self, cell: Any) -> Explanation:
        """Which keywords are in a text, and where."""
        text = check_text(cell, self.column)
        folded, places = self.fold(text), {}
        for word, edge in self._edges:  # type: ignore[attr-defined]
            expression = edge if self.whole_words else re.compile(re.escape(word))
            found = [match.span() for match in expression.finditer(folded)]
            if found:
                places[word] = tuple(found if self.case else folded_spans(text, found))
        vote = self.label if len(places) >= self.at_least else None
        where = ", ".join(f"{short(word)} at {spans[0][0]}" for word, spans in places.items())
        reason = f"found {where}" if places else "found no keyword"
        if self.at_least > 1 or (places and vote is None):
            reason += f"; {len(places)} of the {self.at_least} keywords that are needed"
        spans = tuple(sorted(span for found in places.values() for span in found))
        return Explanation(vote, reason, self.column, spans, {"found": places, "at_least": self.at_least}, text)


def folded_spans(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of a case-folded text as spans of the text: folding makes some characters two or three.

    Examples
    --------
    >>> "die straße hier".casefold(), folded_spans("die straße hier", [(4, 11)])
    ('die strasse hier', [(4, 10)])
    """
    if len(text.casefold()) == len(text):
        return spans
    ends = list(accumulate(len(character.casefold()) for character in text))
    return [(bisect_right(ends, start), bisect_right(ends, stop - 1) + 1) for start, stop in spans]


def bounded(word: str) -> str:
    r"""A pattern for a keyword that is no part of a longer word.

    Where the keyword begins (ends) with a letter, digit or underscore, none may stand before (after) it. Where it
    begins or ends with another character, anything may: ``$`` is found in ``$5``, and ``c++`` in ``c++11``.

    Examples
    --------
    >>> bounded("free"), bounded("c++")
    ('(?<!\\w)free(?!\\w)', '(?<!\\w)c\\+\\+')
    """
    before = r"(?<!\w)" if re.match(r"\w", word) else ""
    after = r"(?!\w)" if re.match(r"\w", word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"


def keyword_lf(
    keywords: str | Iterable[str],
    *,
    column: Hashable,
    label: Any,
    name: str | None = None,
    whole_words: bool = True,
    case: bool = False,
    at_least: int = 1,
) -> KeywordLF:
    r"""Make a labeling function that votes where a text contains keywords.

    Parameters
    ----------
    keywords : str or iterable of str
        What to look for; any of them counts. They are plain text: a space is one space.
    column : hashable
        The column of texts. Where it is missing (None, NaN, NA) the function abstains.
    label : int, Enum member or class name
        What to vote. Names are checked when ``apply`` is given ``classes=``.
    name : str, optional
        The name of its column of votes; by default made of the first three keywords.
    whole_words : bool
        True finds keywords that are no part of a longer word, where words are made of letters and digits of any
        script and underscores: ``free`` is not in ``freedom`` or ``free_text``. An edge of a keyword that is no such
        character may touch anything: ``c++`` is in ``c++11``. False finds them anywhere.
    case : bool
        Whether upper and lower case differ. False compares after Unicode case folding: ``STRASSE`` finds ``straße``.
    at_least : int
        How many different keywords must be found.

    Returns
    -------
    KeywordLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If there are no keywords, one is empty or no string, or fewer than ``at_least`` differ.

    Examples
    --------
    >>> spam = keyword_lf(["subscribe", "check out"], column="text", label=1)
    >>> spam.name
    'subscribe_check_out'
    >>> spam({"text": "Check out my channel!"}), spam({"text": "checking out"})
    (1, None)
    """
    found = _check_keywords(keywords)
    shown = [*found[:3], *([f"{len(found) - 3} more"] if len(found) > 3 else [])]
    return KeywordLF(
        column, label, check_given_name(name, readable_name(*shown), _KIND), found, whole_words, case, at_least
    )


def _check_keywords(keywords: Any) -> tuple[str, ...]:
    if isinstance(keywords, str):
        keywords = (keywords,)
    if isinstance(keywords, bytes) or not hasattr(keywords, "__iter__"):
        raise LabelingFunctionError(f"{_KIND}: keywords={keywords!r} must be a string or a list of strings.")
    # A set has no order; sorted, so that the same set says the same thing in every process.
    words = sorted(keywords, key=str) if isinstance(keywords, (set, frozenset)) else list(keywords)
    if not words:
        raise LabelingFunctionError(f"{_KIND}: there are no keywords to look for.")
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise LabelingFunctionError(
                f"{_KIND}: keyword {i} is {word!r} ({type(word).__name__}); every keyword must be a string."
            )
        if not word.strip():
            raise LabelingFunctionError(f"{_KIND}: keyword {i} is {word!r}, which is empty and in every text.")
    return tuple(dict.fromkeys(map(str, words)))


def _check_at_least(at_least: Any, different: int) -> int:
    if isinstance(at_least, bool) or not isinstance(at_least, (int, np.integer)) or at_least < 1:
        raise LabelingFunctionError(f"{_KIND}: at_least={at_least!r} must be an int from 1.")
    if at_least > different:
        raise LabelingFunctionError(
            f"{_KIND}: at_least={at_least} of {different} different keywords can never be found."
        )
    return int(at_least)
