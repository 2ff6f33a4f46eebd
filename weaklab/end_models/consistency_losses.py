"""Ask for the same answer twice: under noise on the rows, and from several sources that see the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from weaklab.end_models.losses import LossTerm, Step
from weaklab.end_models.networks import run_module
from weaklab.end_models.parameters import check_number
from weaklab.end_models.rows import Rows, SparseRows
from weaklab.exceptions import ParameterError

#: From rows as the model gets them to another form of the same rows.
View: TypeAlias = Callable[[Rows], Rows]


class NoiseConsistency(LossTerm):
    r"""The model's answer to a row with noise must be its answer to the row.

    .. math:: \lambda \frac1b \sum_i \operatorname{KL}(\bar p(x_i) \,\|\, p(x_i + \sigma \epsilon_i)),
        \qquad \epsilon_i \sim N(0, I)

    No gradient flows through :math:`\bar p`. Where the answer f is a number, as that of :class:`EndRegressor`, it is
    the mean of :math:`|f(x_i + \sigma \epsilon_i) - \bar f(x_i)|`, in standard deviations of the target. It is added
    to a loss: ``SoftCrossEntropy() + NoiseConsistency(0.3)``, ``SquaredError() + NoiseConsistency(0.3)``.
    All rows of a batch count alike, whatever their weight, so that rows without votes help too: take them in by
    ``EndModel(which="semi-supervised")``. A step costs two passes through the model.

    Parameters
    ----------
    sigma : float above 0, or pair of them, default=(0.1, 0.5)
        The size of the noise, in units of the features, which are standard deviations for numeric columns; of a
        pair, drawn evenly for each row. For sparse rows, such as text, it is the share of entries (n-grams) that are
        left out, below 1; the others are scaled up so that the mean squared length of a row stays.
    weight : float from 0, default=1.0
        The factor :math:`\lambda`.

    Raises
    ------
    ParameterError
        If an argument is out of range.

    Notes
    -----
    The consistency term of Desai et al. (2023), "Noise2Recon", doi:10.48550/arXiv.2110.00075, with Kullback and
    Leibler's divergence in the place of the absolute error where answers are probabilities. The noise comes from
    torch's own random state, which :class:`EndModel` seeds.

    Examples
    --------
    >>> NoiseConsistency(0.1)(Step.of(torch.zeros(1, 2), [[1.0, 0.0]])).shape
    torch.Size([])
    """

    tasks = ("multiclass", "regression")
    adds_only = True

    def __init__(self, sigma: float | tuple[float, float] = (0.1, 0.5), weight: float = 1.0) -> None:
        pair = sigma if isinstance(sigma, (tuple, list)) else (sigma, sigma)
        if len(pair) != 2:
            raise ParameterError(f"sigma={sigma!r} must be a number or a pair (least, greatest).")
        for value in pair:
            check_number("sigma", value, above=0.0)
        if pair[0] > pair[1]:
            raise ParameterError(f"sigma={sigma!r} must be a pair (least, greatest).")
        check_number("weight", weight)
        self.sigma, self.weight = (float(pair[0]), float(pair[1])), float(weight)

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        noisy = run_module(step.model, self._perturbed(step.x), step.logits.shape[1])[0]
        if step.logits.shape[1] == 1:  # a number; the one class of a classifier is always as probable
            return self.weight * (noisy - step.logits.detach()).abs().mean()
        clean = torch.log_softmax(step.logits.detach(), dim=1)
        again = torch.log_softmax(noisy, dim=1)
        return self.weight * functional.kl_div(again, clean, reduction="batchmean", log_target=True)

    def _perturbed(self, rows: Rows) -> Rows:
        low, high = self.sigma
        sigma = low + (high - low) * torch.rand(len(rows), dtype=torch.float32, device=rows.device)  # (b,)
        if not isinstance(rows, SparseRows):
            return rows + sigma.view(-1, *[1] * (rows.ndim - 1)) * torch.randn_like(rows)
        if high >= 1:
            raise ParameterError(f"sigma={self.sigma!r} must be below 1 for sparse rows: the share that is left out.")
        dropped = torch.repeat_interleave(sigma, rows.indptr.diff().long())  # (nnz,)
        kept = torch.rand_like(dropped) >= dropped
        values = rows.values * kept / (1 - dropped).sqrt()
        return SparseRows(rows.indptr, rows.columns, values, rows.n_columns)

    def __repr__(self) -> str:
        low, high = self.sigma
        return f"NoiseConsistency({f'{low:g}' if low == high else f'({low:g}, {high:g})'}, {self.weight:g})"


class MultiSourceConsistency(LossTerm):
    r"""Several sources that see the same rows must agree on the class that their weighted mean favours.

    .. math:: e^{-r (1 - t)^2} \frac1b \sum_i \sum_s \sum_y (p_{siy} - h_{iy})^2

    t is the progress of training; h is one at the class of greatest :math:`\sum_s v_s p_{siy}` among those that the
    soft label does not exclude (a probability of 0), and no gradient flows through it. It is added to a loss that
    trains each source. All rows of a batch count alike, whatever their weight: rows without votes take part by
    ``EndModel(which="semi-supervised")``.

    Parameters
    ----------
    sources : callable (Step) -> sequence of Tensor of shape (b, k), optional
        The logits of two sources or more. None takes the model's logits for the rows and for each of their views. A
        module of several networks may give their logits as features (b, sources, k), to be taken by
        ``lambda step: step.features.unbind(1)``.
    views : callable (rows) -> rows, or sequence of them, optional
        Other forms of the rows of a batch, made in each step, in which the classes stay the same: images moved by a
        pixel, columns left out. ``sources`` finds them in ``step.views``; without it, each costs a pass through the
        model. Rows are as the model gets them (a Tensor, or :class:`SparseRows` of text); torch's random state may be
        used, which :class:`EndModel` seeds.
    weights : sequence of float above 0, optional
        How much each source counts in the mean; None counts them alike.
    ramp : float from 0, default=5.0
        How slowly the term comes in (r): at 5 it has 0.7 % of its size at the start and 29 % in the middle of
        training. Sources that know nothing yet should not teach each other.

    Raises
    ------
    ParameterError
        If an argument is out of range, there are fewer than two sources, or not one weight for each.

    Notes
    -----
    The multi-source consistency of Zhai et al. (2023), doi:10.48550/arXiv.2309.01246, for the probabilities of k
    classes; there, the sources are noise patterns of an image, and cells of authentic images are excluded.

    Examples
    --------
    >>> term = MultiSourceConsistency(lambda step: [step.logits, -step.logits], ramp=0.0)
    >>> term(Step.of(torch.tensor([[40.0, 0.0]]), [[1.0, 0.0]]))  # the second source is wrong altogether
    tensor(2.)
    >>> def mirrored(images):  # of shape (b, h, w) or (b, h, w, c); torch.fliplr would turn them upside down
    ...     return images.flip(2)
    >>> mirrored(torch.tensor([[[1, 2], [3, 4]]])).tolist()
    [[[2, 1], [4, 3]]]
    >>> MultiSourceConsistency(views=mirrored)
    MultiSourceConsistency(views=(mirrored,))
    """

    tasks = ("multiclass",)
    adds_only = True

    def __init__(
        self,
        sources: Callable[[Step], Sequence[Tensor]] | None = None,
        *,
        views: View | Sequence[View] = (),
        weights: Sequence[float] | None = None,
        ramp: float = 5.0,
    ) -> None:
        if sources is not None and not callable(sources):
            raise ParameterError(f"sources={sources!r} must be a callable (step) -> logits of each source, or None.")
        given, views = views, tuple(views) if isinstance(views, Sequence) else (views,)
        if not all(map(callable, views)):
            raise ParameterError(f"views={given!r} must be a callable (rows) -> rows, or several.")
        if weights is not None and not isinstance(weights, (Sequence, np.ndarray)):
            raise ParameterError(f"weights={weights!r} must be one number per source, or None.")
        for value in () if weights is None else weights:
            check_number("weights", value, above=0.0)
        check_number("ramp", ramp)
        self.sources, self.views = sources, views
        self.weights, self.ramp = None if weights is None else tuple(weights), float(ramp)

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        if self.views:
            step = replace(step, views=tuple(_viewed(view, step.x) for view in self.views))
        logits = _model_on_views(step) if self.sources is None else list(self.sources(step))
        if len(logits) < 2:
            raise ParameterError(f"There are {len(logits)} sources; consistency needs two: give sources=, or views.")
        if self.weights is not None and len(self.weights) != len(logits):
            raise ParameterError(f"There are {len(self.weights)} weights for {len(logits)} sources.")
        probs = torch.softmax(torch.stack(logits), dim=2)  # (sources, b, k)
        weights = probs.new_tensor(self.weights or (1.0,) * len(logits))
        mean = torch.einsum("s,sbk->bk", weights, probs.detach())
        agreed = functional.one_hot((mean * (step.target > 0)).argmax(dim=1), mean.shape[1])
        ramp = math.exp(-self.ramp * (1 - step.progress) ** 2)
        return ramp * (probs - agreed).square().sum(dim=(0, 2)).mean()

    def __repr__(self) -> str:
        inside: list[Any] = [] if self.sources is None else [_name(self.sources)]
        inside += [f"views=({', '.join(map(_name, self.views))},)"] if self.views else []
        inside += [] if self.weights is None else [f"weights={self.weights!r}"]
        inside += [] if self.ramp == 5 else [f"ramp={self.ramp:g}"]
        return f"MultiSourceConsistency({', '.join(inside)})"


def _name(function: Any) -> str:
    return getattr(function, "__name__", None) or repr(function)


def _viewed(view: View, rows: Rows) -> Rows:
    seen = view(rows)
    if not isinstance(seen, (Tensor, SparseRows)) or len(seen) != len(rows):
        what = f"{len(seen)} rows" if isinstance(seen, (Tensor, SparseRows)) else repr(seen)
        raise ParameterError(f"views: {_name(view)} gave {what} for a batch of {len(rows)} rows.")
    return seen


def _model_on_views(step: Step) -> list[Tensor]:
    k = step.logits.shape[1]
    return [step.logits, *(run_module(step.model, view, k)[0] for view in step.views)]
