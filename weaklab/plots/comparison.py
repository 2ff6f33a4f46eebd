"""Label models side by side, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.plots.drawing import (
    TOP,
    Display,
    check_number,
    counts,
    height_for,
    ink,
    left_out,
    line_colour,
    list_names,
    title,
    value_grid,
)


@dataclass(eq=False)
class ComparisonDisplay(Display):
    """A forest plot: a line per model, its score with an interval, and in words what it means.

    Parameters
    ----------
    table : DataFrame
        A row per model: ``score``, ``low``, ``high``, and ``verdict`` where there is one.
    score : str
        What the score is called.
    baseline : hashable, optional
        The model that the others are compared with.
    facts : str
        What the scores rest on: rows and labeling functions.
    level : float, optional
        What intervals hold, 0.95 for example, where it is known.

    Examples
    --------
    >>> scores = {"accuracy": [0.8, 0.9], "low": [0.7, 0.85], "high": [0.88, 0.94]}
    >>> table = pd.DataFrame(scores, index=["vote", "model"])
    >>> display = ComparisonDisplay.from_table(table, score="accuracy", baseline="vote")
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['model', 'vote']
    """

    table: pd.DataFrame
    score: str
    baseline: Any = None
    facts: str = ""
    level: float | None = None

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        *,
        score: str | None = None,
        low: str | None = None,
        high: str | None = None,
        verdict: str | None = None,
        baseline: Any = None,
        facts: str = "",
    ) -> Self:
        """Take a table with a row per model.

        Parameters
        ----------
        table : DataFrame
            Indexed by model, as :func:`weaklab.compare_label_models` gives it.
        score : str, optional
            The column of the score, such as ``"accuracy"``; by default the first, or ``"difference"`` where that has
            no interval but the difference from the reference has one, as without gold.
        low, high : str, optional
            The bounds of its interval; by default ``"accuracy_low"`` where there is one, else ``"low"``, and so on.
        verdict : str, optional
            The column that says in words how a model compares; by default ``"verdict"`` where there is one.
        baseline : hashable, optional
            The model that the others are compared with: a line is drawn at its score. By default the one whose verdict
            is "reference".
        facts : str
            To stand in the title: how many rows and labeling functions there were. By default the rows that
            :func:`weaklab.compare_label_models` scored.

        Returns
        -------
        ComparisonDisplay

        Raises
        ------
        ParameterError
            If a column or the baseline is not there, or no row has a score.
        """
        if score is None:
            score = next(iter(table.columns), "score")
            bounds = {low or f"{score}_low", high or f"{score}_high"}
            if low is high is None and not bounds <= set(table.columns) and not {"low", "high"} <= set(table.columns):
                score = "difference" if {"difference_low", "difference_high"} <= set(table.columns) else score
        low = low or (f"{score}_low" if f"{score}_low" in table.columns else "low")
        high = high or (f"{score}_high" if f"{score}_high" in table.columns else "high")
        asked = [score, low, high, *([] if verdict is None else [verdict])]
        for column in asked:
            if column not in table.columns:
                raise ParameterError(f"table has no column {column!r}.{did_you_mean(column, table.columns)}")
        if baseline is not None and baseline not in table.index:
            raise ParameterError(f"table has no model {baseline!r}.{did_you_mean(baseline, table.index)}")
        out = table[[score, low, high]].astype(float).set_axis(["score", "low", "high"], axis=1)
        said = verdict or ("verdict" if "verdict" in table.columns else None)
        if said is not None:
            out["verdict"] = table[said]
            references = table.index[table[said].eq("reference")]
            baseline = references[0] if baseline is None and len(references) == 1 else baseline
            if score == "difference":  # from the reference, which has none from itself
                out.loc[references, ["score", "low", "high"]] = 0.0
        out = out[out["score"].notna()]
        if not len(out):
            raise ParameterError(f"No model has a {score!r}: there is nothing to compare.")
        shown, rows = str(score), _rows(table.attrs, score)
        if score == "difference" and {"by", "reference"} <= set(table.attrs):
            shown = f"{table.attrs['by']} less that of {table.attrs['reference']}"
        return cls(out, shown, baseline if baseline in out.index else None, facts or rows, table.attrs.get("level"))

    def plot(self, ax: Any = None, *, top: int = TOP, **kwargs: Any) -> Self:
        """Draw the models, the highest score first.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        top : int
            How many models to show.
        **kwargs
            For ``Axes.errorbar``.

        Returns
        -------
        self
        """
        shown = self.table.sort_values("score", ascending=False, kind="stable").iloc[: check_number(top, "top")]
        ax = self._axes(ax, width=8.0 if "verdict" in shown else 6.8, height=height_for(len(shown)) + 0.2)
        at = np.arange(len(shown))
        is_base = np.array([name == self.baseline for name in shown.index])
        centre, low, high = (shown[column].to_numpy() for column in ("score", "low", "high"))
        spread = np.nan_to_num(np.maximum([centre - low, high - centre], 0))
        its = "interval" if self.level is None else f"{self.level:.0%} interval".replace("%", " %")
        for chosen, label, marker, colour in (
            (~is_base, f"model, with its {its}", "o", line_colour(ax, 0)),
            (is_base, "what they are compared with", "D", line_colour(ax, 4)),
        ):
            if chosen.any():
                look = {"fmt": marker, "color": colour, "capsize": 3, "elinewidth": 1.5, "label": label} | kwargs
                ax.errorbar(centre[chosen], at[chosen], xerr=spread[:, chosen], **look)
        if self.baseline is not None:
            ax.axvline(self.table.loc[self.baseline, "score"], color=ink(ax), linestyle="--", linewidth=1)
        list_names(ax, shown.index)
        value_grid(ax)
        ax.set_xlabel(self.score)
        ax.set_ylabel("label model")
        if "verdict" in shown:
            beside = ax.secondary_yaxis("right")
            beside.set_yticks(at, ["" if pd.isna(said) else str(said) for said in shown["verdict"]])
            beside.tick_params(length=0, labelsize="small")
        facts = f"{len(self.table):,} models{left_out(len(shown), len(self.table), 'highest score')}"
        title(ax, f"Label models by {self.score}", f"{self.facts}; {facts}" if self.facts else facts)
        if is_base.any():
            self._legend(ax)
        self._make_room()
        return self


def _rows(attrs: Mapping[Any, Any], score: Any) -> str:
    """How many rows a comparison of label models scored, where it says so."""
    by = attrs.get("by") if score == "difference" else score
    if not {"covered", "gold"} <= set(attrs):
        return ""
    if by == "held_out":
        return f"{counts(attrs['covered'])} with votes, a part held out"
    return f"{counts(attrs['gold'])} with votes and gold"
