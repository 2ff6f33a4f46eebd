"""Classifiers of two tasks that share a body, and rows for them."""

from __future__ import annotations

import pytest


@pytest.fixture
def one_thread():
    """Threads gain nothing on a few rows, and wait for each other where other work wants the cores."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def rows():
    """Makes rows of two tasks; of the second a third is not labeled."""
    import torch

    from weaklab.snorkel.classification import DictDataset

    def make(n=120, split="train", name="demo", seed=0):
        draws = torch.Generator().manual_seed(seed)
        X = torch.randn(n, 4, generator=draws)
        second = (X[:, 1] > 0).long()
        second[: n // 3] = -1
        return DictDataset(name, split, {"x": X}, {"first": (X[:, 0] > 0).long(), "second": second})

    return make


@pytest.fixture
def tasks():
    """Makes two tasks that share a body."""
    from torch import nn

    from weaklab.snorkel.analysis import Scorer
    from weaklab.snorkel.classification import Operation, Task

    def make():
        body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2))
        return [
            Task(
                name,
                nn.ModuleDict({"body": body, f"head_{name}": nn.Linear(8, 2)}),
                [Operation("body", [("_input_", "x")]), Operation(f"head_{name}", ["body"])],
                Scorer(metrics=["accuracy", "f1"]),
            )
            for name in ("first", "second")
        ]

    return make


@pytest.fixture
def classifier(tasks, one_thread):
    """Makes a classifier of both, on one thread; its weights are drawn from a seed."""
    import torch

    from weaklab.snorkel.classification import MultitaskClassifier

    def make(seed=0):
        torch.manual_seed(seed)
        return MultitaskClassifier(tasks(), device=-1)

    return make
