"""The training loop: batches as index slices over data on the device, early stopping on held-out soft labels."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from weaklab.end_models.history import Run
from weaklab.end_models.inference import predict_logits
from weaklab.end_models.losses import Step, Term, loss_value
from weaklab.end_models.networks import run_module
from weaklab.end_models.rows import Rows, take
from weaklab.exceptions import NotConvergedWarning, ParameterError


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Rows, soft labels and weights on one device, and which of them are trained on and held out.

    ``rows`` (n, columns), ``target`` (n, k) and ``weight`` (n,) share their order; ``position`` (n,) is each row's
    place in what the user gave; ``train`` and ``held_out`` are row numbers, and ``held_out`` may be empty.
    ``rows_loss(logits, target)`` is the loss of each held-out row.
    """

    rows: Rows
    target: Tensor
    weight: Tensor
    position: Tensor
    train: Tensor
    held_out: Tensor
    rows_loss: Callable[[Tensor, Tensor], Tensor]


def train(
    model: nn.Module,
    loss: Term,
    data: TrainingData,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    *,
    max_epochs: int,
    batch_size: int,
    patience: int,
    tolerance: float,
    progress: bool | None,
) -> Run:
    """Train until the held-out loss has not improved for ``patience`` epochs; leave the best weights in the model.

    Ctrl-C and a loss that is no longer finite end training with a warning and the best weights so far; before the
    first epoch is over, they are an error.
    """
    run, improved = Run(), 0
    with tqdm(total=max_epochs, desc="EndModel", unit="epoch", disable=progress is False, **_delay(progress)) as bar:
        try:
            for epoch in range(max_epochs):
                started = time.perf_counter()
                train_loss = _train_epoch(model, loss, data, optimizer, generator, epoch, max_epochs, batch_size)
                held_out_loss = evaluate(model, data) if len(data.held_out) else float("nan")
                if held_out_loss < run.best_loss - tolerance:
                    improved = epoch
                run.record(model, train_loss, held_out_loss, time.perf_counter() - started)
                bar.update()
                if epoch - improved >= patience and len(data.held_out):
                    break
        except (KeyboardInterrupt, FloatingPointError) as reason:
            if not run.best_state:
                if isinstance(reason, KeyboardInterrupt):
                    raise
                raise ParameterError(f"{reason} in the first epoch: lower learning_rate, or look at loss=.") from reason
            warnings.warn(
                f"Training ended early ({str(reason) or 'interrupted'}) after {len(run.log)} epochs; "
                f"the weights of epoch {run.best_epoch + 1} are kept.",
                NotConvergedWarning,
                stacklevel=3,
            )
    model.load_state_dict(run.best_state)
    return run


def _delay(progress: bool | None) -> dict[str, Any]:
    return {"delay": 2.0} if progress is None else {}  # shown by itself only when training takes longer than that


def _train_epoch(
    model: nn.Module,
    loss: Term,
    data: TrainingData,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    epoch: int,
    max_epochs: int,
    batch_size: int,
) -> float:
    model.train()
    order = torch.randperm(len(data.train), generator=generator, device="cpu").to(data.train.device)
    total = torch.zeros((), dtype=torch.float64, device=data.train.device)  # read once per epoch: reading waits
    batches = list(data.train[order].split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:  # modules that normalise over a batch cannot take a single row
        batches[-2:] = [torch.cat(batches[-2:])]
    for i, batch in enumerate(batches):
        x, target = take(data.rows, batch), data.target[batch]
        logits, features = run_module(model, x, target.shape[1])
        done = (epoch + i / len(batches)) / max_epochs
        step = Step(logits, features, target, data.weight[batch], data.position[batch], x, epoch, done, model)
        value = loss_value(loss, step)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()
        total += value.detach().double() * len(batch)
    mean = float(total) / len(data.train)
    return _finite(mean, "training")


def _finite(value: float, what: str) -> float:
    if not math.isfinite(value):
        raise FloatingPointError(f"the {what} loss is {value}")
    return value


@torch.no_grad()
def evaluate(model: nn.Module, data: TrainingData) -> float:
    """The loss of the held-out rows, in nats per unit of weight."""
    logits = predict_logits(model, data.rows, data.target.shape[1], data.held_out)
    weight = data.weight[data.held_out]
    rows = data.rows_loss(logits, data.target[data.held_out])
    return _finite(float((weight / weight.mean() * rows).mean()), "held-out")
