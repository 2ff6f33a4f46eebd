"""Files of the first release, which every later one must load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import weaklab as wl

FOLDER = Path(__file__).parent / "golden" / "v1"
NAMES = sorted(path.stem for path in FOLDER.glob("*.weaklab"))


def test_there_is_a_file_of_every_case(cases):
    """A new class gets a file with its first release."""
    assert sorted(cases) == NAMES


@pytest.mark.filterwarnings("ignore::weaklab.exceptions.PersistenceWarning")  # of another scikit-learn
@pytest.mark.parametrize("name", NAMES)
def test_files_of_the_first_release_predict_as_they_did(name, cases):
    """To 1e-5 for networks and 1e-9 else, as libraries and processors sum in other orders."""
    expected = np.load(FOLDER / "predictions.npz")[name]
    loaded = wl.load(FOLDER / f"{name}.weaklab")
    tolerance = 1e-5 if name.startswith(("End", "Joint", "Labeler-end")) else 1e-9
    np.testing.assert_allclose(cases[name][1](loaded), expected, rtol=tolerance, atol=tolerance)
