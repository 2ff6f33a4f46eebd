"""What labeling functions of sets and of probabilities may return, and the masks and distributions that it means."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError, ReturnValueError, did_you_mean
from weaklab.labeling.declarative import is_missing
from weaklab.labeling.returns import VoteCoder
from weaklab.typing import ABSTAIN, Floats

#: What a vote is: one class, a set of classes, or a distribution over the classes.
Output = Literal["hard", "set", "soft"]

#: How far the sum of probabilities may be from 1; float32 models are off by some 1e-7 per class.
SUM_TOLERANCE = 1e-4

Errors = dict[int, ReturnValueError]

_PLAIN = frozenset((float,))


def check_output(output: Any, who: str) -> Output:
    """A declaration of what votes are.

    Raises
    ------
    LabelingFunctionError
        If it is none of "hard", "set" and "soft".
    """
    if output not in get_args(Output):
        raise LabelingFunctionError(f"{who}: output={output!r} is not known.{did_you_mean(output, get_args(Output))}")
    return output


def set_masks(values: Iterable[Any], coder: VoteCoder) -> tuple[np.ndarray, Errors]:
    """The bit masks of returned sets of classes.

    Parameters
    ----------
    values : iterable of length n
        Each an iterable of classes, one class (a set of one), or None to abstain; a set without classes abstains too.
    coder : VoteCoder
        The classes, k of which are known.

    Returns
    -------
    masks : ndarray of uint64 of shape (n,)
        Bit y for class y; 0 where a value abstains or is no set of classes.
    errors : dict of int to ReturnValueError
        By position.

    Examples
    --------
    >>> set_masks([("a", "c"), "b", None], VoteCoder(["a", "b", "c"]))[0].tolist()
    [5, 2, 0]
    """
    known: dict[Any, int] = {}

    def read(value: Any) -> int:
        if type(value) not in (tuple, list, set, frozenset, str):
            return _mask(value, coder)  # an iterator can be read only once
        try:  # most functions return one of a few sets, again and again
            key = (type(value), tuple(value), *map(type, value))
            if key not in known:
                known[key] = _mask(value, coder)
            return known[key]
        except TypeError:  # a member cannot be hashed, and so is no class
            return _mask(value, coder)

    return _each(values, read, 0, np.uint64)


def soft_rows(values: Iterable[Any], coder: VoteCoder) -> tuple[Floats, Errors]:
    """The distributions that returned probabilities are.

    Parameters
    ----------
    values : iterable of length n
        Each k probabilities in the order of the classes, a mapping from class to probability (0 for those it leaves
        out), or None to abstain; k times NaN abstains too.
    coder : VoteCoder
        The classes, k of which are known.

    Returns
    -------
    probs : ndarray of shape (n, k)
        Each row sums to 1, or is NaN where the value abstains or is no distribution.
    errors : dict of int to ReturnValueError
        By position.

    Examples
    --------
    >>> soft_rows([[0.25, 0.75], {"b": 1.0}, None], VoteCoder(["a", "b"]))[0].tolist()
    [[0.25, 0.75], [0.0, 1.0], [nan, nan]]
    """
    k, items = _k(coder), list(values)
    # Lists of k floats, which most functions return, are read at once; all else one by one.
    plain = [
        i
        for i, value in enumerate(items)
        if type(value) in (list, tuple) and len(value) == k and _PLAIN.issuperset(map(type, value))
    ]
    rest = items
    out = np.full((len(items), k), np.nan)
    if plain:
        numbers = np.array([items[i] for i in plain], dtype=np.float64)
        out[plain], wrong = _scaled(numbers)
        rest = items.copy()
        for i in np.delete(plain, wrong).tolist():
            rest[i] = None
    rows, errors = _each(rest, lambda value: _distribution(value, coder), np.full(k, np.nan), np.float64)
    there = ~np.isnan(rows.reshape(-1, k)).all(axis=1)
    out[there] = rows.reshape(-1, k)[there]
    return out, errors


def batch_sets(returned: Any, index: pd.Index, coder: VoteCoder) -> tuple[np.ndarray, Errors]:
    """The masks that a labeling function returned for a frame: a set per row, or an array of bool of shape (n, k).

    Raises
    ------
    ReturnValueError
        If it is not one set per row.
    """
    if isinstance(returned, np.ndarray) and returned.dtype == bool and returned.ndim == 2:
        _check_length(returned, index)
        if returned.shape[1] != _k(coder):
            raise ReturnValueError(f"returned an array of shape {returned.shape} for {_k(coder)} classes.")
        bits = np.uint64(1) << np.arange(_k(coder), dtype=np.uint64)
        return np.where(returned, bits, np.uint64(0)).sum(axis=1, dtype=np.uint64), {}
    return set_masks(_rows_of(returned, index), coder)


def batch_soft(returned: Any, index: pd.Index, coder: VoteCoder) -> tuple[Floats, Errors]:
    """The distributions that a labeling function returned for a frame: an array (n, k), or k probabilities per row.

    Raises
    ------
    ReturnValueError
        If it is not one distribution per row.
    """
    if isinstance(returned, pd.DataFrame):
        returned = returned.to_numpy()
    if isinstance(returned, np.ndarray) and returned.ndim == 2 and returned.dtype.kind in "fiu":
        _check_length(returned, index)
        if returned.shape[1] == _k(coder):
            return _soft_array(returned.astype(np.float64), coder)
    return soft_rows(_rows_of(returned, index), coder)


def _soft_array(probs: Floats, coder: VoteCoder) -> tuple[Floats, Errors]:
    out, wrong = _scaled(probs)
    _, errors = soft_rows(probs[wrong], coder)  # the words for each
    return out, {int(wrong[place]): error for place, error in errors.items()}


def _scaled(probs: Floats) -> tuple[Floats, np.ndarray]:
    """Distributions (n, k) that sum to 1 exactly, NaN where there is none, and the rows with what is none."""
    total = probs.sum(axis=1)
    silent = np.isnan(probs).all(axis=1)
    with np.errstate(invalid="ignore"):
        right = np.isfinite(total) & (probs >= 0).all(axis=1) & (np.abs(total - 1) <= SUM_TOLERANCE)
    wrong = np.flatnonzero(~(silent | right))
    return np.where(right[:, np.newaxis], probs / np.where(right, total, 1.0)[:, np.newaxis], np.nan), wrong


def _each(values: Iterable[Any], read: Callable[[Any], Any], silent: Any, dtype: Any) -> tuple[np.ndarray, Errors]:
    out, errors = [], {}
    for i, value in enumerate(values):
        try:
            out.append(silent if is_missing(value) else read(value))
        except ReturnValueError as error:
            errors[i] = error
            out.append(silent)
    return np.array(out, dtype=dtype), errors


def _mask(value: Any, coder: VoteCoder) -> int:
    members = _members(value, coder)
    mask = 0
    for member in members:
        try:
            code = coder.code(member)
        except ReturnValueError as error:
            reason = str(error).removeprefix("returned ").replace(", which is no vote", " is no class", 1)
            raise ReturnValueError(f"returned {_shown(value)}, in which {reason}") from error.__cause__
        if code == ABSTAIN and len(members) > 1:
            raise ReturnValueError(f"returned {_shown(value)}: {member!r} abstains, and cannot stand among classes.")
        mask |= 0 if code == ABSTAIN else 1 << code
    return mask


def _members(value: Any, coder: VoteCoder) -> list[Any]:
    names = coder.classes if isinstance(coder.classes, list) else []
    if isinstance(value, (str, bytes, int, float, Enum, np.generic)) or not isinstance(value, Iterable):
        return [value]
    if isinstance(value, tuple) and isinstance(value, Hashable) and names:
        try:
            if value in names:  # a tuple may be the name of a class
                return [value]
        except TypeError:
            pass
    if isinstance(value, Mapping):
        raise ReturnValueError(f"returned {_shown(value)}; a set of classes was expected, and probabilities are soft.")
    return list(value)


def _distribution(value: Any, coder: VoteCoder) -> Floats:
    k = _k(coder)
    if isinstance(value, Mapping):
        probs = np.zeros(k)
        for label, share in value.items():
            code = coder.code(label)
            if code == ABSTAIN:
                raise ReturnValueError(f"returned {_shown(value)}: {label!r} abstains, and cannot have a probability.")
            probs[code] += _number(share, value)
    else:
        if isinstance(value, (str, bytes)) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
            raise ReturnValueError(
                f"returned {_shown(value)}; {k} probabilities in the order of the classes, a dict from class to "
                f"probability, or None to abstain was expected."
            )
        if len(value) != k:
            raise ReturnValueError(f"returned {_shown(value)}, {len(value)} numbers for {k} classes.")
        probs = np.array([_number(share, value) for share in value])
        if np.isnan(probs).all():
            return probs
    if not np.isfinite(probs).all() or (probs < 0).any() or abs(probs.sum() - 1) > SUM_TOLERANCE:
        raise ReturnValueError(
            f"returned {_shown(value)}; probabilities must be finite, from 0, and sum to 1 (they sum to "
            f"{probs.sum():.6g})."
        )
    return probs / probs.sum()


def _number(share: Any, value: Any) -> float:
    try:
        return float(share)
    except (TypeError, ValueError) as error:
        raise ReturnValueError(f"returned {_shown(value)}, where {share!r} is no probability.") from error


def _rows_of(returned: Any, index: pd.Index) -> Iterable[Any]:
    if (
        returned is None
        or isinstance(returned, (str, bytes, Mapping, set, frozenset))
        or not hasattr(returned, "__len__")
    ):
        raise ReturnValueError(f"returned {_shown(returned)}; one vote per row, {len(index):,} in all, was expected.")
    if isinstance(returned, pd.Series) and not returned.index.equals(index):
        raise ReturnValueError("returned a Series whose index is not the frame's; return `.to_numpy()` or a list.")
    _check_length(returned, index)
    return list(returned)


def _check_length(returned: Any, index: pd.Index) -> None:
    if len(returned) != len(index):
        raise ReturnValueError(f"returned {len(returned):,} votes for {len(index):,} rows; one per row was expected.")


def _k(coder: VoteCoder) -> int:
    if coder.k is None:
        raise ReturnValueError("returned a set or probabilities, and no classes are declared: give classes=.")
    return coder.k


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 80 else f'{text[:77]}...'} ({type(value).__name__})"
