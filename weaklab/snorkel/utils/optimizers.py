"""Settings of optimizers, as in ``snorkel.utils.optimizers``."""

from __future__ import annotations

from typing import NamedTuple


class SGDOptimizerConfig(NamedTuple):
    """Of ``optimizer="sgd"``."""

    momentum: float = 0.9


class AdamOptimizerConfig(NamedTuple):
    """Of ``optimizer="adam"``."""

    amsgrad: bool = False
    betas: tuple[float, float] = (0.9, 0.999)


class AdamaxOptimizerConfig(NamedTuple):
    """Of ``optimizer="adamax"``."""

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8


class OptimizerConfig(NamedTuple):
    """Of each optimizer."""

    sgd_config: SGDOptimizerConfig = SGDOptimizerConfig()
    adam_config: AdamOptimizerConfig = AdamOptimizerConfig()
    adamax_config: AdamaxOptimizerConfig = AdamaxOptimizerConfig()
