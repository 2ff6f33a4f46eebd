"""GLAD: each labeling function has an ability, each row a difficulty."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.exceptions import ParameterError
from weaklab.label_models.ascent import ascend
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.parameters import check_count, check_tolerance
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable

#: The most states, classes times nodes: a table of pairs by states must stay small with many labeling functions.
MAX_STATES = 512
#: Newton steps per M-step: a few, as the next E-step moves the target.
NEWTON_STEPS = 5


class GLAD(BaseLabelModel):
    r"""An ability per labeling function and a difficulty per row, which is integrated out.

    On a row of class y and easiness :math:`\beta`, labeling function j votes y with a probability that grows with its
    ability :math:`\alpha_j`, else for any other class alike; one of negative ability misleads:

    .. math:: P(\lambda_j = y \mid y, \beta) = \sigma(\alpha_j \beta), \quad
              P(\lambda_j = v \ne y \mid y, \beta) = \frac{1 - \sigma(\alpha_j \beta)}{k - 1}, \quad
              \alpha_j \sim N(1, 1), \quad \log \beta \sim N(1, 1)

    The paper estimates an easiness for each row; here the easiness of a row is integrated out over its prior, so that
    what was learned holds for new rows. Gauss-Hermite quadrature with nodes :math:`x_q` and weights :math:`w_q` makes
    it a sum, :math:`\beta_q = e^{1 + x_q}`:

    .. math:: P(\lambda, y) \approx \pi_y \sum_q w_q \prod_{j: \lambda_j \ne -1} P(\lambda_j \mid y, \beta_q)

    EM alternates posteriors over (class, node) with a few safeguarded Newton steps for each ability, whose objective is
    concave, and :math:`\pi_y = (\sum_i q_{iy} + 1) / (n + k)` where the balance is learned. All abilities start at 1.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    class_balance : "uniform", "estimate", mapping or Series by class, or array-like of shape (k,)
        The class balance: equal, learned, or known (above 0 for each class; scaled to sum to 1). The paper takes it as
        given; learned, it can run away with every row.
    n_nodes : int
        How many nodes the quadrature has, 1 to 64; fewer where there would be more than 512 classes times nodes.
    max_iter : int
        The most iterations, 1 or more.
    tol : float
        EM stops when the objective gains less than this per row, in nats, 0 or more.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    abilities_ : ndarray of shape (m,)
        :math:`\alpha_j`; 1, the prior's, where a labeling function never voted.
    class_prior_ : ndarray of shape (k,)
        The class balance.
    objective_path_ : list of float
        The log-posterior of abilities and balance before each M-step, up to a constant; it never falls.

    References
    ----------
    J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma and J. Movellan, "Whose vote should count more: optimal integration of
    labels from labelers of unknown expertise", NeurIPS 22, 2009, papers.nips.cc/paper/3644 (no DOI), from which the
    priors N(1, 1) are.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models.glad import GLAD
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> easiness = np.exp(rng.normal(1, 1, size=(1000, 1)))
    >>> right = rng.random((1000, 5)) < 1 / (1 + np.exp(-easiness * [2, 1, 0.5, 0.2, -0.2]))
    >>> model = GLAD().fit(np.where(right, y[:, None], 1 - y[:, None]))
    >>> model.abilities_.argsort()[::-1]
    array([0, 1, 2, 3, 4])
    """

    _bootstraps = 0

    def __init__(
        self,
        *,
        classes: Classes = None,
        class_balance: Any = "uniform",
        n_nodes: int = 9,
        max_iter: int = 100,
        tol: float = 1e-6,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.class_balance = class_balance
        self.n_nodes = n_nodes
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_count("n_nodes", self.n_nodes, 1)
        if self.n_nodes > 64:
            raise ParameterError(f"n_nodes={self.n_nodes!r}: it must be a whole number from 1 to 64.")
        check_count("max_iter", self.max_iter, 1)
        check_tolerance("tol", self.tol)

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()  # a row without votes says nothing of the parameters
        balance = known_balance(self.class_balance, problem.k, self.classes_.tolist())
        pairs, seen = problem.pairs, np.arange(len(problem.pairs))
        self._states_per_class = max(1, min(self.n_nodes, MAX_STATES // problem.k))
        nodes, mass = np.polynomial.hermite_e.hermegauss(self._states_per_class)
        self._easiness, self._log_mass = np.exp(1 + nodes), np.log(mass / mass.sum())
        self._balance = np.full(problem.k, 1 / problem.k) if balance is None else balance
        self.abilities_ = np.ones(problem.m)

        def expect() -> Expected:
            return problem.step(self._log_weights(pairs, seen), self._log_prior(), per_class=self._states_per_class)

        def improve(expected: Expected) -> tuple[Expected, float]:
            self._maximise(problem, expected, balance)
            step = expect()
            return step, step.log_likelihood + self._log_parameter_prior(balance is None)

        top = ascend(improve, expect(), max_iter=self.max_iter, tol=self.tol, rows=problem.total)
        top.warn(type(self).__name__)
        self._maximise(problem, top.state, balance)
        return Fit(self._balance, len(top.path), top.converged, top.path)

    def _maximise(self, problem: Problem, expected: Expected, balance: Floats | None) -> None:
        """The M-step: abilities and class balance from expected counts."""
        pairs, per_class = problem.pairs, self._states_per_class
        counts = expected.counts.reshape(len(pairs), problem.k, per_class)
        right = pairs.sum_by_lf(counts[np.arange(len(pairs)), pairs.vote], problem.m)  # (m, nodes)
        votes = pairs.sum_by_lf(counts.sum(axis=1), problem.m)
        self.abilities_ = climb_abilities(self.abilities_, right, np.maximum(votes - right, 0), self._easiness)
        class_counts = expected.state_counts.reshape(problem.k, per_class).sum(axis=1)
        self._balance = smoothed_balance(class_counts) if balance is None else balance

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        score = self.abilities_[:, np.newaxis] * self._easiness  # (m, nodes)
        right = log_sigmoid(score)[pairs.lf, np.newaxis]  # (pairs, 1, nodes)
        wrong = log_sigmoid(-score)[pairs.lf, np.newaxis] - np.log(pairs.k - 1)
        is_right = (pairs.vote[:, np.newaxis] == np.arange(pairs.k))[:, :, np.newaxis]
        return np.where(is_right, right, wrong).reshape(len(pairs), pairs.k * len(self._easiness))

    def _log_prior(self) -> Floats:
        return (np.log(self._balance)[:, np.newaxis] + self._log_mass).ravel()

    def _log_parameter_prior(self, balance_is_learned: bool) -> float:
        """The log-density of the priors at the parameters, up to a constant."""
        return float(-((self.abilities_ - 1) ** 2).sum() / 2 + np.log(self._balance).sum() * balance_is_learned)


def log_sigmoid(x: Floats) -> Floats:
    """The logarithm of 1 / (1 + exp(-x)), without overflow."""
    return -np.logaddexp(0, -x)


def climb_abilities(ability: Floats, right: Floats, wrong: Floats, easiness: Floats) -> Floats:
    r"""A few Newton steps up the expected log-posterior of each ability, which is concave; none goes down.

    .. math:: f_j(\alpha) = \sum_q R_{jq} \log\sigma(\alpha\beta_q) + W_{jq} \log\sigma(-\alpha\beta_q)
              - \tfrac12 (\alpha - 1)^2

    Parameters
    ----------
    ability : ndarray of shape (m,)
        Where to start.
    right, wrong : ndarray of shape (m, nodes)
        R and W, expected votes at each node.
    easiness : ndarray of shape (nodes,)
        The nodes.

    Returns
    -------
    ndarray of shape (m,)
        No lower than the start.
    """

    def value(a: Floats) -> Floats:
        score = a[:, np.newaxis] * easiness
        return (right * log_sigmoid(score) + wrong * log_sigmoid(-score)).sum(axis=1) - (a - 1) ** 2 / 2

    now = value(ability)
    for _ in range(NEWTON_STEPS):
        p = np.exp(log_sigmoid(ability[:, np.newaxis] * easiness))
        slope = ((right * (1 - p) - wrong * p) * easiness).sum(axis=1) - (ability - 1)
        bend = ((right + wrong) * p * (1 - p) * easiness**2).sum(axis=1) + 1
        step = slope / bend
        for _ in range(30):  # halve what would go down
            tried = ability + step
            then = value(tried)
            down = then < now
            if not down.any():
                break
            step = np.where(down, step / 2, step)
        ability = np.where(down, ability, tried)
        now = np.maximum(now, then)
    return ability
