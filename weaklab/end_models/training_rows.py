"""What loss terms and samplers may know of the rows before the first step, and what they remember between steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """The rows that are trained on, without those held out: what there is to know before the first step.

    Parameters
    ----------
    target : Tensor of float32 of shape (n, k)
        The soft labels; each row sums to 1.
    weight : Tensor of float32 of shape (n,)
        The weight of each row, above 0; 0 where it is trained on without its label.
    index : Tensor of int64 of shape (n,)
        The position of each row in what was given to ``fit``; what :class:`Step` calls ``index``.
    n_positions : int
        A number above all of ``index``: how many rows were given to ``fit``.

    Examples
    --------
    >>> rows = TrainingRows.of([[0.5, 0.5], [0.0, 1.0]], weight=[1.0, 3.0])
    >>> rows.n, rows.k, rows.class_share
    (2, 2, tensor([0.1250, 0.8750]))
    """

    target: Tensor
    weight: Tensor
    index: Tensor
    n_positions: int

    @classmethod
    def of(cls, target: Any, weight: Any = None) -> TrainingRows:
        """Rows on the CPU, numbered from 0, for training loops of one's own."""
        probs = torch.as_tensor(target, dtype=torch.float32, device="cpu")
        n = len(probs)
        weights = probs.new_ones(n) if weight is None else torch.as_tensor(weight, dtype=torch.float32, device="cpu")
        return cls(probs, weights, torch.arange(n, device="cpu"), n)

    def __repr__(self) -> str:
        return f"TrainingRows({self.n:,} rows, {self.k} classes, {self.device})"

    @property
    def n(self) -> int:
        """How many rows are trained on."""
        return len(self.target)

    @property
    def k(self) -> int:
        """How many classes there are."""
        return int(self.target.shape[1])

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        return self.target.device

    @property
    def class_share(self) -> Tensor:
        """The share (k,) of each class among the soft labels, by weight; it sums to 1."""
        mass = self.weight.double() @ self.target.double()
        return (mass / mass.sum()).float()


def ready(part: Part, rows: TrainingRows) -> Part:
    """A loss term or a sampler that is ready for one training, which shares nothing with any other.

    Parts that remember something between steps have a method ``start(rows)``, which gives a fresh copy and leaves
    the part itself as it was; so two trainings with one and the same term do not meet. All else is given as it is.

    Examples
    --------
    >>> rows = TrainingRows.of([[0.5, 0.5]])
    >>> ready(len, rows) is len
    True
    """
    start = getattr(part, "start", None)
    fresh: Part = part if start is None else start(rows)
    return fresh


def state_of(part: Any) -> dict[str, Any]:
    """What a started part remembers, as a dict of tensors and plain values to be saved; empty for most."""
    state = getattr(part, "state_dict", None)
    return {} if state is None else dict(state())


def restore(part: Any, state: Mapping[str, Any]) -> None:
    """Give a started part back what :func:`state_of` gave, on whatever device it is now."""
    load = getattr(part, "load_state_dict", None)
    if load is not None:
        load(state)
