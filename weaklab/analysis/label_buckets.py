"""Rows sorted by what two or more labelings say of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.predicted_labels import is_named
from weaklab.analysis.row_tables import objects
from weaklab.exceptions import ClassError, GoldError, ParameterError
from weaklab.typing import ABSTAIN
from weaklab.votes import PartialVotes, SoftLabels, SoftVotes, check_classes, check_gold


def buckets(y: Any, *labels: Any, classes: Sequence[Hashable] | None = None) -> dict[tuple[Any, ...], np.ndarray]:
    """The rows of each combination of labels, such as each cell of a confusion matrix.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels, such as gold.
    *labels : array-like of shape (n,) or (n, k), or SoftLabels
        Others on the same rows: predictions, a column of the votes, probabilities (of which the highest counts, the
        lowest code of a tie).
    classes : sequence of hashable, optional
        The class names in the order of their codes. Labels are then shown by name; without, as they are given.

    Returns
    -------
    dict of tuple to ndarray of int
        From ``(label of y, label of the first of the others, ...)`` to the positions of the rows, for ``frame.iloc``;
        the largest bucket first. -1 stays -1 among codes; among names, it is None, as is whatever is missing.

    Raises
    ------
    ParameterError
        If labels are of different rows, or there are none beside y.
    GoldError, ClassError
        If a label is no class, where classes are given; or some labels are names and others codes, where they are not.

    Examples
    --------
    >>> found = buckets([0, 1, 1, 0], [0, 1, 0, 0], classes=["ham", "spam"])
    >>> {cell: rows.tolist() for cell, rows in found.items()}
    {('ham', 'ham'): [0, 3], ('spam', 'spam'): [1], ('spam', 'ham'): [2]}
    """
    if not labels:
        raise ParameterError("buckets takes two labelings or more, such as buckets(y, predictions).")
    given = [_hard(values) for values in (y, *labels)]
    lengths = [len(values) for values in given]
    if len(set(lengths)) > 1:
        raise ParameterError(f"The labels must be of the same rows; there are {', '.join(map(str, lengths))} of them.")
    _check_index(y, labels)
    declared = check_classes(classes)
    if not isinstance(declared, list):
        _check_kinds(given)
    columns = [_values(values, declared if isinstance(declared, list) else None) for values in given]
    number = np.zeros(lengths[0], dtype=np.int64)
    for values in columns:
        code, distinct = pd.factorize(values, use_na_sentinel=False)
        number = pd.factorize(number * np.int64(max(len(distinct), 1)) + code)[0]
    count = np.bincount(number)
    order = np.argsort(number, kind="stable")
    parts = np.split(order, np.cumsum(count)[:-1]) if len(count) else []
    parts.sort(key=lambda rows: -len(rows))
    return {tuple(_plain(values[rows[0]]) for values in columns): rows for rows in parts}


def _check_index(y: Any, labels: tuple[Any, ...]) -> None:
    """Refuse labels whose index is not that of those before."""
    index, whose = None, ""
    for place, values in enumerate((y, *labels)):
        own = values.index if isinstance(values, (pd.Series, pd.DataFrame, SoftLabels)) else None
        if own is None:
            continue
        if index is None:
            index, whose = own, f"labels {place}" if place else "y"
        elif not own.equals(index):
            raise ParameterError(f"The index of labels {place} is not that of {whose}: align them, or give arrays.")


def _check_kinds(given: list[Any]) -> None:
    """Refuse names beside codes, which are no common labels."""
    named = [is_named(values) for values in given]
    coded = [not is_name and _has_codes(values) for is_name, values in zip(named, given, strict=True)]
    if any(named) and any(coded):
        which = [f"labels {place}" if place else "y" for place in (named.index(True), coded.index(True))]
        how = f"{which[0]} given by name and {which[1]} by code"
        raise ClassError(f"There are {how}: give classes=[...], the names in the order of their codes.")


def _has_codes(values: Any) -> bool:
    """Whether labels hold a number that is a class."""
    return any(isinstance(value, (int, float, np.number)) and value >= 0 for value in np.asarray(values).tolist())


def _hard(values: Any) -> Any:
    """One label per row."""
    if isinstance(values, SoftLabels):
        return values.labels()
    if isinstance(values, pd.Series):
        return values.to_numpy()
    if isinstance(values, (PartialVotes, SoftVotes)):
        raise ParameterError(
            f"Labels must be one per row, got {type(values).__name__} of shape {values.shape}: give the labels that a "
            "model makes of them, model.predict(votes)."
        )
    array = np.asarray(values) if np.ndim(values) else None
    if array is None or array.ndim > 2:
        raise ParameterError(f"Labels must be one per row, or probabilities of shape (n, k); got {values!r}.")
    if array.ndim == 1:
        return array if array.dtype.kind in "iubfO" else values  # numpy would make ints among strings strings
    if array.dtype.kind != "f":
        raise ParameterError(
            f"Labels of shape {array.shape} must be probabilities; of votes, give columns: buckets(y, *votes.T)."
        )
    return array.argmax(axis=1)


def _values(values: Any, names: list[Hashable] | None) -> np.ndarray:
    """Labels as they are shown."""
    if names is not None:
        codes = check_gold(values, len(values), names)
        return objects([None if code == ABSTAIN else names[code] for code in codes.tolist()])
    if isinstance(values, np.ndarray) and values.dtype.kind in "iub":
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        known = values[~np.isnan(values)]
        if (known != np.floor(known)).any():
            wrong = known[known != np.floor(known)][0].item()
            raise GoldError(f"{wrong!r} is no label: give class codes or names, or probabilities of shape (n, k).")
        values = [None if np.isnan(value) else int(value) for value in values.tolist()]
    missing = [None if pd.api.types.is_scalar(value) and pd.isna(value) else value for value in list(values)]
    return objects(missing)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
