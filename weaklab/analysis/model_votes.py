"""Votes that are looked at with a fitted label model: checked against what it was fitted to, with columns left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.fitted import check_model, model_columns
from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import GoldError, VoteError
from weaklab.label_models import BaseLabelModel
from weaklab.typing import ABSTAIN, Codes, Floats
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, as_declared, check_gold, check_votes
from weaklab.votes.seen_rows import match_names
from weaklab.votes.slots import slots_of


@dataclass(frozen=True, eq=False)
class ModelVotes:
    """A fitted label model and votes of the labeling functions that it knows.

    Parameters
    ----------
    model : label model
        Fitted.
    matrix : VoteMatrix
        The votes as one class each, columns in the model's order.
    rich : PartialVotes, SoftVotes or None
        The votes as they were given, where they are richer.
    """

    model: Any
    matrix: VoteMatrix
    rich: PartialVotes | SoftVotes | None = None

    @classmethod
    def of(cls, model: Any, votes: Any) -> ModelVotes:
        """Check a model, and votes against it.

        Raises
        ------
        ParameterError, NotFittedError, VoteError
            If it is no label model, is not fitted, or the votes are none, of other labeling functions, or of no rows.
        """
        check_model(model)
        rich = votes if isinstance(votes, (PartialVotes, SoftVotes)) else None
        if rich is not None:
            model._check_new(rich) if isinstance(model, BaseLabelModel) else model.predict_proba(
                rich
            )  # says what fails
            names = getattr(model, "feature_names_in_", None)
            if names is not None and rich.names is not None:
                rich = rich.reorder(match_names(rich.names, tuple(names)))
            matrix = hard_votes(rich)
        elif isinstance(model, BaseLabelModel):
            matrix = BaseLabelModel._check_new(model, votes)  # of richer models too, before they make slots of it
        else:
            matrix = _checked(model, votes)
        if not matrix.n:
            raise VoteError(f"There are no rows to look at: votes of shape (0, {matrix.m}).")
        return cls(model, matrix, rich)

    @property
    def names(self) -> list[Any]:
        """The labeling functions by name, or by column where neither votes nor model have names; (m,)."""
        names = getattr(self.model, "feature_names_in_", None)
        return self.matrix.columns if names is None else [str(name) for name in names]

    @property
    def classes(self) -> list[Any]:
        """The class names, or codes; (k,)."""
        return np.asarray(self.model.classes_).tolist()

    @property
    def index(self) -> pd.Index:
        """The index of the data, by position where the votes have none."""
        index = self.matrix.index if self.rich is None else self.rich.index
        return pd.RangeIndex(self.matrix.n) if index is None else pd.Index(index)

    @cached_property
    def told(self) -> VoteMatrix:
        """The votes as they tell rows apart: of richer ones a slot for each that differs, in the place of columns."""
        return self.matrix if self.rich is None else slots_of(self.rich)

    def gold(self, y: Any) -> Codes:
        """Gold labels as codes, (n,), -1 where unknown.

        Raises
        ------
        GoldError
            If they do not fit the rows or the classes, or none is known.
        """
        gold = check_gold(y, self.matrix.n, as_declared(self.classes), index=self.matrix.index)
        if not (gold != ABSTAIN).any():
            raise GoldError(f"None of the {self.matrix.n:,} rows has a gold label: leave y out, or give some.")
        return gold

    def predict_proba(self, rows: np.ndarray | None = None) -> Floats:
        """The soft labels of all rows, (n, k), or of some, by position."""
        if self.rich is not None:
            return _predict(self.model, self.rich if rows is None else _take(self.rich, rows))
        return _predict(self.model, self.matrix if rows is None else self.matrix.take(rows))

    def decoded(self, gold: Codes) -> Any:
        """Gold codes as the model's ``fit`` takes them: names where classes are names, None where unknown."""
        if isinstance(as_declared(self.classes), int):
            return gold
        return np.array([*self.classes, None], dtype=object)[gold]

    def all_votes(self) -> Any:
        """The votes, as ``fit`` takes them."""
        return self.rich if self.rich is not None else _for_model(self.model, self.matrix)

    def row(self, row: int) -> Any:
        """The votes on one row, as ``explain`` takes them."""
        rows = np.array([row])
        return _take(self.rich, rows) if self.rich is not None else _for_model(self.model, self.matrix.take(rows))

    def without(self, j: int) -> Any:
        """The votes with those of one labeling function taken for abstentions, as ``fit`` takes them."""
        if self.rich is not None:
            return _silenced(self.rich, j)
        return _for_model(self.model, self.matrix.only(self.matrix.lf != j))

    def rows_without(self, j: int) -> tuple[np.ndarray, Floats]:
        """The rows on which a labeling function votes, and what their soft labels are without its vote."""
        matrix = self.matrix
        if self.rich is not None:
            voted = (
                self.rich.masks[:, j] != 0
                if isinstance(self.rich, PartialVotes)
                else ~np.isnan(self.rich.probs[:, j, 0])
            )
            rows = np.flatnonzero(voted)
            return rows, _predict(self.model, _silenced(_take(self.rich, rows), j))
        rows = matrix.rows[matrix.lf == j]
        if not len(rows):
            return rows, np.empty((0, len(self.classes)))
        some = matrix.take(rows)
        return rows, _predict(self.model, some.only(some.lf != j))


def _silenced(votes: PartialVotes | SoftVotes, j: int) -> PartialVotes | SoftVotes:
    if isinstance(votes, PartialVotes):
        masks = votes.masks.copy()
        masks[:, j] = 0
        return replace(votes, masks=masks)
    probs = votes.probs.copy()
    probs[:, j] = np.nan
    return replace(votes, probs=probs)


def _take(votes: PartialVotes | SoftVotes, rows: np.ndarray) -> PartialVotes | SoftVotes:
    index = None if votes.index is None else votes.index[rows]
    if isinstance(votes, PartialVotes):
        return replace(votes, masks=votes.masks[rows], index=index)
    return replace(votes, probs=votes.probs[rows], index=index)


def _checked(model: Any, votes: Any) -> VoteMatrix:
    """The same checks for a model that is not built on weaklab's base class."""
    matrix = check_votes(votes, classes=len(model.classes_))
    columns = model_columns(model, matrix)
    return matrix if (np.diff(columns) == 1).all() else matrix.reorder(np.argsort(columns))


def _for_model(model: Any, votes: Any) -> Any:
    """Votes in a form that the model takes: only weaklab's own know the internal one."""
    return votes.frame() if isinstance(votes, VoteMatrix) and not isinstance(model, BaseLabelModel) else votes


def _predict(model: Any, votes: Any) -> Floats:
    return np.asarray(model.predict_proba(_for_model(model, votes)), dtype=np.float64)
