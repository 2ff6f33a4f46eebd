"""Weighted ridge regression with an intercept, its penalty tuned by leave-one-out errors in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

CHUNK = 4096  # rows whose features exist at one time
_KEPT = 8192  # rows whose leave-one-out predictions are kept
_PENALTIES = 37  # four per factor of ten, over nine of them


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """A fitted ridge regression from k features to m outputs.

    Attributes
    ----------
    coef, intercept : Tensor of float64 of shape (k, m) and (m,)
        Predictions are ``features @ coef + intercept``.
    curve : DataFrame
        Per penalty: ridge, train_error, loo_error; errors are mean squares over weighted rows and outputs.
    best : int
        The row of ``curve`` that was taken.
    loo : Tensor of float64 of shape (min(n, 8192), m)
        The leave-one-out predictions of the first rows.
    """

    coef: Tensor
    intercept: Tensor
    curve: pd.DataFrame
    best: int
    loo: Tensor


def fit_ridge(
    features: Callable[[slice], Tensor], width: int, target: Tensor, weight: Tensor, ridge: float | None
) -> RidgeFit:
    r"""Minimise :math:`\frac1n \sum_i w_i \|y_i - c - \phi_i A\|^2 + \rho \|A\|^2` and choose :math:`\rho`.

    With the eigenvectors of the features' Gram matrix, or of that of the rows where they are fewer, every penalty
    costs one product, and the error on a row that was left out is its residual over one minus its leverage.

    Parameters
    ----------
    features : callable (slice) -> Tensor of float64 of shape (rows, width)
        The features of some of the rows, made anew at each call.
    width : int
        The number of features k.
    target : Tensor of float64 of shape (n, m)
        What to predict.
    weight : Tensor of float64 of shape (n,)
        Above 0.
    ridge : float or None
        The penalty, or None to choose the one of the smallest leave-one-out error.

    Returns
    -------
    RidgeFit

    Notes
    -----
    Leverages and leave-one-out errors of ridge regression: Golub, Heath and Wahba (1979),
    doi:10.1080/00401706.1979.10489751. Memory is that of the smaller Gram matrix and of 4,096 rows of features.
    """
    n, total = len(target), weight.sum()
    weight = weight * (n / total)
    centre = (weight @ target) / n  # (m,)
    residual = (target - centre) * weight.sqrt()[:, None]
    if n <= width:
        mean, values, vectors, moments, blocks = _by_rows(features, weight, residual)
    else:
        mean, values, vectors, moments, blocks = _by_features(features, width, weight, residual)
    top = float(values[-1].clamp(min=1e-300)) / n
    grid = top * np.geomspace(1e-8, 10.0, _PENALTIES) if ridge is None else np.array([ridge])
    shrunk = 1 / (values[:, None] + n * torch.as_tensor(grid, device=values.device).clamp(min=1e-15 * top))  # (r, l)
    train, held_out, kept = _errors(blocks(), shrunk, moments, residual, weight)
    best = int(np.argmin(held_out))
    coef = vectors @ (shrunk[:, best, None] * moments)
    curve = pd.DataFrame({"ridge": grid, "train_error": train, "loo_error": held_out})
    root = weight[: len(kept[0]), None].sqrt()
    loo = centre + (residual[: len(root)] - kept[best]) / root
    return RidgeFit(coef, centre - mean @ coef, curve, best, loo)


def _slices(n: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))


def _by_rows(
    features: Callable[[slice], Tensor], weight: Tensor, residual: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Callable[[], Iterator[Tensor]]]:
    """The eigenvectors where rows are the fewer: mean, eigenvalues, vectors (k, r), their moments, projections."""
    n = len(weight)
    phi = torch.cat([features(part) for part in _slices(n)])  # (n, k), not above (k, k)
    mean = (weight @ phi) / n
    phi = (phi - mean) * weight.sqrt()[:, None]
    values, left = torch.linalg.eigh(phi @ phi.T)
    values = values.clamp(min=0)
    kept = values > values[-1] * 1e-13  # directions below are rounding errors
    kept[-1] = True
    values, left = values[kept], left[:, kept]
    roots = values.sqrt().clamp(min=1e-150)  # 0 where all rows are alike, and then so are the vectors
    vectors = phi.T @ (left / roots)  # (k, r)
    projected = left * roots
    return mean, values, vectors, projected.T @ residual, lambda: (projected[part] for part in _slices(n))


def _by_features(
    features: Callable[[slice], Tensor], width: int, weight: Tensor, residual: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Callable[[], Iterator[Tensor]]]:
    """The same where features are the fewer, in two passes over the rows."""
    n = len(weight)
    gram, mean = weight.new_zeros((width, width)), weight.new_zeros(width)
    moments = weight.new_zeros((width, residual.shape[1]))
    for part in _slices(n):
        phi = features(part)
        weighted = phi * weight[part, None].sqrt()
        gram.addmm_(weighted.T, weighted)
        mean += weight[part] @ phi
        moments += weighted.T @ residual[part]  # the mean of the features falls out: weighted residuals sum to 0
    mean = mean / n
    gram -= n * torch.outer(mean, mean)
    values, vectors = torch.linalg.eigh(gram)
    values = values.clamp(min=0)

    def projected() -> Iterator[Tensor]:
        for part in _slices(n):
            yield ((features(part) - mean) @ vectors) * weight[part, None].sqrt()

    return mean, values, vectors, vectors.T @ moments, projected


def _errors(
    blocks: Iterator[Tensor], shrunk: Tensor, moments: Tensor, residual: Tensor, weight: Tensor
) -> tuple[np.ndarray, np.ndarray, Tensor]:
    """Training and leave-one-out errors (l,) of each penalty; weighted errors (l, rows, m) of the first rows."""
    n, m = residual.shape
    outputs = (shrunk[:, :, None] * moments[:, None, :]).flatten(1)  # (r, l m)
    train, held_out = residual.new_zeros(shrunk.shape[1]), residual.new_zeros(shrunk.shape[1])
    kept, start = [], 0
    for block in blocks:
        part = slice(start, start + len(block))
        start = part.stop
        error = residual[part, None, :] - (block @ outputs).view(len(block), -1, m)  # (rows, l, m)
        leverage = block.square() @ shrunk + weight[part, None] / n  # (rows, l)
        left_out = error / (1 - leverage).clamp(min=1e-9)[:, :, None]
        train += error.square().sum(dim=(0, 2))
        held_out += left_out.square().sum(dim=(0, 2))
        if part.start < _KEPT:
            kept.append(left_out[: _KEPT - part.start].transpose(0, 1))
    return (train / (n * m)).cpu().numpy(), (held_out / (n * m)).cpu().numpy(), torch.cat(kept, dim=1)
