"""Enhanced Bayesian classifier combination: rows of a class come in subtypes, and errors go together within them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.label_models.ascent import ascend_from_each
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.dirichlet import VoteDirichlets, divergence, expected_log
from weaklab.label_models.parameters import check_count, check_positive, check_tolerance
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.starting_noise import random_waves
from weaklab.seeding import generator
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable

#: The most states, classes times subtypes: a table of pairs by states must stay small with many labeling functions.
MAX_STATES = 256
#: How far votes are moved between subtypes at the start. Little: the vote share is what ties states to classes, and on
#: three of four public crowds starts further from it ended at lower bounds.
NOISE = 0.05


class EBCC(BaseLabelModel):
    r"""A confusion matrix per labeling function and subtype of a class, by variational Bayes.

    A row of class y is of one of M subtypes g, some plain and some misleading; given both, votes are independent. Given
    the class alone they are not: errors that several labeling functions make on the same rows are a subtype.

    .. math:: \tau \sim \text{Dir}(a, \dots, a), \quad \rho_y \sim \text{Dir}(s/M, \dots, s/M), \quad
              \theta_{jyg} \sim \text{Dir}(M_y), \quad
              P(\lambda, y, g) = \tau_y \rho_{yg} \prod_{j: \lambda_j \ne -1} \theta_{j y g \lambda_j}

    Variational Bayes alternates posteriors :math:`q(y_i, g_i)`, from expected logarithms, with Dirichlet posteriors of
    the parameters, from expected counts. It climbs from the vote share with votes spread over subtypes at random,
    ``n_restarts`` times, and keeps the end with the highest bound. The small pseudo-counts s / M empty subtypes that
    are not needed; with one subtype it is :class:`IBCC <weaklab.label_models.ibcc.IBCC>`.

    It is meant for crowds: where labeling functions only ever vote for one class, a vote says nothing given its class,
    and one class can take every row. :class:`weaklab.LabelModel` does not collapse.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    n_subtypes : int
        M, 1 or more; fewer are used where there would be more than 256 classes times subtypes.
    prior_diagonal : float
        The pseudo-count of right votes in each row of a confusion matrix, above 0.
    prior_off_diagonal : float
        The pseudo-count of each other vote, above 0.
    prior_balance : float
        a, the pseudo-count of each class, above 0.
    prior_subtypes : float
        s, the pseudo-count of all subtypes of a class together, above 0.
    n_restarts : int
        How many random starts are tried, 1 or more.
    max_iter : int
        The most iterations from each start, 1 or more.
    tol : float
        It stops when the bound gains less than this per row, in nats, 0 or more.
    random_state : int, Generator or None
        The seed of the starts and of ``predict(ties="random")``. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The posterior mean of the class balance.
    subtype_shares_ : ndarray of shape (k, M)
        The posterior mean share of each subtype in its class, the largest first; rows sum to 1.
    objective_path_ : list of float
        The evidence lower bound at each iteration of the best climb, in nats; it never falls.

    References
    ----------
    Y. Li, B. I. P. Rubinstein and T. Cohn, "Exploiting worker correlation for label aggregation in crowdsourcing",
    ICML 2019, PMLR 97, proceedings.mlr.press/v97/li19i.html (no DOI), from which all priors are.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models.ebcc import EBCC
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> misleading = rng.random(1000) < 0.2
    >>> accuracies = np.where(misleading[:, None], [0.9, 0.2, 0.2], [0.9, 0.9, 0.9])
    >>> votes = np.where(rng.random((1000, 3)) < accuracies, y[:, None], 1 - y[:, None])
    >>> EBCC(n_subtypes=2).fit(votes).subtype_shares_.shape
    (2, 2)
    """

    _bootstraps = 0

    def __init__(
        self,
        *,
        classes: Classes = None,
        n_subtypes: int = 10,
        prior_diagonal: float = 4.0,
        prior_off_diagonal: float = 1.0,
        prior_balance: float = 1.0,
        prior_subtypes: float = 0.1,
        n_restarts: int = 5,
        max_iter: int = 200,
        tol: float = 1e-5,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.n_subtypes = n_subtypes
        self.prior_diagonal = prior_diagonal
        self.prior_off_diagonal = prior_off_diagonal
        self.prior_balance = prior_balance
        self.prior_subtypes = prior_subtypes
        self.n_restarts = n_restarts
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for name in ("prior_diagonal", "prior_off_diagonal", "prior_balance", "prior_subtypes"):
            check_positive(name, getattr(self, name))
        for name in ("n_subtypes", "n_restarts", "max_iter"):
            check_count(name, getattr(self, name), 1)
        check_tolerance("tol", self.tol)

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()  # a row without votes says nothing of the parameters
        pairs, seen = problem.pairs, np.arange(len(problem.pairs))
        self._states_per_class = max(1, min(self.n_subtypes, MAX_STATES // problem.k))

        def improve(expected: Expected) -> tuple[Expected, float]:
            self._update(problem, expected)
            step = problem.step(self._log_weights(pairs, seen), self._log_prior(), per_class=self._states_per_class)
            return step, step.log_likelihood - self._divergence(pairs)

        top = ascend_from_each(improve, self._starts(problem), max_iter=self.max_iter, tol=self.tol, rows=problem.total)
        top.warn(type(self).__name__)
        self._update(problem, top.state)
        self.subtype_shares_ = -np.sort(-self._subtypes / self._subtypes.sum(axis=1, keepdims=True), axis=1)
        return Fit(self._balance / self._balance.sum(), len(top.path), top.converged, top.path)

    def _starts(self, problem: Problem) -> Iterator[Expected]:
        """The vote share, each pair's votes for a class spread over the subtypes at random."""
        per_class, share = self._states_per_class, problem.start()
        tiny = np.finfo(float).tiny  # rows may all weigh nothing
        fired, rows = np.maximum(problem.fired, tiny)[:, np.newaxis], max(problem.total, tiny)
        right = problem.pairs.vote[:, np.newaxis] == np.arange(problem.k)
        parts = (fired / rows, share.counts / fired, share.state_counts / rows, right)
        statistics = np.stack(np.broadcast_arrays(*parts), axis=2)  # (pairs, k, 4)
        rng = generator(self.random_state)
        for _ in range(self.n_restarts):
            spread = 1 + NOISE * (2 * random_waves(statistics, per_class, rng) - 1)  # (pairs, k, M)
            spread /= spread.sum(axis=2, keepdims=True)
            counts = (share.counts[:, :, np.newaxis] * spread).reshape(len(fired), problem.k * per_class)
            yield Expected(counts, np.repeat(share.state_counts / per_class, per_class), 0.0)

    def _update(self, problem: Problem, expected: Expected) -> None:
        """The posteriors of the parameters, from expected counts."""
        self._confusions = VoteDirichlets.of(
            problem.pairs, expected.counts, problem.m, self.prior_diagonal, self.prior_off_diagonal
        )
        subtypes = expected.state_counts.reshape(problem.k, -1)
        self._subtypes = subtypes + self.prior_subtypes / subtypes.shape[1]  # (k, M)
        self._balance = subtypes.sum(axis=1) + self.prior_balance

    def _divergence(self, pairs: PairTable) -> float:
        """How far the posteriors of the parameters are from their priors, in nats."""
        balance = np.full_like(self._balance, self.prior_balance)
        subtypes = np.full_like(self._subtypes, self.prior_subtypes / self._subtypes.shape[1])
        parameters = divergence(self._balance, balance) + divergence(self._subtypes, subtypes)
        return parameters + self._confusions.divergence(pairs)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        return self._confusions.expected_log(pairs, seen)

    def _log_prior(self) -> Floats:
        return (expected_log(self._balance)[:, np.newaxis] + expected_log(self._subtypes)).ravel()
