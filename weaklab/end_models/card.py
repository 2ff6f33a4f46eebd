"""What a fitted end model looks like in a notebook, above the parameters that scikit-learn shows."""

from __future__ import annotations

from typing import Any

from weaklab.markup import Markup, element, facts_table, some

#: So many classes and columns are named.
NAMED = 12


def card(model: Any) -> Markup:
    """What an end model was fitted to, and how well.

    Parameters
    ----------
    model : EndModel
        A fitted one; of a regression that within it.

    Returns
    -------
    Markup
        HTML; names are escaped.
    """
    held_out = f", {model.n_held_out_:,} held out" if model.n_held_out_ else ", none held out"
    pairs = [("rows", f"{model.n_rows_:,} trained on{held_out}")]
    report = getattr(model, "fit_report_", None)
    if report is not None and model.n_held_out_:
        pairs.append(("held-out loss", f"{report.held_out_loss:.4g}"))
    if len(model.classes_) > 1:  # a regression has one column, and no class
        pairs.append(("classes", f"{len(model.classes_):,}: {some(model.classes_, NAMED)}"))
    columns = getattr(model, "feature_names_in_", None)
    count = getattr(model, "n_features_in_", None)
    if columns is not None:
        pairs.append(("columns", f"{len(columns):,}: {some(columns, NAMED)}"))
    elif count is not None:
        pairs.append(("columns", f"{count:,}"))
    return element("div", facts_table(pairs))
