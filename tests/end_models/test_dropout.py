"""Dropout drawn by 16 bits a unit: the share, the scale, and the units left out are those of dropout."""

from __future__ import annotations

import pytest
import torch

from weaklab.end_models.dropout import Dropout


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_the_share_is_left_out_and_sums_stay(share):
    """A million units: the share within five standard errors; neighbours, which share a draw, are independent."""
    torch.manual_seed(0)
    units = Dropout(share).train()(torch.ones(1000, 1001))
    out = (units == 0).double()
    n = out.numel()
    assert abs(out.mean() - share) < 5 * (share * (1 - share) / n) ** 0.5
    assert units[units != 0].unique().tolist() == pytest.approx([1 / (1 - share)], rel=1e-4)
    for apart in (1, 2, 3, 1001):
        flat = out.flatten() - out.mean()
        correlation = (flat[:-apart] * flat[apart:]).mean() / (share * (1 - share))
        assert abs(correlation) < 5 / n**0.5


def test_prediction_leaves_units_alone_and_gradients_follow_the_mask():
    """As any dropout; and the seed decides."""
    units = torch.ones(3, 5, requires_grad=True)
    layer = Dropout(0.5)
    assert layer.eval()(units) is units
    torch.manual_seed(1)
    found = layer.train()(units)
    found.sum().backward()
    assert torch.equal(units.grad, found.detach())
    torch.manual_seed(1)
    assert torch.equal(layer(units), found)
    assert Dropout(0.0).train()(units) is units
    assert layer.train()(torch.ones(0, 4)).shape == (0, 4)
    assert (Dropout(0.999999).train()(torch.ones(10_000)) != 0).sum() < 10
