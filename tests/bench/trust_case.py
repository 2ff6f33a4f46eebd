"""The worlds on which the room of trust is tried: known and unknown digits, and answers that err by rule."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from weaklab.metrics import expected_calibration_error
from weaklab.trust import Calibrator, Harmonizer, Rejector, open_set_report, reroute


@dataclass(frozen=True, eq=False)
class Network:
    """A classifier of two hidden layers of rectified units, with its logits and its last hidden layer."""

    mlp: MLPClassifier

    @classmethod
    def trained(cls, X: np.ndarray, y: np.ndarray, seed: int, epochs: int = 30) -> Network:
        """With Adam at 0.001 on batches of 256, for some epochs."""
        *_, last = cls.checkpoints(X, y, seed, [epochs])
        return last

    @classmethod
    def checkpoints(cls, X: np.ndarray, y: np.ndarray, seed: int, epochs: list[int]) -> list[Network]:
        """The same training, seen after each of these numbers of epochs."""
        found, mlp = [], MLPClassifier((256, 256), batch_size=256, random_state=seed)
        with threadpool_limits(1):  # small products lose by threads, and most beside other work
            for epoch in range(1, max(epochs) + 1):
                mlp.partial_fit(X, y, classes=np.unique(y))
                if epoch in epochs:
                    found.append(cls(copy.deepcopy(mlp)))
        return found

    @property
    def classes_(self) -> np.ndarray:
        """The classes."""
        return self.mlp.classes_

    def hidden(self, X: np.ndarray) -> np.ndarray:
        """The last hidden layer, (n, 256)."""
        for weight, bias in zip(self.mlp.coefs_[:-1], self.mlp.intercepts_[:-1], strict=True):
            X = np.maximum(X @ weight + bias, 0)
        return X

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """The logits, (n, k)."""
        return self.hidden(X) @ self.mlp.coefs_[-1] + self.mlp.intercepts_[-1]


def digits(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """1,200 digits to train on and 597 to test, pixels in [0, 1]: X, X_test, y, y_test."""
    X, y = load_digits(return_X_y=True)
    return tuple(train_test_split(X / 16, y, train_size=1200, stratify=y, random_state=seed))


@dataclass(frozen=True, eq=False)
class Answers:
    """Rows, votes of labeling functions that err at random, a labeler's answers, and the truth."""

    X: np.ndarray
    votes: np.ndarray
    answers: np.ndarray
    y: np.ndarray


def answered(seed: int, errors: str = "boundary", n: int = 4000, m: int = 8) -> Answers:
    """Two classes in ten dimensions; answers of accuracy .8, votes of accuracy .55 to .75 on half of the rows.

    ``errors``: "boundary", answers err near the boundary between the classes, most of them on one side of a plane;
    "rule", all of them beyond another plane; "random", anywhere.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 10))
    depth = X[:, 0] + 0.7 * X[:, 1] * X[:, 2]
    y = (depth > 0).astype(np.int64)
    if errors == "boundary":
        side = X[:, 3] > -0.5
        wrong = (np.abs(depth) < np.quantile(np.abs(depth[side]), 0.26)) & side
    elif errors == "rule":
        wrong = X[:, 4] > 0.84
    else:
        wrong = rng.random(n) < 0.2
    accuracy, votes = rng.uniform(0.55, 0.75, m), np.full((n, m), -1)
    for j in range(m):
        right = rng.random(n) < accuracy[j]
        votes[:, j] = np.where(rng.random(n) < 0.5, np.where(right, y, 1 - y), -1)
    return Answers(X, votes, np.where(wrong, 1 - y, y), y)


def majority_disagreement(world: Answers) -> np.ndarray:
    """The share of the votes on each row that are not for the answer; a half where there is none."""
    against = (world.votes >= 0) & (world.votes != world.answers[:, None])
    return (against.sum(axis=1) + 0.5) / ((world.votes >= 0).sum(axis=1) + 1)


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear classifier on the last hidden layer of a network that has seen more classes."""

    network: Network
    linear: LogisticRegression

    @property
    def classes_(self) -> np.ndarray:
        """The classes."""
        return self.linear.classes_

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """The logits, (n, k)."""
        return self.linear.decision_function(self.network.hidden(X))


def familiar_unknowns(seed: int) -> pd.DataFrame:
    """Row 45: an encoder trained on all ten digits, a linear probe on five, the other five unknown to it."""
    X, X_test, y, y_test = digits(seed)
    network = Network.trained(X, y, seed)
    chosen = np.random.default_rng(seed).permutation(10)[:5]
    known, known_test = np.isin(y, chosen), np.isin(y_test, chosen)
    probe = Probe(network, LogisticRegression(max_iter=2000).fit(network.hidden(X[known]), y[known]))
    by_features = Rejector("knn", k=10).fit(network.hidden(X[known]))
    return open_set_report(
        probe,
        X_test[known_test],
        y_test[known_test],
        X_test[~known_test],
        rejector=by_features,
        encode=network.hidden,
    )


def unknown_digits(seed: int) -> list[pd.DataFrame]:
    """Row 54: a network trained on six digits, the other four unknown; a report per checkpoint."""
    X, X_test, y, y_test = digits(seed)
    chosen = np.random.default_rng(seed).permutation(10)[:6]
    known, known_test = np.isin(y, chosen), np.isin(y_test, chosen)
    stops = Network.checkpoints(X[known], y[known], seed, [1, 2, 3, 5, 8, 12, 20, 30])
    parts = X_test[known_test], y_test[known_test], X_test[~known_test]
    return [open_set_report(network, *parts) for network in stops]


def judged_answers(seed: int, errors: str = "boundary") -> dict[str, float]:
    """Row 50: what a harmonizer says of answers, of half of the rows that it was not fitted to."""
    world = answered(seed, errors)
    fitted, new = slice(0, None, 2), slice(1, None, 2)
    harmonizer = Harmonizer(random_state=seed).fit(world.X[fitted], world.votes[fitted], world.answers[fitted])
    alone = Harmonizer(random_state=seed, calibrator=None).fit(world.X[fitted], world.answers[fitted, None])
    X, y, answers = world.X[new], world.y[new], world.answers[new]
    risk, probs = harmonizer.risk(X, answers), harmonizer.predict_proba(X)
    after = reroute(answers, risk, lambda rows: probs[rows].argmax(axis=1), budget=0.1)
    own = harmonizer.risk(world.X[fitted], world.answers[fitted])
    own_wrong = world.answers[fitted] != world.y[fitted]
    wrong = answers != y
    gold = Calibrator().fit(harmonizer.model_.predict_proba(world.X[fitted][:100]), world.y[fitted][:100])
    raw = harmonizer.model_.predict_proba(X)
    return {
        "answers right": float((~wrong).mean()),
        "after rerouting 10 %": float((after == y).mean()),
        "AUROC of the risk": float(roc_auc_score(wrong, risk)),
        "AUROC, rows of fit": float(roc_auc_score(own_wrong, own)),
        "AUROC of disagreement": float(roc_auc_score(wrong, majority_disagreement(world)[new])),
        "AUROC, fitted to answers alone": float(roc_auc_score(wrong, alone.risk(X, answers))),
        "ECE before calibration": expected_calibration_error(y, raw),
        "ECE, by the votes": expected_calibration_error(y, probs),
        "ECE, by 100 gold rows": expected_calibration_error(y, gold.transform(raw)),
    }
