"""The default label model: two tempered models that differ in the class prior, averaged."""

from __future__ import annotations

import numpy as np

from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.tempered import OUTPUT_EXPONENT, fit_tempered, root_prior, row_scale, share_prior
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable


class LabelModel(BaseLabelModel):
    r"""The label model to start with: learns whom to trust, and does not collapse.

    No single model both beats majority vote on average and never falls far below it: what learns the class balance
    collapses on labeling functions that vote for one class only, what takes it as even collapses on imbalanced
    classes. This one fits two tempered models (see :func:`weaklab.label_models.tempered.fit_tempered`) that differ in
    the class prior alone, and averages their log-posteriors:

    .. math:: q_{iy} \propto \exp\big(\tfrac12 \log q^{(1)}_{iy} + \tfrac12 \log q^{(2)}_{iy}\big)

    the first with the square root of the learned balance as the prior, the second with the balance that full voters
    show, or the vote share where labeling functions are partial. Not firing is never evidence.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The geometric mean of the two priors, scaled to sum to 1.
    objective_path_ : list of float
        The largest change of any posterior per iteration, of whichever of the two changed more; there is no likelihood.

    Notes
    -----
    The members descend from Dawid and Skene's model (1979, doi:10.2307/2346806), with tempered likelihoods (Grünwald
    and van Ommen, 2017, doi:10.1214/17-BA1085); the constants stand in :mod:`weaklab.label_models.tempered`.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models import LabelModel
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=2000)
    >>> right = rng.random((2000, 3)) < [0.9, 0.6, 0.6]
    >>> votes = np.where(right, y[:, None], 1 - y[:, None])
    >>> model = LabelModel(classes=["ham", "spam"]).fit(votes)
    >>> int(model.accuracies_.argmax())
    0
    >>> model.labels(votes)
    SoftLabels(n=2,000, k=2, classes=['ham', 'spam'], covered=100.0%)
    """

    def __init__(self, *, classes: Classes = None, random_state: Seed = None) -> None:
        self.classes = classes
        self.random_state = random_state

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()
        self._members = [fit_tempered(problem, root_prior), fit_tempered(problem, share_prior(problem))]
        log_prior = np.mean([member.log_prior for member in self._members], axis=0)
        prior = np.exp(log_prior - log_prior.max())
        paths = [member.changes for member in self._members]
        longest = max(len(path) for path in paths)
        return Fit(
            class_prior=prior / prior.sum(),
            n_iter=longest,
            converged=all(member.converged for member in self._members),
            objective_path=[max(path[i] for path in paths if i < len(path)) for i in range(longest)],
        )

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        # A log-posterior is the row's tempered evidence plus the prior, so the mean of two needs the mean of both.
        return OUTPUT_EXPONENT * np.mean([member.log_weights(pairs, seen) for member in self._members], axis=0)

    def _log_prior(self) -> Floats:
        return OUTPUT_EXPONENT * np.mean([member.log_prior for member in self._members], axis=0)

    def _scale(self, row_counts: np.ndarray) -> Floats:
        return row_scale(row_counts)
