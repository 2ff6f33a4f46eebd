"""Ridge regression on random features: a strong model without training, and a meter of label noise."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_array

from weaklab.end_models.given_labels import GivenLabels, plain_labels
from weaklab.end_models.inputs import read_input
from weaklab.end_models.random_feature_model import RandomFeatureModel
from weaklab.end_models.scoring import score_predictions
from weaklab.end_models.targets import check_index, read_targets
from weaklab.end_models.tasks import softmax
from weaklab.exceptions import SoftLabelError
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.soft import check_sample_weight

_FLOORS = np.geomspace(0.003, 3.0, 7)  # the smallest keeps scores, the greatest makes it a softmax of them


class RandomFeatureClassifier(ClassifierMixin, RandomFeatureModel):
    r"""Soft labels fitted by ridge regression on random rectified units, tuned by leave-one-out errors.

    A network whose hidden layer stays as it was drawn: the output layer has a closed form, and so has the error on
    each row left out. Nothing is to be set, wrong labels do little harm, and the errors tell how noisy the labels
    are without gold. Report it beside every trained model: it is hard to beat on small data.

    Parameters
    ----------
    column : hashable, optional
        The one column to use, as in :class:`EndModel`.
    columns : dict of column to kind, or list of columns, optional
        The columns to use, as in :class:`EndModel`.
    classes : int or sequence of hashable, optional
        The classes; otherwise SoftLabels, the columns of a DataFrame, or hard labels name them.
    features : int, default=2048
        The number of random units k. More are never worse in expectation; time grows as n k², and k³ for k below n.
    ridge : "loo" or float above 0, default="loo"
        The penalty on squared weights beside the mean squared error; "loo" takes, of 37, the one of the smallest
        leave-one-out error.
    standardize : bool, default=True
        Bring each column of a dense matrix to the same spread; False leaves their spreads to one another as they
        are, which is better where columns share a unit, such as pixels and embeddings.
    device : str or torch.device, default="auto"
        Where the linear algebra is done, in float64.
    random_state : int, Generator or None, default=None
        The seed of the units; None means 0.
    max_features : int, default=32768
        How many hashed word n-grams, and as many character n-grams, a text column has at most.
    n_jobs : int or None, default=1
        torch's threads during ``fit``; None leaves them.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The class names, or codes.
    noise_ratio_ : float in [0, 1]
        The training error over the leave-one-out error at the penalty taken: the share of the errors to come that is
        already there in training. Clean labels of a learnable task are fitted almost exactly by the best penalty
        (towards 0); noise calls for a penalty that leaves it unfitted (towards 1). It compares sets of labels of the
        same rows with the same ``features``; its level depends on both, and a hard task looks like a noisy one.
    train_error_, loo_error_ : float
        Mean squared errors over rows, by weight, and classes.
    ridge_ : float
        The penalty taken.
    ridge_curve_ : DataFrame
        Per penalty: ridge, train_error, loo_error.
    floor_, power_ : float
        What makes probabilities of scores, see the notes.
    plan_ : FeaturePlan
        What becomes of each column.
    units_ : RandomUnits
        The random layer.
    n_rows_ : int
        The number of rows of weight above 0.

    Notes
    -----
    Simon et al. (2024), "More is Better in Modern Machine Learning", doi:10.48550/arXiv.2311.14646: with the best
    penalty, the test error of random-feature ridge regression falls with the number of rows and of features, and
    tasks of natural data want to be fitted nearly exactly. Leave-one-out errors: Golub, Heath and Wahba (1979),
    doi:10.1080/00401706.1979.10489751. Scores f estimate the probabilities of the soft labels, but may lie outside of
    [0, 1]. ``predict_proba`` is in proportion to :math:`(\epsilon \ln(1 + e^{f / \epsilon}))^\gamma`, which keeps
    their order; :math:`\epsilon` (``floor_``) and :math:`\gamma` (``power_``) minimise the cross-entropy of the
    leave-one-out scores (of 8,192 rows at most) to the soft labels. So probabilities are calibrated to the labels
    given, not to gold. Weights of rows scale their squared errors. Memory is that of a matrix of features by
    features, of the rows' own features, and of 4,096 rows of units.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 40)[:, None]
    >>> soft = np.where(np.abs(X) < 0.5, [0.1, 0.9], [0.8, 0.2])
    >>> model = RandomFeatureClassifier(features=200, classes=["out", "in"]).fit(X, soft)
    >>> model.predict([[0.0], [1.0]])
    array(['in', 'out'], dtype='<U3')
    """

    def __init__(
        self,
        *,
        column: Hashable = None,
        columns: Mapping[Hashable, str] | Sequence[Hashable] | None = None,
        classes: Classes = None,
        features: int = 2048,
        ridge: float | Literal["loo"] = "loo",
        standardize: bool = True,
        device: str | torch.device = "auto",
        random_state: Seed = None,
        max_features: int = 2**15,
        n_jobs: int | None = 1,
    ) -> None:
        super().__init__(
            column=column,
            columns=columns,
            features=features,
            ridge=ridge,
            standardize=standardize,
            device=device,
            random_state=random_state,
            max_features=max_features,
            n_jobs=n_jobs,
        )
        self.classes = classes

    def fit(self, X: Any, soft: Any, sample_weight: Any = None) -> RandomFeatureClassifier:
        """Fit soft or hard labels in closed form.

        Parameters
        ----------
        X : DataFrame, Series or list of str, array-like or sparse matrix of n rows
            The data, as for :class:`EndModel`.
        soft : SoftLabels, array-like of shape (n, k) or (n,), DataFrame or Series
            Soft labels, or one hard label per row. Of SoftLabels, rows with gold count as known.
        sample_weight : array-like of shape (n,), optional
            0 or more; multiplied with the weight of SoftLabels. Rows of weight 0 are left out.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, FrameError, ColumnError, SoftLabelError, ClassError
            As by :class:`EndModel`.
        """
        found, plan, rows = self._encoded(X)
        targets = read_targets(GivenLabels(soft, rows.shape[0], self.classes, sample_weight, found.index))
        fit, order = self._fit_ridge(found, plan, rows, targets.probs, targets.weight)
        kept = order[: len(fit.loo)]
        scores = fit.loo.cpu().numpy()
        self.floor_, self.power_ = _calibrated(scores, targets.probs[kept], targets.weight[kept])
        self.classes_ = targets.classes
        return self

    def decision_function(self, X: Any) -> Floats:
        """The logarithms (n, k) of the probabilities, up to a constant; (n,) for two classes: the second's log-odds."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities (n, k) of the classes, calibrated to the labels by leave-one-out scores; rows sum to 1."""
        return softmax(self._logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """The class (n,) of the highest score, by name; the first of several."""
        best = self._outputs(X).argmax(axis=1)
        return self.classes_[best]

    def _logits(self, X: Any) -> Floats:
        outputs = self._outputs(X)
        return self.power_ * _log_scores(outputs, self.floor_)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; against soft labels, the accuracy to be expected if they are true."""
        return score_predictions(self.predict(X), y, self.classes_, sample_weight, read_input(X).index)


class RandomFeatureRegressor(RegressorMixin, RandomFeatureModel):
    """Ridge regression on random rectified units, tuned by leave-one-out errors.

    The regression that :class:`RandomFeatureClassifier` is made of; parameters and attributes are the same but for
    the classes.

    Parameters
    ----------
    column, columns, features, ridge, standardize, device, random_state, max_features, n_jobs
        As in :class:`RandomFeatureClassifier`.

    Attributes
    ----------
    noise_ratio_, train_error_, loo_error_, ridge_, ridge_curve_, plan_, units_, n_rows_
        As in :class:`RandomFeatureClassifier`; errors are in squared units of the target.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = RandomFeatureRegressor(features=200).fit(X, X[:, 0] ** 2)
    >>> np.round(model.predict([[0.5]]), 2)
    array([0.25])
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> RandomFeatureRegressor:
        """Fit in closed form.

        Parameters
        ----------
        X : DataFrame, Series or list of str, array-like or sparse matrix of n rows
            The data, as for :class:`EndModel`.
        y : array-like of float of shape (n,) or (n, m)
            Finite targets.
        sample_weight : array-like of shape (n,), optional
            0 or more.

        Returns
        -------
        self

        Raises
        ------
        SoftLabelError
            If y is not of n rows of finite numbers.
        ParameterError, FrameError, ColumnError
            As by :class:`EndModel`.
        """
        found, plan, rows = self._encoded(X)
        n = rows.shape[0]
        y = plain_labels(y)
        check_index(y, found.index)
        try:
            target = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        except ValueError as error:
            raise SoftLabelError(str(error)) from error
        if target.ndim not in (1, 2) or len(target) != n:
            raise SoftLabelError(f"The targets are of shape {target.shape}; expected ({n},) or ({n}, m).")
        weight = check_sample_weight(sample_weight, n, index=found.index)
        ones = np.ones(n) if weight is None else weight
        self._fit_ridge(found, plan, rows, target.reshape(n, -1), ones)
        self._flat = target.ndim == 1
        return self

    def predict(self, X: Any) -> Floats:
        """Predictions of the shape of the targets: (n,) or (n, m)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R²: of several targets their mean, each counting alike."""
        predicted, index, y = self.predict(X), read_input(X).index, plain_labels(y)
        check_index(y, index)
        return float(r2_score(y, predicted, sample_weight=check_sample_weight(sample_weight, len(y), index=index)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _log_scores(scores: Floats, floor: float) -> Floats:
    """The logarithm of ``floor * ln(1 + exp(scores / floor))``: near ln(score) above the floor, linear below 0."""
    z = scores / floor
    return np.log(floor) + np.where(z < -30, z, np.log(np.logaddexp(0.0, np.maximum(z, -30))))


def _calibrated(scores: Floats, probs: Floats, weight: Floats) -> tuple[float, float]:
    """The floor and the power of the smallest cross-entropy to the soft labels."""
    best = (np.inf, 0.0, 0.0)
    for floor in _FLOORS:
        logs = _log_scores(scores, floor)
        power = _power(logs, probs, weight)
        entropy = -float(weight @ (probs * np.log(softmax(power * logs).clip(1e-300))).sum(axis=1))
        best = min(best, (entropy, float(floor), power))
    return best[1], best[2]


def _power(logs: Floats, probs: Floats, weight: Floats) -> float:
    """The factor from 0 to 100 by which softmax(factor * logs) has the smallest cross-entropy, by bisection."""
    low, high = 0.0, 100.0
    wanted = float(weight @ (probs * logs).sum(axis=1))
    for _ in range(40):  # the slope, the mean log under softmax minus that under the labels, only rises
        middle = (low + high) / 2
        above = float(weight @ (softmax(middle * logs) * logs).sum(axis=1)) > wanted
        low, high = (low, middle) if above else (middle, high)
    return low
