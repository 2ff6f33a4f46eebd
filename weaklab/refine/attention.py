"""Scores of the items of a group, lent among those that look alike: cells of an image, sentences of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from weaklab.exceptions import FrameError, ParameterError
from weaklab.label_models.parameters import check_count
from weaklab.refine.allowed import check_groups
from weaklab.refine.base import Refiner
from weaklab.refine.features import Features, check_features
from weaklab.refine.gaussian_mixture import Columns
from weaklab.refine.problem import Problem
from weaklab.typing import Floats

_LARGEST = 4096  # rows of a group: 128 MB of affinities


def attention_refine(
    scores: Any,
    Z: Any,
    groups: Any,
    *,
    affinities: Sequence[Any] = (),
    amplify: float = 0.5,
    low: float = 0.3,
    high: float = 0.7,
    steps: int = 2,
) -> Floats:
    r"""Make the scores of confident items count for more, and lend them to items of the group that look alike.

    At each step the score of an item in a class is multiplied by 1 + ``amplify`` where it is above the quantile
    ``high`` of its group, by 1 - ``amplify`` where it is below the quantile ``low``, and cut at what was the highest
    of the group. Then each item gets the mean of the group, weighted by affinity,
    :math:`e^{-\max(d^2 - s^2, 0) / t^2}` over its sum, d being the distance of two items. Of the squared distances of
    items of all groups to the nearest other one, :math:`s^2` is the median, and :math:`t^2` is how far the upper
    quartile lies above it: what is as near as neighbours are counts as the same.

    Parameters
    ----------
    scores : array-like of shape (n, k) or (n,)
        How much each item seems to be of each class, 0 or more: activation maps, or probabilities.
    Z : ndarray, memmap, DataFrame of numbers, or sparse matrix, of shape (n, d)
        Features of the items; columns are to share a unit.
    groups : array-like of hashable of shape (n,)
        The group of each item, of 4,096 items at most.
    affinities : sequence of matrices of shape (n, d_j), default=()
        Further features, such as colours or places: affinity is the mean over them and Z.
    amplify : float in [0, 1], default=0.5
        How much more, or less. 0: only lend.
    low, high : float in [0, 1], default=0.3 and 0.7
        The quantiles below and above which it does so.
    steps : int, default=2
        How often.

    Returns
    -------
    ndarray of the shape of ``scores``
        None is above the highest of its class in its group.

    Raises
    ------
    ParameterError
        If an argument has a value that it cannot have, or a group has too many items.
    FrameError
        If a matrix of features is none, or has another number of rows.

    Notes
    -----
    After Zhu, Zhang, Pang, Wang, Wen, Bai, Ergu, Cai and Zhao (2025), "DOEI: Dual Optimization of Embedding
    Information for Attention-Enhanced Class Activation Maps", doi:10.48550/arXiv.2502.15885, who do so to embeddings
    within a vision transformer, with its self-attention as one of three affinities.

    Examples
    --------
    >>> import numpy as np
    >>> Z = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> attention_refine([0.9, 0.2, 0.8, 0.1, 0.5, 0.1], Z, np.zeros(6)).round(1)
    array([0.7, 0.7, 0.7, 0.2, 0.2, 0.2])
    """
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"scores must be numbers, a row per item: {error}") from error
    if array.ndim not in (1, 2):
        raise ParameterError(f"scores must be of shape (n, k) or (n,), got {array.shape}.")
    table = array.reshape(len(array), -1)
    wrong = ~(np.isfinite(table) & (table >= 0)).all(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ParameterError(f"scores must be finite and 0 or more; row {row} has {table[row].tolist()}.")
    check_attention(amplify, low, high, steps)
    grouped = check_groups(groups, len(table))
    if grouped is None:
        raise ParameterError("groups must be given: scores are lent within a group.")
    features = check_features(Z, len(table))
    views = [features, *check_affinities(affinities, len(table))]
    shared = lend(table, np.ones(len(table), dtype=bool), views, grouped[0], amplify, low, high, steps)
    return shared.reshape(array.shape)


class AttentionRefiner(Refiner):
    """Labels of confident items count for more, and are lent to items of their group that look alike.

    :func:`attention_refine` on the probabilities. Items of weight 0 lend nothing, and stay at 0; their
    probabilities are what they were lent.

    Parameters
    ----------
    affinities : sequence of matrices of shape (n, d_j), default=()
        Further features, beside Z, such as colours or places.
    amplify : float in [0, 1], default=0.5
        How much more confident items count, and others less.
    low, high : float in [0, 1], default=0.3 and 0.7
        The quantiles of a class within a group below and above which they do.
    steps : int, default=2
        How often.
    groups, allowed
        As of :meth:`fit_transform`, for when it is not given them. Groups are needed.

    Attributes
    ----------
    changed_ : int
        How many rows of weight above 0 have another most probable class than before.

    Examples
    --------
    >>> Z = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> labels = [[0.9, 0.1], [0.4, 0.6], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> AttentionRefiner().fit_transform(labels, Z, ["a"] * 6).codes()
    array([0, 0, 0, 1, 1, 1])
    """

    def __init__(
        self,
        *,
        affinities: Sequence[Any] = (),
        amplify: float = 0.5,
        low: float = 0.3,
        high: float = 0.7,
        steps: int = 2,
        groups: Any = None,
        allowed: Any = None,
    ) -> None:
        self.affinities = affinities
        self.amplify = amplify
        self.low = low
        self.high = high
        self.steps = steps
        self.groups = groups
        self.allowed = allowed

    def _check_parameters(self) -> None:
        check_attention(self.amplify, self.low, self.high, self.steps)

    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        if problem.groups is None:
            raise ParameterError("AttentionRefiner needs groups: labels are lent within a group.")
        views = [problem.features, *check_affinities(self.affinities, problem.n)]
        given = (problem.probs, problem.covered, views, problem.groups)
        return lend(*given, self.amplify, self.low, self.high, self.steps), problem.weight


def check_attention(amplify: Any, low: Any, high: Any, steps: Any) -> None:
    """Raise ParameterError where a parameter has a value that it cannot have."""
    check_count("steps", steps, 0)
    for name, value in (("amplify", amplify), ("low", low), ("high", high)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ParameterError(f"{name}={value!r} must be a number from 0 to 1.")
    if low > high:
        raise ParameterError(f"low={low!r} is above high={high!r}.")


def check_affinities(affinities: Any, n: int) -> list[Features]:
    """Each of the further features, checked; the message says which is wrong."""
    if not isinstance(affinities, (list, tuple)):
        raise ParameterError(f"affinities={affinities!r:.80} must be a list of matrices.")
    found = []
    for at, one in enumerate(affinities):
        try:
            found.append(check_features(one, n))
        except FrameError as error:
            raise FrameError(f"affinities[{at}]: {error}") from error
    return found


def lend(
    scores: Floats,
    lends: np.ndarray,
    views: Sequence[Features],
    groups: np.ndarray,
    amplify: float,
    low: float,
    high: float,
    steps: int,
) -> Floats:
    """The scores (n, k) after so many steps; see :func:`attention_refine`.

    Parameters
    ----------
    lends : ndarray of bool of shape (n,)
        The items whose scores count.
    views : sequence of Features of shape (n, d_j)
        What affinities are made of.
    groups : ndarray of int64 of shape (n,)
        The group of each item.
    """
    out = scores.copy()
    if not steps or not len(out):
        return out
    columns = [Columns.of(view, one_scale=True) for view in views]
    scales = _scales(views, columns, groups)
    for rows in _members(groups):
        own = lends[rows]
        if len(rows) == 1 or not own.any():
            continue
        affinity = np.zeros((len(rows), len(rows)))
        for view, column, scale in zip(views, columns, scales, strict=True):
            one = _affinity(column(view, rows), *scale) * own  # only columns of those that lend
            total = one.sum(axis=1, keepdims=True)
            # What is too far from all is nearest to itself, and has its own score.
            affinity += np.divide(one, total, out=np.eye(len(rows)), where=total > 1e-12)
        affinity /= len(views)
        part, top = out[rows], out[rows][own].max(axis=0)
        for _ in range(steps):
            bounds = np.quantile(part[own], [low, high], axis=0)
            part = part * np.where(part > bounds[1], 1 + amplify, np.where(part < bounds[0], 1 - amplify, 1.0))
            part = affinity @ np.minimum(part, top)
        out[rows] = part
    return out


def _members(groups: np.ndarray) -> Iterator[np.ndarray]:
    """The row numbers of each group."""
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        if len(rows) > _LARGEST:
            raise ParameterError(
                f"The group of row {rows[0]} has {len(rows):,} rows; it may have {_LARGEST:,}: make groups smaller."
            )
        yield rows


def _squares(z: Floats) -> Floats:
    """Squared distances of all pairs of rows."""
    square = (z**2).sum(axis=1)
    out = np.maximum(square[:, None] + square - 2 * z @ z.T, 0.0)
    out[out <= 1e-12 * square.max(initial=0.0)] = 0.0
    return out


def _affinity(z: Floats, near: float, width: float) -> Floats:
    """How alike the items of a group are, (r, r): 1 for those that are near, then falling."""
    return np.exp(-np.maximum(_squares(z) - near, 0.0) / width)


def _scales(views: Sequence[Features], columns: Sequence[Columns], groups: np.ndarray) -> list[tuple[float, float]]:
    """Of squared distances to the nearest other item of the group, the median, and how far above it a quarter are."""
    nearest: list[list[Floats]] = [[] for _ in views]
    for rows in _members(groups):
        if len(rows) == 1:
            continue
        for view, column, found in zip(views, columns, nearest, strict=True):
            squares = _squares(column(view, rows))
            found.append(np.where(np.eye(len(rows)) > 0, np.inf, squares).min(axis=1))
    scales = []
    for found in nearest:
        near, far = np.quantile(np.concatenate(found), [0.5, 0.75]) if found else (0.0, 1.0)
        scales.append((float(near), float(max(far - near, 1e-3 * near, 1e-12))))
    return scales
