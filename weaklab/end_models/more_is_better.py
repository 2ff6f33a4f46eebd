"""Whether more rows or more features would help: errors of random-feature models over a grid of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sklearn.base import clone

from weaklab.end_models.duplication import count_rows, take_rows
from weaklab.end_models.parameters import check_count
from weaklab.end_models.random_features import RandomFeatureClassifier, RandomFeatureRegressor
from weaklab.exceptions import ParameterError
from weaklab.seeding import generator
from weaklab.typing import Seed


def more_is_better(
    X: Any,
    Y: Any,
    features: Sequence[int],
    sizes: Sequence[int],
    *,
    model: RandomFeatureClassifier | RandomFeatureRegressor | None = None,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Fit a random-feature model for each number of features and of rows, and compare the errors.

    With the best penalty each row and each feature helps, in expectation; where the error stops falling with the
    number of rows, more labels of this kind will not help, and better ones may.

    Parameters
    ----------
    X : DataFrame, array-like or sparse matrix of n rows
        The data.
    Y : array-like of shape (n, k) or (n,)
        Soft or hard labels, or targets for a regressor.
    features : sequence of int
        The numbers of random features.
    sizes : sequence of int
        The numbers of rows, at most n; smaller parts are within larger ones, and drawn at random.
    model : RandomFeatureClassifier or RandomFeatureRegressor, optional
        What to fit, with its other parameters; it is cloned. None is a classifier.
    random_state : int, Generator or None, default=None
        The seed of the order of the rows; None means 0.

    Returns
    -------
    DataFrame
        A row per pair: features, rows, train_error, loo_error, noise_ratio, ridge. Errors are mean squares;
        ``loo_error`` estimates the test error.

    Raises
    ------
    ParameterError
        If a number is not an int of 1 or more, or there are fewer rows.

    Notes
    -----
    Simon et al. (2024), doi:10.48550/arXiv.2311.14646.

    Examples
    --------
    >>> X = generator(0).normal(size=(400, 3))
    >>> table = more_is_better(X, (X.sum(axis=1) > 0).astype(int), features=[20, 200], sizes=[100, 400])
    >>> table["loo_error"].idxmax(), table["loo_error"].idxmin()  # least and most of both
    (0, 3)
    """
    n = count_rows(X)
    for name, values in (("features", features), ("sizes", sizes)):
        for value in values:
            check_count(name, value, 1)
    if len(sizes) and max(sizes) > n:
        raise ParameterError(f"sizes={list(sizes)!r} asks for {max(sizes):,} rows; there are {n:,}.")
    order = generator(random_state).permutation(n)
    base = RandomFeatureClassifier() if model is None else model
    out = []
    for k in features:
        for size in sizes:
            rows = order[:size]
            fitted = clone(base).set_params(features=k).fit(take_rows(X, rows), take_rows(Y, rows))
            errors = (fitted.train_error_, fitted.loo_error_, fitted.noise_ratio_, fitted.ridge_)
            out.append((k, size, *errors))
    return pd.DataFrame(out, columns=["features", "rows", "train_error", "loo_error", "noise_ratio", "ridge"])
