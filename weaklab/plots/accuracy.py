"""How right each labeling function is: as learned, and by gold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pandas as pd

from weaklab.analysis.gold_against import judge, judge_rich
from weaklab.analysis.model_votes import ModelVotes
from weaklab.exceptions import ParameterError, VoteError
from weaklab.label_models.intervals import from_counts
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
    paper,
    percent_axis,
    title,
    value_grid,
)
from weaklab.plots.judged import fitted, lf_names
from weaklab.votes import PartialVotes, SoftVotes, as_declared, check_gold, check_votes

Kind: TypeAlias = Literal["one class", "set", "soft"]

#: What is counted, by what a vote is.
MEASURES: dict[Kind, str] = {
    "one class": "share of its votes that are right",
    "set": "share of its votes that hold the right class",
    "soft": "share of its votes' probability on the right class",
}


@dataclass(eq=False)
class AccuracyDisplay(Display):
    """A line per labeling function: learned accuracy with its interval, and beside it that of gold with its own.

    Parameters
    ----------
    table : DataFrame
        A row per labeling function: ``votes``, ``accuracy``, ``low``, ``high``, and with gold ``gold``, ``gold_low``,
        ``gold_high``, ``gold_votes`` (its votes on rows with gold). Intervals hold 90 %.
    n : int
        How many rows the model was fitted to.
    chance : float
        What guessing gets: one over the number of classes; NaN where votes are sets, of which large ones guess well.
    kind : {"one class", "set", "soft"}
        What a vote is. A set is right where it holds the class, a distribution as far as it lies on it.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import LabelModel
    >>> planted = make_votes(n=1000, m=5, coverage=0.8)
    >>> display = AccuracyDisplay.from_estimator(LabelModel().fit(planted.votes), planted.votes, planted.y)
    >>> display.table.columns.tolist()
    ['votes', 'accuracy', 'low', 'high', 'gold_votes', 'gold', 'gold_low', 'gold_high']
    >>> display.ax_.get_xlabel()
    'share of its votes that are right'
    """

    table: pd.DataFrame
    n: int
    chance: float
    kind: Kind = "one class"

    @classmethod
    def from_estimator(cls, model: Any, votes: Any = None, y: Any = None) -> Self:
        """Take what a fitted label model has learned, and compare gold where there is any.

        Parameters
        ----------
        model : label model
            A fitted one.
        votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes, optional
            Votes on rows with gold, of the kind that the model was fitted to; they need not be the same ones.
        y : array-like of shape (n,), optional
            Their gold labels, by code or name; -1 or missing where unknown.

        Returns
        -------
        AccuracyDisplay

        Raises
        ------
        ParameterError, VoteError
            If the model has no accuracies, only one of votes and gold is given, or the votes are of other labeling
            functions or of another kind.
        """
        fitted(model, "accuracy_intervals_")
        if (votes is None) != (y is None):
            raise ParameterError("Gold needs both votes and y: which votes are right is counted on the same rows.")
        _, total = model._right_and_total()
        low, high = model.accuracy_intervals_.T
        names = lf_names(model)
        table = pd.DataFrame({"votes": total, "accuracy": model.accuracies_, "low": low, "high": high}, index=names)
        kind = _kind(model)
        if votes is not None:
            judged, right = _judged(model, votes, y, kind)
            with np.errstate(invalid="ignore"):
                table["gold_votes"], table["gold"] = judged, right / judged
            table[["gold_low", "gold_high"]] = from_counts(right, judged)
        return cls(table, int(model.n_rows_), np.nan if kind == "set" else 1 / len(model.classes_), kind)

    def plot(self, ax: Any = None, *, top: int = TOP, **kwargs: Any) -> Self:
        """Draw the intervals, those with most votes first.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        top : int
            How many labeling functions to show.
        **kwargs
            For ``Axes.errorbar``.

        Returns
        -------
        self
        """
        voting = self.table[self.table["votes"] > 0]
        order = np.argsort(-voting["votes"].to_numpy(), kind="stable")[: check_number(top, "top")]
        shown = voting.iloc[order].sort_values("accuracy", ascending=False, kind="stable")
        ax = self._axes(ax, height=height_for(len(shown)) + 0.3)
        at = np.arange(len(shown))
        with_gold = "gold" in shown
        shift = 0.17 if with_gold else 0.0
        _intervals(ax, shown, ("accuracy", "low", "high"), at - shift, 0, kwargs)
        if with_gold:
            _intervals(ax, shown, ("gold", "gold_low", "gold_high"), at + shift, 1, kwargs)
        if not np.isnan(self.chance):
            ax.axvline(self.chance, color=ink(ax), linestyle="--", linewidth=1, label="guessing")
        list_names(ax, shown.index)
        value_grid(ax)
        percent_axis(ax.xaxis)
        ax.set_xlabel(MEASURES[self.kind])
        ax.set_ylabel("labeling function")
        facts = f"{counts(self.n, len(self.table))}, 90 % intervals{left_out(len(shown), len(voting), 'most votes')}"
        silent = len(self.table) - len(voting)
        facts += f"; {silent:,} never {'votes' if silent == 1 else 'vote'}" if silent else ""
        title(ax, "Learned accuracy beside gold" if with_gold else "Learned accuracy", facts)
        self._legend(ax)
        self._make_room()
        return self


def _kind(model: Any) -> Kind:
    """What the votes that a model was fitted to are."""
    book = getattr(model, "_book", None)
    if book is None or (book.says > 0).sum(axis=1).max(initial=0) <= 1:
        return "one class"
    return "set" if model.takes is PartialVotes else "soft"


def _judged(model: Any, votes: Any, y: Any, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    """How many votes of each labeling function of a model gold judges, and how many are right, (m,) each."""
    if isinstance(votes, (PartialVotes, SoftVotes)):
        seen = ModelVotes.of(model, votes)
        assert seen.rich is not None
        return judge_rich(seen.rich, seen.gold(y))
    k = len(model.classes_)
    if kind != "one class":
        raise VoteError(
            f"{type(model).__name__} was fitted to {model.takes.__name__}, and learned how right these are: give votes "
            f"of that kind, got {type(votes).__name__}."
        )
    matrix = check_votes(votes, classes=k)
    names, given = lf_names(model), matrix.lf_names
    if set(given) != set(names):
        raise ParameterError(_others(given, names))
    gold = check_gold(y, matrix.n, as_declared(model.classes_), index=matrix.index)
    place = [given.index(name) for name in names]
    judged, right = judge(matrix, gold)
    return judged[place], right[place]


def _others(given: list[Any], fitted_to: list[Any]) -> str:
    """What to say where votes are of other labeling functions than the model: which are too many, and which lack."""
    added, lacking = ([name for name in a if name not in set(b)] for a, b in ((given, fitted_to), (fitted_to, given)))
    parts = [
        f"{what} {', '.join(map(repr, some[:3]))}" + (f" and {len(some) - 3:,} more" if len(some) > 3 else "")
        for what, some in (("has not seen", added), ("also learned of", lacking))
        if some
    ]
    return f"The votes are of other labeling functions than the model's: it {', and '.join(parts)}."


def _intervals(
    ax: Any, table: pd.DataFrame, columns: tuple[str, str, str], at: np.ndarray, series: int, more: Any
) -> None:
    """Points with whiskers; those of gold are hollow diamonds, so that the two kinds differ without colour."""
    centre, low, high = (table[column].to_numpy(dtype=np.float64) for column in columns)
    marks = ({"fmt": "o", "label": "learned"}, {"fmt": "D", "label": "by gold", "markerfacecolor": paper(ax)})[series]
    look = {"color": line_colour(ax, series), "markersize": 5, "capsize": 2.5, "elinewidth": 1.4, **marks}
    spread = np.maximum([centre - low, high - centre], 0)  # rounding may put a bound just past its centre
    ax.errorbar(centre, at, xerr=spread, **(look | more))
