"""The training loop: batches as index slices over data on the device, early stopping on what is held out."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from weaklab.end_models.history import Run
from weaklab.end_models.inference import predict_logits
from weaklab.end_models.losses import Step, loss_value
from weaklab.end_models.networks import run_module
from weaklab.end_models.rows import take
from weaklab.end_models.training import Training
from weaklab.exceptions import NotConvergedWarning, ParameterError, warn_caller


def train(training: Training) -> Run:
    """Train until the held-out loss has not improved for ``patience`` epochs; leave the best weights in the model."""
    run = training.run
    with Watched(training) as bar:
        while run.epoch < training.max_epochs and not run.stopped and not run.stale(training.patience):
            started = time.perf_counter()
            train_loss = _train_epoch(training)
            held_out_loss = evaluate(training) if len(training.data.held_out) else float("nan")
            training.record(train_loss, held_out_loss, time.perf_counter() - started)
            stops = [callback(dict(run.log[-1]), training.model) for callback in training.callbacks]
            run.stopped = training.team.agreed(any(stops), training.data.target.device)
            if training.checkpoint is not None:
                training.checkpoint.epoch_over(training)
            bar.update()
    training.model.load_state_dict(run.best_state)
    return run


class Watched:
    """A progress bar; Ctrl-C and a loss that is no longer finite end training with a warning and the best weights.

    Before the first epoch is over, they are an error.
    """

    def __init__(self, training: Training) -> None:
        self.run, shown = training.run, training.progress
        delay = {"delay": 2.0} if shown is None else {}  # shown by itself only when training takes longer than that
        options = {"desc": "EndModel", "unit": "epoch", "disable": shown is False or training.team.rank > 0}
        self.bar = tqdm(total=training.max_epochs, initial=self.run.epoch, **options, **delay)

    def __enter__(self) -> Any:
        return self.bar

    def __exit__(self, kind: Any, reason: BaseException | None, trace: Any) -> bool:
        self.bar.close()
        if not isinstance(reason, (KeyboardInterrupt, FloatingPointError)):
            return False
        if self.run.best_state:
            warn_caller(
                f"Training ended early ({str(reason) or 'interrupted'}) after {self.run.epoch} epochs; "
                f"the weights of epoch {self.run.best_epoch + 1} are kept.",
                NotConvergedWarning,
            )
            return True
        if isinstance(reason, KeyboardInterrupt):
            return False
        raise ParameterError(f"{reason} in the first epoch: lower learning_rate, or look at loss=.") from reason


def _train_epoch(training: Training) -> float:
    run, data = training.run, training.data
    training.net.train()
    order = run.order  # of an epoch within which training was stopped
    if order is None:
        order = run.begin(data.train[training.sampler.epoch(training.rows, training.generator)])
    batches = training.batches(order)
    for batch in batches[run.step :]:
        progress = (run.epoch + run.step / len(batches)) / training.max_epochs
        training.set_rate(progress)
        run.total.add_(take_step(training, batch, progress), alpha=len(batch))
        run.step += 1
        if training.checkpoint is not None:
            training.checkpoint.step_over(training)
    return finite(float(training.team.total(run.total)) / len(order), "training")


def take_step(training: Training, batch: Tensor, progress: float) -> Tensor:
    """One step of the optimizer on some rows, fewer of them at a time where memory ends; this process's loss."""
    while True:
        try:
            value = _gradients(training, batch, progress)
            break
        except torch.OutOfMemoryError:
            if not training.halve(len(batch)):
                raise
    training.precision.step(training.optimizer, training.clip_norm)
    return value


def _gradients(training: Training, batch: Tensor, progress: float) -> Tensor:
    """Leave the gradients of the mean loss of a batch; give this process's share of that mean."""
    for parameter in training.parameters:  # what ``zero_grad`` does, without its profiling
        parameter.grad = None
    values: list[Tensor] = []
    parts, team = training.parts(batch), training.team
    for i, part in enumerate(parts):
        share = len(part) / len(batch)
        with team.quiet(training.net, last=i == len(parts) - 1):
            with training.precision.autocast():
                value = _loss(training, part, progress)
            training.precision.backward(value if share == 1 else value * (share * team.size))  # DDP takes the mean
        values.append(value.detach() if share == 1 else value.detach() * share)
    return values[0] if len(values) == 1 else torch.stack(values).sum()


def _loss(training: Training, index: Tensor, progress: float) -> Tensor:
    data, epoch = training.data, training.run.epoch
    x, target = take(data.rows, index), data.target.index_select(0, index)
    logits, features = run_module(training.net, x, data.k)
    weight, position = data.weight.index_select(0, index), data.position.index_select(0, index)
    step = Step(logits, features, target, weight, position, x, epoch, progress, training.model)
    return loss_value(training.loss, step)


def finite(value: float, what: str) -> float:
    """The value, if it is a number that training can go on with."""
    if not math.isfinite(value):
        raise FloatingPointError(f"the {what} loss is {value}")
    return value


@torch.no_grad()
def evaluate(training: Training) -> float:
    """The loss of the held-out rows per unit of weight, as the loss terms say; they may observe the agreement."""
    data, team = training.data, training.team
    index = team.part(data.held_out)
    logits = predict_logits(training.model, data.rows, data.k, index)
    target, weight = data.target[index], data.weight[index].double()
    sums = [weight @ training.rows_loss(logits, target).double(), weight.sum()]
    observe = getattr(training.loss, "observe", None)
    if observe is not None:
        sums.append(weight @ target.gather(1, logits.argmax(dim=1, keepdim=True))[:, 0].double())
    loss, total, *agreement = team.total(torch.stack(sums)).tolist()
    if observe is not None:
        observe(agreement[0] / total)
    return finite(loss / total, "held-out")
