"""The tempered model on its own: one member of the default, with its class prior to choose."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.many_classes import VoteWeights
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.tempered import OUTPUT_EXPONENT, fit_tempered, root_prior, row_scale, share_prior
from weaklab.label_models.tempered_votes import fit_tempered_votes
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable

ClassPrior = Literal["root", "share"]


class TemperedModel(BaseLabelModel):
    r"""A confusion matrix per labeling function, learned by a tempered pseudo-EM that silence never enters.

    The rule and its estimation stand at :func:`weaklab.label_models.tempered.fit_tempered`: evidence of a row with v
    votes is scaled by :math:`v^{-1/4}`, as votes are seldom independent; whether a labeling function fires is evidence
    only where it never votes for some class; and smoothing is strong enough that no labeling function is believed
    blindly. On keyword rules it is the best single model that we know; :class:`weaklab.LabelModel` averages two of it.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    class_prior : {"root", "share"}
        The class prior: the square root of the learned balance, best where classes are not far from even; or the
        balance that full voters show and, as far as labeling functions are partial, the vote share.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The class prior of the rule.
    objective_path_ : list of float
        The largest change of any log-weight per iteration; there is no likelihood.

    Notes
    -----
    It descends from Dawid and Skene's model (1979, doi:10.2307/2346806), with a tempered likelihood (Grünwald and van
    Ommen, 2017, doi:10.1214/17-BA1085).

    Examples
    --------
    >>> from weaklab.label_models import TemperedModel
    >>> votes = [[0, 0, -1], [1, -1, 1], [0, 1, 0], [-1, 1, 1]] * 20
    >>> TemperedModel().fit(votes).predict(votes[:4])
    array([0, 1, 0, 1])
    """

    _rule: Any  # Tempered, or TemperedVotes where classes are many
    _tempers = True

    def __init__(self, *, classes: Classes = None, class_prior: ClassPrior = "root", random_state: Seed = None) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.class_prior not in get_args(ClassPrior):
            raise ParameterError(
                f"class_prior={self.class_prior!r}.{did_you_mean(self.class_prior, get_args(ClassPrior))}"
            )

    def _fit(self, problem: Problem) -> Fit:
        problem = problem.covered()
        fit = fit_tempered_votes if problem.many_classes else fit_tempered
        self._rule = fit(problem, root_prior if self.class_prior == "root" else share_prior(problem))
        changes = self._rule.changes
        return Fit(np.exp(self._rule.log_prior), len(changes), self._rule.converged, changes)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        log_weights: Floats = self._rule.log_weights(pairs, seen)
        return OUTPUT_EXPONENT * log_weights

    def _vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        weights: VoteWeights = self._rule.vote_weights(pairs, seen)
        return weights

    def _power(self) -> float:
        return OUTPUT_EXPONENT

    def _log_prior(self) -> Floats:
        log_prior: Floats = self._rule.log_prior
        return log_prior if self._many_classes else OUTPUT_EXPONENT * log_prior

    def _scale(self, row_counts: np.ndarray) -> Floats:
        return row_scale(row_counts)
