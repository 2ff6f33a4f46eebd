"""``label_files`` killed at any moment and called again ends in the bytes of an undisturbed run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPT = """
import sys
import pandas as pd
import weaklab as wl

LFS = [wl.keyword_lf("win", column="text", label=1), wl.threshold_lf("n", above=50, label=0)]

class Labeler:
    def label(self, frame):
        votes = wl.apply(LFS, frame, cache=False, progress=False)
        return frame.assign(label=votes.max(axis=1), covered=(votes >= 0).any(axis=1))

inputs, out, jobs = sys.argv[1:]
labeler = Labeler()
labeler.label(pd.DataFrame({"text": ["a"], "n": [1]}))  # imports and compiles
print("ready", flush=True)
sys.stdin.readline()
made = wl.label_files(
    labeler, inputs, out, types={"n": "int64"}, batch_rows=40, n_jobs=int(jobs), progress=False
)
print("done", made.done_now, flush=True)
sys.stdin.readline()
"""
FILES, ROWS = 8, 300


@pytest.fixture
def inputs(tmp_path):
    """Files of CSV with a bad line here and there, so that every file of the output has its quarantine."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "in"
    folder.mkdir()
    for name in range(FILES):
        lines = [f"{rng.choice(['win', 'see', 'free'])} {i},{rng.integers(100)}" for i in range(ROWS)]
        lines[int(rng.integers(ROWS))] = "no,record,at all"
        lines[int(rng.integers(ROWS))] = "not a number,many"
        (folder / f"{name}.csv").write_text("text,n\n" + "\n".join(lines) + "\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    return folder / "*.csv"


class Run:
    """A process that labels, and begins when it is told to."""

    def __init__(self, inputs, out, jobs):
        script = inputs.parent.parent / "script.py"
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(inputs), str(out), str(jobs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.began = time.perf_counter()

    def finish(self):
        """The number of parts it made, and the seconds that took."""
        said = self.process.stdout.readline()
        seconds = time.perf_counter() - self.began
        self.process.communicate("\n", timeout=60)
        assert said.startswith("done "), said
        return int(said.split()[1]), seconds

    def wait_for_a_part(self, out):
        """Wait until one more part is there than before."""
        before = len(list(out.glob("*.parquet")))
        until = time.perf_counter() + 60
        while len(list(out.glob("*.parquet"))) == before and time.perf_counter() < until and before < FILES:
            time.sleep(0.001)

    def kill(self, after):
        """Kill it in mid-work."""
        time.sleep(after)
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kill_and_go_on(inputs, tmp_path, times, jobs):
    """Kill a job so many times at random moments; then let it end, and compare."""
    whole = tmp_path / "whole"
    made, seconds = Run(inputs, whole, 1).finish()
    assert made == FILES
    expected = tree(whole)
    parts = {name: content for name, content in expected.items() if name.endswith(".parquet")}
    assert len(parts) == FILES
    assert sum(name.startswith("_weaklab/quarantine/") for name in expected) == FILES
    rng, out, in_the_middle = np.random.default_rng(times), tmp_path / "out", 0
    for kill in range(times):
        if out.exists() and (out / "_weaklab" / "manifest.json").exists():
            assert tree(out)["_weaklab/manifest.json"] == expected["_weaklab/manifest.json"]
            out = tmp_path / f"out-{kill}"
        run = Run(inputs, out, jobs)
        if jobs > 1 and rng.random() < 0.8:  # processes take longer to start than to do all the work
            run.wait_for_a_part(out)
        run.kill(rng.uniform(0, seconds / 2))
        there = {path.name: path.read_bytes() for path in out.glob("*.parquet")}
        assert there.items() <= parts.items(), "what matches OUT/*.parquet is finished, and right"
        in_the_middle += 0 < len(there) < FILES
    rest, _ = Run(inputs, out, jobs).finish()
    assert rest <= FILES
    assert tree(out) == expected
    assert Run(inputs, out, jobs).finish()[0] == 0
    assert tree(out) == expected
    return in_the_middle


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_job_that_was_killed_ends_in_the_same_bytes(inputs, tmp_path, jobs):
    """Parts, quarantine and manifest, after three kills."""
    kill_and_go_on(inputs, tmp_path, times=3, jobs=jobs)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_job_that_was_killed_50_times_ends_in_the_same_bytes(inputs, tmp_path, jobs):
    """And most of these kills came while some parts were finished and others not."""
    assert kill_and_go_on(inputs, tmp_path, times=50, jobs=jobs) >= 10


def test_a_part_that_was_written_down_is_not_made_again(inputs, tmp_path):
    """What was done before a kill is not done twice, but for the part that was being made."""
    out = tmp_path / "out"
    run = Run(inputs, out, 1)
    while len(list((out / "_weaklab" / "parts").glob("*.json"))) < 3:
        time.sleep(0.001)
    run.kill(0)
    done = len(list((out / "_weaklab" / "parts").glob("*.json")))
    times = {path: path.stat().st_mtime_ns for path in sorted(out.glob("*.parquet"))[:done]}
    made, _ = Run(inputs, out, 1).finish()
    assert made == FILES - done
    assert {path: path.stat().st_mtime_ns for path in times} == times
    rows = pd.concat([pd.read_parquet(path) for path in sorted(Path(out).glob("*.parquet"))])
    assert len(rows) == FILES * (ROWS - 2)
