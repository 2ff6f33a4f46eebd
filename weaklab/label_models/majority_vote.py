"""Majority vote: the class that most labeling functions vote for."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes import VoteMatrix


class MajorityVote(BaseLabelModel):
    r"""The class that most labeling functions vote for; ties split evenly.

    .. math:: P(y \mid \lambda) = \mathbb 1[y \in T] / |T|, \quad T = \arg\max_y \sum_j \mathbb 1[\lambda_j = y]

    Nothing is learned, so ``fit`` only sets the number of classes and counts how often each labeling function agrees
    with the majority. A row without votes ties all classes.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        Uniform.
    accuracies_ : ndarray of shape (m,)
        How often each labeling function agrees with the majority, ties and gold counted.

    See Also
    --------
    weaklab.LabelModel : weighs labeling functions by how much they can be trusted.

    Examples
    --------
    >>> from weaklab.label_models import MajorityVote
    >>> votes = [[0, 0, 1], [1, -1, 1], [0, 1, -1], [-1, -1, -1]]
    >>> model = MajorityVote(classes=["ham", "spam"]).fit(votes)
    >>> model.predict_proba(votes)
    array([[1. , 0. ],
           [0. , 1. ],
           [0.5, 0.5],
           [0.5, 0.5]])
    >>> model.predict(votes, ties="abstain")
    array(['ham', 'spam', None, None], dtype=object)
    """

    _learns_from_sums: ClassVar[bool] = True

    law_exemptions: ClassVar[dict[str, str]] = {
        "explanations_add_up": "A majority is no sum of log-odds; explain counts votes instead.",
    }

    def __init__(self, *, classes: Classes = None, random_state: Seed = None) -> None:
        self.classes = classes
        self.random_state = random_state

    def _fit(self, problem: Problem) -> Fit:
        return Fit(class_prior=np.full(problem.k, 1 / problem.k))

    def _posterior(self, votes: VoteMatrix) -> Floats:
        return votes.majority()

    def explain(self, votes: object) -> pd.DataFrame:
        """Which labeling functions voted for what: a 1 under the class that each counts for.

        A majority is no log-posterior, so the contributions are votes, not nats, and are not centred.

        Parameters
        ----------
        votes : array-like of shape (m,), Series, or anything :meth:`predict_proba` takes
            The votes on one row, or on several.

        Returns
        -------
        DataFrame
            A line per vote; a column ``vote``, then one per class. On each row the columns sum to the votes for each
            class. Of several rows, ``row`` is the first level of the index; those without votes have no line.
        """
        frame = super().explain(votes)
        frame = frame[frame["vote"].notna()].copy()  # neither prior nor remainder counts
        frame.loc[:, list(self.classes_)] = (frame[list(self.classes_)] > 0).astype(np.float64)
        return frame
