"""A time limit for each call of a function, kept by the timer of the operating system."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from weaklab.exceptions import ParameterError
from weaklab.labeling import Row
from weaklab.labeling.explanations import short

#: Seconds after which a function that swallowed the interruption is interrupted again.
_AGAIN = 0.05


class _TimeIsUp(BaseException):
    """Not an Exception, so that ``except Exception`` in a labeling function does not take it for its own."""


def check_timeout(timeout: float | None) -> None:
    """Check that calls can be limited here.

    Raises
    ------
    ParameterError
        If the timeout is no positive number, or this system has no timers.
    """
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
        raise ParameterError(f"timeout={timeout!r} must be a positive number of seconds, or None.")
    if not hasattr(signal, "setitimer"):
        raise ParameterError("timeout= needs interval timers, which this operating system does not have.")


def can_time_here() -> bool:
    """Whether this is the thread that gets signals."""
    return threading.current_thread() is threading.main_thread()


def limited(function: Callable[[Any], Any], seconds: float) -> Callable[[Any], Any]:
    """A function that raises TimeoutError when one call takes too long; to be called inside :func:`timer`.

    What was interrupted is no vote, even where the function caught the interruption and returned something.
    """
    rung: list[bool] = []  # not empty once the timer went off, whatever the function made of that

    def call_limited(row: Any) -> Any:
        if rung:
            rung.clear()
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        try:
            vote = function(row)
        except _TimeIsUp as stop:
            _forget(row)
            raise TimeoutError(f"no vote after {seconds:g} s").with_traceback(stop.__traceback__) from None
        except BaseException:
            if rung:
                _forget(row)
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if rung:
            _forget(row)
            raise TimeoutError(f"no vote after {seconds:g} s; it caught the interruption and returned {short(vote)}")
        return vote

    return call_limited


def _forget(row: Any) -> None:
    """Let go of what preprocessors made: one may have caught the interruption, and what it gave is no one's either."""
    if isinstance(row, Row):
        row._row_source.forget()


@contextmanager
def timer(timeout: float | None) -> Iterator[None]:
    """Take the timer of this process, and give it back as it was.

    Parameters
    ----------
    timeout : float or None
        None leaves it alone.
    """
    if timeout is None:
        yield
        return
    if not can_time_here():
        raise ParameterError("timeout= works in the main thread only; give n_jobs=2 or more, or leave it out.")
    before = signal.signal(signal.SIGALRM, _ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _ring(_: int, frame: FrameType | None) -> None:
    # The signal may come just before or after the call. Raised there, it would hit weaklab's own loop.
    top = frame
    while frame is not None:
        if frame.f_code.co_name == "call_limited" and frame.f_globals.get("__name__") == __name__:
            frame.f_locals["rung"].append(True)
            if frame is top:
                return
            raise _TimeIsUp
        frame = frame.f_back
