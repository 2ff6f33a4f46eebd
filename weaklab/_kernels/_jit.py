"""The one decorator of all kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, release the GIL, and keep the machine code on disk.

    Without a folder that can be written to, numba refuses to cache at decoration: then the kernel is compiled anew in
    each process rather than not at all.
    """
    try:
        compiled = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # "cannot cache function: no locator available"
        compiled = numba.njit(nogil=True, error_model="numpy")(function)
    return compiled


def frozen(array: np.ndarray) -> np.ndarray:
    """A read-only contiguous view, so that writable and read-only input share one compiled kernel."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
