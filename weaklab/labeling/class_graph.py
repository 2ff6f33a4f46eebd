"""Classes in a hierarchy, or in any graph of what is a kind of what, and which classes a node supports."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from weaklab.exceptions import LabelingFunctionError, ReturnValueError, did_you_mean

_KIND = "class_graph"


@dataclass(frozen=True)
class ClassGraph:
    """What is a kind of what, and which of it are classes.

    Attributes
    ----------
    parents : dict of node to tuple of nodes
        The parents of each node; none for roots.
    classes : tuple of hashable
        The nodes that are classes.
    supports : dict of node to tuple of classes
        The classes that a vote for a node supports: itself where it is a class, else the classes below it, else, where
        it is finer than all classes, the nearest classes above it.
    """

    parents: Mapping[Hashable, tuple[Hashable, ...]]
    classes: tuple[Hashable, ...]
    supports: Mapping[Hashable, tuple[Hashable, ...]]

    def classes_of(self, node: Any) -> tuple[Hashable, ...] | None:
        """The classes that a node supports; None where there are none, or the node is None or -1 and so abstains.

        Raises
        ------
        ReturnValueError
            If the graph has no such node.
        """
        if isinstance(node, Hashable) and node in self.parents:
            return self.supports[node] or None
        if node is None or (type(node) is int and node == -1):
            return None
        raise ReturnValueError(f"returned {node!r}, which is no node of the graph.{did_you_mean(node, self.parents)}")


def class_graph(parents: Mapping[Any, Any], classes: Iterable[Hashable] | None = None) -> ClassGraph:
    """Check a graph of nodes and their parents, and find which classes each node supports.

    Parameters
    ----------
    parents : mapping of node to parent, or to a list of parents
        None is no parent. Nodes that are named only as parents are roots.
    classes : iterable of hashable, optional
        The nodes that are classes; by default those that are nobody's parent.

    Returns
    -------
    ClassGraph

    Raises
    ------
    LabelingFunctionError
        If the graph has a cycle, or a class is no node.

    Examples
    --------
    >>> class_graph({"cat": "animal", "dog": "animal", "rose": "plant"}).supports["animal"]
    ('cat', 'dog')
    """
    if not isinstance(parents, Mapping) or not parents:
        raise LabelingFunctionError(f"{_KIND}: parents must be a dict from node to parent, or to a list of parents.")
    above = {node: _several(given) for node, given in parents.items()}
    for parent in [each for several in above.values() for each in several]:
        above.setdefault(parent, ())
    has_children = {parent for several in above.values() for parent in several}
    found = tuple(node for node in above if node not in has_children) if classes is None else tuple(classes)
    for each in found:
        if each not in above:
            raise LabelingFunctionError(f"{_KIND}: class {each!r} is no node of the graph.{did_you_mean(each, above)}")
    if len(set(found)) < 2:
        raise LabelingFunctionError(f"{_KIND}: {len(set(found))} of the nodes are classes; two are needed.")
    order = _roots_first(above)
    chosen = set(found)
    below: dict[Hashable, set[Hashable]] = {node: {node} & chosen for node in above}
    for node in reversed(order):
        for parent in above[node]:
            below[parent] |= below[node]
    nearest: dict[Hashable, set[Hashable]] = {}
    for node in order:
        nearest[node] = {node} if node in chosen else set().union(*(nearest[parent] for parent in above[node]))
    supports = {}
    for node in above:
        members = {node} if node in chosen else below[node] or nearest[node]
        supports[node] = tuple(each for each in found if each in members)
    return ClassGraph(above, found, supports)


def _several(given: Any) -> tuple[Hashable, ...]:
    if given is None:
        return ()
    if isinstance(given, (list, set, frozenset)):
        return tuple(sorted(given, key=str) if isinstance(given, (set, frozenset)) else given)
    # A tuple could be a node; it is one parent only where it is hashable and was not meant as several.
    return given if isinstance(given, tuple) else (given,)


def _roots_first(above: Mapping[Hashable, tuple[Hashable, ...]]) -> list[Hashable]:
    """The nodes, each after its parents (Kahn's order)."""
    children: dict[Hashable, list[Hashable]] = {node: [] for node in above}
    waiting = {node: len(set(parents)) for node, parents in above.items()}
    for node, parents in above.items():
        for parent in set(parents):
            children[parent].append(node)
    ready = [node for node, count in waiting.items() if not count]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for child in children[node]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    if len(order) < len(above):
        stuck = sorted((repr(node) for node, count in waiting.items() if count), key=str)
        raise LabelingFunctionError(f"{_KIND}: the graph has a cycle among {', '.join(stuck[:5])}.")
    return order
