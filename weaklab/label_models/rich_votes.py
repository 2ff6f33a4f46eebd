"""The shell of models of richer votes: sets of classes, or distributions over them, beside votes for one class each.

The shell of all label models knows votes for one class each. Here the matrix that passes through it and its kernels
holds slots in the place of labeling functions (see :mod:`weaklab.votes.slots`). What a slot means only these models
know.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Self

import numpy as np

from weaklab.exceptions import VoteError
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.contributions import Contributions
from weaklab.label_models.many_classes import RightCounts, refuse_large_table
from weaklab.typing import Floats
from weaklab.typing import Votes as VotesLike
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, number_of_classes
from weaklab.votes.seen_rows import match_names
from weaklab.votes.slots import Book, SlotMatrix, slots_of


class RichLabelModel(BaseLabelModel):
    """The contract of models of richer votes.

    A model implements ``_fit`` and ``_log_weights``, where ``pairs.lf`` numbers slots of ``self._book``: at ``fit`` and
    afterwards those of the votes that it was fitted to, within a prediction those of the new votes. So parameters are
    kept by labeling function, not by pair.
    """

    takes: ClassVar[type] = PartialVotes

    _columns_are_functions = False
    _book: Book
    _pair_counts: Floats

    def fit(self, votes: VotesLike | PartialVotes | SoftVotes, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn whom to trust.

        Parameters
        ----------
        votes : PartialVotes or SoftVotes, or DataFrame, array-like or sparse matrix of shape (n, m), or source of these
            The richer votes that the model takes, or votes for one class each, as any label model takes them; the
            chunks of a source are all of one kind.
        y : array-like of shape (n,), optional
            Gold labels where known, by code or name; -1 or a missing value where not.
        sample_weight : array-like of shape (n,), optional
            How often each row counts, 0 or more; 1 by default.

        Returns
        -------
        self

        Raises
        ------
        VoteError, GoldError, ParameterError
            If the votes, the gold labels or the weights are not what they should be.
        """
        if isinstance(votes, self.takes):
            votes = slots_of(self._rich(votes, number_of_classes(self.classes)))
        return super().fit(votes, y, sample_weight)

    def _said(self, matrix: Any) -> list[Any]:
        """What each vote says, readable: a class, a tuple of classes, or a dict of their probabilities."""
        slots = [self._slot_said(says) for says in matrix.book.says]
        return [slots[slot] for slot in matrix.lf]

    def _slot_said(self, says: Floats) -> Any:
        voted = np.flatnonzero(says)
        names = tuple(self.classes_[voted].tolist())
        if len(voted) == 1:
            return names[0]
        return names if self.takes is PartialVotes else dict(zip(names, says[voted].round(3).tolist(), strict=True))

    @staticmethod
    def _rich(votes: Any, k: int | None) -> Any:
        if k is not None and k != votes.k:
            raise VoteError(f"The {type(votes).__name__} are for {votes.k} classes, but there are {k}.")
        return votes

    def _inside(self, matrix: VoteMatrix) -> SlotMatrix:
        return matrix if isinstance(matrix, SlotMatrix) else self._slots(matrix)

    def _slots(self, matrix: VoteMatrix) -> SlotMatrix:
        refuse_large_table(type(self).__name__, int(np.count_nonzero(np.bincount(matrix.code))), matrix.k)
        return slots_of(matrix)

    def _set_names(self, matrix: VoteMatrix) -> None:
        super()._set_names(matrix)
        self._book = matrix.book  # type: ignore[attr-defined]
        self.n_features_in_ = self._book.m

    def _check_new(self, votes: Any) -> SlotMatrix:
        if not isinstance(votes, self.takes):
            return self._slots(super()._check_new(votes))
        names = getattr(self, "feature_names_in_", None)
        rich: Any = votes
        if names is not None and rich.names is not None and rich.names != tuple(names):
            rich = rich.reorder(match_names(rich.names, names))
        slots = slots_of(self._rich(rich, self._k))
        if slots.book.m != self.n_features_in_:
            raise VoteError(
                f"The {type(votes).__name__} have {slots.book.m} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input, one per labeling function."
            )
        return slots

    def _reading(self, matrix: Any) -> Self:
        """The same model, reading votes by another book."""
        model = copy.copy(self)
        model._book = matrix.book
        return model

    def _predict_proba(self, matrix: VoteMatrix) -> Floats:
        return super(RichLabelModel, self._reading(matrix))._predict_proba(matrix)

    def _contributions(self, matrix: VoteMatrix) -> Contributions:
        return super(RichLabelModel, self._reading(matrix))._contributions(matrix)

    def _right_and_total(self, counts: Floats | RightCounts | None = None) -> tuple[Floats, Floats]:
        counts = self._pair_counts if counts is None else counts
        assert not isinstance(counts, RightCounts)  # such tables are refused at fit
        lf, says = self._book.lf[self._pairs.lf], self._book.says[self._pairs.lf]
        right = np.bincount(lf, (says * counts).sum(axis=1), minlength=self.n_features_in_)
        total = np.bincount(lf, counts.sum(axis=1), minlength=self.n_features_in_)
        return right.astype(np.float64), total.astype(np.float64)

    def _confusion(self, columns: np.ndarray) -> Floats:
        """As for votes for one class each; a richer vote counts for its classes in shares."""
        out = np.zeros((len(columns), self._k, self._k + 1))
        lf, shares = self._book.lf[self._pairs.lf], self._book.shares[self._pairs.lf]
        rows = np.maximum(self._class_counts, np.finfo(float).tiny)
        for at, j in enumerate(columns):
            ours = lf == j
            out[at, :, :-1] = self._pair_counts[ours].T @ shares[ours] / rows[:, np.newaxis]
        out[:, :, -1] = np.clip(1 - out[:, :, :-1].sum(axis=2), 0, 1)
        return out
