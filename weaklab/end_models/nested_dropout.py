"""Nested dropout: the hidden units in an order, so that the first few carry what is regular."""

from __future__ import annotations

import torch
from torch import Tensor

from weaklab.exceptions import ParameterError


class NestedDropout:
    r"""Keep the first units of the hidden layer only, a random number of them for each row of each step.

    Of H units, k stay with probability proportional to :math:`\exp(-((k / H - \mu) / \sigma)^2)`. The first units are
    then in every step, the last ones in few, so that what helps most rows comes first and what would learn single rows
    by heart has no room. After training, the prefix that agrees best with the held-out labels is the one that predicts.

    Parameters
    ----------
    std : float above 0, default=0.4
        Sigma, as a fraction of the hidden units.
    mu : float in [0, 1], default=0.0
        The most probable fraction of units kept.

    Notes
    -----
    Chen et al. (2022), "Compressing Features for Learning With Noisy Labels", doi:10.1109/TNNLS.2022.3186930; nested
    dropout itself is of Rippel et al. (2014), doi:10.48550/arXiv.1402.0915.

    Examples
    --------
    >>> NestedDropout(std=0.5).probabilities(2)
    tensor([0.9526, 0.0474], dtype=torch.float64)
    """

    def __init__(self, std: float = 0.4, mu: float = 0.0) -> None:
        if not (0 < std < float("inf") and 0 <= mu <= 1):
            raise ParameterError(f"NestedDropout(std={std!r}, mu={mu!r}): std must be above 0, mu from 0 to 1.")
        self.std, self.mu = float(std), float(mu)

    def __repr__(self) -> str:
        return f"NestedDropout(std={self.std:g}, mu={self.mu:g})"

    def probabilities(self, width: int) -> Tensor:
        """How probable it is that 1, ..., ``width`` units stay, (width,)."""
        share = torch.arange(1, width + 1, dtype=torch.float64, device="cpu") / width
        return torch.softmax(-(((share - self.mu) / self.std) ** 2), dim=0)


def keep_first(hidden: Tensor, fewer: Tensor) -> Tensor:
    """Hidden units (b, h) with a random number of the last ones at 0.

    ``fewer`` (h,) is the probability that fewer than 1, ..., h units stay.
    """
    draw = torch.rand((len(hidden), 1), device=hidden.device, dtype=torch.float32)
    return hidden * (draw >= fewer).to(hidden.dtype)


def best_prefix(hidden: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> int:
    """How many of the first units agree best with labels; the fewer, but for more than 1e-5 of agreement per unit.

    Parameters
    ----------
    hidden : Tensor of shape (n, h)
        The hidden units of held-out rows.
    weight, bias : Tensor of shape (h, k) and (k,)
        Of the last layer.
    target : Tensor of shape (n, k)
        Their soft labels.
    """
    logits = bias.expand(len(hidden), -1).clone()
    scores = []
    for unit in range(hidden.shape[1]):
        logits += hidden[:, unit, None] * weight[unit]
        agreed = target.gather(1, logits.argmax(dim=1, keepdim=True)).mean()
        scores.append(agreed - 1e-5 * (unit + 1))
    return int(torch.stack(scores).argmax()) + 1
