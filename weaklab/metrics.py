"""Scores that know soft labels, abstention and ties.

Gold labels are class codes, -1 where unknown; rows without gold never count. ``where=`` restricts a score further, to
the covered rows for example.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from weaklab.exceptions import GoldError, ParameterError, SoftLabelError, did_you_mean
from weaklab.typing import ABSTAIN, Codes, Floats

__all__ = [
    "accuracy",
    "brier_score",
    "expected_accuracy",
    "expected_calibration_error",
    "expected_f1",
    "f1",
    "log_loss",
]

Abstained: TypeAlias = Literal["wrong", "ignore"]
Average: TypeAlias = Literal["binary", "macro"]

#: Probabilities this close to a row's highest are tied with it: far above rounding, far below any real difference.
TIE = 1e-10


def accuracy(y: Any, predictions: Any, *, abstained: Abstained = "wrong", where: Any = None) -> float:
    """The share of rows with gold that are predicted rightly.

    Parameters
    ----------
    y : array-like of int of shape (n,)
        Gold class codes, -1 where unknown.
    predictions : array-like of int of shape (n,)
        Predicted class codes, -1 where there is no prediction.
    abstained : {"wrong", "ignore"}
        What a row without a prediction counts as: an error, or not at all.
    where : array-like of bool of shape (n,), optional
        The rows to count.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    GoldError
        If no row is left to count, or y is no array of codes.
    ParameterError
        If an argument does not fit y.

    Examples
    --------
    >>> accuracy([0, 1, 1, -1], [0, 1, -1, 0])
    0.6666666666666666
    >>> accuracy([0, 1, 1, -1], [0, 1, -1, 0], abstained="ignore")
    1.0
    """
    if abstained not in get_args(Abstained):
        raise ParameterError(f"abstained={abstained!r} is no rule.{did_you_mean(abstained, get_args(Abstained))}")
    gold, codes = _both(y, predictions, where)
    if abstained == "ignore":
        gold, codes = gold[codes != ABSTAIN], codes[codes != ABSTAIN]
        if not len(gold):
            raise GoldError("No row has both gold and a prediction.")
    return float((gold == codes).mean())


def f1(y: Any, predictions: Any, *, average: Average = "binary", positive: int = 1, where: Any = None) -> float:
    """The harmonic mean of precision and recall, of one class or of all.

    Parameters
    ----------
    y, predictions : array-like of int of shape (n,)
        Gold and predicted class codes; -1 is unknown and "no prediction". A row without a prediction is a miss of
        its class.
    average : {"binary", "macro"}
        F1 of the class ``positive``; or the unweighted mean over all classes that occur in gold or predictions.
    positive : int
        The class that "binary" is about.
    where : array-like of bool of shape (n,), optional
        The rows to count.

    Returns
    -------
    float
        In [0, 1]; a class that is neither there nor predicted has 0.

    Raises
    ------
    GoldError, ParameterError
        As :func:`accuracy`.

    Examples
    --------
    >>> f1([0, 1, 1, 1], [0, 1, 0, -1])
    0.5
    """
    if average not in get_args(Average):
        raise ParameterError(f"average={average!r} is no average.{did_you_mean(average, get_args(Average))}")
    gold, codes = _both(y, predictions, where)
    classes = [positive] if average == "binary" else np.union1d(gold, codes[codes != ABSTAIN]).tolist()
    scores = []
    for label in classes:
        hits = int(((gold == label) & (codes == label)).sum())
        scores.append(_ratio(2 * hits, int((gold == label).sum()) + int((codes == label).sum())))
    return float(np.mean(scores))


def expected_accuracy(y: Any, probs: Any, *, where: Any = None) -> float:
    """Accuracy if every tie for the highest probability were broken at random: its expectation, not a draw.

    A row on which c classes share the highest probability, the right one among them, counts 1/c.

    Parameters
    ----------
    y : array-like of int of shape (n,)
        Gold class codes, -1 where unknown.
    probs : array-like of shape (n, k)
        Probabilities, or any scores of which the highest wins: vote counts for example.
    where : array-like of bool of shape (n,), optional
        The rows to count.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    GoldError, SoftLabelError, ParameterError
        If there is no gold, a gold code is outside the columns, or shapes do not fit.

    Examples
    --------
    >>> expected_accuracy([0, 1], [[0.5, 0.5], [0.2, 0.8]])
    0.75
    """
    gold, credit = _credit(y, probs, where)
    return float(credit[np.arange(len(gold)), gold].mean())


def expected_f1(y: Any, probs: Any, *, average: Average = "binary", positive: int = 1, where: Any = None) -> float:
    """F1 from the expected counts if every tie were broken at random, of one class or of all.

    Parameters
    ----------
    y, probs, where
        As in :func:`expected_accuracy`.
    average : {"binary", "macro"}
        F1 of the class ``positive``; or the unweighted mean over all classes that occur in gold or predictions.
    positive : int
        The class that "binary" is about.

    Returns
    -------
    float
        ``2 tp / (2 tp + fp + fn)`` in [0, 1], where tp, fp and fn are expectations; 0 if all are 0. This is the
        ratio of expectations, which for many rows is the expectation of the ratio.

    Raises
    ------
    GoldError, SoftLabelError, ParameterError
        As :func:`expected_accuracy`.

    Examples
    --------
    >>> expected_f1([1, 1, 0], [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    0.8571428571428571
    """
    if average not in get_args(Average):
        raise ParameterError(f"average={average!r} is no average.{did_you_mean(average, get_args(Average))}")
    gold, credit = _credit(y, probs, where)
    if not 0 <= positive < credit.shape[1]:
        raise ParameterError(f"positive={positive!r} is no class: there are {credit.shape[1]}.")
    right = np.bincount(gold, credit[np.arange(len(gold)), gold], minlength=credit.shape[1])
    total = np.bincount(gold, minlength=credit.shape[1]) + credit.sum(axis=0)
    if average == "binary":
        return _ratio(2 * float(right[positive]), float(total[positive]))
    return float((2 * right[total > 0] / total[total > 0]).mean())


def log_loss(y: Any, probs: Any, *, floor: float = 1e-12, where: Any = None) -> float:
    """The mean of -log of the probability given to the true class, in nats.

    Parameters
    ----------
    y : array-like of int of shape (n,)
        Gold class codes, -1 where unknown.
    probs : array-like of shape (n, k)
        Probabilities; rows sum to 1.
    floor : float
        Probabilities below this count as this, so that one certain error costs ``-log(floor)`` and not infinity.
    where : array-like of bool of shape (n,), optional
        The rows to count.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    GoldError, SoftLabelError, ParameterError
        As :func:`expected_accuracy`; SoftLabelError too if a row is no distribution.

    Examples
    --------
    >>> round(log_loss([0, 1], [[0.5, 0.5], [0.5, 0.5]]), 4)
    0.6931
    """
    if not 0 < floor < 1:
        raise ParameterError(f"floor must be between 0 and 1, got {floor!r}.")
    gold, rows = _distributions(y, probs, where)
    return float(-np.log(np.maximum(rows[np.arange(len(gold)), gold], floor)).mean())


def brier_score(y: Any, probs: Any, *, where: Any = None) -> float:
    """The mean squared distance of the probabilities from the truth, summed over the classes.

    Parameters
    ----------
    y, probs, where
        As in :func:`log_loss`.

    Returns
    -------
    float
        In [0, 2]; 0 is certain and right, 2 certain and wrong.

    Raises
    ------
    GoldError, SoftLabelError, ParameterError
        As :func:`log_loss`.

    Notes
    -----
    Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, in its original form for k classes.

    Examples
    --------
    >>> brier_score([0], [[0.5, 0.5]])
    0.5
    """
    gold, rows = _distributions(y, probs, where)
    truth = np.eye(rows.shape[1])[gold]  # (n, k)
    return float(((rows - truth) ** 2).sum(axis=1).mean())


def expected_calibration_error(y: Any, probs: Any, *, bins: int = 10, where: Any = None) -> float:
    """How far confidence is from accuracy, on average over bins of equal width.

    Parameters
    ----------
    y, probs, where
        As in :func:`log_loss`.
    bins : int
        How many bins confidence, the highest probability of a row, is sorted into: (0, 1/bins], (1/bins, 2/bins], ...
        A tie for the highest counts as in :func:`expected_accuracy`.

    Returns
    -------
    float
        In [0, 1]: the mean over rows of the gap of their bin. It depends on ``bins``, which belongs beside the figure.

    Raises
    ------
    GoldError, SoftLabelError, ParameterError
        As :func:`log_loss`.

    Notes
    -----
    Naeini, Cooper and Hauskrecht (2015), doi:10.1609/aaai.v29i1.9602.

    Examples
    --------
    >>> round(expected_calibration_error([0, 0, 0, 1], [[0.9, 0.1]] * 4), 3)
    0.15
    """
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ParameterError(f"bins must be an int of 1 or more, got {bins!r}.")
    gold, rows = _distributions(y, probs, where)
    confidence = rows.max(axis=1)
    right = tied(rows)[np.arange(len(gold)), gold]
    place = np.clip(np.ceil(confidence * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)  # 0.3 * 10 is above 3
    gaps = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(gold))


def _both(y: Any, predictions: Any, where: Any) -> tuple[Codes, Codes]:
    gold, rows = _gold(y, where)
    codes = np.asarray(predictions)
    if codes.shape != rows.shape or codes.dtype.kind not in "iu":
        raise ParameterError(
            f"predictions must be class codes of shape {rows.shape}, as y is; got {codes.dtype} of shape {codes.shape}."
        )
    return gold, codes[rows].astype(np.int64)


def _gold(y: Any, where: Any) -> tuple[Codes, np.ndarray]:
    """The gold labels that count, and the mask of their rows."""
    gold = np.asarray(y)
    if gold.ndim != 1 or gold.dtype.kind not in "iu":
        raise GoldError(f"y must be class codes of shape (n,), -1 where unknown; got {gold.dtype} of {gold.shape}.")
    if (gold < ABSTAIN).any():
        row = int(np.argmax(gold < ABSTAIN))
        raise GoldError(f"y: row {row} is {gold[row].item()}, which is no class: codes are 0 and up, -1 is unknown.")
    rows = gold != ABSTAIN
    if where is not None:
        chosen = np.asarray(where)
        if chosen.shape != gold.shape or chosen.dtype != bool:
            raise ParameterError(f"where must be bools of shape {gold.shape}, got {chosen.dtype} of {chosen.shape}.")
        rows = rows & chosen
    if not rows.any():
        raise GoldError(f"None of the {len(gold):,} rows has gold{'' if where is None else ' and is in where'}.")
    return gold[rows].astype(np.int64), rows


def _scores(y: Any, probs: Any, where: Any) -> tuple[Codes, Floats]:
    gold, rows = _gold(y, where)
    try:
        array = np.asarray(probs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SoftLabelError(f"probs must be numbers of shape (n, k): {error}") from error
    if array.ndim != 2 or len(array) != len(rows):
        raise SoftLabelError(f"probs must be of shape ({len(rows)}, k), a row per row of y; got {array.shape}.")
    if gold.max() >= array.shape[1]:
        raise GoldError(f"y has class {int(gold.max())}, and probs has {array.shape[1]} columns.")
    array = array[rows]
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(rows)[np.argmin(np.isfinite(array).all(axis=1))])
        raise SoftLabelError(f"probs: row {row} is not finite.")
    return gold, array


def _distributions(y: Any, probs: Any, where: Any) -> tuple[Codes, Floats]:
    gold, array = _scores(y, probs, where)
    wrong = (array < 0).any(axis=1) | (np.abs(array.sum(axis=1) - 1) > 1e-6)
    if wrong.any():
        raise SoftLabelError(
            f"{int(wrong.sum()):,} rows of probs are no distribution, for example {array[np.argmax(wrong)].tolist()}."
        )
    return gold, array


def _credit(y: Any, probs: Any, where: Any) -> tuple[Codes, Floats]:
    gold, array = _scores(y, probs, where)
    return gold, tied(array)


def tied(array: Floats) -> Floats:
    """Each row's prediction spread evenly over the classes that share its highest score, (n, k)."""
    highest = array >= array.max(axis=1, keepdims=True) - TIE
    return highest / highest.sum(axis=1, keepdims=True)


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0
