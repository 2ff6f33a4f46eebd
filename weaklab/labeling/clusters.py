"""Clusters of a frame: found once, and then labeled as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError, ParameterError, ReturnValueError
from weaklab.labeling.arguments import check_size
from weaklab.labeling.columns import as_table, check_reads, numbers_of, present_rows
from weaklab.labeling.embeddings import Encode, check_encode, distinct, embed
from weaklab.typing import Floats

_KIND = "find_clusters"


@dataclass(frozen=True, eq=False, repr=False)
class Clusters:
    """Clusters of the rows of a frame; found by :func:`find_clusters`.

    Attributes
    ----------
    columns : tuple of hashable
        What the rows are compared by.
    single : bool
    encode : callable or None
    clusterer : object
        The fitted clusterer.
    cluster : ndarray of int of shape (n,)
        Of each row; -1 where a cell is missing or the clusterer calls it noise.
    distance : ndarray of shape (n,)
        How far it is from the centre of its cluster; NaN without one.
    index : pandas.Index of length n
        The labels of the rows.
    numbers : ndarray of int of shape (c,)
        Which clusters there are, ascending.
    centers : ndarray of shape (c, d)
        The mean of each cluster.
    seen : ndarray of int
        The positions of the rows that the clusterer saw.
    points : ndarray of shape (len(seen), d) or None
        Their embeddings, where the clusterer cannot predict and the nearest of them is asked.
    batch_size : int
    """

    columns: tuple[Hashable, ...]
    single: bool
    encode: Encode | None
    clusterer: Any
    cluster: np.ndarray
    distance: Floats
    index: pd.Index
    numbers: np.ndarray
    centers: Floats
    seen: np.ndarray
    points: Floats | None
    batch_size: int

    def __repr__(self) -> str:
        return f"Clusters({len(self.numbers)} of {len(self.cluster):,} rows by {', '.join(map(repr, self.columns))})"

    def _repr_html_(self) -> str:
        from weaklab.labeling.cluster_tables import cluster_table

        return cluster_table(self).to_html()

    def assign(self, table: pd.DataFrame) -> tuple[np.ndarray, Floats]:
        """The cluster of each row of a frame of the columns, -1 for none, and how far it is from the centre.

        A clusterer that can predict is asked; otherwise a row is in the cluster of the nearest row that was clustered.
        """
        cluster = np.full(len(table), -1, dtype=np.int64)
        distance = np.full(len(table), np.nan)
        rows = present_rows(table)
        if not len(rows):
            return cluster, distance
        vectors = vectors_of(table.iloc[rows], self.single, self.encode, self.batch_size, self.centers.shape[1])
        if self.points is None:
            found = np.asarray(self.clusterer.predict(vectors), dtype=np.int64)
        else:
            from sklearn.neighbors import NearestNeighbors

            there = self.cluster[self.seen]
            nearest = NearestNeighbors(n_neighbors=1).fit(self.points).kneighbors(vectors, return_distance=False)
            found = there[nearest[:, 0]]
        cluster[rows] = found
        distance[rows] = self._distance(vectors, found)
        return cluster, distance

    def reach(self, closest: float) -> dict[int, float]:
        """How far from its centre the closest share of each cluster's rows goes."""
        # A little more than the farthest, since the same distance may be summed up in another order next time.
        return {
            int(c): float(np.quantile(self.distance[self.cluster == c], closest)) * (1 + 1e-9) + 1e-12
            for c in self.numbers
        }

    def central(self, count: int = 1) -> dict[int, list[int]]:
        """The positions of the rows nearest to the centre of each cluster: those to read, or to ask an expert about.

        Parameters
        ----------
        count : int
            How many of each cluster, at most.
        """
        out = {}
        for c in self.numbers.tolist():
            rows = np.flatnonzero(self.cluster == c)
            out[c] = rows[np.argsort(self.distance[rows], kind="stable")[:count]].tolist()
        return out

    def _distance(self, vectors: Floats, found: np.ndarray) -> Floats:
        place = np.searchsorted(self.numbers, found)
        place = np.clip(place, 0, max(len(self.numbers) - 1, 0))
        if not len(self.numbers):
            return np.full(len(found), np.nan)
        there = self.numbers[place] == found
        return np.where(there, np.linalg.norm(vectors - self.centers[place], axis=1), np.nan)


def find_clusters(
    frame: Any,
    *,
    column: Hashable = None,
    columns: Sequence[Hashable] | None = None,
    encode: Encode | None = None,
    clusterer: Any = 20,
    batch_size: int = 1024,
) -> Clusters:
    """Cluster the rows of a frame, to label whole clusters with :func:`cluster_lf`.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
        The data, n rows.
    column : hashable, optional
        The column of texts, or of whatever ``encode`` takes.
    columns : sequence of hashable, optional
        Several columns of numbers, as they are (scale them first) or as ``encode`` embeds them. One of both is given.
    encode : callable, optional
        From a list of items (or an array of numbers) to an array (n, d); embeddings are scaled to length 1. A column
        of texts needs it.
    clusterer : int, or object with ``fit_predict``
        How many clusters of k-means (its seed is 0), or a clusterer in the manner of scikit-learn. Its label -1 means
        noise. It is cloned where scikit-learn can do that. One without ``predict`` is extended to new rows by the
        nearest row that it saw.
    batch_size : int
        How many items are encoded at once.

    Returns
    -------
    Clusters

    Raises
    ------
    FrameError, ColumnError
        If the frame cannot be read, a column is not there, or holds no numbers.
    ParameterError
        If there are fewer rows than clusters.
    LabelingFunctionError
        If an argument is not what it should be.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [0.0, 0.1, 5.0, 5.2], "y": [1.0, 1.1, 0.0, 0.1]})
    >>> clusters = find_clusters(frame, columns=["x", "y"], clusterer=2)
    >>> clusters
    Clusters(2 of 4 rows by 'x', 'y')
    >>> int(clusters.cluster[0]) == int(clusters.cluster[1]) != int(clusters.cluster[2])
    True
    """
    reads, single = check_reads(column, columns, _KIND)
    if encode is not None:
        check_encode(encode, _KIND)
    elif single:
        raise LabelingFunctionError(f"{_KIND}: column= needs encode= to be embedded; for numbers say columns=[...].")
    check_size(batch_size, "batch_size", _KIND)
    table = as_table(frame, reads, _KIND)
    rows = present_rows(table)
    model = _clusterer(clusterer, len(rows))
    vectors = vectors_of(table.iloc[rows], single, encode, batch_size, None)
    found = np.asarray(model.fit_predict(vectors))
    if found.shape != (len(rows),) or found.dtype.kind not in "iu":
        raise ReturnValueError(
            f"{type(model).__name__}.fit_predict returned an array of shape {found.shape} and type {found.dtype} for "
            f"{len(rows):,} rows; an int per row was expected."
        )
    cluster = np.full(len(table), -1, dtype=np.int64)
    cluster[rows] = found
    numbers = np.unique(found[found >= 0])
    centers = np.array([vectors[found == c].mean(axis=0) for c in numbers]).reshape(len(numbers), vectors.shape[1])
    points = None if hasattr(model, "predict") else vectors
    distance = np.full(len(table), np.nan)
    out = Clusters(
        reads, single, encode, model, cluster, distance, table.index, numbers, centers, rows, points, batch_size
    )
    distance[rows] = out._distance(vectors, found)
    return out


def vectors_of(table: pd.DataFrame, single: bool, encode: Encode | None, batch_size: int, width: int | None) -> Floats:
    """The embeddings (n, d) of the rows of a frame without missing cells; each distinct item is encoded once."""
    if encode is None:
        return numbers_of(table, "clusters")
    if not len(table):
        return np.empty((0, width or 1))
    if not single:
        return np.vstack(list(embed(encode, numbers_of(table, "clusters"), batch_size=batch_size, width=width)))
    items, which = distinct(table.iloc[:, 0].tolist())
    return np.vstack(list(embed(encode, items, batch_size=batch_size, width=width)))[which]


def _clusterer(clusterer: Any, n: int) -> Any:
    if isinstance(clusterer, (int, np.integer)) and not isinstance(clusterer, bool):
        count = check_size(clusterer, "clusterer", _KIND)
        if n < count:
            raise ParameterError(f"{_KIND}: {n:,} rows cannot make {count} clusters.")
        from sklearn.cluster import KMeans

        return KMeans(n_clusters=count, n_init=10, random_state=0)
    if isinstance(clusterer, type) or not hasattr(clusterer, "fit_predict"):
        raise LabelingFunctionError(
            f"{_KIND}: clusterer={clusterer!r:.80} must be a number of clusters, or have fit_predict."
        )
    from sklearn.base import BaseEstimator, clone

    return clone(clusterer) if isinstance(clusterer, BaseEstimator) else clusterer
