"""What a fitted label model looks like in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

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
        f"{escape(str(name))} {share:.1%}" for name, share in zip(model.classes_[:12], model.class_prior_, strict=False)
    )
    _, votes = model._right_and_total()
    accuracies, intervals = model.accuracies_, model.accuracy_intervals_
    rows = "".join(
        f"<tr><td style='text-align:left'>{escape(str(names[j]))}</td><td>{votes[j]:,.0f}</td>"
        f"{_accuracy(accuracies[j], intervals[j], k)}</tr>"
        for j in np.argsort(-votes, kind="stable")[:ROWS]
    )
    more = f"<p>and {m - ROWS:,} more</p>" if m > ROWS else ""
    how = f"{model.n_iter_} iterations" if model.n_iter_ else "nothing to iterate"
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in [*_groups(model, names), *model.warnings_])
    remarks = f"<ul>{remarks}</ul>" if remarks else ""
    return (
        f"<div><p><b>{escape(repr(model))}</b><br>fitted on {model.n_rows_:,} rows &times; {m:,} labeling functions, "
        f"{how}<br>class prior: {prior}{' ...' if k > 12 else ''}</p>"
        "<table><thead><tr><th style='text-align:left'>labeling function</th><th>votes</th>"
        f"<th>accuracy</th><th>90 % interval</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{more}{remarks}</div>"
    )


def _groups(model: Any, names: Any) -> list[str]:
    """The groups that a model counts as less than their number, in words."""
    groups = getattr(model, "chosen_", {}).get("dependent groups", [])
    return [
        f"{', '.join(str(names[j]) for j in group)} repeat each other: together they count as "
        f"{model.vote_worth_[group].sum():.1f} votes."
        for group in groups
    ]


def _accuracy(accuracy: float, interval: np.ndarray, k: int) -> str:
    if np.isnan(accuracy):
        return "<td></td><td></td><td>never votes</td>"
    remark = "no better than chance" if interval[0] < 1 / k else ""
    return f"<td>{accuracy:.3f}</td><td>{interval[0]:.3f} to {interval[1]:.3f}</td><td>{remark}</td>"
