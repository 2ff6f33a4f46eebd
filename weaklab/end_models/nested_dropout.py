"""Nested dropout: the hidden units in an order, so that the first few carry what is regular."""

from __future__ import annotations

import torch
from torch import Tensor, nn

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
    In a module of one's own, after the layer that shall be ordered:

    >>> NestedDropout(std=0.5).layer(64)
    OrderedUnits(64)
    """

    def __init__(self, std: float = 0.4, mu: float = 0.0) -> None:
        if not (0 < std < float("inf") and 0 <= mu <= 1):
            raise ParameterError(f"NestedDropout(std={std!r}, mu={mu!r}): std must be above 0, mu from 0 to 1.")
        self.std, self.mu = float(std), float(mu)

    def __repr__(self) -> str:
        return f"NestedDropout(std={self.std:g}, mu={self.mu:g})"

    def layer(self, width: int) -> OrderedUnits:
        """A layer that keeps the first of ``width`` units."""
        return OrderedUnits(self, width)


class OrderedUnits(nn.Module):
    """Units of which a random number of the first ones stay in training, and the first ``kept`` later.

    Parameters
    ----------
    how : NestedDropout
        How many stay.
    width : int
        The number of units h.
    """

    fewer: Tensor
    kept: Tensor

    def __init__(self, how: NestedDropout, width: int) -> None:
        super().__init__()
        share = torch.arange(1, width + 1, dtype=torch.float64, device="cpu") / width
        probabilities = torch.softmax(-(((share - how.mu) / how.std) ** 2), dim=0)  # of 1, ..., h units
        self.register_buffer("fewer", (probabilities.cumsum(0) - probabilities).float(), persistent=False)
        self.register_buffer("kept", torch.ones(width, dtype=torch.float32, device="cpu"))

    def extra_repr(self) -> str:
        """The number of units."""
        return str(len(self.kept))

    def forward(self, units: Tensor) -> Tensor:
        """The units (b, h), the last ones at 0."""
        if not self.training:
            return units * self.kept
        draw = torch.rand((len(units), 1), device=units.device, dtype=torch.float32)
        return units * (draw >= self.fewer).to(units.dtype)

    def keep(self, count: int) -> None:
        """Let the first ``count`` units predict."""
        self.kept[:count], self.kept[count:] = 1.0, 0.0
