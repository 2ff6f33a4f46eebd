"""How a fitted model trains on: what must be as it was, and where the optimizer was left."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from weaklab.end_models.descriptions import described
from weaklab.exceptions import ClassError, ParameterError
from weaklab.typing import Classes
from weaklab.votes.classes import check_classes

if TYPE_CHECKING:
    from weaklab.end_models.end_model import EndModel
    from weaklab.end_models.training import Training

#: The arguments that make a network, which its weights are bound to, and those that make what steps on them.
NETWORK = ("hidden", "module", "dropout", "peers")
STEPPER = ("optimizer", "learning_rate", "weight_decay")


def described_arguments(model: Any, names: Iterable[str]) -> dict[str, str]:
    """Some arguments of a model in words.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> described_arguments(SimpleNamespace(hidden=9), ["hidden"])
    {'hidden': '9'}
    """
    return {name: described(getattr(model, name)) for name in names}


def check_goes_on(model: Any, built: Mapping[str, str]) -> None:
    """Refuse to train on where the arguments say another network than was built.

    Raises
    ------
    ParameterError
        If one has changed; all of them are named.
    """
    wanted = described_arguments(model, built)
    changed = [name for name in built if wanted[name] != built[name]]
    if changed:
        shown = ", ".join(f"{name}={wanted[name]} (it was {built[name]})" for name in changed)
        raise ParameterError(
            f"The network was made with other arguments than now: {shown}. Its weights cannot go on in another one: "
            "set them back, or train anew by fit with warm_start=False."
        )


def check_same_classes(classes: Classes, known: np.ndarray) -> None:
    """Refuse classes that are declared anew, and others than a model has learnt.

    Raises
    ------
    ClassError
        If they are others, or in another order.

    Examples
    --------
    >>> check_same_classes(["ham", "spam"], np.array(["ham", "spam"]))
    """
    declared = check_classes(classes)
    own = known.tolist()
    if declared is not None and declared != (len(own) if isinstance(declared, int) else own):
        raise ClassError(
            f"classes={classes!r}, but this model has learnt {own!r}, which no later part can change: leave classes "
            "out, or train a new model."
        )


def goes_on(model: EndModel, before: Mapping[str, Any]) -> bool:
    """Whether the optimizer of the last part is the one that the arguments say now."""
    return bool(before) and before["stepper"] == described_arguments(model, STEPPER)


def one_pass(model: EndModel, before: Mapping[str, Any]) -> EndModel:
    """The model, unfitted or not, as it goes over a part once: at the rate of the last part, where it goes on."""
    rate = before["rate"] if goes_on(model, before) else model.learning_rate
    once: EndModel = copy.copy(model).set_params(
        max_epochs=1, validation_fraction=0.0, monitor="auto", schedule=None, checkpoint=None, learning_rate=rate
    )
    return once


def left_by(model: EndModel, training: Training, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the next part needs to know of this one."""
    return {
        "calls": before.get("calls", 0) + 1,
        "stepper": described_arguments(model, STEPPER),
        "rate": training.learning_rate,
        "optimizer": copy.deepcopy(training.optimizer.state_dict()),
    }
