"""What all that labels by votes share: predictions, ties and scores."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from weaklab import persistence
from weaklab.exceptions import PersistenceError
from weaklab.persistence import Savable
from weaklab.snorkel.analysis.scorer import Scorer
from weaklab.snorkel.utils.core import probs_to_preds
from weaklab.typing import ABSTAIN, Floats
from weaklab.votes import VoteMatrix, check_votes


class BaseLabeler(Savable, ABC):
    """The base of label models and of the baselines beside them.

    Parameters
    ----------
    cardinality : int
        How many classes there are, from 2.
    **kwargs
        Taken for the sake of calls written for Snorkel (``verbose``, ``device``); they have no meaning.
    """

    def __init__(self, cardinality: int = 2, **kwargs: Any) -> None:
        self.cardinality = cardinality

    @abstractmethod
    def predict_proba(self, L: Any) -> Floats:
        """Probabilities of shape (n, k) for votes of shape (n, m), -1 where a labeling function abstains."""

    def predict(self, L: Any, return_probs: bool | None = False, tie_break_policy: str = "abstain") -> Any:
        """The most probable class of each row.

        Parameters
        ----------
        L : array-like, DataFrame or sparse matrix of ``vote + 1`` of shape (n, m)
            The votes; -1 is "abstain".
        return_probs : bool
            Whether to return probabilities too.
        tie_break_policy : {"abstain", "random", "true-random"}
            What to do where several share the highest: -1, the one that the row's number selects, or one that is
            drawn. With "abstain" a row without votes is -1, too; Snorkel calls it by the class balance.

        Returns
        -------
        ndarray of int64 of shape (n,), or it and an ndarray of shape (n, k)
        """
        probs = self.predict_proba(L)
        codes = probs_to_preds(probs, tie_break_policy)
        if tie_break_policy == "abstain":
            codes[~self._covered(L)] = ABSTAIN
        return (codes, probs) if return_probs else codes

    def score(
        self, L: Any, Y: Any, metrics: Sequence[str] | None = ("accuracy",), tie_break_policy: str = "abstain"
    ) -> dict[str, float]:
        """Scores against gold labels; rows that are predicted -1, or have no gold, count in none but "coverage".

        Parameters
        ----------
        L : array-like of shape (n, m)
            The votes.
        Y : array-like of int of shape (n,) or (n, 1)
            Gold labels, -1 where unknown.
        metrics : sequence of str
            Names of scores; see :class:`weaklab.snorkel.analysis.Scorer`.
        tie_break_policy : str
            As in :meth:`predict`.
        """
        codes, probs = self.predict(L, True, tie_break_policy)
        return Scorer(metrics).score(np.asarray(Y), codes, probs)

    def save(self, destination: str | os.PathLike[str]) -> Path:
        """Save to a file of JSON and arrays, from which no code runs; Snorkel's is a pickle.

        Parameters
        ----------
        destination : str or PathLike
            The file; one that is there is replaced.
        """
        return persistence.save(self, destination)

    def load(self, source: str | os.PathLike[str]) -> None:
        """Become what was saved.

        Parameters
        ----------
        source : str or PathLike
            A file that :meth:`save` wrote.

        Raises
        ------
        PersistenceError
            If it cannot be read, such as a pickle of Snorkel, or holds something of another class.
        """
        kind = type(self)
        saved = persistence.load(source, parts={kind.__qualname__: kind})
        if type(saved) is not kind:
            raise PersistenceError(f"{os.fspath(source)!r} holds a {type(saved).__name__}, not a {kind.__name__}.")
        vars(self).clear()
        vars(self).update(vars(saved))

    def _votes(self, L: Any) -> VoteMatrix:
        return check_votes(L, classes=self.cardinality)

    def _covered(self, L: Any) -> np.ndarray:
        return self._votes(L).row_counts > 0
