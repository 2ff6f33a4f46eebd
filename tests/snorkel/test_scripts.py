"""The scripts of the benchmark run with their imports rewritten and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from weaklab.snorkel.migration import migrate_source

SCRIPTS = Path(__file__).resolve().parents[1] / "bench/snorkel_scripts"
NAMES = ("spam", "spouse", "crowd", "recommender", "one_strong")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_that_they_import_is_there(name):
    """What a person must look at are arguments without meaning, and nothing more."""
    _, findings = migrate_source((SCRIPTS / f"{name}.py").read_text())
    assert any(each.text.startswith("from weaklab.snorkel") for each in findings)
    assert [str(each) for each in findings if each.human and "without meaning" not in each.text] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES[1:])
def test_they_run(name, tmp_path):
    """And learn something: better than, or as good as, majority vote."""
    for file in ("clock.py", f"{name}.py"):
        (tmp_path / file).write_text(migrate_source((SCRIPTS / file).read_text())[0])
    command = [sys.executable, "-W", "ignore", str(tmp_path / f"{name}.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    scores = json.loads(done.stdout.splitlines()[-1])["scores"]
    of = "_f1" if name == "spouse" else ""
    assert scores[f"label_model{of}"] >= scores[f"majority{of}"] - 0.01
