"""Labels and probabilities from one form to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from weaklab.exceptions import GoldError, ParameterError, SoftLabelError
from weaklab.typing import Seed
from weaklab.votes.ties import break_ties

#: Snorkel's names of what :func:`weaklab.votes.ties.break_ties` does.
TIES = {"random": "hash", "true-random": "random", "abstain": "abstain"}


def probs_to_preds(
    probs: Any, tie_break_policy: str = "random", tol: float = 1e-5, random_state: Seed = None
) -> np.ndarray:
    """The most probable class of each row.

    Parameters
    ----------
    probs : array-like of shape (n, k)
        Probabilities, k from 2.
    tie_break_policy : {"random", "true-random", "abstain"}
        Where several share the highest: the one that the row's number selects by its SHA-1, one that is drawn, or -1.
    tol : float
        Probabilities that differ by less count as the same.
    random_state : int, Generator or None
        What "true-random" draws from; None means 0. Snorkel draws from numpy's global state.

    Returns
    -------
    ndarray of int64 of shape (n,)

    Raises
    ------
    ParameterError
        If the policy is not known.
    SoftLabelError
        If there are fewer than two classes, or a probability is NaN.

    Examples
    --------
    >>> probs_to_preds(np.array([[0.5, 0.5], [0.2, 0.8]]), tie_break_policy="abstain")
    array([-1,  1])
    """
    probs = np.asarray(probs, dtype=np.float64)
    if probs.ndim != 2 or probs.shape[1] < 2:
        raise SoftLabelError(f"probs must be of shape (n, k) with k from 2; got {probs.shape}.")
    if np.isnan(probs).any():
        raise SoftLabelError(f"probs has NaN in row {int(np.argmax(np.isnan(probs).any(axis=1)))}.")
    if tie_break_policy not in TIES:
        raise ParameterError(f"tie_break_policy={tie_break_policy!r} policy not recognized: one of {list(TIES)}.")
    if not len(probs):
        return np.empty(0, dtype=np.int64)
    level = probs.max(axis=1, keepdims=True)
    tied = np.where(level - probs < tol, 1.0, 0.0)
    return break_ties(tied, TIES[tie_break_policy], random_state)  # type: ignore[arg-type]


def preds_to_probs(preds: Any, num_classes: int) -> np.ndarray:
    """Predicted classes as certain probabilities.

    Parameters
    ----------
    preds : array-like of int of shape (n,) or (n, 1)
        Class codes.
    num_classes : int
        How many classes there are.

    Returns
    -------
    ndarray of shape (n, num_classes)

    Raises
    ------
    GoldError
        If one is -1, or no class.

    Examples
    --------
    >>> preds_to_probs(np.array([1, 0]), 2)
    array([[0., 1.],
           [1., 0.]])
    """
    codes = to_int_label_array(preds)
    wrong = (codes < 0) | (codes >= num_classes)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise GoldError(
            f"Could not convert abstained vote to probability: row {row} has {int(codes[row])}; 0 to {num_classes - 1} "
            "was expected."
        )
    return np.eye(num_classes)[codes]


def to_int_label_array(X: Any, flatten_vector: bool = True) -> np.ndarray:
    """Labels as an array of ints.

    Parameters
    ----------
    X : array-like
        Numbers without a fraction.
    flatten_vector : bool
        Whether (n, 1) becomes (n,).

    Returns
    -------
    ndarray of int64

    Raises
    ------
    GoldError
        If one has a fraction, or there is more than one column to flatten.

    Examples
    --------
    >>> to_int_label_array(np.array([[1.0], [0.0]]))
    array([1, 0])
    """
    given = np.asarray(X)
    if given.dtype.kind not in "iub":
        try:
            numbers = given.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise GoldError(f"Labels must be ints; got {given.dtype}.") from error
        if not (np.mod(numbers, 1) == 0).all():
            raise GoldError("Input contains at least one non-integer value.")
        given = numbers
    codes = given.astype(np.int64)
    if flatten_vector:
        codes = np.atleast_1d(codes.squeeze())
        if codes.ndim != 1:
            raise GoldError(f"Input could not be converted to 1d np.array: its shape is {np.shape(X)}.")
    return codes


def filter_labels(label_dict: Mapping[str, Any], filter_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of aligned arrays in which none has a label that is filtered out.

    Parameters
    ----------
    label_dict : mapping of str to array or None
        Aligned arrays.
    filter_dict : mapping of str to list of int
        For arrays by name, which labels not to keep.

    Returns
    -------
    dict of str to array or None

    Examples
    --------
    >>> filter_labels({"golds": np.array([-1, 0, 1]), "preds": np.array([0, 0, -1])}, {"golds": [-1], "preds": [-1]})
    {'golds': array([0]), 'preds': array([0])}
    """
    masks = [
        ~np.isin(np.asarray(label_dict[name]), list(values))
        for name, values in filter_dict.items()
        if label_dict.get(name) is not None
    ]
    if not masks:
        return dict(label_dict)
    kept = np.logical_and.reduce([mask.reshape(len(mask), -1).all(axis=1) for mask in masks])
    return {name: None if array is None else np.asarray(array)[kept] for name, array in label_dict.items()}
