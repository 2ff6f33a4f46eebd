"""What the tests of kernels share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import ModuleType
from unittest.mock import patch

import numpy as np
import pytest


@contextmanager
def _plain_python(module: ModuleType) -> Iterator[None]:
    with ExitStack() as stack, np.errstate(over="ignore", divide="ignore"):
        for name, value in vars(module).copy().items():
            if hasattr(value, "py_func"):
                stack.enter_context(patch.object(module, name, value.py_func))
        yield


@pytest.fixture(scope="session")
def plain_python() -> Callable[[ModuleType], AbstractContextManager[None]]:
    """Within ``plain_python(module)`` all its kernels run uncompiled; integers wrap round as they do compiled."""
    return _plain_python
