"""Refine labels: in the worlds of the papers' experiments, and on public sets with the end model trained on both.

``python tests/bench/refine.py FOLDER [--sets a,b] [--seeds 3] [--markdown FILE]`` prints three tables. The first is of
the experiments of ``refine_case.py``: labels before and after, with random-feature ridge, and the same on the surer
half of the labels, beside them. The others are of the docstring corpus, with the labeling functions of
``examples/01_docstrings.py``, and the sets of FOLDER: ``LabelModel`` is fitted on the votes of the train split, without
gold; its soft labels are refined, and end models trained on them are scored on test. All arguments are the defaults;
how far ``GaussianRefiner`` trusts its mixture was chosen with a look at the train gold of these sets, never at test.

To add a refiner, add a line to ``REFINERS``; to add an experiment, one to ``EXPERIMENTS`` in ``refine_case.py``.
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
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import f1_score

from weaklab.end_models import EndModel, FeaturePlan, RandomFeatureClassifier
from weaklab.label_models import LabelModel
from weaklab.refine import AlternatingSelection, BiasRemover, GaussianRefiner, OnlineMining, extend_votes
from weaklab.votes import SoftLabels

sys.path.insert(0, str(Path(__file__).parent))  # whoever imports this file

from objectives import F1_SETS, Split, docstrings, public
from refine_case import EXPERIMENTS, TRAINED, Experiment

SETS = ("docstrings", "youtube", "trec", "census", "mushroom")
COMPONENTS = 128  # of texts
BEFORE = "as they are"

#: A refiner per seed; those that need a metric or groups have no place here, as these sets have none.
REFINERS: dict[str, Callable[[int], Any]] = {
    "GaussianRefiner": lambda seed: GaussianRefiner(),
    "BiasRemover": lambda seed: BiasRemover(random_state=seed),
    "AlternatingSelection": lambda seed: AlternatingSelection(random_state=seed),
    "OnlineMining": lambda seed: OnlineMining(random_state=seed),
    "OnlineMining >> GaussianRefiner": lambda seed: OnlineMining(random_state=seed) >> GaussianRefiner(),
}


def ridge(seed: int, **options: Any) -> RandomFeatureClassifier:
    """Random-feature ridge, the baseline of row 57."""
    return RandomFeatureClassifier(random_state=seed, **options)


def experiment_scores(experiment: Experiment, seed: int) -> dict[str, float]:
    """Percent right of the labels of weight above 0, and what ridge trained on them says of all rows."""
    world = experiment.world(seed)
    refined = experiment.refiner(seed).fit_transform(world.labels, world.Z, world.groups, allowed=world.allowed)
    surer = world.labels.confidence >= np.median(world.labels.confidence[world.labels.covered])
    certain = world.labels.replace(weight=1.0 * (world.labels.covered & surer))

    def said(labels: SoftLabels) -> float:
        predicted = ridge(seed).fit(world.Z, labels).predict(world.Z)
        return 100 * float((predicted == world.y)[world.unknown].mean())

    return {
        "before": world.accuracy(world.labels),
        "after": world.accuracy(refined),
        "rows after": 100 * float(refined.covered.mean()),
        "ridge": said(world.labels),
        "ridge, surer half": said(certain),
        "ridge, after": said(refined),
    }


def experiments_table(seeds: int) -> list[list[str]]:
    """A row per experiment, head first: means over seeds."""
    rows: list[list[str]] = []
    for experiment in EXPERIMENTS.values():
        start = time.perf_counter()
        means = pd.DataFrame([experiment_scores(experiment, seed) for seed in range(seeds)]).mean()
        gain = means["after"] - means["before"]
        sys.stderr.write(f"  {experiment.what}: {gain:+.1f} ({time.perf_counter() - start:.0f} s)\n")
        rows = rows or [["experiment", "row", *means.index, "gain", "asked"]]
        rows.append(
            [experiment.what, experiment.row, *(f"{one:.1f}" for one in means), f"{gain:+.1f}", f"{experiment.gain:+g}"]
        )
    return rows


def trained_tables(seeds: int) -> list[tuple[str, list[list[str]]]]:
    """Of what is measured by a model alone: what it is, and all its scores, means over seeds."""
    found: dict[Any, pd.Series] = {}
    tables: dict[Any, tuple[str, list[list[str]]]] = {}
    for row, what, score, one, other, asked in TRAINED.values():
        if score not in found:
            start = time.perf_counter()
            found[score] = pd.DataFrame([score(seed) for seed in range(seeds)]).mean()
            sys.stderr.write(f"  {what} ({time.perf_counter() - start:.0f} s)\n")
        gain = found[score][one] - found[score][other]
        verdict = f"Row {row}, {what}: {gain:+.1f} of {asked:+g} asked{'' if gain >= asked else ', **missed**'}."
        said = f"{tables[score][0]} {verdict}" if score in tables else verdict
        scores = [["trained on", "right"], *([name, f"{value:.1f}"] for name, value in found[score].items())]
        tables[score] = (said, scores)
    return [*tables.values()]


def features(X: Any) -> np.ndarray:
    """What refiners read: texts as 128 components of their n-grams, each of length 1; tables standardised."""
    found = FeaturePlan().fit_transform(X)
    if not sp.issparse(found):
        return np.asarray(found)
    rows = TruncatedSVD(COMPONENTS, random_state=0).fit_transform(found)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def compare(train: Split, test: Split, seeds: int, f1: bool) -> pd.DataFrame:
    """A row per way of labelling: labels right, rows labelled, and the end model's score on test, means of seeds."""
    (votes, X, gold), (_, test_X, y) = train, test
    k = 1 + int(max(gold.max(), y.max(), votes.max()))
    Z = features(X)
    labels = LabelModel(classes=k).fit(votes).labels(votes)

    def extended(seed: int) -> SoftLabels:
        longer = extend_votes(votes, Z, classes=k, random_state=seed)
        return LabelModel(classes=k).fit(longer).labels(longer)

    ways: dict[str, tuple[Callable[[int], SoftLabels], Callable[[int], Any]]] = {
        BEFORE: (lambda seed: labels, _end_model),
        "as they are, random-feature ridge": (lambda seed: labels, ridge),
        "as they are, surer half": (lambda seed: labels, lambda seed: _end_model(seed, which="confident")),
        "votes extended": (extended, _end_model),
    }
    for name, make in REFINERS.items():
        ways[name] = (lambda seed, make=make: make(seed).fit_transform(labels, Z), _end_model)
    rows = {}
    for name, (label, model) in ways.items():
        start, found = time.perf_counter(), []
        for seed in range(seeds):
            soft = label(seed)
            scored = soft.covered & (gold >= 0)
            predicted = model(seed).fit(X, soft).predict(test_X)
            score = f1_score(y, predicted) if f1 else (predicted == y).mean()
            found.append((100 * (soft.codes() == gold)[scored].mean(), 100 * soft.covered.mean(), 100 * score))
        rows[name] = (*np.mean(found, axis=0), np.std(found, axis=0)[2])
        sys.stderr.write(f"  {name}: {rows[name][0]:.1f} {rows[name][2]:.1f} ({time.perf_counter() - start:.0f} s)\n")
    return pd.DataFrame.from_dict(rows, orient="index", columns=["right", "rows", "score", "spread"])


def _end_model(seed: int, **options: Any) -> EndModel:
    return EndModel(random_state=seed, progress=False, **options)


def labels_table(found: dict[str, pd.DataFrame]) -> list[list[str]]:
    """Labels right and rows labelled, a row per way that changes labels."""
    rows = [["labels", *found]]
    for way in next(iter(found.values())).index:
        if way == BEFORE or not way.startswith(BEFORE):
            cells = [table.loc[way] for table in found.values()]
            rows.append([way, *(f"{one['right']:.1f} ({one['rows']:.0f} %)" for one in cells)])
    return rows


def scores_table(found: dict[str, pd.DataFrame]) -> list[list[str]]:
    """The score of the end model, and how far it is from that of labels as they are."""
    rows = [["trained on labels", *(f"{name}, F1" if name in F1_SETS else name for name in found), "mean gain"]]
    for way in next(iter(found.values())).index:
        gains = [table.loc[way, "score"] - table.loc[BEFORE, "score"] for table in found.values()]
        shown = [f"{table.loc[way, 'score']:.1f} ± {table.loc[way, 'spread']:.1f}" for table in found.values()]
        if way != BEFORE:
            shown = [f"{one} ({gain:+.1f})" for one, gain in zip(shown, gains, strict=True)]
        rows.append([way, *shown, "" if way == BEFORE else f"{np.mean(gains):+.1f}"])
    return rows


def main() -> int:
    """Print the tables, or write them too."""
    from host import host, load, versions
    from label_models import markdown

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", default=",".join(SETS), help="separated by commas; docstrings need no folder")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    names = given.sets.split(",")
    if absent := [name for name in names if name != "docstrings" and not (given.folder / name).is_dir()]:
        parser.error(f"{given.folder} does not hold {', '.join(absent)}")
    busy = load()
    sys.stderr.write("experiments\n")
    experiments = experiments_table(given.seeds)
    trained = trained_tables(given.seeds)
    found = {}
    for name in names:
        sys.stderr.write(f"{name}\n")
        train, test = docstrings() if name == "docstrings" else public(given.folder / name)
        found[name] = compare(train, test, given.seeds, f1=name in F1_SETS)
    options = f" --sets {given.sets}" if names != list(SETS) else ""
    text = (
        "# Labels refined\n\n"
        f"    python tests/bench/refine.py FOLDER{options} --seeds {given.seeds} --markdown FILE\n\n"
        f"{host()}, {versions('torch', 'scikit-learn')}; {busy}. Means of seeds 0 to {given.seeds - 1}.\n\n"
        "## The papers' experiments\n\n"
        "Percent right of the labels of weight above 0, gold rows left out, before and after; how many rows have such "
        "a label afterwards; and what random-feature ridge says of all rows when it is trained on the labels as they "
        "are, on the surer half of them, and on the refined ones. Ridge knows nothing of tags and of distances between "
        "classes. The last column is the gain that the test of the row asks for.\n\n"
        f"{markdown(experiments)}\n\n"
        "Of what is no refiner, models are trained, and scored on test rows; percent right.\n\n"
        + "\n\n".join(f"{said}\n\n{markdown(table)}" for said, table in trained)
        + "\n\n"
        "## Labels of public sets\n\n"
        "Percent of the labels of weight above 0 on train that are right, and how many rows have one. LabelModel "
        f"learns from the votes alone. Refiners read {COMPONENTS} components of texts, or the standardised table. "
        '"Votes extended": the label model learns from votes that near rows borrow.\n\n'
        f"{markdown(labels_table(found))}\n\n"
        "## End models trained on them\n\n"
        f"Percent right on test ({', '.join(F1_SETS)}: F1 of class 1), mean and standard deviation of the end model "
        "with default arguments, and the difference from labels as they are.\n\n"
        f"{markdown(scores_table(found))}\n"
    )
    print(text)
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
