"""How frequent each class is: as the label model estimates it, and by gold."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from weaklab.exceptions import GoldError
from weaklab.label_models.intervals import from_counts
from weaklab.plots.drawing import (
    CHARACTER,
    Display,
    bar_look,
    check_number,
    counts,
    distinct,
    ink,
    left_out,
    percent_axis,
    title,
    value_grid,
)
from weaklab.plots.judged import fitted
from weaklab.votes import as_declared, check_gold


@dataclass(eq=False)
class ClassBalanceDisplay(Display):
    """A pair of bars per class: the estimated share of rows, and that of gold with its interval.

    Parameters
    ----------
    table : DataFrame
        A row per class: ``estimated``, and with gold ``gold``, ``low``, ``high`` (90 %).
    n, m : int
        How many rows and labeling functions the model was fitted to.
    n_gold : int
        How many rows have gold.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import LabelModel
    >>> planted = make_votes(n=1000, m=5, class_balance=[0.7, 0.3])
    >>> display = ClassBalanceDisplay.from_estimator(LabelModel().fit(planted.votes), planted.y)
    >>> [round(bar.get_height().item(), 3) for bar in display.ax_.containers[-1]]
    [0.68, 0.32]
    """

    table: pd.DataFrame
    n: int
    m: int
    n_gold: int = 0

    @classmethod
    def from_estimator(cls, model: Any, y: Any = None) -> Self:
        """Take what a fitted label model has learned, and compare gold where there is any.

        Parameters
        ----------
        model : label model
            A fitted one.
        y : array-like of shape (n,), optional
            Gold labels of rows drawn as the model's were, by code or name; -1 or missing where unknown.

        Returns
        -------
        ClassBalanceDisplay

        Raises
        ------
        GoldError
            If y has no gold label, or one that is no class of the model.
        """
        k = len(fitted(model, "class_prior_").classes_)
        classes: list[Hashable] = model.classes_.tolist()
        table = pd.DataFrame({"estimated": model.class_prior_}, index=pd.Index(classes, name="class"))
        n_gold = 0
        if y is not None:
            gold = check_gold(y, len(y), as_declared(model.classes_))
            gold = gold[gold >= 0]
            n_gold = len(gold)
            if not n_gold:
                raise GoldError(f"None of the {len(y):,} rows has a gold label to compare with.")
            rows = np.bincount(gold, minlength=k).astype(np.float64)
            table["gold"] = rows / n_gold
            table[["low", "high"]] = from_counts(rows, np.full(k, float(n_gold)))
        return cls(table, int(model.n_rows_), int(model.n_features_in_), n_gold)

    def plot(self, ax: Any = None, *, top: int = 20, **kwargs: Any) -> Self:
        """Draw the bars, in the order of the classes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        top : int
            How many classes to show, the most frequent ones.
        **kwargs
            For ``Axes.bar``.

        Returns
        -------
        self
        """
        with_gold = "gold" in self.table
        frequent = self.table[["estimated", "gold"] if with_gold else ["estimated"]].max(axis=1).to_numpy()
        shown = self.table.iloc[np.sort(np.argsort(-frequent, kind="stable")[: check_number(top, "top")])]
        names = distinct(shown.index, 20)
        upright = sum(map(len, names)) > 40
        room = CHARACTER * max(map(len, names)) if upright else 0.0
        ax = self._axes(ax, width=max(5.6, 2.4 + 0.45 * len(shown)), height=4.2 + room)
        at, width = np.arange(len(shown)), 0.4 if with_gold else 0.6
        shift = width / 2 if with_gold else 0.0
        ax.bar(at - shift, shown["estimated"], width, label="estimated, without gold", **bar_look(ax, 0, **kwargs))
        if with_gold:
            spread = np.maximum([shown["gold"] - shown["low"], shown["high"] - shown["gold"]], 0)
            label = f"gold ({self.n_gold:,} rows), 90 % interval"
            look = {"yerr": spread, "ecolor": ink(ax), "capsize": 3, "label": label}
            ax.bar(at + shift, shown["gold"], width, **(look | bar_look(ax, 1, **kwargs)))
        ax.set_xticks(at, names, rotation=90 if upright else 0)
        value_grid(ax, "y")
        percent_axis(ax.yaxis)
        ax.set_xlabel("class")
        ax.set_ylabel("share of rows")
        facts = f"{counts(self.n, self.m)}, {len(self.table):,} classes"
        headline = "Class balance, estimated beside gold" if with_gold else "Estimated class balance"
        title(ax, headline, facts + left_out(len(shown), len(self.table), "largest shares"))
        self._legend(ax)
        self._make_room()
        return self
