"""Tables that are plain HTML, and that the page's script makes sortable and searchable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklab.markup import Markup, element


@dataclass(frozen=True)
class Cell:
    """What stands in a table, and what it is sorted by.

    Parameters
    ----------
    shown : object
        Markup, or text.
    key : float or None
        A number to sort by; texts are sorted as they are shown, and what is unknown comes last.
    kind : str
        "number" stands to the right; "name" heads its line; "prose" has room for several words a line.
    """

    shown: object
    key: float | None = None
    kind: str = "text"

    @classmethod
    def number(cls, value: Any, shown: str) -> Cell:
        """A number, and how it is written."""
        return cls(shown, None if np.isnan(value) else float(value), "number")


def table(
    name: str,
    heads: Sequence[tuple[str, str]],
    lines: Sequence[Sequence[Cell]],
    *,
    caption: str,
    search: str | None = None,
    sortable: bool = False,
    total: int | None = None,
) -> Markup:
    """A table with heads that say more where one points at them.

    Parameters
    ----------
    name : str
        Its id.
    heads : sequence of (str, str)
        What stands above each column, and what it means.
    lines : sequence of sequence of Cell
        A cell per column.
    caption : str
        What the table shows, and how much of it.
    search : str, optional
        Makes it searchable, and says what is searched for.
    sortable : bool
        Whether the script puts buttons into the heads.
    total : int, optional
        How many lines there are in all, where the table has not all of them; the search says so.

    Returns
    -------
    Markup
    """
    numbers = {at for line in lines for at, cell in enumerate(line) if cell.kind == "number"}
    head = [
        element("th", title, scope="col", title=more or None, class_="number" if at in numbers else None)
        for at, (title, more) in enumerate(heads)
    ]
    body = [element("tr", *map(_cell, line)) for line in lines]
    shown = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *body),
        id=name,
        data_sortable=sortable,
        data_of=total and f"{total:,}",
    )
    tools = search and element(
        "p",
        element("label", search, " ", element("input", type="search", data_searches=name)),
        " ",
        element("span", role="status", data_counts=name),
        class_="tools",
        hidden=True,  # until the script is there to search
    )
    return element("div", tools, element("div", shown, class_="wide", tabindex="0", role="region", aria_label=caption))


def _cell(cell: Cell) -> Markup:
    if cell.kind == "name":
        return element("th", cell.shown, scope="row")
    kind = cell.kind if cell.kind in ("number", "prose") else None
    return element("td", cell.shown, class_=kind, data_key=None if cell.key is None else repr(cell.key))
