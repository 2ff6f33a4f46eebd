"""Calibration by one number: the temperature that fits held-out soft labels best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from torch import Tensor

from weaklab.end_models.inference import predict_logits
from weaklab.end_models.tasks import RowsLoss

if TYPE_CHECKING:
    from weaklab.end_models.training import Training

#: Fewer held-out rows than these leave the temperature at 1: one number is then noisier than it is wrong.
LEAST_ROWS = 50
MOST_ROWS = 20_000  # more than these add time, and to one number no precision that counts
_FARTHEST = float(np.log(10.0))


def held_out_logits(training: Training) -> Tensor:
    """What a training that is over says of its first held-out rows, at most 20,000: (h, k)."""
    return predict_logits(training.model, training.data.rows, training.data.k, training.data.held_out[:MOST_ROWS])


def held_out_temperature(training: Training, logits: Tensor) -> float:
    """The temperature by the logits of held-out rows, see :func:`fit_temperature`."""
    data, rows = training.data, training.data.held_out[: len(logits)]
    return fit_temperature(logits, data.target[rows], data.weight[rows], data.rows_loss)


def fit_temperature(logits: Tensor, target: Tensor, weight: Tensor, rows_loss: RowsLoss) -> float:
    """The temperature T by which to divide logits, so that the held-out loss is least.

    Against soft labels the best probabilities are the soft labels' own expectation, so this calibrates towards the
    label model, and no further than it is calibrated itself; rows with gold pull towards the truth.

    Parameters
    ----------
    logits, target : Tensor of shape (h, k)
        Of rows that were not trained on.
    weight : Tensor of shape (h,)
        How much each counts.
    rows_loss : callable (logits, target) -> (h,)
        The loss of each row.

    Returns
    -------
    float
        In [0.1, 10]; 1 with fewer than 50 rows.

    Notes
    -----
    Guo et al. (2017), "On calibration of modern neural networks", doi:10.48550/arXiv.1706.04599.

    Examples
    --------
    >>> import torch
    >>> from weaklab.end_models.tasks import Multiclass
    >>> sure = torch.tensor([[4.0, 0.0]]).repeat(100, 1)
    >>> half = torch.tensor([[0.75, 0.25]]).repeat(100, 1)
    >>> round(fit_temperature(sure, half, torch.ones(100), Multiclass().rows_loss), 2)  # 4 / ln 3
    3.64
    """
    if len(logits) < LEAST_ROWS:
        return 1.0
    logits, target, weight = (part.detach().double().cpu() for part in (logits, target, weight))

    def loss(log_temperature: float) -> float:
        return float(weight @ rows_loss(logits / np.exp(log_temperature), target))

    found = minimize_scalar(loss, bounds=(-_FARTHEST, _FARTHEST), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0
