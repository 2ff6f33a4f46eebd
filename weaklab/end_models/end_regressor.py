"""The end model for numbers: trained on values that are known, guessed, or given as distributions."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from weaklab.end_models.card import card
from weaklab.end_models.end_model import EndModel
from weaklab.end_models.given_labels import plain_labels
from weaklab.end_models.inputs import read_input
from weaklab.end_models.losses import Term
from weaklab.end_models.networks import ModuleLike
from weaklab.end_models.optimizers import OptimizerLike
from weaklab.end_models.regression import Regression
from weaklab.end_models.samplers import Sampler
from weaklab.end_models.schedules import Schedule
from weaklab.end_models.scoring import score_values
from weaklab.end_models.seen_columns import ColumnsOfInner
from weaklab.end_models.targets import is_soft
from weaklab.end_models.training import Callback
from weaklab.persistence import Savable
from weaklab.typing import Floats, Seed


class EndRegressor(Savable, ColumnsOfInner, RegressorMixin, BaseEstimator):
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
    >>> import numpy as np
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
        model = EndModel(**shared, task=task, calibrate=False, monitor="soft")
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

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R²; against distributions over numbers, that against their means.

        Parameters
        ----------
        X : as for ``fit``, of n rows
        y : as for ``fit``
            Numbers, with ``values=`` too, or distributions over numbers.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        float, at most 1

        Raises
        ------
        SoftLabelError
            If the targets do not fit the rows, or have another index than X.
        """
        predicted = self.predict(X)
        values = self.values if is_soft(plain_labels(y)) else None
        return score_values(predicted, y, values, sample_weight, read_input(X).index)

    def _html_repr(self) -> str:
        shown: str = super()._html_repr()
        return card(self.model_) + shown if hasattr(self, "model_") else shown

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _inner(self) -> EndModel:
        if not hasattr(self, "model_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet.")
        return self.model_
