"""The small public set that the objectives' experiments share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from weaklab.end_models import EndModel
from weaklab.votes import SoftLabels


@dataclass(frozen=True, eq=False)
class Digits:
    """scikit-learn's digits, 1,200 to train on and 597 to test on, and the network of the experiments."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    def flipped(self, rate: float, seed: int) -> np.ndarray:
        """The training labels, of which a share is replaced by another class at random (SYM)."""
        draws = np.random.default_rng(seed)
        wrong = draws.random(len(self.y)) < rate
        return np.where(wrong, (self.y + draws.integers(1, 10, len(self.y))) % 10, self.y)

    def shifted(self, rate: float, seed: int) -> np.ndarray:
        """The training labels, of which a share is replaced by the next class (ASYM)."""
        wrong = np.random.default_rng(seed).random(len(self.y)) < rate
        return np.where(wrong, (self.y + 1) % 10, self.y)

    def few(self, per_class: int, seed: int) -> tuple[SoftLabels, np.ndarray]:
        """Soft labels of all rows, as of a label model that knows a few and nothing of the others; and the few."""
        draws = np.random.default_rng(seed)
        known = np.concatenate([draws.choice(np.flatnonzero(self.y == c), per_class, replace=False) for c in range(10)])
        soft, weight = np.full((len(self.y), 10), 0.1), np.zeros(len(self.y))
        soft[known], weight[known] = np.eye(10)[self.y[known]], 1.0
        return SoftLabels(soft, weight=weight), known

    def network(self, loss, seed: int, *, max_epochs: int, batch_size: int, module=None, which="covered") -> EndModel:
        """A network with two hidden layers that can learn the labels by heart, trained to the last epoch."""
        return EndModel(
            module=mlp if module is None else module,
            loss=loss,
            which=which,
            learning_rate=1e-3,
            weight_decay=0.0,
            max_epochs=max_epochs,
            batch_size=batch_size,
            validation_fraction=0,
            random_state=seed,
            progress=False,
        )


def mlp(n_columns: int, k: int) -> torch.nn.Module:
    """Two hidden layers of 256."""
    layers = [torch.nn.Linear(n_columns, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(256, k))


@pytest.fixture(scope="session")
def digits() -> Digits:
    X, y = load_digits(return_X_y=True)
    a, b, ya, yb = train_test_split(X / 16, y, train_size=1200, test_size=597, stratify=y, random_state=0)
    return Digits(a, ya, b, yb)
