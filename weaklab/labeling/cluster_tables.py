"""Clusters to look at: how large each is, what is in its middle, and which words are its own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError
from weaklab.labeling.clusters import Clusters
from weaklab.labeling.columns import as_table


def cluster_table(
    clusters: Clusters, frame: Any = None, y: Any = None, *, examples: int = 3, words: int = 5
) -> pd.DataFrame:
    """One row per cluster: how large it is, what is in its middle, and which words are its own.

    Parameters
    ----------
    clusters : Clusters
        Found by :func:`find_clusters`.
    frame : the frame that was clustered, optional
        To show examples and, of a column of texts, words.
    y : array-like of shape (n,), optional
        Labels that are known; None, NaN and -1 are unknown.
    examples : int
        How many of the most central rows to show.
    words : int
        How many words: those whose share of texts in the cluster is highest above their share elsewhere.

    Returns
    -------
    DataFrame
        Indexed by cluster, the largest first: ``rows``, ``share`` (of all rows), ``spread`` (mean distance from the
        centre), ``central`` (index labels of the most central rows); with ``frame``, ``examples`` and, of texts,
        ``words``; with ``y``, ``label`` (the most frequent one), ``purity`` (its share of the known ones), ``known``.

    Raises
    ------
    ParameterError
        If frame or y have another number of rows.

    Examples
    --------
    >>> from weaklab.labeling import find_clusters
    >>> frame = pd.DataFrame({"x": [0.0, 0.1, 0.3, 5.0, 5.2]})
    >>> table = cluster_table(find_clusters(frame, columns=["x"], clusterer=2), frame, ["a", "a", "a", "b", None])
    >>> table[["rows", "central", "label", "purity", "known"]].to_dict("records")[0]
    {'rows': 3, 'central': [1, 0, 2], 'label': 'a', 'purity': 1.0, 'known': 3}
    """
    n = len(clusters.cluster)
    table = None if frame is None else as_table(frame, clusters.columns, "cluster_table")
    for what, there in (("frame", table), ("y", y)):
        if there is not None and len(there) != n:
            raise ParameterError(f"cluster_table: {what} has {len(there):,} rows, and {n:,} were clustered.")
    central = clusters.central(max(examples, 1))
    texts = None
    if table is not None and clusters.single and any(isinstance(cell, str) for cell in table.iloc[:, 0]):
        texts = [cell if isinstance(cell, str) else "" for cell in table.iloc[:, 0]]
    typical = _typical_words(texts, clusters, words) if texts is not None else None
    lines = []
    for c in clusters.numbers.tolist():
        rows = np.flatnonzero(clusters.cluster == c)
        line: dict[str, Any] = {
            "cluster": c,
            "rows": len(rows),
            "share": len(rows) / n,
            "spread": float(clusters.distance[rows].mean()),
            "central": clusters.index[central[c]].tolist(),
        }
        if table is not None:
            line["examples"] = [_cell(table, row) for row in central[c]]
        if typical is not None:
            line["words"] = typical[c]
        if y is not None:
            line |= _known(y, rows)
        lines.append(line)
    out = pd.DataFrame(lines).set_index("cluster") if lines else pd.DataFrame()
    return out.sort_values("rows", ascending=False, kind="stable") if lines else out


def _known(y: Any, rows: np.ndarray) -> dict[str, Any]:
    labels = list(y)
    known = [labels[row] for row in rows if not (pd.isna(labels[row]) or labels[row] == -1)]
    if not known:
        return {"label": None, "purity": np.nan, "known": 0}
    label, count = Counter(known).most_common(1)[0]
    return {"label": label, "purity": count / len(known), "known": len(known)}


def _typical_words(texts: list[str], clusters: Clusters, count: int) -> dict[int, list[str]]:
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, min_df=2, max_features=20_000)
    try:
        found = counter.fit_transform(texts)
    except ValueError:  # no word is in two texts
        return {c: [] for c in clusters.numbers.tolist()}
    names = counter.get_feature_names_out()
    everywhere = np.asarray(found.sum(axis=0)).ravel()
    out = {}
    for c in clusters.numbers.tolist():
        ours = clusters.cluster == c
        inside = np.asarray(found[ours].sum(axis=0)).ravel()
        lift = inside / max(ours.sum(), 1) - (everywhere - inside) / max((~ours).sum(), 1)
        out[c] = [str(names[j]) for j in np.argsort(-lift, kind="stable")[:count] if lift[j] > 0]
    return out


def _cell(table: pd.DataFrame, row: int) -> Any:
    if table.shape[1] > 1:
        return {str(name): table.iloc[row, place] for place, name in enumerate(table.columns[:8])}
    cell = table.iloc[row, 0]
    return f"{cell[:97]}..." if isinstance(cell, str) and len(cell) > 100 else cell
