"""The tables of labeling functions: all of them, and those to mend."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.analysis import lfs_to_fix, summarize
from weaklab.markup import Markup, cut, element, percent, section, some
from weaklab.plots.report.material import Material
from weaklab.plots.report.tables import Cell, table

#: At most so many labeling functions are listed, those with most votes; and so many to mend.
LISTED, MENDED = 1000, 50
#: At most so many classes that one votes for are named.
POLARITY = 6

HEADS = {
    "labeling function": "",
    "votes for": "the classes that it votes for",
    "votes": "how many rows it votes on",
    "coverage": "the share of rows that it votes on",
    "overlaps": "the share of rows that it and another vote on",
    "conflicts": "the share of rows that it and another vote on differently",
    "learned accuracy": "the share of its votes that are right, as the label model learned it, with a 90 % interval",
    "gold accuracy": "the share of its votes on rows with gold that are right, with a 90 % interval",
    "gold votes": "its votes on rows with gold",
    "note": "",
}


def functions(of: Material) -> Markup:
    """A line per labeling function: sortable, searchable."""
    y = of.named_gold
    found = summarize(of.votes, y, model=of.model)
    order = np.arange(len(found))
    if len(found) > LISTED:
        order = np.sort(np.argsort(-found["votes"].to_numpy(), kind="stable")[:LISTED])
    heads = [(name, more) for name, more in HEADS.items() if y is not None or not name.startswith("gold")]
    lines = [_line(found.index[at], found.iloc[at]) for at in order]
    left = f", those with most votes of {len(found):,}" if len(order) < len(found) else ""
    caption = f"{len(order):,} labeling function{'s' * (len(order) != 1)}{left}"
    return section(
        "functions",
        "Labeling functions",
        table(
            "lf-table",
            heads,
            lines,
            caption=caption,
            search="Search labeling functions",
            sortable=True,
            total=len(found) if left else None,
        ),
    )


def _line(name: object, figures: Any) -> list[Cell]:
    cells = [Cell(cut(name), kind="name"), Cell(some(figures["polarity"], POLARITY) or "–")]
    cells.append(Cell.number(figures["votes"], f"{figures['votes']:,}"))
    cells += [Cell.number(figures[key], percent(figures[key])) for key in ("coverage", "overlaps", "conflicts")]
    cells.append(_with_interval(figures, "learned", "learned_low", "learned_high"))
    if "accuracy" in figures:
        judged = figures["correct"] + figures["incorrect"]
        cells += [_with_interval(figures, "accuracy", "low", "high"), Cell.number(judged, f"{judged:,}")]
    note = "never votes" if not figures["votes"] else "gold disagrees" if figures.get("disagree", False) else ""
    return [*cells, Cell(note and element("strong", note))]


def _with_interval(figures: Any, centre: str, low: str, high: str) -> Cell:
    """A share, and beneath it the interval."""
    if np.isnan(figures[centre]):
        return Cell.number(np.nan, "–")
    between = f"{figures[low]:.0%} to {figures[high]:.0%}"
    said = element("span", percent(figures[centre]), " ", element("small", between))
    return Cell(said, float(figures[centre]), "number")


def to_fix(of: Material) -> Markup:
    """Labeling functions to mend, the worst first."""
    y = of.named_gold
    found = lfs_to_fix(of.model, of.votes, y)
    if not len(found):
        return section("to-fix", "Labeling functions to mend", element("p", "None stands out."))
    heads = [
        ("labeling function", ""),
        ("problem", "the gravest"),
        ("wrong votes", "how many of its votes are expected to be wrong"),
        ("why", ""),
        ("what to do", ""),
    ]
    lines = [
        [
            Cell(cut(name), kind="name"),
            Cell(element("strong", line["problem"])),
            Cell.number(line["wrong_votes"], f"{line['wrong_votes']:,.0f}"),
            Cell(cut(line["reason"], 600), kind="prose"),
            Cell(line["remedy"], kind="prose"),
        ]
        for name, line in found.head(MENDED).iterrows()
    ]
    left = f"; the first {MENDED} of {len(found):,}" if len(found) > MENDED else ""
    return section(
        "to-fix",
        "Labeling functions to mend",
        table("fix-table", heads, lines, caption=f"The most harmful first{left}"),
    )
