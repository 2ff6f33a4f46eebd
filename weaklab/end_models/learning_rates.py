"""Find a learning rate before training, without training."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from weaklab.end_models.borrowing import borrowed_torch
from weaklab.end_models.end_model import EndModel
from weaklab.end_models.preparation import prepare, read_rows
from weaklab.end_models.rate_search import LearningRate, search_rate


def find_learning_rate(model: EndModel, X: Any, soft: Any, sample_weight: Any = None) -> LearningRate:
    """Find a learning rate for a model and data by a range test: a hundred steps, each at a higher rate than the last.

    The loss falls where the rate is high enough and rises where it is too high. Chosen is a tenth of the rate at
    which the smoothed loss is least: high, with room to divergence.

    Parameters
    ----------
    model : EndModel
        Its arguments are used; it is neither fitted nor changed.
    X, soft, sample_weight
        As for ``EndModel.fit``.

    Returns
    -------
    LearningRate

    Notes
    -----
    Smith (2017), "Cyclical Learning Rates for Training Neural Networks", doi:10.1109/WACV.2017.58.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[-1.0], [1.0]], 50, axis=0)
    >>> found = find_learning_rate(EndModel(hidden=8), X, np.where(X > 0, [0.1, 0.9], [0.8, 0.2]))
    >>> 1e-4 < found.rate < 1.0
    True
    """
    given = read_rows(model, X, soft, sample_weight)
    with borrowed_torch(given.device, n_jobs=model.n_jobs, seed=given.seed):
        return search_rate(prepare(clone(model).set_params(learning_rate=None, checkpoint=None), given))
