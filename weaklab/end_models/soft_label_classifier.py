"""Any classifier of scikit-learn, trained on soft labels."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from weaklab.end_models.duplication import count_rows, duplicated, take_rows, takes_weights, weight_argument
from weaklab.end_models.given_labels import GivenLabels
from weaklab.end_models.scoring import score_indicators, score_predictions
from weaklab.end_models.seen_columns import ColumnsOfInner
from weaklab.end_models.selection import Selection, Weighing, Which
from weaklab.end_models.targets import Targets
from weaklab.end_models.tasks import find_task
from weaklab.exceptions import ParameterError, SoftLabelError, WeaklabWarning, did_you_mean
from weaklab.persistence import Savable
from weaklab.seeding import generator
from weaklab.typing import Floats, Seed

_FALLBACKS = ("most_probable", "draw")


def _inner_has(method: str) -> Any:
    def check(self: SoftLabelClassifier) -> bool:
        getattr(getattr(self, "estimator_", self.estimator), method)  # raises the AttributeError that names the class
        return True

    return available_if(check)


class SoftLabelClassifier(Savable, ColumnsOfInner, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Train a classifier of scikit-learn on soft labels.

    Each row is given once per class that has probability, with ``sample_weight`` = probability times weight. For
    every loss that adds up over rows that is the expected loss under the soft labels. Where the soft labels are
    one-hot, the rows are given as they are.

    Parameters
    ----------
    estimator : classifier
        Anything with scikit-learn's interface; a Pipeline hands the weights to its last step. It is cloned.
    classes : int or sequence of hashable, optional
        The classes; otherwise SoftLabels, the columns of a DataFrame, or hard labels name them.
    without_weights : {"most_probable", "draw"}, default="most_probable"
        What to do for an estimator whose ``fit`` takes no ``sample_weight``, when something would be lost:
        train on the most probable class of each row of weight above 0, with a warning; or draw a class for each row
        from its distribution, and, where weights differ, the rows by weight.
    task : {"multiclass", "multilabel"}, default="multiclass"
        "multilabel": a clone per class learns whether a row has it; targets (n, k) need not sum to 1, and ``predict``
        gives an indicator matrix.
    which, weight, gold_weight
        Which rows to train on and how much each counts, see :class:`~weaklab.end_models.Selection`.
    random_state : int, Generator or None, default=None
        The seed of "draw"; None means 0.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    estimators_ : list of SoftLabelClassifier
        With ``task="multilabel"``, in its place: one per class.
    classes_ : ndarray of shape (k,)
        All classes, those without any probability included.
    n_features_in_, feature_names_in_
        Those of the fitted clone, where it has them.

    Notes
    -----
    A step of a Pipeline that learns without weights, such as a scaler, sees a row once per class with probability.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[-1.0], [1.0]])
    >>> model = SoftLabelClassifier(LogisticRegression()).fit(X, [[0.9, 0.1], [0.2, 0.8]])
    >>> model.predict(X)
    array([0, 1])
    """

    def __init__(
        self,
        estimator: Any,
        *,
        classes: int | Sequence[Hashable] | None = None,
        without_weights: Literal["most_probable", "draw"] = "most_probable",
        task: Literal["multiclass", "multilabel"] = "multiclass",
        which: Which = "covered",
        weight: Weighing = "uniform",
        gold_weight: float | None = None,
        random_state: Seed = None,
    ) -> None:
        self.estimator = estimator
        self.classes = classes
        self.without_weights = without_weights
        self.task = task
        self.which = which
        self.weight = weight
        self.gold_weight = gold_weight
        self.random_state = random_state

    def fit(self, X: Any, soft: Any, sample_weight: Any = None) -> SoftLabelClassifier:
        """Learn from soft or hard labels.

        Parameters
        ----------
        X : whatever the estimator takes, of n rows
            An array, sparse matrix, frame, Series or list.
        soft : SoftLabels, array-like of shape (n, k) or (n,), DataFrame or Series
            As for :meth:`weaklab.end_models.EndModel.fit`.
        sample_weight : array-like of shape (n,), optional
            0 or more; multiplied with the weight of SoftLabels.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If the estimator is no classifier, or ``without_weights`` is neither of the two.
        SoftLabelError, ClassError
            If the labels do not fit the rows or the classes, or the estimator refuses a single class.
        """
        several = self._check()
        if self.which == "semi-supervised":
            raise ParameterError("which='semi-supervised' needs a loss that can use rows without labels: EndModel's.")
        n = count_rows(X)
        index = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
        selection = Selection(self.which, self.weight, self.gold_weight)
        labels = GivenLabels(soft, n, self.classes, sample_weight, index, selection=selection)
        targets = find_task(self.task).read(labels)
        if several:
            return self._fit_each(X, targets)
        weighted = takes_weights(self.estimator)
        if weighted:
            rows, codes, weight = duplicated(targets)
        else:
            rows, codes = self._without_weights(targets)
            weight = np.ones(len(rows))
        estimator = clone(self.estimator)
        try:
            given = X if len(rows) == n and np.array_equal(rows, np.arange(n)) else take_rows(X, rows)
            arguments = {} if (weight == 1).all() else weight_argument(estimator, weight)
            # Names that scikit-learn cannot sort (tuples, Enum members, mixtures) go in and come out as codes.
            estimator.fit(given, codes if targets.classes.dtype == object else targets.classes[codes], **arguments)
        except ValueError as error:
            if n and len(set(codes.tolist())) == 1 and len(targets.classes) > 1:
                raise SoftLabelError(
                    f"All probability is on the one class {targets.classes.tolist()[codes[0]]!r}, and "
                    f"{type(self.estimator).__name__} does not take that: {error}"
                ) from error
            raise
        self.estimator_, self.classes_ = estimator, targets.classes
        self.__dict__.pop("estimators_", None)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row, by name, as the estimator sees it: an array of shape (n,).

        With ``task="multilabel"`` of shape (n, k): 1 for the classes that a row has, else 0.
        """
        check_is_fitted(self)
        if hasattr(self, "estimators_"):
            return np.column_stack([np.asarray(model.predict(X)) for model in self.estimators_])  # (n, k)
        predicted = np.asarray(self.estimator_.predict(X))
        return self.classes_[predicted.astype(np.int64)] if self.classes_.dtype == object else predicted

    @_inner_has("predict_proba")
    def predict_proba(self, X: Any) -> Floats:
        """Probabilities of the classes, in the order of ``classes_``.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n, k)
            Rows sum to 1, but not with ``task="multilabel"``; 0 for classes that no row was trained on.
        """
        check_is_fitted(self)
        if hasattr(self, "estimators_"):
            return np.column_stack([model.predict_proba(X)[:, 1] for model in self.estimators_])  # (n, k)
        return self._all_columns(self.estimator_.predict_proba(X), 0.0)

    @_inner_has("decision_function")
    def decision_function(self, X: Any) -> Floats:
        """The estimator's scores.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n, k), or (n,) for two classes
            Minus infinity for classes that no row was trained on. With ``task="multilabel"`` always (n, k).
        """
        check_is_fitted(self)
        if hasattr(self, "estimators_"):
            return np.column_stack([model.decision_function(X) for model in self.estimators_])  # (n, k)
        scores = np.asarray(self.estimator_.decision_function(X), dtype=np.float64)
        if len(self.estimator_.classes_) == len(self.classes_):
            return scores
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])  # (n, 2)
        return self._all_columns(scores, -np.inf)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; against soft labels, the accuracy to be expected if they are true.

        Parameters
        ----------
        X : as for ``fit``, of n rows
        y : array-like of shape (n,) or (n, k), or SoftLabels
            Labels, all among ``classes_``, or soft labels.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        float in [0, 1]
        """
        index = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
        score = score_indicators if hasattr(self, "estimators_") else score_predictions
        return score(self.predict(X), y, self.classes_, sample_weight, index)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.non_deterministic = inner.non_deterministic
        tags.classifier_tags.multi_label = self.task == "multilabel"
        return tags

    def _inner(self) -> Any:
        if hasattr(self, "estimators_"):
            return self.estimators_[0]
        if not hasattr(self, "estimator_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet.")
        return self.estimator_

    def _fit_each(self, X: Any, targets: Targets) -> SoftLabelClassifier:
        """One clone per class, trained on whether a row has it."""
        self.estimators_ = []
        for probs in targets.probs.T:
            model = SoftLabelClassifier(
                self.estimator, without_weights=self.without_weights, random_state=self.random_state
            )
            self.estimators_.append(model.fit(X, np.column_stack([1 - probs, probs]), targets.weight))
        self.classes_ = targets.classes
        self.__dict__.pop("estimator_", None)
        return self

    def _check(self) -> bool:
        """Check the arguments, and tell whether a row has several classes."""
        if isinstance(self.estimator, type) or not hasattr(self.estimator, "fit") or not is_classifier(self.estimator):
            raise ParameterError(
                f"estimator={self.estimator!r} must be an instance of a classifier, such as LogisticRegression()."
            )
        if self.without_weights not in _FALLBACKS:
            hint = did_you_mean(self.without_weights, _FALLBACKS)
            raise ParameterError(f"without_weights={self.without_weights!r} is not known.{hint}")
        return find_task(self.task).name == "multilabel"

    def _without_weights(self, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
        """Rows and class codes for an estimator that takes no weights."""
        used = targets.used
        probs, weight = targets.probs[used], targets.weight[used]
        even = bool((weight == weight[:1]).all())
        if even and (probs.max(axis=1) == 1).all():
            return used, probs.argmax(axis=1)
        if self.without_weights == "most_probable":
            warnings.warn(
                f"{type(self.estimator).__name__}.fit takes no sample_weight, so it was trained on the most probable "
                'class of each row, all rows alike; without_weights="draw" draws them by probability and weight.',
                WeaklabWarning,
                stacklevel=3,
            )
            return used, probs.argmax(axis=1)
        rng = generator(self.random_state)
        at = np.arange(len(used)) if even else np.sort(rng.choice(len(used), len(used), p=weight / weight.sum()))
        below = rng.random((len(at), 1)) >= probs[at].cumsum(axis=1)  # (n, k); one draw per row
        return used[at], np.minimum(below.sum(axis=1), probs.shape[1] - 1)

    def _all_columns(self, values: Any, fill: float) -> Floats:
        out = np.full((len(values), len(self.classes_)), fill)
        names = range(len(self.classes_)) if self.classes_.dtype == object else self.classes_.tolist()
        column = {name: i for i, name in enumerate(names)}
        out[:, [column[name] for name in self.estimator_.classes_.tolist()]] = values
        return out
