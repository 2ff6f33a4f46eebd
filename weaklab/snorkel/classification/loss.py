"""Cross-entropy of probabilities."""

from __future__ import annotations

import torch
from torch import Tensor

from weaklab.exceptions import ParameterError


def cross_entropy_with_probs(
    input: Tensor,  # noqa: A002  -- the name of torch and of Snorkel
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross-entropy of logits against probabilities.

    Parameters
    ----------
    input : Tensor of shape (n, k)
        Logits.
    target : Tensor of shape (n, k)
        Probabilities.
    weight : Tensor of shape (k,), optional
        What each class's part of the loss is multiplied by; "mean" divides by n all the same, as Snorkel's does and
        torch's own does not.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of rows.

    Returns
    -------
    Tensor
        Of shape (), or (n,).

    Raises
    ------
    ParameterError
        If the reduction is not known.

    Examples
    --------
    >>> float(cross_entropy_with_probs(torch.zeros(1, 2), torch.tensor([[0.3, 0.7]]))).__round__(3)
    0.693
    """
    if reduction not in ("mean", "sum", "none"):
        raise ParameterError(f"Keyword 'reduction' must be one of ['none', 'mean', 'sum'], got {reduction!r}.")
    parts = -target.to(input.dtype) * torch.log_softmax(input, dim=1)  # (n, k)
    losses = (parts if weight is None else parts * weight).sum(dim=1)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()
