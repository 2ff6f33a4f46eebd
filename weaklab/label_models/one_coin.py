"""The one-coin model: each labeling function has one accuracy, whatever the class."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from weaklab._kernels.candidates import Candidates
from weaklab.label_models.ascent import ascend
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.many_classes import VoteWeights
from weaklab.label_models.parameters import PriorParameters
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable


class OneCoin(PriorParameters, BaseLabelModel):
    r"""One accuracy per labeling function, errors spread evenly over the other classes, by maximum a posteriori EM.

    On a row of class y, labeling function j tosses its one coin: with probability :math:`a_j` it votes y, else
    for any other class alike:

    .. math:: P(\lambda, y) = \pi_y \prod_{j: \lambda_j \ne -1}
              a_j^{\mathbb 1[\lambda_j = y]} \Big(\frac{1 - a_j}{k - 1}\Big)^{\mathbb 1[\lambda_j \ne y]}

    EM alternates posteriors :math:`q_{iy}`, in logarithms, with

    .. math:: a_j = \frac{\sum_i q_{i \lambda_{ij}} + s a_0}{\sum_i \mathbb 1[\lambda_{ij} \ne -1] + s}, \qquad
              \pi_y = \frac{\sum_i q_{iy} + 1}{n + k}

    from the vote share of each row; :math:`a_0` is the prior accuracy, :math:`s` how many votes it is worth (a Beta
    prior). It has few parameters, and so suits many labeling functions with few votes each.

    It is meant for crowds: where labeling functions only ever vote for one class, the learned class balance can run
    away with every row. :class:`weaklab.LabelModel` does not.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    class_balance : "estimate", "uniform", mapping or Series by class, or array-like of shape (k,)
        The class balance: learned, equal (the default: learned, it can run away with all rows), or known (above 0 for
        each class; scaled to sum to 1).
    prior_accuracy : float
        The accuracy that the prior expects of a labeling function, in (0, 1).
    prior_strength : float
        How many votes the prior is worth, above 0.
    max_iter : int
        The most iterations, 1 or more.
    tol : float
        EM stops when the objective gains less than this per row, in nats, 0 or more.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The class balance.
    objective_path_ : list of float
        The log-posterior of the parameters before each M-step, up to a constant; it never falls.

    References
    ----------
    A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm",
    Applied Statistics 28(1), 1979. doi:10.2307/2346806

    Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral methods meet EM: a provably optimal algorithm for
    crowdsourcing", Journal of Machine Learning Research 17(102), 2016, who call it the one-coin model.
    doi:10.48550/arXiv.1406.3824

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models.one_coin import OneCoin
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> accuracies = np.array([0.9, 0.8, 0.6])
    >>> votes = np.where(rng.random((1000, 3)) < accuracies, y[:, None], 1 - y[:, None])
    >>> OneCoin().fit(votes).accuracies_.round(1)
    array([0.9, 0.8, 0.6])
    """

    _learns_from_sums: ClassVar[bool] = True

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()  # a row without votes says nothing of the parameters
        balance = known_balance(self.class_balance, problem.k, self.classes_.tolist())
        pairs, seen = problem.pairs, np.arange(len(problem.pairs))

        def improve(expected: Candidates) -> tuple[Candidates, float]:
            self._maximise(problem, expected, balance)
            step = problem.count_right(self._vote_weights(pairs, seen), self._log_prior())
            return step, step.log_likelihood + self._log_parameter_prior(balance is None)

        start = problem.start_by_vote()
        top = ascend(improve, start, max_iter=self.max_iter, tol=self.tol, rows=problem.total)
        top.warn(type(self).__name__)
        self._maximise(problem, top.state, balance)
        return Fit(self._balance, len(top.path), top.converged, top.path)

    def _maximise(self, problem: Problem, expected: Candidates, balance: Floats | None) -> None:
        """The M-step: accuracies and class balance from expected counts."""
        pairs, m = problem.pairs, problem.m
        right = np.bincount(pairs.lf, expected.right, minlength=m)
        wrong = np.maximum(np.bincount(pairs.lf, problem.fired, minlength=m) - right, 0)  # less rounding
        total = right + wrong + self.prior_strength
        self._log_right = np.log((right + self.prior_strength * self.prior_accuracy) / total)
        self._log_wrong = np.log((wrong + self.prior_strength * (1 - self.prior_accuracy)) / total)
        self._balance = smoothed_balance(expected.class_counts) if balance is None else balance

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        return self._vote_weights(pairs, seen).table(pairs)

    def _vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        return VoteWeights(self._log_right[pairs.lf], self._log_wrong[pairs.lf] - np.log(pairs.k - 1))

    def _log_prior(self) -> Floats:
        return np.log(self._balance)

    def _log_parameter_prior(self, balance_is_learned: bool) -> float:
        """The log-density of the Beta and Dirichlet priors at the parameters, up to a constant."""
        accuracy = self.prior_accuracy * self._log_right.sum() + (1 - self.prior_accuracy) * self._log_wrong.sum()
        return float(self.prior_strength * accuracy + np.log(self._balance).sum() * balance_is_learned)
