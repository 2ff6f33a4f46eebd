"""The default label model: two tempered models and every vote alike, averaged; copies count once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.label_models.appraised import AppraisedAttributes
from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.calibration import calibrate_odds
from weaklab.label_models.choose_correction import NAMES, choose_correction
from weaklab.label_models.class_balance import known_balance
from weaklab.label_models.corrections import Correction, Scored, corrected_prior
from weaklab.label_models.dependence import find_dependence, with_groups
from weaklab.label_models.gold_counts import gold_classes
from weaklab.label_models.many_classes import CELLS_AT_A_TIME, VoteWeights
from weaklab.label_models.members import share_out, share_out_by_vote, spread
from weaklab.label_models.prior_knowledge import accuracies_of, groups_of
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.tempered import (
    PRIOR_ACCURACY,
    Known,
    PriorRule,
    fit_tempered,
    root_prior,
    share_prior,
)
from weaklab.label_models.tempered_votes import fit_tempered_votes
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes.pairs import PairTable

DependenceRule = Literal["correct", "ignore"]

#: The power of a row's number of votes that its evidence is multiplied by. Votes on a row are never wholly independent
#: given its class: the more of them, the more they repeat each other. Chosen, as the next, on public label matrices and
#: synthetic draws together.
ROW_EXPONENT = -0.5
#: The power of the class prior.
PRIOR_EXPONENT = 0.8
#: Rows that corrections by gold rows look at: of those with gold, and of all.
MOST_GOLD = 10_000


class LabelModel(AppraisedAttributes, BaseLabelModel):
    r"""The label model to start with: learns whom to trust, does not collapse, and counts copies once.

    No single model both beats majority vote on average and never falls far below it: what learns the class balance
    collapses on labeling functions that vote for one class only, what takes it as even collapses on imbalanced
    classes. This one averages the log-weights W of three members: two tempered models (see
    :func:`weaklab.label_models.tempered.fit_tempered`) that differ in the class prior alone, and *every vote alike*, as
    in majority vote:

    .. math:: q_{iy} \propto \pi_y^{0.8} \exp\Big(v_i^{-1/2} \sum_{j: \lambda_{ij} \ne -1} \sum_m w_m
              W^{(m)}_{j \lambda_{ij} y}\Big)

    where :math:`v_i` is the number of votes on row i, and :math:`\log \pi` the same average of the log-priors. The
    first has the square root of the learned balance as its prior, the second the balance that full voters show, or the
    vote share where labeling functions are partial. How much each counts is found from the votes: each vote is left out
    in turn, and a member counts by how much the class that it infers from the others tells of that vote
    (:func:`weaklab.label_models.members.share_out`). Not firing is never evidence.

    Before that it looks for labeling functions that agree beyond what the class explains
    (:func:`weaklab.label_models.dependence.find_dependence`): g copies of one are worth one vote, not g.

    Gold rows, where there are some, are not clamped, for among many rows they would drown: they correct the fitted rule
    by a temperature, an offset per class and what each vote counts, as far as held-out gold rows show that this helps
    (:func:`weaklab.label_models.choose_correction.choose_correction`), and they move ``class_prior_``.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        How many classes there are, or their names; None infers ``max(2, highest vote + 1)``.
    class_balance : "estimate", "uniform", mapping or Series by class, or array-like of shape (k,)
        The class balance: learned, equal, or known (above 0 for each class; scaled to sum to 1).
    prior_accuracy : float, mapping from name or column to float, array-like of shape (m,) or (m, k), or None
        The accuracy that is expected of a labeling function before any vote is seen, in (0, 1): of all, of some by
        name, of each, or of each on each class. None is 0.7.
    fixed_accuracy : mapping from name or column to float, or None
        Labeling functions whose accuracy is taken as given, in (0, 1), and not learned.
    groups : sequence of sequences of names or columns, or None
        Labeling functions that you know to repeat each other; each group is worth one vote.
    dependence : {"correct", "ignore"}
        Whether to look for groups that repeat each other.
    random_state : int, Generator or None
        The seed of ``predict(ties="random")``; the model itself draws nothing. None means 0.

    Attributes
    ----------
    class_prior_ : ndarray of shape (k,)
        The weighted geometric mean of the two priors, scaled to sum to 1; corrected by the gold rows, unless the class
        balance was given.
    vote_worth_ : ndarray of shape (m,)
        What a vote of each labeling function counts, in (0, 1]; below 1 where others repeat it.
    chosen_ : dict
        What the model did and why, in words: the members, what each counts, what it tells of held-out votes, in nats
        per vote, the dependent groups, and what gold rows correct.
    error_bound_ : float
        How far the log-weights may be from where more iterations would take them, in nats.
    objective_path_ : list of float
        The largest change of any log-weight per iteration, of whichever member changed more; there is no likelihood.

    Notes
    -----
    The members descend from Dawid and Skene's model (1979, doi:10.2307/2346806), with tempered likelihoods (Grünwald
    and van Ommen, 2017, doi:10.1214/17-BA1085); the constants stand in :mod:`weaklab.label_models.tempered`.

    With thousands of classes, a table of (labeling function, vote) by class would neither fit nor be filled by the
    votes. Beyond 1 million cells (100 labeling functions that each vote for 100 classes), the members learn how often
    each vote is right, and take wrong votes to fall on rows of other classes as these are frequent
    (:func:`weaklab.label_models.tempered_votes.fit_tempered_votes`); gold rows set a temperature only,
    ``accuracy_intervals_`` come from counts, and ``confusion_of`` shows wrong votes spread. Which of the two it was,
    ``chosen_["votes"]`` says.

    Examples
    --------
    >>> import numpy as np
    >>> from weaklab.label_models import LabelModel
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=2000)
    >>> right = rng.random((2000, 3)) < [0.9, 0.6, 0.6]
    >>> votes = np.where(right, y[:, None], 1 - y[:, None])
    >>> model = LabelModel(classes=["ham", "spam"]).fit(votes)
    >>> int(model.accuracies_.argmax())
    0
    >>> model.labels(votes)
    SoftLabels(n=2,000, k=2, classes=['ham', 'spam'], covered=100.0%)

    Three copies of a labeling function are worth one vote:

    >>> right = rng.random((2000, 6)) < [0.8, 0.7, 0.8, 0.7, 0.8, 0.6]
    >>> votes = np.where(right, y[:, None], 1 - y[:, None])[:, [0, 1, 2, 3, 4, 5, 5, 5]]
    >>> LabelModel().fit(votes).vote_worth_.round(2)
    array([1.  , 1.  , 1.  , 1.  , 1.  , 0.33, 0.33, 0.33])
    """

    _learns_from_sums: ClassVar[bool] = True

    #: How many of the corrections by gold rows are tried.
    _corrections = len(NAMES)
    _members: list[Any]  # Tempered, or TemperedVotes where classes are many
    _tempers = True

    def __init__(
        self,
        *,
        classes: Classes = None,
        class_balance: Any = "estimate",
        prior_accuracy: Any = None,
        fixed_accuracy: Mapping[Any, float] | None = None,
        groups: Sequence[Sequence[Any]] | None = None,
        dependence: DependenceRule = "correct",
        random_state: Seed = None,
    ) -> None:
        self.classes = classes
        self.class_balance = class_balance
        self.prior_accuracy = prior_accuracy
        self.fixed_accuracy = fixed_accuracy
        self.groups = groups
        self.dependence = dependence
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.dependence not in get_args(DependenceRule):
            hint = did_you_mean(self.dependence, get_args(DependenceRule))
            raise ParameterError(f"dependence={self.dependence!r}.{hint}")

    def _fit(self, problem: Problem) -> Fit:
        covered = self._to_learn_from(problem)
        known = self._known = self._learn_known(covered)
        rules: list[PriorRule] = [root_prior, share_prior(covered)]
        if known.balance is not None:
            rules = [lambda balance: balance]  # what is known need not be hedged
        fit, share = (fit_tempered_votes, share_out_by_vote) if problem.many_classes else (fit_tempered, share_out)
        self._members: list[Any] = [fit(covered, rule, known) for rule in rules]
        self._shares = share(covered, self._members)
        self._correction = Correction(1.0, np.zeros(problem.k))
        log_prior = self._average([member.log_prior for member in self._members])
        prior = np.exp(log_prior - log_prior.max())
        prior /= prior.sum()
        said: dict[str, Any] = {}
        if problem.has_gold:
            self._correction, said = self._correct(problem)
            if known.balance is None:
                prior = corrected_prior(prior, *gold_classes(problem))
        paths = [member.changes for member in self._members]
        longest = max(len(path) for path in paths)
        self.vote_worth_ = known.worth
        self.error_bound_ = max(member.error_bound for member in self._members)
        self.chosen_ = self._say(known) | said
        return Fit(
            class_prior=prior,
            n_iter=longest,
            converged=all(member.converged for member in self._members),
            objective_path=[max(path[i] for path in paths if i < len(path)) for i in range(longest)],
        )

    def _to_learn_from(self, problem: Problem) -> Problem:
        return problem.covered().without_gold()

    def _learn_known(self, problem: Problem) -> Known:
        names, m, k = problem.votes.names, problem.m, problem.k
        accuracy = accuracies_of(self.prior_accuracy, m, k, names, "prior_accuracy", PRIOR_ACCURACY)
        fixed = accuracies_of(self.fixed_accuracy or {}, m, k, names, "fixed_accuracy", np.nan)
        pinned = ~np.isnan(fixed[:, 0])
        accuracy[pinned] = fixed[pinned]
        declared = groups_of(self.groups, m, names)
        found = find_dependence(problem) if self.dependence == "correct" else None
        worth, self._groups = with_groups(found, declared, m)
        return Known(accuracy, pinned, worth, known_balance(self.class_balance, k, self.classes_.tolist()))

    def _correct(self, problem: Problem) -> tuple[Correction, dict[str, Any]]:
        """What the gold rows that have a vote correct, and what to say of it."""
        rows = np.flatnonzero((problem.gold >= 0) & (problem.votes.row_counts > 0))
        if not len(rows):
            return self._correction, {}
        rows = spread(rows, max(1, CELLS_AT_A_TIME // problem.k) if self._many_classes else MOST_GOLD)
        scored, gold = self._score(problem, rows), problem.gold[rows]
        if self._many_classes:  # gold rows are too few to tell an offset of each class
            votes, q = problem.votes.take(rows), np.exp(scored.scores)
            temperature = calibrate_odds(q, votes.rows, votes.vote, gold, scored.weight)
            said = {"calibrated on gold rows": round(float(scored.weight.sum())), "temperature": temperature}
            return Correction(temperature, np.zeros(problem.k)), said
        others = self._score(problem, spread(np.flatnonzero(problem.votes.row_counts > 0), MOST_GOLD))
        free = ~self._known.pinned[problem.pairs.lf]
        return choose_correction(scored, gold, others, free, NAMES[: self._corrections])

    def _score(self, problem: Problem, rows: np.ndarray) -> Scored:
        votes = problem.votes.take(rows)
        weight = problem.weight[rows] if len(problem.weight) else np.ones(len(rows))
        scale = self._scale(votes.row_counts)
        return Scored.of(
            self._posterior(votes), problem.sample_pairs(rows), len(problem.pairs), scale, votes.row_counts, weight
        )

    def _say(self, known: Known) -> dict[str, Any]:
        members = ["square root of the learned balance", "balance of full voters, vote share of partial ones"]
        if known.balance is not None:
            members = ["the class balance that was given"]
        said: dict[str, Any] = self._shares.say(members) | {"dependent groups": self._groups}
        said["votes"] = "right or wrong, as classes are many" if self._many_classes else "a confusion of classes each"
        return said

    def _average(self, of_members: list[Floats]) -> Floats:
        return self._shares.average(of_members)

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        weights = self._correction.temperature * self._shares.log_weights(pairs, self._members, seen)
        if self._correction.votes is not None:
            weights[seen >= 0] += self._correction.votes[seen[seen >= 0]]
        return weights

    def _vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        own, others = self._shares.vote_weights(pairs, self._members, seen)
        return VoteWeights(own / PRIOR_EXPONENT, others / PRIOR_EXPONENT)  # the power is for the prior

    def _power(self) -> float:
        return self._correction.temperature * PRIOR_EXPONENT

    def _plain_vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        own, others = zip(*(member.vote_weights(pairs, seen) for member in self._members), strict=True)
        return VoteWeights(self._average(list(own)), self._average(list(others)))

    def _count_right(self, covered: Problem) -> tuple[Floats, Floats]:
        weights = self._plain_vote_weights(self._pairs, np.arange(len(self._pairs)))
        step = covered.step_by_vote(weights, self._average([member.log_prior for member in self._members]))
        return step.right, step.class_counts

    def _count(self, problem: Problem) -> None:
        if (
            self._many_classes or self._correction.votes is not None
        ):  # gold rows made it neither too sure nor too unsure
            super()._count(problem)
            return
        # Tempering keeps labels from being too sure, and would make every labeling function look worse than it is: what
        # is counted are the posteriors of the plain rule.
        weights = self._average(
            [member.log_weights(problem.pairs, np.arange(len(problem.pairs))) for member in self._members]
        )
        prior = self._average([member.log_prior for member in self._members])
        step = problem.covered().step(weights, prior)
        self._pair_counts = step.counts
        self._class_counts = step.state_counts + (problem.total - problem.covered().total) * self.class_prior_

    def _log_prior(self) -> Floats:
        log_prior = self._shares.log_prior(self._members)
        if self._many_classes:
            return log_prior  # the power does the rest
        return self._correction.temperature * PRIOR_EXPONENT * log_prior + self._correction.offset

    def _scale(self, row_counts: np.ndarray) -> Floats:
        return np.maximum(row_counts, 1).astype(np.float64) ** ROW_EXPONENT
