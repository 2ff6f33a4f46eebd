"""What a fitted label model says of the labeling functions: accuracies, intervals, confusions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import beta
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable

#: ``confusion_`` refuses to be larger; ``confusion_of`` gives one labeling function's.
MAX_CONFUSION_BYTES = 1_000_000_000
#: The nominal coverage of ``accuracy_intervals_``.
INTERVAL = 0.90


class LearnedAttributes:
    """Attributes that follow from the expected counts under the fitted posteriors.

    They are computed on access from what the shell keeps: ``_pairs``, ``_pair_counts`` (pairs, k) and ``_class_counts``
    (k,).
    """

    classes_: np.ndarray
    n_features_in_: int
    _pairs: PairTable
    _pair_counts: Floats
    _class_counts: Floats

    @property
    def _k(self) -> int:
        return len(self.classes_)

    def confusion_of(self, lf: str | int) -> pd.DataFrame:
        """The estimated confusion of one labeling function.

        Parameters
        ----------
        lf : str or int
            Its name or its column.

        Returns
        -------
        DataFrame of shape (k, k + 1)
            A row per true class, a column per vote, the last "abstain"; rows sum to 1.
        """
        check_is_fitted(self)
        j = self._column(lf)
        table = pd.DataFrame(self._confusion(np.array([j]))[0], index=pd.Index(self.classes_, name="class"))
        table.columns = pd.Index([*self.classes_, "abstain"], name="vote")
        return table

    @property
    def confusion_(self) -> Floats:
        """Vote probabilities by class, (m, k, k + 1); last = abstain."""
        check_is_fitted(self)
        size = self.n_features_in_ * self._k * (self._k + 1) * 8
        if size > MAX_CONFUSION_BYTES:
            raise ParameterError(f"confusion_ would take {size / 1e9:.1f} GB; ask for one with confusion_of(lf).")
        return self._confusion(np.arange(self.n_features_in_))

    @property
    def accuracies_(self) -> Floats:
        """The estimated accuracy of each labeling function where it votes, (m,); NaN where it never did."""
        check_is_fitted(self)
        right, total = self._right_and_total()
        with np.errstate(invalid="ignore"):
            return right / total

    @property
    def accuracy_intervals_(self) -> Floats:
        """90 % intervals for ``accuracies_``, (m, 2).

        Equal-tailed intervals of Beta(1/2 + r, 1/2 + w), for r expected right and w expected wrong votes (Jeffreys'
        interval: Brown, Cai and DasGupta, 2001, doi:10.1214/ss/1009213286). They take the model's posteriors as true.
        """
        check_is_fitted(self)
        right, total = self._right_and_total()
        tail = (1 - INTERVAL) / 2
        bounds = beta.ppf([[tail], [1 - tail]], right + 0.5, np.maximum(total - right, 0) + 0.5).T  # (m, 2)
        bounds[total == 0] = np.nan
        return bounds

    def _right_and_total(self) -> tuple[Floats, Floats]:
        table, m = self._pairs, self.n_features_in_
        right = np.bincount(table.lf, self._pair_counts[np.arange(len(table)), table.vote], minlength=m)
        total = np.bincount(table.lf, self._pair_counts.sum(axis=1), minlength=m)
        return right.astype(np.float64), total.astype(np.float64)  # bincount of nothing gives ints

    def _confusion(self, columns: np.ndarray) -> Floats:
        """The confusions of some labeling functions, (columns, k, k + 1): expected counts over expected rows."""
        out = np.zeros((len(columns), self._k, self._k + 1))
        place = np.full(self.n_features_in_, -1)
        place[columns] = np.arange(len(columns))
        ours = np.flatnonzero(place[self._pairs.lf] >= 0)
        rows = np.maximum(self._class_counts, np.finfo(float).tiny)
        out[place[self._pairs.lf[ours]], :, self._pairs.vote[ours]] = self._pair_counts[ours] / rows
        out[:, :, -1] = np.clip(1 - out[:, :, :-1].sum(axis=2), 0, 1)
        return out

    def _column(self, lf: str | int) -> int:
        if isinstance(lf, str):
            names = list(getattr(self, "feature_names_in_", []))
            if lf not in names:
                raise ParameterError(f"There is no labeling function {lf!r}.{did_you_mean(lf, names)}")
            return names.index(lf)
        if isinstance(lf, bool) or not isinstance(lf, (int, np.integer)) or not 0 <= lf < self.n_features_in_:
            raise ParameterError(f"lf={lf!r}: give a name, or a column from 0 to {self.n_features_in_ - 1}.")
        return int(lf)
