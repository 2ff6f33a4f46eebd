"""Training borrows torch: threads, random state and defaults are the user's, before, after and in spite of errors."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from weaklab.end_models import EndModel, LossTerm, NoiseConsistency, SoftCrossEntropy
from weaklab.end_models.borrowing import borrowed_torch, resolve_device
from weaklab.exceptions import NotConvergedWarning, ParameterError


@pytest.fixture
def two_threads():
    """Whatever the machine has, the program under test believes in two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _data(rng, n=120):
    X = rng.normal(size=(n, 5))
    return X, (X.sum(axis=1) > 0).astype(int)


def test_no_more_threads_are_taken_than_there_are_cores():
    """A thousand threads on two cores took a hundred times as long."""
    before = torch.get_num_threads()
    with borrowed_torch(torch.device("cpu"), n_jobs=1000):
        assert torch.get_num_threads() == os.cpu_count()
    assert torch.get_num_threads() == before


def test_same_seed_same_bits_at_any_thread_count(rng):
    """A result that cannot be had again cannot be examined; other seeds must differ, or the seed does nothing."""
    X, y = _data(rng)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(EndModel(max_epochs=3).fit(X, y).predict_proba(X))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(found[0], EndModel(max_epochs=3, random_state=0).fit(X, y).predict_proba(X))
    assert (found[0] != EndModel(max_epochs=3, random_state=1).fit(X, y).predict_proba(X)).any()


def test_a_users_module_is_as_reproducible_as_ours(rng):
    """Its layers and its dropout draw from torch's global state, which is lent to them from the seed."""
    X, y = _data(rng)

    def build(width, k):
        return torch.nn.Sequential(torch.nn.Linear(width, 9), torch.nn.Dropout(0.5), torch.nn.Linear(9, k))

    found = []
    for seed in (11, 12):
        torch.manual_seed(seed)
        found.append(EndModel(module=build, max_epochs=2).fit(X, y).predict_proba(X))
    np.testing.assert_array_equal(*found)


def test_global_state_is_left_as_it_was(rng, two_threads):
    """A user's own experiment must not change because a classifier was trained in between."""
    X, y = _data(rng)
    np.random.seed(5)  # noqa: NPY002  the user's program may well do this
    torch.manual_seed(5)
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    model = EndModel(max_epochs=2, dropout=0.5).fit(X, y)
    model.predict(X)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]  # noqa: NPY002
    assert torch.get_num_threads() == 2


def test_global_state_is_left_as_it_was_when_training_fails(rng, two_threads):
    """An exception is no excuse."""
    state = torch.get_rng_state()

    def fail(step):
        assert torch.get_num_threads() == 1  # what training works with
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        EndModel(loss=fail).fit(*_data(rng))
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)


def test_threads_can_be_asked_for_or_left(two_threads):
    """Wide dense features gain from threads; that is for the user to say."""
    cpu = torch.device("cpu")
    with borrowed_torch(cpu, n_jobs=None):
        assert torch.get_num_threads() == 2
    with borrowed_torch(cpu, n_jobs=1):
        assert torch.get_num_threads() == 1


@pytest.mark.parametrize("hidden", [None, 4])
def test_default_dtype_and_device_of_the_program_do_not_matter(rng, hidden):
    """Both are global in torch, and some programs set them."""
    X, y = _data(rng)
    expected = EndModel(hidden=hidden, max_epochs=2).fit(X, y).predict_proba(X)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):  # the default device: tensors made without saying where would hold nothing
            found = EndModel(hidden=hidden, max_epochs=2).fit(X, y).predict_proba(X)
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, expected)


def test_ctrl_c_keeps_the_best_weights_of_the_epochs_that_are_over(rng, two_threads):
    """An hour of training must not be lost to impatience."""
    X, y = _data(rng)

    def interrupt(step):
        if step.epoch == 3:
            raise KeyboardInterrupt
        return 0 * step.logits.sum()

    with pytest.warns(NotConvergedWarning, match=r"interrupted.*after 3 epochs") as caught:
        model = EndModel(hidden=None, loss=SoftCrossEntropy() + LossTerm(interrupt), patience=9).fit(X, y)
    assert caught[0].filename == __file__  # the warning points at the user's line
    same = EndModel(hidden=None, optimizer="adamw", max_epochs=3).fit(X, y)
    assert model.n_iter_ == 3
    np.testing.assert_array_equal(model.predict_proba(X), same.predict_proba(X))
    assert torch.get_num_threads() == 2


def test_ctrl_c_in_the_first_epoch_stops_the_program(rng):
    """There is nothing to keep yet, and the user wants out."""

    def interrupt(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        EndModel(loss=interrupt).fit(*_data(rng))


def test_a_loss_that_explodes_keeps_the_last_good_weights(rng):
    """Weights full of NaN would predict the first class for everything, silently."""
    X, y = _data(rng)

    def explode(step):
        return step.logits.sum() * (float("inf") if step.epoch == 2 else 0.0)

    with pytest.warns(NotConvergedWarning, match=r"training loss is (nan|inf|-inf).*after 2 epochs"):
        model = EndModel(hidden=None, loss=SoftCrossEntropy() + LossTerm(explode)).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_module_that_predicts_nan_is_refused(rng):
    """NaN in probabilities would pass through argmax as the first class."""
    X, y = _data(rng)
    model = EndModel(hidden=None, max_epochs=1).fit(X, y)
    with torch.no_grad():
        model.module_.first.bias.fill_(float("nan"))
    with pytest.raises(ParameterError, match="not finite"):
        model.predict(X)


def test_progress_is_shown_when_asked_for_and_not_for_short_trainings(rng, capsys):
    """A bar that flashes by is noise; none during minutes of work is worse."""
    X, y = _data(rng)
    EndModel(max_epochs=2).fit(X, y)
    EndModel(max_epochs=2, progress=False).fit(X, y)
    assert capsys.readouterr().err == ""
    EndModel(max_epochs=2, progress=True).fit(X, y)
    shown = capsys.readouterr()
    assert "EndModel" in shown.err
    assert shown.out == ""


def test_devices_are_what_torch_knows():
    """ "auto" must work on every machine."""
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card")
def test_a_model_trained_on_a_card_predicts_the_same_on_the_cpu(rng):
    """It is trained where the cards are and used where they are not."""
    X, y = _data(rng)
    model = EndModel(device="cuda", max_epochs=3).fit(X, y)
    expected = model.predict_proba(X)
    again = pickle.loads(pickle.dumps(model))
    assert not any(value.is_cuda for value in again.module_.state_dict().values())
    np.testing.assert_allclose(again.set_params(device="cpu").predict_proba(X), expected, atol=1e-5)


def test_importing_the_rooms_below_does_not_import_torch():
    """Seconds of import time are for those who train."""
    import subprocess

    code = "import sys, weaklab, weaklab.votes, weaklab.exceptions; print('torch' in sys.modules)"
    with warnings.catch_warnings():
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def _thinned(n_columns, k):
    return torch.nn.Sequential(torch.nn.Linear(n_columns, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, k))


@pytest.mark.parametrize(
    "options", [{}, {"dropout": 0.0}, {"module": _thinned}, {"loss": SoftCrossEntropy() + NoiseConsistency()}]
)
def test_fits_in_several_threads_are_those_of_one(rng, options):
    """torch's random state is one for all threads: it is lent to one training at a time, and given back by the last."""
    X, y = _data(rng)
    state = torch.get_rng_state()

    def fitted(seed):
        return EndModel(max_epochs=4, random_state=seed, **options).fit(X, y).predict_proba(X)

    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(fitted, range(6)))
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(together, [fitted(seed) for seed in range(6)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_process_forked_during_a_fit_can_fit(rng):
    """The thread that trains is not in the child, where nobody would ever give the random state back."""
    X, y = _data(rng)
    begun, go_on = threading.Event(), threading.Event()

    def wait(row, model):
        begun.set()
        go_on.wait(30)

    thread = threading.Thread(target=EndModel(max_epochs=1, callbacks=[wait]).fit, args=(X, y))
    thread.start()
    assert begun.wait(30)
    child = os.fork()
    if not child:
        with borrowed_torch(torch.device("cpu"), n_jobs=None, seed=0):
            os._exit(0)
    deadline = time.monotonic() + 20
    done = os.waitpid(child, os.WNOHANG)
    while done == (0, 0) and time.monotonic() < deadline:
        time.sleep(0.01)
        done = os.waitpid(child, os.WNOHANG)
    if done == (0, 0):
        os.kill(child, 9)
    go_on.set()
    thread.join()
    assert done == (child, 0)
