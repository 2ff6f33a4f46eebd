"""All that one training works on and with: data, model, loss, optimizer, and how they go together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor, nn

from weaklab.end_models.distributed import Team
from weaklab.end_models.history import Run
from weaklab.end_models.losses import Term, held_out_loss
from weaklab.end_models.precision import Precision
from weaklab.end_models.samplers import EveryRow, Sampler
from weaklab.end_models.schedules import Constant, Schedule, share_at
from weaklab.end_models.streaming import Stored, StreamedRows
from weaklab.end_models.tasks import RowsLoss
from weaklab.end_models.training_rows import TrainingRows
from weaklab.exceptions import WeaklabWarning, warn_caller

if TYPE_CHECKING:
    from weaklab.end_models.checkpoints import Checkpoint

#: Called after each epoch with its row of the history and the model; training stops when one gives True.
Callback: TypeAlias = Callable[[dict[str, float], nn.Module], "bool | None"]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Rows, soft labels and weights on or for one device, and which of them are trained on and held out.

    ``rows`` (n, columns), ``target`` (n, k) and ``weight`` (n,) share their order; ``position`` (n,) is each row's
    place in what the user gave, of ``n_positions`` rows; ``train`` and ``held_out`` are row numbers, and ``held_out``
    may be empty; ``monitor`` says what is held out: "soft" or "gold"; ``rows_loss(logits, target)`` is the task's loss
    of each row.
    """

    rows: Stored
    target: Tensor
    weight: Tensor
    position: Tensor
    n_positions: int
    train: Tensor
    held_out: Tensor
    monitor: str
    rows_loss: RowsLoss

    @property
    def k(self) -> int:
        """How many classes there are."""
        return int(self.target.shape[1])

    def training_rows(self) -> TrainingRows:
        """What loss terms and samplers may know of the rows trained on."""
        train = self.train
        return TrainingRows(self.target[train], self.weight[train], self.position[train], self.n_positions)


@dataclass(eq=False)
class Training:
    """One training, whole: what stands here, and the run so far, is what a checkpoint keeps.

    ``model`` is what is trained, ``net`` what is called for it (the same, or what averages gradients over processes).
    ``batch_size`` rows are on the way at once, ``accumulate`` times as many make a step.
    """

    model: nn.Module
    data: TrainingData
    loss: Term
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    precision: Precision
    learning_rate: float
    batch_size: int
    max_epochs: int
    patience: int
    tolerance: float
    sampler: Sampler = field(default_factory=EveryRow)
    schedule: Schedule = field(default_factory=Constant)
    accumulate: int = 1
    clip_norm: float | None = None
    team: Team = field(default_factory=Team)
    callbacks: Sequence[Callback] = ()
    checkpoint: Checkpoint | None = None
    progress: bool | None = None
    run: Run = field(default_factory=Run)

    def __post_init__(self) -> None:
        self.net = self.team.wrap(self.model)
        self.rows = self.data.training_rows()
        self.parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        self.step_size = self.batch_size * self.accumulate

    def batches(self, order: Tensor) -> list[Tensor]:
        """The rows of each step of an epoch; one too small for modules that normalise over it joins the one before."""
        batches = _cut(order, self.step_size, 2 * self.team.size)
        if isinstance(self.data.rows, StreamedRows):
            self.data.rows.expect([part for batch in batches[self.run.step :] for part in self.parts(batch)])
        return batches

    def parts(self, batch: Tensor) -> list[Tensor]:
        """What this process takes of a batch, as many rows at a time as the device holds."""
        return _cut(self.team.part(batch), -(-self.batch_size // self.team.size), min(2, self.batch_size))

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each held-out row, (h,): what the loss says of it, or else the task."""
        said = held_out_loss(self.loss, logits, target)
        return self.data.rows_loss(logits, target) if said is None else said

    def set_rate(self, progress: float) -> None:
        """Let the learning rate follow its schedule."""
        rate = self.learning_rate * share_at(self.schedule, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def record(self, train_loss: float, held_out_loss: float, seconds: float) -> None:
        """Note that an epoch is over, and whether the schedule lets its held-out loss count; the last one's does."""
        run, says = self.run, getattr(self.schedule, "settled", None)
        over = (run.epoch + 1) / self.max_epochs
        counts = says is None or over >= 1 or bool(says(over))
        run.record(self.model, train_loss, held_out_loss, seconds, tolerance=self.tolerance, counts=counts)

    def halve(self, n: int) -> bool:
        """Take half as many rows at a time, as the device ran out of memory; whether that is possible.

        The rows of a step stay the same. In a team the others are waiting for this process already, so it is not.
        """
        most = min(self.batch_size, n)
        if most == 1 or not self.team.alone:
            return False
        self.batch_size = most // 2
        warn_caller(
            f"{self.data.target.device} ran out of memory at {most:,} rows: they are now taken {self.batch_size:,} at "
            f"a time, and steps are still made of {self.step_size:,}. batch_size={self.batch_size} with "
            f"accumulate={-(-self.step_size // self.batch_size)} says so from the start.",
            WeaklabWarning,
        )
        return True


def _cut(index: Tensor, size: int, least: int) -> list[Tensor]:
    parts = list(index.split(size))
    if len(parts) > 1 and len(parts[-1]) < least:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts
