"""A Gaussian per class, found in spite of wrong labels and few rows: to doubt labels, and to fill up rare classes."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import FrameError, ParameterError, SoftLabelError
from weaklab.label_models.parameters import check_count, check_positive
from weaklab.refine.features import check_features, dense_rows, row_blocks
from weaklab.refine.gaussian_mixture import Columns, class_moments, log_densities
from weaklab.refine.problem import Problem, read_problem
from weaklab.seeding import generator
from weaklab.typing import Codes, Floats, Seed
from weaklab.votes.soft import SoftLabels, check_soft_labels

_MOST_NUMBERS = 2**27  # of all covariances: 1 GB
_ROUNDS = 10  # of trimming at most; it settles in three or four
_NEIGHBOURS = 20  # of the local outlier factor
_LOF_ON = 10_000  # rows of a class that the factor is taken from; the others are compared with them


class GaussianCalibration(BaseEstimator):
    r"""A Gaussian per class from rows whose labels may be wrong; classes of few rows borrow from larger ones.

    Rows that lie outside of their class are left out. A class borrows from the ``borrow`` nearest of the classes that
    have more rows, with shares :math:`w_j \propto n_j / d_j`, n being rows and d the distance of centres. Its
    covariance is :math:`(1 - a) \sum_j w_j \Sigma_j + a\,\Sigma_c` with :math:`a = n_c / (n_c + s \sum_j w_j n_j)`,
    its centre :math:`(1 - b) \sum_j w_j \mu_j + b\,\mu_c` with :math:`b = D^2 / (D^2 + \mathrm{tr}\,\Sigma / n_c)`,
    where :math:`D^2` is the mean squared distance to the others' centres: as far as its own mean is worth nothing.

    Parameters
    ----------
    borrow : int from 0, default=3
        From how many classes.
    shrink : float above 0, default=0.5
        s: how much covariance is borrowed.
    outliers : {"trim", "lof"}, default="trim"
        Which rows are left out. "trim": those that lie nearer to the centre of another class, round by round, with
        one covariance for all classes. "lof": those whose local outlier factor within their class says so; where wrong
        labels outnumber the right ones, as in rare classes, it takes them for the class.
    per_class : "max" or int, default="max"
        How many rows each class that has any has after :meth:`resample`; "max": as many as the largest.
    random_state : int, Generator or None, default=None
        The seed of what is drawn; None means 0.

    Attributes
    ----------
    kept_ : ndarray of bool of shape (n,)
        Which rows were used: those with a label that are no outliers. Rows with gold always are.
    centers_ : ndarray of shape (k, d)
        The class centres; NaN for a class without rows.
    class_count_ : ndarray of shape (k,)
        How many rows of each class were used, by weight.

    Notes
    -----
    After Zhang, Zhao, Yao, Yuan and Huang (2023), "When Noisy Labels Meet Long Tail Dilemmas: A Representation
    Calibration Method", doi:10.48550/arXiv.2211.10955, who use the factor, move centres as far as covariances, and
    train the features with a distance-keeping loss. What still fewer rows than columns cannot tell of a covariance, the
    one within all classes does. The label of a row is its most probable class. What comes out is
    as good as the assumption that classes are Gaussian: of embeddings yes, of pixels no.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], [90, 10])
    >>> Z = rng.normal(size=(100, 2)) + 6 * y[:, None]
    >>> shown = np.where(np.arange(100) < 5, 1, y)  # five rows of class 0 are called 1
    >>> calibration = GaussianCalibration().fit(Z, np.eye(2)[shown])
    >>> np.flatnonzero(~calibration.kept_)
    array([0, 1, 2, 3, 4])
    >>> more, labels = calibration.resample()
    >>> np.bincount(labels.codes()[labels.covered])
    array([85, 85])
    """

    def __init__(
        self,
        *,
        borrow: int = 3,
        shrink: float = 0.5,
        outliers: Literal["trim", "lof"] = "trim",
        per_class: int | Literal["max"] = "max",
        random_state: Seed = None,
    ) -> None:
        self.borrow = borrow
        self.shrink = shrink
        self.outliers = outliers
        self.per_class = per_class
        self.random_state = random_state

    def fit(self, Z: Any, labels: Any) -> GaussianCalibration:
        """Learn a Gaussian per class.

        Parameters
        ----------
        Z : ndarray, memmap, DataFrame of numbers, or sparse matrix, of shape (n, d)
            Features.
        labels : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            The labels of the same rows; rows of weight 0 have none.

        Returns
        -------
        GaussianCalibration
            Itself.

        Raises
        ------
        SoftLabelError, FrameError
            If the labels are no distributions, or Z is no matrix of as many rows of finite numbers; or if k covariances
            of its columns would take more than a gigabyte.
        ParameterError
            If an argument of the constructor has a value that it cannot have, or no row has a label.
        """
        self._check_parameters()
        problem = read_problem(labels, Z, None, None)
        if problem.Z is None:
            raise FrameError("GaussianCalibration needs features: fit(Z, labels).")
        if not problem.covered.any():
            raise ParameterError("No row has a weight above 0, so there is nothing to learn from.")
        columns = Columns.of(problem.Z, one_scale=False)
        c = len(columns.at)
        if problem.k * c**2 > _MOST_NUMBERS:
            raise FrameError(
                f"{problem.k} covariances of {c:,} columns are too large: bring them to fewer, for instance by PCA."
            )
        codes = np.where(problem.covered, problem.probs.argmax(axis=1), -1)
        kept = _trimmed if self.outliers == "trim" else _without_outliers
        self.kept_ = kept(problem, columns, codes)
        self._problem, self._columns, self._codes = problem, columns, codes
        self._learn(problem, columns, codes)
        return self

    def resample(self) -> tuple[np.ndarray, SoftLabels]:
        """The rows as they were, those left out at weight 0, and after them drawn ones, so that classes are even.

        Returns
        -------
        Z : ndarray of shape (n + drawn, d)
            Features; dense.
        labels : SoftLabels
            Those of the rows, with gold and class names, and one-hot ones, of the mean weight of the rows used.
        """
        check_is_fitted(self)
        problem, columns = self._problem, self._columns
        count = np.bincount(self._codes[self.kept_], minlength=problem.k)
        wanted = int(count.max()) if self.per_class == "max" else int(self.per_class)
        extra = np.where(count > 0, np.maximum(wanted - count, 0), 0)
        Z = np.empty((problem.n + int(extra.sum()), problem.features.shape[1]), dtype=problem.features.dtype)
        for part in row_blocks(problem.features):
            Z[part] = dense_rows(problem.features, part)
        rng = generator(self.random_state)
        constant = dense_rows(problem.features, slice(0, 1))[0]  # of columns that do not vary
        at = problem.n
        for y in np.flatnonzero(extra):
            rows = slice(at, at + int(extra[y]))
            drawn = rng.normal(size=(int(extra[y]), len(columns.at))) @ self._lower[y].T + self._mean[y]
            full = np.tile(constant, (int(extra[y]), 1))
            full[:, columns.at] = drawn * columns.scale + columns.mean
            Z[rows], at = full, rows.stop
        codes = np.repeat(np.arange(problem.k), extra)
        weight = np.where(self.kept_, problem.weight, 0.0)
        mean = float(weight[self.kept_].mean())
        gold = None if problem.given.gold is None else np.append(problem.given.gold, np.full(len(codes), -1))
        probs = np.vstack([problem.probs, np.eye(problem.k)[codes]])
        weights = np.append(weight, np.full(len(codes), mean))
        return Z, SoftLabels(probs, weights, gold, problem.given.classes)

    def score(self, Z: Any, labels: Any = None) -> Floats:
        """How much likelier each row is in another class than in that of its label.

        Parameters
        ----------
        Z : ndarray, memmap, DataFrame of numbers, or sparse matrix, of shape (n, d)
            Features.
        labels : SoftLabels, array-like of shape (n, k), or DataFrame, optional
            The labels to doubt; None: those of ``fit``, Z being that of ``fit``.

        Returns
        -------
        ndarray of shape (n,)
            The log of the ratio of densities, in nats, of the best other class and that of the label: above 0 where
            another fits better. Minus infinity for rows without a label, and where there is no other class. Of rows
            that ``fit`` used, the row itself is left out of its centre.

        Raises
        ------
        SoftLabelError, FrameError
            If they do not fit each other, or the rows of ``fit``.
        """
        check_is_fitted(self)
        own = labels is None
        features = check_features(Z, self._problem.n if own else len(labels))
        if features.shape[1] != self._problem.features.shape[1]:
            raise FrameError(f"Z has {features.shape[1]} columns; at fit it had {self._problem.features.shape[1]}.")
        codes = self._codes if own else _codes(labels, features.shape[0], self._problem.k)
        share = np.zeros(len(codes))
        if own:
            share[self.kept_] = self._problem.weight[self.kept_] / self.class_count_[self._codes[self.kept_]]
        density = self._log_densities(features, codes, share)
        rows, at = np.flatnonzero(codes >= 0), codes[codes >= 0]
        said = density[rows, at]
        density[rows, at] = -np.inf
        out = np.full(len(codes), -np.inf)
        best = density[rows].max(axis=1)
        with np.errstate(invalid="ignore"):  # a class without rows, labelled: all others are likelier
            out[rows] = np.where(np.isneginf(best), -np.inf, best - said)
        return out

    def _check_parameters(self) -> None:
        check_count("borrow", self.borrow, 0)
        check_positive("shrink", self.shrink)
        if self.outliers not in ("trim", "lof"):
            raise ParameterError(f"outliers={self.outliers!r} must be 'trim' or 'lof'.")
        if isinstance(self.per_class, str):
            if self.per_class != "max":
                raise ParameterError(f"per_class={self.per_class!r} must be 'max' or a whole number from 1.")
        else:
            check_count("per_class", self.per_class, 1)

    def _learn(self, problem: Problem, columns: Columns, codes: Codes) -> None:
        k, c = problem.k, len(columns.at)
        count, mean, spread = _moments(problem, columns, np.where(self.kept_, codes, -1))
        pooled = np.einsum("y,yab->ab", count, spread) / count.sum()
        even = max(float(np.trace(pooled)) / max(c, 1), 1e-12)
        shrink = max(c / (c + count.sum()), 1e-6)
        pooled = (1 - shrink) * pooled + shrink * even * np.eye(c)
        self._mean, self._lower = mean.copy(), np.zeros((k, c, c))
        for y in np.flatnonzero(count > 0):
            others = np.flatnonzero(count > count[y])
            far = np.linalg.norm(mean[others] - mean[y], axis=1)
            nearest = others[np.argsort(far, kind="stable")[: self.borrow]]
            if len(nearest):
                squares = ((mean[nearest] - mean[y]) ** 2).sum(axis=1)
                w = count[nearest] / np.maximum(np.sqrt(squares), 1e-9)
                w /= w.sum()
                a = count[y] / (count[y] + self.shrink * float(w @ count[nearest]))
                borrowed = np.einsum("j,jab->ab", w, spread[nearest])
                distance = float(w @ squares)
                b = distance / max(distance + float(np.trace(borrowed)) / count[y], 1e-300)
                self._mean[y] = (1 - b) * (w @ mean[nearest]) + b * mean[y]
            else:
                a, borrowed = 1.0, spread[y]
            # What few rows cannot tell, the covariance within all classes does.
            own = c / (c + float(count[y] if not len(nearest) else w @ count[nearest]))
            covariance = (1 - own) * ((1 - a) * borrowed + a * spread[y]) + own * pooled
            self._lower[y] = cholesky(covariance + 1e-9 * even * np.eye(c), lower=True)
        self.class_count_ = count
        self.centers_ = np.full((k, problem.features.shape[1]), np.nan)
        self.centers_[:, columns.at] = self._mean * columns.scale + columns.mean
        self.centers_[count <= 0] = np.nan

    def _log_densities(self, Z: Any, codes: Codes, share: Floats) -> Floats:
        out = np.full((len(codes), len(self.class_count_)), -np.inf)
        grown = 1.0 / (1.0 - np.minimum(share, 0.9)) ** 2  # of the squared distance to a centre without the row
        for part in row_blocks(Z):
            z = self._columns(Z, part)
            for y in np.flatnonzero(self.class_count_ > 0):
                scaled = solve_triangular(self._lower[y], (z - self._mean[y]).T, lower=True)
                square = (scaled**2).sum(axis=0) * np.where(codes[part] == y, grown[part], 1.0)
                out[part, y] = -0.5 * square - np.log(np.diag(self._lower[y])).sum()
        return out


def _codes(labels: Any, n: int, k: int) -> Codes:
    soft = check_soft_labels(labels, n)
    if soft.k != k:
        raise SoftLabelError(f"The labels are of {soft.k} classes; at fit there were {k}.")
    codes = soft.codes() if soft.gold is None else np.where(soft.gold >= 0, soft.gold, soft.codes())
    known = soft.covered if soft.gold is None else soft.covered | (soft.gold >= 0)
    return np.where(known, codes, -1)


def _moments(problem: Problem, columns: Columns, codes: Codes) -> tuple[Floats, Floats, Floats]:
    """The weight of each class (k,), its centre (k, c), and its covariance (k, c, c)."""
    k, c = problem.k, len(columns.at)
    count = np.bincount(codes[codes >= 0], problem.weight[codes >= 0], k).astype(np.float64)
    total, cross = np.zeros((k, c)), np.zeros((k, c, c))
    for part in row_blocks(problem.features):
        z, of, weight = columns(problem.features, part), codes[part], problem.weight[part]
        for y in np.unique(of[of >= 0]):
            some = of == y
            total[y] += weight[some] @ z[some]
            cross[y] += (z[some] * weight[some, None]).T @ z[some]
    safe = np.maximum(count, 1e-300)
    mean = total / safe[:, None]
    spread = cross / safe[:, None, None] - mean[:, :, None] * mean[:, None, :]
    return count, mean, (spread + spread.transpose(0, 2, 1)) / 2


def _trimmed(problem: Problem, columns: Columns, codes: Codes) -> np.ndarray:
    """Rows that lie nearest to the centre of their own class, of those with a label."""
    labelled, kept = codes >= 0, codes >= 0
    one_hot = np.zeros((problem.n, problem.k))
    one_hot[labelled, codes[labelled]] = problem.weight[labelled]
    for _ in range(_ROUNDS):
        member = one_hot * kept[:, None]
        count, mean, root = class_moments(problem.features, columns, member, full=True)
        density = log_densities(problem.features, columns, mean, root, member / np.maximum(count, 1e-300))
        density[:, count <= 0] = -np.inf
        own = density[np.arange(problem.n), codes]
        best = labelled & ((own >= density.max(axis=1)) | problem.known)
        for y in np.unique(codes[labelled & ~np.isin(codes, codes[best])]):
            best |= kept & (codes == y)  # a class does not vanish
        if (best == kept).all():
            break
        kept = best
    return kept


def _without_outliers(problem: Problem, columns: Columns, codes: Codes) -> np.ndarray:
    """Rows that are no local outliers of their class, of those with a label."""
    from sklearn.neighbors import LocalOutlierFactor

    kept = codes >= 0
    rng = generator(0)
    for y in range(problem.k):
        rows = np.flatnonzero(codes == y)
        if len(rows) < 3:
            continue
        some = rows if len(rows) <= _LOF_ON else np.sort(rng.choice(rows, _LOF_ON, replace=False))
        factor = LocalOutlierFactor(n_neighbors=min(_NEIGHBOURS, len(some) - 1), novelty=len(some) < len(rows))
        if len(some) == len(rows):
            kept[rows] = factor.fit_predict(columns(problem.features, rows)) > 0
            continue
        factor.fit(columns(problem.features, some))
        for part in row_blocks(np.broadcast_to(0.0, (len(rows), problem.features.shape[1]))):
            kept[rows[part]] = factor.predict(columns(problem.features, rows[part])) > 0
    return kept | problem.known
