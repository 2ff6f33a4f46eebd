"""Labeling functions that ask a language model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.answer_cache import AnswerCache
from weaklab.labeling.arguments import check_number, check_size
from weaklab.labeling.asking import Asker, Complete
from weaklab.labeling.declarative import check_given_name, readable_name
from weaklab.labeling.prompt_report import Price, count_by_characters
from weaklab.labeling.prompt_text import (
    ABSTAIN_WORDS,
    check_prompt,
    check_reader,
)
from weaklab.labeling.prompt_votes import PromptLF

_KIND = "prompt_lf"


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

    ``apply`` takes its votes from before, and asks nothing, where it answered all rows and nothing that answers depend
    on has changed: the prompt, the labels, ``parse``, ``version``, the batch size, and ``complete``, an endpoint of
    :func:`openai_complete` by its address, model, system prompt and options, any other function by its code and all
    that it reads. Waits, retries, prices and budgets may change. What is taken from before has no report.

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
    >>> lf.preview_cost([{"text": "free money"}, {"text": "hello"}, {"text": "hello"}]).to_ask
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
        whom if isinstance(whom, str) else None,
    )


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
