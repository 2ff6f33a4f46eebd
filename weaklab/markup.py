"""HTML that is escaped unless it was made here: texts, names and classes of users never become tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

#: Elements without an end.
VOID = frozenset(("br", "img", "input", "meta", "source"))
#: Text that is shown on one line, a name for example, is cut after so many characters.
LONG = 160
#: How text stands in a table of a card.
LEFT = "text-align:left;vertical-align:top"
#: How far such a table stands from what is above and below.
APART = "margin:0.5em 0"


class Markup(str):
    """A piece of HTML that is known to be safe."""

    __slots__ = ()


def element(name: str, /, *content: object, **attributes: object) -> Markup:
    """An element; whatever it holds that is no markup is escaped, and so are its attributes.

    Parameters
    ----------
    name : str
        Of the element.
    *content : object
        What it holds: markup as it is, anything else as text; None and False are nothing.
    **attributes : object
        Underscores are hyphens, one at the end is dropped; None and False leave one out, True gives it no value.

    Returns
    -------
    Markup

    Examples
    --------
    >>> element("td", "1 < 2", element("b", "!"), class_="number", hidden=False)
    '<td class="number">1 &lt; 2<b>!</b></td>'
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(content)}</{name}>")


def join(parts: Iterable[object]) -> Markup:
    """Several pieces one after the other.

    Examples
    --------
    >>> join(["a & b", element("br-like"), None])
    'a &amp; b<br-like></br-like>'
    """
    kept = (part for part in parts if part is not None and part is not False)
    return Markup("".join(part if isinstance(part, Markup) else escape(str(part)) for part in kept))


def card_table(heads: Sequence[str], lines: Iterable[Sequence[object]], text: int = 1) -> Markup:
    """A table for a card in a notebook. It names no colours: the notebook's own hold, light or dark.

    Parameters
    ----------
    heads : sequence of str
        The titles of the columns.
    lines : iterable of sequences
        The cells.
    text : int
        How many columns from the first on hold text, and are set to the left; numbers are set to the right.

    Examples
    --------
    >>> card_table(["a"], [["1 < 2"]], text=0)
    '<table style="margin:0.5em 0"><thead><tr><th>a</th></tr></thead><tbody><tr><td>1 &lt; 2</td></tr></tbody></table>'
    """
    looks = [LEFT if at < text else None for at in range(len(heads))]
    head = [element("th", title, style=look) for title, look in zip(heads, looks, strict=True)]
    rows = [
        element("tr", *(element("td", cell, style=look) for cell, look in zip(line, looks, strict=True)))
        for line in lines
    ]
    return element("table", element("thead", element("tr", *head)), element("tbody", *rows), style=APART)


def facts_table(pairs: Iterable[tuple[object, object]]) -> Markup:
    """Names and what is said of each, as a table for a card.

    Examples
    --------
    >>> facts_table([("rows", 3)])[-27:]
    '3</td></tr></tbody></table>'
    """
    rows = [element("tr", element("th", key, style=LEFT), element("td", said, style=LEFT)) for key, said in pairs]
    return element("table", element("tbody", *rows), style=APART)


def section(anchor: str, heading: str, *content: object) -> Markup:
    """A part of the report, with an anchor to link to."""
    return element("section", element("h2", heading, id=f"{anchor}-heading"), *content, id=anchor)


def facts(pairs: Iterable[tuple[object, object]], kind: str = "facts") -> Markup:
    """Names, and what is said of each."""
    return element("dl", *(element("div", element("dt", key), element("dd", said)) for key, said in pairs), class_=kind)


def cut(value: object, length: int = LONG) -> str:
    """A value as text that is not longer than so many characters.

    Examples
    --------
    >>> cut("ab" * 100, 5)
    'abab…'
    """
    text = str(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def percent(share: Any) -> str:
    """A share as people read it; what is not known is a dash.

    Examples
    --------
    >>> percent(0.1234), percent(float("nan"))
    ('12.3%', '–')
    """
    return "–" if share is None or np.isnan(share) else f"{share:.1%}"


def some(items: Iterable[object], most: int) -> str:
    """Some names in a row, and how many more there are.

    Examples
    --------
    >>> some(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    names = [cut(item, 60) for item in items]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
