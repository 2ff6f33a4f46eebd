"""Imports of Snorkel are rewritten when asked, and what a person must see is told with its line."""

from __future__ import annotations

import json

import pytest

from weaklab.cli import main

CODE = "from snorkel.labeling import labeling_function, LFAnalysi\nx = 1\n"


@pytest.fixture
def place(tmp_path):
    """A folder with a file that imports Snorkel, and one that does not."""
    (tmp_path / "rules.py").write_text(CODE)
    (tmp_path / "other.py").write_text("import os\n")
    return tmp_path


def test_nothing_is_written_by_default(place, capsys):
    """What would be done is told."""
    assert main(["migrate", str(place)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith("rules.py: line 1: from weaklab.snorkel.labeling")
    assert "look at this: weaklab.snorkel.labeling has no 'LFAnalysi'. Did you mean 'LFAnalysis'?" in said[1]
    assert said[2] == "Nothing was written, say --write. Files to rewrite: 1. Places to look at: 1."
    assert (place / "rules.py").read_text() == CODE


def test_write_rewrites(place, capsys):
    """Only the import; what is done needs no second time."""
    assert main(["migrate", str(place), "--write"]) == 0
    assert (place / "rules.py").read_text() == CODE.replace("snorkel", "weaklab.snorkel")
    assert "Files rewritten: 1. Places to look at: 1." in capsys.readouterr().out
    assert main(["migrate", str(place / "other.py")]) == 0
    assert "imports snorkel" in capsys.readouterr().out


def test_json_has_the_same(place, capsys):
    """For scripts."""
    assert main(["migrate", str(place / "rules.py"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["written"], said["to_look_at"]) == (False, 1)
    (file,) = said["files"]
    assert file["changed"]
    assert [(each["line"], each["look"]) for each in file["findings"]] == [(1, False), (1, True)]


def test_a_file_that_is_not_there_is_told(place, capsys):
    """In one line, with exit code 2."""
    assert main(["migrate", str(place / "rule.py")]) == 2
    assert "There is no file or folder" in capsys.readouterr().err
