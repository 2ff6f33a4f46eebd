"""The class that lies nearest to all probable ones: Frechet means over distances between classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from weaklab.exceptions import ParameterError, SoftLabelError
from weaklab.label_models.parameters import check_positive
from weaklab.refine.base import Refiner
from weaklab.refine.metric import check_metric
from weaklab.refine.problem import Problem
from weaklab.typing import Codes, Floats
from weaklab.votes.soft import SoftLabels


def frechet_decode(probs: Any, D: Any, observed: Sequence[int] | None = None, temperature: float = 1.0) -> Codes:
    r"""The class of least expected squared distance: :math:`\arg\min_y \sum_j P_j\, d(y, j)^2`.

    In place of the most probable class: between "1 star" and "3 stars" it says "2 stars", and it can answer with
    classes that no label, and no training row, was ever of. Where all distances are the same it is the most probable
    class.

    Parameters
    ----------
    probs : SoftLabels or array-like of shape (n, o)
        Probabilities of the observed classes.
    D : array-like of shape (k, k)
        The distances between all classes, a metric.
    observed : sequence of int of length o, optional
        Which of the k classes the columns of ``probs`` are; None means all, in their order.
    temperature : float above 0, default=1.0
        Probabilities are raised to one over it, and normalised: below 1 sharper, above 1 flatter.

    Returns
    -------
    ndarray of int64 of shape (n,)
        Codes 0..k-1; the lowest of those that are equally near.

    Raises
    ------
    ParameterError
        If D is no metric, or ``observed`` are not o different classes.

    Notes
    -----
    Roberts, Li, Adila, Cromp, Huang, Zhao and Sala (2023), "Geometry-Aware Adaptation for Pretrained Models",
    doi:10.48550/arXiv.2307.12226.

    Examples
    --------
    >>> from weaklab.refine import ordinal_metric
    >>> frechet_decode([[0.5, 0.5], [0.9, 0.1]], ordinal_metric(5), observed=[0, 4])
    array([2, 0])
    """
    array, distances, at = _check(probs, D, observed)
    scores = _expected(_tempered(array, temperature), distances[at] ** 2)
    near = 1e-12 * float((distances**2).max())  # of equally near ones rounding would choose
    return (scores <= scores.min(axis=1, keepdims=True) + near).argmax(axis=1)


def locus(D: Any, observed: Sequence[int]) -> np.ndarray:
    """The classes that :func:`frechet_decode` can answer with, given probabilities of the observed ones.

    A class can be an answer if some distribution has it nearest, ties included; that is a linear programme a class.

    Parameters
    ----------
    D : array-like of shape (k, k)
        The distances between all classes, a metric.
    observed : sequence of int
        The classes that have probabilities.

    Returns
    -------
    ndarray of int64
        Codes, ascending; the observed ones are among them.

    Notes
    -----
    Of a tree whose leaves are observed it is the whole tree (Roberts et al., 2023, see :func:`frechet_decode`).

    Examples
    --------
    >>> from weaklab.refine import ordinal_metric
    >>> locus(ordinal_metric(5), [1, 4])
    array([1, 2, 3, 4])
    """
    distances = check_metric(D)
    at = _check_observed(observed, len(distances))
    return np.array([y for y in range(len(distances)) if y in at or _reachable(distances[at] ** 2, y)], dtype=np.int64)


def next_class(D: Any, observed: Sequence[int]) -> int:
    """Which class to observe next, so that most classes can be answered with: of gold rows, or a new labeling function.

    Parameters
    ----------
    D : array-like of shape (k, k)
        The distances between all classes, a metric.
    observed : sequence of int
        The classes that have probabilities already.

    Returns
    -------
    int
        The class that adds most to the :func:`locus`; of several, the one that lies farthest from all observed ones,
        then the lowest.

    Raises
    ------
    ParameterError
        If all classes are observed.

    Examples
    --------
    >>> from weaklab.refine import ordinal_metric
    >>> next_class(ordinal_metric(5), [0])
    4
    """
    distances = check_metric(D)
    at = _check_observed(observed, len(distances))
    rest = [y for y in range(len(distances)) if y not in at]
    if not rest:
        raise ParameterError(f"observed names all {len(distances)} classes: there is none left.")
    return max(rest, key=lambda y: (len(locus(distances, [*at, y])), float(distances[y, at].min()), -y))


class MetricRefiner(Refiner):
    r"""Soft labels that know how far classes lie apart: mass moves to the classes near all probable ones.

    With :math:`V(y) = \sum_j P_j\, d(y, j)^2` of a row and its minimum :math:`V^*`, scores are
    :math:`\exp(-(V(y) - V^*) / (s V^*))`, a soft form of :func:`frechet_decode`: the most probable class afterwards is
    its answer, labels that are spread over distant classes stay spread, and certain ones stay certain. No features
    are needed.

    Parameters
    ----------
    D : array-like of shape (k, k)
        The distances between the classes, a metric; :func:`ordinal_metric`, :func:`tree_metric` and
        :func:`embedding_metric` make such.
    scale : float above 0, default=1.0
        s: below 1 sharper, above 1 flatter.

    Attributes
    ----------
    changed_ : int
        How many rows of weight above 0 have another most probable class than before.

    Examples
    --------
    >>> from weaklab.refine import ordinal_metric
    >>> MetricRefiner(ordinal_metric(3)).fit_transform([[0.5, 0.05, 0.45]]).probs.round(2)
    array([[0.23, 0.59, 0.18]])
    """

    needs_features = False
    law_exemptions: ClassVar[Mapping[str, str]] = {"class_order_does_not_matter": "D is in the order of the classes"}

    def __init__(self, D: Any, *, scale: float = 1.0) -> None:
        self.D = D
        self.scale = scale

    def _check_parameters(self) -> None:
        check_positive("scale", self.scale)

    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        distances = check_metric(self.D, problem.k)
        spread = _expected(problem.probs, distances**2)
        if problem.allowed is not None:
            spread[~problem.allowed] = np.inf
        least = spread.min(axis=1, keepdims=True)
        refined = np.exp(-(spread - least) / np.maximum(self.scale * least, 1e-12 * distances.max() ** 2))
        # Nobody has said anything of a row of weight 0, and so it has no mean.
        return np.where(problem.covered[:, None], refined, problem.probs), problem.weight


def _expected(probs: Floats, squares: Floats) -> Floats:
    """Expected squared distances (n, k)."""
    return probs @ squares


def _tempered(probs: Floats, temperature: float) -> Floats:
    check_positive("temperature", temperature)
    if temperature == 1.0:
        return probs
    powered = (probs / probs.max(axis=1, keepdims=True)) ** (1.0 / temperature)
    return powered / powered.sum(axis=1, keepdims=True)


def _check(probs: Any, D: Any, observed: Sequence[int] | None) -> tuple[Floats, Floats, list[int]]:
    soft = probs if isinstance(probs, SoftLabels) else SoftLabels(probs)
    distances = check_metric(D)
    at = list(range(len(distances))) if observed is None else _check_observed(observed, len(distances))
    if soft.k != len(at):
        which = f"D has {len(distances)} classes" if observed is None else f"observed names {len(at)}"
        raise SoftLabelError(f"probs has {soft.k} columns, but {which}.")
    return soft.probs, distances, at


def _check_observed(observed: Sequence[int], k: int) -> list[int]:
    at = np.asarray(observed)
    if at.ndim != 1 or not len(at) or at.dtype.kind not in "iu" or (at < 0).any() or (at >= k).any():
        raise ParameterError(f"observed={observed!r} must be codes of classes, 0 to {k - 1}, at least one.")
    if len(set(at.tolist())) < len(at):
        raise ParameterError(f"observed={observed!r} names a class twice.")
    return [int(y) for y in at]


def _reachable(squares: Floats, y: int) -> bool:
    """Whether some distribution over the observed classes, rows of ``squares``, has class y nearest."""
    from scipy.optimize import linprog

    o = len(squares)
    # squares[:, y] @ p <= squares[:, other] @ p for every other class, p on the simplex
    bounds = (squares[:, [y]] - squares).T / squares.max()
    found = linprog(np.zeros(o), A_ub=bounds, b_ub=np.full(len(bounds), 1e-9), A_eq=np.ones((1, o)), b_eq=[1.0])
    return bool(found.success)
