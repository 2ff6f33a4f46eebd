"""Labeling functions that label whole clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError, did_you_mean
from weaklab.labeling.arguments import check_number
from weaklab.labeling.clusters import Clusters
from weaklab.labeling.declarative import check_given_name, check_label, readable_name
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.learned import Answers, LearnedLF, Watch

_KIND = "cluster_lf"


@dataclass(frozen=True, eq=False, repr=False)
class ClusterLF(LearnedLF):
    """Votes by the cluster that a row is in; made by :func:`cluster_lf`.

    Attributes
    ----------
    clusters : Clusters
    label_of : dict of int to object
        The label of each cluster that has one.
    closest : float
        The share of each cluster that is near enough to its centre.
    """

    name: str
    clusters: Clusters
    label_of: Mapping[int, Any]
    closest: float
    output = "hard"

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """The columns that it reads."""
        return self.clusters.columns

    @property
    def single(self) -> bool:
        """Whether it reads the cells of one column, and no numbers of several."""
        return self.clusters.single

    @property
    def labels(self) -> tuple[Any, ...]:  # type: ignore[override]
        """What it may vote."""
        return tuple(dict.fromkeys(self.label_of.values()))

    def answers(self, table: pd.DataFrame, watch: Watch | None = None) -> Answers:
        """The votes on a frame."""
        cluster, distance = self.clusters.assign(table)
        reach, labels = self.clusters.reach(self.closest), self.labels
        choice = np.full(len(table), -1, dtype=np.int64)
        for each, label in self.label_of.items():
            choice[(cluster == each) & (distance <= reach[each])] = labels.index(label)
        (watch or Watch()).done(len(table))
        return Answers(labels, choice)

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: its cluster, and how near it is to the centre."""
        table = self.table_of(row)
        cluster, distance = (part[0].item() for part in self.clusters.assign(table))
        column = self.columns[0] if self.clusters.single else None
        if cluster < 0:
            return Explanation(None, "it is in no cluster", column)
        size = int((self.clusters.cluster == cluster).sum())
        reach = self.clusters.reach(self.closest).get(cluster, np.nan)
        details = {"cluster": cluster, "distance": distance, "reach": reach, "rows": size}
        where = f"in cluster {cluster} of {size:,} rows, {distance:.3g} from its centre"
        if cluster not in self.label_of:
            return Explanation(None, f"{where}; the cluster has no label", column, (), details)
        if not distance <= reach:
            return Explanation(None, f"{where}; farther than {reach:.3g}", column, (), details)
        label = self.label_of[cluster]
        return Explanation(label, f"{where}, which is labeled {label!r}", column, (), details)

    def describe(self) -> dict[str, Any]:
        """What it says, as a dict."""
        return {
            "kind": type(self).__name__,
            "name": self.name,
            "clusters": self.clusters,
            "labels": dict(self.label_of),
            "closest": self.closest,
        }


def cluster_lf(
    clusters: Clusters,
    labels: Mapping[int, Any] | None = None,
    *,
    examples: Mapping[Hashable, Any] | None = None,
    min_purity: float = 0.5,
    closest: float = 1.0,
    name: str | None = None,
) -> ClusterLF:
    """Make a labeling function that gives whole clusters a label.

    Parameters
    ----------
    clusters : Clusters
        Found by :func:`find_clusters`; :func:`cluster_table` shows what is in them.
    labels : mapping of int to class, optional
        The label of each cluster that should have one; others abstain.
    examples : mapping of index label to class, optional
        A few rows of the frame that was clustered and their classes. A cluster takes the most frequent class among its
        examples; without any, it abstains. Rows to ask about are in ``clusters.central()``. One of both is given.
    min_purity : float
        The share of a cluster's examples that must be of that class, in [0, 1]; equal counts abstain.
    closest : float
        The share of a cluster's own rows, those nearest to its centre, that is near enough to vote, in (0, 1]; new
        rows are held to the same distance. With 1, only what is farther than all of them abstains.
    name : str, optional
        The name of its column of votes.

    Returns
    -------
    ClusterLF

    Raises
    ------
    LabelingFunctionError
        If a cluster or a row is not there, or no cluster gets a label.

    References
    ----------
    F. Rahman, "Weak supervision for label efficient visual bug detection", 2023. doi:10.48550/arXiv.2309.11077

    Examples
    --------
    >>> from weaklab.labeling import find_clusters
    >>> frame = pd.DataFrame({"x": [0.0, 0.1, 0.2, 5.0, 5.2]})
    >>> lf = cluster_lf(find_clusters(frame, columns=["x"], clusterer=2), examples={0: "low"})
    >>> lf({"x": 0.15}), lf({"x": 5.1}), lf({"x": -9.0})
    ('low', None, None)
    """
    if not isinstance(clusters, Clusters):
        raise LabelingFunctionError(
            f"{_KIND}: clusters={clusters!r:.80} ({type(clusters).__name__}) must come from find_clusters(frame, ...)."
        )
    if (labels is None) == (examples is None):
        raise LabelingFunctionError(f"{_KIND}: give labels= by cluster, or examples= by row.")
    given = labels if labels is not None else examples
    if not isinstance(given, Mapping):
        raise LabelingFunctionError(f"{_KIND}: {given!r:.80} must be a dict.")
    min_purity = check_number(min_purity, "min_purity", _KIND, 0, 1)
    closest = check_number(closest, "closest", _KIND, 0, 1)
    label_of = _given(clusters, given) if labels is not None else _by_example(clusters, given, min_purity)
    if not label_of:
        raise LabelingFunctionError(f"{_KIND}: no cluster gets a label; it would never vote.")
    default = readable_name("clusters", *map(str, clusters.columns[:2]))
    return ClusterLF(check_given_name(name, default, _KIND), clusters, label_of, closest)


def _given(clusters: Clusters, labels: Mapping[Any, Any]) -> dict[int, Any]:
    there = clusters.numbers.tolist()
    for each in labels:
        if each not in there:
            raise LabelingFunctionError(f"{_KIND}: there is no cluster {each!r}.{did_you_mean(each, there)}")
    return {int(each): check_label(label, _KIND) for each, label in labels.items() if label is not None}


def _by_example(clusters: Clusters, examples: Mapping[Any, Any], min_purity: float) -> dict[int, Any]:
    found: dict[int, Counter[Any]] = {}
    for row, label in examples.items():
        try:
            place = clusters.index.get_loc(row)
        except (KeyError, TypeError) as error:
            raise LabelingFunctionError(
                f"{_KIND}: examples= names row {row!r}, which is not in the index of the frame that was clustered."
            ) from error
        if not isinstance(place, int):
            raise LabelingFunctionError(f"{_KIND}: examples= names row {row!r}, which the index has several times.")
        if clusters.cluster[place] >= 0:
            found.setdefault(int(clusters.cluster[place]), Counter())[check_label(label, _KIND)] += 1
    label_of = {}
    for each, counts in sorted(found.items()):
        (label, most), *others = counts.most_common(2)
        if most >= min_purity * counts.total() and not (others and others[0][1] == most):
            label_of[each] = label
    return label_of
