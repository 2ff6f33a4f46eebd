"""The worlds on which refiners are tried: labels, features and the truth, one per seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier

from weaklab.end_models import RandomFeatureClassifier
from weaklab.refine import (
    AlternatingSelection,
    AttentionRefiner,
    BiasRemover,
    GaussianCalibration,
    GaussianRefiner,
    MetricRefiner,
    OnlineMining,
    ordinal_metric,
    sub_pseudo_labels,
)
from weaklab.votes import SoftLabels


@dataclass(frozen=True, eq=False)
class World:
    """Labels with what a refiner is given beside them, and the truth, which it is not."""

    labels: SoftLabels
    Z: np.ndarray
    y: np.ndarray
    groups: Any = None
    allowed: Any = None
    kind: Any = None  # what a row shows, where that is more than y says

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


def _pixels() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def biased_scenes(seed: int, overlap: float = 0.0, images: int = 200) -> World:
    """Row 7: images of nine cells, half of them with a nine or two; is a cell a nine, as tags and a map say it is?

    A striped cell or two stands in nine of ten images with a nine, and in one of ten without; the map marks stripes
    as it marks nines, and a few of the other digits. ``overlap`` is how much of a nine is mixed into the stripes.
    """
    rng = np.random.default_rng(seed)
    X, y = _pixels()
    nines, others = np.flatnonzero(y == 9), np.flatnonzero(y != 9)
    stripes = 1.0 * (np.add.outer(np.arange(8), np.arange(8)).ravel() % 4 < 2)
    cells, kinds, marked = [], [], []
    for _ in range(images):
        tagged = rng.random() < 0.5
        some = ["nine"] * int(rng.integers(1, 3) if tagged else 0)
        some += ["stripes"] * int(rng.integers(1, 3) if rng.random() < (0.9 if tagged else 0.1) else 0)
        for kind in some + ["other"] * (9 - len(some)):
            cell = X[rng.choice(others if kind == "other" else nines)]
            if kind == "stripes":
                cell = np.clip((1 - overlap) * stripes + overlap * cell + 0.2 * rng.normal(size=64), 0, 1)
            cells.append(cell)
            kinds.append(kind)
            marked.append(tagged and rng.random() < (0.05 if kind == "other" else 0.9))
    labels = 0.1 + 0.8 * np.eye(2)[np.array(marked, dtype=int)]
    Z = PCA(32, random_state=0).fit_transform(np.array(cells))
    kind = np.array(kinds)
    return World(SoftLabels(labels), Z, 1 * (kind == "nine"), np.repeat(np.arange(images), 9), kind=kind)


def activation_maps(seed: int, images: int = 150) -> World:
    """Row 15: images of nine cells with two to four of one of three digits, two or three of what comes with it, others.

    Activation is noisy around .65 on the digit of the tag, .4 on what comes with it, .2 elsewhere; labels are the
    four classes "digit" and "none", of which none has .5. ``y`` is 3 on none, and 4 on what comes with the digit.
    """
    rng = np.random.default_rng(seed)
    Z, digit = digits()
    of = [np.flatnonzero(digit == one) for one in range(10)]
    rows, y, kind, scores = [], [], [], []
    for _ in range(images):
        tag = int(rng.integers(3))
        n, m = rng.integers(2, 5), rng.integers(2, 4)
        for one in [tag] * n + [3 + tag] * m + list(rng.integers(6, 10, 9 - n - m)):
            rows.append(rng.choice(of[one]))
            y.append(tag if one == tag else 3)
            kind.append({tag: "digit", 3 + tag: "company"}.get(one, "other"))
            score = np.clip(0.1 + 0.1 * rng.normal(size=3), 0, 1)
            level = {tag: 0.65, 3 + tag: 0.4}.get(one, 0.2)
            score[tag] = np.clip(level + 0.2 * rng.normal(), 0, 1)
            scores.append([*score, 0.5])
    table = np.array(scores)
    labels = SoftLabels(table / table.sum(axis=1, keepdims=True))
    return World(labels, Z[rows], np.array(y), np.repeat(np.arange(images), 9), kind=np.array(kind))


def web_noise(seed: int) -> World:
    """Row 14: digits of which 35 % are shuffled pixels with a label by chance, ``y`` -1, and 20 % have a wrong label.

    Features are 32 components, and how far a row is from them: what a linear autoencoder makes.
    """
    rng = np.random.default_rng(seed)
    X, y = _pixels()
    kind, shown = rng.random(len(y)), y.copy()
    strange, wrong = kind < 0.35, (kind >= 0.35) & (kind < 0.55)
    X[strange] = rng.permuted(X[strange], axis=1)
    shown[strange] = rng.integers(10, size=strange.sum())
    shown[wrong] = (y[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    pca = PCA(32, random_state=0).fit(X)
    found = pca.transform(X)
    Z = np.column_stack([found, ((X - pca.inverse_transform(found)) ** 2).sum(axis=1)])
    return World(SoftLabels(np.eye(10)[shown]), Z, np.where(strange, -1, y))


def long_tail(seed: int) -> tuple[World, World]:
    """Row 48: ten Gaussian classes of 500 to 10 rows, 40 % of the labels wrong; and even test rows, with the truth."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(10, 16))
    mix = np.eye(16) + 0.1 * rng.normal(size=(16, 16))
    y, test = np.repeat(np.arange(10), (500 * 50 ** (-np.arange(10) / 9)).astype(int)), np.repeat(np.arange(10), 200)
    Z, test_Z = (centres[of] + rng.normal(size=(len(of), 16)) @ mix for of in (y, test))
    return World(SoftLabels(np.eye(10)[flipped(y, 0.6, rng)]), Z, y), World(SoftLabels(np.eye(10)[test]), test_Z, test)


def tailed_digits(seed: int) -> tuple[World, World]:
    """Row 48: digits, from 120 noughts down to two nines, 40 % of the labels wrong; and a third of all as test rows."""
    rng = np.random.default_rng(seed)
    Z, y = digits()
    order = rng.permutation(len(y))
    test, rest = order[:597], order[597:]
    most = (120 * 50 ** (-np.arange(10) / 9)).astype(int)
    rows = np.concatenate([rest[y[rest] == one][: most[one]] for one in range(10)])
    labels = SoftLabels(np.eye(10)[flipped(y[rows], 0.6, rng)])
    return World(labels, Z[rows], y[rows]), World(SoftLabels(np.eye(10)[y[test]]), Z[test], y[test])


def tail_scores(worlds: tuple[World, World]) -> dict[str, float]:
    """Percent of test rows that models are right on, and of those of the rarer half of the classes ("tail")."""
    train, test = worlds
    calibration = GaussianCalibration().fit(train.Z, train.labels)
    more, labels = calibration.resample()
    used, codes = labels.covered, train.labels.codes()
    linear = {"max_iter": 2000}
    models = {
        "as they are": LogisticRegression(**linear).fit(train.Z, codes),
        "balanced": LogisticRegression(class_weight="balanced", **linear).fit(train.Z, codes),
        "ridge": RandomFeatureClassifier(random_state=0).fit(train.Z, codes),
        "calibrated": LogisticRegression(**linear).fit(more[used], labels.codes()[used]),
        "ridge, calibrated": RandomFeatureClassifier(random_state=0).fit(more[used], labels.codes()[used]),
    }
    rare = test.y >= 5
    right = {name: model.predict(test.Z) == test.y for name, model in models.items()}
    scores = {name: 100 * float(one.mean()) for name, one in right.items()}
    scores |= {f"{name}, tail": 100 * float(one[rare].mean()) for name, one in right.items()}
    doubt = calibration.score(train.Z)
    return scores | {"wrong labels found, AUROC": 100 * float(roc_auc_score(codes != train.y, doubt))}


def hidden_concepts(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Row 6: ten classes; four of ten rows with a label come from a concept hidden behind it; 100 known rows; test."""
    rng = np.random.default_rng(seed)
    shown, hidden = 0.8 * rng.normal(size=(2, 10, 32))
    mix = rng.normal(size=(32, 64)) / np.sqrt(32)

    def draw(centres: np.ndarray) -> np.ndarray:
        rows = np.tanh((centres + rng.normal(size=centres.shape)) @ mix)
        return rows + 0.2 * rng.normal(size=rows.shape)

    known, weak, test = np.repeat(np.arange(10), 10), rng.integers(10, size=1200), rng.integers(10, size=1500)
    wrong = rng.random((1200, 1)) < 0.4
    rows = draw(np.where(wrong, hidden[weak], shown[weak]))
    return {"known": (draw(shown[known]), known), "weak": (rows, weak), "test": (draw(shown[test]), test)}


def probe_scores(seed: int, width: int = 16) -> dict[str, float]:
    """Percent right of a linear probe, of the known rows, on what a network has learnt from labels of each kind."""
    world = hidden_concepts(seed)
    (known, gold), (Z, weak), (test, y) = world["known"], world["weak"], world["test"]
    teacher = LogisticRegression(max_iter=1000).fit(known, gold)
    pairs = sub_pseudo_labels(weak, teacher.predict(Z))
    agreed = pairs.pairs[pairs.codes, 0] == pairs.pairs[pairs.codes, 1]
    taught = {"weak": (Z, weak), "agreed alone": (Z[agreed], weak[agreed]), "pairs": (Z, pairs.codes)}
    scores = {"teacher": 100 * float(teacher.score(test, y))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name, (rows, codes) in taught.items():
            network = MLPClassifier((width,), max_iter=60, learning_rate_init=3e-3, batch_size=64, random_state=seed)
            network.fit(rows, codes)
            units = [np.maximum(X @ network.coefs_[0] + network.intercepts_[0], 0) for X in (known, test)]
            scores[name] = 100 * float(LogisticRegression(max_iter=1000).fit(units[0], gold).score(units[1], y))
    return scores


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
    "bias": Experiment(
        "7",
        "BiasRemover, cells of nines, stripes marked too",
        lambda seed: BiasRemover(background=0, random_state=seed),
        biased_scenes,
        4,
    ),
    "web": Experiment(
        "14",
        "AlternatingSelection, a third strange, a fifth wrong, rows kept",
        lambda seed: AlternatingSelection(random_state=seed),
        web_noise,
        25,
    ),
    "maps": Experiment(
        "15", "AttentionRefiner, noisy activation maps", lambda seed: AttentionRefiner(), activation_maps, 1
    ),
}

#: What is measured of a model that is trained: by name, the row, what it is, the scores of a seed, what is compared
#: with what, and by how many points it is to be better.
TRAINED: dict[str, tuple[str, str, Callable[[int], dict[str, float]], str, str, float]] = {
    "tail": (
        "48",
        "GaussianCalibration, Gaussian classes, rarer half",
        lambda seed: tail_scores(long_tail(seed)),
        "calibrated, tail",
        "balanced, tail",
        6,
    ),
    "tailed digits": (
        "48",
        "GaussianCalibration, digits",
        lambda seed: tail_scores(tailed_digits(seed)),
        "calibrated",
        "as they are",
        -1,
    ),
    "pairs": ("6", "sub_pseudo_labels, against weak labels", probe_scores, "pairs", "weak", 2),
    "pairs, agreed": ("6", "sub_pseudo_labels, against agreed ones alone", probe_scores, "pairs", "agreed alone", 1),
}
