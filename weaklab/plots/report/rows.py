"""Rows to look at: what they say, what was found in them, and why they get their label."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis import rows_to_label
from weaklab.analysis.label_next import alike
from weaklab.analysis.previews import why
from weaklab.apply.frames import ObjectReader, RecordReader, read_frame
from weaklab.exceptions import WeaklabError
from weaklab.label_models.contributions import PRIOR, TOGETHER, in_words
from weaklab.labeling import Explanation, as_row, highlight
from weaklab.markup import Markup, cut, element, facts, join, percent, section
from weaklab.metrics import TIE
from weaklab.plots.explanation import ExplanationDisplay
from weaklab.plots.report.material import Material
from weaklab.plots.report.tables import Cell, table
from weaklab.typing import ABSTAIN

#: Of one row, at most so many columns and votes are shown, and so many characters of a text.
COLUMNS, VOTES, CHARACTERS = 20, 15, 4000
#: Before the first mark of a text that is cut, so many characters are kept.
BEFORE = 200


def rows_to_look_at(of: Material, n: int) -> Markup:
    """Certain errors, then rows whose label would tell most about others, each to be opened."""
    errors, doubtful = _chosen(of, n)
    if not len(errors) + len(doubtful):
        said = "The label model is in doubt about no row"
        said += "." if of.gold is None else ", and gold contradicts no label of a row with a vote."
        return section("rows", "Rows to look at", element("p", said))
    chosen = pd.concat([part for part in (errors, doubtful) if len(part)])
    picked = chosen["row"].to_numpy()
    part = of.rows(picked)
    predicted = None if of.end_model is None else of.end_labels(picked)
    cards = [_card(of, part, at, chosen, predicted) for at in range(len(chosen))]
    tools = element("p", element("button", "Open all", type="button", data_opens="rows"), class_="tools", hidden=True)
    about = element("p", _about(of, len(errors), len(doubtful)))
    return section("rows", "Rows to look at", about, tools, *cards)


def _about(of: Material, errors: int, doubtful: int) -> str:
    """What the rows that are shown have in common."""
    kinds = []
    if errors:
        kinds.append(f"{errors} that the label model has wrong by gold, the surest first, one for each set of votes")
    if doubtful:
        kinds.append(f"{doubtful} in doubt, whose label would tell most about rows with the same votes")
    return (
        f"{errors + doubtful} of {of.seen.matrix.n:,} rows: {'; then '.join(kinds)}. Open one to see what was found in "
        "it, and what each vote adds."
    )


def _chosen(of: Material, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Errors and doubtful rows, n in all; errors take what doubtful rows leave, and half of the room at least."""
    errors, doubtful = _errors(of, n), _doubtful(of, n)
    errors = errors.head(n - min(len(doubtful), n // 2))
    return errors, doubtful[~doubtful["row"].isin(errors["row"])].head(n - len(errors))


def _errors(of: Material, n: int) -> pd.DataFrame:
    """Rows with a vote whose label gold contradicts, the surest first; of those with the same votes and gold, one."""
    seen = of.seen
    gold = np.full(seen.matrix.n, ABSTAIN) if of.gold is None else of.gold
    rows = np.flatnonzero((gold != ABSTAIN) & (seen.matrix.row_counts > 0))
    best = of.probs[rows].max(axis=1)
    wrong = of.probs[rows, gold[rows]] < best - TIE
    rows, best = rows[wrong], best[wrong]
    rows = rows[np.argsort(-best, kind="stable")]
    _, pattern, counts = alike(seen.told)
    _, first = np.unique(pattern[rows] * seen.matrix.k + gold[rows], return_index=True)
    rows = rows[np.sort(first)][:n]
    return _lines(of, rows, counts[pattern[rows]], "gold says otherwise")


def _doubtful(of: Material, n: int) -> pd.DataFrame:
    """Which rows, and why, those without gold first."""
    found = rows_to_label(of.model, of.votes, n, y=of.named_gold, random_state=of.seed)
    if of.gold is None or len(found) == n:
        return found
    more = rows_to_label(of.model, of.votes, n, random_state=of.seed)
    more = more[~more["row"].isin(found["row"])].head(n - len(found))
    return pd.concat([part for part in (found, more) if len(part)]) if len(more) else found


def _lines(of: Material, rows: np.ndarray, count: np.ndarray, reason: str) -> pd.DataFrame:
    """Rows as :func:`rows_to_label` gives them."""
    labels = [of.classes[code] for code in of.probs[rows].argmax(axis=1)]
    confidence = of.probs[rows].max(axis=1)
    table = {"row": rows, "label": labels, "confidence": confidence, "alike": count, "reason": reason}
    return pd.DataFrame(table, index=of.seen.index[rows])


def _card(of: Material, part: Any, at: int, chosen: pd.DataFrame, predicted: np.ndarray | None) -> Markup:
    line = chosen.iloc[at]
    reader = read_frame(part)
    cells = {name: reader.cells(name, at, at + 1)[0] for name in reader.names}
    record = part[at] if isinstance(reader, (RecordReader, ObjectReader)) else cells
    reasons = _reasons(of, int(line["row"]), record)
    shown: list[tuple[object, object]] = [
        (cut(name), _cell(cells[name], name, reasons)) for name in reader.names[:COLUMNS]
    ]
    if len(reader.names) > COLUMNS:
        shown.append(("", f"and {len(reader.names) - COLUMNS:,} columns more"))
    text = next((cell for cell in cells.values() if isinstance(cell, str) and cell.strip()), "")
    label = chosen.index[at]
    head = element(
        "summary",
        element("span", "row ", cut(label, 40), class_="where"),
        " ",
        element("strong", cut(line["label"], 40)),
        f" {percent(line['confidence'])} ",
        element("span", cut(" ".join(text[:400].split()), 90), class_="quiet"),
    )
    says = [("why look", line["reason"])]
    if line["alike"] > 1:
        says.append(("rows with the same votes", f"{line['alike']:,}"))
    if of.gold is not None and of.gold[line["row"]] != ABSTAIN:
        says.append(("gold", cut(of.classes[of.gold[line["row"]]])))
    if predicted is not None:
        says.append(("end model", cut(predicted[at])))
    return element("details", head, facts(says), facts(shown, "cells"), _explained(of, line, reasons), class_="row")


def _reasons(of: Material, row: int, record: Any) -> dict[str, Explanation]:
    """Why each labeling function that votes on a row does, where it can tell."""
    mine = of.seen.matrix.take(np.array([row]))
    item = as_row(record)
    out: dict[str, Explanation] = {}
    for j, vote in zip(mine.lf.tolist(), mine.vote.tolist(), strict=True):
        name = str(of.seen.names[j])
        if name in of.lfs and len(out) < VOTES:
            out[name] = why(of.lfs[name], item, of.classes[vote])
    return out


def _cell(cell: Any, column: Hashable, reasons: dict[str, Explanation]) -> Markup:
    """A cell with what labeling functions found in it marked; a long one from its first mark on."""
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return Markup("")
    if isinstance(cell, (date, pd.Timedelta)):  # timestamps are dates too
        return element("span", str(cell))
    if not isinstance(cell, str):
        return element("span", cut(repr(cell), CHARACTERS // 8))
    spans = [
        span
        for one in reasons.values()
        if one.text == cell and (one.column == column or one.column is None)
        for span in one.spans
    ]
    first = 0
    if len(cell) > CHARACTERS and spans:
        first = max(min(start for start, _ in spans) - BEFORE, 0)
    text = cell[first : first + CHARACTERS]
    inside = [(start - first, stop - first) for start, stop in spans if stop - first <= len(text)]
    return join(["… " if first else "", Markup(highlight(text, inside)), " …" if first + len(text) < len(cell) else ""])


def _explained(of: Material, line: Any, reasons: dict[str, Explanation]) -> Markup:
    """From the prior, vote by vote, to the label: a table with a bar in each line."""
    try:
        found = of.model.explain(of.seen.row(int(line["row"])))
        steps = ExplanationDisplay.from_explanation(found)
    except (WeaklabError, AttributeError, NotImplementedError) as error:
        return element("p", f"{type(of.model).__name__} does not explain this row: {cut(error, 300)}", class_="quiet")
    sizes = steps.steps.to_numpy(dtype=np.float64)
    names = [str(name) for name in found.index]
    fixed = [at for at, name in enumerate(names) if name in (PRIOR, TOGETHER)]
    votes = sorted((at for at in range(len(names)) if at not in fixed), key=lambda at: (-abs(sizes[at]), at))
    order = [at for at in fixed if names[at] == PRIOR] + votes[:VOTES]
    last = [at for at in fixed if names[at] == TOGETHER]
    entries = [(names[at], found["vote"].iloc[at], sizes[at]) for at in order]
    if len(votes) > VOTES:
        entries.append((f"{len(votes) - VOTES:,} other votes", None, sizes[votes[VOTES:]].sum()))
    entries += [(names[at], None, sizes[at]) for at in last]
    ends = np.cumsum([size for *_, size in entries])
    low, high = ends.min(initial=0.0), ends.max(initial=0.0)
    lines, start = [], 0.0
    for name, vote, size in entries:
        reason = reasons[name].reason if name in reasons else ""
        lines.append(_step(cut(name), vote, size, _bar(start, size, low, high), reason))
        start += size
    lines.append(_step(element("strong", "in all"), None, steps.total, _bar(0.0, steps.total, low, high), ""))
    target, against = cut(steps.target, 40), cut(steps.against, 40)
    heads = [
        ("labeling function", ""),
        ("votes", ""),
        (f"adds ({steps.unit})", f"above 0 for {target}, below for {against}"),
        ("", ""),
        ("why it votes so", ""),
    ]
    caption = f"Why {target} rather than {against}: what each vote adds, above 0 for {target}"
    return table(f"why-{int(line['row'])}", heads, lines, caption=caption)


def _step(name: object, vote: Any, size: float, bar: Markup, reason: str) -> list[Cell]:
    said = "" if vote is None else cut(in_words(vote), 60)
    number, why_so = Cell.number(size, f"{size:+.2f}"), Cell(cut(reason, 300), kind="prose")
    return [Cell(name, kind="name"), Cell(said), number, Cell(bar), why_so]


def _bar(start: float, size: float, low: float, high: float) -> Markup:
    """One step of the waterfall, as a bar at its place between the lowest and the highest."""
    width = max(high - low, 1e-9)
    left, span = (min(start, start + size) - low) / width, abs(size) / width
    zero = element("i", style=f"left:{-low / width:.2%}", class_="zero")
    bar = element("i", style=f"left:{left:.2%};width:{span:.2%}", class_="for" if size >= 0 else "against")
    return element("span", zero, bar, class_="bar", aria_hidden="true")
