"""Which learning rate to use: a range test, and the rate just below the one at which training diverges."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from weaklab.end_models.history import Run
from weaklab.end_models.loop import take_step
from weaklab.end_models.schedules import Constant
from weaklab.end_models.training import Training
from weaklab.end_models.training_rows import restore, state_of
from weaklab.exceptions import ParameterError

STEPS = 100  # of the range test
LOWEST, HIGHEST = 1e-6, 10.0
_SMOOTH = 0.9  # of the running mean of the loss
_DIVERGED = 3.0  # times the least smoothed loss, or that of the initial weights
_PARTS = 20  # of a short training, over which losses are averaged


@dataclass(frozen=True, eq=False)
class LearningRate:
    """What a range test found.

    Parameters
    ----------
    rate : float
        The learning rate to use.
    trace : DataFrame
        A row per step: rate, loss (nats), smoothed.
    """

    rate: float
    trace: pd.DataFrame = field(repr=False)


def search_rate(training: Training) -> LearningRate:
    """The range test on a training that has not begun, which is left as it was."""
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses: list[float] = []
    smoothed: list[float] = []
    mean = 0.0
    with undone(training):
        training.net.train()
        for i, batch in zip(range(STEPS), _batches(training), strict=False):
            training.learning_rate = float(rates[i])
            training.set_rate(0.0)
            losses.append(float(training.team.total(take_step(training, batch, 0.0))))
            mean = _SMOOTH * mean + (1 - _SMOOTH) * losses[-1]
            smoothed.append(mean / (1 - _SMOOTH ** (i + 1)))
            if not math.isfinite(mean) or smoothed[-1] > _DIVERGED * min(smoothed):
                break
    trace = pd.DataFrame({"rate": rates[: len(losses)], "loss": losses, "smoothed": smoothed})
    if not trace["smoothed"].notna().any():
        raise ParameterError("learning_rate='find': the loss is not finite from the first step on; look at loss=.")
    return LearningRate(float(rates[int(trace["smoothed"].idxmin())]) / 10, trace)


def edge_of_stability(training: Training, *, tests: int = 5) -> float:
    """The highest learning rate at which training does not diverge, to a fiftieth, from the same initial weights.

    A rate diverges if the mean loss of the second half of a short training (an epoch, or 400 steps if that is more)
    is above the loss of the initial weights, or that of any twentieth of it is above three times as much, or not
    finite: a network that was thrown far off and whose units are all dead since, has a moderate loss again. Rates are
    doubled until one does, then the gap is halved on the logarithmic scale. What is given is a twentieth less than the
    highest that held.
    """
    low, high = 1e-3, float("inf")
    start = float(_losses(training, 0.0, share=_PARTS)[0])
    if _diverges(training, low, start):
        raise ParameterError(f"schedule=Oscillating(max_lr='edge'): training diverges even at {low}. Give max_lr.")
    while high == float("inf") and low < HIGHEST:
        low, high = (low, 2 * low) if _diverges(training, 2 * low, start) else (2 * low, high)
    for _ in range(tests if high < float("inf") else 0):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if _diverges(training, middle, start) else (middle, high)
    return 0.95 * low


def _diverges(training: Training, rate: float, start: float) -> bool:
    parts = _losses(training, rate)
    return not (float(parts[_PARTS // 2 :].mean()) <= start and float(parts.max()) <= _DIVERGED * start)  # NaN: neither


def _losses(training: Training, rate: float, share: int = 1) -> Tensor:
    """The mean losses (20 / share,) of parts of a short training of one rate, which is undone."""
    size = max(400, len(training.batches(training.data.train))) // _PARTS
    losses: list[Tensor] = []
    with undone(training):
        training.learning_rate, training.schedule = rate, Constant()
        training.net.train()
        training.set_rate(0.0)
        for _, batch in zip(range(size * _PARTS // share), _batches(training), strict=False):
            losses.append(training.team.total(take_step(training, batch, 0.0)))
    return torch.stack(losses).view(-1, size).mean(dim=1)


def _batches(training: Training) -> Iterator[Tensor]:
    while True:
        order = training.sampler.epoch(training.rows, training.generator)
        yield from training.batches(training.data.train[order])


@contextmanager
def undone(training: Training) -> Iterator[None]:
    """Whatever is trained within is undone at its end: weights, optimizer, generators, memories, and settings."""
    parts = ("model", "optimizer", "precision")
    states = {name: copy.deepcopy(getattr(training, name).state_dict()) for name in parts}
    memories = {name: copy.deepcopy(state_of(getattr(training, name))) for name in ("loss", "sampler")}
    kept = training.learning_rate, training.schedule
    drawn, devices = training.generator.get_state(), [training.data.target.device]
    with torch.random.fork_rng(devices=devices if devices[0].type == "cuda" else []):
        try:
            yield
        finally:
            for name, state in states.items():
                getattr(training, name).load_state_dict(state)
            for name, memory in memories.items():
                restore(getattr(training, name), memory)
            training.learning_rate, training.schedule = kept
            training.generator.set_state(drawn)
            training.optimizer.zero_grad(set_to_none=True)
            training.run = Run()
