"""What the scripts share: a clock for their steps, and the line that they end with. It imports no Snorkel."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SECONDS: dict[str, float] = {}


@contextmanager
def step(name: str) -> Iterator[None]:
    """Seconds of a step."""
    start = time.perf_counter()
    yield
    SECONDS[name] = time.perf_counter() - start


def end(**scores: Any) -> None:
    """Print seconds and scores as the last line."""
    plain = {name: float(value) for name, value in scores.items()}
    sys.stdout.write("\n" + json.dumps({"seconds": SECONDS, "scores": plain}) + "\n")
