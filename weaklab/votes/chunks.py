"""Votes that come in chunks: read once, checked, and kept as packed rows, in memory or in temporary files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from tqdm.auto import tqdm

from weaklab.exceptions import GoldError, ParameterError, VoteError, did_you_mean
from weaklab.typing import Classes, Floats
from weaklab.votes import spool
from weaklab.votes.check import check_votes
from weaklab.votes.gold import check_gold
from weaklab.votes.matrix import VoteMatrix, code_dtype, encode
from weaklab.votes.soft import check_sample_weight
from weaklab.votes.spool import Column
from weaklab.votes.words import as_kept


class VoteChunks:
    """Votes that come in chunks of rows, so that not all of them need to be in memory.

    ``fit`` of a label model takes it, and reads it once; ``predict_chunks`` takes it too. Iterators, functions, and
    iterables without a length are taken as they are; this says of a list that it holds chunks, not rows.

    Parameters
    ----------
    source : iterable, or callable without arguments that returns one
        Of chunks: anything that is a matrix of votes (DataFrame, array, list of lists, scipy sparse matrix), or a tuple
        ``(votes, y)`` or ``(votes, y, sample_weight)``, where ``y`` and ``sample_weight`` are of the rows of the chunk,
        or None. A generator can be read once only; a list or a callable as often as you like.

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

    def __init__(self, source: Any) -> None:
        whole = isinstance(source, (str, bytes, dict, pd.DataFrame, pd.Series)) or scipy.sparse.issparse(source)
        if whole or not (callable(source) or hasattr(source, "__iter__")):
            raise VoteError(
                f"VoteChunks takes an iterable of chunks, or a function that returns one, got {type(source).__name__}."
            )
        self.source = source

    def __iter__(self) -> Iterator[Any]:
        source = self.source() if callable(self.source) else self.source
        if not hasattr(source, "__iter__"):
            raise VoteError(f"The source of votes must return an iterable of chunks, got {type(source).__name__}.")
        return iter(source)

    def __repr__(self) -> str:
        return f"VoteChunks({self.source!r})"


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
    """The chunks of a source, as (votes, y, sample_weight); empty lists are left out.

    Examples
    --------
    >>> list(each_chunk([[[0, 1]], ([[1, 1]], [1])]))
    [([[0, 1]], None, None), ([[1, 1]], [1], None)]
    """
    for chunk in source if isinstance(source, VoteChunks) else VoteChunks(source):
        parts = chunk if isinstance(chunk, tuple) else (chunk,)
        if not 1 <= len(parts) <= 3:
            raise VoteError(
                f"A chunk that is a tuple must be (votes, y) or (votes, y, weight), got {len(parts)} parts."
            )
        if not (isinstance(parts[0], list) and not parts[0]):
            yield parts[0], *parts[1:], *(None,) * (3 - len(parts))


class SeenRows:
    """The rows seen so far: votes, with gold labels and weights where there are any.

    Of votes it keeps what :class:`VoteMatrix` is made of, and so about two bytes per vote and eight per row; in memory
    up to ``weaklab.votes.spool.BUDGET`` bytes in all, beyond that in temporary files.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        The classes, as :func:`check_votes` takes them.

    Examples
    --------
    >>> seen = SeenRows(None)
    >>> seen.add([[0, 1], [1, 1]])
    >>> seen.add([[2, -1]], y=[2])
    >>> seen.matrix().k, seen.gold
    (3, array([-1, -1,  2]))
    """

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.names: tuple[str, ...] | None = None
        self.m = self.n = self.nnz = 0
        self.k = 2
        self._indptr = Column(np.int64)
        self._indptr.append([0])
        self._code: list[tuple[int, Column]] = []  # codes depend on k: a column for each k that there has been
        self._gold: Column | None = None
        self._weight: Column | None = None

    def add(self, votes: Any, y: Any = None, sample_weight: Any = None) -> None:
        """Check some rows, and add them; where they are wrong, nothing is added.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            The votes; columns with names are matched by them, in any order.
        y, sample_weight : array-like of shape (n,), optional
            As for ``fit`` of a label model.

        Raises
        ------
        VoteError, GoldError, ParameterError
            If they are not what they should be; rows are counted from the first of all.
        """
        matrix = self._align(check_votes(votes, classes=self.classes, first_row=self.n))
        k, gold, weight = max(self.k, matrix.k), None, None
        try:
            if y is not None:
                gold = check_gold(y, matrix.n, self.classes, index=matrix.index)
                k = k if self.classes is not None else max(k, int(gold.max(initial=-1)) + 1)
            weight = check_sample_weight(sample_weight, matrix.n, some=False)
        except (GoldError, ParameterError) as error:
            raise type(error)(f"In the rows from {self.n:,} on: {error}" if self.n else str(error)) from error
        if not self._code or self._code[-1][0] != k:
            self._code.append((k, Column(code_dtype(matrix.m, k))))
        self._code[-1][1].append(matrix.with_classes(k).code)
        self._indptr.append(matrix.indptr[1:] + self.nnz)
        self._gold = self._extend(self._gold, gold, matrix.n, Column(np.int64), -1)
        self._weight = self._extend(self._weight, weight, matrix.n, Column(np.float64), 1)
        self.m, self.names, self.k = matrix.m, matrix.names, k
        self.n += matrix.n
        self.nnz += matrix.nnz
        if sum(column.held for column in self._columns()) > spool.BUDGET:
            for column in self._columns():
                column.to_file()

    @property
    def gold(self) -> np.ndarray | None:
        """The known classes, (n,) int64, -1 where unknown; None where none was given."""
        return None if self._gold is None else self._gold.array()

    @property
    def sample_weight(self) -> Floats | None:
        """The weights, (n,), 1 where not given; None where none was given."""
        return None if self._weight is None else self._weight.array()

    def matrix(self, k: int = 2) -> VoteMatrix:
        """The votes of all rows, for k classes or as many as there are, if more."""
        if not self.m:
            raise VoteError("The source gave no chunk of votes. (A generator gives its chunks once only.)")
        self.k = max(self.k, k)
        if len(self._code) > 1 or self._code[0][0] != self.k:
            self._recode()
        return as_kept(VoteMatrix(self._indptr.array(), self._code[0][1].array(), self.m, self.k, self.names))

    def _columns(self) -> list[Column]:
        optional = [column for column in (self._gold, self._weight) if column is not None]
        return [self._indptr, *(column for _, column in self._code), *optional]

    def _extend(
        self, column: Column | None, values: np.ndarray | None, n: int, new: Column, fill: int
    ) -> Column | None:
        """The column with n more values; ``fill`` where none were given, and no column where none ever were."""
        if column is None and values is None:
            return None
        if column is None:
            column = new
            for start in range(0, self.n, spool.BLOCK):
                column.append(np.full(min(spool.BLOCK, self.n - start), fill))
        column.append(np.full(n, fill) if values is None else values)
        return column

    def _recode(self) -> None:
        """Write the codes anew, for the classes that there are now."""
        out = Column(code_dtype(self.m, self.k))
        if any(column.in_file for _, column in self._code):
            out.to_file()
        for k, column in self._code:
            code = column.array()
            for start in range(0, len(code), spool.BLOCK):
                lf, vote = np.divmod(code[start : start + spool.BLOCK].astype(np.int64), k)
                out.append(encode(lf, vote, self.m, self.k))
        self._code = [(self.k, out)]

    def _align(self, matrix: VoteMatrix) -> VoteMatrix:
        """The same rows, with labeling functions in the order of the first rows."""
        if not self.m:
            return matrix
        where = f"(rows from {self.n:,} on)"
        if matrix.names is not None and self.names is not None:
            return (
                matrix if matrix.names == self.names else matrix.reorder(match_names(matrix.names, self.names, where))
            )
        if matrix.m != self.m:
            raise VoteError(f"X has {matrix.m} features, but fit is expecting {self.m} features as input {where}.")
        if matrix.names != self.names:
            raise VoteError(
                f"Labeling functions must have names in all chunks or in none: give frames or arrays, not both {where}."
            )
        return matrix


def match_names(given: tuple[str, ...], fitted: Any, where: str = "") -> np.ndarray:
    """Where among the given names each of the fitted ones stands.

    Examples
    --------
    >>> match_names(("b", "a"), ("a", "b"))
    array([1, 0])
    """
    place = {name: j for j, name in enumerate(given)}
    missing = [name for name in fitted if name not in place]
    extra = [name for name in given if name not in set(fitted)]
    if missing or extra:
        hint = did_you_mean(missing[0], extra) if missing and extra else ""
        raise VoteError(
            f"The feature names should match those that were passed during fit{where and ' ' + where}. "
            f"Missing labeling functions: {missing or 'none'}; unseen at fit time: {extra or 'none'}.{hint}"
        )
    return np.array([place[name] for name in fitted])


def read_chunks(source: Any, classes: Classes = None) -> SeenRows:
    """Read a source of chunks to its end; a progress bar shows when that takes more than two seconds.

    Parameters
    ----------
    source : VoteChunks, callable, or iterable
        The chunks.
    classes : int, sequence of hashable, or None
        The classes; None infers ``k = max(2, highest class + 1)``.

    Returns
    -------
    SeenRows

    Raises
    ------
    VoteError, GoldError, ParameterError
        If a chunk is not what it should be; rows are counted from the first of all.

    Examples
    --------
    >>> read_chunks(iter([[[0, 1]], [[1, 1], [0, -1]]])).n
    3
    """
    seen = SeenRows(classes)
    with tqdm(desc="Reading votes", unit="row", unit_scale=True, delay=2) as bar:
        for votes, y, sample_weight in each_chunk(source):
            before = seen.n
            seen.add(votes, y, sample_weight)
            bar.update(seen.n - before)
    return seen
