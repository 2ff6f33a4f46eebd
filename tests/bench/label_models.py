"""Score the label models on public label matrices with gold.

``python tests/bench/label_models.py FOLDER`` prints a table: a row per dataset in FOLDER, a column per label model.
Each model is fitted on all rows of all splits, without gold, and scored on the rows that have a vote and gold; exact
ties count in expectation. F1 of class 1 where the benchmark that published the set reports it, else accuracy.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import weaklab as wl
from weaklab import datasets, metrics
from weaklab.exceptions import NotConvergedWarning
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
MODELS = {"MajorityVote": wl.MajorityVote, "DawidSkene": wl.DawidSkene, "LabelModel": wl.LabelModel}


def all_rows(folder: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """The votes (n, m) and gold (n,) of all splits, and the number of classes."""
    splits = datasets.load_votes(folder).values()
    votes = np.vstack([split.votes.to_numpy() for split in splits])
    return votes, np.concatenate([split.y for split in splits]), next(iter(splits)).k


def score(name: str, y: np.ndarray, probs: np.ndarray, where: np.ndarray) -> float:
    """The set's own score in percent, ties in expectation."""
    rule = metrics.expected_f1 if name in F1_SETS else metrics.expected_accuracy
    return 100 * rule(y, probs, where=where)


def score_all(root: Path, names: list[str]) -> pd.DataFrame:
    """A row per dataset; per model its score, its log-loss, and the seconds that fit and predict took."""
    check_votes([[0, 1]])  # compile before anything is timed
    wl.LabelModel().fit([[0, 1], [1, 1]])
    rows = {}
    for name in names:
        votes, y, k = all_rows(root / name)
        where = (votes >= 0).any(axis=1)
        row = {}
        for label, model in MODELS.items():
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotConvergedWarning)  # Dawid-Skene does not settle on two sets
                probs = model(classes=k).fit(votes).predict_proba(votes)
            row[label, "seconds"] = time.perf_counter() - start
            row[label, "score"] = score(name, y, probs, where)
            row[label, "log-loss"] = metrics.log_loss(y, probs, where=where)
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("set")


def main() -> int:
    """Print the table and the means."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.stderr.write(f"{__doc__}\n")
        return 2
    root = Path(sys.argv[1])
    names = [name for group in GROUPS.values() for name in group if (root / name).is_dir()]
    table = score_all(root, names)
    columns = [(model, what) for what in ("score", "log-loss", "seconds") for model in MODELS]
    print(table[columns].round(2).to_string())
    for group, members in GROUPS.items():
        if set(members) <= set(names):
            print(f"\nmean over {group} ({len(members)}):")
            print(table.loc[members, columns[:6]].mean().round(2).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
