"""Why one row gets its label: from the prior, vote by vote, to the posterior."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy.special import expit

from weaklab.exceptions import ClassError, ParameterError, VoteError, did_you_mean
from weaklab.label_models.contributions import PRIOR, TOGETHER, in_words
from weaklab.plots.drawing import (
    TOP,
    Display,
    bar_look,
    check_number,
    height_for,
    ink,
    shorten,
    title,
    value_grid,
    wrapped,
)
from weaklab.plots.judged import fitted
from weaklab.typing import Votes

Unit = Literal["nats", "votes", "shares of the vote"]


@dataclass(eq=False)
class ExplanationDisplay(Display):
    """A waterfall: what the prior and each vote add to the log-odds of one class against another.

    Majority vote and weighted vote have no log-odds: theirs are votes, and shares of the vote.

    Parameters
    ----------
    steps : Series
        What each adds, positive for ``target``. The index says what it is: a labeling function and its vote; "(prior)";
        "(together)", what votes make together beyond what each says alone.
    target, against : hashable
        The two classes.
    unit : {"nats", "votes", "shares of the vote"}
        What is counted.
    classes : int
        How many classes there are in all.

    Attributes
    ----------
    total : float
        The log-odds that the row ends with.

    Examples
    --------
    >>> from weaklab.label_models import MajorityVote
    >>> model = MajorityVote(classes=["ham", "spam"]).fit([[1, 0, 1]])
    >>> display = ExplanationDisplay.from_estimator(model, [1, 0, 1])
    >>> display.target, display.total, display.unit
    ('spam', 1.0, 'votes')
    """

    steps: pd.Series
    target: Hashable
    against: Hashable
    unit: Unit = "nats"
    classes: int = 2

    @property
    def total(self) -> float:
        """The log-odds that the row ends with."""
        return float(self.steps.sum())

    @classmethod
    def from_estimator(cls, model: Any, votes: Votes, *, target: Any = None, against: Any = None) -> Self:
        """Ask a fitted label model about one row.

        Parameters
        ----------
        model : label model
            A fitted one.
        votes : array-like of shape (m,), Series, or one row of votes
            What labeling functions say of the row.
        target : hashable, optional
            A class; by default the likeliest.
        against : hashable, optional
            Another class; by default the likeliest of the others.

        Returns
        -------
        ExplanationDisplay

        Raises
        ------
        VoteError, ClassError, ParameterError
            If there is not exactly one row, a class is unknown, or the model explains nothing.
        """
        return cls.from_explanation(fitted(model, "explain").explain(votes), target=target, against=against)

    @classmethod
    def from_explanation(cls, table: pd.DataFrame, *, target: Any = None, against: Any = None) -> Self:
        """Take a table of contributions.

        Parameters
        ----------
        table : DataFrame
            As ``model.explain(votes)`` gives it: a row for the prior and for each vote, ``vote`` and a column per
            class, in nats.
        target, against : hashable, optional
            As in :meth:`from_estimator`.

        Returns
        -------
        ExplanationDisplay

        Raises
        ------
        VoteError, ClassError, ParameterError
            As for :meth:`from_estimator`.
        """
        if "vote" not in table.columns:
            raise ParameterError("table has no column 'vote': give what model.explain(votes) returns.")
        if table.index.nlevels > 1:
            rows = table.index.get_level_values(0).nunique()  # of majority vote, those without votes are not there
            got = f"{rows:,}" if rows > 1 else "several, of which one at most has votes"
            raise VoteError(f"A waterfall explains one row, got {got}: give the votes on one, or table.loc[row].")
        scores = table.drop(columns="vote").astype(float)
        total = scores.sum()
        for given in (target, against):
            if given is not None and given not in scores.columns:
                raise ClassError(f"There is no class {given!r}.{did_you_mean(given, scores.columns)}")
        if target is None:
            target = (total if against is None else total.drop(against)).idxmax()
        against = total.drop(target).idxmax() if against is None else against
        if target == against:
            raise ParameterError(f"target and against are both {target!r}: log-odds need two classes.")
        said = [
            name if vote is None else f"{name}: {in_words(vote)}"
            for name, vote in zip(table.index, table["vote"], strict=True)
        ]
        steps = pd.Series((scores[target] - scores[against]).to_numpy(), index=said)
        unit: Unit = (
            "nats" if PRIOR in table.index else "votes" if scores.isin([0, 1]).all(axis=None) else "shares of the vote"
        )
        return cls(steps, target, against, unit, scores.shape[1])

    def plot(self, ax: Any = None, *, top: int = TOP, **kwargs: Any) -> Self:
        """Draw the waterfall: the prior, then votes by the size of what they add, then where the row ends.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        top : int
            How many votes to show; the rest is one step.
        **kwargs
            For ``Axes.barh``.

        Returns
        -------
        self
        """
        names, sizes = self._lines(check_number(top, "top"))
        ax = self._axes(ax, height=height_for(len(names) + 1) + 0.6)
        ends = np.cumsum(sizes)
        starts = ends - sizes
        at = np.arange(len(names))
        target, against = shorten(self.target, 20), shorten(self.against, 20)
        for chosen, label, series in ((sizes >= 0, f"for {target}", 0), (sizes < 0, f"for {against}", 1)):
            look = bar_look(ax, series, **kwargs)
            ax.barh(at[chosen], sizes[chosen], left=starts[chosen], label=label if chosen.any() else "_none", **look)
        ax.barh(len(names), self.total, label="in all", **bar_look(ax, 2, **kwargs))
        for line, end in enumerate(ends):
            ax.plot([end, end], [line - 0.4, line + 1.4], color=ink(ax), linewidth=0.8)
        ax.axvline(0, color=ink(ax), linewidth=1)
        low, high = ends.min(initial=0.0), ends.max(initial=0.0)  # of majority vote, rows without votes have no step
        room = 0.14 * max(high - low, 1e-6)
        for line, (start, size) in enumerate([*zip(starts, sizes, strict=True), (0.0, self.total)]):
            right = max(start, start + size)
            ax.annotate(
                f"{size:+.2f}", (right, line), xytext=(4, 0), textcoords="offset points", va="center", fontsize="small"
            )
        ax.set_xlim(low - room / 2, high + room)
        ax.set_yticks([*at, len(names)], [*(shorten(name, 34) for name in names), "in all"])
        ax.set_ylim(len(names) + 0.6, -0.6)
        value_grid(ax)
        what = f"log-odds of {target} against {against}" if self.unit == "nats" else f"for {target} less for {against}"
        ax.set_xlabel("\n".join(wrapped(f"{what} ({self.unit})", 48)))
        ax.set_ylabel("labeling function: its vote")
        votes = len(self.steps) - sum(name in (PRIOR, TOGETHER) for name in self.steps.index)
        facts = f"n = 1 row, {votes:,} vote{'s' * (votes != 1)}"
        if self.unit == "nats":
            chance, between = expit(self.total), "" if self.classes == 2 else "between these two: "
            facts += f"; {between}{target} {_percent(chance)}, {against} {_percent(1 - chance)}"
        title(ax, f"Why this row is {target} rather than {against}", facts)
        self._legend(ax)
        self._make_room()
        return self

    def _lines(self, top: int) -> tuple[list[str], np.ndarray]:
        """What is drawn: the prior, the votes that add most, the rest in one, and what they make together."""
        sizes, names = self.steps.to_numpy(dtype=np.float64), self.steps.index.to_numpy()
        prior, together = np.flatnonzero(names == PRIOR), np.flatnonzero(names == TOGETHER)
        votes = np.flatnonzero((names != PRIOR) & (names != TOGETHER))
        votes = votes[np.argsort(-np.abs(sizes[votes]), kind="stable")]
        shown, rest = np.concatenate([prior, votes[:top]]), votes[top:]
        lines, values = names[shown].tolist(), sizes[shown].tolist()
        if len(rest):
            lines.append(f"{len(rest):,} other votes")
            values.append(sizes[rest].sum())
        return lines + [TOGETHER] * len(together), np.array([*values, *sizes[together]])


def _percent(chance: float) -> str:
    """A probability that is never rounded to certainty."""
    return "< 0.1%" if chance < 0.001 else "> 99.9%" if chance > 0.999 else f"{chance:.1%}"
