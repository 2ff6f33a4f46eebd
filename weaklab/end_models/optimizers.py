"""What steps on gradients: AdamW, SGD, or what a user brings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import torch
from torch import nn

from weaklab.exceptions import ParameterError

#: From the parameters and the learning rate to an optimizer.
OptimizerLike: TypeAlias = "str | Callable[[Iterable[nn.Parameter], float], torch.optim.Optimizer]"
NAMES = ("auto", "adamw", "sgd", "lbfgs")


def build_optimizer(
    optimizer: OptimizerLike, module: nn.Module, learning_rate: float, weight_decay: float, device: torch.device
) -> torch.optim.Optimizer:
    """The optimizer that ``optimizer=`` stands for; "auto" is AdamW wherever training goes by batches.

    Raises
    ------
    ParameterError
        If a callable gives something else, or what cannot step without computing the loss again.
    """
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not isinstance(optimizer, str):
        built: Any = optimizer(parameters, learning_rate)
        if not isinstance(built, torch.optim.Optimizer):
            raise ParameterError(f"optimizer(parameters, {learning_rate}) gave {built!r}; it must give an Optimizer.")
        closure = inspect.signature(built.step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            raise ParameterError(
                f"optimizer={optimizer!r} gave {type(built).__name__}, whose steps need a closure that computes the "
                "loss again; training by batches has none. Use 'adamw', 'sgd' or another that steps on gradients; "
                "optimizer='lbfgs' with hidden=None trains linear classifiers so."
            )
        return built
    fused = device.type in ("cpu", "cuda")  # three times the speed on the CPU, at 65,536 x 100 weights
    if optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused)
    return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused)


def by_full_batches(model: Any, team_size: int, *, shape: tuple[int, ...]) -> bool:
    """Whether an EndModel is trained by L-BFGS on all rows at once.

    By "auto" it is, if it is linear and nothing was asked for that only training by batches can do. ``shape`` is that
    of a row.

    Raises
    ------
    ParameterError
        If "lbfgs" was asked for together with something of the kind.
    """
    if model.optimizer not in ("auto", "lbfgs"):
        return False
    by_batches = [
        name
        for name in ("module", "loss", "sampler", "peers", "batch_size", "learning_rate", "schedule", "clip_norm")
        if getattr(model, name) is not None
    ]
    by_batches += ["hidden"] if model.hidden is not None and model.module is None else []
    by_batches += ["accumulate"] if model.accumulate != 1 else []
    by_batches += ["checkpoint"] if model.checkpoint is not None else []
    by_batches += ["precision"] if model.precision not in ("auto", "float32") else []
    by_batches += ["task"] if model.task != "multiclass" else []
    by_batches += ["images"] if len(shape) > 1 else []
    by_batches += ["several processes"] if team_size > 1 else []
    if model.optimizer == "lbfgs" and by_batches:
        raise ParameterError(
            f"optimizer='lbfgs' trains linear classifiers on all rows at once, which {', '.join(by_batches)} cannot "
            "go with. Use hidden=None alone, or optimizer='adamw'."
        )
    return not by_batches
