"""The shell of every refiner: check, refine, keep the promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.base import BaseEstimator

from weaklab.exceptions import CoverageWarning, FrameError, warn_caller
from weaklab.refine.problem import Problem, read_problem
from weaklab.typing import Floats
from weaklab.votes.soft import SoftLabels

if TYPE_CHECKING:
    from weaklab.refine.chain import Chain


class Refiner(BaseEstimator, ABC):
    """Soft labels in, better soft labels out.

    A refiner of your own has a constructor that only stores its arguments, and ``_refine``, which is given a checked
    :class:`~weaklab.refine.Problem` and answers with scores (n, k) and weights (n,); the scores need not be
    normalised. What every refiner promises is kept outside of it, in one place:

    - a row with gold comes out one-hot at its gold class, and ``gold`` is kept;
    - rows sum to 1, and a class that a row may not have gets nothing;
    - index and class names are those of the labels, and nothing that was given is changed.

    ``first >> second`` is a refiner that applies one after the other.
    ``weaklab.testing.check_refiner`` says whether a refiner keeps these and further laws.

    Attributes
    ----------
    changed_ : int
        How many rows of weight above 0 have another most probable class than before.

    Examples
    --------
    >>> import numpy as np
    >>> class Sharpen(Refiner):
    ...     needs_features = False
    ...     def __init__(self, power=2.0):
    ...         self.power = power
    ...     def _refine(self, problem):
    ...         return problem.probs**self.power, problem.weight
    >>> Sharpen().fit_transform([[0.75, 0.25]]).probs
    array([[0.9, 0.1]])
    """

    #: Whether Z must be given.
    needs_features = True
    #: Which laws of ``weaklab.testing.check_refiner`` it cannot keep, each with its reason.
    law_exemptions: ClassVar[Mapping[str, str]] = {}
    #: The groups and the allowed classes where ``fit_transform`` is not told; parameters of those that have them.
    groups: Any = None
    allowed: Any = None

    def fit_transform(self, labels: Any, Z: Any = None, groups: Any = None, *, allowed: Any = None) -> SoftLabels:
        """Refine labels.

        Parameters
        ----------
        labels : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            Rows of weight 0 are those of which nobody said anything; what their probabilities are is ignored.
        Z : ndarray, memmap, DataFrame of numbers, or sparse matrix, of shape (n, d)
            Features of the same rows: embeddings, or columns of the data.
        groups : array-like of hashable of shape (n,), optional
            Rows that belong together (the cells of an image, the sentences of a document) share a value.
        allowed : array-like of bool of shape (n, k), sequence of n collections of classes, or mapping, optional
            Which classes each row may have; a mapping goes from each group to its classes, by name or code.

        Returns
        -------
        SoftLabels

        Raises
        ------
        SoftLabelError
            If the labels are no distributions.
        FrameError
            If Z is missing, is no matrix of finite numbers, or has another number of rows.
        ParameterError
            If an argument, here or of the constructor, has a value that it cannot have.
        GoldError
            If a row's gold class is not among those that it may have.
        """
        self._check_parameters()
        groups = self.groups if groups is None else groups
        problem = read_problem(labels, Z, groups, self.allowed if allowed is None else allowed)
        if self.needs_features and problem.Z is None:
            raise FrameError(f"{type(self).__name__} needs features: fit_transform(labels, Z).")
        if problem.covered.any():
            refined = problem.finish(*self._refine(problem))
        else:
            if problem.n:
                warn_caller(
                    f"{type(self).__name__}: no row has a weight above 0, so there is nothing to learn from; the "
                    "labels are left as they are.",
                    CoverageWarning,
                )
            refined = problem.untouched()
        self.changed_ = int((problem.given.codes() != refined.codes())[problem.covered].sum())
        return refined

    @abstractmethod
    def _refine(self, problem: Problem) -> tuple[Floats, Floats]:
        """Scores (n, k), 0 or more, and weights (n,); fitted attributes are set on the way."""

    def _check_parameters(self) -> None:
        """Raise ParameterError where an argument of the constructor is wrong."""

    def __rshift__(self, other: Refiner) -> Chain:
        from weaklab.refine.chain import Chain

        return Chain([self, other]) if isinstance(other, Refiner) else NotImplemented
