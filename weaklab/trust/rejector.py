"""Rows that are like none seen before: how doubtful each is, by features or by logits."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import FrameError, ParameterError, did_you_mean
from weaklab.label_models.parameters import check_count, check_probability
from weaklab.seeding import generator
from weaklab.trust.checks import only_one, read_matrix, softmax
from weaklab.trust.distances import ClassGaussians, KthNeighbour
from weaklab.trust.selective import keep_share, risk_threshold
from weaklab.typing import Floats

Score = Literal["knn", "msp", "max_logit", "energy", "mahalanobis"]
#: Those that are read off the logits of a classifier.
OF_LOGITS = ("msp", "max_logit", "energy")


class Rejector(BaseEstimator):
    r"""Says how doubtful it is that a row is of a class that was there before; higher is more doubtful.

    Parameters
    ----------
    score : {"knn", "mahalanobis", "msp", "max_logit", "energy"}, default="knn"
        What doubt is. By features Z, best of an encoder that has seen more than the classes at hand:

        - "knn": the distance to the k-th nearest known row, features scaled to length 1 (Sun, Ming, Zhu and Li, 2022,
          doi:10.48550/arXiv.2204.06507). It heeds no decision boundary, and so is not misled by classes that the
          encoder knows and the classifier does not (Miyai et al., 2023, doi:10.48550/arXiv.2310.00847).
        - "mahalanobis": the squared distance to the nearest class mean, in a covariance that all classes share (Lee et
          al., 2018, doi:10.48550/arXiv.1807.03888); one mean where no classes are given.

        By the logits of a classifier, ``model.decision_function(X)``:

        - "msp": one minus the highest probability (Hendrycks and Gimpel, 2017, doi:10.48550/arXiv.1610.02136).
        - "max_logit": minus the highest logit, which keeps what the length of features says (Vaze et al., 2022,
          doi:10.48550/arXiv.2110.06207).
        - "energy": :math:`-\log \sum_y e^{l_y}` (Liu et al., 2020, doi:10.48550/arXiv.2010.03759).
    k : int, default=10
        Which neighbour, for "knn".
    most : int, default=20,000
        Of more known rows so many, drawn at random, are those that neighbours are looked for among; time grows with it.

    Attributes
    ----------
    scores_ : ndarray of shape (n,)
        The doubt of the known rows; for "knn" each among the others.
    threshold_ : float
        What :meth:`threshold` chose.

    Examples
    --------
    >>> known = np.random.default_rng(0).normal([5, 0], 0.3, (100, 2))
    >>> rejector = Rejector(k=5).fit(known)
    >>> _ = rejector.threshold(coverage=0.95)
    >>> rejector.rejects([[5.0, 0.1], [0.0, 5.0]])
    array([False,  True])
    """

    def __init__(self, score: Score = "knn", k: int = 10, most: int = 20_000) -> None:
        self.by: Score = score  # its name on the instance is that of the method
        self.k = k
        self.most = most

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {"score": self.by, "k": self.k, "most": self.most}

    def set_params(self, **params: Any) -> Self:
        """Change arguments of the constructor."""
        if unknown := set(params) - set(self.get_params()):
            raise ParameterError(f"Rejector has no parameter {sorted(unknown)[0]!r}; it has score, k and most.")
        self.by, self.k = params.get("score", self.by), params.get("k", self.k)
        self.most = params.get("most", self.most)
        return self

    def fit(self, Z: Any, y: Any = None) -> Self:
        """Learn what known rows are like.

        Parameters
        ----------
        Z : ndarray, DataFrame of numbers, or sparse matrix, of shape (n, d)
            Features of rows of known classes; logits (n, k) for the scores of logits, best of rows that the classifier
            was not trained on, for it is too sure of the others.
        y : array-like of int of shape (n,), optional
            Their classes, for "mahalanobis"; rows of -1 are left out.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If a parameter is out of range.
        FrameError
            If Z is no matrix of finite numbers, or has too few rows.
        """
        if self.by not in get_args(Score):
            raise ParameterError(f"score={self.by!r} is no score.{did_you_mean(self.by, get_args(Score))}")
        check_count("k", self.k, 1)
        check_count("most", self.most, int(self.k) + 1)
        known = self._read(Z)
        self.n_features_in_ = known.shape[1]
        if self.by == "knn":
            self._fit_neighbours(known)
        elif self.by == "mahalanobis":
            self.known_: Any = ClassGaussians.of(known, y)
            self.scores_ = self.known_.distances(known)
        else:
            self.scores_ = self._of_logits(known)
        self.__dict__.pop("threshold_", None)
        return self

    def score(self, Z: Any) -> Floats:
        """The doubt of each row, (n,)."""
        check_is_fitted(self, "scores_")
        rows = self._read(Z)
        if rows.shape[1] != self.n_features_in_:
            raise FrameError(f"Z has {rows.shape[1]} columns; known rows had {self.n_features_in_}.")
        return self._of_logits(rows) if self.by in OF_LOGITS else self.known_.distances(rows)

    def threshold(
        self,
        *,
        coverage: float | None = None,
        risk: float | None = None,
        Z: Any = None,
        wrong: Any = None,
        level: float = 0.95,
    ) -> float:
        """Choose up to which doubt rows are kept.

        Parameters
        ----------
        coverage : float in (0, 1), optional
            The share of known rows to keep; by the rows of ``fit``, or by Z where it is given.
        risk : float in (0, 1), optional
            The share of wrong answers to tolerate among the rows kept; needs Z and ``wrong``.
        Z : as for :meth:`fit`, optional
            Other rows to choose by.
        wrong : array-like of bool, optional
            Whether the answer on each row of Z, whatever gives it, is wrong.
        level : float in (0, 1), default=0.95
            With what probability ``risk`` is to hold; see :func:`~weaklab.trust.risk_threshold`.

        Returns
        -------
        float
            Also ``threshold_``.

        Raises
        ------
        ParameterError
            If not exactly one of coverage and risk is given, or what it needs is not.
        """
        check_is_fitted(self, "scores_")
        if only_one(coverage=coverage, risk=risk) == "risk":
            if Z is None or wrong is None:
                raise ParameterError("threshold(risk=...) needs rows with gold: Z, and wrong, whether each answer is.")
            self.threshold_ = risk_threshold(self.score(Z), wrong, float(risk or 0), level).threshold
        else:
            check_probability("coverage", coverage)
            doubt = self.scores_ if Z is None else self.score(Z)
            self.threshold_ = keep_share(doubt, float(coverage or 0))
        return self.threshold_

    def rejects(self, Z: Any) -> np.ndarray:
        """Which rows are more doubtful than the threshold, an array of bool of shape (n,)."""
        check_is_fitted(self, "threshold_", msg="Say first how many to keep: threshold(coverage=0.95).")
        return self.score(Z) > self.threshold_

    def _fit_neighbours(self, known: Any) -> None:
        n = known.shape[0]
        if n <= self.most:
            self.known_ = KthNeighbour(known, int(self.k))
            self.scores_ = self.known_.among_themselves()
            return
        drawn = np.zeros(n, dtype=bool)
        drawn[generator(None).choice(n, int(self.most), replace=False)] = True
        self.known_ = KthNeighbour(known[np.flatnonzero(drawn)], int(self.k))
        self.scores_ = np.empty(n)
        self.scores_[drawn] = self.known_.among_themselves()
        self.scores_[~drawn] = self.known_.distances(known[np.flatnonzero(~drawn)])

    def _read(self, Z: Any) -> Any:
        rows = read_matrix(Z, "logits" if self.by in OF_LOGITS else "Z")
        if self.by in OF_LOGITS and rows.shape[1] < 2:
            raise FrameError(f"{self.by} needs the logits of two classes or more, got one column.")
        return rows.toarray() if self.by != "knn" and hasattr(rows, "toarray") else rows

    def _of_logits(self, logits: Floats) -> Floats:
        if self.by == "msp":
            return 1 - softmax(logits).max(axis=1)
        return np.asarray(-logits.max(axis=1) if self.by == "max_logit" else -logsumexp(logits, axis=1))
