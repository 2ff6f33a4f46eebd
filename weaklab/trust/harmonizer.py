"""A model that agrees with all sources as far as they agree, and so knows which answers to doubt."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import ParameterError, VoteError, did_you_mean
from weaklab.label_models.parameters import check_count
from weaklab.trust.calibrator import Calibrator
from weaklab.trust.checks import read_answers
from weaklab.trust.review import review_queue, risk_of
from weaklab.typing import ABSTAIN, Classes, Floats, Seed
from weaklab.votes import SoftLabels, check_classes, check_gold, check_votes

Scalarizer = Literal["quadratic", "linear", "euclidean", "chebyshev"]


class Harmonizer(BaseEstimator):
    r"""A network fitted to labeling functions and a labeler's answers together, which then judges the answers.

    Its loss asks that no source be disagreed with more than the others need, see
    :class:`~weaklab.trust.pareto.ParetoLoss`. The risk of an answer is :math:`1 - h(x)[\text{answer}]`. A network that
    averages votes that are often wrong is far too unsure, which changes no ranking but makes risks no probabilities:
    so it is calibrated, by gold rows where there are some, else by the accuracies of the labeling functions as
    :class:`~weaklab.label_models.LabelModel` estimates them.

    Parameters
    ----------
    scalarizer : {"quadratic", "linear", "euclidean", "chebyshev"}, default="quadratic"
        How losses of several sources are made one.
    module : nn.Module or callable (n_columns, k) -> nn.Module, optional
        The network, as of :class:`~weaklab.end_models.EndModel`; None has one hidden layer.
    hidden : int or None, default=100
        Its hidden units; None is linear.
    calibrator : {"isotonic", "temperature"} or None, default="isotonic"
        See :class:`Calibrator`. Fewer than 200 gold rows are scaled by a temperature in any case.
    column, columns
        Which columns of a frame to use, as of EndModel.
    classes : int or sequence of hashable, optional
        The classes; None infers their number.
    max_epochs : int, default=50
        The most passes over the rows.
    device : str or torch.device, default="auto"
        "auto" is a CUDA card where there is one.
    random_state : int, Generator or None, default=None
        The seed; None means 0.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The classes, by name or code.
    model_ : EndModel
        The network.
    calibrator_ : Calibrator or None
        What its probabilities go through.
    probs_ : ndarray of shape (n, k)
        The calibrated probabilities of the rows of ``fit``.

    Notes
    -----
    Zhao, Wei, Preston and Poon (2023), "Pareto Optimal Learning for Estimating Large Language Model Errors",
    doi:10.48550/arXiv.2306.16564. Where answers err at random given the row, a network fitted to them alone ranks them
    as well; labeling functions are needed where answers err by rule, which is when they can be known to.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> votes = np.column_stack([np.where(X[:, 0] > 0.5, 1, -1), np.where(X[:, 0] < -0.5, 0, -1), y])
    >>> answers = np.where(X[:, 1] > 1, 1 - y, y)
    >>> harmonizer = Harmonizer().fit(X, votes, answers)
    >>> risk = harmonizer.risk(X, answers)
    >>> bool(risk[answers != y].min() > np.median(risk[answers == y]))
    True
    """

    def __init__(
        self,
        *,
        scalarizer: Scalarizer = "quadratic",
        module: Any = None,
        hidden: int | None = 100,
        calibrator: Literal["isotonic", "temperature"] | None = "isotonic",
        column: Hashable = None,
        columns: Mapping[Hashable, Any] | Sequence[Hashable] | None = None,
        classes: Classes = None,
        max_epochs: int = 50,
        device: Any = "auto",
        random_state: Seed = None,
    ) -> None:
        self.scalarizer = scalarizer
        self.module = module
        self.hidden = hidden
        self.calibrator = calibrator
        self.column = column
        self.columns = columns
        self.classes = classes
        self.max_epochs = max_epochs
        self.device = device
        self.random_state = random_state

    def fit(self, X: Any, votes: Any, answers: Any = None, y: Any = None) -> Self:
        """Learn from all sources.

        Parameters
        ----------
        X : data of n rows
            What :class:`~weaklab.end_models.EndModel` takes.
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            The votes of labeling functions.
        answers : array-like of shape (n,), optional
            Those of the labeler to be judged, one more source, by code or name; -1 or missing where it gave none.
        y : array-like of shape (n,), optional
            Gold, by which to calibrate; -1 or missing where unknown. It is not trained on.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, VoteError, GoldError, FrameError
            If an argument is not what it should be, or no row has a vote.
        """
        from weaklab.end_models import EndModel
        from weaklab.trust.pareto import ParetoLoss

        self._check_parameters()
        names = check_classes(self.classes)
        matrix = check_votes(votes, classes=self.classes)
        given = None if answers is None else check_gold(answers, matrix.n, self.classes, index=matrix.index)
        if given is not None:
            matrix = matrix.with_classes(max(matrix.k, int(given.max(initial=0)) + 1))
        if not matrix.nnz:
            raise VoteError(f"None of the {matrix.n:,} rows has a vote: there is nothing to harmonize.")
        self._votes, self._answers = matrix, given
        self._names = tuple(names) if isinstance(names, list) else None
        table = matrix.dense() if given is None else np.column_stack([matrix.dense(), given])
        self.model_ = EndModel(
            column=self.column,
            columns=self.columns,
            hidden=self.hidden,
            module=self.module,
            loss=ParetoLoss(table, self.scalarizer),
            calibrate=False,
            optimizer="adamw",
            max_epochs=self.max_epochs,
            device=self.device,
            random_state=self.random_state,
            progress=False,
        ).fit(X, self._soft(_shares(table, matrix.k), np.asarray((table >= 0).any(axis=1))))
        self.model_.loss = None  # the votes are needed no more
        self.classes_ = self.model_.classes_
        self.probs_ = self.model_.predict_proba(X)
        self.calibrator_: Any = None
        if self.calibrator is not None:
            self._calibrate(self.probs_, table, y)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """The calibrated probabilities of the classes, (n, k)."""
        check_is_fitted(self, "model_")
        raw = self.model_.predict_proba(X)
        return raw if self.calibrator_ is None else np.asarray(self.calibrator_.transform(raw))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row, entries of ``classes_``."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def risk(self, X: Any, answers: Any) -> Floats:
        """The probability that each answer is wrong, (n,); 1 where there is none.

        Parameters
        ----------
        X : data of n rows
            As for :meth:`fit`.
        answers : array-like of shape (n,)
            Of any labeler, by code or name; -1 or missing where it gave none.
        """
        soft = self._soft(self.predict_proba(X))
        return risk_of(soft.probs, read_answers(answers, soft))

    def review_queue(
        self,
        budget: float = 0.1,
        *,
        X: Any = None,
        answers: Any = None,
        votes: Any = None,
        explain: bool = True,
    ) -> pd.DataFrame:
        """The riskiest answers, with the labeling functions that disagree; see :func:`review_queue`.

        Parameters
        ----------
        budget : int from 1, or float in (0, 1), default=0.1
            How many rows, or which share.
        X, answers, votes : as for :meth:`fit`, optional
            Other rows; None is the rows of ``fit``. Answers that were not given then either are the likeliest classes.
        explain : bool, default=True
            Whether to say who disagrees.

        Returns
        -------
        DataFrame
            ``row``, ``risk``, ``label``, and if it is explained ``disagree`` and ``reason``.
        """
        check_is_fitted(self, "model_")
        own = X is None
        probs = self.probs_ if own else self.predict_proba(X)
        votes, answers = (self._votes if votes is None else votes) if own else votes, self._given(answers, own)
        soft = self._soft(probs, index=self._votes.index if own else getattr(votes, "index", None))
        return review_queue(soft, budget, votes=votes, answers=answers, explain=explain)

    def _given(self, answers: Any, own: bool) -> Any:
        return self._answers if answers is None and own else answers

    def _soft(self, probs: Floats, covered: np.ndarray | None = None, index: Any = None) -> SoftLabels:
        weight = None if covered is None else covered.astype(np.float64)
        return SoftLabels(probs, weight, classes=self._names, index=index)

    def _calibrate(self, raw: Floats, table: np.ndarray, y: Any) -> None:
        gold = np.full(len(raw), ABSTAIN) if y is None else check_gold(y, len(raw), self.classes or raw.shape[1])
        known = int((gold != ABSTAIN).sum())
        method = "temperature" if 0 < known < 200 else self.calibrator
        calibrator = Calibrator(method)  # type: ignore[arg-type]
        self.calibrator_ = calibrator.fit(raw, gold) if known else calibrator.fit(raw, votes=table)
        self.probs_ = np.asarray(self.calibrator_.transform(raw))

    def _check_parameters(self) -> None:
        for name, known in (("scalarizer", get_args(Scalarizer)), ("calibrator", ("isotonic", "temperature", None))):
            value = getattr(self, name)
            if value not in known:
                raise ParameterError(f"{name}={value!r} is not known.{did_you_mean(value, known)}")
        check_count("max_epochs", self.max_epochs, 1)


def _shares(table: np.ndarray, k: int) -> Floats:
    """The share of the sources that each class has, by which training is stopped; even where there is none."""
    counts = np.stack([(table == y).sum(axis=1) for y in range(k)], axis=1).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.full_like(counts, 1 / k), where=total > 0)
