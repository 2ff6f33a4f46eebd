"""After nested dropout: how many of the first units shall predict."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaklab.end_models.inference import predict_logits
from weaklab.end_models.nested_dropout import OrderedUnits
from weaklab.end_models.streaming import Stored

TRIED = 64  # numbers of units that are tried, of more


@torch.no_grad()
def choose_prefixes(module: nn.Module, rows: Stored, target: Tensor) -> None:
    """Let each layer of ordered units keep as many as agree best with held-out labels, or as few, at 1e-5 per unit."""
    layers = [layer for layer in module.modules() if isinstance(layer, OrderedUnits)]
    for layer in layers:
        width = len(layer.kept)
        counts = sorted({round(count) for count in torch.linspace(1, width, min(width, TRIED)).tolist()})
        scores = []
        for count in counts:
            layer.keep(count)
            best = predict_logits(module, rows, target.shape[1]).argmax(dim=1, keepdim=True)
            scores.append(target.gather(1, best).mean() - 1e-5 * count)
        layer.keep(counts[int(torch.stack(scores).argmax())])
