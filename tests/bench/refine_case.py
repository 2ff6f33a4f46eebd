"""The worlds on which refiners are tried: labels, features and the truth, one per seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from weaklab.refine import GaussianRefiner
from weaklab.votes import SoftLabels


@dataclass(frozen=True, eq=False)
class World:
    """Labels with what a refiner is given beside them, and the truth, which it is not."""

    labels: SoftLabels
    Z: np.ndarray
    y: np.ndarray
    groups: Any = None
    allowed: Any = None

    def accuracy(self, codes: np.ndarray) -> float:
        """The percentage right of the rows whose gold is not known."""
        unknown = np.ones(len(self.y), dtype=bool) if self.labels.gold is None else self.labels.gold < 0
        return 100 * float((codes == self.y)[unknown].mean())


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
}
