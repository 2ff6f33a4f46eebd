"""Classifiers of one or more tasks are trained as by Snorkel's Trainer, without its faults."""

from __future__ import annotations

import json
import math
import random
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.snorkel.classification import (
    DictDataLoader,
    DictDataset,
    MultitaskClassifier,
    Operation,
    Task,
    Trainer,
)
from weaklab.snorkel.classification.training.schedulers import SequentialScheduler, ShuffledScheduler
from weaklab.snorkel.utils.config_utils import merge_config
from weaklab.snorkel.utils.optimizers import OptimizerConfig


def quiet(**settings):
    return Trainer(progress_bar=False, **settings)


def weights(model):
    return torch.cat([value.flatten() for value in model.state_dict().values()])


@pytest.mark.parametrize(
    ("name", "make"),
    [("adam", torch.optim.Adam), ("sgd", partial(torch.optim.SGD, momentum=0.9)), ("adamax", torch.optim.Adamax)],
)
def test_training_is_the_plain_loop(classifier, rows, name, make):
    """The same weights as those of a loop written out here, over both tasks, with clipping and weight decay."""
    model, twin = classifier(), classifier()
    loader = DictDataLoader(rows(), batch_size=32)
    quiet(n_epochs=3, lr=0.05, l2=0.01, grad_clip=0.1, seed=7, optimizer=name).fit(model, [loader])
    twin.train()
    optimizer = make(twin.parameters(), lr=0.05, weight_decay=0.01)
    torch.manual_seed(7)
    for _ in range(3):
        for X, Y in loader:
            optimizer.zero_grad()
            h = twin.module_pool["body"](X["x"])
            known = Y["second"] != -1
            loss = functional.cross_entropy(twin.module_pool["head_first"](h), Y["first"])
            if known.any():
                loss = loss + functional.cross_entropy(twin.module_pool["head_second"](h)[known], Y["second"][known])
            loss.backward()
            nn.utils.clip_grad_norm_(twin.parameters(), 0.1)
            optimizer.step()
    assert torch.allclose(weights(model), weights(twin), atol=1e-5)


def test_turns_of_loaders(one_thread):
    """Each batch comes once, in the order of its loader; loaders come in turns, or one after the other."""
    loaders = [
        DictDataLoader(DictDataset(name, "train", {"x": torch.arange(20)}, {"y": torch.zeros(20)})) for name in "ab"
    ]
    torch.manual_seed(0)
    for scheduler in (ShuffledScheduler(), SequentialScheduler()):
        seen = [(loader.dataset.name, X["x"].item()) for (X, _), loader in scheduler.get_batches(loaders)]
        in_order = [(name, i) for name in "ab" for i in range(20)]
        assert sorted(seen, key=lambda place: place[0]) == in_order  # the sort is stable
        assert (seen == in_order) == isinstance(scheduler, SequentialScheduler)


def test_evaluation_leaves_the_mode_of_training(classifier, rows):
    """Dropout goes on after it."""
    model, modes = classifier(), []
    model.module_pool["body"].register_forward_hook(lambda module, *call: modes.append(module.training))
    loaders = [DictDataLoader(rows(split=split), batch_size=120) for split in ("train", "valid")]
    quiet(n_epochs=2).fit(model, loaders)
    assert modes == [True, False, True, False]


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adamax"])
@pytest.mark.parametrize("batch_scheduler", ["shuffled", "sequential"])
def test_training_learns(optimizer, batch_scheduler, classifier, rows):
    """Each optimizer, on two loaders with a task each, so that no batch has gradients for all weights."""
    both, other = rows(300), rows(300, seed=1)
    one = DictDataset("one", "train", both.X_dict, {"first": both.Y_dict["first"]})
    two = DictDataset("two", "train", other.X_dict, {"second": other.Y_dict["second"]})
    model = classifier()
    loaders = [DictDataLoader(data, batch_size=30, shuffle=True) for data in (one, two)]
    quiet(n_epochs=8, lr=0.05, optimizer=optimizer, batch_scheduler=batch_scheduler, seed=0).fit(model, loaders)
    scores = model.score([DictDataLoader(rows(1000, "test", seed=2), batch_size=500)])
    assert scores["first/demo/test/accuracy"] > 0.9
    assert scores["second/demo/test/accuracy"] > 0.9


def test_the_loss_of_each_task_is_told(classifier, rows):
    """Snorkel counts rows under one name, reads them under another, and so never tells it."""
    model, data = classifier(), rows()
    model.module_pool["body"].eval()
    trainer = quiet(lr=0.0, n_epochs=1)
    body = model.module_pool["body"]
    body.train = lambda mode=True: body  # dropout would draw between both
    trainer.fit(model, [DictDataLoader(data, batch_size=50)])
    losses, counts = model.calculate_loss(data.X_dict, data.Y_dict)
    for task in ("first", "second"):
        assert trainer.metrics[f"{task}/demo/train/loss"] == pytest.approx(losses[task].item(), rel=1e-5)
    total = sum(losses[task].item() * counts[task] for task in losses) / sum(counts.values())
    assert trainer.metrics["model/all/train/loss"] == pytest.approx(total, rel=1e-5)


def test_a_seed_is_used_and_kept_local(classifier, rows):
    """Snorkel's setting has no effect, and its turns of loaders are drawn from Python's global state."""
    loaders = [DictDataLoader(rows(60, seed=i), batch_size=10, shuffle=True) for i in range(2)]
    torch.manual_seed(3)
    random.seed(3)
    before, of_python = torch.get_rng_state(), random.getstate()
    found = []
    for seed in (1, 1, 2):
        model = classifier()
        torch.set_rng_state(before)
        quiet(seed=seed, n_epochs=2).fit(model, loaders)
        found.append(weights(model))
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert random.getstate() == of_python


def test_only_the_validation_split_is_scored(classifier, rows):
    """Snorkel asks whether a split's name is part of the other's."""
    trainer = quiet(valid_split="train_valid")
    trainer.fit(classifier(), [DictDataLoader(rows()), DictDataLoader(rows(split="train_valid"))])
    scored = {name.split("/")[2] for name in trainer.metrics if name.endswith("accuracy")}
    assert scored == {"train_valid"}


def test_splits_and_labels_that_lead_nowhere_are_errors(classifier, rows):
    with pytest.raises(ValueError, match="Dataloader splits must be one of"):
        quiet().fit(classifier(), [DictDataLoader(rows(split="dev"))])
    with pytest.raises(ValueError, match="Cannot find any dataloaders"):
        quiet().fit(classifier(), [DictDataLoader(rows(split="valid"))])
    data = DictDataset("demo", "train", {"x": torch.zeros(2, 4)}, {"frist": torch.zeros(2)})
    with pytest.raises(ParameterError, match="'frist'"):
        quiet().fit(classifier(), [DictDataLoader(data)])


def test_settings_that_are_not_known_are_errors(classifier, rows):
    with pytest.raises(ParameterError, match="Did you mean 'n_epochs'"):
        Trainer(n_epoch=3)
    for setting in ("optimizer", "lr_scheduler", "batch_scheduler", "log_writer"):
        with pytest.raises(ValueError, match="Unrecognized"):
            quiet(logging=True, **{"log_writer": "json", setting: "none"}).fit(classifier(), [DictDataLoader(rows())])


def test_settings_without_meaning_give_one_warning():
    with pytest.warns(DeprecationWarning, match="model_config") as caught:
        Trainer(model_config={"device": -1})
    assert len(caught) == 1


def test_merging_settings_leaves_what_is_given():
    """Snorkel replaces dicts in the caller's dict."""
    given = {"sgd_config": {"momentum": 0.1}}
    assert merge_config(OptimizerConfig(), given).sgd_config.momentum == 0.1
    assert given == {"sgd_config": {"momentum": 0.1}}


@pytest.fixture
def rates(classifier, rows):
    """Trains over 2 epochs of 5 batches, and gives the learning rate of each batch."""

    def train(**settings):
        model, seen = classifier(), []
        trainer = quiet(n_epochs=2, lr=1.0, grad_clip=1e-9, **settings)
        body = model.module_pool["body"]
        body.register_forward_hook(lambda *call: seen.append(trainer.optimizer.param_groups[0]["lr"]))
        trainer.fit(model, [DictDataLoader(rows(50), batch_size=10)])
        return seen

    return train


def test_learning_rates_move_by_batches(rates):
    assert rates() == [1.0] * 10
    assert rates(lr_scheduler="linear") == pytest.approx([1 - i / 10 for i in range(10)])
    assert rates(lr_scheduler="exponential") == pytest.approx([0.9**i for i in range(10)])
    assert rates(lr_scheduler="step", lr_scheduler_config={"step_config": {"step_size": 4}}) == pytest.approx(
        [0.9 ** (i // 4) for i in range(10)]
    )
    assert min(rates(lr_scheduler="linear", lr_scheduler_config={"min_lr": 0.35})) == pytest.approx(0.35)


@pytest.mark.parametrize(
    "warmup",
    [{"warmup_steps": 5}, {"warmup_steps": 1, "warmup_unit": "epochs"}, {"warmup_percentage": 0.5}],
)
def test_the_rate_rises_then_falls(rates, warmup):
    """In Snorkel, the first batch of a rise that a linear fall follows has the full rate."""
    found = rates(lr_scheduler="linear", lr_scheduler_config=warmup)
    assert found == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.8, 0.6, 0.4, 0.2])


def test_warmups_that_cannot_be_are_errors(rates):
    for config in ({"warmup_steps": -1}, {"warmup_steps": 1, "warmup_unit": "days"}):
        with pytest.raises(ValueError, match="warmup"):
            rates(lr_scheduler_config=config)


def test_a_loss_that_is_no_number_is_warned_of(classifier, rows):
    """Snorkel goes on without a word."""
    data = rows()
    data.X_dict["x"][5] = math.nan
    with pytest.warns(NotConvergedWarning, match="training loss is nan"):
        quiet().fit(classifier(), [DictDataLoader(data)])


def test_progress_is_shown_where_it_is_asked_for(capsys, classifier, rows):
    Trainer(n_epochs=1).fit(classifier(), [DictDataLoader(rows())])
    assert "Epoch 0" in capsys.readouterr().err
    quiet().fit(classifier(), [DictDataLoader(rows())])
    assert capsys.readouterr().err == ""


# A trainer's files


def test_a_trainer_goes_on_where_it_was(tmp_path, monkeypatch, classifier, rows):
    """Training twice one epoch, with files between, is training both.

    Snorkel's file cannot be read by torch from 2.6, and ``fit`` makes a new optimizer in the place of the one read.
    """
    monkeypatch.chdir(tmp_path)
    loader = DictDataLoader(rows(), batch_size=20)
    without_dropout = classifier()
    for model in (whole := classifier(), without_dropout):
        model.module_pool["body"][2] = nn.Identity()
    quiet(n_epochs=2).fit(whole, [loader])
    first = quiet(n_epochs=1)
    first.fit(without_dropout, [loader])
    first.save("trainer.pth")
    without_dropout.save("model.pth")
    second, model = Trainer(), classifier(seed=1)
    model.module_pool["body"][2] = nn.Identity()
    model.load("model.pth")
    second.load("trainer.pth", model)
    assert second.config == first.config
    second.fit(model, [loader])
    assert torch.allclose(weights(model), weights(whole), atol=1e-6)


def test_a_trainer_is_saved_before_training_and_in_new_folders(tmp_path):
    """Snorkel makes another folder, and then logs that it saved."""
    path = tmp_path / "a" / "b" / "trainer.pth"
    Trainer(lr=0.5, optimizer_config={"adam_config": {"betas": (0.5, 0.6)}}).save(str(path))
    read = Trainer()
    read.load(str(path), None)
    assert read.config.lr == 0.5
    assert read.config.optimizer_config.adam_config.betas == (0.5, 0.6)


def test_the_optimizer_of_another_classifier_is_an_error(tmp_path, classifier, rows, tasks):
    """Snorkel logs an error and goes on without its state."""
    path = str(tmp_path / "trainer.pth")
    trainer = quiet()
    trainer.fit(classifier(), [DictDataLoader(rows())])
    trainer.save(path)
    first, _ = tasks()
    with pytest.raises(ParameterError, match="other weights"):
        Trainer().load(path, MultitaskClassifier([first], device=-1))
    wide = Task("y", nn.ModuleDict({n: nn.Linear(5, 5) for n in "abc"}), [Operation("a", [("_input_", "x")])])
    with pytest.raises(ParameterError, match="of shape"):
        Trainer().load(path, MultitaskClassifier([wide], device=-1))


def test_settings_that_snorkel_pickled_are_read(tmp_path, monkeypatch):
    """Its files hold named tuples of its own modules, which are not imported."""
    import sys
    from types import ModuleType

    from weaklab.snorkel.classification.training.settings import IN_FILES_OF_SNORKEL, TrainerConfig

    config = merge_config(TrainerConfig(), {"n_epochs": 9, "lr_scheduler_config": {"warmup_steps": 4}})
    with monkeypatch.context() as patch:
        for name, known in IN_FILES_OF_SNORKEL.items():
            module, _, cls = name.rpartition(".")
            parts = module.split(".")
            for i in range(1, len(parts) + 1):
                inner = ".".join(parts[:i])
                if inner not in sys.modules:
                    patch.setitem(sys.modules, inner, ModuleType(inner))
            patch.setattr(known, "__module__", module)
            patch.setattr(sys.modules[module], cls, known, raising=False)
        torch.save({"trainer_config": config._asdict(), "optimizer_state_dict": {}}, tmp_path / "trainer.pth")
    assert "snorkel.utils" not in sys.modules
    trainer = Trainer()
    trainer.load(str(tmp_path / "trainer.pth"))
    assert trainer.config == config
    assert json.dumps(trainer.config.optimizer_config)
