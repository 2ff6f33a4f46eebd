"""What label models are to be better than."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.seeding import generator
from weaklab.snorkel.labeling.model.base_labeler import BaseLabeler
from weaklab.typing import Floats, Seed


class RandomVoter(BaseLabeler):
    """Probabilities that are drawn.

    Parameters
    ----------
    cardinality : int
        How many classes there are.
    random_state : int, Generator or None
        The seed of every call; None means 0. Snorkel draws from numpy's global state.

    Examples
    --------
    >>> RandomVoter().predict_proba(np.array([[0, -1]])).round(2)
    array([[0.7, 0.3]])
    """

    def __init__(self, cardinality: int = 2, random_state: Seed = None, **kwargs: Any) -> None:
        super().__init__(cardinality, **kwargs)
        self.random_state = random_state

    def predict_proba(self, L: Any) -> Floats:
        """Drawn, (n, k)."""
        drawn = generator(self.random_state).random((self._votes(L).n, self.cardinality))
        return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


class MajorityClassVoter(BaseLabeler):
    """The most frequent class for every row.

    Examples
    --------
    >>> voter = MajorityClassVoter()
    >>> voter.fit(balance=[0.8, 0.2])
    >>> voter.predict(np.array([[1, 1], [0, -1]]))
    array([0, 0])
    """

    def fit(self, balance: Any, *args: Any, **kwargs: Any) -> None:
        """Take the class balance, array-like of shape (k,).

        Raises
        ------
        ParameterError
            If it is not of k classes.
        """
        given = np.asarray(balance, dtype=np.float64)
        if given.shape != (self.cardinality,):
            raise ParameterError(f"balance has shape {given.shape}; ({self.cardinality},) was expected.")
        self.balance = given

    def predict_proba(self, L: Any) -> Floats:
        """The same for all rows, (n, k): certain, or shared among the most frequent."""
        most = self.balance == self.balance.max()
        return np.tile(most / most.sum(), (self._votes(L).n, 1))

    def _covered(self, L: Any) -> np.ndarray:
        return np.ones(self._votes(L).n, dtype=bool)


class MajorityLabelVoter(BaseLabeler):
    """The class with the most votes; certain, or shared among those with as many.

    Examples
    --------
    >>> MajorityLabelVoter().predict_proba(np.array([[0, 0, -1], [-1, 0, 1], [-1, -1, -1]]))
    array([[1. , 0. ],
           [0.5, 0.5],
           [0.5, 0.5]])
    """

    def predict_proba(self, L: Any) -> Floats:
        """Shares of the classes with the most votes, (n, k)."""
        matrix = self._votes(L)
        counts = np.zeros((matrix.n, self.cardinality))
        np.add.at(counts, (matrix.rows, matrix.vote), 1)
        most = counts == counts.max(axis=1, keepdims=True)
        return np.asarray(most / most.sum(axis=1, keepdims=True))
