"""How the training of an end model went, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from weaklab.exceptions import ParameterError
from weaklab.plots.drawing import Display, ink, line_colour, title, value_grid
from weaklab.plots.judged import fitted


@dataclass(eq=False)
class TrainingHistoryDisplay(Display):
    """The loss on the rows trained on, and on those held out, by epoch.

    Parameters
    ----------
    history : DataFrame
        A row per epoch: ``epoch``, ``train_loss`` and ``held_out_loss`` (nats).
    best_epoch : int, optional
        The epoch whose weights were kept.
    n, n_held_out : int, optional
        How many rows were trained on, and held out.

    Examples
    --------
    >>> history = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.7, 0.5], "held_out_loss": [0.7, 0.6]})
    >>> [line.get_label() for line in TrainingHistoryDisplay(history, best_epoch=2).ax_.lines]
    ['trained on', 'held out', 'kept: epoch 2']
    """

    history: pd.DataFrame
    best_epoch: int | None = None
    n: int | None = None
    n_held_out: int | None = None

    def __post_init__(self) -> None:
        for column in ("epoch", "train_loss", "held_out_loss"):
            if column not in self.history:
                raise ParameterError(f"history has no column {column!r}: give the history_ of an EndModel.")
        if not len(self.history):
            raise ParameterError("history has no epochs: there is nothing to draw.")

    @classmethod
    def from_estimator(cls, model: Any) -> Self:
        """Take the history of a fitted end model.

        Parameters
        ----------
        model : EndModel
            A fitted one.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        ParameterError
            If it has no history.
        """
        fitted(model, "history_", "EndModel")
        sizes = getattr(model, "n_rows_", None), getattr(model, "n_held_out_", None)
        return cls(model.history_, getattr(model, "best_epoch_", None), *sizes)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw both losses, and the epoch that was kept.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.
        **kwargs
            For ``Axes.plot``, of both lines.

        Returns
        -------
        self
        """
        ax = self._axes(ax)
        series = (("train_loss", "trained on", "o", "-", 0), ("held_out_loss", "held out", "s", "--", 4))
        every = max(1, len(self.history) // 15)
        for column, label, marker, dashes, colour in series:
            if self.history[column].isna().all():
                continue  # nothing was held out
            look = {
                "color": line_colour(ax, colour),
                "marker": marker,
                "markersize": 4,
                "linestyle": dashes,
                "markevery": every,
            }
            ax.plot(self.history["epoch"], self.history[column], label=label, **(look | kwargs))
        if self.best_epoch is not None:
            ax.axvline(self.best_epoch, color=ink(ax), linestyle=":", label=f"kept: epoch {self.best_epoch}")
        ax.xaxis.get_major_locator().set_params(integer=True)
        value_grid(ax, "both")
        ax.set_xlabel("epoch")
        ax.set_ylabel("loss (nats)")
        facts = f"{len(self.history):,} epoch{'s' * (len(self.history) != 1)}"
        if self.n is not None:
            facts += f", {self.n:,} rows trained on, {self.n_held_out or 0:,} held out"
        title(ax, "Training of the end model", facts)
        self._legend(ax)
        self._make_room()
        return self
