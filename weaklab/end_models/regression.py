"""The task of learning one number per row: its loss, and its targets, which are numbers or distributions over them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import column_or_1d
from torch import Tensor

from weaklab.end_models.encoders import centre, spread
from weaklab.end_models.given_labels import GivenLabels, plain_labels
from weaklab.end_models.losses import LossTerm, Step, Term
from weaklab.end_models.selection import Selection
from weaklab.end_models.targets import Targets, check_index
from weaklab.exceptions import SoftLabelError
from weaklab.typing import Floats
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
    >>> import torch
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

    def read(self, labels: GivenLabels) -> Targets:
        """The targets, standardised over the rows of weight above 0."""
        check_index(labels.soft, labels.index)
        gold = labels.soft.gold if isinstance(labels.soft, SoftLabels) else None
        y, weight = read_values(labels.soft, labels.n, self.values)
        given = check_sample_weight(labels.sample_weight, labels.n, index=labels.index)
        weight = weight if given is None else weight * given
        used = weight > 0
        if labels.n and not used.any():
            raise SoftLabelError(f"All {labels.n:,} rows have weight 0, so there is nothing to train on.")
        self.mean = float(centre(y[used][:, None])[0])
        spreads = spread(y[used][:, None])
        self.std = float(np.where(np.isinf(spreads), 1.0, spreads)[0])
        return Targets((y[:, None] - self.mean) / self.std, weight, np.array(["value"]), gold=gold)

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
    soft = plain_labels(soft)
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
