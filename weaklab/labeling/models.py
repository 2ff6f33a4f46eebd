"""Labeling functions that ask a classifier."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError, ReturnValueError, did_you_mean
from weaklab.labeling.arguments import check_number, check_size
from weaklab.labeling.columns import check_reads, present_rows
from weaklab.labeling.declarative import check_given_name, check_label, is_missing, readable_name
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.learned import Answers, LearnedLF, Watch
from weaklab.labeling.rich_returns import SUM_TOLERANCE, Output, check_output
from weaklab.typing import Floats

_KIND = "model_lf"


@dataclass(frozen=True, eq=False, repr=False)
class ModelLF(LearnedLF):
    """Votes as a classifier predicts; made by :func:`model_lf`, which says what the arguments mean.

    Attributes
    ----------
    model : object
        The classifier.
    ask : {"predict_proba", "decision_function", "predict", "call"}
        What is asked of it.
    single : bool
        Whether it gets a list of cells, and no frame.
    labels : tuple or None
        What each of its classes is here; None where its predictions are labels already.
    threshold : float or None
    batch_size : int
    """

    model: Any
    name: str
    columns: tuple[Hashable, ...]
    single: bool
    ask: str
    labels: tuple[Any, ...] | None
    threshold: float | None
    output: Output
    batch_size: int

    def answers(self, table: pd.DataFrame, watch: Watch | None = None) -> Answers:
        """The votes on a frame; rows with a missing cell abstain and are not shown to the model."""
        watch = watch or Watch()
        labels: list[Any] = list(self.labels or ())
        choice = np.full(len(table), -1, dtype=np.int64)
        probs = np.full((len(table), len(labels)), np.nan) if self.output == "soft" else None
        rows = present_rows(table)
        for start in range(0, len(rows), self.batch_size):
            some = rows[start : start + self.batch_size]
            try:
                scores = self._scores(table.iloc[some])
                if scores.ndim == 1:
                    predicted = [None if is_missing(label) else label for label in scores.tolist()]
                    labels += [label for label in dict.fromkeys(predicted) if label not in labels]
                    choice[some] = [labels.index(label) for label in predicted]
                else:
                    choice[some] = self._choice(scores)
                    if probs is not None:
                        probs[some] = scores
            except Exception as error:  # noqa: BLE001  -- a model may raise anything
                watch.failed(some.tolist(), error)
            watch.done(len(some))
        return Answers(labels, choice, probs)

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: the scores of the classes against the threshold."""
        table = self.table_of(row)
        column = self.columns[0] if self.single else None
        if not len(present_rows(table)):
            return Explanation(None, f"a cell of {', '.join(map(repr, self.columns))} is missing", column)
        vote, scores = self(row), self._scores(table)
        if scores.ndim == 1:
            said = "abstains" if scores[0] is None else f"predicts {scores[0]!r}"
            return Explanation(vote, f"the model {said}", column)
        order = np.argsort(-scores[0], kind="stable")
        named = {str(self.labels[place]): float(scores[0, place]) for place in order}  # type: ignore[index]
        best = self.labels[order[0]]  # type: ignore[index]
        confidence, what = self._confidence(scores)[0].item(), "leads by" if self._is_margin else "has probability"
        reason = f"class {best!r} {what} {confidence:.3g}"
        if self.threshold is not None:
            reason += f", {'below' if confidence < self.threshold else 'at or above'} the threshold {self.threshold:g}"
        if best is None:
            reason = f"the model's best class stands for no class here ({what} {confidence:.3g})"
        elif vote is None and not (self.threshold is not None and confidence < self.threshold):
            reason += ", as another class does"
        return Explanation(vote, reason, column, (), {"scores": named, "threshold": self.threshold})

    def describe(self) -> dict[str, Any]:
        """What it says, as a dict of its arguments."""
        return {"kind": type(self).__name__, **{field.name: getattr(self, field.name) for field in fields(self)}}

    @property
    def _is_margin(self) -> bool:
        return self.ask == "decision_function"

    def _confidence(self, scores: Floats) -> Floats:
        if not self._is_margin:
            return scores.max(axis=1)
        top = np.sort(scores, axis=1)
        return top[:, -1] - top[:, -2]

    def _choice(self, scores: Floats) -> np.ndarray:
        choice = scores.argmax(axis=1)
        top = np.sort(scores, axis=1)
        sure = top[:, -1] > top[:, -2]  # a tie is no opinion
        if self.threshold is not None:
            sure &= self._confidence(scores) >= self.threshold
        return np.where(sure, choice, -1)

    def _scores(self, table: pd.DataFrame) -> np.ndarray:
        """Scores (n, L), or predicted labels (n,)."""
        asked = self.model if self.ask == "call" else getattr(self.model, self.ask)
        returned = asked(self._input(table))
        if isinstance(returned, pd.DataFrame):
            returned = returned.to_numpy()
        if hasattr(returned, "detach"):  # a tensor of torch that asks for a gradient
            returned = returned.detach().cpu()
        scores = _array(returned)
        n = len(table)
        if self.ask == "decision_function" and scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])  # (n, 2), leading by |d|
        expected = f"({n}, {len(self.labels)})" if self.labels is not None and self.ask != "predict" else f"({n},)"
        if self.ask in ("predict", "call") and scores.ndim == 1 and len(scores) == n:
            return self._predicted(scores)
        if self.labels is None or scores.shape != (n, len(self.labels)):
            hint = " Give labels=, one for each of its columns." if self.labels is None and scores.ndim == 2 else ""
            raise ReturnValueError(f"the model returned an array of shape {scores.shape}, not {expected}.{hint}")
        scores = scores.astype(np.float64)
        self._check(scores)
        return scores

    def _predicted(self, labels: np.ndarray) -> np.ndarray:
        if self.threshold is not None or self.output == "soft":
            raise ReturnValueError("the model returned labels, and output= or threshold= need probabilities.")
        return labels

    def _check(self, scores: Floats) -> None:
        wrong = ~np.isfinite(scores).all(axis=1)
        if not self._is_margin:
            wrong |= (scores < 0).any(axis=1) | (np.abs(scores.sum(axis=1) - 1) > SUM_TOLERANCE)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ReturnValueError(
                f"the model returned {scores[row].tolist()} for row {row} of a batch; "
                f"{'finite scores' if self._is_margin else 'probabilities from 0 that sum to 1'} were expected."
            )

    def _input(self, table: pd.DataFrame) -> Any:
        if self.single:
            return table.iloc[:, 0].tolist()
        # An estimator that was fitted without names of features warns when it gets some.
        nameless = hasattr(self.model, "n_features_in_") and not hasattr(self.model, "feature_names_in_")
        return table.to_numpy() if nameless else table


def model_lf(
    model: Any,
    *,
    column: Hashable = None,
    columns: Sequence[Hashable] | None = None,
    labels: Sequence[Any] | Mapping[Any, Any] | None = None,
    threshold: float | None = None,
    output: Output = "hard",
    name: str | None = None,
    batch_size: int = 4096,
) -> ModelLF:
    """Make a labeling function of a classifier, which abstains where it is not confident.

    Parameters
    ----------
    model : classifier or callable
        Fitted, in the manner of scikit-learn: ``predict_proba`` is asked where it has it, else ``decision_function``,
        else ``predict``. Or a function that takes what these take and returns probabilities of shape (n, L), or
        n labels.
    column : hashable, optional
        One column, such as a text: the model gets the list of its cells.
    columns : sequence of hashable, optional
        Several columns: the model gets a frame of them, or an array where it was fitted without names of features.
        One of column and columns is given. Rows with a missing cell abstain, and the model does not see them.
    labels : sequence of length L, or mapping, optional
        What to vote for each class of the model, in the order of ``model.classes_``, or by class; None abstains. By
        default the model's own classes. A function that returns probabilities needs it.
    threshold : float, optional
        Abstain where the confidence is lower. The confidence is the highest probability, in [0, 1]; with
        ``decision_function`` it is by how much the best class leads, in its units. None votes wherever one class leads.
    output : {"hard", "soft"}
        Whether to vote for one class or with all probabilities, which ``decision_function`` does not have.
    name : str, optional
        The name of its column of votes; by default that of the model's class or function.
    batch_size : int
        How many rows the model gets at once.

    Returns
    -------
    ModelLF
        It can be called on one row and explains its vote there.

    Raises
    ------
    LabelingFunctionError
        If the model is no classifier or not fitted, or the arguments do not fit it.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> frame, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> few = frame[["mean radius", "mean texture"]].iloc[:100]
    >>> model = LogisticRegression().fit(few, y[:100])
    >>> lf = model_lf(model, columns=few.columns, labels=["malignant", "benign"], threshold=0.9)
    >>> lf({"mean radius": 9.0, "mean texture": 15.0}), lf({"mean radius": 14.0, "mean texture": 20.0})
    ('benign', None)
    >>> lf.explain({"mean radius": 14.0, "mean texture": 20.0}).reason
    "class 'malignant' has probability 0.786, below the threshold 0.9"
    """
    reads, single = check_reads(column, columns, _KIND)
    ask = next((each for each in ("predict_proba", "decision_function", "predict") if hasattr(model, each)), None)
    if isinstance(model, type):
        raise LabelingFunctionError(f"{_KIND}: {model.__name__} is a class; give a fitted model.")
    if ask is None and not callable(model):
        raise LabelingFunctionError(
            f"{_KIND}: {model!r:.80} ({type(model).__name__}) is no classifier: it has none of predict_proba, "
            f"decision_function and predict, and cannot be called."
        )
    ask = ask or "call"
    output = check_output(output, _KIND)
    if output == "set":
        raise LabelingFunctionError(f"{_KIND}: output='set' is not what a classifier votes; use 'hard' or 'soft'.")
    if ask in ("predict", "decision_function") and output == "soft":
        raise LabelingFunctionError(
            f"{_KIND}: output='soft' needs probabilities, and {type(model).__name__} has no predict_proba; wrap it in "
            f"sklearn.calibration.CalibratedClassifierCV."
        )
    if ask == "predict" and threshold is not None:
        raise LabelingFunctionError(
            f"{_KIND}: threshold={threshold!r} needs a confidence, and {type(model).__name__} has neither "
            f"predict_proba nor decision_function."
        )
    if threshold is not None:
        threshold = check_number(threshold, "threshold", _KIND, 0, np.inf if ask == "decision_function" else 1)
    default = readable_name(getattr(model, "__name__", type(model).__name__))
    return ModelLF(
        model,
        check_given_name(name, default, _KIND),
        reads,
        single,
        ask,
        _labels(model, ask, labels, output),
        threshold,
        output,
        check_size(batch_size, "batch_size", _KIND),
    )


def _labels(model: Any, ask: str, labels: Any, output: str) -> tuple[Any, ...] | None:
    own = getattr(model, "classes_", None)
    if isinstance(own, list) and any(np.ndim(each) for each in own):
        raise LabelingFunctionError(f"{_KIND}: {type(model).__name__} was fitted to several outputs; give one of one.")
    if ask in ("predict_proba", "decision_function") and own is None and labels is None:
        raise LabelingFunctionError(f"{_KIND}: {type(model).__name__} has no classes_; fit it first, or give labels=.")
    if labels is None:
        if own is None or ask == "call":
            return None
        return tuple(_own_label(label) for label in np.asarray(own).tolist())
    if ask == "predict":
        raise LabelingFunctionError(
            f"{_KIND}: labels= is for probabilities, and {type(model).__name__} has only predict."
        )
    if isinstance(labels, Mapping):
        if own is None:
            raise LabelingFunctionError(f"{_KIND}: labels= by class needs model.classes_; give a list.")
        classes = np.asarray(own).tolist()
        strange = [key for key in labels if key not in classes]
        if strange:
            raise LabelingFunctionError(
                f"{_KIND}: labels= names {strange[0]!r}, which is no class of the model."
                f"{did_you_mean(strange[0], classes)}"
            )
        labels = [labels.get(each) for each in classes]
    elif isinstance(labels, (str, bytes)) or not isinstance(labels, (Sequence, np.ndarray)):
        raise LabelingFunctionError(f"{_KIND}: labels={labels!r} must be a list in the order of the model's classes.")
    if own is not None and len(labels) != len(own):
        raise LabelingFunctionError(f"{_KIND}: there are {len(labels)} labels for {len(own)} classes of the model.")
    if len(labels) < 2 or all(label is None for label in labels):
        raise LabelingFunctionError(f"{_KIND}: labels={labels!r} must name two classes of the model or more.")
    return tuple(None if label is None else check_label(label, _KIND) for label in labels)


def _own_label(label: Any) -> Any:
    try:
        return check_label(label, _KIND)
    except LabelingFunctionError as error:
        raise LabelingFunctionError(
            f"{_KIND}: the model has the class {label!r}, which is none here; say by labels=[...] what each of "
            f"model.classes_ means."
        ) from error


def _array(returned: Any) -> np.ndarray:
    if isinstance(returned, np.ndarray):
        return returned
    if isinstance(returned, (list, tuple)) and not (len(returned) and hasattr(returned[0], "__len__")):
        return np.fromiter(returned, dtype=object, count=len(returned))
    if isinstance(returned, (list, tuple)) and isinstance(returned[0], str):
        return np.fromiter(returned, dtype=object, count=len(returned))
    try:
        return np.asarray(returned)
    except (TypeError, ValueError) as error:
        raise ReturnValueError(f"the model returned a {type(returned).__name__} that is no array: {error}") from error
