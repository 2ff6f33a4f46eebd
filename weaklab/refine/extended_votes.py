"""Votes for rows on which a labeling function abstains, from the nearest row on which it votes."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from weaklab.exceptions import ParameterError
from weaklab.label_models.parameters import check_count, check_positive
from weaklab.refine.features import Features, check_features, row_blocks
from weaklab.seeding import generator
from weaklab.typing import Classes, Floats, Seed, Votes
from weaklab.votes.check import check_votes
from weaklab.votes.matrix import VoteMatrix

_BINS = 20  # of distances, evenly filled
_LEAST = 10  # votes of others in a bin, below which its agreement says nothing


def extend_votes(
    votes: Votes,
    Z: Any,
    *,
    radius: float | Literal["agreement"] = "agreement",
    metric: Literal["euclidean", "cosine"] = "euclidean",
    keep: float = 0.5,
    most: int = 10_000,
    classes: Classes = None,
    random_state: Seed = None,
) -> pd.DataFrame:
    r"""Let labeling functions vote on rows that look like those on which they vote.

    Where a labeling function abstains, it gets the vote that it cast on the nearest row, if that is within its radius.

    How far that is, is found without gold, by what the other labeling functions say. Let :math:`a` be how often
    their votes agree with this one's where it votes itself, and :math:`c` how often they would if rows had nothing to
    do with each other (of the votes' shares). Its borrowed votes are sorted by distance, into twenty parts of equally
    many; the radius ends before the first part in which agreement falls below :math:`c + keep\,(a - c)`. One whose
    own votes agree no better than chance, or that no other meets, gets radius 0.

    Parameters
    ----------
    votes : DataFrame, ndarray of shape (n, m), list of lists, or sparse matrix
        Class codes, -1 where a labeling function abstains.
    Z : ndarray, memmap, DataFrame of numbers, or sparse matrix, of shape (n, d)
        Features of the same rows; columns are to share a unit.
    radius : "agreement" or float above 0, default="agreement"
        A number is the radius of all.
    metric : {"euclidean", "cosine"}, default="euclidean"
        "cosine": distances are between rows scaled to length 1.
    keep : float in (0, 1], default=0.5
        How much of its agreement beyond chance a borrowed vote is to keep.
    most : int, default=10,000
        From how many of its votes, drawn at random, a labeling function borrows; time grows with it.
    classes : int or sequence of hashable, optional
        The classes; None infers their number.
    random_state : int, Generator or None, default=None
        The seed of the draw; None means 0.

    Returns
    -------
    DataFrame of shape (n, m)
        Votes as :func:`weaklab.apply` gives them. ``attrs["extended"]`` is a DataFrame with a row per labeling
        function: lf, radius, coverage before and after, agreement, chance.

    Raises
    ------
    VoteError, FrameError
        If the votes or the features are none, or differ in the number of rows.
    ParameterError
        If an argument has a value that it cannot have.

    Notes
    -----
    Chen, Fu, Adila, Zhang, Sala, Fatahalian and Ré (2022), "Shoring Up the Foundations: Fusing Model Embeddings and
    Weak Supervision", doi:10.48550/arXiv.2203.13270, where radii are there to be tuned. Neighbours are exact, by
    scikit-learn, block by block: memory is that of a block, of ``most`` rows, and of the votes as int32.

    Examples
    --------
    >>> Z = [[0.0], [0.1], [5.0], [5.2]]
    >>> extend_votes([[0], [-1], [-1], [1]], Z, radius=0.5)
       0
    0  0
    1  0
    2  1
    3  1
    """
    _check(radius, metric, keep, most)
    matrix = check_votes(votes, classes=classes)
    features = check_features(Z, matrix.n, matrix.index)
    rng = generator(random_state)
    out, totals = matrix.dense(), np.asarray(matrix.class_votes())
    rows = []
    for j in range(matrix.m):
        own = out[:, j].copy()
        borrowed, distance = _nearest(features, own, most, rng, cosine=metric == "cosine")
        others = totals.copy()
        others[np.flatnonzero(own >= 0), own[own >= 0]] -= 1
        agreement, chance = _agreement(own, others)
        far = radius if not isinstance(radius, str) else _radius(borrowed, distance, others, agreement, chance, keep)
        reached = (own < 0) & (distance <= far)
        out[reached, j] = borrowed[reached]
        rows.append((_name(matrix, j), far, (own >= 0).mean(), (out[:, j] >= 0).mean(), agreement, chance))
    frame = pd.DataFrame(out, index=matrix.index, columns=matrix.names)
    columns = ["lf", "radius", "coverage", "coverage_after", "agreement", "chance"]
    frame.attrs["extended"] = pd.DataFrame(rows, columns=columns)
    return frame


def _check(radius: Any, metric: Any, keep: Any, most: Any) -> None:
    if isinstance(radius, str):
        if radius != "agreement":
            raise ParameterError(f"radius={radius!r} must be 'agreement' or a number above 0.")
    else:
        check_positive("radius", radius)
    if metric not in ("euclidean", "cosine"):
        raise ParameterError(f"metric={metric!r} must be 'euclidean' or 'cosine'.")
    if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 0 < keep <= 1:
        raise ParameterError(f"keep={keep!r} must be a number above 0 to 1.")
    check_count("most", most, 1)


def _name(matrix: VoteMatrix, j: int) -> Any:
    return j if matrix.names is None else matrix.names[j]


def _nearest(
    Z: Features, own: np.ndarray, most: int, rng: np.random.Generator, *, cosine: bool
) -> tuple[np.ndarray, Floats]:
    """The vote on the nearest row that has one, and how far it is; infinity where that is not asked."""
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import normalize

    def take(rows: np.ndarray) -> Features:
        return normalize(Z[rows]) if cosine else Z[rows]

    borrowed, distance = own.copy(), np.full(len(own), np.inf)
    voted, silent = np.flatnonzero(own >= 0), np.flatnonzero(own < 0)
    if not len(voted) or not len(silent):
        return borrowed, distance
    if len(voted) > most:
        voted = np.sort(rng.choice(voted, most, replace=False))
    index = NearestNeighbors(n_neighbors=1).fit(take(voted))
    for part in row_blocks(np.broadcast_to(0.0, (len(silent), Z.shape[1]))):
        far, place = index.kneighbors(take(silent[part]))
        borrowed[silent[part]], distance[silent[part]] = own[voted[place[:, 0]]], far[:, 0]
    return borrowed, distance


def _agreement(own: np.ndarray, others: Floats) -> tuple[float, float]:
    """How often other votes on a row are for the class that this one is for, and how often they would be by chance."""
    rows = np.flatnonzero(own >= 0)
    met = others[rows].sum()
    if not met:
        return np.nan, np.nan
    # Votes of the others anywhere, met by one of these at random: what agreement would be without any knowledge.
    shares, everywhere = np.bincount(own[rows], minlength=others.shape[1]) / len(rows), others.sum(axis=0)
    return float(others[rows, own[rows]].sum() / met), float(shares @ everywhere / everywhere.sum())


def _radius(
    borrowed: np.ndarray, distance: Floats, others: Floats, agreement: float, chance: float, keep: float
) -> float:
    """The distance up to which borrowed votes agree with the others' well enough."""
    if not agreement > chance:  # nor where nothing is met
        return 0.0
    asked = np.flatnonzero(np.isfinite(distance) & (others.sum(axis=1) > 0))
    asked = asked[np.argsort(distance[asked], kind="stable")]
    far = 0.0
    for part in np.array_split(asked, _BINS):
        met = others[part].sum() if len(part) else 0.0
        if met < _LEAST or others[part, borrowed[part]].sum() / met < chance + keep * (agreement - chance):
            break
        far = float(distance[part[-1]])
    return far
