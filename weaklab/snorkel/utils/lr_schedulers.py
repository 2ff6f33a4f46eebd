"""Settings of learning rates that move, as in ``snorkel.utils.lr_schedulers``."""

from __future__ import annotations

from typing import NamedTuple


class ExponentialLRSchedulerConfig(NamedTuple):
    """Of ``lr_scheduler="exponential"``: what the rate is multiplied by after each batch."""

    gamma: float = 0.9


class StepLRSchedulerConfig(NamedTuple):
    """Of ``lr_scheduler="step"``: what the rate is multiplied by after every ``step_size`` batches."""

    gamma: float = 0.9
    step_size: int = 5


class LRSchedulerConfig(NamedTuple):
    """Of all of them.

    The rate rises from zero over ``warmup_steps`` (of ``warmup_unit``, "batches" or "epochs"), or, where these are 0,
    over the share ``warmup_percentage`` of training. What falls does not fall below ``min_lr``.
    """

    warmup_steps: float = 0
    warmup_unit: str = "batches"
    warmup_percentage: float = 0.0
    min_lr: float = 0.0
    exponential_config: ExponentialLRSchedulerConfig = ExponentialLRSchedulerConfig()
    step_config: StepLRSchedulerConfig = StepLRSchedulerConfig()
