"""How the learning rate of a Trainer moves: schedules of the end models, counted in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weaklab.end_models.schedules import Constant, Schedule
from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.snorkel.utils.lr_schedulers import LRSchedulerConfig

NAMES = ("constant", "linear", "exponential", "step")


@dataclass(frozen=True)
class ByBatches:
    """The share of the rate after some batches: it rises in a line from zero, then falls as ``decay`` says.

    Parameters
    ----------
    total : int
        The batches of all training.
    warmup : int
        Those over which it rises.
    decay : callable
        From the batches after these to the share.
    floor : float
        The least share then.

    Examples
    --------
    >>> rate = ByBatches(total=10, warmup=2, decay=lambda batches: 0.5**batches)
    >>> [rate(batches / 10) for batches in (0, 1, 2, 3)]
    [0.0, 0.5, 1.0, 0.5]
    """

    total: int
    warmup: int
    decay: Callable[[int], float]
    floor: float = 0.0

    def __call__(self, progress: float) -> float:
        """The share of the learning rate."""
        batches = round(progress * self.total)
        if batches < self.warmup:
            return batches / self.warmup
        return max(self.decay(batches - self.warmup), self.floor)


def warmup_batches(config: LRSchedulerConfig, per_epoch: int, total: int) -> int:
    """Over how many batches the rate rises.

    Raises
    ------
    ParameterError
        If the number is below 0, or its unit not known.
    """
    steps, unit = config.warmup_steps, config.warmup_unit
    if steps < 0:
        raise ParameterError(f"warmup_steps={steps!r} must be 0 or more.")
    if not steps:
        return int(config.warmup_percentage * total)
    if unit not in ("batches", "epochs"):
        raise ParameterError(f"warmup_unit must be 'batches' or 'epochs', but {unit} found.")
    return int(steps * per_epoch) if unit == "epochs" else int(steps)


def resolve(name: str, config: LRSchedulerConfig, lr: float, total: int, warmup: int) -> Schedule:
    """The schedule that ``lr_scheduler=`` stands for.

    Parameters
    ----------
    name : {"constant", "linear", "exponential", "step"}
        How it falls.
    config : LRSchedulerConfig
        How fast.
    lr : float
        The learning rate, of which schedules are shares.
    total, warmup : int
        The batches of training, and those over which it rises.

    Raises
    ------
    ParameterError
        If the name is not known.
    """
    left, exponential, step = max(total - warmup, 1), config.exponential_config, config.step_config
    decays: dict[str, Callable[[int], float]] = {
        "constant": lambda batches: 1.0,
        "linear": lambda batches: max(1 - batches / left, 0.0),
        "exponential": lambda batches: exponential.gamma**batches,
        "step": lambda batches: step.gamma ** (batches // step.step_size),
    }
    if name not in decays:
        raise ParameterError(f"Unrecognized lr scheduler option '{name}'.{did_you_mean(name, NAMES)}")
    if name == "constant" and not warmup:
        return Constant()
    floor = 0.0 if name == "constant" or not lr else config.min_lr / lr
    return ByBatches(total, warmup, decays[name], floor)
