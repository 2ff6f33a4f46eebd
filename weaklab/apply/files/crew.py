"""Processes that each take one input after the other, and say on the way how far they are."""

from __future__ import annotations

import queue
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from weaklab.apply import shipping
from weaklab.apply.files.inputs import Input
from weaklab.apply.processes import Worker, how_it_ended, shipped
from weaklab.apply.surroundings import surroundings
from weaklab.exceptions import SlowPathWarning, WorkerDiedError, warn_caller

#: An input that so many processes ended at is not tried again.
_DEATHS = 2
_MAIN = "weaklab.apply.files.worker"

Work = Callable[[Input], Iterable[Any]]


class Ended(NamedTuple):
    """A process is done with an input; with what it raised there, as :func:`shipping.error_parts` has it."""

    error: Any = None


def run_here(work: Work, inputs: Sequence[Input]) -> Iterator[tuple[Input, Any]]:
    """Do the work in this process; each input with all that it says of it."""
    for each in inputs:
        for message in work(each):
            yield each, message


def run_work(work: Work, inputs: Sequence[Input], jobs: int) -> Generator[tuple[Input, Any], None, None]:
    """Do the work on each input, in so many processes; what it says, from several at once.

    Raises
    ------
    WorkerDiedError
        If processes end without a word.
    """
    jobs = min(jobs, len(inputs))
    if jobs <= 1:
        yield from run_here(work, inputs)
        return
    try:
        setup = shipping.dumps(
            {
                "work": work,
                "sources": shipping.sources(),
                "filters": shipped(list(warnings.filters), []),
                "surroundings": shipped(surroundings(), None),
            }
        )
    except shipping.CannotShipError as error:
        warn_caller(
            f"n_jobs={jobs}: the work cannot be sent to other processes ({error}); it is done in this one.",
            SlowPathWarning,
        )
        yield from run_here(work, inputs)
        return
    crew = _Crew(setup, inputs, jobs)
    try:
        yield from crew.run()
    finally:
        crew.end()


class _Crew:
    """Hands inputs out to processes."""

    def __init__(self, setup: bytes, inputs: Sequence[Input], jobs: int) -> None:
        self.setup = setup
        self.waiting = deque(inputs)
        self.left = len(inputs)
        self.inbox: queue.SimpleQueue[tuple[Worker, Any]] = queue.SimpleQueue()
        self.workers: list[Worker] = []
        self.at: dict[Worker, Input] = {}
        self.jobs = jobs
        self.deaths: Counter[Input] = Counter()

    def run(self) -> Iterator[tuple[Input, Any]]:
        while self.left:
            self._hand_out()
            try:
                worker, message = self.inbox.get(timeout=1.0)  # some systems notice Ctrl-C only between waits
            except queue.Empty:
                continue
            if worker not in self.workers:
                continue
            if message is None:
                self._died(worker)
            elif isinstance(message, str):
                raise WorkerDiedError(f"A process could not begin: {message}. Give n_jobs=1.")
            elif isinstance(message, Ended):
                del self.at[worker]
                self.left -= 1
                if message.error is not None:
                    raise shipping.error_of(message.error)
            else:
                yield self.at[worker], message

    def _hand_out(self) -> None:
        while self.waiting:
            idle = next((worker for worker in self.workers if worker not in self.at), None)
            if idle is None and len(self.workers) == self.jobs:
                return
            if idle is None:
                idle = Worker(self.setup, self.inbox, _MAIN)
                self.workers.append(idle)
            self.at[idle] = self.waiting.popleft()
            idle.send(shipping.dumps(self.at[idle]))

    def _died(self, worker: Worker) -> None:
        self.workers.remove(worker)
        how, each = how_it_ended(worker.end()), self.at.pop(worker, None)
        if each is None:
            return
        self.deaths[each] += 1
        if self.deaths[each] >= _DEATHS:
            raise WorkerDiedError(f"{_DEATHS} processes in turn {how} while they read {str(each.path)!r}.")
        self.waiting.appendleft(each)

    def end(self) -> None:
        """Kill all processes."""
        for worker in self.workers:
            worker.end()
