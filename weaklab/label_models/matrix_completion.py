"""Matrix completion: the vote probabilities that explain how often votes of two labeling functions meet."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from weaklab.exceptions import NotConvergedWarning, warn_caller
from weaklab.label_models.anchoring import anchored_classes
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.gold_counts import gold_counts
from weaklab.label_models.moments import Moments
from weaklab.label_models.parameters import PriorParameters
from weaklab.label_models.problem import Fit, Problem
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable

#: The loss of second moments is about -4/n of their log-likelihood, and a posterior that rests on s votes has variance
#: 1/(4 s) at most: so that prior is worth 8 s/n times the squared distance from it.
PULL = 8.0


class MatrixCompletion(PriorParameters, BaseLabelModel):
    r"""Vote probabilities that explain how often two labeling functions' votes meet; no posterior is ever fitted.

    Given the class y of a row, labeling functions vote independently; pair p, one vote of one of them, occurs with
    probability :math:`\mu_{py}`. Two pairs of different labeling functions then occur together on a share

    .. math:: O_{pq} = \sum_y \pi_y \mu_{py} \mu_{qy}

    of the rows, which is counted in one pass. What is sought is the matrix :math:`\mu` that completes it. In terms of
    the posterior of a lone vote, :math:`\tau_{py} = \pi_y \mu_{py} / f_p` with :math:`f_p = O_{pp}`, so that the
    shares of single votes are met exactly, L-BFGS minimises

    .. math:: \sum_{p, q:\, j(p) \ne j(q)} \frac{(O_{pq} - \sum_y \pi_y \mu_{py} \mu_{qy})^2}{f_p f_q}
              + \frac{8 s}{n} \sum_{py} (\tau_{py} - \tau^0_{py})^2

    from :math:`\tau^0`, the prior accuracy for the class that is voted for and the rest evenly spread. Ratner et al.
    descend the same moments without weights or prior, from the same start, and stop early; weighted, each residual
    counts by its variance. Then, in logarithms,
    :math:`P(y \mid \lambda) \propto \pi_y \prod_{j: \lambda_j \ne -1} \mu_{j \lambda_j y}`: abstaining says
    nothing. Gold rows count as votes of the prior.

    It is fast on many rows, as only the counting sees them, and good where independence holds, firing included. Where
    labeling functions fire together for other reasons than the class, as crowd workers do, it is misled.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    class_balance : "uniform", "estimate", or array-like of shape (k,)
        The class balance: equal, the vote share, or known (above 0 for each class; scaled to sum to 1).
    prior_accuracy : float
        The accuracy that the prior expects of a vote, in (0, 1).
    prior_strength : float
        s, how many votes of each pair the prior is worth, above 0.
    max_iter : int
        The most iterations of L-BFGS, 1 or more.
    tol : float
        It stops when the objective falls by less than this, relative to its size; 0 or more.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The class balance.
    objective_path_ : list of float
        The objective, but for a constant, after each iteration; it never rises.

    References
    ----------
    A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey and C. Ré, "Training complex models with multi-task weak
    supervision", AAAI 2019. doi:10.1609/aaai.v33i01.33014763

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models.matrix_completion import MatrixCompletion
    >>> planted = make_votes(n=20_000, m=6, coverage=0.8, accuracy=[0.9, 0.8, 0.7, 0.6, 0.6, 0.8])
    >>> MatrixCompletion().fit(planted.votes).accuracies_.round(1)
    array([0.9, 0.8, 0.7, 0.6, 0.6, 0.8])
    """

    def __init__(
        self,
        *,
        classes: Classes = None,
        class_balance: Any = "uniform",
        prior_accuracy: float = 0.7,
        prior_strength: float = 100.0,
        max_iter: int = 200,
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

    def _fit(self, problem: Problem) -> Fit:
        known = known_balance(self.class_balance, problem.k)
        balance = smoothed_balance(problem.covered().start().state_counts) if known is None else known
        self._balance, pairs = balance, problem.pairs
        expected = self._prior_vote(pairs)
        path: list[float] = []
        self._tau, converged = expected, True
        if len(pairs):
            gold = gold_counts(problem)
            strength = self.prior_strength + gold.sum(axis=1, keepdims=True)
            expected = (self.prior_strength * expected + gold) / strength
            self._tau, path, converged = self._minimise(
                Moments(problem, balance), expected, PULL * strength / problem.total
            )
        if np.ptp(balance) == 0 and not problem.has_gold:  # else these say which class is which
            self._tau = self._tau[:, anchored_classes(pairs, problem.fired[:, np.newaxis] * self._tau)]
        if not converged:
            warn_caller(
                f"MatrixCompletion stopped after max_iter={self.max_iter} iterations, before it settled.",
                NotConvergedWarning,
            )
        return Fit(balance, len(path), converged, path)

    def _minimise(self, moments: Moments, expected: Floats, pull: Floats) -> tuple[Floats, list[float], bool]:
        """The posteriors of a lone vote, (pairs, k), that fit the moments without straying far from ``expected``."""

        def objective(flat: Floats) -> tuple[float, Floats]:
            tau = softmax(flat.reshape(expected.shape), axis=1)
            value, slope = moments.loss(tau)
            away = tau - expected
            slope += 2 * pull * away
            slope = tau * (slope - (tau * slope).sum(axis=1, keepdims=True))  # through the softmax
            return value + float((pull * away**2).sum()), slope.ravel()

        path: list[float] = []
        with threadpool_limits(1, user_api="blas"):  # two threads on small products are slower than one
            result = minimize(
                objective,
                np.log(expected).ravel(),
                jac=True,
                method="L-BFGS-B",
                callback=lambda intermediate_result: path.append(float(intermediate_result.fun)),
                options={"maxiter": self.max_iter, "ftol": self.tol, "gtol": 0.0},
            )
        return softmax(result.x.reshape(expected.shape), axis=1), path, bool(result.status != 1)  # 2: no step falls

    def _prior_vote(self, pairs: PairTable) -> Floats:
        """The posterior of a lone vote that the prior expects, (pairs, k)."""
        right = pairs.vote[:, np.newaxis] == np.arange(pairs.k)
        other = (1 - self.prior_accuracy) / (pairs.k - 1)
        return np.where(right, self.prior_accuracy, other)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        tau = self._prior_vote(pairs)
        tau[seen >= 0] = self._tau[seen[seen >= 0]]
        return np.log(np.maximum(tau, np.finfo(float).tiny)) - np.log(self._balance)
