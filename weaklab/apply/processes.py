"""Labeling functions of one row in several processes: rows are handed out in turn, and come back in their places."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import warnings
from collections import deque
from collections.abc import Sequence
from functools import partial
from math import ceil
from pickle import loads
from time import perf_counter
from typing import Any

import numpy as np

from weaklab._kernels.chunks import n_threads
from weaklab.apply import shipping
from weaklab.apply.plan import Planned
from weaklab.apply.row_engine import CHUNK, run_rows
from weaklab.apply.row_slices import take_rows
from weaklab.apply.row_tasks import At, Changes, Crew, Done, Part, Task
from weaklab.apply.run import Run
from weaklab.apply.surroundings import surroundings
from weaklab.apply.timeouts import can_time_here, timer
from weaklab.exceptions import ParameterError, ReturnValueError, SlowPathWarning, WorkerDiedError, warn_caller
from weaklab.labeling import DeclarativeLF, LabelingFunction, Output

#: Frames of fewer rows are begun here; processes start when that has taken PATIENCE seconds.
SMALL = 512
PATIENCE = 1.0
#: Seconds that a task should take: long beside what it costs to hand out, short beside the whole.
_TASK = 0.25
_FIRST, _MOST, _GROWTH = 8, 16_384, 8
#: A labeling function that has ended so many processes is not run any more.
_DEATHS = 20
_UNSEEN = "ran in a process that ended before it said what changed there"
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS")


def count_jobs(n_jobs: int) -> int:
    """How many processes ``n_jobs`` asks for; -1 is one per core.

    Raises
    ------
    ParameterError
        If it is neither -1 nor an int from 1.

    Examples
    --------
    >>> count_jobs(3)
    3
    """
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)) or (n_jobs < 1 and n_jobs != -1):
        raise ParameterError(f"n_jobs={n_jobs!r} must be a number of processes from 1, or -1 for one per core.")
    if n_jobs > 0:
        return int(n_jobs)
    return n_threads()


def run_in_processes(
    planned: Sequence[Planned[LabelingFunction] | Planned[DeclarativeLF]], run: Run, jobs: int
) -> None:
    """Run labeling functions of one row over a frame, in processes; what comes out is what ``run_rows`` gives.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    jobs : int
        How many processes there may be; 1 runs all here.
    """
    if jobs == 1 or not planned or not run.reader.n:
        run_rows(planned, run)
        return
    try:
        Foreman(planned, run, jobs).run_all()
    except shipping.CannotShipError as error:
        warn_caller(
            f"n_jobs={jobs}: labeling functions or rows cannot be sent to other processes ({error}); "
            f"they run in this one.",
            SlowPathWarning,
        )
        columns = [each.column for each in planned]
        run.bar.update(-int(run.done[columns].sum()))
        run.done[columns] = 0
        run.unsure.clear()
        run_rows(planned, run)


class Worker:
    """One process, and what it is at."""

    def __init__(
        self, setup: bytes, inbox: queue.SimpleQueue[tuple[Worker, Any]], main: str = "weaklab.apply.worker"
    ) -> None:
        paths = os.pathsep.join(sys.path)
        env = {**dict.fromkeys(_ONE_THREAD, "1"), **os.environ, "PYTHONPATH": paths}
        # A session of its own: Ctrl-C in a terminal reaches this process only, which then ends the others.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {main} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
        self.task: Task | None = None
        self.at: At | None = None
        threading.Thread(target=self._listen, args=(inbox,), daemon=True).start()
        self.send(setup)

    def send(self, content: bytes) -> None:
        """Send a message; one that is dead is noticed by its end."""
        assert self.process.stdin is not None
        try:
            shipping.write(self.process.stdin, content)  # type: ignore[arg-type]
        except OSError:
            return

    def _listen(self, inbox: queue.SimpleQueue[tuple[Worker, Any]]) -> None:
        assert self.process.stdout is not None
        while (content := shipping.read(self.process.stdout)) is not None:  # type: ignore[arg-type]
            inbox.put((self, loads(content)))
        inbox.put((self, None))

    def end(self) -> int:
        """Kill it if it runs; its exit code."""
        self.process.kill()
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        return code


class Foreman:
    """Hands rows out to processes, and puts what comes back in its place.

    Parameters
    ----------
    planned : sequence of Planned
        What to run.
    run : Run
        Where votes and faults go.
    jobs : int
        How many processes there may be.
    """

    def __init__(self, planned: Sequence[Planned[Any]], run: Run, jobs: int) -> None:
        self.planned = planned
        self.run = run
        self.jobs = jobs
        self.limit = run.reader.n  # rows from here on need not be run
        self.next = 0
        self.again: deque[Task] = deque()
        self.workers: list[Worker] = []
        self.inbox: queue.SimpleQueue[tuple[Worker, Any]] = queue.SimpleQueue()
        self.raised: list[tuple[tuple[int, int, int, int], Any, str | None]] = []
        self.deaths = [0] * len(planned)
        self.strays = 0
        self.asked: list[Worker] = []  # those that are to say what changed
        self.changes: dict[int, str] = {}
        self.lost = False  # whether a process ended that can say nothing any more
        self.size = _FIRST
        lfs = [each.lf for each in planned]
        watched = tuple(place for place, each in enumerate(planned) if each.column in run.watched)
        self.crew = Crew(lfs, run.coder, run.reader.names, run.faults.raises, run.timeout, watched, run.look)
        self._packed: bytes | None = None

    def run_all(self) -> None:
        """Run everything; raise the failure that one process would have raised first."""
        if self.run.reader.n < SMALL and (self.run.timeout is None or can_time_here()):
            self._begin_here()
        try:
            while self._is_left():
                self._hand_out()
                self._take_in()
            if not self.raised:
                self._ask_for_changes()
        finally:
            for worker in self.workers:
                worker.end()
        if self.raised:
            (_, place, kind, row), error, trace = min(self.raised, key=lambda each: each[0])
            name = self.planned[place].lf.name
            if kind:
                self.run.faults.no_vote(name, row, error)
            self.run.faults.failed(name, row, error, trace)

    def _begin_here(self) -> None:
        until = perf_counter() + PATIENCE
        with timer(self.run.timeout):
            while self.next < self.limit and perf_counter() < until:
                task = self._next_task()
                frame = take_rows(self.run.reader, np.arange(task.start, task.stop))
                self.crew.run(task, frame, partial(self._heard, None, task))

    def _ask_for_changes(self) -> None:
        """Have every process say which labeling functions changed what they read; what none says may be kept."""
        self.asked = [worker for worker in self.workers if self.crew.watched]
        for worker in self.asked:
            worker.send(shipping.dumps(None))
        while self.asked:
            self._take_in()
        if not self.lost:
            for place in self.crew.watched:
                column = self.planned[place].column
                if place in self.changes:
                    self.run.unsure[column] = self.changes[place]
                else:
                    self.run.unsure.pop(column, None)

    def _is_left(self) -> bool:
        at_work = any(worker.task is not None and worker.task.start < self.limit for worker in self.workers)
        return at_work or bool(self.again) or self.next < self.limit

    def _next_task(self) -> Task:
        left = self.limit - self.next
        start, self.next = self.next, self.next + max(1, min(self.size, ceil(left / (2 * self.jobs))))
        self.next = min(self.next, self.limit)
        return Task(self._living(range(len(self.planned)), start, self.next), start, self.next)

    def _living(self, places: Sequence[int], start: int, stop: int) -> tuple[int, ...]:
        """Those that have not ended too many processes; the others abstain on these rows."""
        for place in places:
            if self.deaths[place] >= _DEATHS:
                self._abstain(place, start, stop, "not run any more: it has ended too many processes")
        return tuple(place for place in places if self.deaths[place] < _DEATHS)

    def _hand_out(self) -> None:
        """Give every idle process, and new ones as far as there may be more, something to do."""
        while self.again or self.next < self.limit:
            idle = next((worker for worker in self.workers if worker.task is None), None)
            if idle is None and len(self.workers) == self.jobs:
                return
            if self.again:
                task = self.again.popleft()
                task = task._replace(places=self._living(task.places, task.start, task.stop))
            else:
                task = self._next_task()
            if not task.places:
                continue
            frame = take_rows(self.run.reader, np.arange(task.start, task.stop))
            content = shipping.dumps((task, frame))
            if idle is None:
                idle = Worker(self._setup(), self.inbox)
                self.workers.append(idle)
                self.run.unsure.update({self.planned[place].column: _UNSEEN for place in self.crew.watched})
            idle.task, idle.at = task, None
            idle.send(content)

    def _setup(self) -> bytes:
        if self._packed is None:
            self._packed = shipping.dumps(
                {
                    "crew": self.crew,
                    "sources": shipping.sources(),
                    "filters": shipped(list(warnings.filters), []),
                    "surroundings": shipped(surroundings(), None),
                }
            )
        return self._packed

    def _take_in(self) -> None:
        try:
            worker, message = self.inbox.get(timeout=1.0)  # some systems notice Ctrl-C only between waits
        except queue.Empty:
            return
        if worker not in self.workers:
            return
        if message is None:
            self._died(worker)
        elif isinstance(message, str):
            raise shipping.CannotShipError(message)
        else:
            self._heard(worker, worker.task, message)

    def _heard(self, worker: Worker | None, task: Task | None, message: Any) -> None:
        if isinstance(message, At):
            if worker is not None:
                worker.at = message
        elif isinstance(message, Part):
            self._put(message)
        elif isinstance(message, Done) and task is not None:
            if not task.careful:
                fit = int(_TASK / max(message.seconds / (task.stop - task.start), 1e-9))
                self.size = max(1, min(fit, _MOST, self.size * _GROWTH))
            if worker is not None:
                worker.task = worker.at = None
        elif isinstance(message, Changes):
            self.changes.update(message.reasons)
            self.asked = [each for each in self.asked if each is not worker]

    def _put(self, part: Part) -> None:
        planned = self.planned[part.place]
        for row, error, trace in part.failures:
            self._failed(part.place, 0, row, error, trace)
        for row, error in part.no_votes:
            self._failed(part.place, 1, row, error, None)
        output: Output = getattr(planned.lf, "output", "hard")
        if output == "hard":
            self.run.write_codes(planned.column, planned.lf.name, part.start, part.votes, {})
        else:
            self.run.write_rich(planned.column, planned.lf.name, part.start, part.votes, {}, output)
        self.run.took(planned.column, part.seconds)

    def _failed(self, place: int, kind: int, row: int, parts: Any, trace: str | None) -> None:
        error = shipping.error_of(parts)
        name = self.planned[place].lf.name
        if not self.run.faults.raises:
            if kind and isinstance(error, ReturnValueError):
                self.run.faults.no_vote(name, row, error)
            else:
                self.run.faults.failed(name, row, error, trace)
            return
        self.run.faults.mark(name)  # its votes are written until the end is known, and must not be kept
        # One process would go through the rows in chunks, and through the labeling functions in each.
        self.raised.append(((row // CHUNK, place, kind, row), error, trace))
        self.limit = min(self.limit, (row // CHUNK + 1) * CHUNK)

    def _died(self, worker: Worker) -> None:
        self.workers.remove(worker)
        self.asked = [each for each in self.asked if each is not worker]
        self.lost = True
        code = worker.end()
        task, at = worker.task, worker.at
        if task is None:
            return
        if at is None:
            self.strays += 1
            if self.strays > 3:
                raise WorkerDiedError(f"worker processes {how_it_ended(code)} before they ran anything; give n_jobs=1.")
            self.again.append(task)
            return
        name = self.planned[at.place].lf.name
        if self.run.faults.raises:
            rows = f"rows {at.start} to {at.stop - 1}" if at.stop - at.start > 1 else self.run.faults.where(at.start)
            raise WorkerDiedError(
                f"a worker process {how_it_ended(code)} while labeling function {name!r} ran on {rows}. With "
                f'on_error="abstain" they are tried once more, row by row, and the row that ends the process abstains.'
            )
        self.deaths[at.place] += 1
        if task.careful:
            self._abstain(at.place, at.start, at.stop, f"a worker process {how_it_ended(code)}")
        else:
            after = task.places[task.places.index(at.place) + 1 :]
            self._again(Task((at.place,), at.start, at.stop, careful=True))
            self._again(Task(after, at.start, at.stop))
        self._again(Task(task.places, at.stop, task.stop, task.careful))

    def _again(self, task: Task) -> None:
        if task.places and task.start < task.stop:
            self.again.append(task)

    def _abstain(self, place: int, start: int, stop: int, why: str) -> None:
        planned = self.planned[place]
        for row in range(start, stop):
            error = WorkerDiedError(f"labeling function {planned.lf.name!r} on {self.run.faults.where(row)}: {why}")
            self.run.faults.failed(planned.lf.name, row, error)
        self.run.write_codes(planned.column, planned.lf.name, start, np.full(stop - start, -1), {})


def shipped(value: Any, instead: Any) -> bytes:
    """A value as pickled, or something else where it cannot be."""
    try:
        return shipping.dumps(value)
    except shipping.CannotShipError:
        return shipping.dumps(instead)


def how_it_ended(code: int) -> str:
    """How a process ended, by its exit code.

    Examples
    --------
    >>> how_it_ended(1), how_it_ended(-9)
    ('ended with exit code 1', 'was killed by SIGKILL')
    """
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
