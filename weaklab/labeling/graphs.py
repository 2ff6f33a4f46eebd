"""Labeling functions whose votes are nodes of a graph of classes, and support the classes that hang together there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from weaklab.exceptions import LabelingFunctionError, ReturnValueError, shown
from weaklab.labeling.class_graph import ClassGraph, class_graph
from weaklab.labeling.declarative import DeclarativeLF, check_given_name, is_missing
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.function import LabelingFunction
from weaklab.labeling.learned import Answers, LearnedLF, Watch
from weaklab.labeling.rows import as_row
from weaklab.labeling.signatures import callable_name
from weaklab.markup import element, facts_table

_KIND = "graph_lf"

Base = LabelingFunction | DeclarativeLF | LearnedLF | Callable[[Any], Any]


@dataclass(frozen=True)
class Climb:
    """Asks a labeling function, and goes from the node that it votes to the classes there.

    Attributes
    ----------
    base : labeling function
    graph : ClassGraph
    batch : bool
        Whether the base takes a whole frame.
    """

    base: Any
    graph: ClassGraph
    batch: bool = False

    def __call__(self, row: Any) -> Any:
        """The classes for one row, or for each row of a frame."""
        said = self.base(row)
        if not self.batch:
            return self.graph.classes_of(_plain(said))
        if said is None or isinstance(said, (str, bytes, Mapping)) or not isinstance(said, Iterable):
            raise ReturnValueError(f"returned {shown(said)}; one node per row was expected.")
        if isinstance(said, pd.Series):  # its index is checked with what is returned
            return pd.Series([self.graph.classes_of(_plain(node)) for node in said], index=said.index, dtype=object)
        return [self.graph.classes_of(_plain(node)) for node in said]


class GraphLF(LabelingFunction):
    """Votes for the classes that a node of a graph supports; made by :func:`graph_lf`."""

    @property
    def base(self) -> Any:
        """The labeling function that votes for nodes."""
        return self.function.base  # type: ignore[attr-defined]  # it is a Climb

    @property
    def only_set(self) -> tuple[Hashable, ...] | None:
        """The set that all its votes are, where the base has one label."""
        graph: ClassGraph = self.function.graph  # type: ignore[attr-defined]
        label = getattr(self.base, "label", None)
        return graph.classes_of(label) if isinstance(label, Hashable) and label in graph.parents else None

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: the node that was voted, and where it stands."""
        climb: Climb = self.function  # type: ignore[assignment]
        if climb.batch:
            raise LabelingFunctionError(f"labeling function {self.name!r} takes a whole frame, and explains no row.")
        return _explanation(climb, row)

    def _repr_html_(self) -> str:
        return _card(self.name, self.function)  # type: ignore[arg-type]  # it is a Climb


@dataclass(frozen=True, eq=False, repr=False)
class GraphOfLearnedLF(LearnedLF):
    """The same for a base that answers many rows at once; made by :func:`graph_lf`."""

    name: str
    climb: Climb
    output = "set"

    @property
    def base(self) -> LearnedLF:
        """The labeling function that votes for nodes."""
        return self.climb.base

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """The columns that it reads."""
        return self.base.columns

    @property
    def single(self) -> bool:
        """Whether the base reads the cells of one column, and no numbers of several."""
        return getattr(self.base, "single", False)

    @property
    def labels(self) -> tuple[Any, ...] | None:  # type: ignore[override]
        """The sets that it may vote."""
        nodes = self.base.labels
        return None if nodes is None else tuple(self.climb.graph.classes_of(node) for node in nodes)

    @property
    def report(self) -> dict[str, Any] | None:
        """What the base reports."""
        return self.base.report

    @property
    def finished(self) -> bool:
        """Whether the base answered all rows."""
        return self.base.finished

    def answers(self, table: pd.DataFrame, watch: Watch | None = None) -> Answers:
        """The votes on a frame."""
        found = self.base.answers(table, watch)
        return Answers([self.climb.graph.classes_of(_plain(node)) for node in found.labels], found.choice)

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: the node that was voted, and where it stands."""
        return _explanation(self.climb, row)

    def describe(self) -> dict[str, Any]:
        """What it says, as a dict."""
        return {"kind": type(self).__name__, "name": self.name, **_said(self.climb)}


def graph_lf(
    base: Base,
    parents: Mapping[Any, Any],
    *,
    classes: Iterable[Hashable] | None = None,
    name: str | None = None,
) -> GraphLF | GraphOfLearnedLF:
    """Make a labeling function that votes through a hierarchy of classes, or any graph of what is a kind of what.

    The base votes for nodes. A node that is a class is a vote for that class; one that stands above classes supports
    all of them, and one that is finer than all classes the nearest ones above it. Votes are sets of classes, so that
    :func:`weaklab.apply` returns :class:`weaklab.votes.PartialVotes`, for
    :class:`weaklab.label_models.PartialLabelModel`: "it is an animal" tells a cat from a rose and leaves the dog.

    Parameters
    ----------
    base : labeling function or callable
        Any labeling function of one class, with nodes in the place of classes: a decorated or plain function,
        ``keyword_lf("purrs", column="text", label="animal")``, ``model_lf``, ``prompt_lf`` and so on.
    parents : mapping of node to parent, or to a list of parents
        The graph. A node may have several parents, and cycles are an error.
    classes : iterable of hashable, optional
        The nodes that are classes, all of which ``apply(classes=...)`` must know; by default those without children.
    name : str, optional
        The name of its column of votes; by default that of the base with ``_graph``.

    Returns
    -------
    GraphLF or GraphOfLearnedLF
        It can be called on one row and explains its vote there.

    Raises
    ------
    LabelingFunctionError
        If the graph has a cycle, a class or the label of the base is no node, or the base votes for more than classes.

    See Also
    --------
    propagate_prototypes : Prototypes of classes without examples, through a graph, for ``prototype_lf``.

    References
    ----------
    J. Chen et al., "Zero-shot and few-shot learning with knowledge graphs: a comprehensive survey", Proceedings of the
    IEEE 2023. doi:10.48550/arXiv.2112.10006

    P. Yu, T. Ding and S. H. Bach, "Learning from multiple noisy partial labelers", AISTATS 2022.
    doi:10.48550/arXiv.2106.04530

    Examples
    --------
    >>> from weaklab.labeling import keyword_lf
    >>> parents = {"cat": "animal", "dog": "animal", "rose": "plant", "oak": "plant"}
    >>> lf = graph_lf(keyword_lf(["fur", "paw"], column="text", label="animal"), parents)
    >>> lf({"text": "soft fur"})
    ('cat', 'dog')
    >>> lf.explain({"text": "soft fur"}).reason
    "'animal' stands above 'cat', 'dog'"
    """
    if getattr(base, "output", "hard") != "hard":
        raise LabelingFunctionError(f"{_KIND}: the base has output={base.output!r}; it must vote for one node.")  # type: ignore[union-attr]
    if not callable(base) or isinstance(base, type):
        raise LabelingFunctionError(f"{_KIND}: base={base!r:.80} is no labeling function.")
    own = getattr(base, "name", None) or callable_name(base)
    if name is None and own is None:
        raise LabelingFunctionError(f"{_KIND}: {base!r:.80} has no name of its own; give name=.")
    name = check_given_name(name, f"{own}_graph", _KIND)
    graph = class_graph(parents, classes, f"{_KIND} {name!r}")
    labels = base.labels if isinstance(base, (LearnedLF, DeclarativeLF)) else None
    for label in labels or ():
        try:
            graph.classes_of(label)
        except ReturnValueError as error:
            reason = str(error).removeprefix("returned ")
            raise LabelingFunctionError(f"{_KIND}: a label of the base is {reason}") from error
    climb = Climb(base, graph, getattr(base, "batch", False) is True)
    if isinstance(base, LearnedLF):
        return GraphOfLearnedLF(name, climb)
    return GraphLF(climb, name, batch=climb.batch, output="set")


def _plain(node: Any) -> Any:
    if is_missing(node):
        return None
    return node.item() if hasattr(node, "item") and hasattr(node, "dtype") else node


def _explanation(climb: Climb, row: Any) -> Explanation:
    inner = climb.base.explain(row) if hasattr(climb.base, "explain") else None
    node = _plain(inner.vote if inner is not None else climb.base(as_row(row)))
    classes = climb.graph.classes_of(node)
    because = f"; {inner.reason}" if inner is not None and inner.reason else ""
    column, spans = (inner.column, inner.spans) if inner is not None else (None, ())
    details = {"node": node, "base": inner}
    if node is None or (type(node) is int and node == -1 and classes is None):
        return Explanation(None, f"the base abstains{because}", column, spans, details)
    if classes is None:
        return Explanation(None, f"{node!r} stands near no class{because}", column, spans, details)
    if classes == (node,):
        return Explanation(classes, f"{node!r} is a class{because}", column, spans, details)
    where = "above" if climb.graph.parents.get(classes[0], ()) and _is_above(climb.graph, node, classes[0]) else "below"
    named = ", ".join(map(repr, classes))
    return Explanation(classes, f"{node!r} stands {where} {named}", column, spans, details)


def _is_above(graph: ClassGraph, node: Any, below: Any) -> bool:
    todo, seen = [below], set()
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        if node in graph.parents[at]:
            return True
        todo += graph.parents[at]
    return False


def _said(climb: Climb) -> dict[str, Any]:
    return {"base": climb.base, "classes": climb.graph.classes, "nodes": len(climb.graph.parents)}


def _card(name: str, climb: Climb) -> str:
    said = [(key, element("code", repr(value)[:200])) for key, value in _said(climb).items()]
    return element("div", element("b", name), " GraphLF", facts_table(said))
