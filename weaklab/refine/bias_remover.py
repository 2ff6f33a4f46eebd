"""Labels that hang on what only accompanies a class: rails for a train, boilerplate for a topic."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError
from weaklab.label_models.parameters import check_count, check_probability
from weaklab.refine.base import Refiner
from weaklab.refine.features import dense_rows, row_blocks
from weaklab.refine.gaussian_mixture import Columns
from weaklab.refine.problem import Problem
from weaklab.seeding import generator
from weaklab.typing import Floats, Seed
from weaklab.votes.classes import class_code

_CLUSTERED = 20_000  # rows at most that centres are found from
_SHOWN = 5  # rows of a cluster, for review


class BiasRemover(Refiner):
    r"""Take a class off the rows that look like what is seen where the class is not.

    A labeling function that fires on what accompanies a class marks rows of the class, and rows of its company. The
    company also occurs alone. So the rows labelled with a class are clustered, and so are the rows of groups without
    it; a cluster whose centre lies as near to a centre of those as its own rows do, and by ``threshold`` at least, is
    biased, and its rows lose the class. A group is without a class where none of its rows has it as its most probable
    label, and something is known of one; without ``groups``, each row is a group. Rows whose gold is another class
    show too what is not the class. Rows with gold lose nothing.

    Parameters
    ----------
    n_clusters : int, default=20
        How many clusters the rows of a class are sorted into, and those of groups without it.
    threshold : float in (0, 1), default=0.6
        From which cosine two centres may be the same thing, of features less their mean.
    background : class name or code, optional
        The class of rows that are of no class of interest. It is what removed rows get, and is not searched itself.
        None: all classes are searched; removed rows keep what mass their other classes have, and weigh 0.
    groups, allowed
        As of :meth:`fit_transform`, for when it is not given them.
    random_state : int, Generator or None, default=None
        The seed of the clusters; None means 0.

    Attributes
    ----------
    removed_ : ndarray of bool of shape (n,)
        Which rows lost their class.
    clusters_ : DataFrame
        For review, a row per cluster of a class: class, cluster, rows, similarity (the cosine of its centre and the
        nearest one from groups without the class), own (the mean cosine of its rows and its centre), biased, and
        ``examples`` and ``seen_without``: numbers of rows nearest to either of the two centres.
    changed_ : int
        How many rows of weight above 0 have another most probable class than before.

    Notes
    -----
    After Jo, Yu and Kim (2023), "MARS: Model-agnostic Biased Object Removal without Additional Supervision for
    Weakly-Supervised Semantic Segmentation", doi:10.48550/arXiv.2304.09913, who compare with one threshold. That
    takes a class for its neighbours where classes look alike; so a centre is to be as near as a cluster's own
    rows here. Centres are found from 20,000 rows at most. Columns are to share a unit.

    Examples
    --------
    >>> import numpy as np
    >>> train, rails, meadow = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
    >>> Z = np.array([train, rails, meadow, train, rails, meadow, rails, meadow])
    >>> images = [0, 0, 0, 1, 1, 1, 2, 2]
    >>> shown = np.array([1, 1, 0, 1, 1, 0, 0, 0])  # the third image has rails, and no train
    >>> remover = BiasRemover(n_clusters=2, background=0)
    >>> remover.fit_transform(0.1 + 0.8 * np.eye(2)[shown], Z, images).codes()
    array([1, 0, 0, 1, 0, 0, 0, 0])
    """

    law_exemptions: ClassVar[Mapping[str, str]] = {
        "row_order_does_not_matter": "where clusters start is drawn by the number of the row"
    }

    def __init__(
        self,
        *,
        n_clusters: int = 20,
        threshold: float = 0.6,
        background: Hashable = None,
        groups: Any = None,
        allowed: Any = None,
        random_state: Seed = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.threshold = threshold
        self.background = background
        self.groups = groups
        self.allowed = allowed
        self.random_state = random_state

    def _check_parameters(self) -> None:
        check_count("n_clusters", self.n_clusters, 1)
        check_probability("threshold", self.threshold)

    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        names = problem.given.classes_.tolist()
        background = self._background(problem, names)
        directions = _Directions(problem, generator(self.random_state))
        codes = np.where(problem.covered, problem.probs.argmax(axis=1), -1)
        self.removed_ = np.zeros(problem.n, dtype=bool)
        found: list[pd.DataFrame] = []
        for y in range(problem.k):
            labelled = np.flatnonzero(codes == y)
            without = _without(problem, codes, y)
            if y == background or not len(labelled) or not len(without) or not len(directions.columns.at):
                continue
            table, of_cluster = self._judge(directions, labelled, without)
            biased = table["biased"].to_numpy()[of_cluster]
            self.removed_[labelled[biased & ~problem.known[labelled]]] = True
            table.insert(0, "class", pd.Series([names[y]] * len(table), dtype=object))
            found.append(table)
        self.clusters_ = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["class", *_COLUMNS])
        return self._without_class(problem, codes, background)

    def _background(self, problem: Problem, names: list[Hashable]) -> int | None:
        if self.background is None:
            return None
        try:
            return class_code(self.background, problem.k if problem.given.classes is None else names)
        except ValueError as error:
            raise ParameterError(f"background={self.background!r}: {error}") from error

    def _judge(
        self, directions: _Directions, labelled: np.ndarray, without: np.ndarray
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """A row per cluster of the labelled rows, and the cluster of each labelled row."""
        centres, others = directions.centres(labelled, self.n_clusters), directions.centres(without, self.n_clusters)
        of_cluster, own = directions.nearest(labelled, centres)
        of_other, other_own = directions.nearest(without, others)
        similarity = centres @ others.T
        rows = np.bincount(of_cluster, minlength=len(centres))
        mean = np.bincount(of_cluster, own, len(centres)) / np.maximum(rows, 1)
        nearest = similarity.argmax(axis=1)
        highest = similarity.max(axis=1)
        biased = (highest >= self.threshold) & (highest >= mean - 1e-9) & (rows > 0)
        examples = [_first(labelled, of_cluster == one, own) for one in range(len(centres))]
        seen = [_first(without, of_other == one, other_own) for one in nearest]
        parts = (range(len(centres)), rows, highest, mean, biased, examples, seen)
        return pd.DataFrame(dict(zip(_COLUMNS, parts, strict=True))), of_cluster

    def _without_class(self, problem: Problem, codes: np.ndarray, background: int | None) -> tuple[Floats, Floats]:
        probs, weight, rows = problem.probs.copy(), problem.weight.copy(), np.flatnonzero(self.removed_)
        if background is None:
            probs[rows, codes[rows]] = 0.0
            weight[rows] = 0.0
            return probs, weight
        probs[rows, background] += probs[rows, codes[rows]]
        probs[rows, codes[rows]] = 0.0
        if problem.allowed is not None:  # its class is not this one, and it may not be background
            weight[rows[~problem.allowed[rows, background]]] = 0.0
        return probs, weight


_COLUMNS = ("cluster", "rows", "similarity", "own", "biased", "examples", "seen_without")


class _Directions:
    """Rows less their mean, of length 1, and the centres of clusters of some of them."""

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self.Z = problem.features
        self.columns = Columns.of(self.Z, one_scale=True)
        self.seed = int(rng.integers(2**31))

    def __call__(self, rows: np.ndarray) -> Floats:
        z = (dense_rows(self.Z, rows)[:, self.columns.at] - self.columns.mean) / self.columns.scale
        return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)

    def centres(self, rows: np.ndarray, most: int) -> Floats:
        """The centres, of length 1, of at most so many clusters of some rows."""
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

        rng = np.random.default_rng(self.seed)
        if len(rows) > _CLUSTERED:
            rows = np.sort(rng.choice(rows, _CLUSTERED, replace=False))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different rows than clusters
            found = KMeans(min(most, len(rows)), n_init=4, random_state=self.seed % 2**31).fit(self(rows))
        centres = found.cluster_centers_
        return centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)

    def nearest(self, rows: np.ndarray, centres: Floats) -> tuple[np.ndarray, Floats]:
        """The nearest centre of each row, and the cosine of the two."""
        at, cosine = np.empty(len(rows), dtype=np.int64), np.empty(len(rows))
        for part in row_blocks(np.broadcast_to(0.0, (len(rows), self.Z.shape[1]))):
            cosines = self(rows[part]) @ centres.T
            at[part], cosine[part] = cosines.argmax(axis=1), cosines.max(axis=1)
        return at, cosine


def _without(problem: Problem, codes: np.ndarray, y: int) -> np.ndarray:
    """Rows that show what is not class y: of groups of which something is known, but nothing of y; and by gold."""
    if problem.groups is None:
        return np.flatnonzero((codes >= 0) & (codes != y))
    known, has = (np.zeros(problem.groups.max() + 1, dtype=bool) for _ in range(2))
    known[problem.groups[codes >= 0]] = True
    has[problem.groups[codes == y]] = True
    free = (known & ~has)[problem.groups]
    return np.flatnonzero((free & (codes != y)) | (problem.known & (problem.gold != y)))


def _first(rows: np.ndarray, chosen: np.ndarray, cosine: Floats) -> list[int]:
    """The numbers of the chosen rows that lie nearest to their centre."""
    at = np.flatnonzero(chosen)
    return [int(row) for row in rows[at[np.argsort(-cosine[at], kind="stable")[:_SHOWN]]]]
