"""What a classifier is trained on, from every form that labels come in: the one intake of all end models."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from weaklab.end_models.given_labels import GivenLabels, plain_labels
from weaklab.end_models.selection import Selection
from weaklab.exceptions import ClassError, SoftLabelError, did_you_mean
from weaklab.typing import Classes, Floats
from weaklab.votes.classes import check_classes, class_array, class_code
from weaklab.votes.soft import SoftLabels, check_sample_weight, check_soft_labels


@dataclass(frozen=True, eq=False)
class Targets:
    """Soft labels with a weight and a name for each class, as end models train on them.

    Parameters
    ----------
    probs : ndarray of float64 of shape (n, k)
        Each row sums to 1; one-hot where the class is known.
    weight : ndarray of float64 of shape (n,)
        0 or more; rows of weight 0 are not trained on, or without their label.
    classes : ndarray of shape (k,)
        The class names, or codes, in the order of the columns.
    said : ndarray of shape (n, k), optional
        What the label model said, where it differs: rows with gold are one-hot in ``probs``.
    gold : ndarray of int64 of shape (n,), optional
        The class code where it is known, -1 elsewhere.
    unsaid : ndarray of bool of shape (n,), optional
        Rows with gold of which the label model says nothing, as they have no votes.
    unlabelled : ndarray of bool of shape (n,), optional
        Rows of weight 0 that are trained on nevertheless, by loss terms that need no label.
    """

    probs: Floats
    weight: Floats
    classes: np.ndarray
    said: Floats | None = None
    gold: np.ndarray | None = None
    unsaid: np.ndarray | None = None
    unlabelled: np.ndarray | None = None

    @property
    def used(self) -> np.ndarray:
        """The rows with a weight above 0, as positions."""
        return np.flatnonzero(self.weight > 0)

    @property
    def seen(self) -> np.ndarray:
        """Those, and the rows without labels that are trained on too, as positions."""
        return self.used if self.unlabelled is None else np.flatnonzero((self.weight > 0) | self.unlabelled)


def read_targets(labels: GivenLabels) -> Targets:
    """Targets from whatever may carry them.

    Parameters
    ----------
    labels : GivenLabels
        Of soft labels, or one hard label per row. Rows of SoftLabels with gold count as known.

    Returns
    -------
    Targets

    Raises
    ------
    SoftLabelError
        If the labels are not n, are no distributions, have another index than the data, or all have weight 0.
    ClassError
        If a hard label is none of the declared classes, or -1 is among labels that are not -1 and 1 alone.

    Examples
    --------
    >>> read_targets(GivenLabels(["spam", "ham"], 2)).probs
    array([[0., 1.],
           [1., 0.]])
    """
    soft, n, classes, known = plain_labels(labels.soft), labels.n, labels.classes, labels.known
    if np.ma.is_masked(soft):
        row = int(np.argwhere(np.ma.getmaskarray(soft))[0][0])
        raise SoftLabelError(f"The label of row {row} is masked: leave such rows out, or give them weight 0.")
    weight = check_sample_weight(labels.sample_weight, n, index=labels.index)
    if weight is None:
        weight = np.ones(n)
    if not _lists_names(soft, classes, known) and is_soft(soft):
        check_index(soft, labels.index)
        checked = _soft_of_classes(soft, n, classes) if known is None else _soft_of_known(soft, n, known)
        unlabelled = (weight > 0) & labels.selection.unlabelled(checked.weight, checked.gold, n)
        said = Targets(checked.probs, weight, checked.classes_, unlabelled=unlabelled)
        targets = known_rows(said, checked, labels.selection)
    else:
        codes, names = read_hard_labels(soft, n, classes, known)
        check_index(soft, labels.index)
        targets = Targets(np.eye(len(names))[codes], weight, names)
    if n and not len(targets.used):
        raise SoftLabelError(
            f"All {n:,} rows have weight 0, so there is nothing to train on. {_why_none(targets, soft, labels)}"
        )
    return targets


def known_rows(said: Targets, soft: SoftLabels, selection: Selection) -> Targets:
    """Targets with the weights that SoftLabels give them, and one-hot where SoftLabels know the class."""
    gold = soft.gold
    weight = said.weight * selection.weights(soft.probs, soft.weight, gold)
    if gold is None:
        return replace(said, weight=weight, said=soft.probs)
    probs = np.where((gold >= 0)[:, None], np.eye(soft.k)[gold], soft.probs)
    unsaid = (gold >= 0) & ~soft.covered
    return replace(said, probs=probs, weight=weight, said=soft.probs, gold=gold, unsaid=unsaid)


def _why_none(targets: Targets, soft: Any, labels: GivenLabels) -> str:
    """Why no row has a weight above 0, and what to do."""
    selection, gold = labels.selection, targets.gold
    voted = soft.covered if isinstance(soft, SoftLabels) else np.ones(labels.n, dtype=bool)
    given = check_sample_weight(labels.sample_weight, labels.n)
    covered = voted if given is None else voted & (given > 0)
    known = np.zeros(labels.n, dtype=bool) if gold is None else gold >= 0
    if selection.gold_weight == 0 and known.any() and not (covered & ~known).any():
        return (
            f"gold_weight=0 keeps the {int(known.sum()):,} rows with gold for scoring, and no other row has a label: "
            "leave it out, or give gold to fewer rows."
        )
    if selection.weight == "confidence" and covered.any():
        return (
            "weight='confidence' gives 0 to a row whose classes are all as probable, which here are all of "
            f"the {int((covered & ~known).sum()):,} rows with a label: leave it out, or look at the label model."
        )
    if voted.any():
        return "The rows to which sample_weight gives more than 0 have weight 0 in the soft labels."
    return "Soft labels of a label model have weight 0 where no labeling function votes."


def is_soft(soft: Any) -> bool:
    """Whether labels are a distribution per row, rather than one class per row.

    Examples
    --------
    >>> is_soft([[0.5, 0.5]]), is_soft([0, 1]), is_soft([[0], [1]])
    (True, False, False)
    """
    if isinstance(soft, SoftLabels):
        return True
    try:
        array = np.asarray(soft)
    except ValueError as error:
        raise SoftLabelError(f"Labels must be of shape (n,) or (n, k), with rows of one length: {error}") from error
    shape = array.shape
    if len(shape) == 2 and shape[1] == 1 and array.dtype.kind == "f":
        raise SoftLabelError(
            f"Labels of shape {shape} with fractions are no soft labels, which need a column for each of at least two "
            "classes: for the probability p of the second of two, give np.column_stack([1 - p, p]). If they are hard "
            "labels, give them flat: labels.ravel()."
        )
    return len(shape) > 1 and not (len(shape) == 2 and shape[1] == 1)


def read_hard_labels(
    labels: Any, n: int, classes: Classes = None, known: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The codes of hard labels and the classes that they stand for.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Class names or numbers; strings, ints, bools, floats without fraction. Names of other types, or of several,
        must be declared.
    n : int
        The number of rows of data.
    classes : int, sequence of hashable, or None
        The declared classes; None takes the sorted distinct labels. -1 is then no class, since it means "unknown"
        elsewhere, unless all labels are -1 and 1, which is how scikit-learn writes two classes.
    known : ndarray of shape (k,), optional
        The classes of a fitted model, in the place of ``classes``.

    Returns
    -------
    codes : ndarray of int64 of shape (n,)
    classes : ndarray of shape (k,)

    Raises
    ------
    SoftLabelError
        If there are not n labels, or one is missing or a fraction.
    ClassError
        If a label is no declared class, or -1 is among labels that are not -1 and 1 alone.
    """
    names = _names(classes, known)
    items = _items(labels) if names else None
    if items is not None and (_are_odd(names) or any(isinstance(item, Enum) for item in items)):
        return _codes_one_by_one(items, n, names, fitted=known is not None), class_array(names)
    try:
        array = column_or_1d(labels, warn=True)
        array = array if array.dtype.kind in "iufbUO" else np.asarray(array, dtype=object)
        missing = pd.isna(array)
        if missing.any():
            raise SoftLabelError(
                f"Input y contains NaN: {int(missing.sum()):,} labels are missing; the first is in row "
                f"{missing.argmax()}. Drop those rows, or give soft labels with weight 0 there."
            )
        assert_all_finite(array, input_name="y")
        distinct, codes = np.unique(array, return_inverse=True)
        check_classification_targets(array)
    except TypeError as error:
        raise SoftLabelError(
            f"Labels must be of one type, all strings or all numbers, unless classes=[...] names them: {error}"
        ) from error
    except ValueError as error:
        raise error if isinstance(error, SoftLabelError) else SoftLabelError(str(error)) from error
    if len(array) != n:
        raise SoftLabelError(f"There are {len(array):,} labels for {n:,} rows of data.")
    if known is not None:
        return _codes_of_known(distinct, known)[codes], known
    declared = check_classes(classes)
    if declared is None:
        found = distinct.tolist()
        if -1 in found and found != [-1, 1]:
            raise ClassError(
                f"The labels hold -1 ({int((array == -1).sum()):,} rows), first in row {int(np.argmax(array == -1))}; "
                "elsewhere that means 'unknown'. Drop those rows, or give SoftLabels with weight 0 there; if -1 is a "
                f"class, say classes={[_whole(value) for value in found]!r}."
            )
        return codes.astype(np.int64), _plain(distinct)
    of_distinct = np.array([class_code(_whole(value), declared) for value in distinct], dtype=np.int64)
    return of_distinct[codes], class_array(declared)


def _names(classes: Classes, known: np.ndarray | None) -> list[Hashable]:
    """The names that labels may have, where they are known; else none."""
    if known is not None:
        return list(known.tolist())
    declared = check_classes(classes)
    return declared if isinstance(declared, list) else []


def _are_odd(names: list[Hashable]) -> bool:
    """Whether numpy and scikit-learn cannot sort these names or tell them apart: tuples, Enum members, mixtures."""
    return class_array(names).dtype.kind == "O"


def _items(labels: Any) -> list[Any] | None:
    """Hard labels one by one, as what they are; None where numpy has to tell."""
    if isinstance(labels, (pd.Series, pd.Index)) or (isinstance(labels, np.ndarray) and labels.ndim == 1):
        return list(labels.tolist())
    return list(labels) if isinstance(labels, (list, tuple)) else None


def _lists_names(labels: Any, classes: Classes, known: np.ndarray | None) -> bool:
    """Whether a list is of class names that are tuples, which look like rows of probabilities."""
    names = _names(classes, known)
    if not isinstance(labels, (list, tuple)) or not any(isinstance(name, tuple) for name in names):
        return False
    return bool(labels) and all(_is_among(label, names) for label in labels)


def _is_among(label: Any, names: Sequence[Hashable]) -> bool:
    return any(type(label) is type(name) and label == name for name in names)  # True is not the name 1


def _codes_one_by_one(items: list[Any], n: int, names: list[Hashable], *, fitted: bool) -> np.ndarray:
    """The code of each label, looked up among names that need not sort."""
    if len(items) != n:
        raise SoftLabelError(f"There are {len(items):,} labels for {n:,} rows of data.")
    code = {(type(name), name): i for i, name in enumerate(names)}
    codes = np.empty(n, dtype=np.int64)
    for row, item in enumerate(items):
        label = item.item() if isinstance(item, np.generic) else item
        if not isinstance(label, (tuple, list, dict, set)) and pd.isna(label):
            raise SoftLabelError(f"The label of row {row} is missing ({label!r}).")
        key = (type(label), label)
        try:
            if key not in code:
                code[key] = class_code(_whole(label), names)
        except TypeError as error:  # what cannot be hashed
            raise ClassError(f"The label of row {row}, {label!r}, is no class.") from error
        except ClassError as error:
            whose = " of this model" if fitted else ""
            raise ClassError(
                f"The label of row {row}, {label!r}, is none of the classes{whose}.{did_you_mean(label, names)}"
            ) from error
        codes[row] = code[key]
    return codes


def _plain(distinct: np.ndarray) -> np.ndarray:
    if distinct.dtype == object and all(isinstance(value, str) for value in distinct):
        return np.asarray(distinct, dtype=str)
    return distinct


def _codes_of_known(distinct: np.ndarray, known: np.ndarray) -> np.ndarray:
    column = {name: i for i, name in enumerate(known.tolist())}
    for name in distinct.tolist():
        if name not in column:
            raise ClassError(f"Label {name!r} is none of the classes of this model.{did_you_mean(name, column)}")
    return np.array([column[name] for name in distinct.tolist()], dtype=np.int64)


def _whole(value: Any) -> Any:
    """A float without a fraction as an int, which is what it means where classes are counted or named."""
    return int(value) if isinstance(value, (float, np.floating)) else value


def _soft_of_classes(soft: Any, n: int, classes: Classes) -> SoftLabels:
    declared = check_classes(classes)
    if isinstance(declared, list):
        return check_soft_labels(soft, n, declared)
    checked = check_soft_labels(soft, n)
    if declared is not None and checked.k != declared:
        raise SoftLabelError(f"The soft labels have {checked.k} columns, but classes={declared}.")
    return checked


def _soft_of_known(soft: Any, n: int, known: np.ndarray) -> SoftLabels:
    checked = check_soft_labels(soft, n)
    if checked.k != len(known) or (checked.classes is not None and list(checked.classes) != known.tolist()):
        raise SoftLabelError(
            f"The soft labels are of {checked.k} classes {checked.classes_.tolist()!r}, "
            f"those of this model are {known.tolist()!r}."
        )
    return checked


def check_index(labels: Any, index: pd.Index | None) -> None:
    """Refuse labels whose index is another than that of the data.

    Raises
    ------
    SoftLabelError
        If both have an index of one length and the two differ.
    """
    own = labels.index if isinstance(labels, (SoftLabels, pd.DataFrame, pd.Series)) else None
    if own is None or index is None or len(own) != len(index) or own.equals(index):
        return
    first = int(np.argmax([a != b for a, b in zip(own, index, strict=True)]))
    order = own.isin(index).all()
    raise SoftLabelError(
        f"The labels have another index than the data{' (the same entries in another order)' if order else ''}: "
        f"row {first} is {own[first]!r} among the labels and {index[first]!r} in the data. Bring both into one order; "
        "or, if they are row by row the same, give the labels without index: labels.replace(index=None) for "
        "SoftLabels, labels.to_numpy() for pandas."
    )
