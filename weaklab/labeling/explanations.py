"""Why a labeling function votes as it does on one row: in words, and marked in the text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from weaklab.exceptions import shown

#: Of a long text, so many characters are shown on either side of what is marked.
AROUND = 80
#: A text of at most so many characters is shown whole.
SHOWN_WHOLE = 400


@dataclass(frozen=True)
class Explanation:
    """Why a labeling function votes as it does on one row.

    Attributes
    ----------
    vote : object
        What the labeling function returns for the row; None where it abstains.
    reason : str
        Why, in words.
    column : hashable or None
        The column that decided; None where several did, or nobody knows.
    spans : tuple of (int, int)
        Where in the text of that column, as (start, stop) of characters; in order.
    details : mapping of str to object
        What else there is to know: captured groups, the bounds, the key that was found.
    text : str or None
        The text that the spans are about.

    Examples
    --------
    >>> Explanation(1, "found 'free'", "text", ((4, 8),), text="buy free beer")
    Explanation(vote=1, reason="found 'free'", column='text', spans=((4, 8),))
    """

    vote: Any
    reason: str
    column: Hashable = None
    spans: tuple[tuple[int, int], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)
    text: str | None = None

    def __repr__(self) -> str:
        column = "" if self.column is None else f", column={self.column!r}"
        spans = f", spans={self.spans!r}" if self.spans else ""
        return f"Explanation(vote={self.vote!r}, reason={self.reason!r}{column}{spans})"

    def _repr_html_(self) -> str:
        vote = "abstains" if self.vote is None else f"votes <code>{escape(repr(self.vote))}</code>"
        column = "" if self.column is None else f" (column <code>{escape(repr(self.column))}</code>)"
        text = "" if self.text is None else f"<blockquote>{highlight(self.text, self.spans)}</blockquote>"
        return f"<div>{vote}: {escape(self.reason)}{column}{text}</div>"


def highlight(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text as HTML, escaped, with spans of it marked; of a long one, what is around them.

    Parameters
    ----------
    text : str
        Any text.
    spans : iterable of (int, int)
        What to mark, in any order; they may overlap.

    Returns
    -------
    str

    Examples
    --------
    >>> highlight("1 < 2 free", [(6, 10)])
    '1 &lt; 2 <mark>free</mark>'
    """
    marked = _merged(spans)
    whole = len(text) <= SHOWN_WHOLE
    windows = [(0, len(text))] if whole else _merged((start - AROUND, stop + AROUND) for start, stop in marked)
    windows = [(max(start, 0), min(stop, len(text))) for start, stop in windows] or [(0, SHOWN_WHOLE)]
    parts, at = [], 0
    for start, stop in windows:
        parts.append("" if start == at else " … ")
        at = start
        for first, last in marked:
            if start <= first and last <= stop and last > first:
                parts += [escape(text[at:first]), f"<mark>{escape(text[first:last])}</mark>"]
                at = last
        parts.append(escape(text[at:stop]))
        at = stop
    return "".join([*parts, " … " if at < len(text) else ""])


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def short(value: Any) -> str:
    """The repr of a value, cut where it is long.

    Examples
    --------
    >>> short("free")
    "'free'"
    """
    return shown(value)
