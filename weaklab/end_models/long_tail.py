"""Rare classes: adjusted logits and balanced class weights, from the shares of the classes in the soft labels."""

from __future__ import annotations

import torch
from torch import Tensor

from weaklab.end_models.losses import LossTerm, Step, cross_entropy_rows
from weaklab.end_models.parameters import check_number
from weaklab.end_models.training_rows import TrainingRows
from weaklab.exceptions import ParameterError


class LogitAdjustment(LossTerm):
    r"""Cross-entropy with the shares of the classes added to the logits while training.

    .. math:: -\frac1b \sum_i w_i \sum_y q_{iy} \ln \operatorname{softmax}_y (z_i + \tau \ln \pi)

    The model need not learn that rare classes are rare; predicting without the addition then weighs all classes
    alike, which is best for the accuracy averaged over classes, and costs some of the accuracy over rows. It takes
    the place of :class:`SoftCrossEntropy`.

    Parameters
    ----------
    tau : float from 0, default=1.0
        0 is cross-entropy; 1 is right for balanced accuracy; more favours rare classes further.

    Raises
    ------
    ParameterError
        If ``tau`` is out of range, or the term is used without :meth:`start`.

    Notes
    -----
    Menon et al. (2021), doi:10.48550/arXiv.2007.07314. The shares :math:`\pi` are those of the soft labels of the
    rows trained on, by weight; a class without any counts as if a thousandth of a row had it. Held-out rows are judged
    with the addition too, since plain cross-entropy would ask for predictions that are not balanced.

    Examples
    --------
    >>> term = LogitAdjustment().start(TrainingRows.of([[0.75, 0.25]]))
    >>> term(Step.of(torch.zeros(1, 2), [[0.0, 1.0]]))  # ln 4
    tensor(1.3863)
    """

    tasks = ("multiclass",)

    def __init__(self, tau: float = 1.0) -> None:
        check_number("tau", tau)
        self.tau = float(tau)
        self._shift: Tensor | None = None

    def start(self, rows: TrainingRows) -> LogitAdjustment:
        """A copy that knows the shares of the classes."""
        fresh = LogitAdjustment(self.tau)
        fresh._shift = self.tau * rows.class_share.clamp(min=1e-3 / rows.n).log()
        return fresh

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return (step.weight * self.rows_loss(step.logits, step.target)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row."""
        if self._shift is None:
            raise ParameterError("LogitAdjustment needs the shares of the classes: call start(rows) first.")
        return cross_entropy_rows(logits + self._shift, target)

    def __repr__(self) -> str:
        return f"LogitAdjustment({self.tau:g})"


class ClassBalancedCrossEntropy(LossTerm):
    r"""Cross-entropy in which a class counts the more the fewer rows it has.

    .. math:: -\frac1b \sum_i w_i \sum_y c_y\, q_{iy} \ln p_{iy}, \qquad c_y \propto \frac{1 - \beta}{1 - \beta^{n_y}}

    :math:`n_y` is the number of rows of the class, :math:`n \pi_y` with the shares of the soft labels; the factors
    are scaled so that a row counts 1 on average. It takes the place of :class:`SoftCrossEntropy`.

    Parameters
    ----------
    beta : float in [0, 1), default=0.9999
        How fast more rows of a class stop telling anything new: ``1 / (1 - beta)`` is the most that can count. 0
        weighs all alike; with far fewer rows than that, weights are inverse to the number of rows.

    Raises
    ------
    ParameterError
        If ``beta`` is out of range, or the term is used without :meth:`start`.

    Notes
    -----
    Cui et al. (2019), doi:10.48550/arXiv.1901.05555; they scale the factors to add up to k. A network that can learn
    every row by heart ends much the same whatever the weights; :class:`LogitAdjustment` does not have that fault.

    Examples
    --------
    >>> term = ClassBalancedCrossEntropy().start(TrainingRows.of(torch.eye(2)[[0, 0, 0, 1]]))
    >>> term(Step.of(torch.zeros(1, 2), [[0.0, 1.0]]))  # 2 ln 2: each of 4 rows counts 4 / (2 * n_y)
    tensor(1.3862)
    """

    tasks = ("multiclass",)

    def __init__(self, beta: float = 0.9999) -> None:
        check_number("beta", beta, below=1.0)
        self.beta = float(beta)
        self._factors: Tensor | None = None

    def start(self, rows: TrainingRows) -> ClassBalancedCrossEntropy:
        """A copy that knows the number of rows of each class."""
        share = rows.class_share.double()
        known = share > 0
        factors = torch.where(known, 1 / (1 - self.beta ** (rows.n * share).clamp(min=1e-3)), 0.0)
        fresh = ClassBalancedCrossEntropy(self.beta)
        fresh._factors = (factors / (share * factors).sum()).float()
        return fresh

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return (step.weight * self.rows_loss(step.logits, step.target)).mean()

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row."""
        if self._factors is None:
            raise ParameterError("ClassBalancedCrossEntropy needs the shares of the classes: call start(rows) first.")
        return cross_entropy_rows(logits, target * self._factors)

    def __repr__(self) -> str:
        return f"ClassBalancedCrossEntropy({self.beta:g})"
