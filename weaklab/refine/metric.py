"""Distances between classes: checks, and those of ordinal labels, of hierarchies and of class embeddings."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from weaklab.exceptions import ParameterError, shown
from weaklab.typing import Floats

_ROUNDING = 1e-9


def check_metric(D: Any, k: int | None = None) -> Floats:
    """Distances between classes as an array (k, k), which must be those of a metric.

    Parameters
    ----------
    D : array-like of shape (k, k)
        Finite; 0 on the diagonal and above 0 elsewhere; symmetric; and no way round by a third class is shorter.
    k : int, optional
        How many classes there must be.

    Returns
    -------
    ndarray of float64 of shape (k, k)

    Raises
    ------
    ParameterError
        If it is no metric: the classes at which it fails are named.

    Examples
    --------
    >>> check_metric([[0, 1, 5], [1, 0, 1], [5, 1, 0]])
    Traceback (most recent call last):
        ...
    weaklab.exceptions.ParameterError: D is no metric: from class 0 to class 2 it is 5, but by way of class 1 only 2.
    """
    try:
        array = np.array(D, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"D must be distances between classes, of shape (k, k): {error}") from error
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] < 2:
        raise ParameterError(f"D must be of shape (k, k), the distances between k of 2 or more; got {array.shape}.")
    if k is not None and len(array) != k:
        raise ParameterError(f"D has the distances between {len(array)} classes; there are {k}.")
    near = _ROUNDING * max(float(np.abs(np.where(np.isfinite(array), array, 0)).max()), 1e-300)

    def fail(wrong: np.ndarray, why: str) -> None:
        if wrong.any():
            a, b = (int(part) for part in np.argwhere(wrong)[0])
            raise ParameterError(f"D is no metric: {why.format(a=a, b=b, ab=array[a, b], ba=array[b, a])}")

    fail(~np.isfinite(array), "from class {a} to class {b} it is {ab:g}, which is not finite.")
    fail(np.eye(len(array)) * np.abs(array) > near, "from class {a} to itself it is {ab:g}, not 0.")
    fail(np.abs(array - array.T) > near, "from class {a} to class {b} it is {ab:g}, but back {ba:g}.")
    fail(~np.eye(len(array), dtype=bool) & (array <= near), "between classes {a} and {b} it is {ab:g}, not above 0.")
    for by in range(len(array)):
        way = array[:, by, None] + array[by]
        if (array > way + near).any():
            a, b = (int(part) for part in np.argwhere(array > way + near)[0])
            only = f"by way of class {by} only {way[a, b]:g}"
            raise ParameterError(f"D is no metric: from class {a} to class {b} it is {array[a, b]:g}, but {only}.")
    return array


def ordinal_metric(k: int) -> Floats:
    """Distances between k ordered classes, such as ratings: how many steps apart they are.

    Examples
    --------
    >>> ordinal_metric(3)
    array([[0., 1., 2.],
           [1., 0., 1.],
           [2., 1., 0.]])
    """
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 2:
        raise ParameterError(f"k={k!r} must be an int of 2 or more.")
    return np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)


def tree_metric(parents: Mapping[Hashable, Hashable], classes: Sequence[Hashable]) -> Floats:
    """Distances between classes in a hierarchy: how many edges there are between them.

    Parameters
    ----------
    parents : mapping
        From each node to the one above it; roots have none, or None.
    classes : sequence of hashable of length k
        The nodes that are classes, in the order of their codes; leaves or not.

    Returns
    -------
    ndarray of shape (k, k)

    Raises
    ------
    ParameterError
        If a class is no node, nodes stand in a circle, or two classes have no common root.

    Examples
    --------
    >>> tree_metric({"cat": "animal", "dog": "animal", "car": "thing", "animal": None, "thing": None}, ["cat", "dog"])
    array([[0., 2.],
           [2., 0.]])
    """
    nodes = {*parents, *parents.values()} - {None}
    lines = []
    for name in classes:
        if name not in nodes:
            raise ParameterError(f"classes: {shown(name)} is no node of the hierarchy.")
        line: list[Hashable] = [name]
        while (above := parents.get(line[-1])) is not None:
            if above in line:
                raise ParameterError(f"parents: {shown(above)} is above itself.")
            line.append(above)
        lines.append({node: steps for steps, node in enumerate(line)})
    out = np.zeros((len(lines), len(lines)))
    for a, steps_up in enumerate(lines):
        for b, other in enumerate(lines[:a]):
            shared = [steps + other[node] for node, steps in steps_up.items() if node in other]
            if not shared:
                names = list(classes)
                raise ParameterError(
                    f"{shown(names[b])} and {shown(names[a])} have no common root: give the roots one."
                )
            out[a, b] = out[b, a] = min(shared)
    return out


def embedding_metric(vectors: Any) -> Floats:
    """Distances between the embeddings of classes, (k, d): the Euclidean ones, scaled so that the longest is 1.

    Examples
    --------
    >>> embedding_metric([[0.0, 0.0], [3.0, 4.0]])
    array([[0., 1.],
           [1., 0.]])
    """
    array = np.asarray(vectors, dtype=np.float64)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ParameterError(f"vectors must be finite numbers, one embedding per class; got shape {array.shape}.")
    distances = np.sqrt(((array[:, None] - array[None]) ** 2).sum(axis=2))
    return check_metric(distances / max(float(distances.max(initial=0.0)), 1e-300))
