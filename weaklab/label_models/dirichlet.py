r"""Dirichlet distributions as variational Bayes needs them: expected logarithms, and divergences from the prior.

For :math:`\theta \sim \text{Dir}(a)` with :math:`A = \sum_v a_v`, :math:`E \log \theta_v = \psi(a_v) - \psi(A)`, and

.. math:: KL(a \,\|\, b) = \log\frac{\Gamma(A)}{\Gamma(B)} - \sum_v \log\frac{\Gamma(a_v)}{\Gamma(b_v)}
                          + \sum_v (a_v - b_v) (\psi(a_v) - \psi(A))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable


def expected_log(a: Floats) -> Floats:
    """The expected logarithms of Dirichlet distributions along the last axis, of the shape of ``a``.

    Examples
    --------
    >>> import numpy as np
    >>> expected_log(np.array([1.0, 1.0]))
    array([-1., -1.])
    """
    return digamma(a) - digamma(a.sum(axis=-1, keepdims=True))


def divergence(a: Floats, b: Floats) -> float:
    """The Kullback-Leibler divergence of Dirichlet distributions ``a`` from ``b``, summed over all but the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> divergence(np.array([2.0, 3.0]), np.array([2.0, 3.0]))
    0.0
    """
    total = gammaln(a.sum(axis=-1)) - gammaln(b.sum(axis=-1))
    each = -gammaln(a) + gammaln(b) + (a - b) * expected_log(a)
    return float(total.sum() + each.sum())


@dataclass(frozen=True, eq=False)
class VoteDirichlets:
    """For each labeling function and state, a Dirichlet distribution over the k votes that it can cast.

    Only pairs that occur are kept: all other votes have their prior.

    Parameters
    ----------
    counts : ndarray of shape (pairs, states)
        Expected votes.
    sums : ndarray of shape (m, states)
        Their sums by labeling function.
    right, wrong : float
        The prior pseudo-counts of the vote for the state's class, and of each other vote.
    k : int
        How many classes there are.
    """

    counts: Floats
    sums: Floats
    right: float
    wrong: float
    k: int

    @classmethod
    def of(cls, pairs: PairTable, counts: Floats, m: int, right: float, wrong: float) -> VoteDirichlets:
        """The posteriors that expected votes (pairs, states) give."""
        return cls(counts, pairs.sum_by_lf(counts, m), right, wrong, pairs.k)

    @property
    def _prior_total(self) -> float:
        return self.right + (self.k - 1) * self.wrong

    def _prior(self, pairs: PairTable) -> Floats:
        """Prior pseudo-counts, (pairs, states); without a state per class, right and wrong are the same."""
        states = self.sums.shape[1]
        of_class = np.arange(states) * self.k // states
        return np.where(pairs.vote[:, np.newaxis] == of_class, self.right, self.wrong)

    def expected_log(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        """The expected log-probability of each pair's vote, (pairs, states); ``seen`` as in ``_log_weights``."""
        a = self._prior(pairs)
        known = seen >= 0
        a[known] += self.counts[seen[known]]
        return digamma(a) - digamma(self.sums + self._prior_total)[pairs.lf]

    def divergence(self, pairs: PairTable) -> float:
        """The Kullback-Leibler divergence from the prior, summed over labeling functions and states."""
        b = self._prior(pairs)
        each = gammaln(b) - gammaln(b + self.counts)
        each += self.counts * self.expected_log(pairs, np.arange(len(pairs)))
        total = gammaln(self.sums + self._prior_total) - gammaln(self._prior_total)
        return float(each.sum() + total.sum())
