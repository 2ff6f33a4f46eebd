"""Independent Bayesian classifier combination: Dawid and Skene's model with posteriors over its parameters."""

from __future__ import annotations

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.label_models.anchoring import anchored_classes
from weaklab.label_models.ascent import ascend
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.dirichlet import VoteDirichlets, divergence, expected_log
from weaklab.label_models.parameters import check_count, check_positive, check_tolerance
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable


class IBCC(BaseLabelModel):
    r"""A confusion matrix per labeling function and a class balance, all with Dirichlet priors, by variational Bayes.

    Given the class y of a row, labeling function j votes v with probability :math:`\theta_{jyv}`, independently:

    .. math:: \pi \sim \text{Dir}(a, \dots, a), \quad \theta_{jy} \sim \text{Dir}(M_y), \quad
              P(\lambda, y) = \pi_y \prod_{j: \lambda_j \ne -1} \theta_{j y \lambda_j}

    with :math:`M_{yv}` the diagonal pseudo-count where v = y, else the other. Variational Bayes alternates

    .. math:: q(y_i = y) &\propto \exp\Big(E \log \pi_y + \sum_j E \log \theta_{j y \lambda_{ij}}\Big) \\
              q(\theta_{jy}) &= \text{Dir}\Big(M_{yv} + \sum_i q(y_i = y) \mathbb 1[\lambda_{ij} = v]\Big), \quad
              q(\pi) = \text{Dir}\Big(a + \sum_i q(y_i = y)\Big)

    from the vote share of each row. Unlike :class:`weaklab.DawidSkene`, a labeling function with few votes is trusted
    less than its few votes say.

    It is meant for crowds: where labeling functions only ever vote for one class, a vote says nothing given its class,
    and one class can take every row. :class:`weaklab.LabelModel` does not collapse.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    prior_diagonal : float
        The pseudo-count of right votes in each row of a confusion matrix, above 0.
    prior_off_diagonal : float
        The pseudo-count of each other vote, above 0.
    prior_balance : float
        a, the pseudo-count of each class, above 0.
    max_iter : int
        The most iterations, 1 or more.
    tol : float
        It stops when the bound gains less than this per row, in nats, 0 or more.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The posterior mean of the class balance.
    objective_path_ : list of float
        The evidence lower bound at each iteration, in nats; it never falls.

    References
    ----------
    H.-C. Kim and Z. Ghahramani, "Bayesian classifier combination", AISTATS 2012, PMLR 22,
    proceedings.mlr.press/v22/kim12.html (no DOI).

    E. Simpson, S. Roberts, I. Psorakis and A. Smith, "Dynamic Bayesian combination of multiple imperfect classifiers",
    in Decision Making and Imperfection, Springer, 2013, for the variational updates. doi:10.1007/978-3-642-36406-8_1

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models.ibcc import IBCC
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> accuracies = np.array([0.9, 0.8, 0.6])
    >>> votes = np.where(rng.random((1000, 3)) < accuracies, y[:, None], 1 - y[:, None])
    >>> IBCC().fit(votes).accuracies_.round(1)
    array([0.9, 0.8, 0.6])
    """

    def __init__(
        self,
        *,
        classes: Classes = None,
        prior_diagonal: float = 4.0,
        prior_off_diagonal: float = 1.0,
        prior_balance: float = 1.0,
        max_iter: int = 100,
        tol: float = 1e-6,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.prior_diagonal = prior_diagonal
        self.prior_off_diagonal = prior_off_diagonal
        self.prior_balance = prior_balance
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for name in ("prior_diagonal", "prior_off_diagonal", "prior_balance"):
            check_positive(name, getattr(self, name))
        check_count("max_iter", self.max_iter, 1)
        check_tolerance("tol", self.tol)

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()  # a row without votes says nothing of the parameters
        pairs, seen = problem.pairs, np.arange(len(problem.pairs))

        def improve(expected: Expected) -> tuple[Expected, float]:
            self._update(problem, expected.counts, expected.state_counts)
            step = problem.step(self._log_weights(pairs, seen), self._log_prior())
            return step, step.log_likelihood - self._divergence(pairs)

        top = ascend(improve, problem.start(), max_iter=self.max_iter, tol=self.tol, rows=problem.total)
        top.warn(type(self).__name__)
        # Where some classes are known, all have their names already.
        order = np.arange(problem.k) if problem.has_gold else anchored_classes(pairs, top.state.counts)
        self._update(problem, top.state.counts[:, order], top.state.state_counts[order])
        return Fit(self._balance / self._balance.sum(), len(top.path), top.converged, top.path)

    def _update(self, problem: Problem, counts: Floats, class_counts: Floats) -> None:
        """The posteriors of the parameters, from expected counts."""
        self._confusions = VoteDirichlets.of(
            problem.pairs, counts, problem.m, self.prior_diagonal, self.prior_off_diagonal
        )
        self._balance = class_counts + self.prior_balance

    def _divergence(self, pairs: PairTable) -> float:
        """How far the posteriors of the parameters are from their priors, in nats."""
        prior = np.full_like(self._balance, self.prior_balance)
        return divergence(self._balance, prior) + self._confusions.divergence(pairs)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        return self._confusions.expected_log(pairs, seen)

    def _log_prior(self) -> Floats:
        return expected_log(self._balance)
