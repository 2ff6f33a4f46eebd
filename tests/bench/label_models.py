"""Score the label models on public label matrices with gold.

``python tests/bench/label_models.py FOLDER [--models A,B] [--sets a,b] [--limit SECONDS] [--markdown FILE]`` prints
every label model on every set of FOLDER that has votes for one class each. Each model is fitted on all rows of all
splits, without gold, and scored on the rows that have a vote and gold. F1 of class 1 where the benchmark that published
the set reports it, else accuracy; exact ties count in expectation. Beside it: log-loss, calibration error of the top
class (15 bins), seconds of fit and predict, and a 95 % bootstrap interval (500 resamples of the scored rows) of the
score less majority vote's. A model that fails, or takes longer than the limit, is shown as such.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weaklab import datasets, label_models, metrics
from weaklab.label_models import BaseLabelModel, LabelModel, MajorityVote

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
BINS = 15
SEED = 0
#: What is reported of each model and set, with its title and digits.
NUMBERS = {
    "score": (f"Score, percent: F1 of class 1 on {', '.join(sorted(F1_SETS))}, else accuracy", 2),
    "log-loss": ("Log-loss, nats", 3),
    "ECE": (f"Calibration error of the top class, {BINS} bins of equal width", 3),
    "seconds": ("Seconds of one fit and predict", 2),
}
RULES = (
    "Each model is fitted on all rows of all splits, without gold, with its default arguments, and scored on the rows "
    "that have a vote and gold. Ties count in expectation: of c classes that share the highest probability each counts "
    "1/c, in the score and in the calibration error alike. Intervals: 2.5 % and 97.5 % of the score less majority "
    f"vote's over {RESAMPLES} bootstrap resamples of the scored rows, the same for all models. A mean or a worst loss "
    "over sets of which a model did not finish one is left open: -."
)

Models = dict[str, type[BaseLabelModel]]


class OverLimit(Exception):
    """A model took longer than it may."""


@contextmanager
def time_limit(seconds: int | None) -> Iterator[None]:
    """Raise OverLimit in the main thread after so many seconds; not inside a kernel, but when it returns."""
    if seconds is None:
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        raise OverLimit(f"over {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def all_models() -> Models:
    """Every label model that takes one class per vote, majority vote first."""
    names = [
        name
        for name in label_models.__all__
        if name not in RICH | {"BaseLabelModel", "MajorityVote"}
        and issubclass(getattr(label_models, name), BaseLabelModel)
    ]
    return {"MajorityVote": MajorityVote} | {name: getattr(label_models, name) for name in sorted(names, key=str.lower)}


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


def score(name: str, y: np.ndarray, probs: np.ndarray, where: np.ndarray | None = None) -> float:
    """The set's own score in percent, ties in expectation."""
    rule = metrics.expected_f1 if name in F1_SETS else metrics.expected_accuracy
    return 100 * rule(y, probs, where=where)


def row_parts(name: str, y: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """What each row adds to the numerator and the denominator of the score, (n, 2): a resample is then two sums."""
    tied = probs >= probs.max(axis=1, keepdims=True) - metrics.TIE
    credit = tied / tied.sum(axis=1, keepdims=True)
    if name in F1_SETS:
        return np.column_stack([2 * credit[:, 1] * (y == 1), credit[:, 1] + (y == 1)])
    return np.column_stack([credit[np.arange(len(y)), y], np.ones(len(y))])


def resampled_scores(parts: np.ndarray) -> np.ndarray:
    """The score of each bootstrap resample, (RESAMPLES,); the same rows for every model on a set."""
    rng = np.random.default_rng(SEED)
    scores = np.zeros(RESAMPLES)
    for b in range(RESAMPLES):
        above, below = np.bincount(rng.integers(len(parts), size=len(parts)), minlength=len(parts)) @ parts
        scores[b] = 100 * above / below if below else 0.0
    return scores


def numbers_of(name: str, y: np.ndarray, probs: np.ndarray) -> dict[str, float]:
    """Score, log-loss and calibration error on scored rows."""
    return {
        "score": score(name, y, probs),
        "log-loss": metrics.log_loss(y, probs),
        "ECE": metrics.expected_calibration_error(y, probs, bins=BINS),
    }


def one_model(
    model: type[BaseLabelModel], name: str, rows: tuple[np.ndarray, np.ndarray, int], *, limit: int | None
) -> tuple[dict[str, Any], np.ndarray | None]:
    """What is reported of one model on one set, and its probabilities of the scored rows; None where it failed."""
    votes, y, k = rows
    scored = (votes >= 0).any(axis=1) & (y >= 0)
    out: dict[str, Any] = dict.fromkeys(NUMBERS, np.nan) | {"failed": "", "said": ""}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            start = time.perf_counter()
            with time_limit(limit):
                probs = model(classes=k).fit(votes).predict_proba(votes)[scored]
            out["seconds"] = time.perf_counter() - start
            out |= numbers_of(name, y[scored], probs)
        except OverLimit as error:
            return out | {"failed": str(error)}, None
        except Exception as error:  # noqa: BLE001 - whatever a model raises is its result here
            return out | {"failed": f"{type(error).__name__}: {error}"}, None
    out["said"] = ", ".join(sorted({type(one.message).__name__ for one in caught}))
    return out, probs


def warm_up(models: Models) -> None:
    """Compile the kernels, or load them from the disk, before anything is timed."""
    for k in (2, 3):
        planted = datasets.make_votes(n=300, m=6, k=k)
        for model in models.values():
            one_model(model, "small", (planted.votes.to_numpy(), planted.y, k), limit=None)


def score_all(
    root: Path, names: list[str], models: Models | None = None, *, resample: bool = False, limit: int | None = None
) -> pd.DataFrame:
    """A row per set; per model its score, log-loss, calibration error, seconds, what it said, and interval."""
    models = {"MajorityVote": MajorityVote, "LabelModel": LabelModel} if models is None else models
    warm_up(models)
    rows = {}
    for name in names:
        votes, y, k = all_rows(root / name)
        row: dict[tuple[str, str], Any] = {}
        majority = None
        for label, model in models.items():
            out, probs = one_model(model, name, (votes, y, k), limit=limit)
            if resample and probs is not None:
                scored = (votes >= 0).any(axis=1) & (y >= 0)
                scores = resampled_scores(row_parts(name, y[scored], probs))
                majority = scores if label == "MajorityVote" else majority
                if majority is not None:
                    low, high = np.quantile(scores - majority, [0.025, 0.975])
                    out["to MV"] = f"{low:+.1f} {high:+.1f}"
            row |= {(label, what): value for what, value in out.items()}
            sys.stderr.write(f"{name} {label}: {out['failed'] or format(out['score'], '.2f')}\n")
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("set")


def markdown(rows: list[list[str]]) -> str:
    """A table, first row its head, that reads well as text too."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |" for row in rows]
    rule = "| " + " | ".join(["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def means_table(table: pd.DataFrame, models: list[str]) -> str:
    """Means over the groups and the worst loss to majority vote, a row per model."""
    groups = {group: members for group, members in GROUPS.items() if set(members) <= set(table.index)}
    heads = [f"{what}, {len(members)} {group}" for group, members in groups.items() for what in list(NUMBERS)[:3]]
    rows = [["model", *heads, "worst loss to MajorityVote", "seconds in all"]]
    for model in models:
        mine = table[model]
        row = [model]
        for members in groups.values():
            for what, (_, digits) in list(NUMBERS.items())[:3]:
                row.append(_number(mine.loc[members, what].mean(skipna=False), digits))
        loss = table["MajorityVote", "score"] - mine["score"]
        worst = "-" if loss.isna().any() else f"{max(loss.max(), 0):.2f}"
        row.append(worst if worst in {"-", "0.00"} else f"{worst} ({loss.idxmax()})")
        rows.append([*row, _number(mine["seconds"].sum(skipna=False), 2)])
    return markdown(rows)


def set_table(table: pd.DataFrame, models: list[str], what: str, digits: int) -> str:
    """One number, a row per set and a column per model."""
    rows = [["set", *models]]
    for name in table.index:
        cells = [
            _number(table.loc[name, (model, what)], digits) if not (bad := table.loc[name, (model, "failed")]) else
            (bad if bad.startswith("over") else "failed")
            for model in models
        ]  # fmt: skip
        rows.append([name, *cells])
    return markdown(rows)


def said_list(table: pd.DataFrame, models: list[str]) -> str:
    """Failures in full, and the kinds of warnings."""
    lines = []
    for model in models:
        mine = table[model]
        lines += [f"- {model} on {name}: {bad}" for name, bad in mine["failed"].items() if bad]
        for said in sorted(set(mine["said"]) - {""}):
            lines.append(f"- {model} warned ({said}) on {', '.join(mine.index[mine['said'] == said])}")
    return "\n".join(lines) or "No model failed, none warned."


def report(table: pd.DataFrame, models: list[str]) -> str:
    """The tables as markdown."""
    parts = ["## Means\n", means_table(table, models)]
    parts += [f"\n## {title}\n\n{set_table(table, models, what, digits)}" for what, (title, digits) in NUMBERS.items()]
    others = [model for model in models if (model, "to MV") in table and model != "MajorityVote"]
    if others:
        cells = [[name, *(_text(table.loc[name, (model, "to MV")]) for model in others)] for name in table.index]
        parts += ["\n## 95 % interval of the score less majority vote's\n", markdown([["set", *others], *cells])]
    return "\n".join([*parts, "\n## What went wrong\n", said_list(table, models)])


def _number(value: float, digits: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "-"


def chosen(given: str | None, there: list[str], what: str, parser: argparse.ArgumentParser) -> list[str]:
    """The names given, in the order of those there are."""
    wanted = given.split(",") if given else there
    if unknown := sorted(set(wanted) - set(there)):
        parser.error(f"no such {what}: {', '.join(unknown)}; there are {', '.join(there)}")
    return [name for name in there if name in wanted]


def main() -> int:
    """Print the tables, or write them too."""
    from host import cores, host, load, versions

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", help="names, separated by commas; majority vote always stands beside them")
    parser.add_argument("--sets", help="names of folders, separated by commas")
    parser.add_argument("--limit", type=int, default=120, help="seconds that a model may take on a set (120)")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder")
    models = all_models()
    names = chosen(given.models, list(models), "label models", parser)
    models = {name: model for name, model in models.items() if name in {"MajorityVote", *names}}
    sets = chosen(given.sets, all_sets(given.folder), "sets", parser)
    if not sets:
        parser.error(f"{given.folder} holds no sets: folders with a meta.json")
    options = "".join(
        f" --{option} {value}" for option, value in (("models", given.models), ("sets", given.sets)) if value
    )
    busy = load()
    table = score_all(given.folder, sets, models, resample=True, limit=given.limit)
    text = (
        f"# Label models on public votes\n\n"
        f"    python tests/bench/label_models.py FOLDER{options} --limit {given.limit} --markdown FILE\n\n"
        f"{host()}, {versions('numpy', 'scipy', 'pandas', 'numba')}; {cores()} threads; seed {SEED} of the models that "
        f"draw (their default) and of the bootstrap. One run, kernels compiled before it; {busy}.\n\n{RULES}\n\n"
        f"Left out: sequences, and {' and '.join(sorted(RICH))}, whose kinds of votes these sets do not hold.\n\n"
        f"{report(table, list(models))}\n"
    )
    print(text)
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
