"""Measure the room of trust: unknown classes, doubtful answers, audits, guarantees.

``python tests/bench/trust.py [FOLDER] [--runs 1000] [--markdown FILE]`` prints tables; FOLDER holds public label
matrices with gold, and adds them to those of audits and guarantees. All arguments are the defaults. Beside what is
measured stand random-feature ridge and an end model trained on the most certain rows alone.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from weaklab.datasets import load_votes, make_votes
from weaklab.end_models import EndModel, RandomFeatureClassifier
from weaklab.exceptions import CoverageWarning
from weaklab.label_models import LabelModel
from weaklab.metrics import expected_calibration_error
from weaklab.trust import Harmonizer, PredictionSets, Rejector, SelectivePredictor, audit, reroute, score_interval

sys.path.insert(0, str(Path(__file__).parent))  # whoever imports this file

SETS = ("youtube", "trec", "census", "mushroom")
SEEDS = (0, 1, 2)
GOLD = 200


def open_sets() -> pd.DataFrame:
    """Rows 45 and 54: AUROC, FPR95 and OSCR in percent, means of seeds, of the scores and of random-feature ridge."""
    import trust_case as case

    lines: dict[str, list[float]] = {}
    for row, seeds, report_of, classes in (
        ("45", SEEDS, case.familiar_unknowns, 5),
        ("54", range(5), lambda seed: case.unknown_digits(seed)[-1], 6),
    ):
        reports = [pd.concat([report_of(seed), _ridge_on_digits(seed, classes)]) for seed in seeds]
        mean = sum(reports) / len(reports)
        for score in reports[0].index:
            lines[f"row {row}, {score}"] = (100 * mean.loc[score, ["auroc", "fpr95", "oscr", "accuracy"]]).tolist()
    return pd.DataFrame.from_dict(lines, orient="index", columns=["AUROC", "FPR95", "OSCR", "accuracy"])


def _ridge_on_digits(seed: int, classes: int) -> pd.DataFrame:
    """The same split; ridge on random features of the pixels, and neighbours by the pixels."""
    import trust_case as case

    from weaklab.trust import open_set_report

    X, X_test, y, y_test = case.digits(seed)
    chosen = np.random.default_rng(seed).permutation(10)[:classes]
    known, known_test = np.isin(y, chosen), np.isin(y_test, chosen)
    model = RandomFeatureClassifier(random_state=seed).fit(X[known], y[known])
    parts = X_test[known_test], y_test[known_test], X_test[~known_test]
    report = open_set_report(model, *parts, rejector=Rejector().fit(X[known]))
    return report.loc[["msp", "knn"]].set_axis(["msp of random-feature ridge", "knn of the pixels"])


def answers() -> pd.DataFrame:
    """Row 50: AUROC of the risk, percent right after the riskiest tenth is replaced, and ECE, on new rows."""
    import trust_case as case

    lines = []
    for errors in ("boundary", "rule", "random"):
        for seed in SEEDS:
            world = case.answered(seed, errors)
            old, new = slice(0, None, 2), slice(1, None, 2)
            X, y, given = world.X[new], world.y[new], world.answers[new]
            wrong = given != y
            for name, probs in _judges(world, old, X, seed):
                risk = 1 - probs[np.arange(len(y)), given]
                best = probs.argmax(axis=1)
                after = reroute(given, risk, lambda rows, best=best: best[rows], budget=0.1)
                ece = expected_calibration_error(y, probs)
                lines.append((errors, name, roc_auc_score(wrong, risk), 100 * (after == y).mean(), ece))
            disagreement = case.majority_disagreement(world)[new]
            lines.append((errors, "votes against", roc_auc_score(wrong, disagreement), np.nan, np.nan))
            lines.append((errors, "answers as they are", np.nan, 100 * (~wrong).mean(), np.nan))
    table = pd.DataFrame(lines, columns=["errors", "judge", "AUROC", "after", "ECE"])
    return table.groupby(["errors", "judge"], sort=False).mean()


def _judges(world: Any, old: slice, X: np.ndarray, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Probabilities of new rows, of models that see votes and answers of the others."""
    own, votes, given = world.X[old], world.votes[old], world.answers[old]
    harmonizer = Harmonizer(random_state=seed).fit(own, votes, given)
    yield "Harmonizer", harmonizer.predict_proba(X)
    yield "Harmonizer, not calibrated", harmonizer.model_.predict_proba(X)
    yield (
        "fitted to answers alone",
        Harmonizer(random_state=seed, calibrator=None).fit(own, given[:, None]).predict_proba(X),
    )
    table = np.column_stack([votes, given])
    soft = LabelModel(classes=2).fit(table).labels(table)
    yield "random-feature ridge", RandomFeatureClassifier(random_state=seed).fit(own, soft).predict_proba(X)
    certain = EndModel(which="confident", random_state=seed, progress=False).fit(own, soft)
    yield "certain rows only", certain.predict_proba(X)
    yield "end model", EndModel(random_state=seed, progress=False).fit(own, soft).predict_proba(X)


def labelled(folder: Path | None) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Soft labels and gold: planted votes, and the train splits of public sets."""
    for k, seed in ((2, 0), (4, 1)):
        planted = make_votes(n=4000, k=k, coverage=0.5, hard=0.1, random_state=seed)
        yield f"planted, {k} classes", LabelModel(classes=k).fit(planted.votes).labels(planted.votes), planted.y
    for name in SETS if folder is not None else ():
        votes = load_votes(folder / name)["train"]  # type: ignore[operator]
        k = 1 + int(max(votes.y.max(), votes.votes.to_numpy().max()))
        known = votes.y >= 0
        shown = votes.votes.to_numpy()[known]
        yield name, LabelModel(classes=k).fit(shown).labels(shown), votes.y[known]


def audits(name: str, soft: Any, y: np.ndarray, runs: int) -> list[Any]:
    """How often the interval of 200 rows held the truth, and what it takes simple random sampling to be as narrow."""
    truth = float((soft.codes() == y)[soft.covered].mean())
    found = [(plan := audit(soft, GOLD, random_state=run)).estimate(y[plan.rows]) for run in range(runs)]
    held = np.mean([one.low <= truth <= one.high for one in found])
    bias = np.mean([one.accuracy for one in found]) - truth
    width = float(np.mean([one.high - one.low for one in found]))
    size = int(soft.covered.sum())
    ratio = GOLD / _simple_rows(width, truth, size)
    return [name, size, 100 * truth, 100 * held, 100 * bias, 100 * width, ratio]


def _simple_rows(width: float, truth: float, size: int) -> float:
    """The least number of rows drawn from all whose interval is on average as narrow, by drawing them."""
    rng, low, high = np.random.default_rng(0), 20, size
    while high - low > 1:
        n = (low + high) // 2
        hits = rng.hypergeometric(round(truth * size), size - round(truth * size), n, 300).astype(float)
        bounds = [score_interval(np.array([h]), np.array([float(n)]), np.array([float(size)]), 0.95) for h in hits]
        low, high = (low, n) if np.mean([b - a for a, b in bounds]) <= width else (n, high)
    return float(high)


def guarantees(name: str, soft: Any, y: np.ndarray, runs: int) -> list[Any]:
    """Sets of 90 %, and an error share a third below that of all rows: from 200 drawn gold rows, on the others."""
    soft, y = soft[soft.covered], y[soft.covered]
    wrong = soft.codes() != y
    risk = round(float(wrong.mean()) / 1.5, 3)
    held, size, exceeded, kept_share = [], [], [], []
    for run in range(runs):
        drawn = np.random.default_rng(run).permutation(len(y))
        gold, rest = drawn[:GOLD], drawn[GOLD:]
        sets = PredictionSets(alpha=0.1).fit(soft[gold], y[gold]).predict(soft[rest])
        held.append(sets[np.arange(len(rest)), y[rest]].mean())
        size.append(sets.sum(axis=1).mean())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)
            model = SelectivePredictor(risk=risk).fit(soft[gold], y[gold])
        kept = soft.confidence[rest] >= model.threshold_
        exceeded.append(bool(kept.any() and wrong[rest][kept].mean() > risk))
        kept_share.append(kept.mean())
    shares = [np.mean(held), risk, np.mean(exceeded), np.mean(kept_share)]
    return [name, 100 * shares[0], float(np.mean(size)), *(100 * share for share in shares[1:])]


def page(folder: Path | None, runs: int) -> str:
    """All tables, with their conditions."""
    from host import host, load, versions
    from label_models import markdown

    busy = load()
    opened, judged = open_sets(), answers()
    worlds = list(labelled(folder))
    audited = [audits(*world, runs) for world in worlds]
    promised = [guarantees(*world, min(runs, 300)) for world in worlds]
    of_open = [
        ["", *opened.columns],
        *([name, *(f"{x:.1f}" for x in row)] for name, row in zip(opened.index, opened.to_numpy(), strict=True)),
    ]
    of_judges = [["errors", "judge", "AUROC of risk", "right after", "ECE"]]
    for (errors, judge), row in zip(judged.index, judged.to_numpy(), strict=True):
        shown = [f"{row[0]:.3f}", f"{row[1]:.1f}", f"{row[2]:.3f}"]
        of_judges.append([errors, judge, *("" if np.isnan(x) else text for x, text in zip(row, shown, strict=True))])
    of_audits = [["", "rows", "right", "held the truth", "bias", "width", "gold rows / simple"]]
    of_audits += [
        [n, f"{s:,}", f"{t:.1f}", f"{h:.1f}", f"{b:+.2f}", f"{w:.1f}", f"{r:.2f}"] for n, s, t, h, b, w, r in audited
    ]
    of_sets = [["", "sets held it", "classes in a set", "risk asked", "exceeded in", "rows kept"]]
    of_sets += [[n, f"{h:.1f}", f"{s:.2f}", f"{r:.1f}", f"{e:.1f}", f"{k:.1f}"] for n, h, s, r, e, k in promised]
    return (
        "# What to trust\n\n"
        f"    python tests/bench/trust.py{' FOLDER' if folder else ''} --runs {runs} --markdown FILE\n\n"
        f"{host()}, {versions('numpy', 'scipy', 'scikit-learn', 'torch')}; {busy}.\n\n"
        "## Unknown classes\n\n"
        "Digits, in percent. Row 45: an encoder trained on ten classes, a linear probe on five of them, the other five "
        "unknown to it; seeds 0 to 2. Row 54: a network trained on six classes, four unknown; seeds 0 to 4. Random-"
        "feature ridge and neighbours of the pixels see the known classes alone.\n\n"
        f"{markdown(of_open)}\n\n"
        "## Doubtful answers\n\n"
        "Row 50: two classes, answers of which a fifth is wrong, eight labeling functions of accuracy .55 to .75; half "
        "of 4,000 rows fitted to, the others judged; means of seeds 0 to 2. The riskiest tenth of the answers is "
        "replaced by the judge's own. Ridge and end models are trained on LabelModel's labels of votes and answers.\n\n"
        f"{markdown(of_judges)}\n\n"
        "## Audits\n\n"
        f"LabelModel's labels of covered rows, {GOLD} gold rows of them asked, intervals of 95 %; {runs:,} runs, in "
        "percent. The last column is how many gold rows the audit takes for each one of simple random sampling, whose "
        "intervals (Wilson's, drawn anew) are as narrow on average.\n\n"
        f"{markdown(of_audits)}\n\n"
        "## Guarantees\n\n"
        f"From {GOLD} gold rows drawn at random, on all others, {min(runs, 300)} draws, in percent. Sets are to hold "
        "the true class in 90. The share of errors among kept rows is to be two thirds of that among all, with "
        "probability 95: it may be exceeded in 5.\n\n"
        f"{markdown(of_sets)}\n"
    )


def main() -> int:
    """Print the tables, or write them too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    if given.folder and (absent := [name for name in SETS if not (given.folder / name).is_dir()]):
        parser.error(f"{given.folder} does not hold {', '.join(absent)}")
    text = page(given.folder, given.runs)
    print(text)
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
