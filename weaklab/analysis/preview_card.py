"""What a preview of labeling functions shows of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from weaklab.labeling import Explanation, highlight
from weaklab.labeling.explanations import short

#: In a terminal a text is shown within so many characters.
WIDTH = 70


@dataclass(frozen=True, eq=False)
class Preview:
    """Some rows that labeling functions vote on; made by :func:`weaklab.preview`.

    Attributes
    ----------
    frame : DataFrame
        The rows, with the data's index: the columns that the function reads, ``vote``, ``gold`` where there is any,
        and ``reason``; of several functions ``lf`` first. A column of the data that has one of these names keeps it,
        and the new one gets an underscore.
    summary : DataFrame
        Indexed by labeling function: ``rows`` of the sample that were looked at, ``votes`` on these, ``coverage``,
        ``faults`` (rows on which it failed) and, with gold, ``correct``, ``incorrect`` and ``accuracy``.
    explanations : tuple of Explanation
        Why, for each row of ``frame``.
    counts : tuple of int
        How many rows of ``frame`` are of each labeling function.
    n : int
        How many rows the data has.
    faults : mapping of str to str
        Why the first row failed, by labeling function.

    Examples
    --------
    >>> from weaklab.analysis import preview
    >>> from weaklab.labeling import threshold_lf
    >>> seen = preview(threshold_lf("price", above=3, label=1), pd.DataFrame({"price": [1, 5]}))
    >>> seen.summary
                   rows  votes  coverage  faults
    price_above_3     2      1       0.5       0
    """

    frame: pd.DataFrame
    summary: pd.DataFrame
    explanations: tuple[Explanation, ...]
    counts: tuple[int, ...]
    n: int
    faults: Mapping[str, str] = field(default_factory=dict)

    def _parts(self) -> Iterable[tuple[str, pd.DataFrame, tuple[Explanation, ...]]]:
        """Each labeling function with its rows and why it votes on them."""
        start = 0
        for name, count in zip(self.summary.index, self.counts, strict=True):
            part = self.frame.iloc[start : start + count]
            yield name, part.iloc[:, 1:] if len(self.counts) > 1 else part, self.explanations[start : start + count]
            start += count

    def _header(self, name: str) -> str:
        figures = self.summary.loc[name]
        rows, votes = int(figures["rows"]), int(figures["votes"])
        of = "rows looked at" if rows == self.n else f"rows looked at, of {self.n:,} in all"
        share = f" ({figures['coverage']:.1%})" if rows else ""
        said = f"votes on {votes:,} of the {rows:,} {of}{share}"
        if "accuracy" in figures:
            right, judged = int(figures["correct"]), int(figures["correct"] + figures["incorrect"])
            accuracy = f" ({figures['accuracy']:.1%})" if judged else ""
            said += f"; right on {right:,} of {judged:,} with gold{accuracy}"
        if figures["faults"]:
            said += f"; failed on {int(figures['faults']):,} rows, first: {self.faults[name]}"
        return said

    def __repr__(self) -> str:
        blocks = []
        for name, part, reasons in self._parts():
            blocks.append(f"{name} {self._header(name)}")
            if not len(part):
                continue
            # Columns of the data come last but one: votes are what one looks for first.
            own = [column for column in part.columns[-3:] if str(column).rstrip("_") in ("vote", "gold")]
            shown = pd.DataFrame({column: part[column].tolist() for column in own}, dtype=object)
            for place, column in enumerate(part.columns):
                if column not in own and place < len(part.columns) - 1:
                    cells = part.iloc[:, place].tolist()
                    shown[column] = [_cell(cell, column, why) for cell, why in zip(cells, reasons, strict=True)]
            shown["reason"] = [_cut(why.reason) for why in reasons]
            blocks.append(shown.set_axis(part.index).to_string())
        return "\n".join(blocks)

    def _repr_html_(self) -> str:
        return "".join(self._html_of(name, part, reasons) for name, part, reasons in self._parts())

    def _html_of(self, name: str, part: pd.DataFrame, reasons: tuple[Explanation, ...]) -> str:
        header = f"<p><b>{escape(str(name))}</b> {escape(self._header(name))}</p>"
        if not len(part):
            return f"<div>{header}</div>"
        heads = "".join(f'<th style="text-align: left">{escape(str(column))}</th>' for column in part.columns)
        lines = []
        for label, cells, why in zip(part.index, part.itertuples(index=False, name=None), reasons, strict=True):
            shown = [_html(cell, column, why) for cell, column in zip(cells, part.columns, strict=True)]
            line = "".join(f'<td style="text-align: left">{cell}</td>' for cell in shown)
            lines.append(f"<tr><th>{escape(str(label))}</th>{line}</tr>")
        return f"<div>{header}<table><tr><th></th>{heads}</tr>{''.join(lines)}</table></div>"


def _html(cell: Any, column: Any, why: Explanation) -> str:
    if isinstance(cell, str):
        return highlight(cell, why.spans if column == why.column and cell == why.text else ())
    return escape(short(cell))


def _cell(cell: Any, column: Any, why: Explanation) -> str:
    """A cell on one line, with brackets around what was found."""
    if not isinstance(cell, str):
        return short(cell)
    if column != why.column or cell != why.text or not why.spans:
        return _cut(cell)
    start = max(why.spans[0][0] - WIDTH // 3, 0)
    at, parts = start, ["…" if start else ""]
    for first, last in why.spans:
        if first >= at and last <= start + WIDTH:
            parts += [cell[at:first], f"[{cell[first:last]}]"]
            at = last
    parts += [cell[at : max(start + WIDTH, at)], "…" if max(start + WIDTH, at) < len(cell) else ""]
    return " ".join("".join(parts).split())


def _cut(text: str) -> str:
    line = " ".join(text[: 2 * WIDTH].split())
    return f"{line[: WIDTH - 1]}…" if len(line) >= WIDTH or len(text) > 2 * WIDTH else line
