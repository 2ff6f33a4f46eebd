"""Compare JointModel with a label model before an end model, on planted votes and on public ones.

``python tests/bench/joint_model.py [FOLDER] [--seeds N]`` prints, per set and as means over seeds, the test score of
EndModel on majority vote's and on LabelModel's soft labels and of JointModel, all with the same network and their
default arguments; of JointModel whose encoder sees votes alone; and the score of the soft labels of both on test rows
that have a vote. Planted sets: 3,000 rows to
learn from, 1,000 to score, ten columns whose means differ by class. FOLDER holds public sets (youtube, census, trec,
spouse). F1 of class 1 on census and spouse, else accuracy; ties of labels go to the lower class.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from host import host, versions
from sklearn.metrics import f1_score

from weaklab.datasets import Group, make_votes
from weaklab.end_models import EndModel, JointModel
from weaklab.label_models import LabelModel, MajorityVote

F1_SETS = ("census", "spouse")
PLANTED: dict[str, dict[str, Any]] = {
    "independent": {"m": 10},
    "a group that copies": {"m": 12, "groups": [Group(6, 0.9, accuracy=0.55)]},
    "four classes": {"m": 15, "k": 4},
    "one class of ten": {"m": 10, "class_balance": [0.9, 0.1]},
}


def planted(seed: int, options: dict[str, Any]) -> tuple[Any, ...]:
    """Votes, columns and classes, to learn from and to score."""
    drawn = make_votes(n=4000, random_state=seed, **options)
    rng = np.random.default_rng(seed)
    X = 0.7 * rng.normal(size=(len(drawn.class_balance), 10))[drawn.y] + rng.normal(size=(4000, 10))
    votes = drawn.votes.to_numpy()
    return (votes[:3000], X[:3000]), (votes[3000:], X[3000:], drawn.y[3000:])


def public(folder: Path) -> tuple[Any, ...]:
    """The first split of a set to learn from, and its last to score."""
    splits = [name for name in ("train", "valid", "test") if (folder / f"{name}.npz").exists()]
    parts = []
    for name in (splits[0], splits[-1]):
        held = np.load(folder / f"{name}.npz")
        frame = pd.read_parquet(folder / f"{name}.parquet")
        X = frame["text"].tolist() if "text" in frame else frame.filter(regex=r"^f\d+$").to_numpy()
        parts.append((held["votes"], X, held["y"]))
    return parts[0][:2], parts[1]


def compare(train: tuple[Any, Any], test: tuple[Any, Any, Any], seed: int, f1: bool) -> dict[str, float]:
    """The scores of one set and seed."""
    (votes, X), (test_votes, test_X, y) = train, test

    def score(truth: np.ndarray, predicted: np.ndarray) -> float:
        return 100 * float(f1_score(truth, predicted) if f1 else (truth == predicted).mean())

    out = {}
    for label_model in (MajorityVote(), LabelModel()):
        soft = label_model.fit(votes).labels(votes)
        predicted = EndModel(random_state=seed, progress=False).fit(X, soft).predict(test_X)
        out[f"{type(label_model).__name__} -> EndModel"] = score(y, predicted)
    covered = (test_votes >= 0).any(axis=1)
    seconds = {}
    for name, encoder in (("JointModel", "both"), ("JointModel of votes", "votes")):
        start = time.perf_counter()
        model = JointModel(encoder=encoder, random_state=seed, progress=False).fit(votes, X)
        seconds[f"{name}, seconds"] = time.perf_counter() - start
        out[name] = score(y, model.predict(test_X))
        out[f"{name}, labels"] = score(y[covered], model.labels(test_votes, test_X).codes()[covered])
    counted = MajorityVote().fit(votes).predict(test_votes)
    return out | {"MajorityVote, labels": score(y[covered], counted[covered])} | seconds


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print(f"{host()}; {versions('torch', 'scikit-learn')}; seeds 0 to {options.seeds - 1}")
    rows = {}
    for name, drawn in PLANTED.items():
        results = [compare(*planted(seed, drawn), seed, f1=False) for seed in range(options.seeds)]
        rows[f"planted: {name}"] = pd.DataFrame(results).mean()
    for name in ("youtube", "census", "trec", "spouse"):
        if options.folder is not None and (options.folder / name).is_dir():
            parts = public(options.folder / name)
            results = [compare(*parts, seed, f1=name in F1_SETS) for seed in range(options.seeds)]
            rows[name] = pd.DataFrame(results).mean()
    print(pd.DataFrame(rows).T.round(1).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
