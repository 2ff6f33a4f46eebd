"""Classifiers of one or more tasks do what Snorkel's do, without its faults."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from weaklab.exceptions import GoldError, ParameterError
from weaklab.snorkel.classification import (
    DictDataLoader,
    DictDataset,
    MultitaskClassifier,
    Operation,
    Task,
    Trainer,
    cross_entropy_with_probs,
)
from weaklab.snorkel.classification.data import collate_dicts
from weaklab.snorkel.classification.utils import metrics_dict_to_dataframe, pad_batch


def weights(model):
    return torch.cat([value.flatten() for value in model.state_dict().values()])


# Data


def test_a_batch_is_what_its_rows_make_one_by_one():
    """Batches are read at once; that must not show, whatever the fields are."""
    ragged = [torch.arange(length) for length in (1, 3, 2, 2)]
    fields = {"x": torch.randn(4, 2), "image": torch.randn(4, 2, 3), "text": list("abcd"), "ragged": ragged}
    data = DictDataset("demo", "train", fields, {"y": torch.tensor([0, 1, 1, 0]), "soft": torch.rand(4, 2)})
    for at_once, (X, Y) in zip(
        DictDataLoader(data, batch_size=3),
        (collate_dicts([data[i] for i in part]) for part in ([0, 1, 2], [3])),
        strict=True,
    ):
        assert at_once[0]["text"] == X["text"]
        for name in ("x", "image", "ragged"):
            assert torch.equal(at_once[0][name], X[name])
        assert all(torch.equal(at_once[1][name], Y[name]) for name in Y)


def test_a_dataset_of_ones_own_is_asked_row_by_row(rows):
    """What a subclass does to a row is done."""

    class Doubled(DictDataset):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return {"x": 2 * x["x"]}, y

    data = rows(4)
    doubled = Doubled("demo", "train", data.X_dict, data.Y_dict)
    assert torch.equal(next(iter(DictDataLoader(doubled, batch_size=4)))[0]["x"], 2 * data.X_dict["x"])


def test_a_collate_function_of_ones_own_gets_rows(rows):
    """It is given pairs of dicts, as by Snorkel."""
    loader = DictDataLoader(rows(3), collate_fn=lambda batch: [x["x"] for x, _ in batch], batch_size=3)
    assert torch.equal(torch.stack(next(iter(loader))), loader.dataset.X_dict["x"])


def test_a_dataset_without_labels_has_rows():
    """Snorkel counts labels, so that such a dataset is empty to it."""
    assert len(DictDataset("demo", "test", {"x": torch.zeros(3, 2)}, {})) == 3


def test_fields_and_labels_of_other_lengths_are_an_error():
    """Snorkel leaves out rows, or fails at some batch."""
    with pytest.raises(ParameterError, match="'x': 3, 'y': 2"):
        DictDataset("demo", "train", {"x": torch.zeros(3)}, {"y": torch.zeros(2)})


def test_labels_that_are_no_tensor_are_a_value_error():
    with pytest.raises(ValueError, match=r"Label y should be torch\.Tensor"):
        DictDataset("demo", "train", {"x": [1]}, {"y": [1]})


def test_padding_is_told_from_values():
    """Snorkel's mask takes a zero of a row for padding."""
    padded, mask = pad_batch([torch.tensor([0, 5]), torch.tensor([7])], left_padded=True)
    assert padded.tolist() == [[0, 5], [0, 7]]
    assert mask.tolist() == [[0, 0], [1, 0]]


# Loss


def test_cross_entropy_of_hard_probabilities_is_that_of_classes():
    """Weights multiply, and the mean is over rows, as Snorkel documents it; torch divides by the weights."""
    logits, y = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    weight = torch.tensor([1.0, 2.0, 5.0])
    probs = functional.one_hot(y, 3).float()
    assert torch.allclose(cross_entropy_with_probs(logits, probs), functional.cross_entropy(logits, y))
    expected = functional.cross_entropy(logits, y, weight=weight, reduction="none").mean()
    assert torch.allclose(cross_entropy_with_probs(logits, probs, weight=weight), expected)


# Classifier


def test_tasks_share_modules_of_one_name_and_stay_as_they_are(tasks):
    """Snorkel wraps and replaces the modules of the tasks that it is given."""
    given = tasks()
    before = [dict(task.module_pool) for task in given]
    model = MultitaskClassifier(given, device=-1)
    assert [dict(task.module_pool) for task in given] == before
    assert sorted(model.module_pool) == ["body", "head_first", "head_second"]
    assert model.module_pool["body"] is before[0]["body"]


def test_the_first_module_of_a_name_counts(tasks, one_thread):
    """Tasks need not be made of the same objects to share."""
    (first, _), (_, second) = tasks(), tasks()
    model = MultitaskClassifier([first, second], device=-1)
    assert model.module_pool["body"] is first.module_pool["body"]
    assert second.module_pool["body"] is not first.module_pool["body"]


def test_dataparallel_is_accepted_with_one_warning(tasks):
    with pytest.warns(DeprecationWarning, match="torchrun") as caught:
        MultitaskClassifier(tasks(), device=-1, dataparallel=True)
    assert len(caught) == 1
    MultitaskClassifier(tasks(), device=-1, dataparallel=False)


def test_each_loss_is_over_the_rows_labeled_for_its_task(classifier, rows):
    """-1 is "unknown", and a task none of whose rows is labeled has no loss."""
    model, data = classifier().eval(), rows()
    losses, counts = model.calculate_loss(data.X_dict, data.Y_dict)
    logits = model.forward(data.X_dict, ["second"])["head_second"]
    assert counts == {"first": 120, "second": 80}
    assert torch.allclose(losses["second"], functional.cross_entropy(logits[40:], data.Y_dict["second"][40:]))
    unknown = {"first": torch.full((120,), -1)}
    assert model.calculate_loss(data.X_dict, unknown) == ({}, {})


def test_rows_without_soft_labels_are_left_out():
    """A row of -1 is "unknown" among probabilities too."""
    net = nn.Linear(4, 2)
    task = Task(
        "y", nn.ModuleDict({"net": net}), [Operation("net", [("_input_", "x")])], None, cross_entropy_with_probs
    )
    X, soft = torch.randn(3, 4), torch.tensor([[0.3, 0.7], [-1.0, -1.0], [1.0, 0.0]])
    losses, counts = MultitaskClassifier([task], device=-1).calculate_loss({"x": X}, {"y": soft})
    assert counts == {"y": 2}
    assert torch.allclose(losses["y"], cross_entropy_with_probs(net(X[[0, 2]]), soft[[0, 2]]))


def test_predictions_are_tensors_by_label_however_rows_are_batched(classifier, rows):
    model, data = classifier(), rows()
    whole = model.predict(DictDataLoader(data, batch_size=120), return_preds=True)
    parts = model.predict(DictDataLoader(data, batch_size=7), return_preds=True)
    assert whole["probs"]["first"].shape == (120, 2)
    assert torch.equal(whole["preds"]["first"], whole["probs"]["first"].argmax(dim=1).float())
    assert torch.equal(parts["golds"]["second"], data.Y_dict["second"].float())
    assert torch.allclose(parts["probs"]["second"], whole["probs"]["second"], atol=1e-6)
    assert "preds" not in model.predict(DictDataLoader(data))


def test_labels_are_sent_to_other_tasks_or_left_out(classifier, rows):
    model, data = classifier(), rows()
    data.Y_dict["extra"] = data.Y_dict["first"]
    loader = DictDataLoader(data, batch_size=50)
    assert set(model.predict(loader)["probs"]) == {"first", "second"}
    found = model.predict(loader, remap_labels={"extra": "first", "second": None})["probs"]
    assert set(found) == {"first", "extra"}
    assert torch.equal(found["extra"], found["first"])
    with pytest.raises(ParameterError, match="Did you mean 'first'"):
        model.predict(loader, remap_labels={"extra": "frist"})


def test_scores_are_by_label_dataset_split_and_metric(classifier, rows):
    """Also where a dataset's name has a slash, at which Snorkel's frame fails."""
    model = classifier()
    loader = DictDataLoader(rows(name="data/2026"), batch_size=50)
    scores, frame = model.score([loader]), model.score([loader], as_dataframe=True)
    assert next(iter(scores)) == "first/data/2026/train/accuracy"
    assert list(frame.columns) == ["label", "dataset", "split", "metric", "score"]
    assert frame["dataset"].unique().tolist() == ["data/2026"]
    assert frame["score"].tolist() == list(scores.values())
    assert metrics_dict_to_dataframe(scores).equals(frame)


def test_no_rows_cannot_be_scored(classifier, rows):
    with pytest.raises(GoldError, match="Cannot score empty labels"):
        classifier().score([DictDataLoader(rows(0))])


def test_operations_of_one_name_must_be_one(tasks):
    """Snorkel takes the output of the first for that of the second, silently."""
    first, second = tasks()
    second.module_pool["other"] = nn.Linear(8, 2)
    second.op_sequence = [second.op_sequence[0], Operation("other", ["body"], name="head_first")]
    with pytest.raises(ParameterError, match="has the name of"):
        MultitaskClassifier([first, second], device=-1)


def test_a_name_stands_for_one_task(tasks):
    first, _ = tasks()
    with pytest.raises(ValueError, match="Found duplicate task first"):
        MultitaskClassifier([first, first], device=-1)
    with pytest.raises(ValueError, match="Unrecognized task type"):
        MultitaskClassifier(["first"], device=-1)


def test_an_operation_that_fails_is_named_with_its_reason(classifier):
    model = classifier()
    with pytest.raises(ValueError, match=r"Unsuccessful operation Operation\(name=body.*KeyError") as caught:
        model.forward({"y": torch.zeros(1, 4)}, ["first"])
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_operation_without_inputs_gets_all_outputs():
    class Total(nn.Module):
        def forward(self, outputs):
            return outputs["_input_"]["x"].sum(dim=1, keepdim=True) + outputs["net"]

    pool = nn.ModuleDict({"net": nn.Linear(4, 2), "total": Total()})
    task = Task("y", pool, [Operation("net", [("_input_", "x")]), Operation("total", [])])
    outputs = MultitaskClassifier([task], device=-1).forward({"x": torch.ones(1, 4)}, ["y"])
    assert torch.allclose(outputs["total"], outputs["net"] + 4)


def test_hooks_of_modules_run(classifier):
    """Snorkel calls ``forward`` itself, so that they do not."""
    model, seen = classifier(), []
    model.module_pool["body"].register_forward_hook(lambda *call: seen.append(1))
    model.forward({"x": torch.zeros(1, 4)}, ["first", "second"])
    assert seen == [1]


# Files


def test_a_classifier_is_saved_in_the_current_folder(tmp_path, monkeypatch, classifier):
    """Snorkel fails for want of a folder's name."""
    monkeypatch.chdir(tmp_path)
    model, other = classifier(), classifier(seed=1)
    model.save("model.pth")
    other.load("model.pth")
    assert torch.equal(weights(other), weights(model))


def test_a_saving_that_fails_is_an_error(tmp_path, classifier):
    """Snorkel logs that the model was saved."""
    with pytest.raises((OSError, RuntimeError)):
        classifier().save(str(tmp_path))


def test_weights_that_snorkel_wrapped_are_read(tmp_path, classifier):
    """Its files have "module" in each name."""
    model, other = classifier(), classifier(seed=1)
    names = {}
    for name, value in model.state_dict().items():
        pool, key, rest = name.split(".", 2)
        names[f"{pool}.{key}.module.{rest}"] = value
    torch.save(names, tmp_path / "model.pth")
    other.load(str(tmp_path / "model.pth"))
    assert torch.equal(weights(other), weights(model))


def test_files_that_are_no_classifier_are_told_apart(tmp_path, classifier):
    with pytest.raises(FileNotFoundError):
        classifier().load(str(tmp_path / "none.pth"))
    torch.save({"net.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ParameterError, match="other modules"):
        classifier().load(str(tmp_path / "other.pth"))


def test_no_code_of_a_file_is_run(tmp_path, classifier):
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit",))

    torch.save({"x": Bomb()}, tmp_path / "bomb.pth")
    with pytest.raises(ParameterError, match="tensors and plain values"):
        classifier().load(str(tmp_path / "bomb.pth"))
    with pytest.raises(ParameterError, match="tensors and plain values"):
        Trainer().load(str(tmp_path / "bomb.pth"))
