"""Every command that the page of the command line shows runs, in the page's order."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from weaklab.cli import main
from weaklab.cli.command_line import COMMANDS

PAGE = (Path(__file__).resolve().parents[2] / "docs/command-line.md").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCK.findall(PAGE) for line in block.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the page is read."""
    return tmp_path_factory.mktemp("page")


@pytest.mark.parametrize("line", LINES)
def test_what_the_page_shows_runs(line, folder, monkeypatch, capsys):
    """A reader who types it gets an answer, and exit code 0; --json prints JSON."""
    if " report " in line:
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    program, *asked = shlex.split(line)
    assert program == "weaklab"
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert said
    if "--json" in asked:
        assert json.loads(said)
    sys.modules.pop("rules", None)


def test_every_command_is_shown_and_described():
    """In an example that runs, and in the table."""
    names = {command.__name__.rpartition(".")[2] for command in COMMANDS}
    assert {shlex.split(line)[1] for line in LINES} == names
    assert set(re.findall(r"^\| `weaklab (\w+)` \|", PAGE, re.MULTILINE)) == names
