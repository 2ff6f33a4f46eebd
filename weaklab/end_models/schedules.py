"""How the learning rate moves with training: functions of the share of training that is over."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from weaklab.end_models.parameters import check_number
from weaklab.exceptions import ParameterError, did_you_mean

#: From the share of training that is over, 0 to below 1, to the share of the learning rate to use. One that also has
#: ``settled(progress) -> bool`` says from when on the held-out loss may end training and choose weights.
Schedule: TypeAlias = Callable[[float], float]


class Constant:
    """The learning rate itself, throughout.

    Examples
    --------
    >>> Constant()(0.9)
    1.0
    """

    def __call__(self, progress: float) -> float:
        """1."""
        return 1.0

    def __repr__(self) -> str:
        return "Constant()"


class Cosine:
    """Rise in a line from zero, then fall along half a cosine.

    Parameters
    ----------
    warmup : float in [0, 1), default=0.05
        The share of training that rises.
    floor : float in [0, 1), default=0.0
        The share of the learning rate at the end.

    Notes
    -----
    Loshchilov and Hutter (2017), doi:10.48550/arXiv.1608.03983, without restarts.

    Examples
    --------
    >>> [round(Cosine(warmup=0.2)(progress), 2) for progress in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, warmup: float = 0.05, floor: float = 0.0) -> None:
        check_number("warmup", warmup, below=1.0)
        check_number("floor", floor, below=1.0)
        self.warmup, self.floor = warmup, floor

    def __call__(self, progress: float) -> float:
        """The share of the learning rate."""
        if progress < self.warmup:
            return progress / self.warmup
        return self.floor + (1 - self.floor) * _fall((progress - self.warmup) / (1 - self.warmup))

    def __repr__(self) -> str:
        return f"Cosine(warmup={self.warmup:g}, floor={self.floor:g})"


class OneCycle:
    """Rise along a cosine from a 25th, then fall to nearly nothing.

    Parameters
    ----------
    peak : float in (0, 1), default=0.3
        The share of training that is over when the learning rate is reached.

    Notes
    -----
    Smith and Topin (2019), doi:10.48550/arXiv.1708.07120.

    Examples
    --------
    >>> [round(OneCycle()(progress), 2) for progress in (0.0, 0.3, 1.0)]
    [0.04, 1.0, 0.0]
    """

    start, end = 1 / 25, 1e-4

    def __init__(self, peak: float = 0.3) -> None:
        check_number("peak", peak, above=0.0, below=1.0)
        self.peak = peak

    def __call__(self, progress: float) -> float:
        """The share of the learning rate."""
        if progress < self.peak:
            return 1 - (1 - self.start) * _fall(progress / self.peak)
        return self.end + (1 - self.end) * _fall((progress - self.peak) / (1 - self.peak))

    def __repr__(self) -> str:
        return f"OneCycle(peak={self.peak:g})"


class Oscillating:
    """Hold a rate just below the one at which training diverges, then fall to nothing.

    At such a rate the loss bounces instead of settling. Rows that a strong feature explains (the keyword that a
    labeling function was written on) are then never quite done with, and what remains of their gradients goes on
    teaching the weak features of the same rows; at a small rate the strong feature alone brings the loss to zero, and
    rows without it are classified by chance.

    While the loss bounces, it says nothing of when to stop: ``patience`` counts, and the best weights are chosen, from
    when the rate has fallen to half.

    Parameters
    ----------
    max_lr : float or "edge", default="edge"
        The learning rate to hold, in the place of the model's ``learning_rate``; "edge" looks for it by short
        trainings from the same initial weights, see :func:`~weaklab.end_models.rate_search.edge_of_stability`.
    hold : float in (0, 1], default=0.7
        The share of training at that rate.

    Notes
    -----
    Lu et al. (2023), "Benign Oscillation of Stochastic Gradient Descent with Large Learning Rates",
    doi:10.48550/arXiv.2310.17074. The theory is of plain SGD: use it with ``optimizer="sgd"``. It is also of squared
    loss, and of filters that meet each feature on its own; there the gain shows. A trial with cross-entropy and the
    own network of :class:`EndModel`, on made-up texts with a keyword in each, showed none.

    Examples
    --------
    >>> [round(Oscillating(max_lr=0.2)(progress), 2) for progress in (0.0, 0.7, 0.85, 1.0)]
    [1.0, 1.0, 0.5, 0.0]
    """

    def __init__(self, max_lr: float | str = "edge", hold: float = 0.7) -> None:
        if max_lr != "edge":
            check_number("max_lr", max_lr, above=0.0)
        check_number("hold", hold, above=0.0)
        if hold > 1:
            raise ParameterError(f"hold={hold!r} must be at most 1, the whole of training.")
        self.max_lr, self.hold = max_lr, hold

    def __call__(self, progress: float) -> float:
        """The share of ``max_lr``."""
        return 1.0 if progress <= self.hold else _fall((progress - self.hold) / (1 - self.hold))

    def settled(self, progress: float) -> bool:
        """Whether the rate has fallen to half of ``max_lr``, at which what bounced converges."""
        return progress >= (1 + self.hold) / 2

    def __repr__(self) -> str:
        return f"Oscillating(max_lr={self.max_lr!r}, hold={self.hold:g})"


NAMED: dict[str, Callable[[], Schedule]] = {"constant": Constant, "cosine": Cosine, "one_cycle": OneCycle}


def resolve_schedule(schedule: str | Schedule | None) -> Schedule:
    """The schedule that ``schedule=`` stands for; None is constant.

    Raises
    ------
    ParameterError
        If it is neither a known name nor can be called.

    Examples
    --------
    >>> resolve_schedule("cosine")
    Cosine(warmup=0.05, floor=0)
    """
    if schedule is None:
        return Constant()
    if isinstance(schedule, str):
        if schedule not in NAMED:
            names = ", ".join(map(repr, NAMED))
            raise ParameterError(
                f"schedule={schedule!r} must be {names}, or a callable (progress) -> share of the learning rate."
                f"{did_you_mean(schedule, NAMED)}"
            )
        return NAMED[schedule]()
    if isinstance(schedule, type) or not callable(schedule):
        raise ParameterError(f"schedule={schedule!r} must be a name or a callable (progress) -> float.")
    return schedule


def share_at(schedule: Schedule, progress: float) -> float:
    """The share of the learning rate that a schedule gives, checked.

    Raises
    ------
    ParameterError
        If it is no finite number from 0.

    Examples
    --------
    >>> share_at(Constant(), 0.5)
    1.0
    """
    said: Any = schedule(progress)
    try:
        share = float(said)
    except (TypeError, ValueError):
        share = math.nan
    if not 0 <= share < math.inf:
        raise ParameterError(
            f"schedule={schedule!r} gave {said!r} when {progress:.3g} of training was over; it must give the share of "
            "the learning rate, a finite number from 0."
        )
    return share


def _fall(share: float) -> float:
    """From 1 to 0 along half a cosine."""
    return (1 + math.cos(math.pi * min(share, 1.0))) / 2
