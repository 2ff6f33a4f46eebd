"""What asking a language model costs: before, and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

#: Characters per token, where nobody counts: about what tokenizers of English text make of it.
CHARACTERS_PER_TOKEN = 4.0


@dataclass(frozen=True)
class CostPreview:
    """What a run would ask for, before anything is asked.

    Attributes
    ----------
    rows : int
        Rows of the frame.
    prompts : int
        Different prompts; rows that share one share its answer.
    cached : int
        Those whose answers are on disk.
    to_ask : int
        Those that are left, all of which are asked for if the budget allows.
    input_tokens, output_tokens : int
        Of those, estimated.
    cost : float or None
        In the currency of ``price``; None without one.
    within_budget : int
        How many of those the budget allows.
    seconds : float
        The least time that the rate limit allows; 0 without one.
    """

    rows: int
    prompts: int
    cached: int
    to_ask: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    within_budget: int
    seconds: float

    def _repr_html_(self) -> str:
        said = "".join(f"<tr><th>{key}</th><td>{value}</td></tr>" for key, value in asdict(self).items())
        return f"<table>{said}</table>"


@dataclass
class Tally:
    """What one run counts.

    Attributes
    ----------
    rows, prompts, cached : int
        As in :class:`CostPreview`.
    asked : int
        Prompts that were sent at least once.
    sent : int
        Prompts sent, those sent again included.
    failed, over_budget, unparsable, abstained : int
        Rows that abstain since no answer came, since the budget was spent, since the answer could not be read, and
        since the model said so.
    unread : list of str
        The first few answers that could not be read.
    input_tokens, output_tokens : int
        Estimated, of what was sent and answered.
    cost : float or None
    """

    rows: int = 0
    prompts: int = 0
    cached: int = 0
    asked: int = 0
    sent: int = 0
    failed: int = 0
    over_budget: int = 0
    unparsable: int = 0
    abstained: int = 0
    unread: list[str] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def report(self) -> dict[str, Any]:
        """As plain values, with what deserves a warning in words, or None."""
        told = []
        if self.unparsable:
            shown = f" (such as {self.unread[0]!r:.60})" if self.unread else ""
            told.append(f"answers for {self.unparsable:,} of {self.rows:,} rows could not be read{shown}")
        if self.over_budget:
            told.append(f"the budget was spent before {self.over_budget:,} of {self.rows:,} rows, which abstain")
        return {**asdict(self), "warning": "; ".join(told) or None}


@dataclass(frozen=True)
class Price:
    """What tokens cost.

    Attributes
    ----------
    per_input, per_output : float or None
        For one token; None where no price is known.
    count : callable
        From a text to how many tokens it has.
    answer_tokens : int
        How many an answer is expected to have.
    """

    per_input: float | None
    per_output: float | None
    count: Callable[[str], int]
    answer_tokens: int

    def of(self, input_tokens: float, output_tokens: float) -> float | None:
        """What so many tokens cost."""
        if self.per_input is None or self.per_output is None:
            return None
        return input_tokens * self.per_input + output_tokens * self.per_output


def count_by_characters(text: str) -> int:
    """About how many tokens a text has: one for four characters.

    Examples
    --------
    >>> count_by_characters("Is this spam?")
    4
    """
    return max(1, -int(-len(text) // CHARACTERS_PER_TOKEN))
