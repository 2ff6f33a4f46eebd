"""What a fit was made of, and whether it was worth it: rows, weights, held-out loss, agreement, gold, a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from weaklab.end_models.inference import predict_logits
from weaklab.end_models.streaming import place_rows
from weaklab.typing import Codes, Floats

if TYPE_CHECKING:
    from weaklab.end_models.preparation import Given
    from weaklab.end_models.training import Training

_FOLDS = 5
_LEAST_GOLD = 10  # fewer gold rows are no baseline: two per fold
_MOST_GOLD = 1000  # a linear model on more of them takes longer than the fit that it is compared with
_CHANCE = 0.05  # a difference that chance makes more often than this is no verdict
_CLOSE = 0.05  # an accuracy that differs by less, surely, is about the same
_MOST_COMPARED = 20_000  # rows that agreement is counted on: its error is then below 0.4 points

_WORDS = {
    "n_rows": "rows given",
    "n_trained": "rows trained on",
    "n_held_out": "rows held out",
    "effective_rows": "effective rows",
    "held_out_loss": "held-out loss",
    "agreement": "agreement with the soft labels",
    "n_gold": "gold rows",
    "n_gold_scored": "gold rows scored",
    "gold_score": "accuracy on them",
    "gold_only_score": "gold-only baseline",
    "gold_only_rows": "gold rows of the baseline",
}


@dataclass(frozen=True)
class FitReport:
    """What a fit was made of. A value that cannot be had is NaN.

    Parameters
    ----------
    n_rows : int
        The rows given to ``fit``.
    n_trained, n_held_out : int
        Those trained on, and those held out to stop early. Rows of weight 0 without gold
        are neither.
    effective_rows : float
        How many rows of equal weight would tell as much as those trained on: ``(sum w)^2 / sum w^2`` (Kish, 1965,
        *Survey Sampling*).
    held_out_loss : float
        The loss of the held-out rows at the weights that were kept, in nats, or in the unit of ``loss``.
    agreement : float in [0, 1]
        The share of held-out rows (of rows trained on, where none are held out) whose prediction is the most probable
        class of the label model, but for rows with gold and without votes. 1 is no virtue: a model that repeats the
        rules has learnt nothing past them.
    n_gold : int
        The rows whose class is known. They are trained on but for those scored, with votes or without.
    n_gold_scored : int
        The rows among them that were not trained on: those held out; all of them with ``gold_weight=0``.
    gold_score : float in [0, 1]
        The accuracy on those.
    gold_only_score : float in [0, 1]
        The accuracy on the same rows of a linear model trained on gold alone: each row is predicted by a model that
        has not seen it, in 5-fold cross-validation over the gold rows (1,000 drawn rows, if there are more). Where no
        gold row is scored, the accuracy on all of them. NaN with fewer than 10, and where rows have not one class each.
    gold_only_rows : int
        The gold rows that this baseline had.
    n_won, n_lost : int
        The scored gold rows that this model alone, and that the baseline alone has right; ``advice`` goes by them.
    task : str
        What was learnt: "multiclass", "multilabel" or "regression".

    Examples
    --------
    >>> print(FitReport(100, 90, 10, 90.0, 0.5, 0.8))
    rows given                                100
    rows trained on                            90
    rows held out                              10
    effective rows                           90.0
    held-out loss                          0.5000
    agreement with the soft labels         0.8000
    """

    n_rows: int
    n_trained: int
    n_held_out: int
    effective_rows: float
    held_out_loss: float
    agreement: float = float("nan")
    n_gold: int = 0
    n_gold_scored: int = 0
    gold_score: float = float("nan")
    gold_only_score: float = float("nan")
    gold_only_rows: int = 0
    n_won: int = 0
    n_lost: int = 0
    task: str = "multiclass"

    @property
    def advice(self) -> str:
        """What to make of gold, in words; the empty string where there is none.

        One of the two models is said to be better where the rows that only one has right are shared out in a way that
        chance brings about in less than 5 % of cases (McNemar, 1947, doi:10.1007/BF02295996, by the binomial
        distribution); both are said to be alike where the 95 % interval of the difference (Agresti and Min, 2005,
        doi:10.1002/sim.1781) lies within 5 points.
        """
        if not self.n_gold:
            return ""
        if self.task != "multiclass":
            return f"With task={self.task!r} there is no gold-only baseline: fit another model on the gold rows alone."
        baseline = f"A linear model on the {self.gold_only_rows:,} gold rows alone"
        missing = np.isnan(self.gold_only_score)
        none = f"There is no gold-only baseline: it takes {_LEAST_GOLD} gold rows."
        if not self.n_gold_scored:
            also = none if missing else f"{baseline} is right on {self.gold_only_score:.0%} of those it has not seen."
            return f"All gold rows were trained on, so none is left to score on: gold_weight=0 keeps them. {also}"
        if missing:
            return none
        rows = min(self.n_gold_scored, _MOST_GOLD)
        counts = f"of {rows:,} scored, {self.n_won:,} are right here alone and {self.n_lost:,} there alone"
        if binomtest(self.n_won, max(self.n_won + self.n_lost, 1)).pvalue < _CHANCE and self.n_won != self.n_lost:
            if self.n_won > self.n_lost:
                return f"Worth it: {baseline[0].lower()}{baseline[1:]} does worse ({counts})."
            trained = self.n_gold_scored < self.n_gold
            what = "let gold count more (a greater gold_weight=)" if trained else "train on gold too (gold_weight=None)"
            return f"{baseline} does better, as it often does ({counts}): {what}, or on it alone."
        if _alike(self.n_won, self.n_lost, rows):
            return f"{baseline} does about as well ({counts})."
        return f"There are too few gold rows to tell this model from a linear one on gold alone: {counts}."

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with one row per value that is known, its name in words as the index."""
        shown = {words: getattr(self, name) for name, words in _WORDS.items()}
        if not self.n_gold:
            shown = dict(list(shown.items())[:6])
        elif self.task != "multiclass":
            shown = dict(list(shown.items())[:7])
        known = {name: value for name, value in shown.items() if not np.isnan(value)}
        return pd.DataFrame({"value": known})

    def __str__(self) -> str:
        lines = [f"{name:<36}{_number(value):>9}" for name, value in self._values()]
        return "\n".join([*lines, *([self.advice] if self.advice else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td>{_number(value)}</td></tr>"
            for name, value in self._values()
        )
        return f"<table>{rows}</table>" + (f"<p>{escape(self.advice)}</p>" if self.advice else "")

    def _values(self) -> list[tuple[str, Any]]:
        names = {words: name for name, words in _WORDS.items()}
        return [(words, getattr(self, names[words])) for words in self.to_frame().index]


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if value > 1.5 else f"{value:.4f}"


def _alike(won: int, lost: int, rows: int) -> bool:
    """Whether two shares of right rows differ by less than ``_CLOSE``, with 95 % confidence."""
    n = rows + 2  # half a row more in each cell of the table of right and wrong
    difference = abs(won - lost) / n
    error = (won + lost + 1 - n * difference**2) ** 0.5 / n
    return difference + 1.96 * error < _CLOSE


def effective_rows(weight: Floats) -> float:
    """How many rows of equal weight tell as much, by Kish's formula.

    Examples
    --------
    >>> effective_rows(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    square = float((weight**2).sum())
    return float(weight.sum()) ** 2 / square if square else 0.0


def report_fit(training: Training, given: Given, logits: Tensor | None = None) -> FitReport:
    """The report of a training that is over.

    Parameters
    ----------
    training : Training
        With the weights that were kept.
    given : Given
        What it was trained on.
    logits : Tensor of shape (h, k), optional
        Those of its first h held-out rows, where they are known; the other rows compared are predicted here.

    Returns
    -------
    FitReport
        Without agreement and scores of gold where a row has not one class.
    """
    data, targets, features = training.data, given.targets, given.features
    trained, held_out = (np.sort(data.position[part].cpu().numpy()) for part in (data.train, data.held_out))
    held_out_loss = training.run.best_loss if len(held_out) else float("nan")
    several = given.task.name != "multiclass"
    n = len(targets.weight)
    predicted = np.full(n, -1)
    if logits is not None:
        predicted[data.position[data.held_out[: len(logits)]].cpu().numpy()] = logits.argmax(dim=1).cpu().numpy()

    def predict(rows: np.ndarray) -> np.ndarray:
        new = rows[predicted[rows] < 0]
        if len(new):
            some = place_rows(features[new], given.device)
            predicted[new] = predict_logits(training.model, some, data.k).argmax(dim=1).cpu().numpy()
        return predicted[rows]

    rows = held_out if len(held_out) else trained
    rows = rows if targets.unsaid is None else rows[~targets.unsaid[rows]]
    rows = rows[:: len(rows) // _MOST_COMPARED + 1]
    said = targets.probs if targets.said is None else targets.said
    agreement = float("nan") if several or not len(rows) else float((predict(rows) == said[rows].argmax(axis=1)).mean())
    base = (n, len(trained), len(held_out), effective_rows(targets.weight[trained]), held_out_loss, agreement)
    if targets.gold is None or not (targets.gold >= 0).any():
        return FitReport(*base)
    if several:
        return FitReport(*base, int((targets.gold >= 0).sum()), task=given.task.name)
    unseen = np.ones(n, dtype=bool)
    unseen[trained] = False
    gold_rows = np.flatnonzero(targets.gold >= 0)
    scored = gold_rows[unseen[gold_rows]]
    right = predict(scored) == targets.gold[scored]
    score = float(right.mean()) if len(scored) else float("nan")
    rows, there = _gold_only(features, targets.gold, gold_rows, scored, given.seed)
    both = np.isin(rows, scored) if len(scored) else np.ones(len(rows), dtype=bool)
    baseline = float(there[both].mean()) if len(there) else float("nan")
    won = lost = 0
    if len(scored) and len(there):
        here = np.isin(rows[both], scored[right])
        won, lost = int((here & ~there[both]).sum()), int((~here & there[both]).sum())
    return FitReport(*base, len(gold_rows), len(scored), score, baseline, len(rows), won, lost)


def _gold_only(
    features: Any, gold: Codes, gold_rows: np.ndarray, scored: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The gold rows that a linear model on gold alone has, and which it has right, out of fold; none of too few.

    At once, not when it is first read: a report that could still fit it would keep the features of all gold rows.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(gold_rows)
    if len(rows) > _MOST_GOLD:
        first = rows[np.isin(rows, scored)]  # the scored ones first: they are what it is compared on
        rows = np.concatenate([first, rows[~np.isin(rows, scored)]])[:_MOST_GOLD]
        rows = rng.permutation(rows)
    if len(rows) < _LEAST_GOLD:
        return rows, np.zeros(0, dtype=bool)
    X = features[rows]
    X = X if sp.issparse(X) else np.asarray(X).reshape(len(rows), -1)  # images lie flat
    y, predicted = gold[rows], np.empty(len(rows), dtype=np.int64)
    for fold in range(_FOLDS):
        test = np.arange(len(rows)) % _FOLDS == fold
        known = y[~test]
        if (known == known[0]).all():
            predicted[test] = known[0]
        else:
            predicted[test] = LogisticRegression(max_iter=300).fit(X[~test], known).predict(X[test])
    return rows, predicted == y
