"""What slices have learned, combined."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from weaklab.snorkel.classification.utils import collect_flow_outputs_by_suffix


class SliceCombinerModule(nn.Module):
    r"""The representations that slices have learned, weighted by how likely a row is in each and what it says there.

    .. math:: \sum_s \mathrm{softmax}_s\left(\frac{p_s q_s}{\tau}\right) r_s

    where p is the probability that a row is in slice s, q that of class 1 by the slice's predictor, and r the slice's
    representation.

    Parameters
    ----------
    slice_ind_key, slice_pred_key, slice_pred_feat_key : str
        How the names of outputs end that are the logits of being in a slice, the logits of its predictor, and its
        representation.
    temperature : float
        What the products are divided by.
    prefix : str
        How their names begin. A classifier that has several tasks with slices needs it, to keep them apart; Snorkel
        mixes them.

    Notes
    -----
    Chen et al. (2019), "Slice-based Learning: A Programming Model for Residual Learning in Critical Data Slices",
    doi:10.48550/arXiv.1909.06349.

    Examples
    --------
    >>> logits = torch.zeros(1, 2)
    >>> outputs = {"s_ind_head": logits, "s_pred_head": logits, "s_pred_transform": torch.tensor([[3.0, 1.0, 2.0]])}
    >>> SliceCombinerModule()(outputs)
    tensor([[3., 1., 2.]])
    """

    def __init__(
        self,
        slice_ind_key: str = "_ind_head",
        slice_pred_key: str = "_pred_head",
        slice_pred_feat_key: str = "_pred_transform",
        temperature: float = 1.0,
        prefix: str = "",
    ) -> None:
        super().__init__()
        self.slice_ind_key, self.slice_pred_key = slice_ind_key, slice_pred_key
        self.slice_pred_feat_key, self.temperature, self.prefix = slice_pred_feat_key, temperature, prefix

    def forward(self, output_dict: Mapping[str, Tensor]) -> Tensor:
        """The combined representation, (n, columns).

        Parameters
        ----------
        output_dict : mapping of str to Tensor
            Outputs by the names of operations.

        Raises
        ------
        NotImplementedError
            If predictors have more or fewer than two classes.
        """
        own = {name: value for name, value in output_dict.items() if name.startswith(self.prefix)}
        predictors = collect_flow_outputs_by_suffix(own, self.slice_pred_key)
        classes = predictors[0].shape[1]
        if classes > 2:
            raise NotImplementedError(f"SliceCombiner does not support more than 2 classes yet; got {classes}.")
        if classes < 2:
            raise NotImplementedError("SliceCombiner currently requires output shape [..., 2] for predictor heads.")
        inside = _second(collect_flow_outputs_by_suffix(own, self.slice_ind_key))  # (n, slices)
        weights = functional.softmax(inside * _second(predictors) / self.temperature, dim=1)
        features = torch.stack(collect_flow_outputs_by_suffix(own, self.slice_pred_feat_key), dim=1)
        return (weights.unsqueeze(-1) * features).sum(dim=1)


def _second(logits: list[Tensor]) -> Tensor:
    """The probability of class 1 by each, (n, how many)."""
    return functional.softmax(torch.stack(logits, dim=1), dim=2)[:, :, 1]
