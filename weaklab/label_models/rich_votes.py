"""The shell of models of richer votes: sets of classes, or distributions over them, beside votes for one class each.

The shell of all label models knows votes for one class each. Here each distinct vote of each labeling function is
a *slot* with a row in a book, which says how far the vote is for each class; the matrix that passes through the shell
and its kernels holds slots in the place of labeling functions. What a slot means only these models know.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from weaklab.exceptions import VoteError
from weaklab.label_models.base import BaseLabelModel
from weaklab.typing import Floats
from weaklab.typing import Votes as VotesLike
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, number_of_classes
from weaklab.votes.chunks import match_names
from weaklab.votes.matrix import encode
from weaklab.votes.pairs import pair_up


@dataclass(frozen=True, eq=False)
class Book:
    """What each distinct vote of each labeling function says.

    Parameters
    ----------
    lf : ndarray of int of shape (slots,)
        Whose vote it is, ascending.
    says : ndarray of shape (slots, k)
        How far it is for each class: 1 or 0 for one class or a set, or a probability.
    m : int
        How many labeling functions there are.
    """

    lf: np.ndarray
    says: Floats
    m: int

    @property
    def shares(self) -> Floats:
        """The same, each slot summing to 1."""
        return self.says / self.says.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class SlotMatrix(VoteMatrix):
    """Votes with slots in the place of labeling functions, and the book of these.

    Each is stored as a vote for the class that it is most for, so that the shell finds votes that it knows.
    """

    book: Book = None  # type: ignore[assignment]  # fields before it have defaults

    def name(self, j: int) -> str:
        """What to call the labeling function whose slot j is."""
        lf = int(self.book.lf[j])
        return f"column {lf}" if self.names is None else self.names[lf]

    def with_classes(self, k: int) -> SlotMatrix:
        """The same votes, for k classes, which must include those that are voted for."""
        says = np.pad(self.book.says, ((0, 0), (0, k - self.k)))
        return replace(self, code=encode(self.lf, self.vote, self.m, k), k=k, book=replace(self.book, says=says))


def slots_of(votes: VoteMatrix | PartialVotes | SoftVotes) -> SlotMatrix:
    """Number the distinct votes of each labeling function.

    Parameters
    ----------
    votes : VoteMatrix, PartialVotes or SoftVotes
        The votes.

    Returns
    -------
    SlotMatrix

    Examples
    --------
    >>> slots = slots_of(PartialVotes([[0b011, 0b100], [0b011, 0b110], [0, 0b100]], k=3))
    >>> slots.book.lf.tolist(), slots.book.says.astype(int).tolist()
    ([0, 1, 1], [[1, 1, 0], [0, 0, 1], [0, 1, 1]])
    """
    if isinstance(votes, VoteMatrix):
        pairs, slot = pair_up(votes)
        says = (pairs.vote[:, np.newaxis] == np.arange(votes.k)).astype(np.float64)
        return _matrix(votes.indptr, slot, Book(pairs.lf, says, votes.m), votes.names, votes.index)
    if isinstance(votes, PartialVotes):
        voted = votes.masks != 0
        cast = votes.masks[voted]  # (nnz,)
        number, distinct = pd.factorize(cast)
        table = (distinct[:, np.newaxis] >> np.arange(votes.k, dtype=np.uint64)) & np.uint64(1)
    else:
        voted = ~np.isnan(votes.probs[:, :, 0])
        cast = votes.probs[voted]  # (nnz, k)
        number = np.zeros(len(cast), dtype=np.int64)
        for column in cast.T:  # hashing a column at a time, then pairs of numbers, sorts nothing
            one, values = pd.factorize(column)
            number = pd.factorize(number * np.int64(len(values)) + one)[0]
        first = np.zeros(number.max(initial=-1) + 1, dtype=np.int64)
        first[number[::-1]] = np.arange(len(number) - 1, -1, -1)
        table = cast[first]
    lf = np.nonzero(voted)[1]
    keys, slot = np.unique(lf * np.int64(max(len(table), 1)) + number, return_inverse=True)
    says = table[keys % max(len(table), 1)].astype(np.float64).reshape(len(keys), -1 if len(keys) else _k(votes))
    indptr = np.concatenate([[0], np.cumsum(voted.sum(axis=1))])
    book = Book(keys // max(len(table), 1), says, votes.shape[1])
    return _matrix(indptr, slot, book, votes.names, votes.index)


def _k(votes: PartialVotes | SoftVotes) -> int:
    return votes.k if isinstance(votes, PartialVotes) else votes.probs.shape[2]


def _matrix(indptr: np.ndarray, slot: np.ndarray, book: Book, names: Any = None, index: Any = None) -> SlotMatrix:
    slots, k = book.says.shape
    slots = max(slots, 1)  # a matrix has a column
    code = encode(slot, book.says.argmax(axis=1)[slot], slots, k)
    return SlotMatrix(indptr.astype(np.int64), code, slots, k, names, index, book)


class RichLabelModel(BaseLabelModel):
    """The contract of models of richer votes.

    A model implements ``_fit`` and ``_log_weights``, where ``pairs.lf`` numbers slots of ``self._book``: at ``fit`` and
    afterwards those of the votes that it was fitted to, within a prediction those of the new votes. So parameters are
    kept by labeling function, not by pair.
    """

    #: The richer votes that the model takes.
    takes: ClassVar[type] = PartialVotes

    _book: Book

    def fit(self, votes: VotesLike | PartialVotes | SoftVotes, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn whom to trust.

        Parameters
        ----------
        votes : PartialVotes or SoftVotes, or DataFrame, array-like or sparse matrix of shape (n, m)
            The richer votes that the model takes, or votes for one class each, as any label model takes them.
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

    def explain(self, votes: Any) -> pd.DataFrame:
        """Why one row gets its label: the contribution of each labeling function in log-odds.

        Parameters
        ----------
        votes : array-like of shape (m,), Series, or anything :meth:`fit` takes that has one row
            The votes on one row.

        Returns
        -------
        DataFrame
            As for any label model; ``vote`` holds a class, a tuple of classes, or a dict of their probabilities.

        Raises
        ------
        VoteError
            If there is not exactly one row.
        """
        frame = super().explain(votes)
        if isinstance(votes, self.takes):
            said = self._check_new(votes).book.says
            frame["vote"] = pd.Series([None, *map(self._said, said)], index=frame.index, dtype=object)
        return frame

    def _said(self, says: Floats) -> Any:
        """What a vote says, readable: a class, several classes, or their probabilities."""
        voted = np.flatnonzero(says)
        names = tuple(self.classes_[voted].tolist())
        if len(voted) == 1:
            return names[0]
        return names if self.takes is PartialVotes else dict(zip(names, says[voted].round(3).tolist(), strict=True))

    @staticmethod
    def _rich(votes: Any, k: int | None) -> Any:
        if k is not None and k != _k(votes):
            raise VoteError(f"The {type(votes).__name__} are for {_k(votes)} classes, but there are {k}.")
        return votes

    def _inside(self, matrix: VoteMatrix) -> SlotMatrix:
        return matrix if isinstance(matrix, SlotMatrix) else slots_of(matrix)

    def _set_names(self, matrix: VoteMatrix) -> None:
        super()._set_names(matrix)
        self._book = matrix.book  # type: ignore[attr-defined]
        self.n_features_in_ = self._book.m

    def _check_new(self, votes: Any) -> SlotMatrix:
        if not isinstance(votes, self.takes):
            return slots_of(super()._check_new(votes))
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

    def _contributions(self, matrix: VoteMatrix) -> Floats:
        return super(RichLabelModel, self._reading(matrix))._contributions(matrix)

    def _right_and_total(self) -> tuple[Floats, Floats]:
        lf, says = self._book.lf[self._pairs.lf], self._book.says[self._pairs.lf]
        right = np.bincount(lf, (says * self._pair_counts).sum(axis=1), minlength=self.n_features_in_)
        total = np.bincount(lf, self._pair_counts.sum(axis=1), minlength=self.n_features_in_)
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
