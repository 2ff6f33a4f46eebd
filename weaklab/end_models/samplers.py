"""Which rows an epoch of training sees: all of them, a fresh part, or as many of each class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from weaklab.end_models.parameters import check_number, check_share
from weaklab.end_models.training_rows import TrainingRows


class Sampler(Protocol):
    """What chooses the rows of an epoch: any object with this method.

    A sampler that remembers something from one epoch to the next also has ``start(rows)``, which gives a fresh copy
    of it, and ``state_dict()`` and ``load_state_dict(state)``, by which a training that was stopped goes on.
    """

    def epoch(self, rows: TrainingRows, generator: torch.Generator) -> Tensor:
        """The rows of the next epoch, in the order in which they are to be seen.

        Parameters
        ----------
        rows : TrainingRows
            The n rows that are trained on.
        generator : torch.Generator
            On the CPU; the only source of randomness.

        Returns
        -------
        Tensor of int64 of shape (any,)
            Row numbers from 0 to n - 1, at least one, on ``rows.device``. A row may occur several times.
        """
        ...


class EveryRow:
    """Every row once, in a random order: the default.

    Examples
    --------
    >>> rows = TrainingRows.of(torch.full((4, 2), 0.5))
    >>> sorted(EveryRow().epoch(rows, torch.Generator().manual_seed(0)).tolist())
    [0, 1, 2, 3]
    """

    def epoch(self, rows: TrainingRows, generator: torch.Generator) -> Tensor:
        """A random order (n,) of all rows."""
        return torch.randperm(rows.n, generator=generator, device="cpu").to(rows.device)

    def __repr__(self) -> str:
        return "EveryRow()"


class RepeatedRandom:
    """A fresh random part of the rows in each epoch, so that accuracy comes after a fraction of the time.

    An epoch is ``ceil(fraction * n)`` rows. Without replacement, epochs walk through one random order of all rows, so
    that the first ``ceil(1 / fraction)`` epochs see every row, and a new order is drawn when it is exhausted; an epoch
    in which an order ends is filled from the start of the next.

    Parameters
    ----------
    fraction : float in (0, 1], default=0.1
        The share of rows in an epoch.
    replacement : bool, default=False
        Draw each epoch anew from all rows; within an epoch no row occurs twice either way.

    Raises
    ------
    ParameterError
        If ``fraction`` is out of range.

    Notes
    -----
    Okanovic et al. (2023), "Repeated Random Sampling for Minimizing the Time-to-Accuracy of Learning",
    doi:10.48550/arXiv.2305.18424. Learning rates that fall with training must fall over the shorter epochs, as they
    do when they follow ``Step.progress``.

    Examples
    --------
    >>> rows, draws = TrainingRows.of(torch.full((10, 2), 0.5)), torch.Generator().manual_seed(0)
    >>> sampler = RepeatedRandom(0.5).start(rows)
    >>> sorted(torch.cat([sampler.epoch(rows, draws) for _ in range(2)]).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    def __init__(self, fraction: float = 0.1, *, replacement: bool = False) -> None:
        self.fraction, self.replacement = check_share("fraction", fraction, from_zero=False), bool(replacement)
        self._left = torch.zeros(0, dtype=torch.int64, device="cpu")

    def start(self, rows: TrainingRows) -> RepeatedRandom:
        """A fresh copy, which begins with a new order."""
        return RepeatedRandom(self.fraction, replacement=self.replacement)

    def epoch(self, rows: TrainingRows, generator: torch.Generator) -> Tensor:
        """The next part of the rows, ``ceil(fraction * n)`` of them."""
        size = max(1, math.ceil(round(self.fraction * rows.n, 6)))  # 0.1 * 30 is a little above 3
        left = self._left if not self.replacement else self._left[:0]
        chosen, left = left[:size], left[size:]
        if len(chosen) < size:
            order = torch.randperm(rows.n, generator=generator, device="cpu")
            if len(chosen):  # their turn comes last, so that no row is twice in one epoch
                late = torch.isin(order, chosen)
                order = torch.cat([order[~late], order[late]])
            missing = size - len(chosen)
            chosen, left = torch.cat([chosen, order[:missing]]), order[missing:]
        if not self.replacement:
            self._left = left
        return chosen.to(rows.device)

    def state_dict(self) -> dict[str, Any]:
        """The rest of the order that is being walked through."""
        return {"left": self._left.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where :meth:`state_dict` was taken."""
        self._left = torch.as_tensor(state["left"], dtype=torch.int64, device="cpu").clone()

    def __repr__(self) -> str:
        return f"RepeatedRandom({self.fraction:g}{', replacement=True' if self.replacement else ''})"


class ClassBalanced:
    r"""Rows drawn with replacement so that rare classes are seen as often as frequent ones.

    Row i is drawn with odds

    .. math:: \sum_y \frac{q_{iy}}{s_y^{1 - \mathrm{power}}},

    where q are the soft labels and s the shares of the classes in them, by weight. With hard labels, class y then
    makes up a share of the rows in proportion to :math:`s_y^{\mathrm{power}}`; soft labels that mix frequent and
    rare classes bring their frequent classes along.

    Parameters
    ----------
    power : float in [0, 1], default=0.0
        0 sees all classes equally often, 0.5 by the square root of their shares, 1 as often as they are.
    fraction : float above 0, default=1.0
        How many rows an epoch has, as a share of all rows.

    Raises
    ------
    ParameterError
        If an argument is out of range.

    Notes
    -----
    Kang et al. (2020), "Decoupling Representation and Classifier for Long-Tailed Recognition",
    doi:10.48550/arXiv.1910.09217, compare the powers 0, 1/2 and 1. Row weights stay in the loss and are not drawn by.

    Examples
    --------
    >>> rows = TrainingRows.of(torch.eye(2)[[0] * 900 + [1] * 100])
    >>> drawn = ClassBalanced().epoch(rows, torch.Generator().manual_seed(0))
    >>> round(rows.target[drawn, 1].mean().item(), 1)
    0.5
    """

    def __init__(self, power: float = 0.0, *, fraction: float = 1.0) -> None:
        check_number("fraction", fraction, above=0.0)
        self.power, self.fraction = check_share("power", power), float(fraction)

    def epoch(self, rows: TrainingRows, generator: torch.Generator) -> Tensor:
        """``ceil(fraction * n)`` rows, drawn independently."""
        share = rows.class_share.double()
        scale = torch.where(share > 0, share, 1.0) ** (self.power - 1.0)  # a class without mass is in no row
        odds = (rows.target.double() @ scale).cpu().cumsum(0)
        size = max(1, math.ceil(round(self.fraction * rows.n, 6)))
        draws = torch.rand(size, generator=generator, dtype=torch.float64, device="cpu") * odds[-1]
        return torch.searchsorted(odds, draws, right=True).clamp_(max=rows.n - 1).to(rows.device)

    def __repr__(self) -> str:
        return f"ClassBalanced({self.power:g}{'' if self.fraction == 1 else f', fraction={self.fraction:g}'})"
