"""What passes between the shell of a label model and its maths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from weaklab._kernels.candidates import Candidates, expectation_of_candidates, share_of_candidates
from weaklab._kernels.chunks import CHUNK
from weaklab._kernels.em import Expected, Rows, expectation, expectation_of_two, of_second, share_counts
from weaklab._kernels.words import Survey, WordRows, expectation_of_words, survey
from weaklab.exceptions import VoteError
from weaklab.label_models.many_classes import CELLS_AT_A_TIME, VoteWeights, are_many, normalised
from weaklab.typing import Floats
from weaklab.votes import Patterns, VoteMatrix
from weaklab.votes.pairs import PairTable, pair_up
from weaklab.votes.sampling import spread_rows
from weaklab.votes.words import WordMatrix


@dataclass(frozen=True, eq=False)
class Problem:
    """What a model is fitted to: rows of votes with weights, and the pairs that occur in them.

    The rows themselves stay out of a model's sight: it asks for expected counts, and gives weights and a prior.

    Parameters
    ----------
    votes : VoteMatrix
        Rows, u in all; equal ones may have been merged.
    pairs : PairTable
        The (labeling function, vote) pairs that occur.
    weight : ndarray of shape (u,) or (0,)
        How many rows each stands for; empty where each stands for itself.
    gold : ndarray of int64 of shape (u,) or (0,)
        The known class, or -1; empty where no class is known.
    empty : bool
        Whether rows without votes count.
    numbered : ndarray of unsigned int of shape (nnz,), optional
        The number of the pair of each vote, where it is known already.
    """

    votes: VoteMatrix
    pairs: PairTable
    weight: Floats
    gold: np.ndarray
    empty: bool = True
    numbered: np.ndarray | None = None

    def _check_loaded(self) -> None:
        """Check what a file said: kernels trust it."""
        u, known = self.votes.n, np.asarray(self.gold)
        if self.votes.k != self.pairs.k or len(self.weight) not in (0, u) or len(known) not in (0, u):
            raise VoteError("the rows that are kept are not as they were saved.")
        if len(self.pairs) and int(self.pairs.lf.max()) >= self.votes.m:
            raise VoteError("the rows that are kept are of other labeling functions than these.")
        if len(known) and not (known.min() >= -1 and known.max() < self.votes.k):
            raise VoteError("the rows that are kept have gold labels of no class.")
        numbered = self.numbered
        if numbered is not None and (len(numbered) != self.votes.nnz or (numbered >= len(self.pairs)).any()):
            raise VoteError("the votes that are kept are numbered otherwise than they were.")

    @classmethod
    def of(cls, patterns: Patterns) -> Problem:
        """The problem that (merged) rows of votes pose."""
        votes, weight, gold = patterns.votes, patterns.weight, patterns.gold
        if isinstance(votes, WordMatrix):
            look = survey(WordRows(votes.word, weight, gold, True), votes.m)
            lf, vote = np.nonzero(look.fired)  # no row has weight 0
            problem = cls(votes, PairTable(lf, vote, votes.k), weight, gold)
            problem.__dict__["_survey"] = look
            return problem
        pairs, pair = pair_up(votes)
        return cls(votes, pairs, weight, gold, numbered=pair)

    @property
    def k(self) -> int:
        """How many classes there are."""
        return self.votes.k

    @property
    def m(self) -> int:
        """How many labeling functions there are."""
        return self.votes.m

    @cached_property
    def pair(self) -> np.ndarray:
        """The number of the pair of each vote, (nnz,) unsigned int."""
        return self.pairs.numbers(self.votes.code, self.m) if self.numbered is None else self.numbered

    @property
    def rows(self) -> Rows:
        """What a pass goes over."""
        return Rows(self.votes.indptr, self.pair, self.weight, self.gold, self.empty)

    @cached_property
    def _survey(self) -> Survey | None:
        """Where votes are words, what one look at them tells."""
        if not isinstance(self.votes, WordMatrix):
            return None
        return survey(WordRows(self.votes.word, self.weight, self.gold, self.empty), self.m)

    @cached_property
    def total(self) -> float:
        """The total weight of the rows that count."""
        if self._survey is not None:
            return self._survey.covered + self.empty * self._survey.empty
        if self.empty:
            return float(self.weight.sum()) if len(self.weight) else float(self.votes.n)
        return self._weight_of(self.votes.covered)

    @cached_property
    def meetings(self) -> float:
        """The total weight of the rows on which two or more labeling functions vote."""
        return self._weight_of(self.votes.row_counts > 1) if self._survey is None else self._survey.meetings

    def _weight_of(self, chosen: np.ndarray) -> float:
        return float(self.weight[chosen].sum()) if len(self.weight) else float(np.count_nonzero(chosen))

    @cached_property
    def has_gold(self) -> bool:
        """Whether any row's class is known."""
        return bool(len(self.gold)) and bool((self.gold >= 0).any())

    @cached_property
    def fired(self) -> Floats:
        """The total weight of the rows on which each pair occurs, (pairs,)."""
        if self._survey is not None:
            return self._survey.fired[self.pairs.lf, self.pairs.vote]
        if not self.many_classes:
            return self.start().counts.sum(axis=1)
        weight = np.repeat(self.weight, self.votes.row_counts) if len(self.weight) else None
        return np.bincount(self.pair, weight, minlength=len(self.pairs)).astype(np.float64)

    @property
    def many_classes(self) -> bool:
        """Whether tables of pairs by classes are too large to be learned: see ``many_classes.py``."""
        return are_many(len(self.pairs), self.k)

    @property
    def vote_shares(self) -> Floats:
        """The weight of the rows of each class where each row's class is its vote share, (k,)."""
        return self.start_by_vote().class_counts if self.many_classes else self.start().state_counts

    @cached_property
    def most_votes(self) -> int:
        """No row has more votes than this."""
        return self.votes.most_votes

    @cached_property
    def _shares(self) -> Expected:
        look = self._survey
        if look is None:
            return share_counts(self.rows, self.pairs.vote, self.k)
        second = look.second[self.pairs.lf, self.pairs.vote]
        rows_of_second = look.covered_second + self.empty * look.empty_second
        return of_second(self.fired, second, self.total, rows_of_second, 0.0)

    def start(self) -> Expected:
        """Expected counts where each row's class is its vote share; gold where known; uniform without votes."""
        return self._shares

    def start_by_vote(self) -> Candidates:
        """What :meth:`start` gives, but no table of pairs by classes: only how often each pair is right."""
        return self._shares_by_vote

    @cached_property
    def _shares_by_vote(self) -> Candidates:
        return share_of_candidates(self.rows, self.pairs.vote, self.k)

    def step_by_vote(self, weights: VoteWeights, log_prior: Floats, scale: Floats | None = None) -> Candidates:
        """What :meth:`step` gives, but no table of pairs by classes, where a vote says the same of all other classes.

        Parameters
        ----------
        weights : VoteWeights
            What each pair adds to the class that it votes for, and to each other class.
        log_prior, scale
            As for :meth:`step`; the prior is scaled to sum to 1.

        Returns
        -------
        Candidates
        """
        scale = np.ones(self.most_votes + 1) if scale is None else scale
        own, others = weights
        return expectation_of_candidates(self.rows, self.pairs.vote, scale, own, others, normalised(log_prior))

    def count_right(self, weights: VoteWeights, log_prior: Floats) -> Candidates:
        """:meth:`step_by_vote`, or :meth:`step` where that is faster: few classes."""
        if self.many_classes:
            return self.step_by_vote(weights, log_prior)
        return Candidates.of(self.step(weights.table(self.pairs), log_prior), self.pairs.vote)

    def step(self, log_weights: Floats, log_prior: Floats, scale: Floats | None = None, per_class: int = 1) -> Expected:
        """Expected counts under the posteriors of a rule.

        Parameters
        ----------
        log_weights : ndarray of shape (pairs, states)
            What each pair adds to the log-score of each state.
        log_prior : ndarray of shape (states,)
            The log-score of each state before any vote.
        scale : ndarray of shape (most_votes + 1,), optional
            What the evidence of a row is multiplied by, by its number of votes; 1 by default.
        per_class : int
            How many states each class has; they stand side by side.

        Returns
        -------
        Expected
            Counts of pairs by state, counts of states, and the log-likelihood; of two classes, where evidence is
            scaled, that is NaN.
        """
        scale = np.ones(self.most_votes + 1) if scale is None else scale
        if self.k == 2 and per_class == 1:
            if isinstance(self.votes, WordMatrix):
                return self._step_over_words(log_weights, log_prior, scale)
            return expectation_of_two(self.rows, scale, log_weights, log_prior, self.fired, self.total)
        return expectation(self.rows, scale, np.ascontiguousarray(log_weights), log_prior, per_class)

    def _step_over_words(self, log_weights: Floats, log_prior: Floats, scale: Floats) -> Expected:
        lf, vote, plain = self.pairs.lf, self.pairs.vote, bool((scale == 1).all())
        gap = np.zeros((self.m, 2))
        gap[lf, vote] = log_weights[:, 1] - log_weights[:, 0]
        rows = WordRows(self.votes.word, self.weight, self.gold, self.empty)  # type: ignore[attr-defined]
        second, rows_of_second, gained = expectation_of_words(rows, scale, gap, log_prior[1] - log_prior[0], plain)
        first_alone = float(self.fired @ log_weights[:, 0] + self.total * log_prior[0])
        likelihood = first_alone + gained if plain else float("nan")
        return of_second(self.fired, second[lf, vote], self.total, rows_of_second, likelihood)

    def counts_under(self, posterior: Callable[[VoteMatrix], Floats]) -> tuple[Floats, Floats]:
        """Expected counts under posteriors that no weights give: of pairs by class, (pairs, k), and of classes, (k,).

        Parameters
        ----------
        posterior : callable
            From rows of votes to probabilities (rows, k).
        """
        counts, class_counts = np.zeros((len(self.pairs), self.k)), np.zeros(self.k)
        for part, pair, q in self._weighted(posterior, CHUNK):
            np.add.at(counts, pair, q[part.rows])
            class_counts += q.sum(axis=0)
        return counts, class_counts

    def right_under(self, posterior: Callable[[VoteMatrix], Floats]) -> tuple[Floats, Floats]:
        """How often each pair is expected to be right, (pairs,), and the expected counts of classes, (k,).

        What :meth:`counts_under` gives, but no table of pairs by classes.
        """
        right, class_counts = np.zeros(len(self.pairs)), np.zeros(self.k)
        for part, pair, q in self._weighted(posterior, min(CHUNK, max(1, CELLS_AT_A_TIME // self.k))):
            right += np.bincount(pair, q[part.rows, part.vote], minlength=len(right))
            class_counts += q.sum(axis=0)
        return right, class_counts

    def _weighted(
        self, posterior: Callable[[VoteMatrix], Floats], size: int
    ) -> Iterator[tuple[VoteMatrix, np.ndarray, Floats]]:
        """Some rows at a time: their votes, the pairs of these, and their posteriors by weight, known classes known."""
        for start in range(0, self.votes.n, size):
            rows = np.arange(start, min(start + size, self.votes.n))
            part = self.votes.take(rows)
            q = np.array(posterior(part))
            if len(self.gold):
                known = np.flatnonzero(self.gold[rows] >= 0)
                q[known] = 0
                q[known, self.gold[rows[known]]] = 1
            if len(self.weight):
                q *= self.weight[rows, np.newaxis]
            if not self.empty:
                q[~part.covered] = 0
            yield part, self.pairs.numbers(part.code, self.m), q

    def covered(self) -> Problem:
        """The same, but rows that have no vote do not count."""
        return self._covered if self.empty else self

    @cached_property
    def _covered(self) -> Problem:  # kept, so that its start is computed once
        covered = replace(self, empty=False)
        covered.__dict__["_survey"] = self._survey  # it tells rows without votes apart
        return covered

    def without_gold(self) -> Problem:
        """The same, but no class is known."""
        return replace(self, gold=np.empty(0, dtype=np.int64)) if len(self.gold) else self

    def sample_pairs(self, rows: np.ndarray) -> np.ndarray:
        """The pairs of the votes of some rows, by position, side by side."""
        return self.pairs.numbers(self.votes.take(rows).code, self.m)

    def release(self) -> None:
        """Let go of what it holds in other processes: nothing, where the rows are here."""

    def slim(self) -> Problem:
        """The same, without the index of the data and whatever was computed of it: small enough to be kept."""
        return replace(self, votes=self.votes.without_index())

    def sample(self, size: int) -> Problem:
        """Rows spread evenly over the data, ``size`` at most; itself where there are no more.

        The pairs keep their numbers, also those that do not occur in the sample.
        """
        if self.votes.n <= size:
            return self
        chosen = spread_rows(self.votes.n, size)
        votes = self.votes.take(chosen)
        weight = self.weight[chosen] if len(self.weight) else self.weight
        gold = self.gold[chosen] if len(self.gold) else self.gold
        return Problem(votes, self.pairs, weight, gold, self.empty)


@dataclass(frozen=True, eq=False)
class Fit:
    """What ``_fit`` gives to the shell."""

    class_prior: Floats  # (k,)
    n_iter: int = 0
    converged: bool = True
    objective_path: list[float] = field(default_factory=list)
