"""The partial label model: labeling functions that vote for sets of classes."""

from __future__ import annotations

import numpy as np

from weaklab._kernels.em import Expected
from weaklab.label_models.ascent import ascend
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.parameters import PriorParameters
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.rich_votes import RichLabelModel
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable


class PartialLabelModel(PriorParameters, RichLabelModel):
    r"""An accuracy per labeling function and class, for votes that are sets of classes, by maximum a posteriori EM.

    Takes :class:`weaklab.votes.PartialVotes`; votes for one class each are sets of one. Given the class y of a row, and
    that labeling function j votes, its set holds y with probability :math:`\alpha_{jy}`; which of the
    :math:`R_{jy}` sets of its own that hold y it is, or which of the :math:`W_{jy}` that do not, is an even chance:

    .. math:: P(\lambda_j = S \mid y) = \alpha_{jy} / R_{jy} \text{ if } y \in S, \text{ else }
              (1 - \alpha_{jy}) / W_{jy}

    where a labeling function that has no set with y, or none without it, is taken to have one that it never votes for:
    R and W are 1 at least. Labeling functions are independent given the class, and abstaining says nothing. EM
    alternates posteriors :math:`q_{iy} \propto \pi_y \prod_j P(\lambda_{ij} \mid y)`, in logarithms, with

    .. math:: \alpha_{jy} = \frac{\sum_i q_{iy} \mathbb 1[y \in \lambda_{ij}] + s a}
                                 {\sum_i q_{iy} \mathbb 1[\lambda_{ij} \ne \emptyset] + s}, \qquad
              \pi_y = \frac{\sum_i q_{iy} + 1}{n + k}

    the latter where the balance is learned: the mode under a :math:`\text{Beta}(1 + s a, 1 + s (1 - a))` prior with a
    the prior accuracy, from the posteriors under that prior. Yu et al. descend the same likelihood by stochastic
    gradients.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None takes k of PartialVotes, or infers
        ``max(2, highest vote + 1)`` of votes for one class each.
    class_balance : "uniform", "estimate", or array-like of shape (k,)
        The class balance: equal, learned, or known (above 0 for each class; scaled to sum to 1). Learned, it can run
        away with every row where labeling functions only ever vote for one set.
    prior_accuracy : float
        a, how often the prior expects a set to hold the class, in (0, 1).
    prior_strength : float
        s, how many votes on rows of each class the prior is worth, above 0.
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
        For each labeling function, the estimated probability that its set holds the class; NaN where it never voted.
    confusion_ : ndarray of shape (m, k, k + 1)
        As for any label model; a set counts for each of its classes in equal shares.
    objective_path_ : list of float
        The log-posterior of the parameters before each M-step; it never falls.

    References
    ----------
    P. Yu, T. Ding and S. H. Bach, "Learning from multiple noisy partial labelers", AISTATS 2022.
    doi:10.48550/arXiv.2106.04530

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models.partial_label_model import PartialLabelModel
    >>> from weaklab.votes import PartialVotes
    >>> has_fins, lays_eggs, swims = [0b001, 0b110], [0b011, 0b100], [0b101, 0b010]  # fish, bird, whale
    >>> votes = PartialVotes([[has_fins[0], lays_eggs[0], 0], [has_fins[1], lays_eggs[1], swims[0]]], k=3)
    >>> PartialLabelModel(classes=["fish", "bird", "whale"]).fit(votes).predict(votes).tolist()
    ['fish', 'whale']
    """

    def _fit(self, problem: Problem) -> Fit:
        problem, pairs, k = problem.covered(), problem.pairs, problem.k  # a row without votes says nothing
        known, every = known_balance(self.class_balance, k), np.arange(len(pairs))
        lf, says = self._book.lf[pairs.lf], self._book.says[pairs.lf]
        votes = np.zeros((2, self._book.m, k))  # of sets without and with the class
        np.add.at(votes, (1, lf), says)
        np.add.at(votes, (0, lf), 1 - says)
        self._log_sets = np.log(np.maximum(votes, 1))  # W and R
        active = votes.sum(axis=(0, 2)) > 0
        prior = self.prior_strength * np.array([1 - self.prior_accuracy, self.prior_accuracy])

        def maximise(step: Expected) -> float:
            """Keep the parameters that fit best; the log-density of their prior, up to a constant."""
            counts = np.zeros_like(votes)
            np.add.at(counts, (1, lf), step.counts * says)
            np.add.at(counts, (0, lf), step.counts * (1 - says))
            counts += prior[:, np.newaxis, np.newaxis]
            self._log_alpha = np.log(counts / counts.sum(axis=0))  # (2, m, k): set without, and with, the class
            self._balance = smoothed_balance(step.state_counts) if known is None else known
            density = (prior @ self._log_alpha[:, active].sum(axis=(1, 2))).item()
            return density + (np.log(self._balance).sum() if known is None else 0.0)

        def improve(step: Expected) -> tuple[Expected, float]:
            density = maximise(step)
            step = problem.step(self._log_weights(pairs, every), self._log_prior())
            return step, step.log_likelihood + density

        maximise(Expected(np.zeros((len(pairs), k)), np.zeros(k), 0.0))  # the prior alone
        start = problem.step(self._log_weights(pairs, every), self._log_prior())
        climb = ascend(improve, start, max_iter=self.max_iter, tol=self.tol, rows=problem.total)
        maximise(climb.warn(type(self).__name__).state)
        return Fit(self._balance, len(climb.path), climb.converged, climb.path)

    def _log_prior(self) -> Floats:
        return np.log(self._balance)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        lf, says = self._book.lf[pairs.lf], self._book.says[pairs.lf]
        without, within = (self._log_alpha - self._log_sets)[:, lf]  # (pairs, k) each
        return np.where(says > 0, within, without)
