"""What a network is trained for: its targets, its loss, and what its outputs mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from torch import Tensor
from torch.nn import functional

from weaklab.end_models.given_labels import GivenLabels
from weaklab.end_models.losses import LossTerm, SoftCrossEntropy, Step, Term, cross_entropy_rows
from weaklab.end_models.multilabel import read_multilabel_targets
from weaklab.end_models.selection import Selection
from weaklab.end_models.targets import Targets, read_targets
from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.typing import Floats

RowsLoss: TypeAlias = Callable[[Tensor, Tensor], Tensor]


class Task(Protocol):
    """What an end model needs to know of a task."""

    name: str
    loss: Term

    def read(self, labels: GivenLabels) -> Targets:
        """The targets, checked."""
        ...

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row, (b,), by which training is stopped and the temperature is chosen."""
        ...

    def probabilities(self, logits: Floats) -> Floats:
        """What logits (n, k) say, (n, k)."""
        ...


def softmax(logits: Floats) -> Floats:
    """Probabilities (n, k) of which logits (n, k) are the logarithms, up to a constant per row.

    Examples
    --------
    >>> softmax(np.log([[3.0, 1.0]]))
    array([[0.75, 0.25]])
    """
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


class Multiclass:
    """Each row has one class: a softmax over the logits, soft cross-entropy."""

    name = "multiclass"
    loss: Term = SoftCrossEntropy()

    def read(self, labels: GivenLabels) -> Targets:
        """See :func:`~weaklab.end_models.targets.read_targets`."""
        return read_targets(labels)

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The cross-entropy of each row, in nats."""
        return cross_entropy_rows(logits, target)

    def probabilities(self, logits: Floats) -> Floats:
        """Rows sum to 1."""
        return softmax(logits)


class BinaryCrossEntropy(LossTerm):
    r"""The cross-entropy of each class on its own, summed over classes and weighted by row, in nats.

    .. math:: -\frac1b \sum_i w_i \sum_y q_{iy} \ln p_{iy} + (1 - q_{iy}) \ln (1 - p_{iy})

    The loss of ``task="multilabel"``, with p the sigmoid of the logits.

    Examples
    --------
    >>> import torch
    >>> Multilabel().rows_loss(torch.zeros(1, 2), torch.tensor([[0.5, 1.0]]))
    tensor([1.3863])
    """

    tasks = ("multilabel", "multiclass")

    def __init__(self) -> None:
        pass

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return (step.weight * self.rows_loss(step.logits, step.target)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row."""
        return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(dim=1)

    def __repr__(self) -> str:
        return "BinaryCrossEntropy()"


class Multilabel:
    """A row has any number of classes: a sigmoid of each logit, the cross-entropy of each class."""

    name = "multilabel"
    loss: Term = BinaryCrossEntropy()

    def read(self, labels: GivenLabels) -> Targets:
        """See :func:`~weaklab.end_models.multilabel.read_multilabel_targets`."""
        if labels.selection != Selection():
            raise ParameterError(
                'which=, weight= and gold_weight= choose by the confidence in one class; with task="multilabel" give '
                "sample_weight instead."
            )
        return read_multilabel_targets(labels)

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The cross-entropy of each row, summed over classes, in nats."""
        return BinaryCrossEntropy().rows_loss(logits, target)

    def probabilities(self, logits: Floats) -> Floats:
        """Each class on its own."""
        return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))  # the sigmoid, without overflow


_TASKS: tuple[Task, ...] = (Multiclass(), Multilabel())


def find_task(task: str | Task) -> Task:
    """The task of a name.

    Raises
    ------
    ParameterError
        If there is none.

    Examples
    --------
    >>> find_task("multilabel").name
    'multilabel'
    """
    if not isinstance(task, str) and hasattr(task, "rows_loss"):
        return task
    names = {known.name: known for known in _TASKS}
    if not isinstance(task, str) or task not in names:
        raise ParameterError(f"task={task!r} is not known.{did_you_mean(task, names)}")
    return names[task]
