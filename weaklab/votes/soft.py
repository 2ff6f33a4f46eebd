"""Soft labels: probabilities per row, and what else is known of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError, SoftLabelError
from weaklab.typing import ABSTAIN, Codes, Floats, Seed, Ties
from weaklab.votes.classes import check_classes, class_array
from weaklab.votes.ties import break_ties


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """Probabilistic labels: one distribution over the classes per row.

    Whatever takes an array takes it: ``np.asarray(soft)`` is ``soft.probs``. So do scikit-learn's ``cross_val_score``,
    ``GridSearchCV`` and ``train_test_split``, which split all parts by rows; for folds that are stratified, split by
    hard labels: ``cv=list(StratifiedKFold().split(X, soft.codes()))``.

    Parameters
    ----------
    probs : array-like of shape (n, k)
        Probabilities in [0, 1]; each row sums to 1.
    weight : array-like of shape (n,), optional
        How much each row should count when something is trained on it, 0 or more. A label model gives 0 to rows
        without votes and 1 to the others. None means 1 everywhere.
    gold : array-like of int of shape (n,), optional
        The true class code where it is known, -1 where not.
    classes : sequence of hashable, optional
        The names of the classes in the order of the columns; None means 0..k-1.
    index : pandas.Index or array-like of length n, optional
        The index of the data that the rows belong to.

    Attributes
    ----------
    n, k : int
        How many rows and classes there are.
    covered : ndarray of bool of shape (n,)
        Where the weight is above 0.
    confidence : ndarray of shape (n,)
        The highest probability of each row, in [1/k, 1].

    Raises
    ------
    SoftLabelError
        If a row is not a distribution (its number is named), or the parts differ in length.

    Examples
    --------
    >>> soft = SoftLabels([[0.9, 0.1], [0.5, 0.5]], weight=[1, 0], classes=["ham", "spam"])
    >>> soft.labels()
    array(['ham', 'ham'], dtype='<U4')
    >>> soft.covered
    array([ True, False])
    """

    probs: Floats
    weight: Floats | None = None
    gold: Codes | None = None
    classes: tuple[Hashable, ...] | None = None
    index: pd.Index | None = None

    def __post_init__(self) -> None:
        probs = _check_probs(self.probs)
        n, k = probs.shape
        _set(self, "probs", probs)
        _set(self, "weight", None if self.weight is None else _check_weight(self.weight, n))
        _set(self, "gold", None if self.gold is None else _check_codes(self.gold, n, k))
        if self.classes is not None:
            names = check_classes(self.classes)
            if not isinstance(names, list):
                raise SoftLabelError(f"classes={self.classes!r} must be the names of the {k} classes, or None.")
            if len(names) != k:
                raise SoftLabelError(f"classes={self.classes!r} names {len(names)} classes; probs has {k} columns.")
            _set(self, "classes", tuple(names))
        if self.index is not None:
            index = self.index if isinstance(self.index, pd.Index) else pd.Index(self.index)
            if len(index) != n:
                raise SoftLabelError(f"index has {len(index)} entries; probs has {n} rows.")
            _set(self, "index", index)

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self.probs.shape[0]

    @property
    def k(self) -> int:
        """How many classes there are."""
        return self.probs.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """``(n, k)``."""
        return (self.n, self.k)

    @property
    def covered(self) -> np.ndarray:
        """Where the weight is above 0, an array of bool of shape (n,)."""
        return np.ones(self.n, dtype=bool) if self.weight is None else self.weight > 0

    @property
    def confidence(self) -> Floats:
        """The highest probability of each row, an array of shape (n,) in [1/k, 1]."""
        return self.probs.max(axis=1)

    @property
    def classes_(self) -> np.ndarray:
        """The class names, or the codes 0..k-1 where none are declared, as an array of shape (k,)."""
        return class_array(self.k if self.classes is None else self.classes)

    def codes(self, ties: Ties = "lowest", random_state: Seed = 0) -> Codes:
        """The most probable class code of each row; see :meth:`labels`."""
        return break_ties(self.probs, ties, random_state)

    def labels(self, ties: Ties = "lowest", random_state: Seed = 0) -> np.ndarray:
        """The most probable class of each row, by name where names are declared.

        Parameters
        ----------
        ties : {"lowest", "random", "hash", "abstain"}
            What to do where several classes share the highest probability; "abstain" gives -1, or None among names.
        random_state : int, Generator or None
            The seed of ``ties="random"``.

        Returns
        -------
        ndarray of shape (n,)
        """
        return decode(self.codes(ties, random_state), None if self.classes is None else self.classes_)

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with a column per class, then ``label``, ``confidence`` and ``covered``."""
        frame = pd.DataFrame(self.probs, columns=list(self.classes_), index=self.index)
        return frame.assign(label=self.labels(), confidence=self.confidence, covered=self.covered)

    def to_dataset(self, dataset: Any = None) -> Any:
        """A ``datasets.Dataset`` of Hugging Face with these labels, for trainers that read one.

        Parameters
        ----------
        dataset : datasets.Dataset, optional
            The data, of n rows, to which the columns are added.

        Returns
        -------
        datasets.Dataset
            ``label``, a ``ClassLabel``: the most probable class, or gold where it is known, and -1, which trainers
            take for "no label", where neither is; ``probs`` of length k; ``covered``; ``weight``, where there is one.

        Raises
        ------
        MissingExtraError
            If ``datasets``, of the extra ``hf``, is not installed.
        SoftLabelError
            If the Dataset has other rows, or such columns already.
        """
        from weaklab.votes.soft_dataset import to_dataset

        return to_dataset(self, dataset)

    def replace(self, **changes: Any) -> SoftLabels:
        """A copy with some parts exchanged, checked again."""
        return replace(self, **changes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False and dtype is not None and np.dtype(dtype) != self.probs.dtype:
            raise ValueError(f"Soft labels are float64; giving them as {np.dtype(dtype)} needs a copy.")
        return np.array(self.probs, dtype=dtype) if copy else np.asarray(self.probs, dtype=dtype)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, rows: Any) -> SoftLabels:
        """The soft labels of some rows, with all their parts: a slice, positions, or a boolean mask.

        ``soft[rows, ...]`` and ``soft[rows, :]`` are the same, as scikit-learn splits arrays.
        """
        if isinstance(rows, tuple):
            rows = _rows_alone(rows)
        if isinstance(rows, (int, np.integer)):
            rows = [rows]
        elif not isinstance(rows, slice):
            rows = np.asarray(rows)
            rows = rows if rows.size else rows.astype(np.int64)  # numpy takes an empty list for floats
        return SoftLabels(
            self.probs[rows],
            None if self.weight is None else self.weight[rows],
            None if self.gold is None else self.gold[rows],
            self.classes,
            None if self.index is None else self.index[rows],
        )

    def __repr__(self) -> str:
        names = "" if self.classes is None else f", classes={list(self.classes)!r}"
        share = "" if self.weight is None or not self.n else f", covered={self.covered.mean():.1%}"
        gold = "" if self.gold is None else f", gold rows={int((self.gold >= 0).sum()):,}"
        return f"SoftLabels(n={self.n:,}, k={self.k}{names}{share}{gold})"

    def _repr_html_(self) -> str:
        return f"<div><b>{escape(repr(self))}</b>{self[:10].to_frame().to_html()}</div>"


def decode(codes: Codes, names: np.ndarray | None) -> np.ndarray:
    """Class names for codes; -1 becomes None, in an array of objects.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Class codes 0..k-1, or -1.
    names : ndarray of shape (k,), or None
        The names; None leaves the codes as they are.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> decode(np.array([1, -1]), np.array(["ham", "spam"]))
    array(['spam', None], dtype=object)
    """
    if names is None:
        return codes
    abstained = codes == ABSTAIN
    if not abstained.any():
        return names[codes]
    out = names.astype(object)[codes]
    out[abstained] = None
    return out


def check_soft_labels(soft: Any, n: int, classes: Sequence[Hashable] | None = None) -> SoftLabels:
    """Soft labels from whatever may carry them: SoftLabels, an array (n, k), or a DataFrame with a column per class.

    Parameters
    ----------
    soft : SoftLabels, array-like of shape (n, k), or DataFrame
        The labels; the column names of a DataFrame name the classes.
    n : int
        How many rows there must be.
    classes : sequence of hashable, optional
        The class names that the caller declared.

    Returns
    -------
    SoftLabels

    Raises
    ------
    SoftLabelError
        If there are not n rows, a row is no distribution, or the classes disagree.
    """
    if not isinstance(soft, SoftLabels):
        names = (
            [*soft.columns] if isinstance(soft, pd.DataFrame) and not isinstance(soft.columns, pd.RangeIndex) else None
        )
        index = soft.index if isinstance(soft, pd.DataFrame) else None
        soft = SoftLabels(soft, classes=names, index=index)  # type: ignore[arg-type]
    if soft.n != n:
        raise SoftLabelError(f"There are {soft.n:,} rows of soft labels for {n:,} rows of data.")
    if classes is None:
        return soft
    if soft.classes is None:
        return soft.replace(classes=tuple(classes))
    if list(soft.classes) != list(classes):
        raise SoftLabelError(f"The soft labels are of classes {list(soft.classes)!r}, not of {list(classes)!r}.")
    return soft


def _rows_alone(key: tuple[Any, ...]) -> Any:
    """The rows of ``[rows, ...]`` and ``[rows, :]``."""
    if len(key) == 2 and (key[1] is Ellipsis or (isinstance(key[1], slice) and key[1] == slice(None))):
        return key[0]
    raise SoftLabelError(
        f"Soft labels are indexed by rows; got [{', '.join(map(repr, key))}]. For single ones, .probs."
    )


def _set(instance: SoftLabels, field: str, value: Any) -> None:
    object.__setattr__(instance, field, value)  # the dataclass is frozen once it is built


def _check_probs(probs: Any) -> Floats:
    if np.ma.is_masked(probs):
        row, column = (int(part) for part in np.argwhere(np.ma.getmaskarray(probs))[0][:2])
        raise SoftLabelError(f"Soft labels must be there for every row; row {row}, column {column} is masked.")
    try:
        array = np.ascontiguousarray(probs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SoftLabelError(f"Soft labels must be numbers, one row per row of data: {error}") from error
    if array.ndim != 2 or array.shape[1] < 2:
        raise SoftLabelError(f"Soft labels must be of shape (n, k) with k of 2 or more, got shape {array.shape}.")
    with np.errstate(invalid="ignore"):
        wrong = ~((array >= 0).all(axis=1) & (np.abs(array.sum(axis=1) - 1) <= 1e-6))  # NaN fails both
    if wrong.any():
        row = int(np.argmax(wrong))
        raise SoftLabelError(
            f"{int(wrong.sum()):,} rows of soft labels are no distribution; the first is row {row}: "
            f"{array[row].tolist()}. Each must be non-negative and sum to 1."
        )
    return array


def _check_weight(weight: Any, n: int) -> Floats:
    try:
        array = np.asarray(weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SoftLabelError(f"weight must be numbers: {error}") from error
    if array.shape != (n,):
        raise SoftLabelError(f"weight must be of shape ({n},), got {array.shape}.")
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise SoftLabelError(f"weight must be finite and 0 or more; row {row} has {array[row]}.")
    return array


def _check_codes(gold: Any, n: int, k: int) -> Codes:
    array = np.asarray(gold)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise SoftLabelError(
            f"gold must be ints of shape ({n},), -1 where unknown; got {array.dtype} of {array.shape}."
        )
    wrong = (array < ABSTAIN) | (array >= k)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise SoftLabelError(f"gold must be -1 to {k - 1}; row {row} has {array[row]}.")
    return array.astype(np.int64)


def check_sample_weight(weight: Any, n: int, *, some: bool = True, index: pd.Index | None = None) -> Floats | None:
    """Sample weights as float64 (n,), or None; unless ``some`` is False, one must be above 0.

    Raises
    ------
    ParameterError
        If they are not n finite numbers from 0, or a Series whose index is not that of the rows.
    """
    if weight is None:
        return None
    if isinstance(weight, pd.Series) and index is not None and len(weight) == n and not weight.index.equals(index):
        raise ParameterError(
            "The index of sample_weight is not the index of the rows: align them, or give sample_weight as an array."
        )
    try:
        array = _check_weight(np.full(n, weight) if np.isscalar(weight) else weight, n)
    except SoftLabelError as error:
        raise ParameterError(f"sample_{error}") from error
    if some and n and not array.any():
        raise ParameterError("sample_weight is zero for every row: there is nothing to learn from.")
    return array
