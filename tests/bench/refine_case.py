"""The worlds on which refiners are tried: labels, features and the truth, one per seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from weaklab.refine import GaussianRefiner, MetricRefiner, OnlineMining, ordinal_metric
from weaklab.votes import SoftLabels


@dataclass(frozen=True, eq=False)
class World:
    """Labels with what a refiner is given beside them, and the truth, which it is not."""

    labels: SoftLabels
    Z: np.ndarray
    y: np.ndarray
    groups: Any = None
    allowed: Any = None

    @property
    def unknown(self) -> np.ndarray:
        """Whose gold was not given."""
        return np.ones(len(self.y), dtype=bool) if self.labels.gold is None else self.labels.gold < 0

    def accuracy(self, labels: SoftLabels) -> float:
        """The percentage right of the labels of weight above 0, where gold was not given."""
        return 100 * float((labels.codes() == self.y)[self.unknown & labels.covered].mean())


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """All digits: pixels in [0, 1] brought to 32 principal components, and which digit it is."""
    X, y = load_digits(return_X_y=True)
    return PCA(32, random_state=0).fit_transform(X / 16), y


def flipped(y: np.ndarray, right: float, rng: np.random.Generator, k: int = 10) -> np.ndarray:
    """Labels of which this share is right, and the others are another class, evenly."""
    return np.where(rng.random(len(y)) < right, y, (y + rng.integers(1, k, len(y))) % k)


def point_labels(seed: int) -> World:
    """Row 4: digits with labels of accuracy .75 and 2 % of known rows."""
    rng = np.random.default_rng(seed)
    Z, y = digits()
    gold = np.where(rng.random(len(y)) < 0.02, y, -1)
    return World(SoftLabels(np.eye(10)[flipped(y, 0.75, rng)], gold=gold), Z, y)


def tagged_scenes(seed: int, images: int = 190) -> World:
    """Row 4: images of nine cells with a digit each, of two or three kinds, and which kinds those are; no labels.

    The labels are uniform over the tags but for a grain on the most frequent one.
    """
    rng = np.random.default_rng(seed)
    Z, y = digits()
    of = [np.flatnonzero(y == digit) for digit in range(10)]
    rows, tags = [], {}
    for image in range(images):
        kinds = rng.choice(10, rng.integers(2, 4), replace=False)
        shown = np.concatenate([kinds, rng.choice(kinds, 9 - len(kinds))])
        rows += [rng.choice(of[digit]) for digit in shown]
        tags[image] = sorted(kinds.tolist())
    frequent = np.bincount(np.concatenate(list(tags.values())), minlength=10) * 1e-6
    mask = np.array([[digit in tags[image] for digit in range(10)] for image in range(images)])
    labels = np.where(mask, 1 + frequent, 0).repeat(9, axis=0)
    labels /= labels.sum(axis=1, keepdims=True)
    return World(SoftLabels(labels), Z[rows], y[rows], np.repeat(np.arange(images), 9), tags)


def classes_on_a_line(seed: int) -> World:
    """Row 53: twenty classes along a curve, of which five were ever seen by what labels them, a linear model."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 20)
    curve = np.column_stack([np.cos(3 * t), np.sin(3 * t), t, t**2]) @ rng.normal(size=(4, 12)) * 2
    observed = np.array([0, 5, 10, 14, 19])
    seen, y = rng.choice(observed, 1000), rng.integers(20, size=2000)
    rows, Z = (curve[of] + 0.7 * rng.normal(size=(len(of), 12)) for of in (seen, y))
    labels = np.zeros((2000, 20))
    labels[:, observed] = LogisticRegression(max_iter=1000).fit(rows, seen).predict_proba(Z)
    return World(SoftLabels(labels), Z, y)


def unsure_labels(seed: int) -> World:
    """Row 44: digits of which 60 % have a label, a third of these wrong, whose confidence says little of that."""
    rng = np.random.default_rng(seed)
    Z, y = digits()
    shown, covered = flipped(y, 0.65, rng), rng.random(len(y)) < 0.6
    confidence = np.clip(0.7 + 0.06 * (shown == y) + 0.1 * rng.normal(size=len(y)), 0.3, 0.99)
    labels = np.where(np.eye(10)[shown] > 0, confidence[:, None], (1 - confidence[:, None]) / 9)
    gold = np.where(rng.random(len(y)) < 0.01, y, -1)
    return World(SoftLabels(np.where(covered[:, None], labels, 0.1), weight=1.0 * covered, gold=gold), Z, y)


@dataclass(frozen=True)
class Experiment:
    """A refiner in the world of its row, and by how many points it is to be better than the labels it is given."""

    row: str
    what: str
    refiner: Callable[[int], Any]
    world: Callable[[int], World]
    gain: float


#: To add one, write its world above, and a line here.
EXPERIMENTS = {
    "points": Experiment(
        "4", "GaussianRefiner, digits, labels of accuracy .75", lambda seed: GaussianRefiner(), point_labels, 10
    ),
    "tags": Experiment(
        "4", "GaussianRefiner, cells by tags of images", lambda seed: GaussianRefiner(iters=20), tagged_scenes, 15
    ),
    "line": Experiment(
        "53",
        "MetricRefiner, 20 classes on a line, 5 observed",
        lambda seed: MetricRefiner(ordinal_metric(20)),
        classes_on_a_line,
        4.5,
    ),
    "mining": Experiment(
        "44",
        "OnlineMining, digits, a third wrong, rows kept",
        lambda seed: OnlineMining(random_state=seed),
        unsure_labels,
        12,
    ),
}
