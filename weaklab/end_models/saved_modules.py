"""What a file holds of an end model whose module a user wrote: its weights, for the module that is given at load."""

from __future__ import annotations

import copy
from typing import Any

import torch

from weaklab.end_models.borrowing import borrowed_torch
from weaklab.end_models.networks import build_module
from weaklab.end_models.peers import Twins
from weaklab.exceptions import ParameterError
from weaklab.persistence.classes import key_of


def on_cpu(state: dict[str, Any]) -> dict[str, Any]:
    """The state of an end model with the module on the CPU, so that it loads where there is no card."""
    if "module_" in state and any(value.is_cuda for value in state["module_"].state_dict().values()):
        return {**state, "module_": copy.deepcopy(state["module_"]).cpu()}
    return state


def saved_state(model: Any) -> dict[str, Any]:
    """What is saved of an end model.

    Modules of weaklab and common ones of torch are saved as they are, of all others only the weights: what they do is
    code.

    Parameters
    ----------
    model : EndModel

    Returns
    -------
    dict
    """
    state: dict[str, Any] = dict(model.__getstate__())
    module = state.get("module_")
    if module is not None and any(key_of(type(part)) is None for part in module.modules()):
        state["_weights"] = dict(state.pop("module_").state_dict())
    return state


def fill_module(model: Any) -> None:
    """Build the module of an end model that was loaded, from what the user gave as ``module``, and fill its weights.

    Parameters
    ----------
    model : EndModel
        As it was loaded.

    Raises
    ------
    ParameterError
        If the weights are of another module.
    """
    weights = vars(model).pop("_weights", None)
    if weights is None:
        return
    count = 1 if model.peers is None else 2
    with borrowed_torch(torch.device("cpu"), n_jobs=model.n_jobs, seed=0):
        draws = torch.Generator(device="cpu").manual_seed(0)
        shape, k = model.features_.shape_, len(model.classes_)
        build = [
            build_module(model.module, shape, k, hidden=model.hidden, dropout=model.dropout, generator=draws)
            for _ in range(count)
        ]
    module = build[0] if count == 1 else Twins(*build)
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ParameterError(f"the weights that were saved are not of module={model.module!r:.200}: {error}") from error
    model.module_ = module.eval()
