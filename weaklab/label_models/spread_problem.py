"""What a model is fitted to where the patterns of a cluster are too many to come together: sums, pass by pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from weaklab._kernels.candidates import Candidates
from weaklab._kernels.em import Expected, Rows
from weaklab.exceptions import VoteError
from weaklab.label_models.many_classes import VoteWeights
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats
from weaklab.votes import Patterns, VoteMatrix
from weaklab.votes.pairs import PairTable
from weaklab.votes.parts import Part, one

#: Rows that come to the driver, for what a model looks at row by row; as many as it looks at on one machine.
SAMPLE = 50_000


class SpreadVotes(Protocol):
    """Votes whose parts stay where they are."""

    def gather(self, most_bytes: int) -> list[Part] | None:
        """The parts, brought together in a tree; None where one place would hold too much."""

    def keep(self) -> None:
        """Hold the parts in the memory (or on the disks) of the workers, merged."""

    def drop(self) -> None:
        """Hold them no more."""

    def each(self, look: Callable[[Part], Any]) -> list[Any]:
        """What a function gives of each part."""

    def total(self, look: Callable[[Part], tuple[Any, ...]]) -> tuple[Any, ...]:
        """The sums, over all parts, of what a function gives of each."""


class Seen(NamedTuple):
    """Sums over all rows that no model changes."""

    total: float  # the weight of all rows
    covered: float  # of those that have a vote
    meetings: float  # of those that have two or more
    fired: Floats  # (m * k,): of those on which each pair occurs


@dataclass(frozen=True, eq=False)
class SpreadProblem(Problem):
    """A problem whose sums go over the parts of a cluster; its own rows are a sample of them.

    A model that takes sums alone learns what it would learn from all rows in one place, to rounding. What it looks at
    row by row are the rows of the sample, drawn evenly by weight and each of weight 1.

    Parameters
    ----------
    rows_of : SpreadVotes
        The parts.
    seen : Seen
        Sums over them.
    """

    rows_of: SpreadVotes | None = None
    seen: Seen | None = None

    @classmethod
    def of_parts(cls, rows_of: SpreadVotes, model: str) -> tuple[SpreadProblem, int]:
        """The problem that the parts pose, and how many rows they have.

        Raises
        ------
        VoteError
            If classes are known of some rows, or are too many.
        """
        rows_of.keep()
        told = np.array(rows_of.each(_shape), dtype=np.float64)  # (parts, 4): k, rows, weight, gold rows
        k, n, weight = int(told[:, 0].max()), int(told[:, 1].sum()), told[:, 2].sum()
        if told[:, 3].any():
            raise VoteError(
                f"The distinct rows of votes are too many to come together, and then {model} cannot learn from gold "
                "labels: leave y out, or fit fewer labeling functions, or a sample of the rows."
            )
        seen = Seen(*rows_of.total(partial(_see, k=k)))
        lf, vote = np.divmod(np.flatnonzero(seen.fired), k)
        pairs = PairTable(lf, vote, k)
        sampled = rows_of.each(partial(_sample, k=k, per_row=SAMPLE / max(weight, 1.0)))
        rows = one(sampled).patterns
        problem = cls(rows.votes, pairs, rows.weight, rows.gold, rows_of=rows_of, seen=seen)
        if problem.many_classes:
            raise VoteError(
                f"The distinct rows of votes are too many to come together, and there are {k:,} classes, for which "
                f"{model} needs them in one place: fit a sample of the rows."
            )
        return problem, n

    def _sum(self, look: Callable[..., tuple[Any, ...]], **given: Any) -> tuple[Any, ...]:
        assert self.rows_of is not None
        return self.rows_of.total(partial(look, pairs=self.pairs, empty=self.empty, **given))

    @cached_property
    def total(self) -> float:
        """The total weight of the rows that count."""
        assert self.seen is not None
        return self.seen.total if self.empty else self.seen.covered

    @cached_property
    def meetings(self) -> float:
        """The total weight of the rows on which two or more labeling functions vote."""
        assert self.seen is not None
        return self.seen.meetings

    @cached_property
    def fired(self) -> Floats:
        """The total weight of the rows on which each pair occurs, (pairs,)."""
        assert self.seen is not None
        return self.seen.fired[self.pairs.lf * self.k + self.pairs.vote]

    @cached_property
    def most_votes(self) -> int:
        """No row has more votes than this."""
        return self.m

    @cached_property
    def _shares(self) -> Expected:
        return Expected(*self._sum(_start))

    def step(self, log_weights: Floats, log_prior: Floats, scale: Floats | None = None, per_class: int = 1) -> Expected:
        """Expected counts under the posteriors of a rule, summed over the parts: as :meth:`Problem.step`."""
        rule = {"log_weights": log_weights, "log_prior": log_prior, "scale": scale, "per_class": per_class}
        return Expected(*self._sum(_step, rule=rule))

    def counts_under(self, posterior: Callable[[VoteMatrix], Floats]) -> tuple[Floats, Floats]:
        """Expected counts under posteriors that no weights give, summed over the parts."""
        counts, class_counts = self._sum(_counts_under, posterior=posterior)
        return counts, class_counts

    @cached_property
    def _shares_by_vote(self) -> Candidates:
        return Candidates(*self._sum(_start_by_vote))

    def step_by_vote(self, weights: VoteWeights, log_prior: Floats, scale: Floats | None = None) -> Candidates:
        """What :meth:`step` gives, but no table of pairs by classes, summed over the parts."""
        rule = {"weights": weights, "log_prior": log_prior, "scale": scale}
        return Candidates(*self._sum(_step_by_vote, rule=rule))

    @property
    def rows(self) -> Rows:
        """No pass goes over the rows of the sample as if they were all."""
        raise AssertionError("a model that learns from sums alone asks for rows")

    def sample(self, size: int) -> Problem:
        """Rows spread evenly over the sample."""
        return Problem(self.votes, self.pairs, self.weight, self.gold, self.empty).sample(size)

    def release(self) -> None:
        """Let the workers forget the parts."""
        assert self.rows_of is not None
        self.rows_of.drop()


def _shape(part: Part) -> tuple[int, int, float, int]:
    rows = part.patterns
    return rows.votes.k, part.n, _weights(rows).sum(), int((rows.gold >= 0).sum())


def _weights(rows: Patterns) -> Floats:
    return rows.weight if len(rows.weight) else np.ones(rows.votes.n)


def _see(part: Part, k: int) -> Seen:
    votes = part.patterns.votes.with_classes(k)
    problem = Problem.of(replace(part.patterns, votes=votes))
    fired = np.zeros(votes.m * k)
    fired[problem.pairs.lf * k + problem.pairs.vote] = problem.fired
    return Seen(problem.total, problem.covered().total, problem.meetings, fired)


def _sample(part: Part, k: int, per_row: float) -> Part:
    """Rows at even steps of the summed weight."""
    rows = part.patterns
    ends = np.cumsum(_weights(rows))
    size = round(float(ends[-1]) * per_row) if len(ends) else 0
    at = np.searchsorted(ends, (np.arange(size) + 0.5) * (ends[-1] / size)) if size else np.empty(0, dtype=np.int64)
    chosen, count = np.unique(at, return_counts=True)
    votes = rows.votes.with_classes(k).take(chosen)
    return replace(part, patterns=Patterns(votes, count.astype(np.float64), np.empty(0, dtype=np.int64)))


def _problem(part: Part, pairs: PairTable, empty: bool) -> Problem:
    rows = part.patterns
    return Problem(rows.votes.with_classes(pairs.k), pairs, rows.weight, rows.gold, empty)


def _start(part: Part, pairs: PairTable, empty: bool) -> Expected:
    return _problem(part, pairs, empty).start()


def _step(part: Part, pairs: PairTable, empty: bool, rule: dict[str, Any]) -> Expected:
    return _problem(part, pairs, empty).step(**rule)


def _start_by_vote(part: Part, pairs: PairTable, empty: bool) -> Candidates:
    return _problem(part, pairs, empty).start_by_vote()


def _step_by_vote(part: Part, pairs: PairTable, empty: bool, rule: dict[str, Any]) -> Candidates:
    return _problem(part, pairs, empty).step_by_vote(**rule)


def _counts_under(
    part: Part, pairs: PairTable, empty: bool, posterior: Callable[[VoteMatrix], Floats]
) -> tuple[Floats, Floats]:
    return _problem(part, pairs, empty).counts_under(posterior)
