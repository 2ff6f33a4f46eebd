"""What a fitted label model looks like in a notebook."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.label_models.findings import NOTHING
from weaklab.markup import card_table, element

#: Labeling functions shown; the most frequent come first.
ROWS = 50


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
    m, k = model.n_features_in_, len(model.classes_)
    names = getattr(model, "feature_names_in_", [f"column {j}" for j in range(m)])
    prior = ", ".join(
        f"{name} {share:.1%}" for name, share in zip(model.classes_[:12], model.class_prior_, strict=False)
    )
    _, votes = model._right_and_total()
    accuracies, intervals = model.accuracies_, model.accuracy_intervals_
    lines = [
        (names[j], f"{votes[j]:,.0f}", *_accuracy(accuracies[j], intervals[j], k))
        for j in np.argsort(-votes, kind="stable")[:ROWS]
    ]
    how = f"{model.n_iter_} iterations" if model.n_iter_ else "nothing to iterate"
    remarks = [element("li", remark) for remark in [*_groups(model, names), *model.warnings_]]
    return element(
        "div",
        element(
            "p",
            element("b", repr(model)),
            element("br"),
            f"fitted on {model.n_rows_:,} rows × {m:,} labeling functions, {how}",
            element("br"),
            f"class prior: {prior}{' ...' if k > 12 else ''}",
        ),
        card_table(("labeling function", "votes", "accuracy", "90 % interval", ""), lines),
        m > ROWS and element("p", f"and {m - ROWS:,} more, with fewer votes"),
        bool(remarks) and element("ul", *remarks),
    )


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
