"""Score the label models on public label matrices with gold.

``python tests/bench/label_models.py FOLDER [--models A,B] [--sets a,b] [--markdown FILE]`` prints every label model on
every set of FOLDER that has votes for one class each. Each model is fitted on all rows of all splits, without gold, and
scored on the rows that have a vote and gold; exact ties count in expectation. F1 of class 1 where the benchmark that
published the set reports it, else accuracy. Beside it: log-loss, calibration error of the top class (15 bins), seconds
of fit and predict, and a 95 % bootstrap interval (500 resamples of the scored rows) of the score less majority vote's.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from weaklab import datasets, label_models, metrics
from weaklab._kernels.chunks import n_threads
from weaklab.exceptions import NotConvergedWarning
from weaklab.label_models import BaseLabelModel, LabelModel, MajorityVote
from weaklab.votes import check_votes

#: Sets whose published score is F1 of class 1.
F1_SETS = {"sms", "census", "spouse", "spouse_cage10", "tennis"}
#: The means that are reported: seven sets of labeling functions, eight crowds.
GROUPS = {
    "LF sets": ["youtube", "sms", "trec", "census", "spouse", "mushroom", "tennis"],
    "crowds": [
        *("crowd_bluebird", "crowd_rte", "crowd_dog", "crowd_web"),
        *("crowd_fact_eval", "crowd_cf_amt", "crowd_sp", "crowd_s4_relevance"),
    ],
}
#: For kinds of votes that these sets do not hold.
RICH = {"PartialLabelModel", "ContinuousModel"}
RESAMPLES = 500


def all_models() -> dict[str, type[BaseLabelModel]]:
    """Every label model that takes one class per vote, majority vote first."""
    names = [name for name in label_models.__all__ if name not in RICH | {"BaseLabelModel", "MajorityVote"}]
    return {"MajorityVote": MajorityVote} | {name: getattr(label_models, name) for name in names}


def all_sets(root: Path) -> list[str]:
    """The sets in the folder, those of the reported means first, sequences left out."""
    there = sorted(path.parent.name for path in root.glob("*/meta.json") if not path.parent.name.startswith("seq_"))
    known = [name for group in GROUPS.values() for name in group if name in there]
    return known + [name for name in there if name not in known]


def all_rows(folder: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """The votes (n, m) and gold (n,) of all splits, and the number of classes."""
    splits = datasets.load_votes(folder).values()
    votes = np.vstack([split.votes.to_numpy() for split in splits])
    return votes, np.concatenate([split.y for split in splits]), next(iter(splits)).k


def score(name: str, y: np.ndarray, probs: np.ndarray, where: np.ndarray) -> float:
    """The set's own score in percent, ties in expectation."""
    rule = metrics.expected_f1 if name in F1_SETS else metrics.expected_accuracy
    return 100 * rule(y, probs, where=where)


def calibration_error(y: np.ndarray, probs: np.ndarray, bins: int = 15) -> float:
    """The mean distance of confidence and accuracy over bins of equal width, by rows; of the top class."""
    top = probs.max(axis=1)
    right = probs.argmax(axis=1) == y
    place = np.minimum((top * bins).astype(int), bins - 1)
    gaps = np.bincount(place, right, minlength=bins) - np.bincount(place, top, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def interval(name: str, y: np.ndarray, probs: np.ndarray, majority: np.ndarray) -> tuple[float, float]:
    """A 95 % bootstrap interval of the score less majority vote's; rows are scored ones."""
    rng = np.random.default_rng(0)
    gains = []
    for _ in range(RESAMPLES):
        rows = rng.integers(len(y), size=len(y))
        everywhere = np.ones(len(rows), dtype=bool)
        ours, theirs = (score(name, y[rows], q[rows], everywhere) for q in (probs, majority))
        gains.append(ours - theirs)
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(low), float(high)


def score_all(
    root: Path, names: list[str], models: dict[str, type[BaseLabelModel]] | None = None, *, resample: bool = False
) -> pd.DataFrame:
    """A row per dataset; per model its score, log-loss, calibration error, seconds of fit and predict, and interval."""
    models = {"MajorityVote": MajorityVote, "LabelModel": LabelModel} if models is None else models
    check_votes([[0, 1]])  # compile before anything is timed
    for k in (2, 3):
        LabelModel(classes=k).fit([[0, 1], [1, 1]])
    rows = {}
    for name in names:
        votes, y, k = all_rows(root / name)
        where = (votes >= 0).any(axis=1)
        scored = where & (y >= 0)
        row: dict[tuple[str, str], object] = {}
        majority = MajorityVote(classes=k).fit(votes).predict_proba(votes)
        for label, model in models.items():
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotConvergedWarning)  # some do not settle on some sets
                probs = model(classes=k).fit(votes).predict_proba(votes)
            row[label, "seconds"] = time.perf_counter() - start
            row[label, "score"] = score(name, y, probs, where)
            row[label, "log-loss"] = metrics.log_loss(y, probs, where=where)
            row[label, "ECE"] = calibration_error(y[scored], probs[scored])
            if resample:
                low, high = interval(name, y[scored], probs[scored], majority[scored])
                row[label, "to MV"] = f"{low:+.1f} {high:+.1f}"
        rows[name] = row
        sys.stderr.write(f"{name}\n")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("set")


def report(table: pd.DataFrame, models: list[str]) -> str:
    """The tables as text."""
    numbers = {what: table.xs(what, axis=1, level=1)[models] for what in ("score", "log-loss", "ECE", "seconds")}
    gains = numbers["score"].sub(numbers["score"]["MajorityVote"], axis=0)
    means = {}
    for group, members in GROUPS.items():
        if set(members) <= set(table.index):
            for what in ("score", "log-loss", "ECE"):
                means[f"{what}, mean of {len(members)} {group}"] = numbers[what].loc[members].mean()
    means["worst loss to MajorityVote"] = -gains.min()
    means["seconds in all"] = numbers["seconds"].sum()
    parts = ["Means\n", pd.DataFrame(means).round(2).to_string()]
    for what, title in (
        ("score", "Score: F1 of class 1 on sms, census, spouse, spouse_cage10 and tennis, else accuracy; percent"),
        ("log-loss", "Log-loss, nats"),
        ("ECE", "Calibration error of the top class, 15 bins"),
        ("seconds", "Seconds of one fit and predict"),
    ):
        parts += [f"\n{title}\n", numbers[what].T.round(2).to_string()]
    if (models[-1], "to MV") in table:
        parts += [
            "\n95 % bootstrap interval of the score less majority vote's\n",
            table.xs("to MV", axis=1, level=1)[models[1:]].T.to_string(),
        ]
    return "\n".join(parts)


def main() -> int:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", help="names, separated by commas; majority vote always stands beside them")
    parser.add_argument("--sets", help="names of folders, separated by commas")
    parser.add_argument("--markdown", type=Path, help="write the tables to a file")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder")
    models = all_models()
    if given.models:
        unknown = set(given.models.split(",")) - set(models)
        if unknown:
            parser.error(f"no such label models: {', '.join(sorted(unknown))}; there are {', '.join(models)}")
        models = {name: model for name, model in models.items() if name in {"MajorityVote", *given.models.split(",")}}
    names = given.sets.split(",") if given.sets else all_sets(given.folder)
    text = report(score_all(given.folder, names, models, resample=True), list(models))
    print(text)
    if given.markdown:
        host = (
            f"{platform.machine()}, {os.cpu_count()} cores, {n_threads()} threads, Python {platform.python_version()}"
        )
        given.markdown.write_text(
            f"# Label models on public votes\n\n    python tests/bench/label_models.py FOLDER --markdown FILE\n\n"
            f"{host}, numpy {np.__version__}. Nothing here is random but the restarts of MACE and EBCC and the "
            f"bootstrap, whose seeds are 0.\n\n```\n{text}\n```\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
