"""Run a kernel over chunks of rows of a fixed size, in threads, results in chunk order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TypeVar

import numpy as np

#: Rows in a chunk. Fixed, so that neither the number of threads nor the way a stream was cut changes the result.
CHUNK = 65_536

T = TypeVar("T")


def n_threads() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def over_chunks(work: Callable[[int, int], T], n: int, threads: int | None = None, chunk: int = CHUNK) -> Iterator[T]:
    """Yield ``work(start, stop)`` for each chunk of rows, in order.

    Parameters
    ----------
    work : callable
        Takes the first row and the row after the last; releases the GIL for threads to be of use.
    n : int
        How many rows there are.
    threads : int, optional
        How many threads to use; by default the number of cores.
    chunk : int
        How many rows there are in a chunk.

    Yields
    ------
    object
        What ``work`` returned, in the order of the chunks, at most a few chunks ahead of the consumer.

    Examples
    --------
    >>> list(over_chunks(lambda start, stop: stop - start, 100_000))
    [65536, 34464]
    """
    bounds = [(start, min(start + chunk, n)) for start in range(0, n, chunk)]
    threads = min(threads or n_threads(), len(bounds))
    if threads <= 1:
        for start, stop in bounds:
            yield work(start, stop)
        return
    pool = _pool(threads)
    # A window of pending chunks bounds the memory that finished but unread results hold.
    pending = [pool.submit(work, *bound) for bound in bounds[: 2 * threads]]
    try:
        for position in range(len(bounds)):
            result = pending.pop(0).result()
            if position + 2 * threads < len(bounds):
                pending.append(pool.submit(work, *bounds[position + 2 * threads]))
            yield result
    finally:  # an error, Ctrl-C, or a consumer that has seen enough: nothing goes on behind its back
        for future in pending:
            future.cancel()
        wait(pending)


def sum_chunks(work: Callable[..., None], n: int, shapes: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, ...]:
    """What a kernel adds up over all rows: sums of chunks in their order, the same bits at any number of threads.

    Parameters
    ----------
    work : callable
        Takes the first row, the row after the last, and arrays of its own to add to.
    n : int
        How many rows there are.
    shapes : sequence of tuple of int
        Of the arrays.

    Returns
    -------
    tuple of ndarray of float64
        The sums, one of each shape; zeros where there are no rows.

    Examples
    --------
    >>> def count(start, stop, rows):
    ...     rows += stop - start
    >>> sum_chunks(count, 100_000, [(1,)])
    (array([100000.]),)
    """

    def part(start: int, stop: int) -> list[np.ndarray]:
        own = [np.zeros(shape) for shape in shapes]
        work(start, stop, *own)
        return own

    sums = tuple(np.zeros(shape) for shape in shapes)
    for own in over_chunks(part, n):
        for total, share in zip(sums, own, strict=True):
            total += share
    return sums


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay for the next pass: starting them takes as long as a pass over a hundred thousand rows."""
    return ThreadPoolExecutor(threads, thread_name_prefix="weaklab")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process inherits no threads
