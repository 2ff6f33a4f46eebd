"""What a fitted label model says of the labeling functions: accuracies, intervals, confusions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import beta, norm
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.label_models.findings import findings
from weaklab.label_models.many_classes import RightCounts
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable

#: ``confusion_`` refuses to be larger; ``confusion_of`` gives one labeling function's.
MAX_CONFUSION_BYTES = 1_000_000_000
#: The nominal coverage of ``accuracy_intervals_``.
INTERVAL = 0.90
#: Rows kept with a model, for its intervals.
BOOTSTRAP_ROWS = 5_000


class LearnedAttributes:
    """Attributes that follow from the expected counts under the fitted posteriors.

    They are computed on access from what the shell keeps: ``_pairs``, ``_pair_counts`` (pairs, k), of which only the
    right votes are known where classes are many, and ``_class_counts`` (k,).
    """

    classes_: np.ndarray
    n_features_in_: int
    class_prior_: Floats
    _pairs: PairTable
    _pair_counts: Floats | RightCounts
    _class_counts: Floats
    #: The vote shares of the classes, and the weight of the rows on which two or more vote.
    _vote_shares: Floats
    _meetings: float
    #: Some of the rows that it was fitted to, for intervals.
    _resampled: Problem
    #: How often intervals are learned anew; 0 where that would take long.
    _bootstraps: int = 40
    #: Whether no table of pairs by classes was learned.
    _many_classes: bool = False

    _fit: Callable[[Problem], Fit]
    _count: Callable[[Problem], None]

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
    def warnings_(self) -> list[str]:
        """What to know before trusting the model, in words: collapse, functions worse than chance, too few meetings.

        Computed on access, and empty where all is well.
        """
        check_is_fitted(self)
        return findings(self)

    @property
    def accuracies_(self) -> Floats:
        """The estimated accuracy of each labeling function where it votes, (m,); NaN where it never did."""
        check_is_fitted(self)
        right, total = self._right_and_total()
        with np.errstate(invalid="ignore"):
            return right / total

    @property
    def accuracy_intervals_(self) -> Floats:
        """90 % intervals for ``accuracies_``, (m, 2), computed on first access.

        The spread of the accuracies that the model learns anew from resampled rows (the bootstrap: Efron, 1979,
        doi:10.1214/aos/1176344552; Poisson weights on at most ``BOOTSTRAP_ROWS`` rows, the spread scaled to all rows):
        it counts what is not known of the classes, and of the other labeling functions. They are as right as the
        model's assumptions: dependence that it does not see makes them too narrow, and in the wrong place. Models that
        take long to learn give equal-tailed intervals of Beta(1/2 + right, 1/2 + wrong) instead, which take the
        posteriors as true (Brown, Cai and DasGupta, 2001, doi:10.1214/ss/1009213286).
        """
        check_is_fitted(self)
        if not hasattr(self, "_intervals"):
            self._intervals = (
                self._bootstrapped() if self._bootstraps and not self._many_classes else self._from_counts()
            )
        return self._intervals

    def _bootstrapped(self) -> Floats:
        """Intervals from the spread over resampled rows, at least as wide as counting alone makes them."""
        problem, rng = self._resampled, np.random.default_rng(0)
        weight = problem.weight if len(problem.weight) else np.ones(problem.votes.n)
        learned = np.full((self._bootstraps, self.n_features_in_), np.nan)
        for draw in learned:
            other = copy(self)
            again = replace(problem, weight=rng.poisson(weight).astype(np.float64))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                other.class_prior_ = other._fit(again).class_prior
                other._count(again)
            draw[:] = other.accuracies_
        share = weight.sum() / max(self._class_counts.sum(), 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a labeling function that no draw saw
            spread = np.nanstd(learned, axis=0, ddof=1) * np.sqrt(min(share, 1))
        half = norm.ppf((1 + INTERVAL) / 2) * np.nan_to_num(spread)
        centre, counted = self.accuracies_, self._from_counts()
        low = np.fmin(centre - half, counted[:, 0])
        high = np.fmax(centre + half, counted[:, 1])
        bounds = np.clip(np.column_stack([low, high]), 0, 1)
        bounds[np.isnan(centre)] = np.nan
        return bounds

    def _from_counts(self) -> Floats:
        """Jeffreys' intervals of the expected counts."""
        right, total = self._right_and_total()
        tail = (1 - INTERVAL) / 2
        bounds = beta.ppf([[tail], [1 - tail]], right + 0.5, np.maximum(total - right, 0) + 0.5).T  # (m, 2)
        bounds[total == 0] = np.nan
        return bounds

    def _right_and_total(self) -> tuple[Floats, Floats]:
        table, m = self._pairs, self.n_features_in_
        counts = self._pair_counts
        if isinstance(counts, RightCounts):
            right, fired = counts.right, counts.fired
        else:
            right, fired = counts[np.arange(len(table)), table.vote], counts.sum(axis=1)
        by_lf, total = np.bincount(table.lf, right, minlength=m), np.bincount(table.lf, fired, minlength=m)
        return by_lf.astype(np.float64), total.astype(np.float64)  # bincount of nothing gives ints

    def _confusion(self, columns: np.ndarray) -> Floats:
        """The confusions of some labeling functions, (columns, k, k + 1): expected counts over expected rows."""
        out = np.zeros((len(columns), self._k, self._k + 1))
        place = np.full(self.n_features_in_, -1)
        place[columns] = np.arange(len(columns))
        ours = np.flatnonzero(place[self._pairs.lf] >= 0)
        rows = np.maximum(self._class_counts, np.finfo(float).tiny)
        counts = self._pair_counts
        table = counts.table(self._pairs, ours) if isinstance(counts, RightCounts) else counts[ours]
        out[place[self._pairs.lf[ours]], :, self._pairs.vote[ours]] = table / rows
        out /= np.maximum(out.sum(axis=2, keepdims=True), 1)  # wrong votes that are spread may add up to more
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
