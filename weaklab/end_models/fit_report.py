"""What a fit was made of, and whether it was worth it: rows, weights, held-out loss, agreement, gold, a baseline."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
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
    "gold_only_score": "gold-only baseline on them",
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
        has not seen it, in 5-fold cross-validation over the gold rows (1,000 drawn rows, if there are more).
    gold_only_rows : int
        The gold rows that this baseline had.

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

    @property
    def advice(self) -> str:
        """A sentence on gold, or the empty string."""
        if not self.n_gold:
            return ""
        if not self.n_gold_scored:
            return "All gold rows were trained on, so there is none to score on: gold_weight=0 keeps them for that."
        if np.isnan(self.gold_only_score):
            return ""
        ahead = self.gold_only_score - self.gold_score
        rows = self.n_gold_scored
        either = self.gold_score * (1 - self.gold_score) + self.gold_only_score * (1 - self.gold_only_score)
        doubt = (either / rows) ** 0.5  # standard error of the difference, were the two independent
        if ahead > doubt:
            return (
                f"A linear model trained on the {self.gold_only_rows:,} gold rows alone does better, as it often does: "
                "use gold as training data (gold_weight=), or it alone."
            )
        if ahead < -doubt:
            return f"Worth it: a linear model on the {self.gold_only_rows:,} gold rows alone does worse."
        return f"A linear model on the {self.gold_only_rows:,} gold rows alone does about as well."

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with one row per value that is known, its name in words as the index."""
        shown = {_WORDS[field.name]: getattr(self, field.name) for field in fields(self)}
        if not self.n_gold:
            for name in list(_WORDS)[6:]:
                del shown[_WORDS[name]]
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
        Without agreement and gold where a row has not one class.
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
    if several or targets.gold is None or not (targets.gold >= 0).any():
        return FitReport(*base)
    unseen = np.ones(n, dtype=bool)
    unseen[trained] = False
    gold_rows = np.flatnonzero(targets.gold >= 0)
    scored = gold_rows[unseen[gold_rows]]
    score = float((predict(scored) == targets.gold[scored]).mean()) if len(scored) else float("nan")
    baseline, used = _gold_only(features, targets.gold, gold_rows, scored, given.seed)
    return FitReport(*base, len(gold_rows), len(scored), score, baseline, used)


def _gold_only(features: Any, gold: Codes, gold_rows: np.ndarray, scored: np.ndarray, seed: int) -> tuple[float, int]:
    """The accuracy of a linear model on gold alone, out of fold, on the scored rows; and how many rows it had.

    At once, not when it is first read: a report that could still fit it would keep the features of all gold rows.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(gold_rows)
    if len(rows) > _MOST_GOLD:
        first = rows[np.isin(rows, scored)]  # the scored ones first: they are what it is compared on
        rows = np.concatenate([first, rows[~np.isin(rows, scored)]])[:_MOST_GOLD]
        rows = rng.permutation(rows)
    if len(rows) < _LEAST_GOLD or not np.isin(rows, scored).any():
        return float("nan"), len(rows)
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
    counted = np.isin(rows, scored)
    return float((predicted == y)[counted].mean()), len(rows)
