"""From an EndModel's arguments, features and labels to a training that is ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from weaklab.end_models.borrowing import resolve_device
from weaklab.end_models.checkpoints import Checkpoint, fingerprint
from weaklab.end_models.continuation import check_goes_on
from weaklab.end_models.descriptions import described
from weaklab.end_models.distributed import Team
from weaklab.end_models.given_labels import GivenLabels
from weaklab.end_models.inputs import Input, read_input, without_tensors
from weaklab.end_models.nested_dropout import NestedDropout, OrderedUnits
from weaklab.end_models.networks import build_module
from weaklab.end_models.optimizers import build_optimizer
from weaklab.end_models.parameters import check_parameters
from weaklab.end_models.plan import FeaturePlan
from weaklab.end_models.precision import compile_where_it_pays, resolve_precision
from weaklab.end_models.prefixes import choose_prefixes
from weaklab.end_models.rate_search import edge_of_stability, search_rate
from weaklab.end_models.rows import take
from weaklab.end_models.samplers import EveryRow
from weaklab.end_models.schedules import Oscillating, resolve_schedule
from weaklab.end_models.selection import Selection
from weaklab.end_models.streaming import place_rows
from weaklab.end_models.suitability import check_loss
from weaklab.end_models.targets import Targets
from weaklab.end_models.tasks import RowsLoss, Task, find_task
from weaklab.end_models.training import Training, TrainingData
from weaklab.end_models.training_rows import ready
from weaklab.exceptions import ParameterError
from weaklab.seeding import generator as numpy_generator
from weaklab.typing import Classes

if TYPE_CHECKING:
    from weaklab.end_models.end_model import EndModel

#: The fewest rows that a held-out loss is worth something over, of soft labels and of gold.
LEAST_SOFT, LEAST_GOLD = 5, 30
#: Learning rates by optimizer for a linear classifier and a network.
RATES = {"sgd": (0.5, 0.1), "adamw": (0.01, 0.002)}
#: What may differ between a training and the one whose checkpoint it goes on from.
_FREE = {
    *("max_epochs", "patience", "tolerance", "checkpoint", "checkpoint_every", "progress", "callbacks", "n_jobs"),
    *(
        "device",
        "stream",
        "random_state",
        "module",
        "compile",
        "warm_start",
        "column",
        "columns",
        "classes",
        "max_features",
    ),
    *("encode", "task", "which", "weight", "gold_weight", "calibrate"),
}

#: What may differ between the processes that train one model.
_OF_A_PROCESS = {"device", "n_jobs", "progress", "callbacks"}


@dataclass(frozen=True, eq=False)
class Given:
    """What ``fit`` was given, read: the task, the plan and the features it makes, the labels, the device, the seed."""

    task: Task
    found: Input
    plan: FeaturePlan
    features: Any
    targets: Targets
    device: torch.device
    seed: int


def read_rows(
    model: EndModel,
    X: Any,
    soft: Any,
    sample_weight: Any,
    *,
    transform: Callable[[Input], Any] | None = None,
    classes: Classes = None,
) -> Given:
    """Check the arguments, learn the features and read the labels.

    A fitted model keeps its features and classes: it gives ``transform``, by which it reads rows.
    """
    check_parameters(model)
    resolve_schedule(model.schedule)
    task, selection = find_task(model.task), Selection(model.which, model.weight, model.gold_weight)
    _check_fits(model, task)
    check_loss(model.loss, task)
    device = resolve_device(model.device)
    found = read_input(X)
    if transform is not None:
        check_goes_on(model, model._built)
        plan, features = model.features_, transform(found)
    else:
        plan = FeaturePlan(
            column=model.column,
            columns=model.columns,
            max_features=model.max_features,
            encode=model.encode,
            images_as_is=model.module is not None,
            in_place=model.stream is not False,
        )
        features = plan.fit_transform(found.data)
    labels = GivenLabels(
        without_tensors(soft),
        features.shape[0],
        classes=classes if classes is not None else model.classes,
        sample_weight=sample_weight,
        index=found.index,
        known=None if transform is None else model.classes_,
        selection=selection,
    )
    targets = task.read(labels)
    seed = int(numpy_generator(model.random_state).integers(2**31))
    return Given(task, found, plan, features, targets, device, seed)


def _check_fits(model: EndModel, task: Task) -> None:
    """Refuse what goes by the one class of a row, where a row has not one."""
    if model.peers is not None and model.which == "semi-supervised":
        raise ParameterError(
            f"peers={model.peers!r} choose rows by their labels: which='semi-supervised' has some without."
        )
    by_class = {"peers": model.peers is not None, "dropout": isinstance(model.dropout, NestedDropout)}
    for name, given in by_class.items():
        if given and task.name != "multiclass":
            raise ParameterError(f"{name}={getattr(model, name)!r} needs task='multiclass', not {task.name!r}.")


def prepare(model: EndModel, given: Given, *, module: nn.Module | None = None) -> Training:
    """A training on the device, with a learning rate found if it was asked for, and resumed from its checkpoint.

    Parameters
    ----------
    model : EndModel
        Whose arguments, checked, say how.
    given : Given
        The rows.
    module : nn.Module, optional
        To go on from; None builds a new one.
    """
    features, targets, device, seed = given.features, given.targets, given.device, given.seed
    draws, team = torch.Generator(device="cpu").manual_seed(seed), Team.present()
    monitor = "soft" if model.monitor == "auto" and model.gold_weight else model.monitor  # gold is to be trained on
    held_out = model.validation_fraction, monitor
    data = training_data(features, targets, draws, device, *held_out, given.task.rows_loss, model.stream)
    team.check_same(_shared(model, data, seed, team))
    if module is None:
        module = new_module(model, given.plan.shape_, len(targets.classes), draws)
    module = module.to(device)
    compile_where_it_pays(model.compile, module, device, sparse=given.plan.sparse_)
    schedule = resolve_schedule(model.schedule)
    held = schedule.max_lr if isinstance(schedule, Oscillating) else None
    rate = held if held is not None else model.learning_rate
    named = RATES["sgd" if model.optimizer == "sgd" else "adamw"]
    first = rate if isinstance(rate, (int, float)) else named[model.hidden is not None or model.module is not None]
    loss = given.task.loss if model.loss is None else model.loss
    training = Training(
        model=module,
        data=data,
        loss=loss if model.peers is None else model.peers.around(loss),
        optimizer=build_optimizer(model.optimizer, module, first, model.weight_decay, device),
        generator=draws,
        precision=resolve_precision(model.precision, device, module),
        learning_rate=first,
        batch_size=model.batch_size or _batch_size(len(data.train)),
        max_epochs=model.max_epochs,
        patience=model.patience,
        tolerance=model.tolerance,
        sampler=EveryRow() if model.sampler is None else model.sampler,
        schedule=schedule,
        accumulate=model.accumulate,
        clip_norm=model.clip_norm,
        team=team,
        callbacks=tuple(model.callbacks or ()),
        progress=model.progress,
    )
    settings = _settings(model, training, seed)
    training.loss = ready(training.loss, training.rows)
    training.sampler = ready(training.sampler, training.rows)
    if rate == "edge":
        training.learning_rate = edge_of_stability(training)
    elif rate == "find":
        training.learning_rate = search_rate(training).rate
    if model.checkpoint is not None:
        training.checkpoint = Checkpoint(model.checkpoint, model.checkpoint_every, settings, data)
        training.checkpoint.resume(training)
    return training


def new_module(model: EndModel, shape: tuple[int, ...], k: int, draws: torch.Generator) -> nn.Module:
    """What the arguments say to train: one network, or two that teach each other."""

    def build() -> nn.Module:
        return build_module(model.module, shape, k, hidden=model.hidden, dropout=model.dropout, generator=draws)

    return build() if model.peers is None else model.peers.pair(build)


def training_data(
    features: Any,
    targets: Targets,
    draws: torch.Generator,
    device: torch.device,
    fraction: float,
    monitor: str,
    rows_loss: RowsLoss,
    stream: bool | str = "auto",
) -> TrainingData:
    """Rows of weight above 0, and those wanted without labels, on or for the device, shuffled; some are held out."""
    used = targets.seen
    weight = targets.weight[used]
    order = torch.randperm(len(used), generator=draws, device="cpu")
    gold = np.zeros(len(used), dtype=bool) if targets.gold is None else targets.gold[used] >= 0
    held_out, what = _held_out(order.numpy()[weight[order.numpy()] > 0], gold, fraction, monitor)
    train = order[torch.from_numpy(~np.isin(order.numpy(), held_out))]
    kept = features if len(used) == features.shape[0] else features[used]
    return TrainingData(
        rows=place_rows(kept, device, stream),
        target=torch.tensor(targets.probs[used], dtype=torch.float32, device=device),
        weight=torch.tensor(weight / weight.mean(), dtype=torch.float32, device=device),
        position=torch.tensor(used, dtype=torch.int64, device=device),
        n_positions=len(targets.probs),
        train=train.to(device),
        held_out=torch.from_numpy(held_out).to(device),
        monitor=what,
        rows_loss=rows_loss,
    )


def _held_out(order: np.ndarray, gold: np.ndarray, fraction: float, monitor: str) -> tuple[np.ndarray, str]:
    """The rows held out, the first in the random order: of gold rows if they are what to monitor, else of all."""
    most = int(fraction * len(order))
    of_gold = order[gold[order]]
    if monitor == "gold" and most and not len(of_gold):
        raise ParameterError("monitor='gold' needs rows with gold: SoftLabels(..., gold=...), -1 where it is unknown.")
    few = min(most, len(of_gold))
    if (monitor == "gold" and few) or (monitor == "auto" and few >= LEAST_GOLD and few < len(order)):
        chosen = of_gold[: few if few < len(order) else len(order) - 1]
        return chosen, "gold"
    return order[: most if most >= LEAST_SOFT else 0], "soft"  # a loss over fewer rows is noise


def _settings(model: EndModel, training: Training, seed: int) -> dict[str, str]:
    """What a training must share with the one whose checkpoint it goes on from, in words."""
    arguments = {name: described(value) for name, value in model.get_params(deep=False).items() if name not in _FREE}
    shapes = [(name, tuple(value.shape)) for name, value in training.model.state_dict().items()]
    module = f"{described(training.model)} {shapes}"
    own = {"random_state": str(seed), "module": module, "processes": str(training.team.size)}
    return {**arguments, **own}


def _shared(model: EndModel, data: TrainingData, seed: int, team: Team) -> dict[str, str]:
    """What all processes of a team must have in common, by name; nothing where there is one alone."""
    if team.alone:
        return {}
    given = model.get_params(deep=False).items()
    arguments = {name: described(value) for name, value in given if name not in _OF_A_PROCESS}
    own = {"checkpoint": str(model.checkpoint is None), "random_state": str(seed), "rows or labels": fingerprint(data)}
    return {**arguments, **own}


def _batch_size(n: int) -> int:
    """A twentieth of the rows, as a power of two from 16 to 1,024: enough steps per epoch, and no more."""
    return int(min(1024, max(16, 2 ** int(np.log2(max(n / 20, 1))))))


def finish(training: Training) -> None:
    """What is left to choose on held-out rows when the weights are final: how many hidden units predict."""
    data = training.data
    if len(data.held_out) and any(isinstance(part, OrderedUnits) for part in training.model.modules()):
        choose_prefixes(training.model, take(data.rows, data.held_out), data.target[data.held_out])
