"""Tensors and modules of torch as plain arrays and dicts, for :mod:`weaklab.persistence`, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from weaklab.exceptions import PersistenceError

# numpy has no bfloat16: its bits are saved.
_AS_BITS = {"bfloat16": torch.int16}
_DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
#: What a module of torch keeps for itself; hooks are code, and are left out.
_PARTS = ("_parameters", "_buffers", "_modules")
_KEPT = (*_PARTS, "_non_persistent_buffers_set", "training")


def take_apart(item: Any) -> dict[str, Any]:
    """What a tensor, a parameter, a device or a dtype is, in arrays and words.

    Raises
    ------
    PersistenceError
        If it is a tensor of another kind, such as a sparse one.
    """
    if isinstance(item, torch.device):
        return {"kind": "device", "name": str(item)}
    if isinstance(item, torch.dtype):
        return {"kind": "dtype", "name": _name(item)}
    name = _name(item.dtype)
    if item.layout != torch.strided or item.is_quantized or name not in _DTYPES:
        raise PersistenceError(f"a tensor of {item.dtype} and layout {item.layout} cannot be saved.")
    plain = item.detach().cpu()
    bits = plain.view(_AS_BITS[name]) if name in _AS_BITS else plain
    kind = "parameter" if isinstance(item, nn.Parameter) else "tensor"
    return {"kind": kind, "dtype": name, "array": bits.numpy(), "grad": item.requires_grad}


def put_together(said: dict[str, Any]) -> Any:
    """The tensor, parameter, device or dtype again; tensors on the CPU.

    Examples
    --------
    >>> put_together(take_apart(torch.tensor([1.5], dtype=torch.bfloat16)))
    tensor([1.5000], dtype=torch.bfloat16)
    """
    kind = said["kind"]
    if kind == "device":
        return torch.device(said["name"])
    name = said["name"] if kind == "dtype" else said["dtype"]
    if name not in _DTYPES or kind not in ("dtype", "tensor", "parameter"):
        raise PersistenceError(f"{kind!r:.40} of {name!r:.40} is nothing of torch that is loaded.")
    if kind == "dtype":
        return getattr(torch, name)
    array = said["array"]
    if not isinstance(array, np.ndarray) or array.dtype.hasobject:
        raise PersistenceError("a tensor is no array of numbers.")
    tensor = torch.from_numpy(array)
    if name in _AS_BITS and tensor.dtype == _AS_BITS[name]:
        tensor = tensor.view(getattr(torch, name))
    if _name(tensor.dtype) != name:
        raise PersistenceError(f"a tensor of {name} is an array of {array.dtype}.")
    grad = bool(said["grad"])
    return nn.Parameter(tensor, requires_grad=grad) if kind == "parameter" else tensor.requires_grad_(grad)


def module_state(module: nn.Module) -> dict[str, Any]:
    """All that a module holds but hooks."""
    fresh = nn.Module().__dict__
    return {name: value for name, value in vars(module).items() if name in _KEPT or name not in fresh}


def make_module(kind: Any, state: dict[str, Any]) -> nn.Module:
    """A module of a class and its state, with no hooks."""
    if not issubclass(kind, nn.Module):
        raise PersistenceError(f"{kind.__name__} is no module.")
    module: nn.Module = kind.__new__(kind)
    nn.Module.__init__(module)
    for name, wanted in zip(_PARTS, (nn.Parameter, torch.Tensor, nn.Module), strict=True):
        held = state[name]
        if not isinstance(held, dict) or not all(value is None or isinstance(value, wanted) for value in held.values()):
            raise PersistenceError(f"{name} of a {kind.__name__} holds something else.")
        getattr(module, name).update(held)
    vars(module).update({name: value for name, value in state.items() if name not in _PARTS})
    return module


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
