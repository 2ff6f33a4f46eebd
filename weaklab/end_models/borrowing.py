"""Use torch inside a call and leave the user's program as it was: threads and random state."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from weaklab.exceptions import ParameterError

#: torch's random state is one for all threads of a process: who draws from it holds this. A forked process has its own.
_LENT: dict[int, threading.RLock] = {}


@contextmanager
def borrowed_torch(device: torch.device, *, n_jobs: int | None, seed: int | None = None) -> Iterator[None]:
    """Set torch's thread count, and its random state where a seed is given, until the block ends in any way.

    Blocks with a seed wait for each other where several threads of a process enter them, so that each draws what it
    would alone; within one thread they nest. What other code of the program draws meanwhile cannot be kept apart.

    Parameters
    ----------
    device : torch.device
        The device in use; if it is a GPU, its random state is kept too.
    n_jobs : int or None
        The number of threads, at most one per core; None leaves it. Batches of a few hundred rows gain nothing from a
        second thread and lose fifty-fold when another process wants the same core, and sums in one thread come in one
        order.
    seed : int, optional
        What modules that draw from torch's global state (dropout, a user's layers) shall see.

    Examples
    --------
    >>> before = torch.get_num_threads()
    >>> with borrowed_torch(torch.device("cpu"), n_jobs=1):
    ...     torch.get_num_threads()
    1
    >>> torch.get_num_threads() == before
    True
    """
    devices = [device] if device.type == "cuda" else []
    turn: AbstractContextManager[object] = nullcontext()
    if seed is not None:
        turn = _LENT.setdefault(os.getpid(), threading.RLock())
    with turn, torch.random.fork_rng(devices=devices, enabled=seed is not None):
        threads = torch.get_num_threads()
        try:
            wanted = threads if n_jobs is None else min(n_jobs, os.cpu_count() or n_jobs)
            if wanted != threads:
                torch.set_num_threads(wanted)
            if seed is not None:
                torch.default_generator.manual_seed(seed)
                if devices:
                    with torch.cuda.device(device):
                        torch.cuda.manual_seed(seed)
            yield
        finally:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)


def resolve_device(device: str | torch.device) -> torch.device:
    """The device that ``device=`` stands for.

    Parameters
    ----------
    device : str or torch.device
        "auto" is a CUDA card where there is one, else the CPU; anything else is what torch understands.

    Returns
    -------
    torch.device

    Raises
    ------
    ParameterError
        If torch does not know it, or it is not there.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ParameterError(
            f"device={device!r} is no device of torch: {error}. Use 'auto', 'cpu' or 'cuda'."
        ) from error
    if found.type == "cuda":
        cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (found.index or 0) >= cards:
            raise ParameterError(f"device={device!r} was asked for, but torch sees {cards} CUDA cards. Use 'auto'.")
        return torch.device("cuda", torch.cuda.current_device() if found.index is None else found.index)
    try:
        if found.type == "meta":
            raise RuntimeError("meta tensors hold no numbers")
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch asserts what it was compiled with
        why = str(error).partition(". ")[0]
        raise ParameterError(
            f"device={device!r} was asked for, but torch cannot use it here: {why}. Use 'auto'."
        ) from error
    return found
