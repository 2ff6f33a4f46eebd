"""Logits of many rows, slice by slice, without gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaklab.end_models.networks import run_module
from weaklab.end_models.rows import take
from weaklab.end_models.streaming import Stored, StreamedRows

_SLICE = 4096  # rows per slice: bounds the memory for hidden units and for rows made dense


@torch.no_grad()
def predict_logits(model: nn.Module, rows: Stored, k: int, index: Tensor | None = None) -> Tensor:
    """The logits (n, k) of all rows, or of those numbered by ``index``, without gradients."""
    model.eval()
    device = rows.device
    index = torch.arange(len(rows), device=device) if index is None else index
    parts: list[Tensor] = []
    at, size = 0, _SLICE
    if isinstance(rows, StreamedRows):
        rows.expect(index.split(size))
    while at < len(index):
        try:
            parts.append(run_module(model, take(rows, index[at : at + size]), k)[0])
        except torch.OutOfMemoryError:
            size = min(size, len(index) - at) // 2  # the same logits in smaller slices
            if not size:
                raise
        else:
            at += size
    return torch.cat(parts) if parts else torch.zeros((0, k), dtype=torch.float32, device=device)
