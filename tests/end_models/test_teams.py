"""Several processes that train one model: the same weights in each, and those of one process alone."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from weaklab.end_models.distributed import Team

#: Trains in each process of a team of two, and in one alone; the team is forked here, or what torchrun started.
PROGRAM = """
import os, sys
from pathlib import Path
import numpy as np, torch
from torch import distributed
from weaklab.end_models import EndModel

def trained(folder, rank, size):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(403, 6))
    y = (X.sum(axis=1) + rng.normal(size=403) > 0).astype(int)
    weight = rng.uniform(0.5, 1.5, 403)
    if size > 1:
        where = {} if "RANK" in os.environ else dict(init_method=f"file://{folder}/store", rank=rank, world_size=size)
        distributed.init_process_group("gloo", **where)
        rank = distributed.get_rank()
    options = dict(hidden=12, max_epochs=4, patience=9, dropout=0.0, batch_size=50)
    for name, more in {"plain": {}, "accumulated": {"accumulate": 2, "clip_norm": 0.5}}.items():
        options["checkpoint"] = f"{folder}/{name}-{size}"
        for again in range(2):  # the second is read from the checkpoint
            model = EndModel(**options, **more).fit(X, y, weight)
            torch.save(model.module_.state_dict(), f"{folder}/{name}-{size}-{rank}-{again}")
        model.history_.drop(columns="seconds").to_csv(f"{folder}/{name}-{size}-{rank}.csv", index=False)
    if size > 1:
        distributed.barrier()
        distributed.destroy_process_group()

torch.set_num_threads(1)
folder = Path(sys.argv[1]).resolve()
if "RANK" in os.environ:
    trained(folder, None, 2)
else:
    children = []
    for rank, size in ((0, 2), (1, 2), (0, 1)):
        children.append(os.fork())
        if not children[-1]:
            trained(folder, rank, size)
            os._exit(0)
    sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""
pytestmark = pytest.mark.skipif(
    not (hasattr(os, "fork") and torch.distributed.is_available()), reason="the team is forked, and talks by gloo"
)


def _run(place, *how, program=PROGRAM):
    path = place / "program.py"
    path.write_text(program)
    command = [sys.executable, *how, str(path), str(place)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where one process, and a team of two, have left their weights and histories."""
    place = tmp_path_factory.mktemp("teams")
    _run(place)
    return place


@pytest.mark.parametrize("name", ["plain", "accumulated"])
def test_a_team_of_two_trains_as_one_process_does(folder, name):
    """Each step's gradient is the mean over the same rows, so only rounding may differ; and not between the two."""
    one, first, second = (
        torch.load(folder / f"{name}-{part}", weights_only=True) for part in ("1-0-0", "2-0-0", "2-1-1")
    )
    moved = 0.0
    for key, value in one.items():
        torch.testing.assert_close(first[key], value, rtol=1e-4, atol=1e-5)
        assert torch.equal(first[key], second[key])
        moved = max(moved, float(value.abs().max()))
    assert moved > 0.1
    losses = [np.loadtxt(folder / f"{name}-{part}.csv", delimiter=",", skiprows=1) for part in ("1-0", "2-0", "2-1")]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    np.testing.assert_array_equal(losses[1], losses[2])
    assert not (folder / f"{name}-2.part").exists()


UNLIKE = """
import os, sys
import numpy as np, torch
from torch import distributed
from weaklab.end_models import EndModel
from weaklab.exceptions import ParameterError

def told(folder, rank):
    X = np.random.default_rng(0).normal(size=(400, 6))
    y = (X[:, 0] > 0).astype(int)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    each = {
        "rows or labels": (X[rank::2], y[rank::2], {}),
        "max_epochs, patience": (X, y, {"max_epochs": 2 + rank, "patience": 1 + rank}),
        "random_state, rows or labels": (X, y, {"random_state": rank}),
    }
    for what, (rows, labels, options) in each.items():
        try:
            EndModel(**{"max_epochs": 2, **options}).fit(rows, labels)
        except ParameterError as error:
            assert f"Process 1 of 2 was given other {what} than process 0" in str(error), error
        else:
            raise AssertionError(what)
    EndModel(max_epochs=2, progress=rank == 0).fit(X, y)  # what may differ

torch.set_num_threads(1)
children = []
for rank in (0, 1):
    children.append(os.fork())
    if not children[-1]:
        told(sys.argv[1], rank)
        os._exit(0)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""


def test_processes_that_were_given_different_rows_are_told_so(tmp_path):
    """Each its own share of the rows is what other trainers want; here it would train on a mixture in silence."""
    _run(tmp_path, program=UNLIKE)


def test_alone_a_team_costs_nothing():
    """All of it must vanish where there is one process."""
    team, index = Team.present(), torch.arange(4)
    assert team.alone
    assert team.part(index) is index
    model = torch.nn.Linear(1, 1)
    assert team.wrap(model) is model
    assert team.total(index) is index
    assert team.gathered(index) == [index]


@pytest.mark.slow
def test_torchrun_starts_a_team(folder, tmp_path):
    """What users type; the weights are those of the team that was forked."""
    _run(tmp_path, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    one, other = (torch.load(place / "plain-2-0-0", weights_only=True) for place in (folder, tmp_path))
    assert all(torch.equal(one[name], other[name]) for name in one)
