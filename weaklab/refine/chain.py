"""Refiners one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from weaklab.exceptions import ParameterError
from weaklab.refine.base import Refiner
from weaklab.refine.problem import Problem, read_problem
from weaklab.typing import Floats
from weaklab.votes.soft import SoftLabels


class Chain(Refiner):
    """Several refiners, each of which gets the labels of the one before; written ``first >> second``.

    A class that one step may not give a row (``allowed=`` of its constructor) is given by none of them.

    Parameters
    ----------
    steps : sequence of Refiner
        Cloned when they are used. A step that is a chain stands for its steps.

    Attributes
    ----------
    steps_ : list of Refiner
        The fitted clones.
    changes_ : DataFrame
        What each step did, a row each, after one of the labels as they were given: how many rows of weight above 0
        have another most probable class than before the step, the share of such rows, and their mean confidence.
    """

    needs_features = False  # its steps say so themselves

    def __init__(self, steps: Sequence[Refiner]) -> None:
        self.steps = steps

    def _check_parameters(self) -> None:
        if not isinstance(self.steps, (list, tuple)) or not self.steps:
            raise ParameterError(f"steps={self.steps!r} must be a list of refiners.")
        for step in self.steps:
            if not isinstance(step, Refiner):
                raise ParameterError(f"steps: {step!r} is no refiner.")

    def fit_transform(self, labels: Any, Z: Any = None, groups: Any = None, *, allowed: Any = None) -> SoftLabels:
        """Refine labels by each step in turn; see :meth:`Refiner.fit_transform`."""
        self._check_parameters()
        self.steps_ = [clone(step) for step in _flat(self.steps)]
        problem, masks = None, []
        for step in self.steps_:
            own = step.groups if groups is None else groups
            problem = read_problem(labels, None, own, step.allowed if allowed is None else allowed)
            masks += [] if problem.allowed is None else [problem.allowed]
        assert problem is not None
        mask = np.logical_and.reduce(masks) if masks else None
        refined, rows = problem.given, [("(given)", 0, problem.given)]
        for step in self.steps_:
            refined = step.fit_transform(refined, Z, groups, allowed=mask)
            rows.append((repr(step), step.changed_, refined))
        self.changed_ = int((problem.given.codes() != refined.codes())[problem.covered].sum())
        self.changes_ = pd.DataFrame(
            [(name, changed, soft.covered.mean(), soft.confidence[soft.covered].mean()) for name, changed, soft in rows]
            if problem.covered.any()
            else [(name, changed, 0.0, np.nan) for name, changed, _ in rows],
            columns=["step", "changed", "covered", "confidence"],
        )
        return refined

    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        raise NotImplementedError("a chain hands its labels to its steps")

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        steps = self.steps if isinstance(self.steps, (list, tuple)) else [self.steps]
        return " >> ".join(map(repr, _flat(steps))) if steps else "Chain([])"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        if not hasattr(self, "changes_"):
            return (
                "<div>" + " &rarr; ".join(f"<code>{escape(repr(step))}</code>" for step in _flat(self.steps)) + "</div>"
            )
        shares = {"covered": "{:.1%}".format, "confidence": "{:.3f}".format, "changed": "{:,}".format}
        table = self.changes_.to_html(index=False, formatters=shares)
        return f"<div><b>A chain of {len(self.steps_)} refiners</b>{table}</div>"


def _flat(steps: Sequence[Any]) -> list[Any]:
    """The steps, with those of a chain in its place."""
    out: list[Any] = []
    for step in steps:
        out += _flat(step.steps) if isinstance(step, Chain) else [step]
    return out
