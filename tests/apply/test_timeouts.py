"""A call that does not end is ended, counted and told; what it was interrupted in goes on."""

import signal
import threading
import time

import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import FaultWarning, LabelingFunctionFailure, ParameterError
from weaklab.labeling import labeling_function, preprocessor

FRAME = pd.DataFrame({"i": range(600)})
pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers of POSIX")


def loops(row):
    while row.i in (100, 550):
        pass
    return 1


def ends(row):
    return 1


def swallows(row):
    while row.i == 100:
        try:
            time.sleep(1)
        except Exception:  # noqa: BLE001  -- what user code does
            continue
    return 1


def swallows_all(row):
    done = row.i != 100
    for _ in range(3):
        try:
            while not done:
                pass
        except:  # noqa: E722  -- what user code does
            continue
    return 1


def gives_up(row):
    try:
        while row.i == 100:
            pass
    except BaseException:  # noqa: BLE001  -- what user code does
        return 0
    return 1


def returns_at_last(row):
    try:
        while row.i == 100:
            pass
    finally:
        return 1 if row.i != 100 else 0  # noqa: B012  -- what user code does


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_loop_without_end_ends(n_jobs):
    """The other rows keep their votes."""
    with pytest.warns(FaultWarning, match=r"'loops' on 2 of 600 rows \(TimeoutError: no vote after 0.2 s\)"):
        votes = apply([loops], FRAME, timeout=0.2, on_error="abstain", progress=False, n_jobs=n_jobs)
    assert votes.attrs["faults"]["loops"].rows == (100, 550)
    assert "while row.i in (100, 550)" in votes.attrs["faults"]["loops"].traceback
    assert votes["loops"].sum() == 600 - 2 - 2


def test_it_is_raised_with_the_row():
    """As any failure."""
    with pytest.raises(LabelingFunctionFailure, match="'loops' failed on row 100: TimeoutError") as caught:
        apply([loops], FRAME, timeout=0.1, progress=False)
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_except_exception_does_not_swallow_it():
    """And where a bare except does, it is interrupted again."""
    with pytest.warns(FaultWarning, match="'swallows' on 1 of 600"):
        apply([swallows], FRAME, timeout=0.1, on_error="abstain", progress=False)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("function", [swallows_all, gives_up, returns_at_last])
def test_what_was_interrupted_is_no_vote(function, n_jobs):
    """Whatever it returned in the end."""
    name, options = function.__name__, {"progress": False, "n_jobs": n_jobs}
    with pytest.warns(FaultWarning, match=f"'{name}' on 1 of 600 rows .*no vote after 0.1 s; it caught"):
        votes = apply([function], FRAME, timeout=0.1, on_error="abstain", **options)
    assert votes.attrs["faults"][name].rows == (100,)
    assert votes[name].tolist() == [-1 if i == 100 else 1 for i in range(600)]
    with pytest.raises(LabelingFunctionFailure, match=f"'{name}' failed on row 100: TimeoutError"):
        apply([function], FRAME, timeout=0.1, **options)


def test_preprocessors_count():
    """They run inside the call; the row fails and the next one is parsed anew."""

    @preprocessor
    def slow(row):
        while row.i == 3:
            pass
        return {"j": row.i}

    lf = labeling_function(name="lf", pre=[slow])(lambda row: row.j % 2)
    with pytest.warns(FaultWarning, match="'lf' on 1 of 600"):
        votes = apply([lf], FRAME, timeout=0.1, on_error="abstain", progress=False)["lf"]
    assert votes.tolist() == [-1 if i == 3 else i % 2 for i in range(600)]


def test_what_was_interrupted_is_not_reused(tmp_path):
    """The next call, which gives it the time that it needs, has its vote."""

    def naps(row):
        try:
            time.sleep(0.3 * (row.i == 5))
        except BaseException:  # noqa: BLE001  -- what user code does
            return 0
        return 1

    options = {"progress": False, "cache": tmp_path}
    with pytest.warns(FaultWarning, match="'naps' on 1 of 10"):
        assert apply([naps], FRAME[:10], timeout=0.1, on_error="abstain", **options)["naps"][5] == -1
    votes = apply([naps], FRAME[:10], **options)
    assert votes["naps"].all()
    assert "reused" not in votes.attrs


def test_what_an_interrupted_preprocessor_gave_is_not_shared():
    """It is run anew for the next function, which then fails itself, or gets the true value."""
    slow_once = [True]

    @preprocessor
    def hides_it(row):
        try:
            while row.i == 3 and slow_once:
                pass
        except BaseException:  # noqa: BLE001  -- what user code does
            slow_once.clear()
            return {"j": -7}
        return {"j": row.i}

    first = labeling_function(name="first", pre=[hides_it])(lambda row: row.j)
    second = labeling_function(name="second", pre=[hides_it])(lambda row: row.j)
    with pytest.warns(FaultWarning, match="'first' on 1 of 5"):
        votes = apply([first, second], FRAME[:5], timeout=0.1, on_error="abstain", progress=False)
    assert votes["first"].tolist() == [0, 1, 2, -1, 4]
    assert votes["second"].tolist() == [0, 1, 2, 3, 4]


def test_a_timer_of_the_caller_goes_on():
    """pytest-timeout and others use the same one."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        apply([labeling_function(name="lf")(lambda row: 1)], FRAME, timeout=5, progress=False)
        until = time.monotonic() + 5
        while not rung and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [True]


def test_another_thread_needs_processes():
    """Signals come to the main thread only; a limit that is not kept is no limit."""
    said = {}

    def call(n_jobs):
        try:
            said[n_jobs] = apply([ends], FRAME, timeout=5, progress=False, n_jobs=n_jobs)["ends"].sum()
        except ParameterError as error:
            said[n_jobs] = str(error)

    for n_jobs in (1, 2):
        thread = threading.Thread(target=call, args=(n_jobs,))
        thread.start()
        thread.join()
    assert "main thread only" in said[1]
    assert said[2] == 600


@pytest.mark.parametrize("timeout", [0, -1, True, "1", float("inf"), float("nan")])
def test_a_timeout_is_a_positive_number(timeout):
    """Zero would switch the timer off."""
    with pytest.raises(ParameterError, match="timeout="):
        apply([loops], FRAME, timeout=timeout)
