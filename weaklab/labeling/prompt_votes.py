"""The labeling function that asks a language model, prompt by prompt."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import EndpointError
from weaklab.labeling.answer_cache import AnswerCache
from weaklab.labeling.asking import Asker
from weaklab.labeling.columns import as_table, present_rows
from weaklab.labeling.embeddings import distinct
from weaklab.labeling.endpoints import OpenAIComplete
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.learned import Answers, LearnedLF, Watch
from weaklab.labeling.prompt_report import CostPreview, Price, Tally
from weaklab.labeling.prompt_text import (
    UNREADABLE,
    AnswerReader,
    Prompt,
    records_of,
)

#: After so many batches in a row without any answer, the endpoint is taken to be down, and the rest is not asked.
FAILED_BATCHES = 3
#: So many answers that could not be read are kept for the report.
KEPT_ANSWERS = 5


@dataclass(eq=False, repr=False)
class PromptLF(LearnedLF):
    """Votes as a language model answers; made by :func:`prompt_lf`, which says what the arguments mean.

    Attributes
    ----------
    prompt : Prompt
    reader : AnswerReader
    asker : Asker
    cache : AnswerCache or None
    price : Price
    budget : float or None
    max_prompts : int or None
    batch_size : int
    version : str or None
        What answers, in words.
    """

    name: str
    prompt: Prompt
    reader: AnswerReader
    asker: Asker
    cache: AnswerCache | None
    price: Price
    budget: float | None
    max_prompts: int | None
    batch_size: int
    version: str | None = None
    output = "hard"
    _report: dict[str, Any] | None = field(default=None, init=False)

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """The columns that the prompt reads."""
        return self.prompt.columns

    @property
    def labels(self) -> tuple[Any, ...]:  # type: ignore[override]
        """What it may vote."""
        return tuple(dict.fromkeys(self.reader.labels.values()))

    @property
    def report(self) -> dict[str, Any] | None:
        """What the last run counted: see :class:`weaklab.labeling.Tally`; with ``warning``, in words, or None."""
        return self._report

    @property
    def finished(self) -> bool:
        """Whether every prompt of the last run was answered, readably or not."""
        return self._report is not None and not self._report["failed"] and not self._report["over_budget"]

    def identity(self) -> tuple[Any, ...]:
        """What its votes depend on where all prompts are answered: not on waits, retries, prices and budgets."""
        complete = self.asker.complete
        who = complete.identity() if type(complete) is OpenAIComplete else complete
        return type(self), self.name, self.prompt, self.reader, who, self.version, self.batch_size

    def answers(self, table: pd.DataFrame, watch: Watch | None = None) -> Answers:
        """The votes on a frame; each distinct prompt is asked once, and rows with a missing cell abstain."""
        watch = watch or Watch()
        rows, prompts, which = self._prompts(table)
        tally = Tally(rows=len(table), prompts=len(prompts), cost=self.price.of(0, 0))
        rows_of = [rows[places] for places in _groups(which, len(prompts))]
        labels = self.labels
        choice = np.full(len(table), -1, dtype=np.int64)
        try:
            for place, answer in self._asked(prompts, rows_of, tally, watch):
                choice[rows_of[place]] = self._read(answer, len(rows_of[place]), labels, tally)
        finally:
            self._report = tally.report()
        return Answers(labels, choice)

    def preview_cost(self, frame: Any) -> CostPreview:
        """What a run on a frame would ask for and cost; nothing is asked.

        Parameters
        ----------
        frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
            The data.

        Returns
        -------
        CostPreview
        """
        table = as_table(frame, self.columns, f"labeling function {self.name!r}")
        _, prompts, _ = self._prompts(table)
        left = [text for text in prompts if self.cache is None or self.cache.get(text) is None]
        given = [self.price.count(text) for text in left]
        within, spent = 0, 0.0
        for tokens in given:
            spent += self.price.of(tokens, self.price.answer_tokens) or 0.0
            within += 1 if self.budget is None or spent <= self.budget else 0
        within = within if self.max_prompts is None else min(within, self.max_prompts)
        answered = len(left) * self.price.answer_tokens
        rate = self.asker.rate_limit
        # The first batch goes at once; each one waits for those before it.
        waits = max(-(-len(left) // self.batch_size) - 1, 0) * self.batch_size * 60 / rate if rate else 0.0
        return CostPreview(
            len(table),
            len(prompts),
            len(prompts) - len(left),
            len(left),
            sum(given),
            answered,
            self.price.of(sum(given), answered),
            within,
            waits,
        )

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: what the model was asked and what it answered. It asks, if need be."""
        table = self.table_of(row)
        if not len(present_rows(table)):
            return Explanation(None, f"a cell of {', '.join(map(repr, self.columns))} is missing")
        text = self.prompt.fill(records_of(table)[0])
        answer = self.cache.get(text) if self.cache is not None else None
        cached = answer is not None
        if answer is None:
            (got,), _ = self.asker.ask([text])
            if isinstance(got, Exception):
                raise got
            answer = got
            if self.cache is not None:
                self.cache.put(text, answer)
        found = self.reader.read(answer)
        column = self.columns[0] if len(self.columns) == 1 else None
        details = {"prompt": text, "answer": answer, "cached": cached}
        if found is UNREADABLE:
            return Explanation(None, f"the model's answer {answer!r:.60} could not be read", column, (), details)
        means = "it abstains" if found is None else f"class {found!r}"
        return Explanation(found, f"the model answered {answer!r:.60}: {means}", column, (), details)

    def describe(self) -> dict[str, Any]:
        """What it says, as a dict of its arguments."""
        return {
            "kind": type(self).__name__,
            "name": self.name,
            "prompt": self.prompt.template,
            "columns": self.columns,
            "labels": dict(self.reader.labels),
            "abstain": self.reader.abstain,
            "complete": self.asker.complete,
            "cache": None if self.cache is None else str(self.cache.folder),
            "budget": self.budget,
            "max_prompts": self.max_prompts,
        }

    def _prompts(self, table: pd.DataFrame) -> tuple[np.ndarray, list[str], np.ndarray]:
        """The rows without missing cells, their distinct prompts, and which of these each row has."""
        rows = present_rows(table)
        prompts, which = distinct([self.prompt.fill(record) for record in records_of(table.iloc[rows])])
        return rows, prompts, which

    def _asked(
        self, prompts: list[str], rows_of: list[np.ndarray], tally: Tally, watch: Watch
    ) -> Iterator[tuple[int, str]]:
        """Yield the answers as they come, each with the place of its prompt."""
        left = []
        for place, text in enumerate(prompts):
            known = None if self.cache is None else self.cache.get(text)
            if known is None:
                left.append(place)
                continue
            tally.cached += 1
            watch.done(len(rows_of[place]))
            yield place, known
        failed_batches = 0
        while left:
            batch = self._affordable([prompts[place] for place in left[: self.batch_size]], tally)
            if not batch:
                tally.over_budget += sum(len(rows_of[place]) for place in left)
                return
            places, left = left[:batch], left[batch:]
            if failed_batches < FAILED_BATCHES:
                got, sent = self.asker.ask([prompts[place] for place in places])
                self._count([prompts[place] for place in places], got, sent, tally)
            else:
                down = EndpointError(f"not asked, since {FAILED_BATCHES} batches in a row got no answer")
                got = [down for _ in places]
            failed_batches = 0 if any(isinstance(answer, str) for answer in got) else failed_batches + 1
            for place, answer in zip(places, got, strict=True):
                if isinstance(answer, str) and self.cache is not None:
                    self.cache.put(prompts[place], answer)  # all of a batch, before one of them raises
            for place, answer in zip(places, got, strict=True):
                watch.done(len(rows_of[place]))
                if isinstance(answer, str):
                    yield place, answer
                else:
                    tally.failed += len(rows_of[place])
                    watch.failed(rows_of[place].tolist(), answer)

    def _affordable(self, texts: list[str], tally: Tally) -> int:
        """How many of the next prompts the budget still allows."""
        count = len(texts)
        if self.max_prompts is not None:
            count = min(count, self.max_prompts - tally.asked)
        if self.budget is None:
            return count
        spent = tally.cost or 0.0
        for i, text in enumerate(texts[:count]):
            spent += self.price.of(self.price.count(text), self.price.answer_tokens) or 0.0
            if spent > self.budget:
                return i
        return count

    def _count(self, texts: list[str], got: Sequence[Any], sent: int, tally: Tally) -> None:
        tally.asked += len(texts)
        tally.sent += sent
        given = sum(map(self.price.count, texts))
        tally.input_tokens += round(given * sent / len(texts))  # what is sent again is paid again
        tally.output_tokens += sum(self.price.count(answer) for answer in got if isinstance(answer, str))
        tally.cost = self.price.of(tally.input_tokens, tally.output_tokens)

    def _read(self, answer: str, rows: int, labels: tuple[Any, ...], tally: Tally) -> int:
        found = self.reader.read(answer)
        if found is UNREADABLE:
            tally.unparsable += rows
            if len(tally.unread) < KEPT_ANSWERS:
                tally.unread.append(answer[:200])
            return -1
        if found is None:
            tally.abstained += rows
            return -1
        return labels.index(found)


def _groups(which: np.ndarray, count: int) -> list[np.ndarray]:
    """For each of so many numbers, where it stands."""
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(np.bincount(which, minlength=count))[:-1]) if count else []
