"""Climb an objective by alternating two steps, from one start or from several.

EM and mean-field variational Bayes have the same skeleton: what the rows are expected to be gives parameters, these
give expectations and the objective. A model supplies one such round; the loop, the restarts and the warning stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from weaklab.exceptions import NotConvergedWarning, warn_caller

State = TypeVar("State")


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
    state, converged = start, rows == 0
    path: list[float] = []
    while not converged and len(path) < max_iter:
        state, objective = improve(state)
        path.append(objective)
        converged = len(path) > 1 and path[-1] - path[-2] < tol * rows
    return Ascent(state, path, bool(converged))


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
