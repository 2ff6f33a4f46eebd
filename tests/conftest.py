"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# How long an example takes says nothing on a machine that does other work too.
hypothesis.settings.register_profile("weaklab", deadline=None)
hypothesis.settings.load_profile("weaklab")

os.environ["HF_HUB_OFFLINE"] = "1"  # no test asks the hub of Hugging Face; read when its package is imported


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Examples of plots are not run where matplotlib, an extra, is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        for item in items:
            if isinstance(item, pytest.DoctestItem) and item.name.startswith("weaklab.plots."):
                item.add_marker(pytest.mark.skip(reason="needs matplotlib"))


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public label matrices, for tests that skip where it is absent."""
    folder = os.environ.get("WEAKLAB_DATA")
    if not folder:
        pytest.skip("WEAKLAB_DATA is not set")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"WEAKLAB_DATA={folder} is no folder")
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of its own for each test."""
    return np.random.default_rng(20261124)
