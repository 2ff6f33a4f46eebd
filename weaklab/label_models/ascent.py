"""Climb an objective by alternating two steps, from one start or from several.

EM and mean-field variational Bayes have the same skeleton: what the rows are expected to be gives parameters, these
give expectations and the objective. A model supplies one such round; the loop, the restarts and the warning stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np

from weaklab.exceptions import NotConvergedWarning, warn_caller

State = TypeVar("State")

#: Rounds before a climb counts as slow, and is extrapolated.
PLAIN = 20
#: The longest leap, in rounds.
LONGEST = 100.0


@dataclass(frozen=True, eq=False)
class Ascent(Generic[State]):
    """Where a climb ended.

    Parameters
    ----------
    state : object
        The last expectations; parameters follow from them.
    path : list of float
        The objective at each round.
    converged : bool
        Whether the last round gained less than the tolerance.
    """

    state: State
    path: list[float]
    converged: bool

    def warn(self, name: str) -> Ascent[State]:
        """Warn on behalf of a model if it stopped before it settled; returns itself."""
        if not self.converged:
            warn_caller(
                f"{name} stopped after max_iter={len(self.path)} iterations, before it settled.", NotConvergedWarning
            )
        return self


def ascend(
    improve: Callable[[State], tuple[State, float]], start: State, *, max_iter: int, tol: float, rows: float
) -> Ascent[State]:
    """Repeat a round until it gains less than ``tol`` per row, ``max_iter`` times at most.

    Where expectations can be extrapolated (tuples of arrays that are not negative), it must also have less than that
    left to gain: what gains add up to that go on shrinking as the last two did. A climb that has not ended after
    ``PLAIN`` rounds is slow: from then on every third round starts from expectations that are extrapolated from the
    last three (squared extrapolation: Varadhan and Roland, 2008, doi:10.1111/j.1467-9469.2007.00585.x); where that
    leads lower, it is dropped.

    Parameters
    ----------
    improve : callable
        From expectations to the parameters that fit them best, and on to the next expectations and the objective.
    start : object
        The first expectations.
    max_iter : int
        The most rounds.
    tol : float
        In nats per row.
    rows : float
        The total weight of the rows; where it is 0 there is nothing to climb.

    Returns
    -------
    Ascent
    """
    converged = rows == 0
    states = [start]  # the last ones that followed each other in plain rounds
    path: list[float] = []
    while not converged and len(path) < max_iter:
        ahead = extrapolated(states) if len(path) >= PLAIN and len(states) == 3 else None
        if ahead is not None:
            state, objective = improve(ahead)
            if objective >= path[-1]:
                states = [state]
                path.append(objective)
                continue  # a leap's gain says nothing of what is left
        state, objective = improve(states[-1])
        states = [*states[-2:], state]
        path.append(objective)
        converged = len(path) > 1 and _left(path, states[-1]) < tol * rows
    return Ascent(states[-1], path, bool(converged))


def _left(path: list[float], state: Any) -> float:
    """What is left to gain, or the last gain, if that is more, or nothing would shorten the way."""
    gain = path[-1] - path[-2]
    if len(path) < 3 or not _can_leap(state):
        return gain
    before = path[-2] - path[-3]
    rate = gain / before if before > 0 else 0.0
    return max(gain, gain * rate / (1 - rate)) if 0 < rate < 1 else gain


def _can_leap(state: Any) -> bool:
    return isinstance(state, tuple) and hasattr(state, "_fields")


def extrapolated(states: Sequence[State], lowest: float = 0.0) -> State | None:
    """Where three states that followed each other are heading; None where they cannot be extrapolated.

    Squared extrapolation (Varadhan and Roland, 2008, doi:10.1111/j.1467-9469.2007.00585.x). No entry ends below
    ``lowest``.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab._kernels.em import Expected
    >>> states = [Expected(np.array([[8 - 4 * 0.5**t]]), np.array([8.0]), 0.0) for t in range(3)]
    >>> extrapolated(states).counts
    array([[8.]])
    """
    first, second, third = cast(Sequence[Any], states)
    if not _can_leap(first):
        return None
    places = [at for at, part in enumerate(first) if isinstance(part, np.ndarray)]
    steps = [second[at] - first[at] for at in places]
    bends = [third[at] - second[at] - step for at, step in zip(places, steps, strict=True)]
    length, curve = (np.sqrt(sum(float((part**2).sum()) for part in parts)) for parts in (steps, bends))
    if curve == 0:
        return None
    far = min(max(length / curve, 1.0), LONGEST)
    parts: list[Any] = list(third)
    for at, step, bend in zip(places, steps, bends, strict=True):
        parts[at] = np.maximum(first[at] + 2 * far * step + far**2 * bend, lowest)
    return cast(State, type(first)(*parts))


def ascend_from_each(
    improve: Callable[[State], tuple[State, float]], starts: Iterable[State], *, max_iter: int, tol: float, rows: float
) -> Ascent[State]:
    """Climb from each start, and keep the end that is highest.

    A later end must be higher by more than ``tol`` per row: two climbs to the same top end apart by less, and which of
    them is kept must not depend on rounding.

    Parameters
    ----------
    improve, max_iter, tol, rows
        As for :func:`ascend`.
    starts : iterable
        One or more; each is made when its turn comes.

    Returns
    -------
    Ascent
    """
    best: Ascent[State] | None = None
    for start in starts:
        end = ascend(improve, start, max_iter=max_iter, tol=tol, rows=rows)
        if rows == 0:
            return end
        if best is None or end.path[-1] > best.path[-1] + tol * rows:
            best = end
    if best is None:
        raise AssertionError("there is no start to climb from")
    return best
