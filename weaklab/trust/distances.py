"""How far rows are from known ones: by the k-th neighbour, and by Gaussians of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from weaklab.exceptions import FrameError
from weaklab.typing import ABSTAIN, Floats
from weaklab.votes import check_gold

#: Directions in which known rows vary less than this share of the most are taken to vary by it.
_FLOOR = 1e-6
_BLOCK = 16_384  # rows that are scaled at a time


class KthNeighbour:
    """The distance to the k-th nearest known row, of rows scaled to length 1, in [0, 2].

    Parameters
    ----------
    known : ndarray or csr_array of shape (n, d)
        The known rows, more than k.
    k : int
        Which neighbour.

    Raises
    ------
    FrameError
        If there are not more than k rows.

    Examples
    --------
    >>> near = KthNeighbour(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), 1)
    >>> near.among_themselves().round(2), near.distances(np.array([[-1.0, 0.0]])).round(2)
    (array([0.  , 0.  , 1.41]), array([1.41]))
    """

    def __init__(self, known: Any, k: int) -> None:
        if known.shape[0] <= k:
            raise FrameError(f"k={k} neighbours need {k + 1:,} known rows or more; there are {known.shape[0]:,}.")
        self.k = k
        self.index = NearestNeighbors().fit(normalize(known))

    def distances(self, rows: Any) -> Floats:
        """Of rows that are not among the known ones, (n,)."""
        starts = range(0, rows.shape[0], _BLOCK)
        return np.concatenate([np.empty(0), *(self._kth(normalize(rows[at : at + _BLOCK])) for at in starts)])

    def among_themselves(self) -> Floats:
        """Of each known row among the others, (n,)."""
        return self._kth(None)

    def _kth(self, rows: Any) -> Floats:
        return np.asarray(self.index.kneighbors(rows, n_neighbors=self.k)[0][:, -1])


@dataclass(frozen=True, eq=False)
class ClassGaussians:
    """A mean per class, and what turns differences into uncorrelated ones of variance 1.

    Parameters
    ----------
    means : ndarray of shape (classes, d)
        A row per class that has rows.
    whiten : ndarray of shape (d, d)
        From differences to directions.
    """

    means: Floats
    whiten: Floats

    @classmethod
    def of(cls, Z: Floats, y: Any = None) -> Self:
        """Estimate them.

        Raises
        ------
        GoldError
            If y are no classes of the rows.
        FrameError
            If there are fewer than two rows.
        """
        codes = np.zeros(len(Z), dtype=np.int64) if y is None else check_gold(y, len(Z), None)
        rows = codes != ABSTAIN
        if rows.sum() < 2:
            raise FrameError(f"A covariance needs two rows with a class or more; there are {int(rows.sum())}.")
        Z, codes = Z[rows], np.unique(codes[rows], return_inverse=True)[1]
        means = np.stack([Z[codes == c].mean(axis=0) for c in range(codes.max() + 1)])
        spread = Z - means[codes]
        values, vectors = np.linalg.eigh(spread.T @ spread / len(Z))
        floor = _FLOOR * values[-1] if values[-1] > 0 else 1.0  # where nothing varies, plain distances are left
        return cls(means, vectors / np.sqrt(np.maximum(values, floor)))

    def distances(self, Z: Floats) -> Floats:
        """The squared distance to the nearest mean, (n,)."""
        rows, means = Z @ self.whiten, self.means @ self.whiten
        return np.stack([np.square(rows - mean).sum(axis=1) for mean in means]).min(axis=0)
