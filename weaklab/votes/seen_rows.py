"""Rows of votes seen so far: checked, and kept in packed form, in memory or in temporary files."""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm.auto import tqdm

from weaklab.exceptions import GoldError, ParameterError, VoteError, did_you_mean
from weaklab.typing import Classes, Floats
from weaklab.votes import spool
from weaklab.votes.check import check_votes
from weaklab.votes.chunks import each_chunk, is_nothing
from weaklab.votes.classes import number_of_classes
from weaklab.votes.gold import check_gold
from weaklab.votes.matrix import VoteMatrix, code_dtype, encode
from weaklab.votes.slots import Numbering
from weaklab.votes.soft import check_sample_weight
from weaklab.votes.spool import Column
from weaklab.votes.words import as_kept

#: Where rows ended: the state, the length of each column, and how many richer votes were numbered.
Mark = tuple[dict[str, Any], list[tuple[Column, int]], int]


class SeenRows:
    """The rows seen so far: votes, with gold labels and weights where there are any.

    Of votes it keeps what :class:`VoteMatrix` is made of, and so about two bytes per vote and eight per row; in memory
    up to ``weaklab.votes.spool.BUDGET`` bytes in all, beyond that in temporary files.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        The classes, as :func:`check_votes` takes them.
    takes : type, optional
        The richer votes, PartialVotes or SoftVotes, that there may be.

    Examples
    --------
    >>> seen = SeenRows(None)
    >>> seen.add([[0, 1], [1, 1]])
    >>> seen.add([[2, -1]], y=[2])
    >>> seen.matrix().k, seen.gold
    (3, array([-1, -1,  2]))
    """

    def __init__(self, classes: Classes, takes: type | None = None) -> None:
        self.classes, self.takes = classes, takes
        self.names: tuple[str, ...] | None = None
        self.m = self.n = self.nnz = 0
        self.k = 2
        self._indptr = Column(np.int64)
        self._indptr.append([0])
        self._numbering: Numbering | None = None  # of richer votes
        self._rich_k: int | None = None
        # Codes depend on how many votes there are (classes, or richer ones): a column for each that there has been.
        self._code: list[tuple[int, Column]] = []
        self._gold: Column | None = None
        self._weight: Column | None = None

    def add(self, votes: Any, y: Any = None, sample_weight: Any = None) -> None:
        """Check some rows, and add them; where that fails, for whatever reason, nothing is added.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m), or richer votes
            The votes; columns with names are matched by them, in any order.
        y, sample_weight : array-like of shape (n,), optional
            As for ``fit`` of a label model.

        Raises
        ------
        VoteError, GoldError, ParameterError
            If they are not what they should be; rows are counted from the first of all.
        StorageError
            If they find no room.
        """
        before = self.mark()
        try:
            self._add(votes, y, sample_weight)
        except BaseException:  # Ctrl-C too
            self.back_to(before)
            raise

    def _add(self, votes: Any, y: Any, sample_weight: Any) -> None:
        matrix, k = self._read(votes)
        try:
            gold = None if y is None else check_gold(y, matrix.n, self.classes, index=matrix.index)
            weight = check_sample_weight(sample_weight, matrix.n, some=False, index=matrix.index)
        except (GoldError, ParameterError) as error:
            raise type(error)(f"In the rows from {self.n:,} on: {error}" if self.n else str(error)) from error
        if gold is not None and self.classes is None:
            k = max(k, int(gold.max(initial=-1)) + 1)
        self.m, self.names, self.k = matrix.m, matrix.names, k
        base = k if self._numbering is None else matrix.k
        if not self._code or self._code[-1][0] != base:
            self._code.append((base, Column(code_dtype(matrix.m, base))))
        self._code[-1][1].append(matrix.with_classes(base).code)
        self._indptr.append(matrix.indptr[1:] + self.nnz)
        self._gold = self._extend(self._gold, gold, matrix.n, Column(np.int64), -1)
        self._weight = self._extend(self._weight, weight, matrix.n, Column(np.float64), 1)
        self.n += matrix.n
        self.nnz += matrix.nnz
        if sum(column.held for column in self._columns()) > spool.BUDGET:
            for column in self._columns():
                column.to_file()

    def mark(self) -> Mark:
        """What :meth:`back_to` needs to come back to the rows that there are now."""
        state = dict(self.__dict__, _code=list(self._code))
        return state, [(column, len(column)) for column in self._columns()], len(self._numbering or ())

    def back_to(self, mark: Mark) -> None:
        """Forget all rows since a mark."""
        state, lengths, numbers = mark
        self.__dict__.update(state)
        for column, length in lengths:
            column.cut(length)
        if self._numbering is not None:
            self._numbering.cut(numbers)

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
        if not self._code:
            raise VoteError("The source gave no rows of votes.")
        self.k = max(self.k, k)
        base = self.k if self._numbering is None else max(base for base, _ in self._code)
        if len(self._code) > 1 or self._code[0][0] != base:
            self._recode(base)
        matrix = VoteMatrix(self._indptr.array(), self._code[0][1].array(), self.m, base, self.names)
        return as_kept(matrix) if self._numbering is None else self._numbering.slots(matrix, self.k)

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

    def _recode(self, base: int) -> None:
        """Write the codes anew, for so many votes."""
        out = Column(code_dtype(self.m, base))
        if any(column.in_file for _, column in self._code):
            out.to_file()
        for k, column in self._code:
            code = column.array()
            for start in range(0, len(code), spool.BLOCK):
                lf, vote = np.divmod(code[start : start + spool.BLOCK].astype(np.int64), k)
                out.append(encode(lf, vote, self.m, base))
        self._code = [(base, out)]

    def _read(self, votes: Any) -> tuple[VoteMatrix, int]:
        """Some rows, checked, labeling functions in the order of the first rows; and how many classes there are."""
        rich = self.takes is not None and isinstance(votes, self.takes)
        if self._code and rich != (self._numbering is not None):
            kinds = "richer votes and votes for one class each"
            raise VoteError(f"All chunks must be of one kind, but there are {kinds} (rows from {self.n:,} on).")
        if not rich:
            matrix = self._align(check_votes(votes, classes=self.classes, first_row=self.n))
            return matrix, max(self.k, matrix.k)
        known = number_of_classes(self.classes) or self._rich_k
        if known is not None and known != votes.k:
            kind, where = type(votes).__name__, f"(rows from {self.n:,} on)"
            raise VoteError(f"The {kind} are for {votes.k} classes, but there are {known} {where}.")
        self._rich_k = votes.k
        if self._numbering is None:
            self._numbering = Numbering()
        return self._align(self._numbering.code(votes)), max(self.k, votes.k)

    def _align(self, matrix: VoteMatrix) -> VoteMatrix:
        """The same rows, with labeling functions in the order of the first rows."""
        if not self._code:
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


def read_chunks(source: Any, classes: Classes = None, takes: type | None = None) -> SeenRows:
    """Read a source of chunks to its end; a progress bar shows when that takes more than two seconds.

    Parameters
    ----------
    source : VoteChunks, callable, or iterable
        The chunks.
    classes : int, sequence of hashable, or None
        The classes; None infers ``k = max(2, highest class + 1)``.
    takes : type, optional
        The richer votes, PartialVotes or SoftVotes, that chunks may hold.

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
    seen = SeenRows(classes, takes)
    total, progress = getattr(source, "n_rows", None), getattr(source, "progress", True)
    with tqdm(desc="Reading votes", total=total, unit="row", unit_scale=True, delay=2, disable=not progress) as bar:
        for votes, y, sample_weight in each_chunk(source):
            before = seen.n
            if not is_nothing(votes):
                seen.add(votes, y, sample_weight)
            bar.update(seen.n - before)
    return seen
