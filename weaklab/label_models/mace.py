"""MACE: a labeling function either knows the class of a row, or spams in a way of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from weaklab.label_models.ascent import ascend_from_each
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.dirichlet import VoteDirichlets, divergence, expected_log
from weaklab.label_models.many_classes import VoteWeights
from weaklab.label_models.parameters import check_count, check_positive, check_tolerance
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.starting_noise import random_waves
from weaklab.seeding import generator
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable


class MACE(BaseLabelModel):
    r"""Multi-annotator competence estimation: who knows votes for the class, who spams follows a strategy, by VB.

    On each row that it votes on, labeling function j spams with probability :math:`1 - c_j`; then its vote comes from
    its strategy :math:`\xi_j`, whatever the class. Else it votes for the class. Classes are equally likely:

    .. math:: P(\lambda, y) = \frac1k \prod_{j: \lambda_j \ne -1}
              \big(c_j \mathbb 1[\lambda_j = y] + (1 - c_j) \xi_{j \lambda_j}\big), \qquad
              c_j \sim \text{Beta}(b, b), \quad \xi_j \sim \text{Dir}(d, \dots, d)

    Variational Bayes keeps :math:`q(y_i, S_i)`, with :math:`S_{ij}` whether j spams, a Beta for each competence and a
    Dirichlet for each strategy. With :math:`\tilde c_j = e^{E \log c_j}`, :math:`\tilde s_{jv} = e^{E \log (1 - c_j) +
    E \log \xi_{jv}}`,

    .. math:: q(y_i) \propto \prod_j \big(\tilde c_j \mathbb 1[\lambda_{ij} = y_i] + \tilde s_{j \lambda_{ij}}\big),
              \qquad q(S_{ij} = 0 \mid y_i = \lambda_{ij}) = \frac{\tilde c_j}{\tilde c_j + \tilde s_{j \lambda_{ij}}}

    and who does not vote for the class spams. It climbs from the vote share and from ``n_restarts`` random competences
    and strategies, and keeps the end with the highest bound.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    prior_competence : float
        b, the pseudo-counts of knowing and of spamming, above 0.
    prior_strategy : float
        d, the pseudo-count of each vote of a spammer, above 0: the higher, the more evenly spammers are taken to vote.
    n_restarts : int
        How many random starts are tried besides the vote share, 0 or more.
    max_iter : int
        The most iterations from each start, 1 or more.
    tol : float
        It stops when the bound gains less than this per row, in nats, 0 or more.
    random_state : int, Generator or None
        The seed of the random starts and of ``predict(ties="random")``. None means 0.

    Attributes
    ----------
    competences_ : ndarray of shape (m,)
        The posterior mean of each competence, in (0, 1); that of the prior, 1/2, where it never voted.
    class_prior_ : ndarray of shape (k,)
        Uniform.
    objective_path_ : list of float
        The evidence lower bound at each iteration of the best climb, in nats:
        :math:`\sum_i \log \frac1k \sum_y \prod_j (\cdot) - KL(q(c) \| p(c)) - KL(q(\xi) \| p(\xi))`; it never falls.

    References
    ----------
    D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy, "Learning whom to trust with MACE", NAACL-HLT 2013,
    aclanthology.org/N13-1132 (no DOI), from which the priors 1/2 and 10 and the restarts are.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models.mace import MACE
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=1000)
    >>> votes = np.where(rng.random((1000, 4)) < [0.9, 0.7, 0.7, 0.0], y[:, None], 0)  # the last always says 0
    >>> model = MACE().fit(votes)
    >>> int(model.competences_.argmin())
    3
    """

    _bootstraps = 0

    def __init__(
        self,
        *,
        classes: Classes = None,
        prior_competence: float = 0.5,
        prior_strategy: float = 10.0,
        n_restarts: int = 10,
        max_iter: int = 100,
        tol: float = 1e-6,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.prior_competence = prior_competence
        self.prior_strategy = prior_strategy
        self.n_restarts = n_restarts
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_positive("prior_competence", self.prior_competence)
        check_positive("prior_strategy", self.prior_strategy)
        check_count("n_restarts", self.n_restarts, 0)
        check_count("max_iter", self.max_iter, 1)
        check_tolerance("tol", self.tol)

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()  # a row without votes says nothing of the parameters
        pairs, seen = problem.pairs, np.arange(len(problem.pairs))
        prior = np.full(problem.k, 1 / problem.k)

        def improve(knows: Floats) -> tuple[Floats, float]:
            self._update(problem, knows)
            log_know, log_spam = self._log_know_and_spam(pairs, seen)
            knows, log_likelihood = _expect(problem, log_know, log_spam)
            return knows, log_likelihood - self._divergence(pairs)

        top = ascend_from_each(improve, self._starts(problem), max_iter=self.max_iter, tol=self.tol, rows=problem.total)
        top.warn(type(self).__name__)
        self._update(problem, top.state)
        self.competences_ = self._competence[:, 0] / self._competence.sum(axis=1)
        return Fit(prior, len(top.path), top.converged, top.path)

    def _starts(self, problem: Problem) -> Iterator[Floats]:
        """Expected votes out of knowledge, (pairs,): the vote share, then those of random parameters."""
        pairs, m = problem.pairs, problem.m
        share = problem.start_by_vote().right
        yield share
        tiny = np.finfo(float).tiny  # labeling functions may never vote, and competences be 0
        fired = np.maximum(problem.fired, tiny)
        votes = np.maximum(np.bincount(pairs.lf, fired, minlength=m), tiny)
        by_lf = np.column_stack([votes / problem.total, np.bincount(pairs.lf, share, minlength=m) / votes])
        by_pair = np.column_stack([fired / problem.total, share / fired])
        rng = generator(self.random_state)
        for _ in range(self.n_restarts):
            competence = random_waves(by_lf, 1, rng)[pairs.lf, 0]  # a draw from Beta(1/2, 1/2)
            strategy = random_waves(by_pair, 1, rng)[:, 0] + 1 / pairs.k
            strategy /= np.bincount(pairs.lf, strategy, minlength=m)[pairs.lf]
            log_spam = np.log((1 - competence) * strategy + tiny)
            yield _expect(problem, np.log(competence + tiny), log_spam)[0]

    def _update(self, problem: Problem, knows: Floats) -> None:
        """The posteriors of competences and strategies, from expected votes out of knowledge."""
        spams = np.maximum(problem.fired - knows, 0)  # rounding may leave less than nothing
        self._strategy = VoteDirichlets.of(
            problem.pairs, spams[:, np.newaxis], problem.m, self.prior_strategy, self.prior_strategy
        )
        known = np.bincount(problem.pairs.lf, knows, minlength=problem.m)
        self._competence = np.column_stack([known, self._strategy.sums[:, 0]]) + self.prior_competence  # (m, 2)

    def _divergence(self, pairs: PairTable) -> float:
        """How far the posteriors of the parameters are from their priors, in nats."""
        prior = np.full_like(self._competence, self.prior_competence)
        return divergence(self._competence, prior) + self._strategy.divergence(pairs)

    def _log_know_and_spam(self, pairs: PairTable, seen: np.ndarray) -> tuple[Floats, Floats]:
        """The expected logarithms of casting each pair's vote out of knowledge, and out of spamming; (pairs,) each."""
        log_competence = expected_log(self._competence)[pairs.lf]
        return log_competence[:, 0], log_competence[:, 1] + self._strategy.expected_log(pairs, seen)[:, 0]

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        return self._vote_weights(pairs, seen).table(pairs)

    def _vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        return _know_or_spam(*self._log_know_and_spam(pairs, seen))

    def _log_prior(self) -> Floats:
        k = len(self.classes_)
        return np.full(k, -np.log(k))


def _know_or_spam(log_know: Floats, log_spam: Floats) -> VoteWeights:
    """What each pair adds to the class that it votes for, and to others."""
    return VoteWeights(np.logaddexp(log_know, log_spam), log_spam)


def _expect(problem: Problem, log_know: Floats, log_spam: Floats) -> tuple[Floats, float]:
    """Expected votes out of knowledge, (pairs,), and the log-likelihood, under know and spam log-probabilities."""
    pairs = problem.pairs
    step = problem.count_right(_know_or_spam(log_know, log_spam), np.full(pairs.k, -np.log(pairs.k)))
    return step.right * np.exp(log_know - np.logaddexp(log_know, log_spam)), step.log_likelihood
