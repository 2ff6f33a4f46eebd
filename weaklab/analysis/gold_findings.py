"""What gold rows tell of a fitted label model: confidence, accuracies, majority vote, and classes left uncovered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from weaklab import metrics
from weaklab.analysis.gold_against import gold_against, judge
from weaklab.analysis.model_votes import ModelVotes
from weaklab.label_models.findings import Finding
from weaklab.label_models.majority_vote import MajorityVote
from weaklab.typing import Codes, Floats

#: Standard errors beyond which a difference is no chance.
SURE = 3.0
#: Confidence that differs from accuracy by less is well enough.
CALIBRATED = 0.05
#: A class is left uncovered where its rows have a vote less often than others by this share, and on fewer than half.
UNCOVERED = 0.2


def gold_findings(seen: ModelVotes, gold: Codes) -> list[Finding]:
    """What gold tells of a fitted label model.

    Parameters
    ----------
    seen : ModelVotes
        The model and the votes.
    gold : ndarray of int64 of shape (n,)
        Codes, -1 where unknown; one at least is known.

    Returns
    -------
    list of Finding
    """
    probs = seen.predict_proba()
    covered = seen.matrix.covered & (gold >= 0)
    found = [*_confidence(seen.model, gold[covered], probs[covered])] if covered.any() else []
    if seen.rich is None:
        found += [*_below_majority(seen, gold, probs, covered), *_accuracies(seen, gold), *_uncovered(seen, gold)]
    return found


def right(gold: Codes, probs: Floats) -> Floats:
    """The share of the likeliest classes of each row that is right: ties count in expectation, (n,)."""
    return metrics.tied(probs)[np.arange(len(gold)), gold]


def mean_and_error(values: Floats) -> tuple[float, float]:
    """The mean, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("inf")


def _confidence(model: Any, gold: Codes, probs: Floats) -> Iterator[Finding]:
    gap, error = mean_and_error(probs.max(axis=1) - right(gold, probs))
    if abs(gap) < max(CALIBRATED, SURE * error):
        return
    sure, accurate = probs.max(axis=1).mean(), right(gold, probs).mean()
    ece = metrics.expected_calibration_error(gold, probs)
    said = (
        f"On {len(gold):,} covered rows with gold the labels are {accurate:.0%} right and {sure:.0%} sure "
        f"(ECE {ece:.3f}, 10 bins)"
    )
    if gap > 0:
        remedy = "Fit with some gold rows, which set the temperature (LabelModel), or do not read probabilities."
        yield Finding("overconfident", "warning", f"{said}: they are too sure.", remedy)
        return
    what = f"{said}: they are right more often than they say."
    if getattr(model, "_tempers", False) and not model._kept.has_gold:
        name = type(model).__name__
        what += f" {name} holds back by design, as functions that repeat each other would make it too sure."
    remedy = "Take the labels as they are; where probabilities count, fit with some gold rows (LabelModel)."
    yield Finding("underconfident", "note", what, remedy)


def _below_majority(seen: ModelVotes, gold: Codes, probs: Floats, covered: np.ndarray) -> Iterator[Finding]:
    if not covered.any() or isinstance(seen.model, MajorityVote):
        return
    majority = seen.matrix.take(np.flatnonzero(covered)).majority()
    ours, theirs = right(gold[covered], probs[covered]), right(gold[covered], majority)
    loss, error = mean_and_error(theirs - ours)
    if loss <= SURE * error:
        return
    yield Finding(
        "below_majority",
        "serious",
        f"On {covered.sum():,} covered rows with gold the labels are {ours.mean():.1%} right, those of majority vote "
        f"{theirs.mean():.1%}.",
        "Compare label models (wl.compare_label_models), and look at who is trusted wrongly (wl.lfs_to_fix).",
    )


def _accuracies(seen: ModelVotes, gold: Codes) -> Iterator[Finding]:
    """Labeling functions that gold shows to be other than what was learned of them."""
    judged, correct = judge(seen.matrix, gold)
    learned = seen.model.accuracies_
    share = correct / np.maximum(judged, 1)
    off = np.flatnonzero(gold_against(judged, correct, learned, seen.model.accuracy_intervals_))
    if not len(off):
        return
    worst = off[np.argsort(-np.abs(share - learned)[off], kind="stable")]
    shown = "; ".join(
        f"{seen.names[j]!r} is right on {share[j]:.0%} of {judged[j]:,.0f} judged votes, and was learned as "
        f"{learned[j]:.0%}"
        for j in worst[:3]
    )
    more = f"; and {len(worst) - 3:,} more" if len(worst) > 3 else ""
    number = "1 labeling function" if len(off) == 1 else f"{len(off):,} labeling functions"
    yield Finding(
        "accuracy_off",
        "warning",
        f"Gold disagrees with what was learned of {number}: {shown}{more}.",
        "Fit with the gold rows, or give prior_accuracy= (LabelModel).",
        tuple(seen.names[j] for j in worst),
    )


def _uncovered(seen: ModelVotes, gold: Codes) -> Iterator[Finding]:
    """Classes whose rows have a vote far less often than others."""
    known = gold >= 0
    covered = seen.matrix.covered
    for y, name in enumerate(seen.classes):
        mine, others = covered[known & (gold == y)], covered[known & (gold != y)]
        if not len(mine) or not len(others):
            continue
        pooled = covered[known].mean()
        error = np.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / len(mine) + 1 / len(others)))
        gap = others.mean() - mine.mean()
        if gap > max(UNCOVERED, SURE * error) and mine.mean() < 0.5:
            yield Finding(
                "uncovered_class",
                "warning",
                f"{mine.mean():.0%} of the {len(mine):,} rows of class {str(name)!r} with gold have a vote, and "
                f"{others.mean():.0%} of the others.",
                f"Read rows of {str(name)!r} without a vote, and write functions for them (wl.suggest_lfs).",
            )
