"""The end model for numbers: trained on values that are known, guessed, or given as distributions."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d
from torch import Tensor

from weaklab.end_models.encoders import centre, spread
from weaklab.end_models.end_model import EndModel
from weaklab.end_models.losses import LossTerm, Step, Term
from weaklab.end_models.networks import ModuleLike
from weaklab.end_models.optimizers import OptimizerLike
from weaklab.end_models.samplers import Sampler
from weaklab.end_models.schedules import Schedule
from weaklab.end_models.selection import Selection
from weaklab.end_models.targets import Targets, check_index
from weaklab.end_models.training import Callback
from weaklab.exceptions import SoftLabelError
from weaklab.persistence import Savable
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.soft import SoftLabels, check_sample_weight, check_soft_labels


class SquaredError(LossTerm):
    r"""Half the squared error, weighted by row, in squared standard deviations of the target.

    .. math:: \frac1{2b} \sum_i w_i (f_i - \mu_i)^2

    Its expectation under a distribution with mean mu differs from it by half the variance, which no model can change:
    so the mean is all that it needs of a distribution.
    """

    tasks = ("regression",)

    def __init__(self) -> None:
        pass

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return (step.weight * squared_error(step.logits, step.target)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row."""
        return squared_error(logits, target)

    def __repr__(self) -> str:
        return "SquaredError()"


def squared_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Half the squared error of each row, (b,).

    Examples
    --------
    >>> squared_error(torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    tensor([2.])
    """
    return 0.5 * (predicted - target).square().sum(dim=1)


class Regression:
    """The task of :class:`EndRegressor`: one number per row, standardised.

    Parameters
    ----------
    values : array-like of shape (k,), or None
        What the columns of distributions stand for.
    """

    name = "regression"
    loss: Term = SquaredError()

    def __init__(self, values: Any) -> None:
        self.values = values

    def read(
        self,
        soft: Any,
        n: int,
        *,
        selection: Selection,
        classes: Classes = None,
        sample_weight: Any = None,
        index: pd.Index | None = None,
        known: np.ndarray | None = None,
    ) -> Targets:
        """The targets, standardised over the rows of weight above 0."""
        check_index(soft, index)
        y, weight = read_values(soft, n, self.values)
        given = check_sample_weight(sample_weight, n)
        weight = weight if given is None else weight * given
        used = weight > 0
        if n and not used.any():
            raise SoftLabelError(f"All {n:,} rows have weight 0, so there is nothing to train on.")
        self.mean = float(centre(y[used][:, None])[0])
        spreads = spread(y[used][:, None])
        self.std = float(np.where(np.isinf(spreads), 1.0, spreads)[0])
        return Targets((y[:, None] - self.mean) / self.std, weight, np.array(["value"]))

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Half the squared error of each row."""
        return squared_error(logits, target)

    def probabilities(self, logits: Floats) -> Floats:
        """Values have no probabilities; the outputs as they are."""
        return logits


def read_values(soft: Any, n: int, values: Any = None) -> tuple[Floats, Floats]:
    """Real targets and their weights from numbers, or from distributions over numbers.

    Parameters
    ----------
    soft : array-like or Series of shape (n,); or SoftLabels, DataFrame or array-like of shape (n, k)
        Numbers; or distributions over the numbers that the classes, or the columns, or ``values``, are.
    n : int
        The number of rows of data.
    values : array-like of shape (k,), optional
        What the columns of distributions stand for.

    Returns
    -------
    y, weight : ndarray of float64 of shape (n,)
        Where a row is a distribution, its mean.

    Raises
    ------
    SoftLabelError
        If they are no n finite numbers, or numbers with ``values``, or distributions whose columns are no numbers.

    Examples
    --------
    >>> read_values([[0.5, 0.5], [0.0, 1.0]], 2, values=[1, 5])[0]
    array([3., 5.])
    """
    if soft is None:
        raise SoftLabelError("This estimator requires y to be passed, but the target y is None.")
    if not isinstance(soft, SoftLabels) and hasattr(soft, "to_pandas"):
        soft = soft.to_pandas()
    try:
        shape = soft.shape if isinstance(soft, (SoftLabels, pd.DataFrame, pd.Series)) else np.asarray(soft).shape
    except ValueError as error:
        raise SoftLabelError(f"Targets must be of shape (n,) or (n, k), with rows of one length: {error}") from error
    if len(shape) == 2 and shape[1] > 1:
        checked = check_soft_labels(soft, n)
        support = values if values is not None else checked.classes
        if support is None:
            raise SoftLabelError(
                f"Targets of shape {shape} are distributions, over numbers that values=[...] has to name, one per "
                "column; one number per row is of shape (n,)."
            )
        numbers = _finite(support, "values")
        if numbers.shape != (checked.k,):
            raise SoftLabelError(
                f"values={values!r} names {len(numbers)} numbers; the targets have {checked.k} columns."
            )
        y = checked.probs @ numbers
        if checked.gold is not None:
            y = np.where(checked.gold >= 0, numbers[checked.gold], y)
        return y, Selection().weights(checked.probs, checked.weight, checked.gold)
    if len(shape) > 2:
        raise SoftLabelError(f"Targets must be of shape (n,) or (n, k), got {shape}.")
    if values is not None:
        raise SoftLabelError(
            f"values={values!r} says what the columns of distributions (n, k) stand for, but the targets are of shape "
            f"{shape}, one number per row: leave it out."
        )
    y = _finite(column_or_1d(soft, warn=True), "Targets")
    if len(y) != n:
        raise SoftLabelError(f"There are {len(y):,} targets for {n:,} rows of data.")
    return y, np.ones(n)


def _finite(values: Any, what: str) -> Floats:
    try:
        array = np.asarray(values)
        if array.dtype.kind in "Mm":  # NaT would become a number
            raise TypeError(f"got {array.dtype}")
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise SoftLabelError(f"{what} must be numbers: {error}") from error
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array)))
        raise SoftLabelError(f"{what} must be finite, without NaN or infinity; number {row} is {array[row]}.")
    return array


class EndRegressor(Savable, RegressorMixin, BaseEstimator):
    """A regression on soft targets: numbers per row, or distributions over numbers, from whatever gave them.

    Parameters
    ----------
    column, columns, encode, hidden, module
        As for :class:`~weaklab.end_models.EndModel`; a module gives (b, 1).
    values : array-like of shape (k,), optional
        What the columns of distributions (n, k) stand for; otherwise the class names of SoftLabels or the columns of a
        DataFrame must be numbers, as ratings from 1 to 5 are.
    loss : callable (step) -> scalar tensor, optional
        A loss term over ``step.logits`` (b, 1) and ``step.target`` (b, 1), both in standard deviations from the mean of
        the targets; None is :class:`SquaredError`.
    sampler, device, stream, precision, compile, random_state, max_epochs, batch_size, accumulate, optimizer, \
learning_rate, schedule, clip_norm, weight_decay, dropout, validation_fraction, patience, tolerance, max_features, \
checkpoint, checkpoint_every, callbacks, n_jobs, progress
        As for :class:`~weaklab.end_models.EndModel`. Held-out loss is half the squared error in squared standard
        deviations.

    Attributes
    ----------
    model_ : EndModel
        The network with its features, history and report.
    mean_, std_ : float
        Of the targets trained on.
    n_features_in_, feature_names_in_
        As for :class:`~weaklab.end_models.EndModel`.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> model = EndRegressor(hidden=None, learning_rate=0.05).fit(X, 3 * X[:, 0] + 10)
    >>> model.predict([[0.0], [1.0]]).round(1)
    array([10., 13.])
    """

    def __init__(
        self,
        *,
        column: Hashable = None,
        columns: Mapping[Hashable, Any] | Sequence[Hashable] | None = None,
        encode: Any = None,
        values: Any = None,
        hidden: int | None = 100,
        module: ModuleLike = None,
        loss: Term | None = None,
        sampler: Sampler | None = None,
        device: str | torch.device = "auto",
        stream: bool | str = "auto",
        precision: str = "auto",
        compile: bool | str = "auto",  # noqa: A002  torch's name for it
        random_state: Seed = None,
        max_epochs: int = 50,
        batch_size: int | None = None,
        accumulate: int = 1,
        optimizer: OptimizerLike = "auto",
        learning_rate: float | str | None = None,
        schedule: str | Schedule | None = None,
        clip_norm: float | None = None,
        weight_decay: float = 0.01,
        dropout: float = 0.0,
        validation_fraction: float = 0.1,
        patience: int = 5,
        tolerance: float = 0.001,
        max_features: int = 2**15,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | timedelta = 1,
        callbacks: Sequence[Callback] | None = None,
        n_jobs: int | None = 1,
        progress: bool | None = None,
    ) -> None:
        self.column = column
        self.columns = columns
        self.encode = encode
        self.values = values
        self.hidden = hidden
        self.module = module
        self.loss = loss
        self.sampler = sampler
        self.device = device
        self.stream = stream
        self.precision = precision
        self.compile = compile
        self.random_state = random_state
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.accumulate = accumulate
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tolerance = tolerance
        self.max_features = max_features
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> EndRegressor:
        """Learn from numbers, or from distributions over numbers.

        Parameters
        ----------
        X : as for :meth:`weaklab.end_models.EndModel.fit`, of n rows
            The data.
        y : array-like or Series of shape (n,); or SoftLabels, DataFrame or array-like of shape (n, k)
            The targets. Of SoftLabels, rows with gold count as known, with votes or without; of the others those
            of weight 0 are left out.
        sample_weight : array-like of shape (n,), optional
            0 or more; multiplied with the weight of SoftLabels. For guesses of known variance, its inverse.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If an argument of the constructor is out of range.
        FrameError, ColumnError
            If features cannot be read from X.
        SoftLabelError
            If the targets do not fit the rows, or are no finite numbers.
        """
        task = Regression(self.values)
        shared = {name: value for name, value in self.get_params(deep=False).items() if name != "values"}
        model = EndModel(**shared, task=task, calibrate=False)
        self.model_ = model.fit(X, y, sample_weight)
        self.mean_, self.std_ = task.mean, task.std
        return self

    def predict(self, X: Any) -> Floats:
        """The expected number of each row.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n,)
        """
        check_is_fitted(self)
        return self.model_.decision_function(X)[:, 0] * self.std_ + self.mean_

    @property
    def n_features_in_(self) -> int:
        """The number of columns used."""
        return int(self._fitted().n_features_in_)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """The names of the columns used, where there are any."""
        return np.asarray(self._fitted().feature_names_in_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _fitted(self) -> EndModel:
        if not hasattr(self, "model_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet.")
        return self.model_
