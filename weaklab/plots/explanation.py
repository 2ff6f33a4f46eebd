"""Why one row gets its label: from the prior, vote by vote, to the posterior."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit

from weaklab.exceptions import ClassError, ParameterError, did_you_mean
from weaklab.plots.drawing import TOP, Display, bar_look, check_top, height_for, ink, shorten, title, value_grid
from weaklab.plots.judged import fitted
from weaklab.typing import Votes


@dataclass(eq=False)
class ExplanationDisplay(Display):
    """A waterfall: what the prior and each vote add to the log-odds of one class against another.

    Parameters
    ----------
    steps : Series
        What each adds, in nats, positive for ``target``; the index says what it is. The prior comes first.
    target, against : hashable
        The two classes.

    Attributes
    ----------
    total : float
        The log-odds that the row ends with.

    Examples
    --------
    >>> from weaklab.label_models import MajorityVote
    >>> model = MajorityVote(classes=["ham", "spam"]).fit([[1, 0, 1]])
    >>> display = ExplanationDisplay.from_estimator(model, [1, 0, 1])
    >>> display.target, [bar.get_width().item() for bar in display.plot().ax_.patches]
    ('spam', [0.0, 1.0, 1.0, -1.0, 1.0])
    """

    steps: pd.Series
    target: Hashable
    against: Hashable

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
        """
        if "vote" not in table.columns:
            raise ParameterError("table has no column 'vote': give what model.explain(votes) returns.")
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
            name if vote is None else f"{name}: {vote}" for name, vote in zip(table.index, table["vote"], strict=True)
        ]
        steps = pd.Series((scores[target] - scores[against]).to_numpy(), index=said)
        return cls(steps, target, against)

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
        names, sizes = self._lines(check_top(top))
        ax = self._axes(ax, height=height_for(len(names) + 1) + 0.6)
        ends = np.cumsum(sizes)
        starts = np.concatenate([[0.0], ends[:-1]])
        at = np.arange(len(names))
        target, against = shorten(self.target, 20), shorten(self.against, 20)
        for chosen, label, series in ((sizes >= 0, f"for {target}", 0), (sizes < 0, f"for {against}", 1)):
            look = bar_look(ax, series, **kwargs)
            ax.barh(at[chosen], sizes[chosen], left=starts[chosen], label=label if chosen.any() else "_none", **look)
        ax.barh(len(names), self.total, label="together", **bar_look(ax, 2, **kwargs))
        for line, end in enumerate(ends):
            ax.plot([end, end], [line - 0.4, line + 1.4], color=ink(ax), linewidth=0.8)
        ax.axvline(0, color=ink(ax), linewidth=1)
        low, high = min(0.0, ends.min()), max(0.0, ends.max())
        room = 0.14 * max(high - low, 1e-6)
        for line, (start, size) in enumerate([*zip(starts, sizes, strict=True), (0.0, self.total)]):
            right = max(start, start + size)
            ax.annotate(
                f"{size:+.2f}", (right, line), xytext=(4, 0), textcoords="offset points", va="center", fontsize="small"
            )
        ax.set_xlim(low - room / 2, high + room)
        ax.set_yticks([*at, len(names)], [*(shorten(name, 34) for name in names), "together"])
        ax.set_ylim(len(names) + 0.6, -0.6)
        value_grid(ax)
        ax.set_xlabel(f"log-odds of {target} against {against} (nats)")
        ax.set_ylabel("labeling function: its vote")
        facts = f"{len(self.steps) - 1:,} vote{'s' * (len(self.steps) != 2)}"
        chance = expit(self.total)
        title(ax, f"Why this row is {target}", f"{facts}; of {target} or {against}, it is {target} with {chance:.1%}")
        self._legend(ax)
        return self

    def _lines(self, top: int) -> tuple[list[str], np.ndarray]:
        """What is drawn: the prior, the votes that add most, and the rest in one."""
        names, sizes = list(self.steps.index), self.steps.to_numpy(dtype=np.float64)
        order = 1 + np.argsort(-np.abs(sizes[1:]), kind="stable")
        shown = [0, *order[:top]]
        lines, values = [names[i] for i in shown], sizes[shown]
        rest = order[top:]
        if len(rest):
            lines.append(f"{len(rest):,} other votes")
            values = np.append(values, sizes[rest].sum())
        return lines, values
