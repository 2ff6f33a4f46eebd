"""The first screen of a report: how large, how covered, how good; and what was found."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.analysis.summary import conflicting_rows
from weaklab.label_models import MajorityVote
from weaklab.label_models.intervals import from_counts
from weaklab.markup import Markup, cut, element, facts, join, percent, section, some
from weaklab.metrics import TIE
from weaklab.plots.report.material import Material
from weaklab.plots.report.tables import Cell, table
from weaklab.votes import class_array

#: At most so many classes are listed; and so many labeling functions of one finding.
CLASSES, NAMED = 20, 12


def overview(of: Material) -> Markup:
    """Sizes, coverage, the model, scores, and the share of each class."""
    matrix = of.seen.matrix
    n, covered = matrix.n, matrix.row_counts > 0
    beside = matrix.row_counts > 1
    pairs: list[tuple[object, object]] = [
        ("rows", f"{n:,}"),
        ("labeling functions", f"{matrix.m:,}"),
        ("classes", f"{len(of.classes):,}"),
        ("rows with a vote", f"{percent(covered.mean())}"),
        ("rows with two or more", f"{percent(beside.mean())}"),
        ("rows with votes that differ", f"{percent(conflicting_rows(matrix).mean())}"),
        ("rows with gold", "none" if of.gold is None else f"{int((of.gold >= 0).sum()):,}"),
        ("findings", of.diagnosis.summary),
    ]
    model = element("p", "Label model: ", element("code", cut(" ".join(repr(of.model).split()), 400)))
    end = of.end_model is not None and element(
        "p", "End model: ", element("code", cut(" ".join(repr(of.end_model).split()), 400))
    )
    sides = element("div", scores(of), classes(of), class_="sides")
    return section("overview", "Overview", facts(pairs, "tiles"), model, end, sides)


def scores(of: Material) -> Markup:
    """How often each step of the flow is right on rows with gold."""
    if of.gold is None:
        return element("p", "No gold was given: nothing here says how often labels are right.", class_="quiet")
    gold, covered = of.gold[of.judged], of.seen.matrix.row_counts[of.judged] > 0
    lines = []
    for name, right in _right(of, gold):
        cells = [Cell(name, kind="name")]
        for where in (covered, np.ones_like(covered)):
            (low, high), total = from_counts(np.array([right[where].sum()]), np.array([where.sum()]))[0], where.sum()
            share = right[where].mean() if total else np.nan
            said = f"{percent(share)} ({percent(low)} to {percent(high)})" if total else "–"
            cells.append(Cell.number(share, said))
        lines.append(cells)
    heads = [
        ("right on", ""),
        (f"{covered.sum():,} rows with a vote", "rows with gold that labeling functions vote on"),
        (f"all {len(gold):,} rows", "rows without votes count too"),
    ]
    more = "" if len(gold) == (of.gold >= 0).sum() else f", a random {len(gold):,} of those there are"
    caption = f"Accuracy on rows with gold{more}, with 90 % intervals; classes that tie are right in part"
    return table("scores", heads, lines, caption=caption)


def _right(of: Material, gold: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """How right each step is on each row with gold: 1, 0, or in part where classes tie."""
    out = []
    if of.seen.rich is None:
        majority = MajorityVote(classes=len(of.classes)).fit(of.seen.matrix)
        out.append(("majority vote", _shares(majority.predict_proba(of.seen.matrix.take(of.judged)), gold)))
    out.append(("label model", _shares(of.probs[of.judged], gold)))
    if of.end_model is not None:
        said = of.end_labels(of.judged)
        out.append(("end model", (said == class_array(of.classes)[gold]).astype(np.float64)))
    return out


def _shares(probs: np.ndarray, gold: np.ndarray) -> np.ndarray:
    best = probs >= probs.max(axis=1, keepdims=True) - TIE
    return best[np.arange(len(gold)), gold] / best.sum(axis=1)


def classes(of: Material) -> Markup:
    """How many rows get each class, beside what votes and gold say."""
    k = len(of.classes)
    covered = of.seen.matrix.row_counts > 0
    said = np.bincount(of.probs[covered].argmax(axis=1), minlength=k) / max(covered.sum(), 1)
    prior = np.asarray(of.model.class_prior_)
    voted = np.bincount(of.seen.matrix.vote, minlength=k) / max(of.seen.matrix.nnz, 1)
    gold = None if of.gold is None else np.bincount(of.gold[of.gold >= 0], minlength=k)
    order = np.argsort(-prior, kind="stable")[:CLASSES] if k > CLASSES else np.arange(k)
    heads = [
        ("class", ""),
        ("votes", "the share of all votes that are for it"),
        ("labels", "the share of rows with a vote whose likeliest class it is"),
        ("estimated", "its share as the label model learned it"),
    ]
    heads += [] if gold is None else [("gold", "its share of the rows with gold")]
    lines = []
    for c in map(int, order):
        shares = [voted[c], said[c], prior[c]] + ([] if gold is None else [gold[c] / max(gold.sum(), 1)])
        lines.append([Cell(cut(of.classes[c]), kind="name"), *(Cell.number(share, percent(share)) for share in shares)])
    caption = "Share of each class" + (f"; the {CLASSES} most frequent of {k:,}" if k > CLASSES else "")
    return table("class-shares", heads, lines, caption=caption)


def findings(of: Material) -> Markup:
    """What to know before trusting the labels, the gravest first."""
    found = of.diagnosis
    if not len(found):
        return section("findings", "Findings", element("p", "Nothing was found that speaks against the label model."))
    return section("findings", "Findings", element("ul", *map(_finding, found), class_="findings"))


def _finding(one: Any) -> Markup:
    unnamed = [lf for lf in one.lfs if repr(lf) not in one.what]
    named = unnamed and element("p", "Labeling functions: ", some(unnamed, NAMED), class_="quiet")
    head = join([element("strong", one.severity, class_=f"severity {one.severity}"), " ", element("code", one.code)])
    what = element("p", cut(one.what, 1200))
    return element("li", element("p", head), what, element("p", "What to do: ", cut(one.remedy, 1200)), named or None)
