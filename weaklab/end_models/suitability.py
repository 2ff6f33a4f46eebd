"""Whether a loss is one for the task: softmax losses teach a regression nothing, and regularisers alone no class."""

from __future__ import annotations

from collections.abc import Iterator

from weaklab.end_models.losses import LossTerm, Term
from weaklab.end_models.tasks import Task
from weaklab.exceptions import ParameterError


def check_loss(loss: Term | None, task: Task) -> None:
    """Check that all terms of a loss are for the task, and that one of them learns from the labels.

    Parameters
    ----------
    loss : callable (Step) -> Tensor of shape (), or None
        A term, a sum of them, or any function, of which nothing is known.
    task : Task
        What it shall train.

    Raises
    ------
    ParameterError
        If a term is for other tasks, or all of them only add to another loss.

    Examples
    --------
    >>> from weaklab.end_models import EarlyLearning, SoftCrossEntropy
    >>> from weaklab.end_models.tasks import Multiclass
    >>> check_loss(SoftCrossEntropy() + EarlyLearning(), Multiclass())
    """
    if loss is None:
        return
    terms = list(_terms(loss))
    for term in terms:
        tasks = getattr(term, "tasks", None)
        if tasks is not None and task.name not in tasks:
            raise ParameterError(
                f"loss={loss!r}: {term!r} is for task={' or '.join(map(repr, tasks))}, not for {task.name!r}. Use "
                f"{task.loss!r}, or a function of your own."
            )
    if all(getattr(term, "adds_only", False) for term in terms):
        raise ParameterError(
            f"loss={loss!r} learns nothing from the labels by itself; add it to a loss that does: {task.loss!r} + ..."
        )


def _terms(loss: Term) -> Iterator[Term]:
    """The terms that a loss is made of, without the sums and products."""
    inner = list(loss.inner().values()) if isinstance(loss, LossTerm) else []
    if not inner or getattr(loss, "adds_only", False) or getattr(loss, "tasks", None) is not None:
        yield loss
    else:
        for term in inner:
            yield from _terms(term)
