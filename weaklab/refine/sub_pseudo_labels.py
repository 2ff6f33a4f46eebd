"""Classes of pairs: what a row was labelled, and what a teacher takes it for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError, SoftLabelError
from weaklab.label_models.parameters import check_count
from weaklab.typing import Codes, Floats
from weaklab.votes.soft import SoftLabels, check_soft_labels


@dataclass(frozen=True, eq=False)
class PairLabels:
    """Labels whose classes are pairs of classes; made by :func:`sub_pseudo_labels`.

    Parameters
    ----------
    codes : ndarray of int64 of shape (n,)
        The pair of each row, a row of ``pairs``; -1 where there is none.
    pairs : ndarray of int64 of shape (p, 2)
        The class that the rows were labelled with, and the one of the teacher.
    classes : tuple of hashable, or None
        The names of the k classes, where they have names.
    k : int
        How many classes there are.
    index : pandas.Index, optional
        The index of the rows.

    Examples
    --------
    >>> pairs = sub_pseudo_labels([0, 0, 1], [0, 1, 1])
    >>> pairs.pairs.tolist(), pairs.codes.tolist(), pairs.to_parent().tolist()
    ([[0, 0], [0, 1], [1, 1]], [0, 1, 2], [0, 0, 1])
    """

    codes: Codes
    pairs: np.ndarray
    classes: tuple[Any, ...] | None
    k: int
    index: pd.Index | None = None

    @property
    def names(self) -> list[Any]:
        """What each pair is called: the class where both agree, else ``"class (teacher)"``, as text."""
        called = range(self.k) if self.classes is None else self.classes
        return [f"{called[w]}" if w == t else f"{called[w]} ({called[t]})" for w, t in self.pairs.tolist()]

    def labels(self) -> SoftLabels:
        """One-hot labels of the pairs, to train on; rows without a pair weigh 0, and no class fewer than two."""
        p = max(len(self.pairs), 2)
        probs = np.full((len(self.codes), p), 1 / p)
        rows = np.flatnonzero(self.codes >= 0)
        probs[rows] = np.eye(p)[self.codes[rows]]
        weight = None if len(rows) == len(self.codes) else (self.codes >= 0).astype(np.float64)
        return SoftLabels(probs, weight, index=self.index)

    def to_parent(self, probs: Any = None) -> Codes | Floats:
        """Fold pairs back into the classes that rows were labelled with.

        Parameters
        ----------
        probs : array-like of shape (n, p), optional
            Probabilities of the pairs, of a model that was trained on them; None folds the codes of the rows.

        Returns
        -------
        ndarray
            Class codes (n,), -1 where there is no pair; or probabilities (n, k).

        Raises
        ------
        SoftLabelError
            If ``probs`` has not a column per pair.
        """
        if probs is None:
            padded = np.append(self.pairs[:, 0], -1)  # code -1 reads the last
            return padded[self.codes]
        array = np.asarray(probs, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] < len(self.pairs) or array.shape[1] > max(len(self.pairs), 2):
            raise SoftLabelError(f"probs must have a column per pair, {len(self.pairs)}; got shape {array.shape}.")
        return array[:, : len(self.pairs)] @ np.eye(self.k)[self.pairs[:, 0]]


def sub_pseudo_labels(
    weak: Any,
    teacher_pred: Any,
    *,
    max_classes: int | None = None,
    rare: Literal["teacher", "weak", "drop"] = "teacher",
) -> PairLabels:
    """Give rows on which label and teacher differ a class of their own, in place of choosing between the two.

    What is wrong about a label is often no accident: of the videos that a query finds, the wrong ones show a few other
    things. A pair of label and teacher is a class for them. A network that is trained on pairs, and then loses its
    last layer, has learnt features from all rows, and had to call nothing what it is not.

    Parameters
    ----------
    weak : SoftLabels, array-like of int of shape (n,), or of probabilities of shape (n, k)
        The labels; rows of weight 0, or -1, have none.
    teacher_pred : SoftLabels, array-like of int of shape (n,), or of probabilities of shape (n, k)
        What a teacher predicts, such as a model trained on the rows with gold, for each row that has a label.
    max_classes : int, optional
        How many pairs there may be. Those on which both agree come first, of each class that occurs; then the most
        frequent ones. None keeps all.
    rare : {"teacher", "weak", "drop"}, default="teacher"
        What becomes of rows of other pairs: they join those labelled as the teacher says, those on which both agree
        on the label, or are left out.

    Returns
    -------
    PairLabels
        Its pairs in order; ``to_parent`` gives back the labels, but of rows that have joined the teacher's.

    Raises
    ------
    ParameterError
        If ``max_classes`` is too small for one pair per class, the two differ in length or classes, or the teacher
        says nothing of a row that has a label.

    Notes
    -----
    After Li, Zhang, Wu, Xiong, Lee, Lu, Fu and Pfister (2022), "Learning from Weakly-labeled Web Videos via Exploring
    Sub-concepts", doi:10.1609/aaai.v36i2.20022. Of what they
    report, that pairs teach more than the rows on which both agree alone, nothing showed in small experiments:
    ``docs/benchmarks/refine.md``.

    Examples
    --------
    >>> weak, teacher = [0, 0, 0, 0, 1, 1], [0, 1, 1, 2, 1, 0]
    >>> pairs = sub_pseudo_labels(weak, teacher, max_classes=4)
    >>> pairs.names
    ['0', '0 (1)', '1', '2']
    >>> pairs.codes
    array([0, 1, 1, 3, 2, 0])
    """
    if rare not in ("teacher", "weak", "drop"):
        raise ParameterError(f"rare={rare!r} must be 'teacher', 'weak' or 'drop'.")
    labels, teacher = _read(weak, "weak"), _read(teacher_pred, "teacher_pred")
    if len(labels.codes) != len(teacher.codes):
        raise ParameterError(f"weak has {len(labels.codes):,} rows, teacher_pred {len(teacher.codes):,}.")
    if labels.classes is not None and teacher.classes is not None and labels.classes != teacher.classes:
        raise ParameterError(f"weak is of classes {labels.classes!r}, teacher_pred of {teacher.classes!r}.")
    k = max(labels.k, teacher.k)
    classes = labels.classes if labels.classes is not None else teacher.classes
    if classes is not None and len(classes) != k:
        raise ParameterError(f"One is of {k} classes, the other of {len(classes)}: {classes!r}.")
    silent = (labels.codes >= 0) & (teacher.codes < 0)
    if silent.any():
        raise ParameterError(f"teacher_pred says nothing of row {int(np.argmax(silent))}, which has a label.")
    rows = np.flatnonzero(labels.codes >= 0)
    joint = np.full(len(labels.codes), -1, dtype=np.int64)
    joint[rows] = _kept(labels.codes[rows] * k + teacher.codes[rows], k, max_classes, rare)
    found = np.unique(joint[joint >= 0])
    codes = np.where(joint >= 0, np.searchsorted(found, joint), -1)
    return PairLabels(codes, np.column_stack([found // k, found % k]), classes, k, labels.index)


@dataclass(frozen=True, eq=False)
class _Read:
    codes: Codes
    k: int
    classes: tuple[Any, ...] | None = None
    index: pd.Index | None = None


def _read(given: Any, name: str) -> _Read:
    """Codes, with -1 for rows of which nothing is said, from codes or soft labels."""
    if not isinstance(given, (SoftLabels, pd.DataFrame)):
        try:
            array = np.asarray(given)
        except ValueError as error:
            raise ParameterError(f"{name} must be class codes or probabilities: {error}") from error
        if array.ndim == 1:
            return _read_codes(array, name, given.index if isinstance(given, pd.Series) else None)
    soft = check_soft_labels(given, len(given))
    return _Read(np.where(soft.covered, soft.codes(), -1), soft.k, soft.classes, soft.index)


def _read_codes(array: np.ndarray, name: str, index: pd.Index | None) -> _Read:
    if len(array) and array.dtype.kind not in "iu":
        raise ParameterError(f"{name} must be class codes, whole numbers from -1, or probabilities; got {array.dtype}.")
    wrong = array < -1
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ParameterError(f"{name} must be class codes from -1; row {row} has {array[row]}.")
    return _Read(array.astype(np.int64), max(2, int(array.max(initial=-1)) + 1), None, index)


def _kept(joint: Codes, k: int, max_classes: int | None, rare: str) -> Codes:
    """Pairs as one number, those that are too rare put elsewhere."""
    if max_classes is None:
        return joint
    check_count("max_classes", max_classes, 1)
    pairs, count = np.unique(joint, return_counts=True)
    agreed = pairs // k == pairs % k
    home = pairs % k if rare == "teacher" else pairs // k  # where rows of a rare pair would go
    needed = np.unique(np.concatenate([pairs[agreed] // k, home[~agreed] if rare != "drop" else home[:0]]))
    if max_classes < len(needed):
        raise ParameterError(
            f"max_classes={max_classes} is too small: {len(needed)} classes occur, each of which needs a pair."
        )
    others = np.flatnonzero(~agreed)
    most = others[np.argsort(-count[others], kind="stable")[: max_classes - len(needed)]]
    target = np.where(agreed, pairs, -1 if rare == "drop" else home * (k + 1))
    target[most] = pairs[most]
    return target[np.searchsorted(pairs, joint)]
