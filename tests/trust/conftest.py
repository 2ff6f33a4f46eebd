"""The worlds of the papers' experiments, which the benchmark shares."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def case():
    """The module of worlds: tests/bench/trust_case.py."""
    spec = importlib.util.spec_from_file_location("trust_case", Path(__file__).parents[1] / "bench" / "trust_case.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["trust_case"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
