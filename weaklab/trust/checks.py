"""What is given to this room: matrices of finite numbers, soft labels, gold; checked once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from weaklab.exceptions import FrameError, GoldError, ParameterError, SoftLabelError, text_of
from weaklab.typing import ABSTAIN, Codes, Floats
from weaklab.votes import SoftLabels, check_gold, check_soft_labels


def read_matrix(Z: Any, what: str = "Z") -> Any:
    """A matrix of finite real numbers of float64, or float32 where it was: an ndarray, or a csr_array of a sparse one.

    Raises
    ------
    FrameError
        If it is none; the row and column of what is missing or infinite are named.

    Examples
    --------
    >>> read_matrix([[1, 2]])
    array([[1., 2.]])
    """
    sparse = sp.issparse(Z)
    matrix: Any
    if hasattr(Z, "detach"):  # a tensor, wherever it lies
        Z = Z.detach().cpu()
    try:
        matrix = sp.csr_array(Z) if sparse else np.asarray(Z)
        matrix = matrix if matrix.dtype == np.float32 else matrix.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise FrameError(f"{what} must be a matrix of numbers: {text_of(error)}.") from error
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise FrameError(f"{what} must be of shape (n, d), got {matrix.shape}.")
    if not np.isfinite(matrix.data if sparse else matrix).all():
        found = matrix.tocoo() if sparse else None
        wrong = np.argwhere(~np.isfinite(matrix if found is None else found.data))[0]
        row, column = wrong if found is None else (found.row[wrong[0]], found.col[wrong[0]])
        raise FrameError(f"{what} must be finite; row {row}, column {column} is {matrix[row, column]}.")
    return matrix


def read_labels(labels: Any, what: str = "labels") -> SoftLabels:
    """Soft labels of any number of rows.

    Raises
    ------
    SoftLabelError
        If they are none.
    """
    if not hasattr(labels, "__len__"):
        raise SoftLabelError(f"{what} must be SoftLabels or probabilities of shape (n, k), got {labels!r:.80}.")
    return check_soft_labels(labels, labels.n if isinstance(labels, SoftLabels) else len(labels))


def read_gold(y: Any, soft: SoftLabels) -> Codes:
    """Gold of soft labels: as given, else their own; -1 where unknown.

    Raises
    ------
    GoldError
        If no row has gold.
    """
    gold = soft.gold if y is None else check_gold(y, soft.n, _classes(soft), index=soft.index)
    if gold is None or not (gold != ABSTAIN).any():
        raise GoldError(f"None of the {soft.n:,} rows has gold.")
    return gold


def read_answers(answers: Any, soft: SoftLabels) -> Codes:
    """Answers by code or name, -1 where there is none, one for each row of soft labels.

    Raises
    ------
    GoldError
        If one is no class; its row is named.
    """
    return check_gold(answers, soft.n, _classes(soft), index=soft.index if isinstance(answers, pd.Series) else None)


def only_one(**given: Any) -> str:
    """Which of some arguments was given.

    Raises
    ------
    ParameterError
        If none or several were.

    Examples
    --------
    >>> only_one(coverage=0.9, risk=None)
    'coverage'
    """
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise ParameterError(f"Give one of {', '.join(given)}; got {', '.join(names) or 'none'}.")
    return names[0]


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits, (n, k)."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _classes(soft: SoftLabels) -> Any:
    return soft.k if soft.classes is None else list(soft.classes)
