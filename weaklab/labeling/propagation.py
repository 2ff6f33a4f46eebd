"""Prototypes of classes that nobody has examples of, from those of other classes and what they have in common."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from weaklab.exceptions import LabelingFunctionError, did_you_mean
from weaklab.labeling.arguments import check_number, check_size
from weaklab.labeling.class_graph import ClassGraph, class_graph
from weaklab.typing import Floats

_KIND = "propagate_prototypes"
#: Penalties that are tried, as shares of the largest eigenvalue of the known classes' kernel: five per factor of ten.
_SHARES = np.geomspace(1e-4, 1e2, 31)


def propagate_prototypes(
    known: Mapping[Any, Any],
    parents: Mapping[Any, Any],
    *,
    classes: Iterable[Hashable] | None = None,
    hops: int = 2,
    ridge: float | None = None,
) -> dict[Any, Floats]:
    r"""Find a prototype for every class of a graph from the prototypes of some, for :func:`prototype_lf`.

    What hangs together in the graph is taken to look alike: digits that light the same segments, animals of one
    family. With the adjacency A of the graph, its edges taken both ways, :math:`\hat A = D^{-1/2} (A + I) D^{-1/2}`
    and :math:`S = \hat A^h`, the rows of S are what a graph convolution network of h layers without its nonlinearity
    knows of the nodes; a ridge regression with an intercept from these rows to the prototypes of the known classes
    predicts those of the others.

    Parameters
    ----------
    known : mapping from node to array of shape (d,) or (p, d)
        Embeddings of two classes or more: the mean of examples, the weights of a linear classifier, or examples, whose
        mean is taken. Centre them, as :func:`prototype_lf` compares directions.
    parents : mapping of node to parent, or to a list of parents
        The graph, as for :func:`graph_lf`; attributes of classes are parents too: ``{"zebra": ["horse", "striped"]}``.
    classes : iterable of hashable, optional
        The nodes that are classes; by default those without children.
    hops : int
        The h above, from 1: how far nodes may be apart to inform each other, half of that distance.
    ridge : float, optional
        The penalty of the regression, above 0; by default the one of the smallest leave-one-out error on the known
        classes.

    Returns
    -------
    dict of class to ndarray of shape (d,)
        Known classes keep their own.

    Raises
    ------
    LabelingFunctionError
        If the graph is ill-formed, fewer than two nodes are known, one is no node, the embeddings are no finite numbers
        of one length, or a class is too far from all that is known.

    References
    ----------
    X. Wang, Y. Ye and A. Gupta, "Zero-shot recognition via semantic embeddings and knowledge graphs", CVPR 2018.
    doi:10.1109/CVPR.2018.00717

    F. Wu et al., "Simplifying graph convolutional networks", ICML 2019. doi:10.48550/arXiv.1902.07153

    Examples
    --------
    >>> from weaklab.labeling import prototype_lf
    >>> parents = {"horse": "hoofed", "deer": "hoofed", "puma": "cat"}
    >>> parents |= {"tiger": ["cat", "striped"], "zebra": ["hoofed", "striped"]}
    >>> hooves_and_stripes = {"horse": [0.9, -1.0], "deer": [1.0, -0.8], "puma": [-1.0, -0.9], "tiger": [-1.0, 1.0]}
    >>> found = propagate_prototypes(hooves_and_stripes, parents)
    >>> found["zebra"].round(1).tolist()
    [0.2, 0.3]
    >>> prototype_lf(found, columns=["hooves", "stripes"])({"hooves": 0.9, "stripes": 0.7})
    'zebra'
    """
    graph = class_graph(parents, classes)
    hops = check_size(hops, "hops", _KIND)
    if ridge is not None and check_number(ridge, "ridge", _KIND, 0) == 0:
        raise LabelingFunctionError(f"{_KIND}: ridge=0 must be above 0.")
    embeddings = _embeddings(known, graph)  # (s, d)
    unknown = [node for node in graph.classes if node not in known]
    near = _rows_of_power(graph, [*known, *unknown], hops)  # (s + u, nodes)
    seen, unseen = near[: len(known)], near[len(known) :]
    linked = np.asarray((unseen @ seen.T).sum(axis=1)).ravel() > 0
    if not linked.all():
        far = [node for node, there in zip(unknown, linked.tolist(), strict=True) if not there]
        raise LabelingFunctionError(
            f"{_KIND}: nothing known is within {2 * hops} edges of {', '.join(map(repr, far[:5]))}; leave them out of "
            f"classes=, give more edges, or more hops than {hops}."
        )
    predicted = _regressed(seen, unseen, embeddings, ridge)
    found = dict(zip([*known, *unknown], [*embeddings, *predicted], strict=True))
    return {node: found[node] for node in graph.classes}


def _embeddings(known: Any, graph: ClassGraph) -> Floats:
    if not isinstance(known, Mapping) or len(known) < 2:
        raise LabelingFunctionError(f"{_KIND}: known must be a dict from each of two classes or more to an embedding.")
    out: list[Floats] = []
    for node, given in known.items():
        if node not in graph.parents:
            near = did_you_mean(node, graph.parents)
            raise LabelingFunctionError(f"{_KIND}: {node!r} of known= is no node of the graph.{near}")
        try:
            vectors = np.atleast_2d(np.asarray(given, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise LabelingFunctionError(f"{_KIND}: the embedding of {node!r} is no array of numbers.") from error
        if vectors.ndim != 2 or not vectors.size or not np.isfinite(vectors).all():
            raise LabelingFunctionError(
                f"{_KIND}: the embedding of {node!r} has shape {np.shape(given)}; finite numbers of shape (d,) or "
                f"(p, d) were expected."
            )
        if out and len(out[0]) != vectors.shape[1]:
            raise LabelingFunctionError(
                f"{_KIND}: the embedding of {node!r} has {vectors.shape[1]} numbers, those before have {len(out[0])}."
            )
        out.append(vectors.mean(axis=0))
    return np.array(out)


def _rows_of_power(graph: ClassGraph, nodes: list[Hashable], hops: int) -> sparse.csr_array:
    """The rows of some nodes of the normalised adjacency to the power of hops."""
    place = {node: i for i, node in enumerate(graph.parents)}
    edges = [(place[node], place[parent]) for node, above in graph.parents.items() for parent in set(above)]
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    n = len(place)
    one_way = sparse.csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    adjacency = one_way + one_way.T + sparse.eye_array(n)
    scale = sparse.diags_array(np.asarray(adjacency.sum(axis=1)).ravel() ** -0.5)
    normalised = sparse.csr_array(scale @ adjacency @ scale)
    rows = sparse.csr_array(sparse.eye_array(n, format="csr")[[place[node] for node in nodes]])
    for _ in range(hops):
        rows = rows @ normalised
    return rows


def _regressed(seen: sparse.csr_array, unseen: sparse.csr_array, target: Floats, ridge: float | None) -> Floats:
    """Ridge regression with an intercept in its dual form; there are fewer known classes than nodes.

    Leave-one-out residuals are the residuals over one minus the leverage: Golub, Heath and Wahba (1979),
    doi:10.1080/00401706.1979.10489751.
    """
    s = len(target)
    kernel, across = (seen @ seen.T).toarray(), (unseen @ seen.T).toarray()  # (s, s), (u, s)
    row_mean, mean = kernel.mean(axis=0), kernel.mean()
    across = across - across.mean(axis=1, keepdims=True) - row_mean + mean  # of rows less the mean of the seen ones
    kernel = kernel - row_mean - row_mean[:, np.newaxis] + mean
    residual = target - target.mean(axis=0)
    values, vectors = np.linalg.eigh(kernel)
    values, turned = values.clip(min=0), vectors.T @ residual  # (s,), (s, d)
    penalties = _SHARES * values[-1] if ridge is None else np.array([ridge])
    errors = []
    for penalty in penalties:
        kept = values / (values + penalty)
        left_out = 1 - 1 / s - (vectors**2 @ kept)
        wrong = (residual - vectors @ (kept[:, np.newaxis] * turned)) / left_out[:, np.newaxis]
        errors.append((wrong**2).mean())
    best = penalties[int(np.argmin(errors))]
    return target.mean(axis=0) + across @ vectors @ (turned / (values + best)[:, np.newaxis])
