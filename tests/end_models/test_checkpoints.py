"""Training that is stopped, even by a kill, goes on as if it had not been."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
import torch

from weaklab.end_models import EndModel, LossTerm, NestedDropout, SoftCrossEntropy
from weaklab.exceptions import NotConvergedWarning, ParameterError

#: Trains with all that has a state, in children that it kills, and once undisturbed; forks, as importing takes longest.
PROGRAM = """
import os, signal, sys, time
from datetime import timedelta
from pathlib import Path
import numpy as np, torch
from weaklab.end_models import (
    CoTeaching, EndModel, LossTerm, MultiSourceConsistency, NoiseConsistency, RepeatedRandom, SoftCrossEntropy
)
from weaklab.votes import SoftLabels

CASE = sys.argv[2]

class Remembers(LossTerm):
    "The running mean of the logits' size, which the loss depends on: a term with a memory."
    def __init__(self, pause):
        self.pause, self.mean = pause, torch.zeros(())
    def start(self, rows):
        return Remembers(self.pause)
    def __call__(self, step):
        time.sleep(self.pause)
        self.mean = 0.9 * self.mean + 0.1 * step.logits.detach().abs().mean()
        return 0.1 * self.mean * step.logits.square().mean()
    def state_dict(self):
        return {"mean": self.mean}
    def load_state_dict(self, state):
        self.mean = state["mean"].clone()
    def __repr__(self):
        return "Remembers()"

def own(n_columns, k):
    "A module of the user's, which draws from torch's own generator in each step."
    return torch.nn.Sequential(
        torch.nn.Linear(n_columns, 16), torch.nn.Tanh(), torch.nn.Dropout(0.4), torch.nn.Linear(16, k)
    )

def thinned(rows):
    return rows * (torch.rand(rows.shape) < 0.8)

OPTIONS = {
    "memories": dict(hidden=16, dropout=0.4, sampler=RepeatedRandom(0.5), peers=CoTeaching(warmup=3), accumulate=2),
    "draws": dict(module=own, which="semi-supervised"),
}
TERMS = {"memories": [], "draws": [NoiseConsistency(), MultiSourceConsistency(views=thinned, ramp=1.0)]}

def trained(folder, pause, every):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 8))
    y = (X.sum(axis=1) + rng.normal(size=600) > 0).astype(int)
    soft = SoftLabels(np.eye(2)[y], weight=np.repeat([1.0, 0.0], [400, 200]))
    model = EndModel(
        max_epochs=8, patience=20, batch_size=64, loss=sum(TERMS[CASE], SoftCrossEntropy() + Remembers(pause)),
        schedule="cosine", clip_norm=1.0, **OPTIONS[CASE],
        checkpoint=folder / "state", checkpoint_every=timedelta(seconds=every),
    ).fit(X, soft)
    torch.save(model.module_.state_dict(), folder / "weights")
    model.history_.drop(columns="seconds").to_csv(folder / "history")

def child(folder, pause, every, kill_after=None):
    "Whether it came to its end; it is killed some time after it has saved something new."
    state = folder / "state"
    before = state.stat().st_mtime_ns if state.exists() else 0
    pid = os.fork()
    if not pid:
        trained(folder, pause, every)
        os._exit(0)
    while kill_after is not None:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return True
        if state.exists() and state.stat().st_mtime_ns > before:
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    return os.waitpid(pid, 0)[1] == 0

torch.set_num_threads(1)
whole, killed = Path(sys.argv[1], "whole"), Path(sys.argv[1], "killed")
whole.mkdir(), killed.mkdir()
assert child(whole, 0.0, 1000)
print(sum(not child(killed, 0.005, 0.05, kill_after=after) for after in (0.0, 0.03, 0.01)))
assert child(killed, 0.0, 0.05)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the program forks")
@pytest.mark.parametrize("case", ["memories", pytest.param("draws", marks=pytest.mark.slow)])
def test_killed_several_times_it_ends_with_the_same_weights(tmp_path, case):
    """The promise of a checkpoint: kill -9 at any time, start again, and not a bit is different.

    "memories": two networks, terms and samplers that remember. "draws": dropout of a user's module, noise on rows and
    views drawn at random, which all come from torch's own generator. The undisturbed run never saves but at its end,
    so that saving itself is shown to change nothing.
    """
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), case]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) >= 2  # kills that came before the end
    whole, killed = (torch.load(tmp_path / name / "weights", weights_only=True) for name in ("whole", "killed"))
    assert all(torch.equal(whole[name], killed[name]) for name in whole)
    assert (tmp_path / "whole" / "history").read_text() == (tmp_path / "killed" / "history").read_text()


def _data(rng, n=200):
    X = rng.normal(size=(n, 5))
    return X, (X.sum(axis=1) + rng.normal(size=n) > 0).astype(int)


def _weights(model):
    return torch.cat([value.flatten() for value in model.module_.state_dict().values()])


@pytest.mark.parametrize("options", [{}, {"dropout": NestedDropout()}, {"precision": "fp16", "learning_rate": 1e-3}])
def test_interrupted_it_goes_on_with_the_same_weights(rng, tmp_path, options):
    """Within one program, too: Ctrl-C, look at what there is, and call fit again."""
    X, y = _data(rng)
    shared = {"hidden": 8, "max_epochs": 6, "patience": 9, "checkpoint": tmp_path / "state", **options}

    class Interrupts(LossTerm):
        times = 1

        def __init__(self):
            pass

        def __call__(self, step):
            if step.epoch == 3 and Interrupts.times:
                Interrupts.times -= 1
                raise KeyboardInterrupt
            return 0 * step.logits.sum()

        def __repr__(self):
            return "Interrupts()"

    loss = SoftCrossEntropy() + Interrupts()
    with pytest.warns(NotConvergedWarning, match="after 3 epochs"):
        EndModel(loss=loss, **shared).fit(X, y)
    again = EndModel(loss=loss, **shared).fit(X, y)
    whole = EndModel(loss=loss, **{**shared, "checkpoint": None}).fit(X, y)
    assert torch.equal(_weights(again), _weights(whole))
    assert again.n_iter_ == whole.n_iter_ == 6


def test_a_finished_training_is_read_and_can_be_trained_on(rng, tmp_path):
    """Calling fit once more costs nothing; max_epochs may be raised."""
    X, y = _data(rng)
    path = tmp_path / "state"
    first = EndModel(hidden=4, max_epochs=3, checkpoint=path).fit(X, y)
    steps = []
    again = EndModel(hidden=4, max_epochs=3, checkpoint=path, callbacks=[lambda row, model: steps.append(row)])
    assert torch.equal(_weights(again.fit(X, y)), _weights(first))
    assert not steps
    longer = EndModel(hidden=4, max_epochs=5, checkpoint=path).fit(X, y)
    assert torch.equal(_weights(longer), _weights(EndModel(hidden=4, max_epochs=5).fit(X, y)))
    assert not list(tmp_path.glob("*.part"))


def test_another_training_is_refused(rng, tmp_path):
    """Weights for other rows, or for another loss, would be taken up silently and be wrong."""
    X, y = _data(rng)
    options = {"hidden": 4, "max_epochs": 2, "checkpoint": tmp_path / "state"}
    EndModel(**options).fit(X, y)
    with pytest.raises(ParameterError, match=r"other data, so.*Delete the file"):
        EndModel(**options).fit(X + 1e-3 * np.arange(5) * X**2, y)
    with pytest.raises(ParameterError, match="other data"):
        EndModel(**options).fit(X, 1 - y)
    with pytest.raises(ParameterError, match=r"other learning_rate, so.*learning_rate: None there, 0.1 here"):
        EndModel(learning_rate=0.1, **options).fit(X, y)
    with pytest.raises(ParameterError, match="other random_state and data"):  # other rows are held out
        EndModel(random_state=1, **options).fit(X, y)


def _squares(step, factor=1.0):
    return factor * step.logits.square().mean()


def _scaled(factor):
    return LossTerm(lambda step: factor * step.logits.square().mean())


class Rectified(torch.nn.Module):
    """Two layers; what stands between them is in its code alone."""

    def __init__(self, n_columns, k):
        super().__init__()
        self.first, self.last = torch.nn.Linear(n_columns, 4), torch.nn.Linear(4, k)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


def _saturated():
    def forward(self, x):
        return self.last(torch.tanh(self.first(x)))

    return type("Rectified", (Rectified,), {"forward": forward, "__module__": __name__})


def _layers(between):
    return lambda n_columns, k: torch.nn.Sequential(torch.nn.Linear(n_columns, 4), between, torch.nn.Linear(4, k))


@pytest.mark.parametrize(
    ("name", "there", "here"),
    [
        ("module", _layers(torch.nn.ReLU()), _layers(torch.nn.Tanh())),
        ("module", Rectified, _saturated()),
        ("loss", LossTerm(lambda step: step.logits.mean()), LossTerm(lambda step: 10 * step.logits.mean())),
        ("loss", _scaled(1.0), _scaled(10.0)),
        ("loss", 2 * LossTerm(partial(_squares, factor=1.0)), 2 * LossTerm(partial(_squares, factor=10.0))),
        ("schedule", lambda progress: 1 - progress, lambda progress: 1 - progress**2),
    ],
)
def test_what_is_another_by_its_code_alone_is_refused(rng, tmp_path, name, there, here):
    """Weights fit both modules, and both functions have one repr: it takes a look at what they do."""
    X, y = _data(rng)
    options = {"max_epochs": 1, "checkpoint": tmp_path / "state"}
    if name == "loss":
        there, here = SoftCrossEntropy() + there, SoftCrossEntropy() + here
    first = EndModel(**options, **{name: there}).fit(X, y)
    assert torch.equal(_weights(EndModel(**options, **{name: there}).fit(X, y)), _weights(first))
    with pytest.raises(ParameterError, match=f"other {name}, so"):
        EndModel(**options, **{name: here}).fit(X, y)


def test_fewer_epochs_than_are_done_are_refused(rng, tmp_path):
    """The weights of the first epoch are gone; those of the fifth are not what was asked for."""
    X, y = _data(rng)
    options = {"hidden": 4, "patience": 9, "checkpoint": tmp_path / "state"}
    EndModel(max_epochs=5, **options).fit(X, y)
    with pytest.raises(ParameterError, match=r"state' has 5 epochs done, more than max_epochs=1\. Raise"):
        EndModel(max_epochs=1, **options).fit(X, y)


def test_a_damaged_file_or_a_folder_says_what_to_do(rng, tmp_path):
    """Half of a file, as a full disk leaves it, and a folder: by path, in words of weaklab, not of torch."""
    X, y = _data(rng)
    path = tmp_path / "state"
    EndModel(hidden=4, max_epochs=1, checkpoint=path).fit(X, y)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-10], b"garbage" * 99):
        path.write_bytes(content)
        with pytest.raises(ParameterError, match=r"state' cannot be read.*Delete the file") as raised:
            EndModel(hidden=4, max_epochs=1, checkpoint=path).fit(X, y)
        assert "weights_only" not in str(raised.value)
    with pytest.raises(ParameterError, match=r"is a folder\. Name a file in it"):
        EndModel(hidden=4, checkpoint=tmp_path).fit(X, y)


def test_files_that_are_no_checkpoints_are_refused(rng, tmp_path):
    """And none is ever executed: a pickle of something else is no state."""
    X, y = _data(rng)
    for name, content in (
        ("empty", b""),
        ("text", b"hello, this is text"),
        ("pickle", b"cos\nsystem\n(S'exit 1'\ntR."),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ParameterError, match="no checkpoint of weaklab"):
            EndModel(hidden=4, checkpoint=tmp_path / name).fit(X, y)
    torch.save({"weights": torch.ones(2)}, tmp_path / "other")
    with pytest.raises(ParameterError, match="no checkpoint of weaklab"):
        EndModel(hidden=4, checkpoint=tmp_path / "other").fit(X, y)
    with pytest.raises(ParameterError, match="no folder"):
        EndModel(hidden=4, checkpoint=tmp_path / "none" / "state").fit(X, y)


def test_how_often_can_be_said(rng, tmp_path, monkeypatch):
    """By epochs or by time; the end of training is always saved."""
    from weaklab.end_models.checkpoints import Checkpoint

    X, y = _data(rng)
    counts = {}
    save = Checkpoint.save

    def counted(self, training):
        counts[self.path.name] = counts.get(self.path.name, 0) + 1
        save(self, training)

    monkeypatch.setattr(Checkpoint, "save", counted)
    for every in (1, 2, 9, timedelta(hours=1), timedelta(0)):
        EndModel(hidden=4, max_epochs=5, batch_size=100, checkpoint=tmp_path / f"{every}", checkpoint_every=every).fit(
            X, y
        )
    assert counts["1"] == 5
    assert counts["2"] == 3
    assert counts["9"] == counts["1:00:00"] == 1
    assert counts["0:00:00"] >= 10
    for wrong in (0, 1.5, timedelta(-1)):
        with pytest.raises(ParameterError, match="checkpoint_every"):
            EndModel(checkpoint_every=wrong).fit(X, y)
