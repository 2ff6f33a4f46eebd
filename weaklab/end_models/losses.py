"""Loss terms: what a step of training gives them, how they add up, and the soft cross-entropy."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from weaklab.end_models.rows import Rows
from weaklab.end_models.training_rows import TrainingRows, ready, restore, state_of
from weaklab.exceptions import ParameterError


@dataclass(frozen=True, eq=False)
class Step:
    """All that a loss term may look at in one step of training, over b rows and k classes.

    Parameters
    ----------
    logits : Tensor of shape (b, k)
        What the model gives; gradients flow through it.
    features : Tensor of shape (b, h) or None
        The last hidden layer, where the model shows one.
    target : Tensor of shape (b, k)
        The soft labels; each row sums to 1.
    weight : Tensor of shape (b,)
        The weight of each row; over all rows trained on, the mean is 1. Rows without labels have 0, see
        ``EndModel(which="semi-supervised")``.
    index : Tensor of int64 of shape (b,)
        The position of each row in what was given to ``fit``, the same in every epoch.
    x : Tensor or SparseRows of shape (b, columns)
        The rows themselves.
    epoch : int
        From 0.
    progress : float
        The share of all steps of ``max_epochs`` that is over, from 0 to below 1.
    model : nn.Module
        What is being trained.
    views : tuple of Tensor or SparseRows
        Other forms of the same rows, for terms that compare them. Terms that are given ``views=``, such as
        :class:`MultiSourceConsistency`, make them for themselves; in what :class:`EndModel` gives there are none.
    """

    logits: Tensor
    features: Tensor | None
    target: Tensor
    weight: Tensor
    index: Tensor
    x: Rows
    epoch: int
    progress: float
    model: nn.Module
    views: tuple[Rows, ...] = ()

    @classmethod
    def of(cls, logits: Tensor, target: Any, *, progress: float = 0.0) -> Step:
        """A step over the rows 0 to b - 1 of weight 1, to try a term on by hand.

        Examples
        --------
        >>> SoftCrossEntropy()(Step.of(torch.zeros(1, 2), [[0.5, 0.5]]))
        tensor(0.6931)
        """
        b, k = logits.shape
        probs = torch.as_tensor(target, dtype=torch.float32, device=logits.device)
        index = torch.arange(b, device=logits.device)
        return cls(logits, None, probs, probs.new_ones(b), index, logits.detach(), 0, progress, nn.Linear(k, k))


Term: TypeAlias = Callable[[Step], Tensor]


class LossTerm:
    """A loss term that can be added to others and multiplied by a number.

    Any callable that takes a :class:`Step` and gives a scalar is a loss term. This class adds the arithmetic:
    ``SoftCrossEntropy() + 0.1 * LossTerm(my_function)``. Terms that remember something, or must know the rows before
    the first step, override :meth:`start`, and :meth:`state_dict` with :meth:`load_state_dict`. Terms that another
    loss of held-out rows than that of the task would stop too early, override :meth:`rows_loss`. A class may say what
    it is for: ``tasks``, the tasks that it can train ("multiclass", "multilabel", "regression"; None is any), and
    ``adds_only``, that it learns nothing from the labels and needs a loss beside it; else it is an error.

    Parameters
    ----------
    function : callable (Step) -> Tensor of shape ()
        The term.

    Raises
    ------
    ParameterError
        If it cannot be called.

    Examples
    --------
    >>> def small_logits(step):
    ...     return step.logits.square().mean()
    >>> SoftCrossEntropy() + 0.1 * LossTerm(small_logits)
    SoftCrossEntropy() + 0.1 * LossTerm(small_logits)
    >>> sum([SoftCrossEntropy(), LossTerm(small_logits) / 2])
    SoftCrossEntropy() + 0.5 * LossTerm(small_logits)
    """

    #: The tasks that the term can train; None is any.
    tasks: ClassVar[tuple[str, ...] | None] = None
    #: Whether it is only added to a loss that learns from the labels.
    adds_only: ClassVar[bool] = False

    def __init__(self, function: Term) -> None:
        if not callable(function):
            raise ParameterError(f"A loss term must be a callable (step) -> scalar tensor, got {function!r}.")
        self.function = function

    def __call__(self, step: Step) -> Tensor:
        """The value of the term, a scalar."""
        return self.function(step)

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor | None:
        """The loss of each held-out row, by which training is stopped and the best weights are chosen.

        A sum adds up those of its terms that have one, and a term times a number multiplies it. Where no term has
        one, the task's own loss is taken: soft cross-entropy for classes.

        Parameters
        ----------
        logits : Tensor of shape (h, k)
            What the model gives for all held-out rows.
        target : Tensor of shape (h, k)
            Their soft labels.

        Returns
        -------
        Tensor of shape (h,), or None
            None where the term has nothing to say of a held-out row, as most that are added to a loss.
        """
        inner = self.inner().values()
        said = [rows for term in inner if (rows := held_out_loss(term, logits, target)) is not None]
        return sum(said[1:], start=said[0]) if said else None

    def start(self, rows: TrainingRows) -> LossTerm:
        """A term that is ready for one training, and shares nothing with any other; terms within it are started too.

        Parameters
        ----------
        rows : TrainingRows
            The rows that will be trained on.

        Returns
        -------
        LossTerm
            This term itself, where there is nothing to make ready.
        """
        inner = self.inner()
        if not inner:
            return self
        fresh = copy.copy(self)
        for name, term in inner.items():
            setattr(fresh, name, ready(term, rows))
        return fresh

    def state_dict(self) -> dict[str, Any]:
        """What a started term remembers, to be saved with the weights of the model."""
        states = {name: state_of(term) for name, term in self.inner().items()}
        return {name: state for name, state in states.items() if state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Give a started term back what :meth:`state_dict` gave."""
        for name, term in self.inner().items():
            if name in state:
                restore(term, state[name])

    def inner(self) -> dict[str, Term]:
        """The terms that this one is made of, by attribute: those of a sum, that of a product, a function; or none."""
        return {name: part for name in ("function", "left", "right", "term") if (part := vars(self).get(name))}

    def __add__(self, other: Any) -> LossTerm:
        if isinstance(other, Real) and other == 0:  # what ``sum`` starts with
            return self
        return Sum(self, other) if callable(other) else NotImplemented

    def __radd__(self, other: Any) -> LossTerm:
        return Sum(other, self) if callable(other) else self.__add__(other)

    def __sub__(self, other: Term) -> LossTerm:
        return Sum(self, Scaled(other, -1)) if callable(other) else NotImplemented

    def __rsub__(self, other: Term) -> LossTerm:
        return Sum(other, Scaled(self, -1)) if callable(other) else NotImplemented

    def __neg__(self) -> LossTerm:
        return Scaled(self, -1)

    def __mul__(self, factor: Any) -> LossTerm:
        return Scaled(self, float(factor)) if isinstance(factor, Real) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> LossTerm:
        if isinstance(divisor, Real) and divisor == 0:
            raise ParameterError(f"{self!r} cannot be divided by 0.")
        return Scaled(self, 1 / float(divisor)) if isinstance(divisor, Real) else NotImplemented

    def __repr__(self) -> str:
        function = vars(self).get("function")
        if function is None:  # a term of a user's own
            return f"{type(self).__name__}()"
        return f"LossTerm({getattr(function, '__name__', None) or repr(function)})"


class Sum(LossTerm):
    """The sum of two terms; what ``+`` makes."""

    def __init__(self, left: Term, right: Term) -> None:
        self.left, self.right = left, right

    def __call__(self, step: Step) -> Tensor:
        """The sum of both, a scalar."""
        return self.left(step) + self.right(step)

    def __repr__(self) -> str:
        return f"{self.left!r} + {self.right!r}"


class Scaled(LossTerm):
    """A term times a number; what ``*`` makes."""

    def __init__(self, term: Term, factor: float) -> None:
        self.term, self.factor = term, float(factor)

    def __call__(self, step: Step) -> Tensor:
        """The product, a scalar."""
        return self.factor * self.term(step)

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor | None:
        """That of the term, multiplied."""
        rows = held_out_loss(self.term, logits, target)
        return None if rows is None else self.factor * rows

    def __repr__(self) -> str:
        inner = f"({self.term!r})" if isinstance(self.term, Sum) else repr(self.term)
        return f"{self.factor:g} * {inner}"


class SoftCrossEntropy(LossTerm):
    r"""The cross-entropy from soft labels to the model's probabilities, weighted by row, in nats.

    .. math:: -\frac1b \sum_i w_i \sum_y q_{iy} \ln p_{iy}

    Training on it is the same, in expectation, as training on a class drawn from the soft label each time (Ratner et
    al., 2016, doi:10.48550/arXiv.1605.07723, "noise-aware loss").

    Examples
    --------
    >>> cross_entropy(torch.zeros(1, 2), torch.tensor([[0.5, 0.5]]), torch.ones(1))
    tensor(0.6931)
    """

    tasks = ("multiclass",)

    def __init__(self) -> None:
        pass

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        return cross_entropy(step.logits, step.target, step.weight)

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The cross-entropy of each held-out row."""
        return cross_entropy_rows(logits, target)

    def __repr__(self) -> str:
        return "SoftCrossEntropy()"


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """The weighted soft cross-entropy, averaged over rows, in nats.

    Parameters
    ----------
    logits, target : Tensor of shape (b, k)
        What the model gives, and the soft labels.
    weight : Tensor of shape (b,)
        The weight of each row.

    Returns
    -------
    Tensor of shape ()
    """
    return (weight * cross_entropy_rows(logits, target)).mean()


def cross_entropy_rows(logits: Tensor, target: Tensor) -> Tensor:
    """The soft cross-entropy of each row, (b,), in nats."""
    return -(target * torch.log_softmax(logits, dim=1)).sum(dim=1)


def held_out_loss(loss: Term, logits: Tensor, target: Tensor) -> Tensor | None:
    """What a term says of each held-out row, (h,): its ``rows_loss``, or None if it has none.

    Examples
    --------
    >>> held_out_loss(2 * SoftCrossEntropy() + LossTerm(torch.mean), torch.zeros(1, 2), torch.tensor([[0.5, 0.5]]))
    tensor([1.3863])
    """
    rows_loss = getattr(loss, "rows_loss", None)
    said: Tensor | None = None if rows_loss is None else rows_loss(logits, target)
    return said


def loss_value(loss: Term, step: Step) -> Tensor:
    """The value of a loss term, checked to be a scalar tensor that training can follow.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    value: Any = loss(step)
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        what = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
        raise ParameterError(f"loss={loss!r} gave {what}; it must give a scalar tensor that depends on step.logits.")
    return value.reshape(())
