"""Second moments of votes, and how far parameters are from explaining them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from weaklab._kernels.chunks import CHUNK
from weaklab.label_models.co_votes import DENSE_PAIRS, co_counts, incidence
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable


class Moments:
    r"""How often two votes of different labeling functions meet, and the loss of what should explain it.

    With :math:`O_{pq}` the share of rows on which pairs p and q both occur, :math:`f_p = O_{pp}`, and
    :math:`S_{py} = \tau_{py} \sqrt{f_p / \pi_y}`, the loss of :math:`\tau` is

    .. math:: \ell(\tau) = \sum_{p, q:\, j(p) \ne j(q)} \Big(\frac{O_{pq}}{\sqrt{f_p f_q}} - (S S^\top)_{pq}\Big)^2

    It needs O only in the product O S; the square of :math:`S S^\top` is that of the Gram matrix :math:`S^\top S`, less
    the blocks of each labeling function. So where pairs are many, neither time nor memory grows with their square.

    Parameters
    ----------
    problem : Problem
        Rows of votes; not all of weight 0.
    balance : ndarray of shape (k,)
        The class balance.
    """

    def __init__(self, problem: Problem, balance: Floats) -> None:
        self.share = problem.fired / problem.total  # (pairs,), above 0, as each pair occurs
        self._root = np.sqrt(self.share[:, np.newaxis] / balance)  # (pairs, k)
        self._alike = _alike(problem.pairs, problem.m)
        self._product = _product(problem, np.sqrt(self.share))

    def loss(self, tau: Floats) -> tuple[float, Floats]:
        """The loss but for a constant, and its gradient with respect to ``tau`` (pairs, k)."""
        s = self._root * tau
        met, gram = self._product(s), s.T @ s
        value = (gram**2).sum() - 2 * (s * met).sum()
        slope = s @ gram - met
        for group in self._alike:
            part = s[group]  # (lfs, votes, k)
            own = part @ part.transpose(0, 2, 1)  # (lfs, votes, votes): what the loss leaves out
            value -= (own**2).sum()
            slope[group] -= own @ part
        return float(value), 4 * slope * self._root


def _alike(pairs: PairTable, m: int) -> list[np.ndarray]:
    """The pairs of the labeling functions that each vote for equally many classes, (lfs, votes) for each number."""
    votes = np.bincount(pairs.lf, minlength=m)
    first = np.cumsum(votes) - votes
    return [first[votes == v, np.newaxis] + np.arange(v) for v in np.unique(votes[votes > 0])]


def _product(problem: Problem, root: Floats) -> Callable[[Floats], Floats]:
    """The product with ``O / outer(root, root)`` less its diagonal, where votes of one function meet themselves."""
    scale = root[:, np.newaxis]
    if len(root) <= DENSE_PAIRS:
        table = np.asarray(co_counts(problem)) / problem.total / (scale * root)
        np.fill_diagonal(table, 0)
        return lambda s: table @ s
    occurs = incidence(problem)
    weight = problem.weight[:, np.newaxis] if len(problem.weight) else np.ones((occurs.shape[0], 1))
    parts = [
        (occurs[start : start + CHUNK], weight[start : start + CHUNK] / problem.total)
        for start in range(0, occurs.shape[0], CHUNK)
    ]

    def product(s: Floats) -> Floats:
        scaled = s / scale
        out: Floats = -(root[:, np.newaxis] ** 2) * scaled
        for rows, w in parts:
            out += rows.T @ (w * (rows @ scaled))
        return out / scale

    return product
