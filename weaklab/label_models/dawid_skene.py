"""Dawid and Skene's model: each labeling function has a confusion matrix, learned by EM."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.label_models.anchoring import anchored_classes
from weaklab.label_models.ascent import ascend
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.class_balance import known_balance
from weaklab.label_models.parameters import PriorParameters
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable

Abstain = Literal["ignore", "outcome"]


class DawidSkene(PriorParameters, BaseLabelModel):
    r"""A confusion matrix per labeling function and a class balance, by maximum a posteriori EM.

    Given the class y of a row, labeling function j votes v with probability :math:`\theta_{jyv}`, independently:

    .. math:: P(\lambda, y) = \pi_y \prod_{j: \lambda_j \ne -1} \theta_{j y \lambda_j}

    EM alternates posteriors :math:`q_{iy} \propto \pi_y \prod_j \theta_{j y \lambda_{ij}}`, in logarithms, with

    .. math:: \theta_{jyv} = \frac{\sum_i q_{iy} \mathbb 1[\lambda_{ij} = v] + s M_{yv}}
                                  {\sum_i q_{iy} \mathbb 1[\lambda_{ij} \ne -1] + s}, \qquad
              \pi_y = \frac{\sum_i q_{iy} + 1}{n + k}

    from the vote share of each row. :math:`M_{yv}` is the prior accuracy on the diagonal and what is left of 1, evenly
    spread, off it; :math:`s` is how many votes that prior is worth.

    With ``abstain="outcome"`` abstaining is one more vote: whether a labeling function fires tells about the class.

    On labeling functions that only ever vote for one class, and abstentions ignored, a vote says nothing given its
    class, and the learned class balance can run away with every row. :class:`weaklab.LabelModel` does not.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    abstain : {"ignore", "outcome"}
        What an abstention says: nothing, or as much as any vote.
    class_balance : "estimate", "uniform", mapping or Series by class, or array-like of shape (k,)
        The class balance: learned, equal, or known (above 0 for each class; scaled to sum to 1).
    prior_accuracy : float
        The accuracy that the prior expects of a labeling function, in (0, 1).
    prior_strength : float
        How many votes of each class the prior is worth, above 0.
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
        The log-posterior of the parameters before each M-step; it never falls.

    References
    ----------
    A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm",
    Applied Statistics 28(1), 1979. doi:10.2307/2346806

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models import DawidSkene
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> accuracies = np.array([0.9, 0.8, 0.6])
    >>> votes = np.where(rng.random((1000, 3)) < accuracies, y[:, None], 1 - y[:, None])
    >>> DawidSkene().fit(votes).accuracies_.round(1)
    array([0.9, 0.8, 0.6])
    """

    _learns_from_sums: ClassVar[bool] = True

    def __init__(
        self,
        *,
        classes: Classes = None,
        abstain: Abstain = "ignore",
        class_balance: Any = "estimate",
        prior_accuracy: float = 0.7,
        prior_strength: float = 4.0,
        max_iter: int = 100,
        tol: float = 1e-6,
        random_state: Seed = None,
    ) -> None:
        super().__init__(
            classes=classes,
            class_balance=class_balance,
            prior_accuracy=prior_accuracy,
            prior_strength=prior_strength,
            max_iter=max_iter,
            tol=tol,
            random_state=random_state,
        )
        self.abstain = abstain

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.abstain not in get_args(Abstain):
            raise ParameterError(f"abstain={self.abstain!r}.{did_you_mean(self.abstain, get_args(Abstain))}")

    def _fit(self, problem: Problem) -> Fit:
        if self.abstain == "ignore":
            problem = problem.covered()  # a row without votes says nothing of the parameters
        balance = known_balance(self.class_balance, problem.k, self.classes_.tolist())
        rows = problem.total
        fires = np.bincount(problem.pairs.lf, problem.fired, minlength=problem.m)
        self._coverage = (fires + 1) / (rows + 2)  # smoothed, so that neither outcome is impossible
        pairs, every = problem.pairs, np.arange(len(problem.pairs))

        def improve(expected: Expected) -> tuple[Expected, float]:
            self._maximise(pairs, expected.counts, expected.state_counts, balance)
            step = problem.step(self._log_weights(pairs, every), self._log_prior())
            return step, step.log_likelihood + self._log_parameter_prior(pairs, balance is None)

        climb = ascend(improve, problem.start(), max_iter=self.max_iter, tol=self.tol, rows=rows)
        counts, class_counts, _ = climb.warn(type(self).__name__).state
        known = balance is not None or problem.has_gold  # then classes have their names already
        order = np.arange(problem.k) if known else anchored_classes(pairs, counts)
        self._maximise(pairs, counts[:, order], class_counts[order], balance)
        return Fit(self._class_prior, len(climb.path), climb.converged, climb.path)

    def _maximise(self, pairs: PairTable, counts: Floats, class_counts: Floats, balance: Floats | None) -> None:
        """The M-step: what the rule needs of the expected counts."""
        k = pairs.k
        self._pair_sums, self._lf_sums = counts, pairs.sum_by_lf(counts, len(self._coverage))
        self._active = np.bincount(pairs.lf, minlength=len(self._coverage)) > 0
        self._rows_by_class = class_counts
        self._class_prior = (class_counts + 1) / (class_counts.sum() + k) if balance is None else balance

    def _prior_vote(self, pairs: PairTable) -> Floats:
        """M as a row per pair, (pairs, k): the prior probability of its vote in each class."""
        other = (1 - self.prior_accuracy) / (pairs.k - 1)
        return np.where(pairs.vote[:, np.newaxis] == np.arange(pairs.k), self.prior_accuracy, other)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        counts = (
            np.where(seen[:, np.newaxis] >= 0, self._pair_sums[np.maximum(seen, 0)], 0) if len(self._pair_sums) else 0
        )
        prior = self.prior_strength * self._prior_vote(pairs)  # (pairs, k)
        if self.abstain == "ignore":
            return np.log((counts + prior) / (self._lf_sums[pairs.lf] + self.prior_strength))
        weights = np.log(counts + self._coverage[pairs.lf, np.newaxis] * prior) - self._log_rows_and_prior()
        silent = np.where(self._active[:, np.newaxis], self._log_silence(), 0)  # the log-prior counts no others
        return weights - silent[pairs.lf]

    def _log_rows_and_prior(self) -> Floats:
        return np.log(self._rows_by_class + self.prior_strength)

    def _log_silence(self) -> Floats:
        """The log-probability that each labeling function abstains in each class, (m, k)."""
        silent = np.maximum(self._rows_by_class - self._lf_sums, 0)  # rounding may leave less than nothing
        prior = self.prior_strength * (1 - self._coverage[:, np.newaxis])
        return np.log(silent + prior) - self._log_rows_and_prior()

    def _log_prior(self) -> Floats:
        prior = np.log(self._class_prior)
        if self.abstain == "ignore":
            return prior
        return prior + self._log_silence()[self._active].sum(axis=0)  # one that never votes tells nothing

    def _log_parameter_prior(self, pairs: PairTable, balance_is_learned: bool) -> float:
        """The log-density of the Dirichlet priors at the parameters, up to a constant."""
        strength, k = self.prior_strength, pairs.k
        total = np.log(self._class_prior).sum() if balance_is_learned else 0.0
        prior = self._prior_vote(pairs)
        if self.abstain == "outcome":
            prior = prior * self._coverage[pairs.lf, np.newaxis]
            silence = self._log_silence()
            log_theta = self._log_weights(pairs, np.arange(len(pairs))) + silence[pairs.lf]
            total += strength * ((1 - self._coverage)[self._active] @ silence[self._active]).sum()
            log_unseen = np.log(strength) - self._log_rows_and_prior() + np.log(self._coverage)[:, np.newaxis]
            mass = self._coverage[:, np.newaxis]
        else:
            log_theta = self._log_weights(pairs, np.arange(len(pairs)))
            log_unseen = np.log(strength) - np.log(self._lf_sums + strength)
            mass = np.ones((len(self._lf_sums), 1))
        total += strength * (prior * log_theta).sum()
        # Votes that an active labeling function never cast have probability s M / (...): their part in closed form.
        matrix = np.full((k, k), (1 - self.prior_accuracy) / (k - 1))
        np.fill_diagonal(matrix, self.prior_accuracy)
        all_votes = mass * (log_unseen + (matrix * np.log(matrix)).sum(axis=1))
        cast = prior * (log_unseen[pairs.lf] + np.log(self._prior_vote(pairs)))
        return float(total + strength * (all_votes[self._active].sum() - cast.sum()))
