"""What a fitted label model looks like in a notebook, and printed."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np

from weaklab.label_models.findings import NOTHING
from weaklab.markup import card_table, cut, element

#: Labeling functions shown; the most frequent come first.
ROWS = 50
#: The same for a terminal, where a name is cut after so many characters and a line is wrapped.
PRINTED, WIDTH, LINE = 10, 44, 100

#: What stands above the columns of the table.
HEADS = ("labeling function", "votes", "accuracy", "90 % interval", "")


def card(model: Any) -> str:
    """An HTML card: the classes with their prior, each labeling function with its accuracy, and what went wrong.

    Parameters
    ----------
    model : label model
        A fitted one.

    Returns
    -------
    str
        HTML; names are escaped.
    """
    m, names = model.n_features_in_, _names(model)
    facts = _facts(model)
    remarks = [element("li", remark) for remark in [*_groups(model, names), *model.warnings_]]
    return element(
        "div",
        element(
            "p",
            element("b", repr(model)),
            element("br"),
            facts[0],
            element("br"),
            facts[1],
        ),
        card_table(HEADS, _lines(model, names, ROWS)),
        m > ROWS and element("p", f"and {m - ROWS:,} more, with fewer votes"),
        bool(remarks) and element("ul", *remarks),
    )


def told(model: Any) -> str:
    """What :func:`card` shows, as text of few lines.

    Parameters
    ----------
    model : label model
        A fitted one.

    Returns
    -------
    str
    """
    m, names = model.n_features_in_, _names(model)
    lines = [" ".join(repr(model).split()), *(f"  {fact}" for fact in _facts(model))]
    table = [HEADS, *([cut(line[0], WIDTH), *line[1:]] for line in _lines(model, names, PRINTED))]
    widths = [max(len(line[at]) for line in table) for at in range(len(HEADS))]
    for name, *figures in table:
        aligned = [figure.rjust(width) for figure, width in zip(figures[:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([f"  {name.ljust(widths[0])}", *aligned, figures[-1]]).rstrip())
    lines += [f"  and {m - PRINTED:,} more, with fewer votes"] if m > PRINTED else []
    for remark in [*_groups(model, names), *model.warnings_]:
        lines += wrap(remark, LINE, initial_indent="  - ", subsequent_indent="    ")
    return "\n".join(lines)


def _names(model: Any) -> list[str]:
    """The labeling functions, by column where they have no name."""
    return [str(n) for n in getattr(model, "feature_names_in_", [f"column {j}" for j in range(model.n_features_in_)])]


def _facts(model: Any) -> tuple[str, str]:
    """What it was fitted to, and its prior."""
    m, k = model.n_features_in_, len(model.classes_)
    prior = ", ".join(
        f"{name} {share:.1%}" for name, share in zip(model.classes_[:12], model.class_prior_, strict=False)
    )
    how = f"{model.n_iter_} iterations" if model.n_iter_ else "nothing to iterate"
    functions = "labeling function" if m == 1 else "labeling functions"
    return (
        f"fitted on {model.n_rows_:,} rows × {m:,} {functions}, {how}",
        f"class prior: {prior}{' ...' if k > 12 else ''}",
    )


def _lines(model: Any, names: list[str], most: int) -> list[tuple[str, ...]]:
    """A line per labeling function, those with most votes."""
    _, votes = model._right_and_total()
    accuracies, intervals, k = model.accuracies_, model.accuracy_intervals_, len(model.classes_)
    return [
        (names[j], f"{votes[j]:,.0f}", *_accuracy(accuracies[j], intervals[j], k))
        for j in np.argsort(-votes, kind="stable")[:most]
    ]


def _groups(model: Any, names: Any) -> list[str]:
    """The groups that a model counts as less than their number, in words."""
    groups = getattr(model, "chosen_", {}).get("dependent groups", [])
    return [
        f"{', '.join(str(names[j]) for j in group)} repeat each other: together they count as "
        f"{model.vote_worth_[group].sum():.1f} votes."
        for group in groups
    ]


def _accuracy(accuracy: float, interval: np.ndarray, k: int) -> tuple[str, str, str]:
    """The accuracy, its interval, and a remark."""
    if np.isnan(accuracy):
        return "", "", "never votes"
    unsure = accuracy < 1 / k + NOTHING and interval[0] < 1 / k
    remark = "could be no better than chance" if unsure else ""
    return f"{accuracy:.3f}", f"{interval[0]:.3f} to {interval[1]:.3f}", remark
