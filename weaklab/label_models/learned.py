"""What a fitted label model says of the labeling functions: accuracies, intervals, confusions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.label_models.findings import findings
from weaklab.label_models.intervals import learned_intervals
from weaklab.label_models.many_classes import RightCounts
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable

if TYPE_CHECKING:
    from weaklab.analysis.diagnosis import Diagnosis

#: ``confusion_`` refuses to be larger; ``confusion_of`` gives one labeling function's.
MAX_CONFUSION_BYTES = 1_000_000_000
#: Rows kept with a model, for what it says of labeling functions.
KEPT_ROWS = 20_000


class LearnedAttributes:
    """Attributes that follow from the expected counts under the fitted posteriors.

    They are computed on access from what the shell keeps: ``_pairs``, ``_pair_counts`` (pairs, k), of which only the
    right votes are known where classes are many, ``_class_counts`` (k,), and some rows.
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
    #: Some of the rows that it was fitted to.
    _kept: Problem
    #: How often it is learned anew for intervals; 0 where that would take long.
    _bootstraps: int = 40
    #: Whether no table of pairs by classes was learned.
    _many_classes: bool = False
    #: Whether a column of the votes is a labeling function.
    _columns_are_functions: bool = True
    #: Whether its labels are less sure than independent votes would make them, by design; gold rows undo that.
    _tempers: bool = False

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

        Computed on access, and empty where all is well. :meth:`diagnose` looks at votes and gold as well.
        """
        check_is_fitted(self)
        return [str(finding) for finding in findings(self)]

    def diagnose(self, votes: Any, y: Any = None) -> Diagnosis:
        """What to know before trusting the model, in words, each with its severity and a remedy.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
            The votes: mostly those that it was fitted to.
        y : array-like of shape (n,), optional
            Gold labels where known, by code or name; -1 or a missing value where not. They show what votes cannot: a
            posterior that is too sure, functions that are not what was learned of them, a model below majority vote.

        Returns
        -------
        Diagnosis
            The gravest first; empty where all is well. ``frame`` is a table of it.

        Raises
        ------
        NotFittedError, VoteError, GoldError
            If it is not fitted, the votes are of other labeling functions or of no rows, or no row has gold.

        See Also
        --------
        weaklab.analysis.diagnose : the findings, and what they rest on.
        """
        from weaklab.analysis.diagnosis import diagnose

        return diagnose(self, votes, y)  # type: ignore[arg-type]

    @property
    def accuracies_(self) -> Floats:
        """The estimated accuracy of each labeling function where it votes, (m,); NaN where it never did."""
        check_is_fitted(self)
        right, total = self._right_and_total()
        with np.errstate(invalid="ignore"):
            return right / total

    @property
    def accuracy_intervals_(self) -> Floats:
        """90 % intervals for ``accuracies_``, (m, 2), computed on first access; NaN where one never votes.

        The spread of the accuracies that the model learns anew from resampled rows
        (:func:`weaklab.label_models.intervals.resample`), in log-odds: it counts what is not known of the classes, and
        of the other labeling functions. Where the model does not describe the votes, which the agreements of each two
        labeling functions show, the spread is widened by the overdispersion, and the interval reaches to what
        :func:`weaklab.label_models.appraisal.appraise` makes of them, which lets each group of labeling functions
        that repeat each other speak with one voice. No interval corrects what both assume: that given the class, what
        is not in a group errs independently. Models that take long to learn give Jeffreys' intervals of their expected
        counts instead, which take the posteriors as true.
        """
        check_is_fitted(self)
        if not hasattr(self, "_intervals"):
            learned, centre = self._learn_intervals(), self.accuracies_
            self._intervals = np.column_stack([np.fmin(learned[:, 0], centre), np.fmax(learned[:, 1], centre)])
        return self._intervals

    def _learn_intervals(self) -> Floats:
        return learned_intervals(self)

    @property
    def _told(self) -> tuple[Floats | RightCounts, Floats]:
        """The expected counts from which accuracies and confusions follow: of pairs by class, and of classes."""
        return self._pair_counts, self._class_counts

    def _right_and_total(self, counts: Floats | RightCounts | None = None) -> tuple[Floats, Floats]:
        """Expected right votes, and votes, of each labeling function, (m,) each; by default those that are told."""
        table, m = self._pairs, self.n_features_in_
        counts = self._told[0] if counts is None else counts
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
        counts, rows = self._told
        rows = np.maximum(rows, np.finfo(float).tiny)
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
