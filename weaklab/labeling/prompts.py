"""Labeling functions that ask a language model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import EndpointError, LabelingFunctionError
from weaklab.labeling.answer_cache import AnswerCache
from weaklab.labeling.asking import Asker, Complete
from weaklab.labeling.declarative import check_given_name, readable_name
from weaklab.labeling.embeddings import distinct
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.learned import Answers, LearnedLF, Watch, as_table, check_number, check_size, present_rows
from weaklab.labeling.prompt_report import CostPreview, Price, Tally, count_by_characters
from weaklab.labeling.prompt_text import (
    ABSTAIN_WORDS,
    UNREADABLE,
    AnswerReader,
    Prompt,
    check_prompt,
    check_reader,
    records_of,
)

_KIND = "prompt_lf"

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


def prompt_lf(
    complete: Complete,
    prompt: str | Callable[[Any], str],
    *,
    labels: Mapping[str, Any] | Sequence[str],
    abstain: Sequence[str] = ABSTAIN_WORDS,
    parse: Callable[[str], Any] | None = None,
    columns: Sequence[Hashable] | None = None,
    batch_size: int = 16,
    retries: int = 3,
    backoff: float = 1.0,
    max_wait: float = 60.0,
    timeout: float | None = None,
    rate_limit: float | None = None,
    cache: str | os.PathLike[str] | None = None,
    version: str | None = None,
    price: tuple[float, float] | None = None,
    budget: float | None = None,
    max_prompts: int | None = None,
    count_tokens: Callable[[str], int] = count_by_characters,
    answer_tokens: int = 5,
    name: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> PromptLF:
    r"""Make a labeling function that asks a language model, or anything that answers texts with texts.

    Each distinct prompt is asked once. What goes wrong on the way is tried again; what does not come in the end is a
    fault of those rows, for ``apply(..., on_error=...)``. Answers that cannot be read abstain and are counted: see
    ``lf.report`` and ``votes.attrs["reports"]`` afterwards.

    Parameters
    ----------
    complete : callable
        From a list of prompts to a list of as many texts, such as :func:`openai_complete` makes. Where some of its
        prompts failed it may put an exception in the place of each.
    prompt : str or callable
        A text with holes for columns, ``"Is this spam? {text}"`` (a brace is written ``{{``), or, with ``columns``, a
        function from a row to a text. Rows with a missing cell abstain and are not asked about.
    labels : mapping of str to class, or sequence of str
        What the model says, and the class that it means. It has to be told so in the prompt.
    abstain : sequence of str
        What it says to abstain.
    parse : callable, optional
        From an answer to the text of a label, or None where it cannot be read. By default a label is the whole answer
        or begins it, and no other label stands on that line; case, quotes and punctuation do not count.
    columns : sequence of hashable, optional
        What a ``prompt`` that is a function reads.
    batch_size : int
        How many prompts ``complete`` gets at once.
    retries : int
        How often a prompt is asked again, 0 or more. Mistakes such as a TypeError are not, nor what an exception with
        ``retry = False`` stands for. After three batches without any answer the rest is not asked any more.
    backoff, max_wait : float
        Seconds to wait before the first time; doubled each time, up to ``max_wait``.
    timeout : float, optional
        Seconds for one call of ``complete``, which then runs in a thread of its own.
    rate_limit : float, optional
        Prompts per minute.
    cache : path, optional
        A folder for answers, each in a file that is written whole. Damaged ones are asked for anew with a warning;
        where it cannot be written, a warning says so.
    version : str, optional
        What answers, in words, so that no other model's answer is taken out of the cache; ``complete.fingerprint`` by
        default. ``cache`` needs one of them.
    price : (float, float), optional
        What a million tokens of prompts and of answers cost.
    budget : float, optional
        What one run may cost, in the currency of ``price``, by the estimated tokens. When the next prompt would not
        fit, it stops; the rows that are left abstain and are counted.
    max_prompts : int, optional
        How many prompts one run may ask, likewise.
    count_tokens : callable
        From a text to its number of tokens; by default one for four characters.
    answer_tokens : int
        How many an answer is expected to have.
    name : str, optional
        The name of its column of votes; by default made of the labels.
    sleep, clock : callable
        Used for waiting; tests give their own.

    Returns
    -------
    PromptLF
        ``lf.preview_cost(frame)`` says what a run would cost.

    Raises
    ------
    LabelingFunctionError
        If the prompt has no hole, or an argument is not what it should be.

    References
    ----------
    R. Smith, J. A. Fries, B. Hancock and S. H. Bach, "Language models in the loop: incorporating prompting into weak
    supervision", 2022. doi:10.48550/arXiv.2205.02318

    Examples
    --------
    >>> def complete(prompts):  # in the place of a model
    ...     return ["Spam." if "free" in text else "I do not know" for text in prompts]
    >>> ask = "Is this comment spam or ham? Answer with one word, or 'I do not know'.\n\n{text}"
    >>> lf = prompt_lf(complete, ask, labels={"spam": 1, "ham": 0}, price=(0.15, 0.6))
    >>> lf({"text": "free money"}), lf({"text": "hello"})
    (1, None)
    >>> lf.preview_cost(pd.DataFrame({"text": ["free money", "hello", "hello"]})).to_ask
    2
    """
    if not callable(complete) or isinstance(complete, type):
        raise LabelingFunctionError(f"{_KIND}: complete={complete!r:.60} must be a function of a list of prompts.")
    reader = check_reader(labels, abstain, parse)
    whom = version if version is not None else getattr(complete, "fingerprint", None)
    if cache is not None and (not isinstance(whom, str) or not whom.strip()):
        raise LabelingFunctionError(
            f"{_KIND}: cache= needs to know who answers: give version='...' with the model's name, and change it when "
            f"the model or its settings change."
        )
    if budget is not None and price is None:
        raise LabelingFunctionError(f"{_KIND}: budget= needs price=(of a million tokens in, and of a million out).")
    asker = Asker(
        complete,
        _count_from_0(retries, "retries"),
        check_number(backoff, "backoff", _KIND, 0),
        check_number(max_wait, "max_wait", _KIND, 0),
        None if timeout is None else _positive(timeout, "timeout"),
        None if rate_limit is None else _positive(rate_limit, "rate_limit"),
        sleep,
        clock,
    )
    if not callable(count_tokens):
        raise LabelingFunctionError(f"{_KIND}: count_tokens={count_tokens!r:.60} must be a function of a text.")
    per_input, per_output = _price(price)
    return PromptLF(
        check_given_name(name, readable_name("prompt", *list(reader.labels)[:3]), _KIND),
        check_prompt(prompt, columns),
        reader,
        asker,
        None if cache is None else AnswerCache(cache, str(whom)),
        Price(per_input, per_output, count_tokens, check_size(answer_tokens, "answer_tokens", _KIND)),
        None if budget is None else check_number(budget, "budget", _KIND, 0),
        None if max_prompts is None else _count_from_0(max_prompts, "max_prompts"),
        check_size(batch_size, "batch_size", _KIND),
    )


def _groups(which: np.ndarray, count: int) -> list[np.ndarray]:
    """For each of so many numbers, where it stands."""
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(np.bincount(which, minlength=count))[:-1]) if count else []


def _count_from_0(value: Any, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise LabelingFunctionError(f"{_KIND}: {argument}={value!r} must be an int from 0.")
    return int(value)


def _positive(value: Any, argument: str) -> float:
    number = check_number(value, argument, _KIND, 0)
    if number == 0:
        raise LabelingFunctionError(f"{_KIND}: {argument}=0 must be above 0.")
    return number


def _price(price: Any) -> tuple[float | None, float | None]:
    if price is None:
        return None, None
    if not isinstance(price, (tuple, list)) or len(price) != 2:
        raise LabelingFunctionError(f"{_KIND}: price={price!r} must be two numbers, for a million tokens in and out.")
    per_input, per_output = (check_number(each, "price", _KIND, 0) / 1e6 for each in price)
    return per_input, per_output
