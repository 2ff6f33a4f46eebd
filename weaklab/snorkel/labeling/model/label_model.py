"""``LabelModel`` under Snorkel's names: weaklab's label model inside."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from weaklab import label_models
from weaklab.exceptions import GoldError, ParameterError, did_you_mean
from weaklab.snorkel.labeling.model.base_labeler import BaseLabeler
from weaklab.snorkel.utils.core import to_int_label_array
from weaklab.typing import Floats

#: Arguments of Snorkel's training that still mean something, and their defaults there.
MEANING = {"seed": None, "prec_init": 0.7}
#: Those that no longer do: there is no gradient descent.
WITHOUT_MEANING = (
    "n_epochs",
    "lr",
    "l2",
    "optimizer",
    "optimizer_config",
    "lr_scheduler",
    "lr_scheduler_config",
    "log_freq",
    "mu_eps",
)


class LabelModel(BaseLabeler):
    """Learns whom to trust: :class:`weaklab.LabelModel`, called as Snorkel's.

    Parameters
    ----------
    cardinality : int
        How many classes there are, from 2.
    verbose, device
        Without meaning: there is nothing to log, and no GPU to use.

    Attributes
    ----------
    native : weaklab.LabelModel
        What was fitted; it can do more: intervals, explanations, ``diagnose``.
    n, m : int
        Rows and labeling functions that it was fitted to.
    p : ndarray of shape (k,)
        The class balance.
    coverage : ndarray of shape (m,)
        The share of rows that each labeling function voted on.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> L = np.where(rng.random((1000, 3)) < [0.9, 0.8, 0.8], y[:, None], 1 - y[:, None])
    >>> model = LabelModel(cardinality=2)
    >>> model.fit(L, seed=123)
    >>> int(model.get_weights().argmax()), model.score(L, y)["accuracy"] > 0.85
    (0, True)
    """

    native: label_models.LabelModel

    def __init__(self, cardinality: int = 2, verbose: bool = True, device: str = "cpu") -> None:
        super().__init__(cardinality)

    def fit(
        self, L_train: Any, Y_dev: Any = None, class_balance: Any = None, progress_bar: bool = True, **kwargs: Any
    ) -> None:
        """Learn from votes.

        Parameters
        ----------
        L_train : array-like, DataFrame or sparse matrix of ``vote + 1`` of shape (n, m)
            The votes; -1 is "abstain".
        Y_dev : array-like of int, optional
            Gold labels of any rows, from which the class balance is counted; -1 does not count. To learn from gold
            rows, use ``weaklab.LabelModel().fit(votes, y)``.
        class_balance : array-like of shape (k,), optional
            The share of each class, above 0; by default it is learned. Snorkel's default is even.
        progress_bar : bool
            It has no meaning.
        **kwargs
            ``seed``; ``prec_init``, the accuracy that is expected of labeling functions before votes are seen, of all
            or one each; and what else Snorkel's training takes, which has no meaning and gives a DeprecationWarning.

        Raises
        ------
        VoteError
            If the votes are none, or one is beyond the classes.
        ParameterError
            If an argument is not known, or is not what it should be.
        """
        self._check_arguments(kwargs)
        given: Any = "estimate" if class_balance is None else class_balance
        if class_balance is None and Y_dev is not None:
            given = self._balance_of(Y_dev)
        prior: Any = kwargs.get("prec_init", MEANING["prec_init"])
        native = label_models.LabelModel(
            classes=self.cardinality,
            class_balance=given,
            prior_accuracy=prior if np.ndim(prior) == 0 else np.asarray(prior, dtype=np.float64),
            random_state=kwargs.get("seed"),
        )
        matrix = self._votes(L_train)
        self.native = native.fit(L_train)
        self.n, self.m = matrix.n, matrix.m
        self.coverage = np.bincount(matrix.lf, minlength=matrix.m) / max(matrix.n, 1)

    def _check_arguments(self, kwargs: dict[str, Any]) -> None:
        known = [*MEANING, *WITHOUT_MEANING]
        for name in kwargs:
            if name not in known:
                raise ParameterError(f"LabelModel.fit takes no {name!r}.{did_you_mean(name, known)}")
        idle = [name for name in WITHOUT_MEANING if name in kwargs]
        if idle:
            warnings.warn(
                f"{', '.join(idle)}: without meaning in weaklab, whose label model is not trained by gradient descent; "
                "leave them out. For iterations and tolerance use weaklab.label_models, "
                "such as DawidSkene(max_iter=..., tol=...).",
                DeprecationWarning,
                stacklevel=3,
            )

    def _balance_of(self, Y_dev: Any) -> np.ndarray:
        codes = to_int_label_array(Y_dev)
        codes = codes[codes != -1]
        if (codes < 0).any() or (codes >= self.cardinality).any() or not len(codes):
            raise GoldError(f"Y_dev must hold classes from 0 to {self.cardinality - 1} (-1 is unknown), one at least.")
        counts = np.bincount(codes, minlength=self.cardinality)
        return counts if counts.all() else counts + 1.0  # a class that a few rows lack is not impossible

    def _fitted(self) -> label_models.LabelModel:
        if not hasattr(self, "native"):
            raise NotFittedError("This LabelModel is not fitted; call fit first.")
        return self.native

    @property
    def p(self) -> Floats:
        """The class balance, (k,)."""
        return self._fitted().class_prior_

    @property
    def mu(self) -> Floats:
        """How likely each vote is on rows of each class, (m * k, k); without abstaining."""
        return self.get_conditional_probs()[:, 1:].reshape(-1, self.cardinality)

    def predict_proba(self, L: Any) -> Floats:
        """Probabilities of shape (n, k); a row without votes has the class balance."""
        return self._fitted().predict_proba(L)

    def get_weights(self) -> Floats:
        """How often the votes of each labeling function are right, (m,); NaN for one that never votes."""
        return np.where(self.coverage > 0, self._fitted().accuracies_, np.nan)

    def get_conditional_probs(self) -> Floats:
        """How likely each vote is on rows of each class, (m, k + 1, k): ``[j, vote + 1, y]``."""
        confusion = self._fitted().confusion_  # (m, k, k + 1), abstain last
        return np.roll(confusion, 1, axis=2).transpose(0, 2, 1)
