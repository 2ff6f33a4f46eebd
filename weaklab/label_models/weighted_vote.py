"""Weighted vote: each labeling function counts as much as it agrees with the majority."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from weaklab._kernels.vote_sums import vote_sums
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.contributions import Contributions
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes import VoteMatrix


class WeightedVote(BaseLabelModel):
    r"""The weighted share of the votes for each class; who agrees with the majority more weighs more.

    With :math:`P_0` the majority vote of a row, ties split evenly, and known gold labels in place of it,

    .. math:: w_j = \frac{\sum_i P_0(y_i = \lambda_{ij})}{\sum_i \mathbb 1[\lambda_{ij} \ne -1]}, \qquad
              P(y \mid \lambda) = \frac{\sum_j w_j \mathbb 1[\lambda_j = y]}{\sum_{j: \lambda_j \ne -1} w_j}

    This is "worker agreement with aggregate" (Wawa). Where none of the voters ever agreed, or none was seen at fit,
    their votes count alike.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; None means 0.

    Attributes
    ----------
    weights_ : ndarray of shape (m,)
        How often each labeling function agrees with the majority, in [0, 1]; 0 where it never voted.
    class_prior_ : ndarray of shape (k,)
        Uniform.

    Notes
    -----
    The shares are no probabilities of a model: they rank classes, and say little of how sure one can be.

    References
    ----------
    Appen, "Calculating Worker Agreement with Aggregate (Wawa)", success.appen.com, as defined in D. Ustalov,
    N. Pavlichenko and B. Tseitlin, "Learning from Crowds with Crowd-Kit", Journal of Open Source Software 9(96), 2024.
    doi:10.21105/joss.06227

    Examples
    --------
    >>> from weaklab.label_models.weighted_vote import WeightedVote
    >>> votes = [[0, 0, 1], [1, 1, 1], [0, 0, -1], [1, -1, 0]]
    >>> model = WeightedVote().fit(votes)
    >>> model.weights_
    array([0.875, 1.   , 0.5  ])
    >>> model.predict_proba([[1, -1, 0]]).round(3)
    array([[0.364, 0.636]])
    """

    law_exemptions: ClassVar[dict[str, str]] = {
        "explanations_add_up": "A share of votes is no sum of log-odds; explain splits the share itself.",
    }

    def __init__(self, *, classes: Classes = None, random_state: Seed = None) -> None:
        self.classes = classes
        self.random_state = random_state

    def _fit(self, problem: Problem) -> Fit:
        pairs, m = problem.pairs, problem.m
        right, _ = problem.right_under(lambda votes: votes.majority())
        agreed = np.bincount(pairs.lf, right, minlength=m)
        voted = np.bincount(pairs.lf, problem.fired, minlength=m)
        self.weights_ = np.divide(agreed, voted, out=np.zeros(m), where=voted > 0)
        return Fit(class_prior=np.full(problem.k, 1 / problem.k))

    def _posterior(self, votes: VoteMatrix) -> Floats:
        return vote_sums(votes.indptr, votes.vote, votes.k, self._shares(votes))

    def _shares(self, votes: VoteMatrix) -> Floats:
        """The part of its row's share that each vote brings, (nnz,); alike where none of a row weighs anything."""
        weight = self.weights_[votes.lf]
        total = np.bincount(votes.rows, weight, minlength=votes.n)
        weight[total[votes.rows] == 0] = 1.0
        total[total == 0] = votes.row_counts[total == 0]
        return weight / total[votes.rows]

    def explain(self, votes: object) -> pd.DataFrame:
        """What part of the weighted share each labeling function brings.

        A share is no log-posterior, so the contributions are shares, not nats, and are not centred.

        Parameters
        ----------
        votes : array-like of shape (m,), Series, or anything :meth:`predict_proba` takes
            The votes on one row, or on several.

        Returns
        -------
        DataFrame
            A line per vote; a column ``vote``, then one per class. On each row the columns sum to the probabilities. Of
            several rows, ``row`` is the first level of the index; those without votes have no line.
        """
        frame = super().explain(votes)
        frame = frame[frame["vote"].notna()].copy()  # there is no prior
        columns = list(self.classes_)
        parts = frame[columns].to_numpy(dtype=np.float64)
        frame.loc[:, columns] = parts - parts.min(axis=1, keepdims=True)  # the shell centred them
        return frame

    def _contributions(self, matrix: VoteMatrix) -> Contributions:
        """The part of the share that each vote brings; that of the prior is 0."""
        parts = np.zeros((matrix.nnz, matrix.k))
        parts[np.arange(matrix.nnz), matrix.vote] = self._shares(matrix)
        return Contributions(np.zeros((matrix.n, matrix.k)), parts)
