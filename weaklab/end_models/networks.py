"""The networks: linear and one hidden layer, over dense or sparse rows; and whatever module a user brings."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from weaklab.end_models.dropout import Dropout
from weaklab.end_models.nested_dropout import NestedDropout
from weaklab.end_models.rows import Rows, SparseRows
from weaklab.exceptions import ParameterError

ModuleLike: TypeAlias = "nn.Module | Callable[[int, int], nn.Module] | None"
Thinning: TypeAlias = "float | NestedDropout"


class FirstLayer(nn.Module):
    """A linear layer that takes dense and sparse rows alike.

    Parameters
    ----------
    n_columns : int
        The number of features.
    width : int
        The number of outputs h.
    generator : torch.Generator, optional
        What the initial weights are drawn from; None starts at zero, which is right for a linear classifier, whose
        loss is convex.

    Attributes
    ----------
    weight : Parameter of shape (n_columns, width)
        One row per feature, the transpose of ``nn.Linear``'s, so that sparse rows pick whole rows of it.
    bias : Parameter of shape (width,)
        Starts at zero.

    Examples
    --------
    >>> FirstLayer(3, 2)(torch.ones(1, 3))
    tensor([[0., 0.]], grad_fn=<AddmmBackward0>)
    """

    def __init__(self, n_columns: int, width: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        weight = torch.zeros((n_columns, width), dtype=torch.float32, device="cpu")
        if generator is not None:
            bound = math.sqrt(3.0 / max(n_columns, 1))  # variance 1 / n_columns, as rows standardised have n_columns
            weight.uniform_(-bound, bound, generator=generator)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(width, dtype=torch.float32, device="cpu"))

    def forward(self, rows: Rows) -> Tensor:
        """The outputs, (b, width)."""
        if isinstance(rows, SparseRows):
            return rows @ self.weight + self.bias
        return torch.addmm(self.bias, rows, self.weight)  # one kernel, in half precision where training is


class Network(nn.Module):
    """A linear classifier, or one hidden layer of rectified units with dropout.

    Parameters
    ----------
    n_columns : int
        The number of features.
    k : int
        The number of classes.
    hidden : int or None
        The number of hidden units h; None is linear.
    dropout : float in [0, 1) or NestedDropout
        The share of hidden units left out at each step of training; or which of them, by their order.
    generator : torch.Generator
        What the initial weights are drawn from.
    """

    takes_sparse = True

    def __init__(
        self, n_columns: int, k: int, hidden: int | None, dropout: Thinning, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.thin = dropout.layer(hidden or k) if isinstance(dropout, NestedDropout) else Dropout(dropout)
        self.first = FirstLayer(n_columns, hidden or k, None if hidden is None else generator)
        self.last = None if hidden is None else FirstLayer(hidden, k, generator)

    def forward(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """The logits (b, k), and the hidden units (b, h), or None where there are none."""
        out = self.first(rows)
        if self.last is None:
            return out, None
        hidden = torch.relu(out)
        return self.last(self.thin(hidden)), hidden


def build_module(
    module: ModuleLike,
    shape: tuple[int, ...],
    k: int,
    *,
    hidden: int | None,
    dropout: Thinning,
    generator: torch.Generator,
) -> nn.Module:
    """The module to train: ours, a copy of the user's, or what the user's callable builds.

    Parameters
    ----------
    module : nn.Module, callable (n_columns, k) -> nn.Module, or None
        What the user gave.
    shape : tuple of int
        The shape of a row: (n_columns,), or that of an image, (h, w) or (h, w, c).
    k : int
        The number of classes.
    hidden, dropout, generator
        See :class:`Network`.

    Returns
    -------
    nn.Module
        With parameters of float32.

    Raises
    ------
    ParameterError
        If ``module`` is none of these, or has nothing to train.
    """
    n_columns = math.prod(shape)
    if module is None and len(shape) > 1:
        from weaklab.end_models.convolution import image_network  # which is built of this file's networks

        return image_network(shape, k, hidden=hidden, dropout=dropout, generator=generator)
    if module is None:
        return Network(n_columns, k, hidden, dropout, generator)
    built: Any = copy.deepcopy(module) if isinstance(module, nn.Module) else None
    if built is None:
        if not callable(module):
            raise ParameterError(f"module={module!r} must be an nn.Module, a callable (n_columns, k) or None.")
        built = module(n_columns, k)
        if not isinstance(built, nn.Module):
            raise ParameterError(f"module({n_columns}, {k}) gave {built!r}; it must give an nn.Module.")
    if not any(parameter.requires_grad for parameter in built.parameters()):
        raise ParameterError(f"module={module!r} has no parameters that can be trained.")
    return built.float()


def run_module(module: nn.Module, rows: Rows, k: int) -> tuple[Tensor, Tensor | None]:
    """Logits, and features where the module gives them.

    Parameters
    ----------
    module : nn.Module
        Gives logits (b, k), or a pair of logits and features. It gets dense rows, unless it declares an attribute
        ``takes_sparse = True``: then it gets :class:`SparseRows` where the features are sparse.
    rows : Tensor or SparseRows of shape (b, n_columns)
        The rows.
    k : int
        The number of classes.

    Returns
    -------
    logits : Tensor of float32 of shape (b, k)
    features : Tensor of shape (b, ...) or None

    Raises
    ------
    ParameterError
        If the module fails on the rows, or the logits have another shape.
    """
    own = module.module if isinstance(module, nn.parallel.DistributedDataParallel) else module
    if isinstance(rows, SparseRows) and not getattr(own, "takes_sparse", False):
        rows = rows.to_dense()
    try:
        out = module(rows)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise ParameterError(f"{type(own).__name__} failed on rows of shape {tuple(rows.shape)}: {error}") from error
    logits, features = out if isinstance(out, tuple) else (out, None)
    if not isinstance(logits, Tensor) or logits.shape != (len(rows), k):
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ParameterError(
            f"{type(own).__name__} gave logits of shape {got} for {len(rows)} rows and {k} classes; "
            f"expected {(len(rows), k)}."
        )
    return logits.float(), features
