"""What gold rows do for the default label model, on public label matrices with gold.

``python tests/bench/gold_rows.py FOLDER [--gold 30,100,300] [--draws 3] [--sets a,b] [--each]`` fits ``LabelModel`` to
all rows of all splits, with the class of some rows known: drawn from the valid split, from all rows of a crowd. It is
scored on the other rows that have a vote and gold, as in ``label_models.py``. The rules, each of which adds to the one
before:

- no gold;
- a temperature;
- and an offset per class, where held-out gold rows show that it helps;
- clamped: so too, but the members are fitted with the gold rows' classes known;
- default: not clamped, and what each vote counts may be corrected.

On sms the votes of the valid and the test split tell nothing of its labels, as those of the train split do: there gold
is drawn from train.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from weaklab import datasets, metrics
from weaklab.label_models import LabelModel

sys.path.insert(0, str(Path(__file__).parent))  # whoever imports this file

from label_models import GROUPS, markdown, numbers_of

#: The split that gold is drawn from, where it is not valid.
FROM = {"sms": "train"}


class Temperature(LabelModel):
    """The decisions of no gold, with another confidence."""

    _corrections = 1


class Offsets(LabelModel):
    """Calibration only."""

    _corrections = 2


class Clamped(Offsets):
    """Members that are fitted with the gold rows' classes known, then calibrated."""

    def _to_learn_from(self, problem):
        return problem.covered()


RULES = {
    "no gold": None,
    "temperature": Temperature,
    "temperature, offsets": Offsets,
    "clamped": Clamped,
    "default": LabelModel,
}


def rows_of(folder: Path) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
    """Votes (n, m), gold (n,), the number of classes, and the rows from which gold is drawn."""
    splits = datasets.load_votes(folder)
    votes = np.vstack([split.votes.to_numpy() for split in splits.values()])
    y = np.concatenate([split.y for split in splits.values()])
    part = np.repeat(list(splits), [len(split.y) for split in splits.values()])
    chosen = np.ones(len(y), dtype=bool) if "all" in splits else part == FROM.get(folder.name, "valid")
    return votes, y, next(iter(splits.values())).k, np.flatnonzero(chosen & (y >= 0))


def measure(root: Path, name: str, amounts: list[int], draws: int) -> list[dict[str, object]]:
    """Score, log-loss and seconds of each rule, number of gold rows, and draw."""
    votes, y, k, pool = rows_of(root / name)
    covered, out = (votes >= 0).any(axis=1), []
    once = np.inf
    for _ in range(3):  # the first may compile kernels
        start = time.perf_counter()
        plain = LabelModel(classes=k).fit(votes)
        once = min(once, time.perf_counter() - start)
    before = plain.predict_proba(votes)
    for amount in amounts:
        if len(pool) < 1.5 * amount:
            sys.stderr.write(f"{name}: {len(pool)} rows to draw gold from, too few for {amount}\n")
            continue
        for draw in range(draws):
            known = np.random.default_rng([amount, draw]).choice(pool, amount, replace=False)
            gold = np.full(len(y), -1)
            gold[known] = y[known]
            rest = (gold < 0) & (y >= 0)
            for rule, model in RULES.items():
                start = time.perf_counter()
                fitted = plain if model is None else model(classes=k).fit(votes, gold)
                seconds = once if model is None else time.perf_counter() - start
                probs = before if model is None else fitted.predict_proba(votes)
                one = {
                    "set": name,
                    "gold": amount,
                    "draw": draw,
                    "rule": rule,
                    "times": seconds / once,
                    "added": seconds - once,
                }
                one |= numbers_of(name, y[rest & covered], probs[rest & covered])
                if (rest & ~covered).sum() >= 30:
                    one["uncovered"] = metrics.log_loss(y[rest & ~covered], probs[rest & ~covered])
                out.append(one)
    return out


def table_of(table: pd.DataFrame, number: str, digits: int) -> str:
    """A row per rule, a column per group of sets and number of gold rows: the mean over the sets that have them."""
    heads, columns = ["rule"], []
    for group, members in GROUPS.items():
        for amount in sorted(table["gold"].unique()):
            mine = table[table["set"].isin(members) & (table["gold"] == amount)].dropna(subset=[number])
            if len(mine):
                heads.append(f"{mine['set'].nunique()} {group}, {amount} rows")
                columns.append(mine.groupby(["rule", "set"])[number].mean().groupby("rule").mean())
    return markdown([heads, *([rule, *(f"{column[rule]:.{digits}f}" for column in columns)] for rule in RULES)])


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", default="30,100,300", help="how many gold rows, separated by commas")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--sets", help="names of folders, separated by commas")
    parser.add_argument("--each", action="store_true", help="print each set too")
    given = parser.parse_args()
    there = [name for group in GROUPS.values() for name in group if (given.folder / name / "meta.json").exists()]
    names = given.sets.split(",") if given.sets else there
    if unknown := sorted(set(names) - set(there)):
        parser.error(f"no such sets: {', '.join(unknown)}; there are {', '.join(there)}")
    found: list[dict[str, object]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            found += measure(given.folder, name, [int(one) for one in given.gold.split(",")], given.draws)
            sys.stderr.write(f"{name}\n")
    table = pd.DataFrame(found)
    titles = {
        "score": ("Score, percent", 1),
        "log-loss": ("Log-loss, nats", 3),
        "uncovered": ("Log-loss of rows without votes, nats", 3),
        "times": ("Time of a fit, in fits without gold", 1),
        "added": ("What gold adds to the time of a fit, seconds", 2),
    }
    for number, (title, digits) in titles.items():
        print(f"## {title}\n\n{table_of(table, number, digits)}\n")
        if given.each:
            each = table.pivot_table(number, ["gold", "set"], "rule")[list(RULES)]
            print(each.round(digits).to_string(), "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
