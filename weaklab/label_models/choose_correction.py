"""How much rows of known class may correct in a fitted label model: as much as held-out ones of them show to help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from weaklab.label_models.calibration import calibrate, macro_f1
from weaklab.label_models.corrections import Correction, Scored, correct_votes
from weaklab.typing import Floats

# The constants were chosen on public label matrices, with gold drawn from their valid splits, and synthetic draws
# together.

#: What the corrections are called, from the fewest parameters to the most.
NAMES = ("a temperature", "and an offset per class", "and what each vote counts")
#: How often a part of the gold rows is held out.
FOLDS = 5
#: The part of the objective by which the last iteration on the other parts lowers it.
ROUGH = 1e-8
#: From so many rows, two standard errors are asked for, from many more of them one: few misjudge their error.
FEW = 20.0
#: How far to go from one correction towards the next, at most: the first of these that costs no class its rows.
STEPS = (1.0, 0.75, 0.5, 0.25)
#: The part of its F1 that each class must keep, as the correction itself sees the classes.
KEPT_F1 = 0.9

#: From rows and their classes to a correction, perhaps from the one that is already known for these and others.
Fitter = Callable[[Scored, np.ndarray, Correction | None], Correction]


def _fitters(free: np.ndarray) -> list[Fitter]:
    def votes(rows: Scored, gold: np.ndarray, of_all: Correction | None) -> Correction:
        return correct_votes(rows, gold, free) if of_all is None else correct_votes(rows, gold, free, of_all, ROUGH)

    def calibrated(rows: Scored, gold: np.ndarray, of_all: Correction | None, *, offsets: bool) -> Correction:
        return Correction(*calibrate(rows.scores, gold, rows.weight, offsets))

    return [partial(calibrated, offsets=False), partial(calibrated, offsets=True), votes]


def fold_weights(gold: np.ndarray, weight: Floats) -> Floats:
    """What part of the weight of each row is in each fold, (FOLDS, n): the rows of each class are dealt out in turn.

    Examples
    --------
    >>> fold_weights(np.array([0, 0, 1, 0]), np.array([1.0, 6.0, 1.0, 1.0])).tolist()[:2]
    [[1.0, 1.0, 1.0, 0.0], [0.0, 2.0, 0.0, 0.0]]
    """
    out = np.zeros((FOLDS, len(gold)))
    for c in np.unique(gold):
        at = np.flatnonzero(gold == c)
        ends = np.concatenate([[0.0], np.cumsum(weight[at])])
        for fold in range(FOLDS):
            dealt = np.floor(ends / FOLDS) + np.clip(ends % FOLDS - fold, 0, 1)
            out[fold, at] = np.diff(dealt)
    return out


def expected_f1(decided: np.ndarray, probs: Floats, weight: Floats) -> Floats:
    """The F1 of each class that decisions have where classes are as probable as ``probs`` (n, k) says; (k,)."""
    n, k = probs.shape
    hits = np.bincount(decided, weight * probs[np.arange(n), decided], minlength=k)
    sizes = np.bincount(decided, weight, minlength=k) + weight @ probs
    out: Floats = 2 * hits / np.maximum(sizes, np.finfo(float).tiny)
    return out


def _how_far(rows: Scored, here: Correction, there: Correction) -> float:
    """How far to go so that decisions cost no class its rows, as ``there`` sees the classes of all rows."""
    before, after = rows.corrected(here), rows.corrected(there)
    probs = np.exp(after - after.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    least = expected_f1(before.argmax(axis=1), probs, rows.weight)
    for part in STEPS:
        decided = ((1 - part) * before + part * after).argmax(axis=1)
        f1 = expected_f1(decided, probs, rows.weight)
        if f1.mean() >= least.mean() - 1e-9 and (f1 >= KEPT_F1 * least - 1e-9).all():
            return part
    return 0.0


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Gold rows, each scored by corrections that were fitted without it."""

    logits: Floats  # (rows, k)
    gold: np.ndarray
    weight: Floats

    @classmethod
    def of(cls, rows: Scored, gold: np.ndarray, fit: Fitter, of_all: Correction) -> _HeldOut:
        logits, golds, weights = [], [], []
        for held in fold_weights(gold, rows.weight):
            there = held > 0
            if there.any():
                fitted = fit(replace(rows, weight=rows.weight - held), gold, of_all)
                logits.append(rows.corrected(fitted)[there])
                golds.append(gold[there])
                weights.append(held[there])
        return cls(np.concatenate(logits), np.concatenate(golds), np.concatenate(weights))

    def losses(self) -> Floats:
        top = self.logits.max(axis=1)
        norm = top + np.log(np.exp(self.logits - top[:, np.newaxis]).sum(axis=1))
        losses: Floats = norm - self.logits[np.arange(len(self.gold)), self.gold]
        return losses

    def loss(self) -> float:
        return float(self.weight @ self.losses() / self.weight.sum())

    def macro_f1(self) -> float:
        return macro_f1(self.logits.argmax(axis=1), self.gold, self.weight, self.logits.shape[1])

    def beats(self, other: _HeldOut) -> bool:
        """Whether its losses are lower by more than the standard error of the mean difference, its F1 no lower."""
        total = self.weight.sum()
        if total <= 1:
            return False
        gain = other.losses() - self.losses()
        mean = self.weight @ gain / total
        error = np.sqrt(self.weight @ (gain - mean) ** 2 / (total - 1) / total)
        return bool(mean > (1 + FEW / total) * error and self.macro_f1() >= other.macro_f1() - 1e-12)


def choose_correction(
    rows: Scored, gold: np.ndarray, others: Scored, free: np.ndarray, names: Sequence[str] = NAMES
) -> tuple[Correction, dict[str, Any]]:
    """A temperature; more where held-out gold rows show that more helps, and no class loses its rows.

    Parameters
    ----------
    rows : Scored
        Those whose class is known.
    gold : ndarray of int of shape (n,)
        Their classes.
    others : Scored
        Rows that the model is for, known or not: on these, decisions by the next correction must have the macro-F1 of
        those by the last one, and nine tenths of each class's F1, as the next one sees their classes. The likeliest
        offsets of a rare class move all its rows across the threshold: right for log-loss and for accuracy, ruinous for
        whoever looks for that class.
    free : ndarray of bool of shape (pairs,)
        Whether what a pair counts may be corrected.
    names : sequence of str
        The corrections that are tried, the first of :data:`NAMES`.

    Returns
    -------
    Correction
        The last one whose log-loss on held-out gold rows is lower than that of the one before by more than the
        standard error of the difference (two of them where there are 20 rows), and whose macro-F1 there is no lower.
    dict
        What was done and why, for ``chosen_``.
    """
    fitters = _fitters(free)
    chosen = fitters[0](rows, gold, None)
    held = _HeldOut.of(rows, gold, fitters[0], chosen)
    taken, losses = [names[0]], {names[0]: held.loss()}
    for name, fit in zip(names[1:], fitters[1:], strict=False):
        full = fit(rows, gold, None)
        part = _how_far(others, chosen, full)
        after = _HeldOut.of(rows, gold, fit, full)
        losses[name] = after.loss()
        after = replace(after, logits=(1 - part) * held.logits + part * after.logits)
        if part and after.beats(held):
            chosen, held = chosen.towards(full, part), after
            taken.append(name if part == 1 else f"{part:.0%} of the way: {name}")
    return chosen, {
        "calibrated on gold rows": round(float(rows.weight.sum())),
        "temperature": chosen.temperature,
        "gold corrects": taken,
        "log-loss of held-out gold rows": {name: round(loss, 4) for name, loss in losses.items()},
    }
