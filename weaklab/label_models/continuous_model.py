"""The continuous model: labeling functions that vote with a confidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.label_models.ascent import ascend
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.parameters import check_count, check_positive, check_probability, check_tolerance
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.rich_votes import RichLabelModel
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes import SoftVotes
from weaklab.votes.pairs import PairTable

#: Entries of a table of slots by classes by votes that are held at a time.
BLOCK = 4_000_000


class ContinuousModel(RichLabelModel):
    r"""Labeling functions that vote with a confidence, guided by the precision that is expected of them, by EM.

    Takes :class:`weaklab.votes.SoftVotes`; votes for one class each are wholly confident. On a row of class y,
    labeling function j means class v with probability :math:`\phi_{jyv}`, and abstains with
    :math:`1 - \sum_v \phi_{jyv}`. What it shows of what it means is a distribution r over the classes, which is taken
    to be its own belief: with :math:`\bar r_{jv}` the mean of what it shows,

    .. math:: P(r \mid \text{j means } v) \propto r_v / \bar r_{jv} \quad\Rightarrow\quad
              P(\lambda_j = r \mid y) \propto \sum_v \phi_{jyv}\, r_v / \bar r_{jv}

    So a vote that is as unsure as j is on average tells no more than that j fired. EM alternates posteriors of the
    classes and of what was meant, in logarithms, with

    .. math:: \phi_{jyv} = \frac{\sum_i q_{iy} P(\text{j means } v \mid r_{ij}, y) + (g n / k)\, \phi^0_{jyv}}
                                {\sum_i q_{iy} + g n / k}, \qquad \pi_y = \frac{\sum_i q_{iy} + 1}{n + k}

    where :math:`\phi^0_{jyv} = k F_{jv} M_{yv}` is what j would do if its votes, v on a share :math:`F_{jv}` of the
    rows, had the guide's precision, :math:`M_{yy}`, and erred evenly, on even classes. It is a maximum a posteriori
    under a Dirichlet prior worth g n rows, which stands for the quality guides of Chatterjee et al.: like theirs, the
    model learns when each labeling function fires, and the guide keeps it from turning votes round; unlike theirs, it
    has no density of scores to be fitted by gradients.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None takes k of SoftVotes, or infers ``max(2, highest vote + 1)``
        of votes for one class each.
    class_balance : "estimate", "uniform", mapping or Series by class, or array-like of shape (k,)
        The class balance: learned, equal, or known (above 0 for each class; scaled to sum to 1).
    guide_precision : float
        How often the guide expects a vote to be right, in (0, 1).
    guide_strength : float
        g, how many times the rows of the data the guide is worth, above 0.
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
    accuracies_ : ndarray of shape (m,)
        For each labeling function, the estimated share of its confidence that is on the right class; NaN where it
        never voted.
    confusion_ : ndarray of shape (m, k, k + 1)
        As for any label model; a vote counts for each class by its confidence.
    objective_path_ : list of float
        The log-posterior of the parameters, up to a constant, before each M-step; it never falls.

    References
    ----------
    O. Chatterjee, G. Ramakrishnan and S. Sarawagi, "Robust data programming with precision-guided labeling functions",
    AAAI 2020. doi:10.1609/aaai.v34i04.5742

    Examples
    --------
    >>> from weaklab.label_models.continuous_model import ContinuousModel
    >>> from weaklab.votes import SoftVotes
    >>> sure, unsure = [0.1, 0.9], [0.6, 0.4]
    >>> votes = SoftVotes([[sure, unsure], [unsure, unsure], [sure[::-1], unsure[::-1]], [unsure[::-1], sure]])
    >>> ContinuousModel(classes=["ham", "spam"]).fit(votes).predict(votes).tolist()
    ['spam', 'ham', 'ham', 'spam']
    """

    takes = SoftVotes

    def __init__(
        self,
        *,
        classes: Classes = None,
        class_balance: Any = "estimate",
        guide_precision: float = 0.8,
        guide_strength: float = 1.0,
        max_iter: int = 100,
        tol: float = 1e-6,
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.class_balance = class_balance
        self.guide_precision = guide_precision
        self.guide_strength = guide_strength
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_probability("guide_precision", self.guide_precision)
        check_positive("guide_strength", self.guide_strength)
        check_count("max_iter", self.max_iter, 1)
        check_tolerance("tol", self.tol)

    def _fit(self, problem: Problem) -> Fit:
        pairs, k, n = problem.pairs, problem.k, problem.total
        known, every = known_balance(self.class_balance, k, self.classes_.tolist()), np.arange(len(pairs))
        lf, says, m = self._book.lf[pairs.lf], self._book.says[pairs.lf], self._book.m
        self._active = np.bincount(lf, minlength=m) > 0
        shown = np.zeros((m, k))
        np.add.at(shown, lf, says * problem.fired[:, np.newaxis])
        shown += 1 / k  # one vote more, for no class, so that none is impossible
        self._mean = shown / shown.sum(axis=1, keepdims=True)
        guide = self._guide(shown / (n + 2)) * (
            self.guide_strength * n / k
        )  # pseudo-counts (m, class, vote or silence)

        def maximise(meant: Floats, class_counts: Floats) -> float:
            """Keep the parameters that fit best; the log-density of their prior, up to a constant."""
            counts = guide.copy()
            counts[:, :, :-1] += meant
            counts[:, :, -1] += np.maximum(class_counts - meant.sum(axis=2), 0)  # rounding may leave less than nothing
            self._phi = counts / counts.sum(axis=2, keepdims=True)
            self._balance = smoothed_balance(class_counts) if known is None else known
            density = float((guide * np.log(self._phi))[self._active].sum())
            return density + (float(np.log(self._balance).sum()) if known is None else 0.0)

        def meant(step: Expected) -> Floats:
            """How often each labeling function meant each vote on rows of each class, (m, k, k)."""
            out = np.zeros((m, k, k))
            for block in blocks(len(pairs), k):
                joint = self._phi[lf[block], :, :-1] * (says[block] / self._mean[lf[block]])[:, np.newaxis]
                joint *= (step.counts[block] / joint.sum(axis=2))[:, :, np.newaxis]
                np.add.at(out, lf[block], joint)
            return out

        def improve(step: Expected) -> tuple[Expected, float]:
            density = maximise(meant(step), step.state_counts)
            step = problem.step(self._log_weights(pairs, every), self._log_prior())
            return step, step.log_likelihood + density

        maximise(np.zeros((m, k, k)), np.zeros(k))  # the guide alone
        start = problem.step(self._log_weights(pairs, every), self._log_prior())
        climb = ascend(improve, start, max_iter=self.max_iter, tol=self.tol, rows=n)
        step = climb.warn(type(self).__name__).state
        maximise(meant(step), step.state_counts)
        return Fit(self._balance, len(climb.path), climb.converged, climb.path)

    def _guide(self, share: Floats) -> Floats:
        """What the guide expects on each class, (m, k, k + 1), where votes are meant on these shares of rows (m, k)."""
        k = share.shape[1]
        matrix = np.full((k, k), (1 - self.guide_precision) / (k - 1))
        np.fill_diagonal(matrix, self.guide_precision)
        out = np.empty((len(share), k, k + 1))
        out[:, :, :-1] = k * share[:, np.newaxis] * matrix
        total = out[:, :, :-1].sum(axis=2, keepdims=True)
        most = share.sum(axis=1)[:, np.newaxis, np.newaxis] ** 0.5  # below 1: no class can be voted for more often
        out[:, :, :-1] *= np.minimum(most / total, 1)
        out[:, :, -1] = 1 - out[:, :, :-1].sum(axis=2)
        return out

    def _log_silence(self) -> Floats:
        return np.log(self._phi[:, :, -1])  # (m, k)

    def _log_prior(self) -> Floats:
        return np.log(self._balance) + self._log_silence()[self._active].sum(
            axis=0
        )  # one that never votes is not asked

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        lf, says = self._book.lf[pairs.lf], self._book.says[pairs.lf]
        out = np.empty(says.shape)
        for block in blocks(len(pairs), pairs.k):
            likely = says[block] / self._mean[lf[block]]
            out[block] = np.log(np.einsum("pyv,pv->py", self._phi[lf[block], :, :-1], likely))
        return out - np.where(self._active[:, np.newaxis], self._log_silence(), 0)[lf]


def blocks(size: int, k: int) -> Iterator[slice]:
    """Runs of slots whose tables by class and vote fit in memory."""
    step = max(1, BLOCK // k**2)
    return (slice(start, start + step) for start in range(0, size, step))
