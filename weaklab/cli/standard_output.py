"""Standard output is for the answer alone; all else goes to standard error."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from weaklab.exceptions import WeaklabWarning


@contextlib.contextmanager
def only_the_answer() -> Iterator[None]:
    """Send to standard error what labeling functions, their modules and their processes print."""
    try:
        descriptor = sys.stdout.fileno()
        beside = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or no file, as in tests and notebooks
        with contextlib.redirect_stdout(sys.stderr):
            yield
        return
    sys.stdout.flush()
    kept = os.dup(descriptor)
    os.dup2(beside, descriptor)  # for what does not ask Python: processes, and code in C
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """Show warnings of weaklab's as a line each, without the place in its sources."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, WeaklabWarning):
                sys.stderr.write(f"weaklab: {message}\n")
            else:
                usual(message, category, *place, **more)

        warnings.showwarning = show
        yield


def write(text: str) -> None:
    """Write an answer to standard output, to the end.

    Raises
    ------
    OSError
        If it cannot be written: the disk is full, or nobody reads any more.
    """
    if sys.stdout is None:
        raise OSError("standard output is closed, and the answer was for it.")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # else Python fails once more as it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OSError(f"the answer could not be written to standard output: {error.strerror}") from error
