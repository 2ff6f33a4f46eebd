"""Trust a strong model over its weak labels, the more the further it is: the auxiliary confidence loss."""

from __future__ import annotations

import copy

import torch
from torch import Tensor
from torch.nn import functional

from weaklab.end_models.losses import LossTerm, Step, cross_entropy_rows
from weaklab.end_models.parameters import check_number, check_share
from weaklab.end_models.training_rows import TrainingRows
from weaklab.exceptions import ParameterError


class AuxConfidence(LossTerm):
    r"""Cross-entropy to a mixture of the weak labels and of the model's own hardened predictions.

    .. math:: -\frac1b \sum_i w_i \sum_y \bigl((1 - c)\, q_{iy} + c\, h_{iy}\bigr) \ln p_{iy}

    c rises from 0 to ``coef`` over the first part of training; h is one at the class of greatest
    :math:`p_{iy} \pi_y / \bar p_y`, where :math:`\pi` are the shares of the classes among the weak labels and
    :math:`\bar p` the batch's mean prediction, so that hardening does not let one class take over. No gradient flows
    through h. It takes the place of :class:`SoftCrossEntropy`, and helps where the model could do better than the
    labels and their errors are not of a kind that it imitates.

    Parameters
    ----------
    coef : float in [0, 1], default=0.75
        How much the model's own predictions count in the end.
    warmup : float in [0, 1], default=0.2
        The share of training over which c rises evenly; 0 starts at ``coef``.
    balance : bool, default=True
        Balance the hardened classes by their shares; otherwise the most probable class is taken.

    Raises
    ------
    ParameterError
        If an argument is out of range.

    Notes
    -----
    Burns et al. (2023), "Weak-to-Strong Generalization", doi:10.48550/arXiv.2312.09390, for two classes, with a
    threshold at the quantile of the class's share; the rule above carries it to k classes. Batches need to be several
    times as large as there are classes.

    Examples
    --------
    >>> step = Step.of(torch.tensor([[1.0, 0.0]]), [[0.0, 1.0]])
    >>> AuxConfidence(1.0, warmup=0.0, balance=False)(step)  # the label counts no more: ln(1 + 1/e)
    tensor(0.3133)
    """

    tasks = ("multiclass",)

    def __init__(self, coef: float = 0.75, warmup: float = 0.2, *, balance: bool = True) -> None:
        self.coef, self.warmup = check_share("coef", coef), check_share("warmup", warmup)
        self.balance = bool(balance)
        self._share: Tensor | None = None

    def start(self, rows: TrainingRows) -> AuxConfidence:
        """A copy that knows the shares of the classes; without it, those of each batch are taken."""
        fresh = copy.copy(self)
        fresh._share = rows.class_share
        return fresh

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        ramp = min(1.0, step.progress / self.warmup) if self.warmup else 1.0
        return (step.weight * self._rows(step.logits, step.target, self.coef * ramp)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each held-out row with full trust, so that epochs of the warmup compare with those after it."""
        return self._rows(logits, target, self.coef)

    def _rows(self, logits: Tensor, target: Tensor, trust: float) -> Tensor:
        probs = torch.softmax(logits.detach(), dim=1)
        if self.balance:
            share = target.mean(dim=0) if self._share is None else self._share
            probs = probs * share / probs.mean(dim=0).clamp(min=1e-12)
        hard = functional.one_hot(probs.argmax(dim=1), probs.shape[1]).to(target.dtype)
        return cross_entropy_rows(logits, (1 - trust) * target + trust * hard)

    def __repr__(self) -> str:
        return f"AuxConfidence({self.coef:g}, warmup={self.warmup:g}{'' if self.balance else ', balance=False'})"


def performance_gap_recovered(weak: float, student: float, ceiling: float) -> float:
    r"""How much of the way from the weak labels to gold a model trained on the weak labels went.

    .. math:: \frac{\text{student} - \text{weak}}{\text{ceiling} - \text{weak}}

    Parameters
    ----------
    weak : float
        The accuracy, or any score, of the weak labels or of what made them.
    student : float
        That of the model trained on them.
    ceiling : float
        That of the same model trained on gold.

    Returns
    -------
    float
        0 is as good as the labels, 1 as good as gold; negative is worse than the labels.

    Raises
    ------
    ParameterError
        If a score is not finite, or the ceiling is not above the weak labels.

    Notes
    -----
    Burns et al. (2023), doi:10.48550/arXiv.2312.09390.

    Examples
    --------
    >>> performance_gap_recovered(0.6, 0.7, 0.8)
    0.5
    """
    for name, value in (("weak", weak), ("student", student), ("ceiling", ceiling)):
        check_number(name, value, above=float("-inf"))
    if ceiling <= weak:
        raise ParameterError(f"ceiling={ceiling!r} must be above weak={weak!r}: there is no gap to recover.")
    return round(float((student - weak) / (ceiling - weak)), 12)
