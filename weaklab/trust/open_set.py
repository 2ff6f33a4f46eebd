"""How well unknown classes are told from known ones, and rows that are of none of the classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import FrameError, GoldError, ParameterError, VoteError
from weaklab.trust.checks import read_matrix
from weaklab.trust.rejector import OF_LOGITS, Rejector, Score
from weaklab.typing import ABSTAIN, Floats, Votes
from weaklab.votes import check_gold, check_votes


def open_set_report(
    model: Any,
    X_known: Any,
    y_known: Any,
    X_unknown: Any,
    *,
    rejector: Rejector | None = None,
    encode: Callable[[Any], Any] | None = None,
) -> pd.DataFrame:
    """How well a classifier's doubt tells unknown classes from known ones.

    Parameters
    ----------
    model : classifier
        Fitted; its ``decision_function`` gives logits. One that has ``predict_proba`` alone gives their logarithm, of
        which max_logit ranks as msp does and energy says nothing.
    X_known : data of n rows
        What the model takes, of the classes that it was trained on, and not trained on itself.
    y_known : array-like of shape (n,)
        Their classes, as in ``model.classes_``.
    X_unknown : data
        Rows of other classes.
    rejector : Rejector, optional
        A fitted one, to be compared.
    encode : callable (X) -> features, optional
        What the rejector reads; None is X.

    Returns
    -------
    DataFrame
        A row per score. ``auroc``: the probability that an unknown row is more doubtful than a known one; ``fpr95``:
        the share of unknown rows kept where 95 % of the known are; ``oscr``: the area under the share of known rows
        that are kept and right, over the share of unknown rows kept (Dhamija, Günther and Boult, 2018,
        doi:10.48550/arXiv.1811.04110); ``accuracy``: of the known rows, all kept.

    Raises
    ------
    ParameterError, FrameError, GoldError
        If the model gives no logits of two classes or more, a part has no rows, or y is not of its classes.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = np.array([[-2.0], [-1.5], [1.5], [2.0]]), np.array([0, 0, 1, 1])
    >>> report = open_set_report(LogisticRegression().fit(X, y), X, y, np.array([[0.1], [0.2]]))
    >>> report.loc["max_logit"].tolist()
    [1.0, 0.0, 1.0, 1.0]
    """
    known, unknown = _logits(model, X_known), _logits(model, X_unknown)
    if not len(known) or not len(unknown):
        raise FrameError(f"There are {len(known):,} known and {len(unknown):,} unknown rows: both are needed.")
    right = known.argmax(axis=1) == _codes(model, y_known, known)
    doubts = {}
    for score in OF_LOGITS:
        by = Rejector(score).fit(known)  # type: ignore[arg-type]
        doubts[score] = by.scores_, by.score(unknown)
    if rejector is not None:
        check_is_fitted(rejector, "scores_")
        features = encode or (lambda X: X)
        doubts[rejector.by] = rejector.score(features(X_known)), rejector.score(features(X_unknown))
    rows = {score: _measures(of_known, of_unknown, right) for score, (of_known, of_unknown) in doubts.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["auroc", "fpr95", "oscr", "accuracy"])


def none_of_the_above(
    votes: Votes, Z: Any, *, score: Score = "knn", k: int = 10, coverage: float = 0.95
) -> pd.DataFrame:
    """Rows that no labeling function votes on, and that are unlike all on which one does.

    A row without votes may be of a known class that the rules miss, or of none of the classes. The first lie among
    rows with votes, in feature space; what lies farther out than ``coverage`` of the rows with votes lie from each
    other is taken for the second.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m)
        The votes.
    Z : ndarray, DataFrame of numbers, or sparse matrix, of shape (n, d)
        Features of the same rows.
    score : {"knn", "mahalanobis"}, default="knn"
        As of :class:`Rejector`.
    k : int, default=10
        Which neighbour.
    coverage : float in (0, 1), default=0.95
        The share of rows with votes that would pass.

    Returns
    -------
    DataFrame
        With the index of the votes: ``covered``, ``doubt``, and ``none``, True where a row is taken for one of none of
        the classes; never of a row with votes.

    Raises
    ------
    VoteError
        If no row has votes.
    FrameError, ParameterError
        If Z does not fit the votes, or an argument is out of range.

    Examples
    --------
    >>> Z = np.array([[1.0, 0.1], [1.0, 0.2], [1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> none_of_the_above([[0], [1], [0], [-1], [-1]], Z, k=1, coverage=0.7)["none"].tolist()
    [False, False, False, False, True]
    """
    matrix = check_votes(votes)
    if score in OF_LOGITS:
        raise ParameterError(f"score={score!r} is of logits; rows without votes are told by features: 'knn'.")
    features = read_matrix(Z)
    if features.shape[0] != matrix.n:
        raise FrameError(f"Z has {features.shape[0]:,} rows; there are {matrix.n:,} rows of votes.")
    covered = matrix.covered
    if not covered.any():
        raise VoteError(f"None of the {matrix.n:,} rows has a vote: there is nothing that a row could be unlike.")
    rejector = Rejector(score, k).fit(features[np.flatnonzero(covered)])
    limit = rejector.threshold(coverage=coverage)
    doubt = np.empty(matrix.n)
    doubt[covered] = rejector.scores_
    if not covered.all():
        doubt[~covered] = rejector.score(features[np.flatnonzero(~covered)])
    index = pd.RangeIndex(matrix.n) if matrix.index is None else matrix.index
    return pd.DataFrame({"covered": covered, "doubt": doubt, "none": ~covered & (doubt > limit)}, index=index)


def _logits(model: Any, X: Any) -> Floats:
    if callable(getattr(model, "decision_function", None)):
        logits = np.asarray(model.decision_function(X), dtype=np.float64)
        logits = np.column_stack([-logits / 2, logits / 2]) if logits.ndim == 1 else logits
    elif callable(getattr(model, "predict_proba", None)):
        logits = np.log(np.maximum(np.asarray(model.predict_proba(X), dtype=np.float64), 1e-300))
    else:
        raise ParameterError(f"model must have decision_function or predict_proba, got {model!r:.80}.")
    return np.asarray(read_matrix(logits, "logits"))


def _codes(model: Any, y: Any, logits: Floats) -> np.ndarray:
    classes = np.asarray(getattr(model, "classes_", np.arange(logits.shape[1]))).tolist()
    plain = classes == list(range(len(classes)))
    codes = check_gold(y, len(logits), len(classes) if plain else classes)
    if (codes == ABSTAIN).any():
        raise GoldError(f"{int((codes == ABSTAIN).sum()):,} of the known rows have no class.")
    return codes


def _measures(known: Floats, unknown: Floats, right: np.ndarray) -> list[float]:
    doubt = np.concatenate([known, unknown])
    auroc = float(roc_auc_score(np.arange(len(doubt)) >= len(known), doubt))
    limit = np.sort(known)[int(np.ceil(0.95 * len(known))) - 1]
    steps = np.unique(doubt)
    kept = np.searchsorted(np.sort(unknown), steps, side="right") / len(unknown)
    kept_right = np.searchsorted(np.sort(known[right]), steps, side="right") / len(known)
    heights = (kept_right + np.append(0.0, kept_right[:-1])) / 2
    oscr = float(heights @ np.diff(kept, prepend=0.0))
    return [auroc, float((unknown <= limit).mean()), oscr, float(right.mean())]
