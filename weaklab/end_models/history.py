"""The log of a training, its place within an epoch, and the best weights so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn


@dataclass
class Run:
    """What has happened so far: a row per epoch, the best weights with the loss that they had, and the open epoch.

    ``improved`` is the last epoch that was better by more than the tolerance; ``order``, ``step`` and ``total`` are
    the rows of the open epoch in their order, how many of its steps are over, and their summed loss.
    """

    log: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = -1
    best_state: dict[str, Tensor] = field(default_factory=dict)
    improved: int = 0
    stopped: bool = False
    order: Tensor | None = None
    step: int = 0
    total: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64, device="cpu"))

    @property
    def epoch(self) -> int:
        """The epoch that is open, from 0."""
        return len(self.log)

    @property
    def history(self) -> pd.DataFrame:
        """A row per epoch: epoch (from 1), train_loss and held_out_loss (as the loss counts), seconds."""
        frame = pd.DataFrame(self.log, columns=["epoch", "train_loss", "held_out_loss", "seconds"])
        return frame.astype({"epoch": "int64", "train_loss": "float64", "held_out_loss": "float64"})

    def begin(self, order: Tensor) -> Tensor:
        """Open an epoch; the order itself."""
        self.order, self.step = order, 0
        self.total = torch.zeros((), dtype=torch.float64, device=order.device)  # read once per epoch: reading waits
        return order

    def record(
        self,
        model: nn.Module,
        train_loss: float,
        held_out_loss: float,
        seconds: float,
        tolerance: float = 0.0,
        *,
        counts: bool = True,
    ) -> None:
        """Note that an epoch is over; keep the weights if they are the best, or if nothing is held out.

        Those of an epoch whose held-out loss does not count are kept until there are others.
        """
        row = {"epoch": len(self.log) + 1, "train_loss": train_loss, "held_out_loss": held_out_loss, "seconds": seconds}
        judged = held_out_loss if counts else math.inf
        if judged < self.best_loss - tolerance:
            self.improved = self.epoch
        if judged < self.best_loss or math.isnan(held_out_loss) or not counts:
            self.best_state = {name: value.detach().clone() for name, value in model.state_dict().items()}
            self.best_loss, self.best_epoch = judged, self.epoch
        self.log.append(row)
        self.order, self.step = None, 0

    def stale(self, patience: int) -> bool:
        """Whether ``patience`` epochs have passed without a better held-out loss."""
        return self.best_loss < float("inf") and len(self.log) - 1 - self.improved >= patience

    def state_dict(self) -> dict[str, Any]:
        """All of it, as tensors and plain values."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a state that was saved."""
        for part in fields(self):
            setattr(self, part.name, state[part.name])
