"""Votes that come in chunks of rows: what such a source is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weaklab.exceptions import VoteError


class VoteChunks:
    """Votes that come in chunks of rows, so that not all of them need to be in memory.

    ``fit`` of a label model takes it, and reads it once; ``predict_chunks`` takes it too. Iterators, functions, and
    iterables without a length are taken as they are; this says of a list that it holds chunks, not rows. What is read
    is kept in packed form, beyond 512 MB in temporary files, in the folder that the variable TMPDIR names.

    Parameters
    ----------
    source : iterable, or callable without arguments that returns one
        Of chunks: anything that is a matrix of votes (DataFrame, array, list of lists, scipy sparse matrix), or a tuple
        ``(votes, y)`` or ``(votes, y, sample_weight)``, where ``y`` and ``sample_weight`` are of the rows of the chunk,
        or None. A generator can be read once only; a list or a callable as often as you like. Models of richer votes
        take chunks of :class:`PartialVotes` or :class:`SoftVotes`.
    n_rows : int, optional
        How many rows there are in all, where that is known: the progress bar counts to it.
    progress : bool
        Whether reading them shows a progress bar when it takes more than two seconds.

    Raises
    ------
    VoteError
        If it is no such source.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models import LabelModel
    >>> from weaklab.votes import VoteChunks
    >>> chunks = VoteChunks([np.array([[0, 0, 1], [1, 1, 1]]), np.array([[0, -1, 0]])])
    >>> LabelModel().fit(chunks).n_rows_
    3
    """

    def __init__(self, source: Any, *, n_rows: int | None = None, progress: bool = True) -> None:
        if not callable(source):
            _check_source(source, "VoteChunks takes an iterable of chunks, or a function that returns one")
        self.source = source
        self.n_rows = n_rows
        self.progress = progress

    def __iter__(self) -> Iterator[Any]:
        if not callable(self.source):
            return iter(self.source)
        source = self.source()
        _check_source(source, "The source of votes must return an iterable of chunks")
        return iter(source)

    def __repr__(self) -> str:
        return f"VoteChunks({self.source!r})"


def _check_source(source: Any, expected: str) -> None:
    """Refuse what is no iterable, and a matrix, whose rows or columns are no chunks."""
    whole = isinstance(source, (str, bytes, dict)) or 1 <= len(getattr(source, "shape", ())) <= 2
    if whole or not hasattr(source, "__iter__"):
        kind = type(source).__name__
        hint = "; where it is a chunk, give it in a list" if whole and hasattr(source, "shape") else ""
        raise VoteError(f"{expected}, got {kind}{hint}.")


def come_in_chunks(votes: Any) -> bool:
    """Whether votes are a source of chunks: a :class:`VoteChunks`, a callable, or an iterable without a length.

    Examples
    --------
    >>> come_in_chunks([[0, 1]]), come_in_chunks(iter([[[0, 1]]]))
    (False, True)
    """
    if isinstance(votes, VoteChunks):
        return True
    if hasattr(votes, "__array__") or hasattr(votes, "__len__"):
        return False
    return callable(votes) or hasattr(votes, "__iter__")


def each_chunk(source: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The chunks of a source, as (votes, y, sample_weight).

    Raises
    ------
    VoteError
        If a tuple is too long, or there is no chunk.

    Examples
    --------
    >>> list(each_chunk([[[0, 1]], ([[1, 1]], [1])]))
    [([[0, 1]], None, None), ([[1, 1]], [1], None)]
    """
    empty = True
    for chunk in source if isinstance(source, VoteChunks) else VoteChunks(source):
        parts = chunk if isinstance(chunk, tuple) else (chunk,)
        if not 1 <= len(parts) <= 3:
            raise VoteError(
                f"A chunk that is a tuple must be (votes, y) or (votes, y, weight), got {len(parts)} parts."
            )
        empty = False
        yield parts[0], *parts[1:], *(None,) * (3 - len(parts))
    if empty:
        raise VoteError("The source gave no chunk of votes. (A generator gives its chunks once only.)")


def is_nothing(votes: Any) -> bool:
    """Whether a chunk has neither rows nor columns, as the empty list.

    Examples
    --------
    >>> is_nothing([]), is_nothing([[0, 1]])
    (True, False)
    """
    return votes.shape in ((0,), (0, 0)) if hasattr(votes, "shape") else isinstance(votes, list) and not votes
