"""Asking something that may be slow, busy or down: retries, waits, a rate limit and timeouts."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from weaklab.exceptions import EndpointError

Complete = Callable[[list[str]], Sequence[Any]]

#: Mistakes of a program, which come again however often it is asked.
_FINAL = (TypeError, NameError, AttributeError, ImportError, SyntaxError, NotImplementedError)


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
    sleep, clock : callable
        As ``time.sleep`` and ``time.monotonic``.
    """

    complete: Complete
    retries: int
    backoff: float
    max_wait: float
    timeout: float | None
    rate_limit: float | None
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
            pending = [i for i in pending if _may_come(answers[i])]
            if not pending:
                break
        return answers, sent

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
            answers = returned if isinstance(returned, (list, tuple)) else list(returned)
            if isinstance(returned, (str, bytes)) or len(answers) != len(prompts):
                shown = f"{returned!r:.60}" if isinstance(returned, (str, bytes)) else f"{len(answers)} answers"
                raise EndpointError(
                    f"complete returned {shown} to {len(prompts)} prompts; a list of texts is expected."
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


def _may_come(answer: str | Exception) -> bool:
    """Whether asking again may help."""
    if isinstance(answer, str):
        return False
    return bool(getattr(answer, "retry", not isinstance(answer, _FINAL)))


def _no_text(answer: Any) -> EndpointError:
    return EndpointError(f"complete returned {answer!r:.60} ({type(answer).__name__}) where a text was expected.")
