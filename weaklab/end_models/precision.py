"""The numbers that training computes in: float32, or half of it where that pays; and compiled modules."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from weaklab.exceptions import ParameterError

DTYPES = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
#: Below this many weights a step on a card is bound by the launch of its kernels, which neither half precision nor
#: compilation of small matrices shortens enough to be worth a minute of compiling or less exact sums.
LARGE = 1_000_000


class Precision:
    """How a step computes: casts around the module, a scaled loss where float16 needs it, and the optimizer's step.

    Parameters
    ----------
    kind : {"float32", "bf16", "fp16"}
        float32 throughout; or matrix products in bfloat16 or float16, with weights, losses and updates in float32.
    device : torch.device
        Where training runs.

    Notes
    -----
    Mixed precision and loss scaling are those of Micikevicius et al. (2018), doi:10.48550/arXiv.1710.03740. bfloat16
    has the range of float32 and needs no scaling.

    Examples
    --------
    >>> Precision("bf16", torch.device("cpu"))
    Precision('bf16')
    """

    def __init__(self, kind: str, device: torch.device) -> None:
        self.kind, self.device, self.dtype = kind, device, DTYPES[kind]
        self.scaler = torch.amp.GradScaler(device.type) if kind == "fp16" else None

    def __repr__(self) -> str:
        return f"Precision({self.kind!r})"

    def autocast(self) -> AbstractContextManager[Any]:
        """Within: matrix products are computed in the chosen type."""
        return nullcontext() if self.dtype is None else torch.autocast(self.device.type, self.dtype)

    def backward(self, value: Tensor) -> None:
        """Add the gradients of a loss."""
        (value if self.scaler is None else self.scaler.scale(value)).backward()

    def step(self, optimizer: torch.optim.Optimizer, clip_norm: float | None) -> None:
        """Let the optimizer step, with gradients no longer than ``clip_norm`` together; float16 skips overflows."""
        if self.scaler is not None and clip_norm is not None:
            self.scaler.unscale_(optimizer)
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(
                [value for group in optimizer.param_groups for value in group["params"]], clip_norm
            )
        if self.scaler is None:
            optimizer.step()
        else:
            self.scaler.step(optimizer)
            self.scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """The scale of the loss, where there is one."""
        return {} if self.scaler is None else self.scaler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a state that was saved."""
        if self.scaler is not None:
            self.scaler.load_state_dict(state)


def resolve_precision(precision: str, device: torch.device, module: nn.Module) -> Precision:
    """The precision that ``precision=`` stands for.

    Parameters
    ----------
    precision : {"auto", "float32", "bf16", "fp16"}
        "auto" is bf16 for modules of a million weights or more on a card that computes in it, else float32.
    device : torch.device
        Where training runs.
    module : nn.Module
        What is trained.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if precision == "auto":
        ready = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        precision = "bf16" if ready and n_weights(module) >= LARGE else "float32"
    if precision not in DTYPES:
        raise ParameterError(f"precision={precision!r} must be 'auto', 'float32', 'bf16' or 'fp16'.")
    return Precision(precision, device)


def compile_where_it_pays(asked: bool | str, module: nn.Module, device: torch.device, *, sparse: bool) -> None:
    """Compile a module in place if asked to, or by "auto" if it is large, on a card, and gets dense rows.

    The module's own ``compile`` keeps its class and the names of its weights.
    """
    pays = device.type == "cuda" and not sparse and n_weights(module) >= LARGE
    if asked is True or (asked == "auto" and pays):
        module.compile()


def n_weights(module: nn.Module) -> int:
    """How many numbers a module trains.

    Examples
    --------
    >>> n_weights(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
