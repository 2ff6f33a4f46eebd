"""The log of a training, and the best weights so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd
from torch import Tensor, nn


@dataclass
class Run:
    """What has happened so far: a row per epoch, and the best weights with the loss that they had."""

    log: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = -1
    best_state: dict[str, Tensor] = field(default_factory=dict)

    @property
    def history(self) -> pd.DataFrame:
        """A row per epoch: epoch (from 1), train_loss and held_out_loss (nats), seconds."""
        frame = pd.DataFrame(self.log, columns=["epoch", "train_loss", "held_out_loss", "seconds"])
        return frame.astype({"epoch": "int64", "train_loss": "float64", "held_out_loss": "float64"})

    def record(self, model: nn.Module, train_loss: float, held_out_loss: float, seconds: float) -> None:
        """Note that an epoch is over; keep the weights if they are the best, or if nothing is held out."""
        row = {"epoch": len(self.log) + 1, "train_loss": train_loss, "held_out_loss": held_out_loss, "seconds": seconds}
        if held_out_loss < self.best_loss or math.isnan(held_out_loss):
            self.best_state = {name: value.detach().clone() for name, value in model.state_dict().items()}
            self.best_loss, self.best_epoch = held_out_loss, len(self.log)
        self.log.append(row)
