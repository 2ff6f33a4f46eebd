"""Asking something that may be slow, busy or down: retries, waits, a rate limit and timeouts."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from weaklab.exceptions import EndpointError, shown

Complete = Callable[[list[str]], Sequence[Any]]

#: What may pass, in the words of those who raise it; everything else comes again however often it is asked.
PASSING = (ConnectionError, TimeoutError)
#: The same of clients that have trees of their own, by package and class, since none of them need be installed.
_OF_CLIENTS = frozenset(
    {
        ("httpx", "TransportError"),
        ("requests", "ConnectionError"),
        ("requests", "Timeout"),
        ("urllib", "URLError"),
        ("aiohttp", "ClientConnectionError"),
        ("openai", "APIConnectionError"),
        ("anthropic", "APIConnectionError"),
    }
)
#: Busy or broken for now, beside 500 and above; other errors of the client come again however often it asks.
PASSING_STATUS = frozenset((408, 409, 425, 429))


@dataclass
class Asker:
    """Asks a function for answers to prompts, again where that failed.

    Attributes
    ----------
    complete : callable
        From a list of prompts to as many answers; one that failed may be an exception in its place.
    retries : int
        How often a prompt is asked again.
    backoff, max_wait : float
        Seconds before the first of these; doubled for each one, up to ``max_wait``. An error that has ``retry_after``
        is waited for as long as it says, up to that too.
    timeout : float or None
        Seconds for one call.
    rate_limit : float or None
        Prompts per minute.
    retry_on : tuple of type
        Exceptions after which to ask again, beside those that are known to pass.
    sleep, clock : callable
        As ``time.sleep`` and ``time.monotonic``.
    """

    complete: Complete
    retries: int
    backoff: float
    max_wait: float
    timeout: float | None
    rate_limit: float | None
    retry_on: tuple[type[Exception], ...] = ()
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _free_at: float | None = field(default=None, repr=False)

    def ask(self, prompts: Sequence[str]) -> tuple[list[str | Exception], int]:
        """Ask for some answers.

        Returns
        -------
        answers : list of str or Exception
            In the order of the prompts; the last exception where none came.
        sent : int
            How many prompts were sent, those sent again included.
        """
        answers: list[str | Exception] = [EndpointError("it was not asked") for _ in prompts]
        pending, sent = list(range(len(prompts))), 0
        for attempt in range(self.retries + 1):
            if attempt:
                self.sleep(self._wait(attempt, [answers[i] for i in pending]))
            self._pace(len(pending))
            sent += len(pending)
            for i, answer in zip(pending, self._call([prompts[i] for i in pending]), strict=True):
                answers[i] = answer
            pending = [i for i in pending if self._may_come(answers[i])]
            if not pending:
                break
        return answers, sent

    def _may_come(self, answer: str | Exception) -> bool:
        """Whether asking again may help."""
        return isinstance(answer, Exception) and (isinstance(answer, self.retry_on) or may_pass(answer))

    def _wait(self, attempt: int, errors: list[Any]) -> float:
        asked = max((getattr(error, "retry_after", None) or 0.0 for error in errors), default=0.0)
        return float(min(max(self.backoff * 2.0 ** (attempt - 1), asked), self.max_wait))

    def _pace(self, count: int) -> None:
        """Wait until so many prompts are within the rate."""
        if self.rate_limit is None:
            return
        now = self.clock()
        free = now if self._free_at is None else max(self._free_at, now)
        if free > now:
            self.sleep(free - now)
        self._free_at = free + count * 60.0 / self.rate_limit

    def _call(self, prompts: list[str]) -> list[str | Exception]:
        try:
            returned = self._timed(prompts)
            answers = list(returned) if isinstance(returned, Iterable) else []
            if isinstance(returned, (str, bytes)) or len(answers) != len(prompts):
                a_list = isinstance(returned, Iterable) and not isinstance(returned, (str, bytes))
                said = f"{len(answers)} answers" if a_list else f"{shown(returned)} ({type(returned).__name__})"
                raise EndpointError(
                    f"complete returned {said} to {len(prompts)} prompts; a list of texts is expected.", retry=False
                )
        except Exception as error:  # noqa: BLE001  -- an endpoint may raise anything
            return [error for _ in prompts]
        return [answer if isinstance(answer, (str, Exception)) else _no_text(answer) for answer in answers]

    def _timed(self, prompts: list[str]) -> Any:
        if self.timeout is None:
            return self.complete(prompts)
        done: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put((True, self.complete(prompts)))
            except BaseException as error:  # noqa: BLE001  -- it is raised where it was asked
                done.put((False, error))

        # A daemon, since a call that hangs cannot be stopped, and must not keep the program from ending.
        threading.Thread(target=run, daemon=True).start()
        try:
            worked, result = done.get(timeout=self.timeout)
        except queue.Empty:
            raise EndpointError(f"no answer within {self.timeout:g} seconds") from None
        if not worked:
            raise result
        return result


def may_pass(error: Exception) -> bool:
    """Whether what failed may work when it is tried again.

    An exception may say so itself, in an attribute ``retry``. Else it may where its HTTP status is 408, 409, 425, 429
    or from 500, in ``status_code``, ``code``, ``status`` or the ``response`` of it, and, without a status, where it is
    a ConnectionError, a TimeoutError, or what usual HTTP clients raise for these.

    Examples
    --------
    >>> may_pass(TimeoutError()), may_pass(ZeroDivisionError()), may_pass(EndpointError("busy", retry=False))
    (True, False, False)
    """
    said = getattr(error, "retry", None)
    if isinstance(said, bool):
        return said
    status = _status(error)
    if status is not None:
        return status in PASSING_STATUS or status >= 500
    return isinstance(error, PASSING) or any(
        (kind.__module__.partition(".")[0], kind.__name__) in _OF_CLIENTS for kind in type(error).__mro__
    )


def _status(error: Exception) -> int | None:
    """The HTTP status that an exception of some client has, or None."""
    for place in (error, getattr(error, "response", None)):
        for name in ("status_code", "code", "status"):
            found = getattr(place, name, None)
            if isinstance(found, int) and 400 <= found < 600:
                return int(found)
    return None


def _no_text(answer: Any) -> EndpointError:
    said = f"complete returned {shown(answer)} ({type(answer).__name__}) where a text was expected."
    return EndpointError(said, retry=False)
