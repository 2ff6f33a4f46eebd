"""Slice-aware classifiers are built and scored as by Snorkel, without its faults."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from weaklab.exceptions import ParameterError
from weaklab.snorkel.analysis import Scorer
from weaklab.snorkel.classification import (
    DictDataLoader,
    DictDataset,
    MultitaskClassifier,
    Operation,
    Task,
    Trainer,
    cross_entropy_with_probs,
)
from weaklab.snorkel.slicing import (
    SliceAwareClassifier,
    SliceCombinerModule,
    add_slice_labels,
    convert_to_slice_tasks,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def base_task(name="task", **arguments):
    pool = nn.ModuleDict({f"{name}_body": nn.Linear(4, 6), f"{name}_head": nn.Linear(6, 2)})
    operations = [Operation(f"{name}_body", [("_input_", "input_data")]), Operation(f"{name}_head", [f"{name}_body"])]
    return Task(name, pool, operations, **arguments)


def membership(*slices):
    """A record array of slices "a", "b"."""
    return np.rec.fromarrays(slices, names=list("ab")[: len(slices)])


def flipped(n, seed):
    """Rows whose label is turned around in a slice: a linear model of the data cannot follow."""
    draws = torch.Generator().manual_seed(seed)
    X = torch.randn(n, 4, generator=draws)
    inside = X[:, 3] > 0.8
    y = ((X[:, 0] > 0) ^ inside).long()
    return X, y, membership(inside.numpy().astype(int))


@pytest.mark.parametrize("module", ["weaklab.snorkel.labeling", "weaklab.snorkel.slicing"])
def test_functions_load_nothing_heavy(module):
    """Who writes functions does not wait for torch."""
    code = f"import sys, {module}; print([m for m in ('torch', 'sklearn', 'matplotlib') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_public_name_is_there():
    """Also those that load torch, and no other."""
    from weaklab.snorkel import slicing

    assert all(getattr(slicing, name).__name__ == name for name in slicing.__all__)
    assert set(slicing.__all__) <= set(dir(slicing))
    with pytest.raises(AttributeError, match="no attribute 'SliceAware'"):
        slicing.SliceAware


def test_labels_of_slices():
    """Of the task where a row is in the slice; where its function abstained, nothing is known.

    To Snorkel, a row on which it abstained is in the slice.
    """
    data = DictDataset.from_tensors(torch.zeros(4, 4), torch.tensor([0, 1, 1, 0]), "train")
    add_slice_labels(DictDataLoader(data), base_task(), membership([1, 0, -1, 1], [0, 1, 1, 0]))
    assert {name: values.tolist() for name, values in data.Y_dict.items()} == {
        "task": [0, 1, 1, 0],
        "task_slice:a_ind": [1, 0, -1, 1],
        "task_slice:a_pred": [0, -1, -1, 0],
        "task_slice:b_ind": [0, 1, 1, 0],
        "task_slice:b_pred": [-1, 1, 1, -1],
        "task_slice:base_ind": [1, 1, 1, 1],
        "task_slice:base_pred": [0, 1, 1, 0],
    }


def test_slices_of_other_rows_are_an_error():
    data = DictDataset.from_tensors(torch.zeros(4, 4), torch.zeros(4).long(), "train")
    with pytest.raises(ParameterError, match="S has 3 rows, the labels of 'task' have 4"):
        add_slice_labels(DictDataLoader(data), base_task(), membership([1, 0, 1]))


def test_the_base_task_stays_as_it_is():
    """Snorkel takes its head away, and puts those of slices into its modules."""
    task = base_task()
    modules, operations = dict(task.module_pool), list(task.op_sequence)
    tasks = convert_to_slice_tasks(task, ("a",))
    assert dict(task.module_pool) == modules
    assert task.op_sequence == operations
    assert [found.name for found in tasks] == [
        *("task_slice:a_ind", "task_slice:base_ind", "task_slice:a_pred", "task_slice:base_pred", "task")
    ]
    assert all(found.module_pool["task_body"] is modules["task_body"] for found in tasks)
    assert tasks[-1].module_pool["task_master_head"] is modules["task_head"]
    assert tasks[2].module_pool["task_slice:a_pred_head"] is tasks[3].module_pool["task_slice:base_pred_head"]


def test_the_loss_and_the_outputs_of_the_task_are_kept():
    """Snorkel falls back to cross-entropy and softmax."""
    scorer = Scorer(metrics=["accuracy"])
    task = base_task(loss_func=cross_entropy_with_probs, output_func=torch.sigmoid, scorer=scorer)
    *indicators, a, base, master = convert_to_slice_tasks(task, ["a"])
    for found in (a, base, master):
        assert (found.loss_func, found.output_func, found.scorer) == (cross_entropy_with_probs, torch.sigmoid, scorer)
    assert all(found.loss_func is not cross_entropy_with_probs for found in indicators)


def test_a_task_must_end_with_a_linear_layer():
    task = base_task()
    task.module_pool["task_head"] = nn.ReLU()
    with pytest.raises(ParameterError, match="'task_head' is ReLU"):
        convert_to_slice_tasks(task, ["a"])


def test_representations_are_combined_by_the_formula():
    draws = torch.Generator().manual_seed(0)
    names, n = ("a", "b", "base"), 5
    inside, predicted = torch.randn(2, 3, n, 2, generator=draws)
    features = torch.randn(3, n, 4, generator=draws)
    outputs = {"_input_": None}
    for i, name in enumerate(names):
        outputs |= {
            f"{name}_ind_head": inside[i],
            f"{name}_pred_head": predicted[i],
            f"{name}_pred_transform": features[i],
        }
    products = np.array([inside.softmax(2)[i, :, 1].numpy() * predicted.softmax(2)[i, :, 1].numpy() for i in range(3)])
    odds = np.exp(products / 0.5)
    expected = np.einsum("sn,snf->nf", odds / odds.sum(axis=0), features.numpy())
    found = SliceCombinerModule(temperature=0.5)(outputs)
    assert np.allclose(found.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("classes", [1, 3])
def test_other_than_two_classes_are_not_supported(classes):
    outputs = {"ind_head": torch.zeros(1, 2)} | {f"s{end}": torch.zeros(1, classes) for end in ("_pred_head", "_x")}
    with pytest.raises(NotImplementedError):
        SliceCombinerModule()(outputs)


def test_tasks_with_slices_are_kept_apart():
    """In Snorkel, the combined representation of one holds those of the other where both are asked for."""
    torch.manual_seed(0)
    both = [sliced for name in ("one", "two") for sliced in convert_to_slice_tasks(base_task(name), ["a"])]
    model = MultitaskClassifier(both, device=-1)
    X = {"input_data": torch.randn(3, 4)}
    together, alone = model(X, ["one", "two"]), model(X, ["two"])
    assert torch.equal(together["two_master_head"], alone["two_master_head"])


def test_a_loader_with_slices_leaves_the_dataset():
    """Snorkel adds labels to the caller's."""
    X, y, S = flipped(20, 0)
    data = DictDataset.from_tensors(X, y, "train")
    model = SliceAwareClassifier(nn.Linear(4, 6), 6, ["a"], device=-1)
    loader = model.make_slice_dataloader(data, S, batch_size=5)
    assert list(data.Y_dict) == ["task"]
    assert set(loader.dataset.Y_dict) == {
        "task",
        *(f"task_slice:{s}_{k}" for s in ("a", "base") for k in ("ind", "pred")),
    }
    assert next(iter(loader))[1]["task"].shape == (5,)
    other = DictDataset.from_tensors(X, y, "train", task_name="other")
    with pytest.raises(ValueError, match="labels missing"):
        model.make_slice_dataloader(other, S)


@pytest.mark.parametrize("task_name", ["task", "mind", "predicted"])
def test_slices_are_scored_by_the_base_task(task_name):
    """Snorkel asks whether "ind" or "pred" is anywhere in a label's name, so that a task "mind" has no scores."""
    X, y, S = flipped(60, 1)
    torch.manual_seed(0)
    model = SliceAwareClassifier(nn.Linear(4, 6), 6, ["a"], task_name=task_name, device=-1)
    loader = model.make_slice_dataloader(DictDataset.from_tensors(X, y, "test", task_name=task_name), S, batch_size=16)
    scores, frame = model.score_slices([loader]), model.score_slices([loader], as_dataframe=True)
    preds = model.predict(loader, return_preds=True)["preds"][task_name].numpy()
    right = preds == y.numpy()
    place = "SnorkelDataset/test/accuracy"
    assert scores[f"{task_name}/{place}"] == pytest.approx(right.mean())
    assert scores[f"{task_name}_slice:base_pred/{place}"] == pytest.approx(right.mean())
    assert scores[f"{task_name}_slice:a_pred/{place}"] == pytest.approx(right[S.a == 1].mean())
    assert not any("_ind/" in name for name in scores)
    assert frame["score"].tolist() == list(scores.values())


def test_slices_are_learned():
    """Both the slice and the rest are predicted after training, and whether a row is in it."""
    torch.manual_seed(0)
    model = SliceAwareClassifier(nn.Sequential(nn.Linear(4, 32), nn.ReLU()), 32, ["a"], device=-1)
    loaders = []
    for split, n in (("train", 2000), ("test", 1000)):
        X, y, S = flipped(n, n)
        loaders.append(
            model.make_slice_dataloader(DictDataset.from_tensors(X, y, split), S, batch_size=100, shuffle=True)
        )
    Trainer(n_epochs=15, lr=0.01, progress_bar=False, seed=0).fit(model, loaders)
    scores = model.score_slices(loaders[1:])
    assert scores["task/SnorkelDataset/test/accuracy"] > 0.9
    assert scores["task_slice:a_pred/SnorkelDataset/test/accuracy"] > 0.85
    assert model.score(loaders[1:])["task_slice:a_ind/SnorkelDataset/test/f1"] > 0.9
