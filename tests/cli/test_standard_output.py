"""Standard output holds the answer and nothing else; where it cannot be written, or on Ctrl-C, one line says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ASKED = ["summarize", "data.csv", "--lfs", "rules.py", "--classes", "ham,spam"]
LOUD = """
import os, time
import weaklab as wl
os.write(1, b"from the module")

@wl.labeling_function
def loud(row):
    os.write(1, b"written past Python")
    print("printed")
    return 1

@wl.labeling_function
def slow(row):
    open("begun", "w").close()
    time.sleep(60)

lfs = [loud]
"""


def run(*asked, **options):
    """A command as a shell runs it."""
    return subprocess.run(
        [sys.executable, "-m", "weaklab", *asked], text=True, check=False, stderr=subprocess.PIPE, **options
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_json_is_all_there_is_on_standard_output(folder, jobs):
    """Whatever labeling functions print: here, in other processes, and past Python. Progress is elsewhere too."""
    (folder / "loud.py").write_text(LOUD)
    asked = ["summarize", "data.csv", "--lfs", "loud.py", "--json", "--jobs", jobs]
    done = run(*asked, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["labeling_functions"][0]["name"] == "loud"
    assert "from the module" in done.stderr
    assert "printed" in done.stderr
    assert "written past Python" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(folder):
    """Exit code 1, for something failed on the way; no second message as Python ends."""
    with open("/dev/full", "w") as full:
        done = run(*ASKED, stdout=full)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == "weaklab: the answer could not be written to standard output: No space left on device"


def test_a_reader_that_is_gone_is_told(folder):
    """As after | head."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = run(*ASKED, stdout=theirs)
    os.close(theirs)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "weaklab: the answer could not be written to standard output: Broken pipe"


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_ctrl_c_ends_with_130_and_one_line(folder):
    """No traceback, and nothing is written."""
    (folder / "loud.py").write_text(LOUD)
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # not so in the background
        "from weaklab.cli import main\n"
        "sys.exit(main(['apply', 'data.csv', '--lfs', 'loud.py:slow', '--out', 'votes.csv', '--quiet']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(600):
            if (folder / "begun").exists():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert said.decode() == "from the moduleweaklab: interrupted\n"
    assert not (folder / "votes.csv").exists()
