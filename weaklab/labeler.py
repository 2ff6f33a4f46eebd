"""Labeling functions, the label model and the end model as one object, to label whole data sets with."""

from __future__ import annotations

import json
from collections.abc import Hashable
from html import escape
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from weaklab.apply import LabelStep, apply
from weaklab.apply.dataset_frames import DatasetReader, add_columns
from weaklab.apply.frames import read_frame
from weaklab.exceptions import ClassError, FrameError, ParameterError
from weaklab.persistence import ByName, Savable
from weaklab.typing import Classes, Floats, Frame, Ties
from weaklab.votes import SoftLabels, break_ties, check_gold, check_sample_weight, decode
from weaklab.votes.gold import gold_accuracy

OnError = Literal["raise", "abstain"]


class Labeler(Savable, ClassifierMixin, BaseEstimator):
    """Labels frames: runs labeling functions over them, and asks the label model, or the end model if there is one.

    Parameters
    ----------
    lfs : labeling function, or sequence of labeling functions
        As for :func:`weaklab.apply`.
    model : label model
        Fitted to votes of these labeling functions; or not yet, and then :meth:`fit` does.
    end_model : classifier, optional
        What labels in its place, rows without votes too: fitted to data and soft labels; or not yet.

    Attributes
    ----------
    model_, end_model_ : label model, classifier
        What :meth:`fit` has fitted; copies of what was given, which stay as they are.
    classes_ : ndarray of shape (k,)
        The classes of the label model.

    Examples
    --------
    >>> import weaklab as wl
    >>> frame = pd.DataFrame({"text": ["free offer", "see you", "free, see offer", "hm"]})
    >>> lfs = [
    ...     wl.keyword_lf(["free"], column="text", label="spam"),
    ...     wl.keyword_lf(["offer"], column="text", label="spam"),
    ...     wl.keyword_lf(["see"], column="text", label="ham", name="see"),
    ... ]
    >>> labeler = Labeler(lfs, wl.MajorityVote(classes=["ham", "spam"])).fit(frame)
    >>> labeler.label(frame)
                  text label  confidence  covered
    0       free offer  spam         1.0     True
    1          see you   ham         1.0     True
    2  free, see offer  spam         1.0     True
    3               hm   NaN         NaN    False
    """

    #: The columns that :meth:`label` adds to any frame.
    _adds = ("label", "confidence", "covered")

    def __init__(self, lfs: Any, model: Any, end_model: Any = None) -> None:
        self.lfs = lfs
        self.model = model
        self.end_model = end_model

    def fit(self, frame: Frame, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the label model to the votes on a frame, then the end model to the frame and the soft labels.

        Parameters
        ----------
        frame : pandas or polars DataFrame, pyarrow Table, or list, as for :func:`weaklab.apply`, of n rows
            The data.
        y : array-like of shape (n,), optional
            Gold labels where known, by code or name; -1 or missing where not.
        sample_weight : array-like of shape (n,), optional
            How often each row counts for the label model.

        Returns
        -------
        self
        """
        votes = apply(self.lfs, frame, classes=self._declared(self.model))
        model = clone(self.model).fit(votes, y, sample_weight)
        end_model = None
        if self.end_model is not None:
            soft = model.labels(votes)
            if y is not None:
                soft = soft.replace(gold=check_gold(y, soft.n, _names(model), index=soft.index))
            end_model = clone(self.end_model).fit(_for_end_model(frame), soft)
        self.model_, self.end_model_ = model, end_model
        return self

    def label(
        self,
        frame: Frame,
        *,
        votes: bool = False,
        probs: bool = False,
        explain: bool = False,
        prefix: str = "",
        ties: Ties = "lowest",
        on_error: OnError = "raise",
        n_jobs: int = 1,
        progress: bool = True,
    ) -> Any:
        """A frame with what it is labelled.

        Parameters
        ----------
        frame : pandas or polars DataFrame, pyarrow Table, Dataset of Hugging Face, or list of dicts, of n rows
            The data; it is never changed.
        votes : bool
            Whether to add a column ``vote_NAME`` per labeling function: class codes, -1 for "abstain".
        probs : bool
            Whether to add a column ``prob_CLASS`` per class.
        explain : bool
            Whether to add a column ``explanation``: by JSON, what each labeling function that votes, and the class
            balance, ``(prior)``, say for the label, in nats, as in ``model.explain``; of rows without votes it is
            missing. With an end model it tells what the label model heard.
        prefix : str
            What the names of all these columns begin with.
        ties : {"lowest", "random", "hash", "abstain"}
            Where several classes share the highest probability, as in ``model.predict``; "hash" and "random" go by
            the place of a row within the frame.
        on_error, n_jobs, progress
            As in :func:`weaklab.apply`.

        Returns
        -------
        frame of its own kind
            Its columns and, for pandas, its index, and added: ``label``, the class by name, or by code where none are
            declared; ``confidence``, its probability; ``covered``, whether any labeling function votes. A row without
            votes has no label (missing, or -1 where labels are codes) and no confidence, unless an end model labels it.

        Raises
        ------
        FrameError
            If the frame has such columns already.
        LabelingFunctionFailure, ColumnError
            As by :func:`weaklab.apply`.
        NotFittedError
            If the label model, or the end model, is not fitted.
        """
        model = self._fitted("model")
        reader = read_frame(frame)
        cast = apply(
            self.lfs, frame, classes=_names(model), on_error=on_error, n_jobs=n_jobs, cache=False, progress=progress
        )
        soft, names = self._soft(cast, frame), model.classes_
        codes = break_ties(soft.probs, ties, getattr(model, "random_state", None))
        labelled = soft.covered | (self._end() is not None)
        codes = np.where(labelled, codes, -1)
        by_name = decode(codes, None if soft.classes is None else names)
        confidence = np.where(labelled, soft.confidence, np.nan)
        columns: dict[str, Any] = {"label": by_name, "confidence": confidence, "covered": soft.covered}
        if votes:
            columns |= {f"vote_{name}": column.to_numpy() for name, column in self._plain(cast, "votes").items()}
        if probs:
            columns |= {f"prob_{name}": soft.probs[:, code] for code, name in enumerate(names.tolist())}
        if explain:
            columns["explanation"] = _explanations(model, self._plain(cast, "explain"), codes)
        named = {f"{prefix}{name}": column for name, column in columns.items()}
        if there := [name for name in named if name in reader.names]:
            raise FrameError(
                f"The frame has columns {', '.join(map(repr, there))} already, which label adds; "
                f"rename them, or say prefix='weak_'."
            )
        return _with_columns(frame, named, names)

    def for_map(
        self,
        *,
        votes: bool = False,
        probs: bool = False,
        prefix: str = "",
        ties: Ties = "lowest",
        on_error: OnError = "raise",
    ) -> LabelStep:
        """The labeler as a step of ``dataset.map(step, batched=True)`` of Hugging Face ``datasets``.

        Parameters
        ----------
        votes, probs, prefix, ties, on_error
            As in :meth:`label`.

        Returns
        -------
        LabelStep
            Adds ``label`` as class codes, -1 where there is no label; ``features=step.features(dataset.features)``
            gives them their names.
        """
        self._fitted("model")
        return LabelStep(self, {"votes": votes, "probs": probs, "prefix": prefix, "ties": ties, "on_error": on_error})

    def apply(self, frame: Frame, **arguments: Any) -> Any:
        """The votes of the labeling functions; arguments are those of :func:`weaklab.apply`."""
        declared: dict[str, Any] = {"classes": self._declared(self._present("model"))}
        return apply(self.lfs, frame, **{**declared, **arguments})

    def predict_proba(self, frame: Frame) -> Floats:
        """Probabilities of the classes: of the end model, else of the label model; an array of shape (n, k)."""
        return self.labels(frame).probs

    def labels(self, frame: Frame) -> SoftLabels:
        """Soft labels: these probabilities, with weight 0 where no labeling function votes."""
        votes = apply(self.lfs, frame, classes=_names(self._fitted("model")), cache=False)
        return self._soft(votes, frame)

    def predict(self, frame: Frame, ties: Ties = "lowest") -> np.ndarray:
        """The most probable class of each row, also of rows without votes, as ``model.predict`` has it."""
        soft = self.labels(frame)
        return soft.labels(ties, getattr(self._fitted("model"), "random_state", None))

    def score(self, frame: Frame, y: Any, sample_weight: Any = None, ties: Ties = "lowest") -> float:
        """Accuracy over the rows with gold, those without votes included, as ``model.score`` has it.

        Parameters
        ----------
        frame : pandas or polars DataFrame, pyarrow Table, or list, as for :func:`weaklab.apply`, of n rows
            The data.
        y : array-like of shape (n,)
            Gold labels, by code or name; -1 or missing where unknown.
        sample_weight : array-like of shape (n,), optional
            How often each row counts.
        ties : {"lowest", "random", "hash", "abstain"}
            As in :meth:`predict`; an abstention is wrong.

        Returns
        -------
        float
            In [0, 1].

        Raises
        ------
        GoldError
            If no row has gold, or a label is not among ``classes_``.
        """
        model = self._fitted("model")
        soft = self.labels(frame)
        gold = check_gold(y, soft.n, _names(model), index=soft.index)
        weight = check_sample_weight(sample_weight, soft.n, index=soft.index)
        codes = break_ties(soft.probs, ties, getattr(model, "random_state", None))
        return gold_accuracy(codes, gold, weight)

    def summarize(self, frame: Frame, y: Any = None) -> pd.DataFrame:
        """What each labeling function does on a frame, as by :func:`weaklab.summarize`, with learned accuracies."""
        from weaklab.analysis import summarize

        return summarize(self.apply(frame), y, model=self._fitted("model"))

    @property
    def classes_(self) -> np.ndarray:
        """The classes of the label model, an array of shape (k,)."""
        classes: np.ndarray = self._fitted("model").classes_
        return classes

    def __sklearn_is_fitted__(self) -> bool:
        return _is_fitted(self._present("model")) and (self._end() is None or _is_fitted(self._end()))

    # ------------------------------------------------------------------------------------------------------------

    def _fitted(self, name: Literal["model", "end_model"]) -> Any:
        item = self._present(name)
        if not _is_fitted(item):
            raise NotFittedError(
                f"The {name.replace('_', ' ')} of this Labeler, {type(item).__name__}, is not fitted: "
                f"give a fitted one, or call fit(frame)."
            )
        return item

    def _present(self, name: Literal["model", "end_model"]) -> Any:
        """What fit has fitted, else what was given."""
        fitted = getattr(self, f"{name}_", None)
        return getattr(self, name) if fitted is None else fitted

    def _end(self) -> Any:
        return self._present("end_model")

    @staticmethod
    def _declared(model: Any) -> Classes:
        """The classes that labeling functions may vote for by name."""
        return _names(model) if hasattr(model, "classes_") else getattr(model, "classes", None)

    def _soft(self, votes: Any, frame: Frame) -> SoftLabels:
        model = self._fitted("model")
        soft: SoftLabels = model.labels(votes)
        if self._end() is None or not soft.n:
            return soft
        end_model = self._fitted("end_model")
        classes = list(end_model.classes_)
        if set(classes) != set(model.classes_):
            raise ClassError(
                f"The end model knows classes {classes!r:.200}, the label model {model.classes_.tolist()!r:.200}."
            )
        probs = end_model.predict_proba(_for_end_model(frame))
        order = [classes.index(name) for name in model.classes_]
        return SoftLabels(probs[:, order], soft.weight, classes=soft.classes, index=soft.index)

    @staticmethod
    def _plain(votes: Any, argument: str) -> pd.DataFrame:
        if not isinstance(votes, pd.DataFrame):
            raise ParameterError(
                f"{argument}=True is for votes for one class each; here they are {type(votes).__name__}."
            )
        return votes

    def _functions(self) -> list[Any]:
        return [self.lfs] if callable(self.lfs) else list(self.lfs)

    def _saved_state(self) -> dict[str, Any]:
        lfs = [ByName(_name_of(lf), lf) for lf in self._functions()]
        state: dict[str, Any] = dict(vars(self))
        return {**state, "lfs": lfs}

    def __repr__(self) -> str:
        names = [_name_of(lf) for lf in self._functions()]
        shown = ", ".join(names[:8]) + (f", ... ({len(names)} in all)" if len(names) > 8 else "")
        end = "" if self._end() is None else f", end_model={self._end()!r}"
        return f"Labeler([{shown}], {self._present('model')!r}{end})"

    def _repr_html_(self) -> str:
        names = [_name_of(lf) for lf in self._functions()]
        model, end = self._present("model"), self._end()
        parts = [f"<b>Labeler</b> of {len(names):,} labeling functions: <code>{escape(', '.join(names)[:1000])}</code>"]
        if end is not None:
            state = "" if _is_fitted(end) else ", not fitted"
            parts.append(f"end model{state}: <code>{escape(repr(end))}</code>")
        if _is_fitted(model) and hasattr(model, "_repr_html_"):
            parts.append(f"label model:{model._repr_html_()}")
        else:
            parts.append(f"label model, not fitted: <code>{escape(repr(model))}</code>")
        return f"<div>{''.join(f'<p>{part}</p>' for part in parts)}</div>"


def _name_of(lf: Any) -> str:
    return str(getattr(lf, "name", None) or getattr(lf, "__name__", type(lf).__name__))


def _is_fitted(model: Any) -> bool:
    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError):  # no estimator
        return hasattr(model, "predict_proba") and not hasattr(model, "fit")
    return True


def _names(model: Any) -> Classes:
    """The classes of a fitted model as ``apply`` takes them: names, or how many."""
    names: list[Hashable] = model.classes_.tolist()
    coded = model._has_codes() if hasattr(model, "_has_codes") else names == list(range(len(names)))
    return len(names) if coded else names


def _for_end_model(frame: Frame) -> Any:
    """The frame as pandas has it, which all end models read."""
    if hasattr(frame, "to_pandas"):  # of polars, pyarrow and datasets
        return frame.to_pandas()
    return pd.DataFrame(frame) if isinstance(frame, (list, tuple)) else frame


def _explanations(model: Any, votes: pd.DataFrame, codes: np.ndarray) -> np.ndarray:
    """What the votes on each row say for its label, as JSON; None on rows without votes."""
    out = np.full(len(votes), None, dtype=object)
    table = votes.to_numpy()
    covered = np.flatnonzero((table >= 0).any(axis=1))
    if not len(covered):
        return out
    keys = np.column_stack([table[covered], codes[covered]])
    patterns, which = np.unique(keys, axis=0, return_inverse=True)  # rows of the same votes are explained once
    texts = []
    for pattern in patterns:
        said = model.explain(pd.DataFrame([pattern[:-1]], columns=votes.columns)).drop(columns="vote")
        of_label = said.iloc[:, max(pattern[-1], 0)] if pattern[-1] >= 0 else said.max(axis=1)
        texts.append(json.dumps({name: round(float(value), 6) for name, value in of_label.items()}, ensure_ascii=False))
    out[covered] = np.array(texts, dtype=object)[which.ravel()]
    return out


def _with_columns(frame: Frame, columns: dict[str, Any], classes: np.ndarray) -> Any:
    """A frame of the same kind with columns added; of one type each, whatever the rows, so that parts fit together."""
    if isinstance(frame, pd.DataFrame):
        added = {name: pd.Series(values, index=frame.index, dtype=_dtype(values)) for name, values in columns.items()}
        return pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)
    if isinstance(frame, (list, tuple)):
        cells = {name: values.tolist() for name, values in columns.items()}
        rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
        return [_with_cells(item, row) for item, row in zip(frame, rows, strict=True)]
    if isinstance(read_frame(frame), DatasetReader):
        return add_columns(frame, columns)
    series = [_series(name, values, classes) for name, values in columns.items()]
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(series)
    for each in series:
        frame = frame.append_column(each.name, each.to_arrow())
    return frame


def _dtype(values: np.ndarray) -> Any:
    """Texts as this pandas has them; else one of missing labels alone would be of another type."""
    if values.dtype.kind not in "UO":
        return values.dtype
    texts = all(value is None or isinstance(value, str) for value in values)
    return "str" if texts and int(pd.__version__.split(".")[0]) >= 3 else object


def _series(name: str, values: np.ndarray, classes: np.ndarray) -> pl.Series:
    if values.dtype.kind not in "UO":
        return pl.Series(name, values, nan_to_null=True)
    texts = all(value is None or isinstance(value, str) for value in values)
    kind = pl.String if texts and classes.dtype.kind in "UO" else pl.Series(classes.tolist(), strict=False).dtype
    return pl.Series(name, values.tolist(), dtype=kind, strict=False)


def _with_cells(item: Any, cells: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise FrameError(
            f"A {type(item).__name__} takes no labels; give a frame or dicts, or ask labels(...) for soft labels."
        )
    return {**item, **cells}
