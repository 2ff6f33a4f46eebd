"""One process of end_models.py: draw the rows of a case, or train one model on them and print what it took as JSON.

Runs in weaklab's environment or in the peers', so it imports each where it is needed.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

import numpy as np

EPOCHS, BATCH, RATE, HIDDEN, DROPOUT = 3, 256, 2e-3, 100, 0.3


def draw(case: str, n: int, columns: int = 300) -> dict[str, np.ndarray]:
    """Rows with soft labels, and 50,000 others with true labels."""
    rng = np.random.default_rng(0)
    spectrum = np.arange(1, columns + 1) ** (-0.7 if case == "correlated" else 0.0)
    turn = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    weights = rng.normal(size=columns) * np.where(np.arange(columns) < 60, 0.25, 0.02)

    def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
        Z = rng.normal(size=(n, columns))
        y = (rng.random(n) < 1 / (1 + np.exp(-(Z @ weights)))).astype(int)
        return ((Z * spectrum) @ turn).astype(np.float32), y

    (X, y), (X_test, y_test) = rows(n), rows(50_000)
    accuracy = rng.uniform(0.55, 0.8, 10)
    right = np.where(rng.random((n, 10)) < accuracy, y[:, None], 1 - y[:, None])
    signs = np.where(rng.random((n, 10)) < 0.5, 2 * right - 1, 0)
    second = 1 / (1 + np.exp(-(signs @ np.log(accuracy / (1 - accuracy)))))
    soft = np.column_stack([1 - second, second]).astype(np.float32)
    return {"X": X, "soft": soft, "X_test": X_test, "y_test": y_test}


def weaklab(X: Any, soft: Any, hidden: int | None, ends: list[float]) -> Any:
    from weaklab.end_models import EndModel

    if hidden is None:
        return EndModel(hidden=None, progress=False).fit(X, soft).predict
    model = EndModel(
        hidden=hidden,
        batch_size=BATCH,
        max_epochs=EPOCHS,
        validation_fraction=0,
        learning_rate=RATE,
        dropout=DROPOUT,
        progress=False,
        callbacks=[lambda row, module: ends.append(time.process_time())],
    )
    return model.fit(X, soft).predict


def logistic_regression(X: Any, soft: Any, duplicated: bool) -> Any:
    from sklearn.linear_model import LogisticRegression

    if not duplicated:
        return LogisticRegression().fit(X, soft.argmax(axis=1)).predict
    twice, classes = np.repeat(X, 2, axis=0), np.tile([0, 1], len(X))
    return LogisticRegression().fit(twice, classes, sample_weight=soft.ravel()).predict


def network(hidden: int | None) -> Any:
    from torch import nn

    if hidden is None:
        return nn.Linear(300, 2)
    return nn.Sequential(nn.Linear(300, hidden), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(hidden, 2))


def torch_loop(X: Any, soft: Any, hidden: int | None, loader: bool, ends: list[float]) -> Any:
    import torch

    torch.manual_seed(0)
    X, soft, model = torch.from_numpy(X), torch.from_numpy(soft), network(hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
    if loader:
        data = torch.utils.data.TensorDataset(X, soft)
        batches: Any = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True)
    for _ in range(EPOCHS):
        if not loader:
            batches = ((X[part], soft[part]) for part in torch.randperm(len(X)).split(BATCH))
        for rows, target in batches:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(rows), target).backward()
            optimizer.step()
        ends.append(time.process_time())
    return _predicts(model)


def skorch(X: Any, soft: Any, hidden: int | None) -> Any:
    import torch
    from skorch import NeuralNet

    torch.manual_seed(0)
    net = NeuralNet(
        network(hidden),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__fused=True,
        lr=RATE,
        max_epochs=EPOCHS,
        batch_size=BATCH,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    net.fit(X, soft)
    return _predicts(net.module_)


def snorkel(X: Any, soft: Any, hidden: int | None, package: str = "snorkel") -> Any:
    import torch

    lib = importlib.import_module(f"{package}.classification")
    torch.manual_seed(0)
    model = network(hidden)
    task = lib.Task(
        name="y",
        module_pool=torch.nn.ModuleDict({"net": model}),
        op_sequence=[lib.Operation(module_name="net", inputs=[("_input_", "X")])],
        loss_func=lib.cross_entropy_with_probs,
        output_func=lambda logits: torch.softmax(logits, dim=1),
    )
    data = lib.DictDataset("rows", "train", {"X": torch.from_numpy(X)}, {"y": torch.from_numpy(soft)})
    trainer = lib.Trainer(
        n_epochs=EPOCHS, lr=RATE, optimizer="adam", progress_bar=False, checkpointing=False, logging=False
    )
    trainer.fit(lib.MultitaskClassifier([task]), [lib.DictDataLoader(data, batch_size=BATCH, shuffle=True)])
    return _predicts(model)


def _predicts(model: Any) -> Any:
    import torch

    def predict(X: Any) -> Any:
        model.eval()
        with torch.no_grad():
            return model(torch.from_numpy(X)).argmax(dim=1).numpy()

    return predict


TRAINERS = {
    "weaklab EndModel(hidden=None)": lambda X, soft, ends: weaklab(X, soft, None, ends),
    "weaklab EndModel(hidden=100)": lambda X, soft, ends: weaklab(X, soft, HIDDEN, ends),
    "scikit-learn LogisticRegression, rows duplicated": lambda X, soft, ends: logistic_regression(X, soft, True),
    "scikit-learn LogisticRegression, hard labels": lambda X, soft, ends: logistic_regression(X, soft, False),
    "torch DataLoader loop, linear": lambda X, soft, ends: torch_loop(X, soft, None, True, ends),
    "torch slicing loop, 100 hidden": lambda X, soft, ends: torch_loop(X, soft, HIDDEN, False, ends),
    "torch DataLoader loop, 100 hidden": lambda X, soft, ends: torch_loop(X, soft, HIDDEN, True, ends),
    "skorch NeuralNet, linear": lambda X, soft, ends: skorch(X, soft, None),
    "skorch NeuralNet, 100 hidden": lambda X, soft, ends: skorch(X, soft, HIDDEN),
    "snorkel Trainer, linear": lambda X, soft, ends: snorkel(X, soft, None),
    "snorkel Trainer, 100 hidden": lambda X, soft, ends: snorkel(X, soft, HIDDEN),
    "weaklab.snorkel Trainer, 100 hidden": lambda X, soft, ends: snorkel(X, soft, HIDDEN, "weaklab.snorkel"),
}


def fit(name: str, path: str) -> dict[str, float]:
    """Train once on a few rows, so that imports and first calls are over, then on all."""
    rows = np.load(path)
    X, soft = rows["X"], rows["soft"]
    TRAINERS[name](X[:2000], soft[:2000], [])
    ends: list[float] = []
    start = time.process_time()
    predict = TRAINERS[name](X, soft, ends)
    seconds = time.process_time() - start
    epoch = {"epoch": (ends[-1] - ends[0]) / (len(ends) - 1)} if ends else {}
    return {"seconds": seconds, "accuracy": float((predict(rows["X_test"]) == rows["y_test"]).mean()), **epoch}


def main() -> int:
    """Draw, or fit."""
    if sys.argv[1] == "make":
        np.savez(sys.argv[4], **draw(sys.argv[2], int(sys.argv[3])))
    else:
        print(json.dumps(fit(sys.argv[2], sys.argv[3])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
