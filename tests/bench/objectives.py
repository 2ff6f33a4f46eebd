"""Compare what end models are trained on soft labels by: cross-entropy, objectives for wrong labels, random features.

``python tests/bench/objectives.py FOLDER [--sets a,b] [--seeds 3] [--markdown FILE]`` prints a table over the docstring
corpus, with the labeling functions of ``examples/01_docstrings.py``, and the sets of FOLDER: per objective the mean
and the standard deviation over seeds of its score on test. ``LabelModel`` is fitted on the votes of the train split,
without gold, and each end model on its soft labels of those rows; the ceiling is trained on the gold of all of them.
All arguments are the defaults, so nothing is chosen by looking at test rows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import f1_score

import weaklab as wl
from weaklab.datasets import load_docstrings, load_votes
from weaklab.end_models import (
    AuxConfidence,
    CoTeaching,
    EarlyLearning,
    EndModel,
    GeneralizedCrossEntropy,
    MultiSourceConsistency,
    NestedDropout,
    NoiseConsistency,
    RandomFeatureClassifier,
    SoftCrossEntropy,
    SparseRows,
    SymmetricCrossEntropy,
)
from weaklab.label_models import LabelModel

sys.path.insert(0, str(Path(__file__).parent))  # whoever imports this file

EXAMPLE = Path(__file__).parents[2] / "examples" / "01_docstrings.py"
SETS = ("docstrings", "youtube", "trec", "census")
#: Sets whose published score is F1 of class 1.
F1_SETS = ("census",)
LABELS, CEILING = "label model", "cross-entropy, gold"


def end_model(seed: int, **options: Any) -> EndModel:
    """The default but for what is asked for."""
    return EndModel(random_state=seed, progress=False, **options)


def masked(rows: Any) -> Any:
    """A view: a third of the numbers, or of the n-grams, of each row are left out."""
    values = rows.values if isinstance(rows, SparseRows) else rows
    kept = values * (torch.rand_like(values) >= 1 / 3)
    return SparseRows(rows.indptr, rows.columns, kept, rows.n_columns) if isinstance(rows, SparseRows) else kept


#: A model per seed, on soft labels.
OBJECTIVES: dict[str, Callable[[int], Any]] = {
    "cross-entropy": end_model,
    "cross-entropy, confident half": lambda seed: end_model(seed, which="confident"),
    "generalised cross-entropy": lambda seed: end_model(seed, loss=GeneralizedCrossEntropy()),
    "symmetric cross-entropy": lambda seed: end_model(seed, loss=SymmetricCrossEntropy()),
    "early learning": lambda seed: end_model(seed, loss=SoftCrossEntropy() + EarlyLearning()),
    "auxiliary confidence": lambda seed: end_model(seed, loss=AuxConfidence()),
    "noise consistency": lambda seed: end_model(seed, loss=SoftCrossEntropy() + NoiseConsistency()),
    "multi-source consistency": lambda seed: end_model(
        seed, loss=SoftCrossEntropy() + MultiSourceConsistency(views=masked)
    ),
    "co-teaching": lambda seed: end_model(seed, peers=CoTeaching()),
    "nested dropout": lambda seed: end_model(seed, dropout=NestedDropout()),
    "random-feature ridge": lambda seed: RandomFeatureClassifier(random_state=seed),
}

#: Votes, what end models read, and gold codes, of a split.
Split = tuple[np.ndarray, Any, np.ndarray]


def docstrings() -> tuple[Split, Split]:
    """The corpus, voted on by the labeling functions of the example, whose cells run until they are there."""
    names: dict[str, Any] = {"__name__": "example"}
    for cell in EXAMPLE.read_text().split("# %%\n"):
        if "lfs" not in names:
            exec(compile(cell, str(EXAMPLE), "exec"), names)
    classes: list[str] = names["CLASSES"]
    train, _, test = load_docstrings(progress=False)
    splits = []
    for frame in (train, test):
        votes = wl.apply(names["lfs"], frame, classes=classes, progress=False).to_numpy()
        splits.append((votes, frame["text"].tolist(), frame["label"].map(classes.index).to_numpy()))
    return splits[0], splits[1]


def public(folder: Path) -> tuple[Split, Split]:
    """The train and the test split of a set: its texts, or the numbers that it has in their place."""
    splits = []
    for name, votes in load_votes(folder).items():
        if name in {"train", "test"}:
            frame = pd.read_parquet(folder / f"{name}.parquet")
            X = frame["text"].tolist() if "text" in frame else frame.filter(regex=r"^f\d+$").to_numpy()
            splits.append((votes.votes.to_numpy(), X, votes.y))
    return splits[0], splits[1]


def compare(train: Split, test: Split, seeds: int, f1: bool) -> pd.DataFrame:
    """The score on test in percent, a row per objective and a column per seed; one of the label model, which is one."""
    (votes, X, gold), (test_votes, test_X, y) = train, test
    k = 1 + int(max(gold.max(), y.max(), votes.max()))

    def score(predicted: np.ndarray) -> float:
        return 100 * float(f1_score(y, predicted) if f1 else (y == predicted).mean())

    label_model = LabelModel(classes=k).fit(votes)
    soft = label_model.labels(votes)
    rows = {LABELS: [score(label_model.predict(test_votes))] * seeds}
    for name, make in OBJECTIVES.items():
        start = time.perf_counter()
        rows[name] = [score(make(seed).fit(X, soft).predict(test_X)) for seed in range(seeds)]
        sys.stderr.write(f"  {name}: {np.mean(rows[name]):.1f} ({time.perf_counter() - start:.0f} s)\n")
    known = gold >= 0
    gold_X = [X[row] for row in np.flatnonzero(known)] if isinstance(X, list) else X[known]
    ceiling = [end_model(seed, classes=k).fit(gold_X, gold[known]) for seed in range(seeds)]
    rows[CEILING] = [score(model.predict(test_X)) for model in ceiling]
    return pd.DataFrame.from_dict(rows, orient="index")


def cells(found: dict[str, pd.DataFrame]) -> list[list[str]]:
    """The table, its head first: a mean and a standard deviation per set, and the mean over the sets."""
    rows = [["", *(f"{name}, F1" if name in F1_SETS else name for name in found), "mean"]]
    for objective in next(iter(found.values())).index:
        scores = [table.loc[objective] for table in found.values()]
        spread = "" if objective == LABELS else " ± {:.1f}"
        shown = [f"{one.mean():.1f}" + spread.format(one.std()) for one in scores]
        rows.append([objective, *shown, f"{np.mean([one.mean() for one in scores]):.1f}"])
    return rows


def main() -> int:
    """Print the table, or write it too."""
    from host import host, load, versions
    from label_models import markdown

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", default=",".join(SETS), help="separated by commas; docstrings need no folder")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    names = given.sets.split(",")
    if absent := [name for name in names if name != "docstrings" and not (given.folder / name).is_dir()]:
        parser.error(f"{given.folder} does not hold {', '.join(absent)}")
    busy, found = load(), {}
    for name in names:
        sys.stderr.write(f"{name}\n")
        train, test = docstrings() if name == "docstrings" else public(given.folder / name)
        found[name] = compare(train, test, given.seeds, f1=name in F1_SETS)
        sys.stderr.write(f"{len(train[2]):,} rows to train on, {len(test[2]):,} to test on\n")
    options = f" --sets {given.sets}" if names != list(SETS) else ""
    text = (
        "# What end models are trained by\n\n"
        f"    python tests/bench/objectives.py FOLDER{options} --seeds {given.seeds} --markdown FILE\n\n"
        f"{host()}, {versions('torch', 'scikit-learn')}; one thread; {busy}.\n\n"
        f"Percent right on the test split ({', '.join(F1_SETS)}: F1 of class 1), mean and standard deviation of seeds "
        f"0 to {given.seeds - 1} of the end model. LabelModel learns from the votes of the train split alone, end "
        "models from its soft labels of these rows; the last line is trained on their gold. Default arguments: a "
        "network of 100 hidden units, stopped on a tenth of the soft labels.\n\n"
        f"{markdown(cells(found))}\n"
    )
    print(text)
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
