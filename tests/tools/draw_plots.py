"""Draw every plot, light and dark, small and large, to be looked at: ``python tests/tools/draw_plots.py FOLDER``.

With ``--docs`` it draws the two pictures of docs/images/ instead.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import weaklab as wl
from weaklab import plots
from weaklab.datasets import Group, load_docstrings, make_votes
from weaklab.label_models import DawidSkene

STYLES = {"light": "default", "dark": "dark_background"}
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WORDS = ["subscribe", "channel", "money", "winner", "click", "song", "voice", "lovely", "check", "out"]


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("plots"))
    parser.add_argument("--docs", action="store_true", help="draw the pictures of docs/images/")
    parser.add_argument("--only", default="", help="draw only those whose name contains this")
    given = parser.parse_args()
    if given.docs:
        IMAGES.mkdir(parents=True, exist_ok=True)
        for name, display in (*small("small-accuracy"), *docstrings("docstrings-vote-matrix")):
            save(display, IMAGES / f"{name.partition('-')[2]}.png", "light", dpi=80)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    for source in (small, large, docstrings):
        for name, display in source(given.only):
            for style in STYLES:
                save(display, given.folder / f"{name}-{style}.png", style)


def save(display: plots.drawing.Display, path: Path, style: str, dpi: int = 100) -> None:
    """Draw on fresh axes in a style, and say how long it took."""
    import matplotlib.style  # here, so that this file can be read where it is absent

    start = time.perf_counter()
    with matplotlib.style.context(STYLES[style]):
        display.plot().figure_.savefig(path, dpi=dpi)
    print(f"{path}  {time.perf_counter() - start:.1f} s  {path.stat().st_size / 1000:.0f} kB")


def chosen(only: str, **makers: Callable[[], Any]) -> Iterator[tuple[str, Any]]:
    """The displays that are asked for; others are not made."""
    for name, make in makers.items():
        name = name.replace("_", "-")
        if only in name:
            yield name, make()


def small(only: str = "") -> Iterator[tuple[str, Any]]:
    """Twelve labeling functions with names as people give them, two classes, three copies."""
    planted = make_votes(
        n=4000, m=12, coverage=(0.05, 0.5), accuracy=(0.55, 0.95), class_balance=[0.7, 0.3],
        groups=[Group(3, copy_probability=0.8)], random_state=3,
    )  # fmt: skip
    names = [f"keyword_{WORDS[j]}" for j in range(10)] + ["mentions_a_link_and_is_shorter_than_thirty_words", "$price$"]
    votes = planted.votes.set_axis(names, axis=1)
    model = wl.LabelModel(classes=["ham", "spam"]).fit(votes)
    soft = model.labels(votes)
    X = np.column_stack([planted.y + np.random.default_rng(j).normal(size=4000) for j in range(5)])
    row = votes.iloc[int(np.argmax((votes >= 0).sum(axis=1)))]
    yield from chosen(
        only,
        small_vote_matrix=lambda: plots.VoteMatrixDisplay.from_votes(votes, classes=["ham", "spam"]),
        small_few_rows=lambda: plots.VoteMatrixDisplay.from_votes(votes[:20], classes=["ham", "spam"]),
        small_coverage=lambda: plots.CoverageDisplay.from_votes(votes),
        small_accuracy=lambda: plots.AccuracyDisplay.from_estimator(model, votes, planted.y),
        small_dependence=lambda: plots.DependenceDisplay.from_votes(votes, model),
        small_posterior=lambda: plots.PosteriorDisplay.from_estimator(model, votes),
        small_reliability=lambda: plots.ReliabilityDisplay.from_estimator(model, votes, planted.y),
        small_risk_coverage=lambda: plots.RiskCoverageDisplay.from_estimator(model, votes, planted.y),
        small_convergence=lambda: plots.ConvergenceDisplay.from_estimator(model),
        small_convergence_em=lambda: plots.ConvergenceDisplay.from_estimator(DawidSkene().fit(votes)),
        small_training=lambda: plots.TrainingHistoryDisplay.from_estimator(wl.EndModel(max_epochs=30).fit(X, soft)),
        small_class_balance=lambda: plots.ClassBalanceDisplay.from_estimator(model, planted.y),
        small_explanation=lambda: plots.ExplanationDisplay.from_estimator(model, row),
        small_comparison=lambda: plots.ComparisonDisplay.from_table(
            comparison(), score="accuracy", baseline="MajorityVote", facts="4,000 rows, 12 labeling functions"
        ),
        three_coverage=lambda: plots.CoverageDisplay.from_votes(votes.iloc[:, :3]),
        three_accuracy=lambda: plots.AccuracyDisplay.from_estimator(wl.LabelModel().fit(votes.iloc[:, :3])),
        three_vote_matrix=lambda: plots.VoteMatrixDisplay.from_votes(votes.iloc[:, :3]),
        three_dependence=lambda: plots.DependenceDisplay.from_votes(votes.iloc[:, 3:6]),
    )


def large(only: str = "") -> Iterator[tuple[str, Any]]:
    """Three thousand sparse labeling functions, ten classes; and a million rows."""
    planted = make_votes(n=10_000, m=3000, k=10, coverage=(0.001, 0.02), random_state=0)
    model = wl.LabelModel(classes=[f"topic {c}" for c in range(10)]).fit(planted.votes)
    y = planted.y
    groups = [Group(int(size), copy_probability=0.9) for size in np.random.default_rng(0).integers(2, 7, 15)]
    copied = make_votes(n=10_000, m=200, coverage=(0.1, 0.4), groups=groups, random_state=0).votes
    yield from chosen(
        only,
        large_vote_matrix=lambda: plots.VoteMatrixDisplay.from_votes(planted.votes, classes=list(model.classes_)),
        large_million=lambda: plots.VoteMatrixDisplay.from_votes(make_votes(n=1_000_000, m=50, k=3).votes),
        large_coverage=lambda: plots.CoverageDisplay.from_votes(planted.votes),
        large_accuracy=lambda: plots.AccuracyDisplay.from_estimator(
            model, planted.votes, pd.Series(y).map(lambda c: f"topic {c}")
        ),
        large_dependence=lambda: plots.DependenceDisplay.from_votes(copied),
        large_posterior=lambda: plots.PosteriorDisplay.from_estimator(model, planted.votes),
        large_reliability=lambda: plots.ReliabilityDisplay.from_predictions(y, model.predict_proba(planted.votes)),
        large_risk_coverage=lambda: plots.RiskCoverageDisplay.from_predictions(y, model.predict_proba(planted.votes)),
        large_class_balance=lambda: plots.ClassBalanceDisplay.from_estimator(
            model, pd.Series(y).map(lambda c: f"topic {c}")
        ),
        large_explanation=lambda: plots.ExplanationDisplay.from_estimator(model, planted.votes.iloc[0]),
    )


def docstrings(only: str = "") -> Iterator[tuple[str, Any]]:
    """Keyword functions over real texts."""
    train, _, _ = load_docstrings()
    classes = ["numpy", "pandas", "scipy", "sklearn", "numba"]
    words = {
        "numpy": ["ndarray", "ufunc", "np.array"], "pandas": ["DataFrame", "Series", "pd.DataFrame", "resample"],
        "scipy": ["scipy", "sparse", "quadrature", "spline"], "sklearn": ["estimator", "classifier", "n_features"],
        "numba": ["jit", "llvm", "typing context"],
    }  # fmt: skip
    lfs = [
        wl.keyword_lf([word], column="text", label=name, name=f"{name}: {word}")
        for name, group in words.items()
        for word in group
    ]
    votes = wl.apply(lfs, train, classes=classes, progress=False)
    model = wl.LabelModel(classes=classes).fit(votes)
    yield from chosen(
        only,
        docstrings_vote_matrix=lambda: plots.VoteMatrixDisplay.from_votes(votes, classes=classes),
        docstrings_coverage=lambda: plots.CoverageDisplay.from_votes(votes, classes=classes),
        docstrings_accuracy=lambda: plots.AccuracyDisplay.from_estimator(model, votes, train["label"]),
        docstrings_posterior=lambda: plots.PosteriorDisplay.from_estimator(model, votes),
        docstrings_class_balance=lambda: plots.ClassBalanceDisplay.from_estimator(model, train["label"]),
    )


def comparison() -> pd.DataFrame:
    """Figures that are made up, in the form of ``weaklab.compare_label_models``."""
    names = ["MajorityVote", "WeightedVote", "DawidSkene", "OneCoin", "MACE", "LabelModel"]
    score = np.array([0.81, 0.82, 0.78, 0.83, 0.84, 0.86])
    said = ["", "no difference", "worse", "no difference", "better", "better"]
    return pd.DataFrame({"accuracy": score, "low": score - 0.012, "high": score + 0.012, "verdict": said}, index=names)


if __name__ == "__main__":
    main()
