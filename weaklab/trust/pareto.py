"""The loss of a harmonizer: what it costs to disagree with each source, made one number per row."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from weaklab.end_models.losses import LossTerm, Step


class ParetoLoss(LossTerm):
    r"""A scalarization :math:`G(\ell_1, \dots, \ell_m)` of the cross-entropies with each source, in nats.

    With :math:`\ell_j = -\log p_{\lambda_j}`, and 0 where source j abstains: "linear" is the sum, "quadratic" its
    square, "euclidean" the root of the sum of squares, "chebyshev" the highest (Zhao et al., 2023,
    doi:10.48550/arXiv.2306.16564). Each is least only where no source can be agreed with more without agreeing less
    with another.

    Parameters
    ----------
    votes : ndarray of int of shape (n, m)
        What the sources say of all rows given to ``fit``, -1 for nothing.
    scalarizer : {"quadratic", "linear", "euclidean", "chebyshev"}
        G.

    Examples
    --------
    >>> term = ParetoLoss(np.array([[0, 1, -1]]), "quadratic")
    >>> term(Step.of(torch.zeros(1, 2), [[0.5, 0.5]]))  # (2 ln 2)^2
    tensor(1.9218)
    """

    tasks = ("multiclass",)

    def __init__(self, votes: np.ndarray, scalarizer: str) -> None:
        self.votes, self.scalarizer = torch.from_numpy(np.ascontiguousarray(votes)), scalarizer

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        if self.votes.device != step.index.device:
            self.votes = self.votes.to(step.index.device)
        votes = self.votes[step.index].long()  # (b, m)
        losses = -torch.log_softmax(step.logits, dim=1).gather(1, votes.clamp(min=0)) * (votes >= 0)
        if self.scalarizer == "chebyshev":
            rows = losses.amax(dim=1)
        elif self.scalarizer == "euclidean":
            rows = (losses.square().sum(dim=1) + 1e-12).sqrt()  # the root of 0 has no gradient
        else:
            rows = losses.sum(dim=1) ** (2 if self.scalarizer == "quadratic" else 1)
        return (step.weight * rows).mean()

    def __repr__(self) -> str:
        return f"ParetoLoss({self.scalarizer!r})"
