"""Training is logged, and the best weights are kept, as by Snorkel's loggers."""

from __future__ import annotations

import json
import math
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from weaklab.exceptions import MissingExtraError, NotConvergedWarning, ParameterError
from weaklab.snorkel.analysis import Scorer
from weaklab.snorkel.classification import (
    Checkpointer,
    DictDataLoader,
    DictDataset,
    LogManager,
    LogWriter,
    MultitaskClassifier,
    Operation,
    Task,
    TensorBoardWriter,
    Trainer,
)
from weaklab.snorkel.classification.training.settings import TrainerConfig

VALID = "y/demo/valid/accuracy"


def classifier():
    torch.manual_seed(0)
    task = Task("y", nn.ModuleDict({"net": nn.Linear(3, 2)}), [Operation("net", [("_input_", "x")])])
    return MultitaskClassifier([task], device=-1)


def loaders():
    X = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    y = (X[:, 0] > 0).long()
    parts = {"train": slice(40), "valid": slice(40, None)}
    return [
        DictDataLoader(DictDataset("demo", split, {"x": X[part]}, {"y": y[part]}), batch_size=10)
        for split, part in parts.items()
    ]


def bias(model):
    return model.module_pool["net"].bias.detach().clone()


@pytest.mark.parametrize(
    ("unit", "every", "steps"),
    [("epochs", 1.0, [40, 80]), ("epochs", 0.5, [20, 40, 60, 80]), ("batches", 3, [30, 60]), ("points", 40, [40, 80])],
)
def test_scores_are_logged_when_asked_for(tmp_path, unit, every, steps):
    """A number of rows seen stands beside each."""
    trainer = Trainer(
        n_epochs=2,
        progress_bar=False,
        logging=True,
        log_writer="json",
        log_writer_config={"log_dir": str(tmp_path), "run_name": "run"},
        log_manager_config={"counter_unit": unit, "evaluation_freq": every},
    )
    trainer.fit(classifier(), loaders())
    log = json.loads((tmp_path / "run" / "log.json").read_text())
    assert set(log) == {VALID, "y/demo/train/loss", "model/all/train/loss", "model/all/train/lr"}
    assert all([step for step, _ in found] == steps for found in log.values())
    assert log[VALID][-1][1] == trainer.metrics[VALID]


def test_a_log_without_a_name_is_named_by_the_time(tmp_path):
    writer = LogWriter(log_dir=str(tmp_path))
    writer.write_text("python train.py", "command.txt")
    assert [path.name for path in tmp_path.glob("*/*/command.txt")] == ["command.txt"]


def test_settings_are_written_by_their_names(tmp_path):
    """Snorkel writes those within settings as lists."""
    LogWriter(log_dir=str(tmp_path), run_name="run").write_config(TrainerConfig())
    written = json.loads((tmp_path / "run" / "config.json").read_text())
    assert written["optimizer_config"]["sgd_config"] == {"momentum": 0.9}


def test_tensorboard_is_asked_for_only_when_used(monkeypatch, tmp_path):
    """Snorkel imports it with everything else."""
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    trainer = Trainer(logging=True, progress_bar=False, log_writer_config={"log_dir": str(tmp_path)})
    with pytest.raises(MissingExtraError, match="pip install tensorboard"):
        trainer.fit(classifier(), loaders())


def test_tensorboard_gets_the_numbers(monkeypatch, tmp_path):
    calls = []

    class SummaryWriter:
        def __init__(self, folder):
            calls.append(folder)

        def add_scalar(self, *number):
            calls.append(number)

        def add_text(self, tag, text_string):
            calls.append(tag)

        def close(self):
            calls.append("closed")

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    writer = TensorBoardWriter(log_dir=str(tmp_path), run_name="run")
    writer.add_scalar("loss", 0.5, 3)
    writer.write_config(TrainerConfig())
    writer.cleanup()
    assert calls == [str(tmp_path / "run"), ("loss", 0.5, 3), "config", "closed"]
    assert (tmp_path / "run" / "config.json").exists()


def test_the_best_weights_are_taken_in_the_end(tmp_path):
    """Those that had the best score, although training went on."""
    seen = []

    def spoiled(golds, preds, probs):
        seen.append(bias(model))
        return float(len(seen) == 2)  # best after the second epoch

    model = classifier()
    model.scorers["y"] = Scorer(custom_metric_funcs={"second": spoiled})
    trainer = Trainer(
        n_epochs=4,
        progress_bar=False,
        checkpointing=True,
        checkpointer_config={"checkpoint_dir": str(tmp_path), "checkpoint_metric": "y/demo/valid/second:max"},
    )
    trainer.fit(model, loaders())
    assert torch.equal(bias(model), seen[1])
    assert not torch.equal(seen[1], seen[3])
    assert [path.name for path in tmp_path.iterdir()] == ["best_model_y_demo_valid_second.pth"]


def test_checkpoints_stay_where_they_are_wanted_and_those_of_others_always(tmp_path):
    """Snorkel clears every checkpoint in the folder, of other trainings too."""
    other = tmp_path / "checkpoint_other.pth"
    other.write_text("")
    for clear in (True, False):
        checkpointer = Checkpointer("epochs", 1.0, checkpoint_dir=str(tmp_path), checkpoint_clear=clear)
        checkpointer.checkpoint(1.0, classifier(), {"model/all/train/loss": 1.0})
        checkpointer.clear()
        assert (tmp_path / "checkpoint_1.0.pth").exists() != clear
        assert other.exists()


def test_a_score_that_is_no_number_is_never_the_best(tmp_path):
    """In Snorkel, as the first one, it remains the best."""
    checkpointer, model = Checkpointer("epochs", 1.0, checkpoint_dir=str(tmp_path)), classifier()
    for loss in (math.nan, 0.5, 0.7):
        checkpointer.checkpoint(1.0, model, {"model/all/train/loss": loss})
    assert checkpointer.best_metric_dict == {"model/all/train/loss": 0.5}


def test_a_score_that_never_comes_is_warned_of(tmp_path):
    """Snorkel keeps the last weights without a word."""
    checkpointer = Checkpointer("epochs", 1.0, checkpoint_dir=str(tmp_path), checkpoint_metric="y/demo/valid/acc:max")
    checkpointer.checkpoint(1.0, classifier(), {VALID: 0.5})
    with pytest.warns(NotConvergedWarning, match=f"Did you mean '{VALID}'"):
        checkpointer.load_best_model(classifier())


def test_nothing_is_written_on_the_runway(tmp_path):
    checkpointer = Checkpointer("epochs", 1.0, checkpoint_dir=str(tmp_path / "new"), checkpoint_runway=2)
    checkpointer.checkpoint(1.0, classifier(), {"model/all/train/loss": 1.0})
    assert list((tmp_path / "new").iterdir()) == []


def test_checkpoints_come_after_some_evaluations(tmp_path):
    manager = LogManager(2, checkpointer=Checkpointer("batches", 1, checkpoint_dir=str(tmp_path), checkpoint_factor=2))
    due = []
    for _ in range(8):
        manager.update(5)
        due.append(manager.trigger_evaluation() and manager.trigger_checkpointing())
    assert due == [False, False, False, True, False, False, False, True]


@pytest.mark.parametrize(
    "settings",
    [
        {"checkpoint_metric": "loss:min"},
        {"checkpoint_metric": "model/all/train/loss"},
        {"checkpoint_metric": "model/all/train/loss:most"},
        {"checkpoint_runway": -1},
        {"checkpoint_factor": 0},
    ],
)
def test_checkpoints_that_cannot_be_are_errors(tmp_path, settings):
    with pytest.raises(ValueError, match=r"(?i)metric|runway|freq"):
        Checkpointer("epochs", 1.0, checkpoint_dir=str(tmp_path), **settings)


def test_units_that_are_not_known_are_errors():
    with pytest.raises(ParameterError, match="counter_unit"):
        LogManager(1, counter_unit="days")
