"""Several processes give what one gives: votes, faults, order, index; and what dies is told."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from weaklab.apply import apply, shipping
from weaklab.apply.processes import SMALL, count_jobs
from weaklab.exceptions import (
    FaultWarning,
    LabelingFunctionFailure,
    ParameterError,
    ReturnValueError,
    SlowPathWarning,
    WorkerDiedError,
)
from weaklab.labeling import keyword_lf, labeling_function, preprocessor

N = 3000
FRAME = pd.DataFrame(
    {
        "text": [f"row {i}" if i % 50 else None for i in range(N)],
        "i": range(N),
        "narrow": np.arange(N, dtype=np.float32) / 7,
        "tags": [[i] for i in range(N)],
    },
    index=np.random.default_rng(0).permutation(N),
)
LIMIT = 2


class Word:
    """A class of this file, which other processes could not import."""

    def __init__(self, text):
        self.text = text


@preprocessor
def word(row):
    return {"word": Word(row.text)}


def closure(k):
    return labeling_function(name="closure")(lambda row: row.i % k if row.i % 5 else None)


def reads_global(row):
    return row.i % LIMIT


@labeling_function(pre=[word])
def uses_class(row):
    return int(isinstance(row.word, Word) and row.word.text is None)


@labeling_function(batch=True)
def whole(frame):
    return (frame.i % 3 == 0).astype(int)


def sees_kinds(row):
    return int(type(row.narrow) is np.float32 and type(row.tags) is list)


def divides(row):
    return 1 // (row.i % 700 - 3)


def no_vote(row):
    return 0.5 if row.i % 900 == 10 else 1


LFS = [closure(4), reads_global, uses_class, whole, sees_kinds, keyword_lf("row 7", column="text", label=1)]


def run(lfs, frame=FRAME, **options):
    return apply(lfs, frame, progress=False, cache=False, **options)


def test_votes_order_and_index_are_those_of_one_process():
    """Snorkel's parallel applier gave another matrix; closures, lambdas and classes of a notebook must go along."""
    alone = run(LFS)
    pd.testing.assert_frame_equal(run(LFS, n_jobs=2), alone)
    assert alone["closure"].nunique() == 5


def test_faults_are_those_of_one_process():
    """Counts, rows, labels and tracebacks."""
    lfs = [closure(3), divides, no_vote]
    with pytest.warns(FaultWarning) as alone:
        one = run(lfs, on_error="abstain")
    with pytest.warns(FaultWarning) as together:
        two = run(lfs, on_error="abstain", n_jobs=2)
    pd.testing.assert_frame_equal(one, two)
    assert one.attrs["faults"] == two.attrs["faults"]
    assert one.attrs["faults"]["divides"].count == 5
    assert str(alone[0].message) == str(together[0].message)


@pytest.mark.parametrize(
    ("lfs", "error"),
    [
        ([divides, no_vote], LabelingFunctionFailure),
        ([no_vote, divides], ReturnValueError),
        ([labeling_function(name="late")(lambda row: 1 // (1000 - row.i)), divides], LabelingFunctionFailure),
    ],
)
def test_the_error_that_is_raised_is_that_of_one_process(lfs, error):
    """Whichever process is the fastest."""
    with pytest.raises(error) as alone:
        run(lfs)
    with pytest.raises(error) as together:
        run(lfs, n_jobs=2)
    assert str(together.value) == str(alone.value)
    assert type(together.value.__cause__) is type(alone.value.__cause__)


@pytest.mark.parametrize("kind", [pl.DataFrame, lambda frame: frame.to_dict("records")])
def test_other_frames_are_sent_too(kind):
    """And a key that only some records have is missing in the others."""
    frame = kind(FRAME[["text", "i"]].iloc[:1500])
    if isinstance(frame, list):
        frame[0]["extra"] = 1

    def reads_extra(row):
        return int(row.get("extra") == 1)

    lfs = [closure(3), reads_extra]
    pd.testing.assert_frame_equal(run(lfs, frame, n_jobs=2), run(lfs, frame))


@pytest.mark.parametrize("output", ["set", "soft"])
def test_sets_and_distributions_come_back_too(output):
    """Beside functions of one class, which are promoted."""
    vote = {"set": {0, 1}, "soft": [0.25, 0.75]}[output]
    rich = labeling_function(name="rich", output=output)(lambda row: vote if row.i % 3 else None)
    alone, together = (run([rich, reads_global], classes=2, n_jobs=n_jobs) for n_jobs in (1, 2))
    name = {"set": "masks", "soft": "probs"}[output]
    np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))
    assert together.index.equals(FRAME.index)


def test_a_module_is_sent_as_it_is_now(monkeypatch):
    """A worker that imported it again would not see what a notebook has changed since."""
    module = types.ModuleType("module_of_a_notebook")
    exec("LIMIT = 1\ndef reaches(n):\n    return n > LIMIT", vars(module))
    monkeypatch.setitem(sys.modules, "module_of_a_notebook", module)
    module.LIMIT = 1000

    def lf(row):
        return int(module.reaches(row.i))

    assert run([lf], n_jobs=2)["lf"].sum() == N - 1001


def ends_process(row):
    if row.i in (1100, 2900):
        os._exit(3)
    return 1


def is_killed(row):
    if row.i == 700:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@pytest.mark.parametrize(("lf", "how"), [(ends_process, "exit code 3"), (is_killed, "killed by SIGKILL")])
def test_a_process_that_dies_is_told_with_function_and_rows(lf, how):
    """Out of memory, a crash in C: the caller lives on, and knows where to look."""
    with pytest.raises(WorkerDiedError, match=rf"{how} while labeling function '{lf.__name__}' ran on rows? \d+"):
        run([closure(2), lf], n_jobs=2)


def test_a_row_that_ends_processes_abstains_on_request():
    """The other rows, and the other functions on that row, keep their votes."""
    lfs = [closure(2), ends_process, reads_global]
    with pytest.warns(FaultWarning, match="'ends_process' on 2 of 3,000 rows"):
        votes = run(lfs, n_jobs=2, on_error="abstain")
    assert votes.attrs["faults"]["ends_process"].rows == (1100, 2900)
    assert (votes["ends_process"] == 1).sum() == N - 2
    pd.testing.assert_frame_equal(votes[["closure", "reads_global"]], run([closure(2), reads_global]))


def test_a_process_that_was_killed_once_is_replaced(tmp_path):
    """What kills it need not be the row."""
    mark = tmp_path / "killed"

    def killed_once(row):
        if row.i == 600 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 1

    votes = run([killed_once], n_jobs=2, on_error="abstain")
    assert (votes["killed_once"] == 1).all()
    assert votes.attrs["faults"] == {}


def test_small_frames_start_no_process():
    """A second of starting for a millisecond of running."""
    pid = os.getpid()
    here = labeling_function(name="here")(lambda row: int(os.getpid() == pid))
    assert run([here], FRAME.iloc[: SMALL - 1], n_jobs=2)["here"].all()
    assert not run([here], n_jobs=2)["here"].any()


def test_few_slow_rows_are_shared_out():
    """Rows that take long are worth a process each; the task shrinks to a row."""
    pid = os.getpid()

    def slow(row):
        time.sleep(0.1)
        return int(os.getpid() == pid)

    votes = run([slow], FRAME.iloc[:40], n_jobs=2)["slow"]
    assert 5 < votes.sum() < 30
    assert votes.tolist() == sorted(votes, reverse=True)


def test_what_cannot_be_sent_runs_here():
    """Slower, and said; the votes are the same."""
    lock = __import__("threading").Lock()

    def locked(row):
        with lock:
            return row.i % 2

    with pytest.warns(SlowPathWarning, match="cannot be sent to other processes"):
        votes = run([closure(2), locked], n_jobs=2)
    pd.testing.assert_frame_equal(votes, run([closure(2), locked]))


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, True, "2"])
def test_a_number_of_processes_is_a_number(n_jobs):
    """-1 is one per core."""
    with pytest.raises(ParameterError, match="n_jobs="):
        run(LFS, n_jobs=n_jobs)
    assert count_jobs(-1) >= 1


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of POSIX")
def test_a_parent_that_is_killed_leaves_no_process(tmp_path):
    """Nobody is there to end them; they notice."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, pathlib, time
        import weaklab as wl

        def stuck(row):
            pathlib.Path({str(tmp_path)!r}, f"pid{{os.getpid()}}").touch()
            time.sleep(60)

        wl.apply([stuck], [{{"i": i}} for i in range(2000)], n_jobs=2, progress=False)
        """)
    )
    with subprocess.Popen([sys.executable, str(script)]) as process:
        until = time.monotonic() + 60
        while len(list(tmp_path.glob("pid*"))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
    left = [int(path.name[3:]) for path in tmp_path.glob("pid*")]
    assert len(left) == 2
    until = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in left) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in left if _runs(pid)] == []


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and ") Z " in status.read_text())  # a zombie waits for whoever adopted it


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of POSIX")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_leaves_no_process_and_keeps_what_is_done(n_jobs, tmp_path):
    """The exception is KeyboardInterrupt, as everywhere, and carries the votes."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, pathlib, signal, time
        import pandas as pd, weaklab as wl
        signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background start without it
        folder = pathlib.Path({str(tmp_path)!r})

        def slow(row):
            (folder / f"pid{{os.getpid()}}").touch()
            time.sleep(0.002)
            return row.i % 2

        frame = pd.DataFrame({{"i": range(100_000)}})
        try:
            wl.apply([slow], frame, n_jobs={n_jobs}, progress=False)
        except KeyboardInterrupt as interrupt:
            votes = interrupt.votes
            done = votes.attrs["done"]["slow"]
            voted = votes.slow[votes.slow >= 0]
            print(done, len(voted), (voted == voted.index % 2).all(), len(votes), flush=True)
        """)
    )
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        until = time.monotonic() + 60
        while len(list(tmp_path.glob("pid*"))) < n_jobs and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said = process.communicate(timeout=30)[0].split()
    done, voted, right, n = said
    assert 0 < int(done) < 100_000
    assert int(voted) == int(done)
    assert (right, n) == ("True", "100000")
    pids = [int(path.name[3:]) for path in tmp_path.glob("pid*")]
    assert len(pids) == n_jobs
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_facade_goes_along():
    """A function that says ``wl.apply`` holds the module, which is of a class of its own."""
    import weaklab as wl

    assert shipping.loads(shipping.dumps(lambda: wl))() is wl
