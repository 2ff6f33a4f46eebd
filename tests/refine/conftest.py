"""The worlds of the papers' experiments, which the benchmark shares."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def case():
    """The module of worlds: tests/bench/refine_case.py."""
    spec = importlib.util.spec_from_file_location("refine_case", Path(__file__).parents[1] / "bench" / "refine_case.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["refine_case"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def digits(case):
    """All digits: 32 components, and which digit it is."""
    return case.digits()
