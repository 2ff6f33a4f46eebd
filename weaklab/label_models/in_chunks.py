"""What a label model does with votes that come in chunks: learn from all of them, learn as they come, predict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, VoteError
from weaklab.typing import Classes, Floats
from weaklab.typing import Votes as VotesLike
from weaklab.votes import (
    PartialVotes,
    SoftVotes,
    VoteMatrix,
    as_declared,
    check_classes,
    check_gold,
    check_sample_weight,
    check_votes,
)
from weaklab.votes.chunks import come_in_chunks, each_chunk, is_nothing
from weaklab.votes.seen_rows import SeenRows, read_chunks


def take_in(
    votes: Any, y: Any, sample_weight: Any, classes: Classes, takes: type | None = None
) -> tuple[VoteMatrix, np.ndarray | None, Floats | None]:
    """Check what ``fit`` is given.

    Parameters
    ----------
    votes : matrix of votes, source of chunks, or SeenRows
        The votes; a source is read to its end.
    y, sample_weight : array-like of shape (n,), or None
        Gold labels and weights; None where the chunks bring them.
    classes : int, sequence of hashable, or None
        The classes, checked.
    takes : type, optional
        The richer votes, PartialVotes or SoftVotes, that chunks may hold.

    Returns
    -------
    votes : VoteMatrix
        For as many classes as votes and gold labels name.
    gold : ndarray of int64 of shape (n,), or None
        The known classes, -1 where unknown.
    weight : ndarray of shape (n,), or None
        The weights.

    Raises
    ------
    VoteError, GoldError, ParameterError
        If they are not what they should be, or there are no rows.

    Examples
    --------
    >>> matrix, gold, _ = take_in(iter([[[0, 1]], [[1, -1]]]), [0, 2], None, None)
    >>> matrix.n, matrix.k, gold
    (2, 3, array([0, 2]))
    """
    seen = (
        read_chunks(votes, classes, takes) if come_in_chunks(votes) else votes if isinstance(votes, SeenRows) else None
    )
    matrix = check_votes(votes, classes=classes) if seen is None else seen.matrix()
    if matrix.n == 0:
        raise VoteError(f"There are no rows to learn from: votes of shape (0, {matrix.m}).")
    gold = None if seen is None else seen.gold
    if y is not None:
        if gold is not None:
            raise ParameterError("The chunks bring gold labels; do not give y as well.")
        gold = check_gold(y, matrix.n, classes, index=matrix.index)
        if classes is None:
            k = max(matrix.k, int(gold.max()) + 1)
            matrix = matrix.with_classes(k) if seen is None else seen.matrix(k)
    if seen is not None and seen.sample_weight is not None:
        if sample_weight is not None:
            raise ParameterError("The chunks bring weights; do not give sample_weight as well.")
        sample_weight = seen.sample_weight
    return matrix, gold, check_sample_weight(sample_weight, matrix.n, index=matrix.index)


class InChunks:
    """Learning and predicting chunk by chunk; :meth:`BaseLabelModel.fit` itself takes sources of chunks."""

    #: The richer votes that the model takes, if any.
    takes: ClassVar[type | None] = None
    #: What is worked out when it is asked for, and is no part of what was learned.
    _derived: ClassVar[tuple[str, ...]] = ("_intervals", "_appraised")

    classes: Classes
    classes_: np.ndarray
    #: The rows of all calls of partial_fit.
    _seen: SeenRows
    #: How many rows a copy of the model has left behind.
    _left_behind: int

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles of the model carry: all that was learned, but not the rows of ``partial_fit``."""
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]  # scikit-learn's
        for name in self._derived:
            state.pop(name, None)
        if "_seen" in state:
            state["_left_behind"] = state.pop("_seen").n
        return state

    def partial_fit(self, votes: VotesLike, y: Any = None, sample_weight: Any = None, classes: Classes = None) -> Self:
        """Learn from more rows: the same, bit for bit, as ``fit`` on all rows since the first call.

        Nothing is forgotten: the model keeps the rows in packed form (about two bytes per vote; beyond 512 MB in
        temporary files), and each call learns from all of them anew. ``fit`` begins from nothing. Where only the last
        result counts, one ``fit`` of a :class:`weaklab.votes.VoteChunks` is faster. Pickles and copies of the model
        predict as it does, but do not carry the rows, and so cannot go on learning.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m), or the richer votes that the model takes
            The new rows; names of labeling functions, where there are some, as in the first call.
        y : array-like of shape (n,), optional
            Gold labels of the new rows where known, by code or name; -1 or a missing value where not.
        sample_weight : array-like of shape (n,), optional
            How often each new row counts, 0 or more; 1 by default.
        classes : int, sequence of hashable, or None
            The classes, at the first call, where the constructor was not told them; None infers
            ``max(2, highest class so far + 1)`` anew in each call.

        Returns
        -------
        self

        Raises
        ------
        VoteError, GoldError, ParameterError
            If the votes, the gold labels or the weights are not what they should be, or the model is a copy of one
            that had seen rows.
        StorageError
            If the rows find no room. After any error the model is as it was, and the new rows are left out.

        Examples
        --------
        >>> import numpy as np
        >>> from weaklab.label_models import DawidSkene
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(2, size=600)
        >>> votes = np.where(rng.random((600, 4)) < 0.8, y[:, None], 1 - y[:, None])
        >>> model = DawidSkene()
        >>> for part in np.array_split(votes, 3):
        ...     model = model.partial_fit(part, classes=2)
        >>> bool((model.accuracies_ == DawidSkene().fit(votes).accuracies_).all())
        True
        """
        if "_left_behind" in self.__dict__:
            raise VoteError(
                f"This model is a copy of one that had seen {self._left_behind:,} rows in partial_fit, which copies "
                "and pickles do not carry, so it cannot go on from them. Go on with the original; fit begins anew."
            )
        seen: SeenRows | None = getattr(self, "_seen", None)
        known = seen.classes if seen is not None else check_classes(self.classes)
        for given, where in ((classes, "classes"), (self.classes, "the model's classes")):
            if given is not None and _plain(given) != _plain(known) and not (seen is None and known is None):
                raise ParameterError(f"{where}={given!r}, but they were {known!r} before.")
        if seen is None:
            seen = SeenRows(_plain(classes) if known is None else known, self.takes)
        before, rows = dict(self.__dict__), seen.mark()
        try:
            seen.add(votes, y, sample_weight)
            self.fit(seen)  # type: ignore[attr-defined]  # the shell has it
        except BaseException:  # Ctrl-C too
            seen.back_to(rows)
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        self._seen = seen
        return self

    def predict_chunks(self, votes: Any) -> Iterator[Floats]:
        """Probabilities of the classes, chunk by chunk, for more rows than memory holds.

        Parameters
        ----------
        votes : VoteChunks, or iterable of matrices of votes, or callable that returns one
            The chunks, as ``fit`` takes them; gold labels and weights in them are passed over.

        Yields
        ------
        ndarray of shape (rows of the chunk, k)
            What ``predict_proba`` gives for the chunk.

        Raises
        ------
        VoteError
            If a chunk is not what it should be, rows counted from the first of all; or if there is none.

        Examples
        --------
        >>> from weaklab.label_models import MajorityVote
        >>> from weaklab.votes import VoteChunks
        >>> chunks = VoteChunks([[[0, 0], [1, -1]], [[0, 1]]])
        >>> list(MajorityVote().fit(chunks).predict_chunks(chunks))
        [array([[1., 0.],
                [0., 1.]]), array([[0.5, 0.5]])]
        """
        check_is_fitted(self)
        return self._predict_chunks(votes)

    def _predict_chunks(self, votes: Any) -> Iterator[Floats]:
        row = 0
        for chunk, _, _ in each_chunk(votes):
            if is_nothing(chunk):
                yield np.empty((0, len(self.classes_)))
                continue
            rich = isinstance(chunk, (PartialVotes, SoftVotes))
            checked = chunk if rich else check_votes(chunk, classes=len(self.classes_), first_row=row)
            try:
                matrix = self._check_new(checked)  # type: ignore[attr-defined]  # the shell has it
            except VoteError as error:
                raise VoteError(f"In the rows from {row:,} on: {error}") from error
            row += matrix.n
            yield self._predict_proba(matrix)  # type: ignore[attr-defined]


def _plain(classes: Classes) -> Any:
    """Classes as checked, but names that are the codes themselves, as scikit-learn gives them, as a number."""
    checked = check_classes(classes)
    return as_declared(checked) if isinstance(checked, list) else checked
