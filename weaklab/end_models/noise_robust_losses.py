"""Losses that wrong labels pull less: generalised and symmetric cross-entropy, and early-learning regularisation.

They make the model surer than the labels are, so its cross-entropy on held-out labels rises early, long before they
have done their work. Held-out rows are therefore judged by these losses themselves, see :meth:`LossTerm.rows_loss`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weaklab.end_models.losses import LossTerm, Step, cross_entropy_rows
from weaklab.end_models.parameters import check_number, check_share
from weaklab.end_models.training_rows import TrainingRows
from weaklab.exceptions import ParameterError

_FLOOR = 1e-4  # of labels in reverse cross-entropy, and of probabilities in early learning: as in the authors' codes


class GeneralizedCrossEntropy(LossTerm):
    r"""A loss between cross-entropy and absolute error: the more a label disagrees, the less it pulls.

    .. math:: \frac1b \sum_i w_i \sum_y q_{iy} \frac{1 - p_{iy}^q}{q}

    It takes the place of :class:`SoftCrossEntropy`. Its gradient is that of cross-entropy with the part of class y
    times :math:`p_{iy}^q`.

    Parameters
    ----------
    q : float in (0, 1], default=0.7
        Towards 0 it becomes cross-entropy; 1 is absolute error, which is robust to even noise and slow to learn.

    Raises
    ------
    ParameterError
        If ``q`` is out of range.

    Notes
    -----
    Zhang and Sabuncu (2018), doi:10.48550/arXiv.1805.07836, for hard labels; with soft labels it is the loss to be
    expected for a class drawn from them.

    Examples
    --------
    >>> GeneralizedCrossEntropy(1.0)(Step.of(torch.zeros(1, 2), [[1.0, 0.0]]))  # 1 - p
    tensor(0.5000)
    """

    tasks = ("multiclass",)

    def __init__(self, q: float = 0.7) -> None:
        self.q = check_share("q", q, from_zero=False)

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return (step.weight * self.rows_loss(step.logits, step.target)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row."""
        cost = -torch.expm1(self.q * torch.log_softmax(logits, dim=1)) / self.q  # (b, k)
        return (target * cost).sum(dim=1)

    def __repr__(self) -> str:
        return f"GeneralizedCrossEntropy({self.q:g})"


class SymmetricCrossEntropy(LossTerm):
    r"""Cross-entropy plus its reverse, in which labels and probabilities change places.

    .. math:: \frac1b \sum_i w_i \Bigl(-\alpha \sum_y q_{iy} \ln p_{iy}
        - \beta \sum_y p_{iy} \ln \max(q_{iy}, 10^{-4})\Bigr)

    It takes the place of :class:`SoftCrossEntropy`. The reverse part is bounded, so a row that disagrees cannot pull
    without end; it asks for the most probable class of the soft label rather than for its probabilities.

    Parameters
    ----------
    alpha : float from 0, default=0.1
        The factor of cross-entropy. 6 was the authors' choice for 100 classes, where 0.1 learns too slowly.
    beta : float from 0, default=1.0
        The factor of reverse cross-entropy.

    Raises
    ------
    ParameterError
        If a factor is out of range, or both are 0.

    Notes
    -----
    Wang et al. (2019), doi:10.48550/arXiv.1908.06112; the floor of 1e-4 for labels is that of their code.

    Examples
    --------
    >>> SymmetricCrossEntropy(0.0, 1.0)(Step.of(torch.zeros(1, 2), [[1.0, 0.0]]))  # -ln(1e-4) / 2
    tensor(4.6052)
    """

    tasks = ("multiclass",)

    def __init__(self, alpha: float = 0.1, beta: float = 1.0) -> None:
        check_number("alpha", alpha)
        check_number("beta", beta)
        if alpha == beta == 0:
            raise ParameterError("alpha and beta are both 0, so there is nothing to learn from.")
        self.alpha, self.beta = float(alpha), float(beta)

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return (step.weight * self.rows_loss(step.logits, step.target)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row."""
        reverse = -(torch.softmax(logits, dim=1) * target.clamp(min=_FLOOR).log()).sum(dim=1)  # (b,)
        return self.alpha * cross_entropy_rows(logits, target) + self.beta * reverse

    def __repr__(self) -> str:
        return f"SymmetricCrossEntropy({self.alpha:g}, {self.beta:g})"


class EarlyLearning(LossTerm):
    r"""Keeps a network at what it learnt first, before it learns wrong labels by heart.

    For each row a running mean t of the model's probabilities is kept, and the model is drawn to it:

    .. math:: \lambda \frac1b \sum_i w_i \ln(1 - \langle t_i, p_i \rangle), \qquad
        t_i \leftarrow \beta t_i + (1 - \beta) p_i

    It is added to a loss: ``SoftCrossEntropy() + EarlyLearning()``. It needs a network that could learn the labels by
    heart, and several epochs.

    Parameters
    ----------
    strength : float from 0, default=3.0
        The factor :math:`\lambda`; 3 for 10 classes and 7 for 100 were the authors' choices.
    momentum : float in [0, 1), default=0.7
        The share :math:`\beta` of the old mean that stays.

    Raises
    ------
    ParameterError
        If an argument is out of range, or the term is used without :meth:`start`.

    Notes
    -----
    Liu et al. (2020), doi:10.48550/arXiv.2007.00151. The mean is one float32 per row given to ``fit`` and class, on
    the device of the training. Held-out rows have no mean of the past; what the model says of them now is taken for it.

    Examples
    --------
    >>> step = Step.of(torch.zeros(1, 2), [[1.0, 0.0]])
    >>> term = EarlyLearning(1.0, 0.5).start(TrainingRows.of(step.target))
    >>> term(step)  # t = p / 2, so ln(1 - 1/4)
    tensor(-0.2877)
    """

    tasks = ("multiclass",)
    adds_only = True

    def __init__(self, strength: float = 3.0, momentum: float = 0.7) -> None:
        check_number("strength", strength)
        check_number("momentum", momentum, below=1.0)
        self.strength, self.momentum = float(strength), float(momentum)
        self._mean: Tensor | None = None

    def start(self, rows: TrainingRows) -> EarlyLearning:
        """A fresh copy, with a mean of zero for each row."""
        fresh = EarlyLearning(self.strength, self.momentum)
        fresh._mean = torch.zeros((rows.n_positions, rows.k), dtype=torch.float32, device=rows.device)
        return fresh

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar; moves their running means."""
        if self._mean is None:
            raise ParameterError("EarlyLearning keeps a mean per row: call start(rows) before the first step.")
        probs = torch.softmax(step.logits, dim=1).clamp(_FLOOR, 1 - _FLOOR)
        seen = probs.detach()
        mean = self.momentum * self._mean[step.index] + (1 - self.momentum) * seen / seen.sum(dim=1, keepdim=True)
        self._mean[step.index] = mean
        return self.strength * (step.weight * torch.log1p(-(mean * probs).sum(dim=1))).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The term of each held-out row, with its probabilities as their own mean: the surer, the lower."""
        probs = torch.softmax(logits, dim=1).clamp(_FLOOR, 1 - _FLOOR)
        return self.strength * torch.log1p(-(probs / probs.sum(dim=1, keepdim=True) * probs).sum(dim=1))

    def state_dict(self) -> dict[str, Any]:
        """The running means, (rows given to ``fit``, k)."""
        return {} if self._mean is None else {"mean": self._mean.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where :meth:`state_dict` was taken, on the device where this term was started."""
        if self._mean is None or self._mean.shape != state["mean"].shape:
            raise ParameterError(
                f"The state is of {tuple(state['mean'].shape)} rows and classes, "
                f"this term of {'none' if self._mean is None else tuple(self._mean.shape)}."
            )
        self._mean.copy_(state["mean"])

    def __repr__(self) -> str:
        return f"EarlyLearning({self.strength:g}, {self.momentum:g})"
