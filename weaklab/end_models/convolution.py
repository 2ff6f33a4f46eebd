"""A small convolutional network for images, and how flat networks see them."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from weaklab.end_models.networks import Network, Thinning

_CHANNELS = (16, 32)
_SMALLEST = 4  # pixels: each of the two poolings halves the sides


class ConvNetwork(nn.Module):
    """Two convolutions of 3 x 3 with pooling, then a hidden layer with dropout, over images with channels last.

    Parameters
    ----------
    shape : tuple of int
        The shape of an image: (h, w) or (h, w, c), each side of 4 or more.
    k : int
        The number of classes.
    hidden : int
        The number of hidden units.
    dropout : float in [0, 1) or NestedDropout
        The share of hidden units left out at each step of training.
    generator : torch.Generator
        What the initial weights are drawn from.

    Examples
    --------
    >>> net = ConvNetwork((8, 8), 3, hidden=10, dropout=0.0, generator=torch.Generator().manual_seed(0))
    >>> logits, features = net(torch.zeros(2, 8, 8))
    >>> logits.shape, features.shape
    (torch.Size([2, 3]), torch.Size([2, 10]))
    """

    def __init__(
        self, shape: tuple[int, ...], k: int, *, hidden: int, dropout: Thinning, generator: torch.Generator
    ) -> None:
        super().__init__()
        height, width, channels = (*shape, 1)[:3]
        sizes = (channels, *_CHANNELS)
        # He et al. (2015), doi:10.1109/ICCV.2015.123: rectified units keep their variance.
        self.kernels = nn.ParameterList(
            nn.Parameter(
                torch.empty((out, given, 3, 3), dtype=torch.float32, device="cpu").normal_(
                    0.0, math.sqrt(2 / (9 * given)), generator=generator
                )
            )
            for given, out in pairwise(sizes)
        )
        self.biases = nn.ParameterList(
            nn.Parameter(torch.zeros(out, dtype=torch.float32, device="cpu")) for out in _CHANNELS
        )
        pooled = (height // 4) * (width // 4) * _CHANNELS[-1]
        self.head = Network(pooled, k, hidden, dropout, generator)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """The logits (b, k) and the hidden units (b, h)."""
        x = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)  # (b, c, h, w)
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            x = functional.max_pool2d(torch.relu(functional.conv2d(x, kernel, bias, padding=1)), 2)
        logits, features = self.head(x.flatten(1))
        return logits, features


class FlatNetwork(Network):
    """A :class:`~weaklab.end_models.networks.Network` over the pixels of images, in rows."""

    takes_sparse = False

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:  # type: ignore[override]
        """The logits (b, k), and the hidden units (b, h) or None."""
        return super().forward(images.flatten(1))


def image_network(
    shape: tuple[int, ...], k: int, *, hidden: int | None, dropout: Thinning, generator: torch.Generator
) -> nn.Module:
    """The network for images of a shape: convolutions, or a flat one where it is linear or the images are tiny."""
    if hidden is None or min(shape[:2]) < _SMALLEST:
        return FlatNetwork(math.prod(shape), k, hidden, dropout, generator)
    return ConvNetwork(shape, k, hidden=hidden, dropout=dropout, generator=generator)
