"""Scores on parts of the data that deserve a look of their own."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from weaklab import metrics as own_metrics
from weaklab.analysis.predicted_labels import hard_predictions, label_codes, same_index
from weaklab.apply import apply
from weaklab.apply.frames import read_frame
from weaklab.exceptions import FrameError, GoldError, ParameterError, did_you_mean
from weaklab.label_models.intervals import from_counts
from weaklab.labeling import SlicingFunction
from weaklab.seeding import generator
from weaklab.typing import ABSTAIN, Frame, Seed
from weaklab.votes import SoftLabels

#: A bootstrap of fewer rows would tell of luck, not of its size.
FEWEST_ROWS = 10
#: Rows that are resampled at most; beyond, the spread is scaled to the number of rows.
RESAMPLED = 20_000
#: What scores that want probabilities call their second argument, here and in scikit-learn.
OF_PROBABILITIES = frozenset(("probs", "y_score", "y_prob", "y_proba"))


@dataclass(frozen=True)
class _Metric:
    name: str
    function: Callable[[Any, Any], Any]
    probs: bool
    one_column: bool  # scikit-learn wants the probability of class 1 where there are two


def slice_masks(slices: Any, frame: Frame = None, *, classes: Sequence[Hashable] | None = None) -> pd.DataFrame:
    """Which rows are in each slice.

    Parameters
    ----------
    slices : mapping from name, DataFrame of bool, function, or iterable of functions
        Slicing functions (:func:`weaklab.slicing_function`); labeling functions, whose slice is the rows on which they
        vote; in a mapping or a DataFrame also masks, a bool per row.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts, optional
        The data; not needed for masks.
    classes : sequence of hashable, optional
        The class names, for labeling functions that vote by name.

    Returns
    -------
    DataFrame of bool of shape (n, slices)
        With the frame's index: ``frame[slice_masks(slices, frame)["short"]]`` is a slice.

    Raises
    ------
    ParameterError
        If a mask is none, or not of the frame's rows.
    FrameError, LabelingFunctionError, VoteError
        As :func:`weaklab.apply`.

    Examples
    --------
    >>> frame = pd.DataFrame({"text": ["hi", "win money now", "hello"]})
    >>> slice_masks({"short": lambda row: len(row.text) < 9, "first": [True, False, False]}, frame)
       short  first
    0   True   True
    1  False  False
    2   True  False
    """
    given = _named(slices)
    reader = None if frame is None else read_frame(frame)
    lengths = [len(mask) for mask in given.values() if not callable(mask)]
    n = reader.n if reader is not None else lengths[0] if lengths else 0
    index = reader.index if reader is not None else pd.RangeIndex(n)
    functions = {name: item for name, item in given.items() if callable(item)}
    if functions and reader is None:
        raise ParameterError(f"Slices {sorted(map(str, functions))} are functions, which need the frame.")
    out: dict[Hashable, np.ndarray] = {}
    for name, item in given.items():
        if not callable(item):
            out[name] = _mask(name, item, n, index if reader is not None else None)
            continue
        is_slicing = isinstance(item, SlicingFunction)
        votes = np.asarray(apply([item], frame, classes=2 if is_slicing else classes, progress=False))[:, 0]
        out[name] = votes == 1 if is_slicing else votes >= 0
    return pd.DataFrame(out, index=index)


def slice_table(
    frame: Frame,
    slices: Any,
    y: Any,
    predictions: Any,
    *,
    metrics: Any = ("accuracy",),
    classes: Sequence[Hashable] | None = None,
    draws: int = 200,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Scores by slice, with intervals, so that a small slice does not mislead.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts, or None
        The data, n rows; None where all slices are masks.
    slices : mapping from name, DataFrame of bool, function, or iterable of functions
        As in :func:`slice_masks`.
    y : array-like of shape (n,)
        Gold labels, by name or by code; -1, None and NaN are unknown, and their rows count in no score.
    predictions : array-like of shape (n,) or (n, k), or SoftLabels
        Predicted classes by name or by code, -1 or None where there is none; or probabilities.
    metrics : str, callable, iterable of them, or mapping from name
        Names of :mod:`weaklab.metrics`, else of :mod:`sklearn.metrics`; or functions of gold and predicted codes. One
        whose second argument is called ``probs``, ``y_score`` or ``y_proba`` gets probabilities: of shape (rows, k);
        those of scikit-learn, where there are two classes, of class 1. "f1" is that of class 1 where there are two
        classes, else the unweighted mean over the classes.
    classes : sequence of hashable, optional
        The class names in the order of their codes. Needed where one of predictions and y is given by name and the
        other by code; SoftLabels bring their own.
    draws : int
        Bootstrap draws for each interval, 20 or more.
    random_state : int, Generator or None
        Draws them.

    Returns
    -------
    DataFrame
        A row "overall", then one per slice: ``rows``, ``share`` (of all rows), ``gold_rows``, and for each metric its
        value, NaN without gold rows, and ``<metric>_low`` and ``<metric>_high``, a 90 % interval: Jeffreys' for
        accuracy, else of the bootstrap (Efron, 1979, doi:10.1214/aos/1176344552), NaN on fewer than 10 gold rows.

    Raises
    ------
    FrameError, GoldError, ClassError, SoftLabelError
        If frame, labels and predictions are of different rows, or not what they should be, or no row has gold.
    ParameterError
        If a slice or a metric is none, or a metric fails (it is named, and the slice).

    Examples
    --------
    >>> frame = pd.DataFrame({"text": ["hi", "win money now", "hello"] * 20})
    >>> short = {"short": lambda row: len(row.text) < 9}
    >>> slice_table(frame, short, [0, 1, 1] * 20, [0, 1, 0] * 20).round(2)
             rows  share  gold_rows  accuracy  accuracy_low  accuracy_high
    overall    60   1.00         60      0.67          0.56           0.76
    short      40   0.67         40      0.50          0.37           0.63
    """
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or draws < 20:
        raise ParameterError(f"draws={draws!r} must be an int from 20.")
    masks = slice_masks(slices, frame, classes=classes)
    n = len(masks) if len(masks) or frame is not None else len(y)
    if frame is not None and isinstance(frame, pd.DataFrame):
        for what, values in (("y", y), ("the predictions", predictions)):
            if not same_index(values, frame.index):
                raise FrameError(f"The index of {what} is not that of the frame: align them, or give an array.")
    if isinstance(predictions, SoftLabels) and classes is None and predictions.classes is not None:
        classes = list(predictions.classes)
    guesses, probs = hard_predictions(predictions, n)
    labels = y.to_numpy() if isinstance(y, pd.Series) else y
    gold, guessed, names = label_codes(labels, guesses, n, 2 if probs is None else probs.shape[1], classes)
    if not (gold != ABSTAIN).any():
        raise GoldError(f"None of the {n:,} rows has a gold label to score by.")
    asked = _metrics(metrics, len(names), probs is not None)
    rng = generator(random_state)
    lines = {}
    for name, mask in [("overall", np.ones(n, dtype=bool)), *((name, masks[name].to_numpy()) for name in masks)]:
        rows = np.flatnonzero(mask & (gold != ABSTAIN))
        line: dict[str, Any] = {"rows": int(mask.sum()), "share": mask.mean(), "gold_rows": len(rows)}
        for metric in asked:
            said = guessed[rows] if not metric.probs or probs is None else probs[rows]
            said = said[:, 1] if metric.one_column and metric.probs else said
            values = _score(metric, gold[rows], said, name, int(draws), rng)
            line |= dict(zip((metric.name, f"{metric.name}_low", f"{metric.name}_high"), values, strict=True))
        lines[name] = line
    return pd.DataFrame(lines.values(), index=pd.Index(list(lines), dtype=object))


def _score(
    metric: _Metric, gold: np.ndarray, said: np.ndarray, where: Hashable, draws: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """A metric on the rows of a slice, and its interval."""
    n = len(gold)
    if not n:
        return np.nan, np.nan, np.nan
    try:
        value = float(metric.function(gold, said))
    except Exception as error:
        raise ParameterError(f"metric {metric.name!r} fails on slice {where!r}: {error}") from error
    if metric.function is own_metrics.accuracy:
        low, high = from_counts(np.array([value * n]), np.array([float(n)]))[0]
        return value, low, high
    if n < FEWEST_ROWS:
        return value, np.nan, np.nan
    size = min(n, RESAMPLED)
    found = np.full(draws, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a draw may lack a class
        for b in range(draws):
            at = rng.integers(n, size=size)
            try:
                found[b] = metric.function(gold[at], said[at])
            except ValueError:
                continue
    found = found[~np.isnan(found)]
    if len(found) < draws / 2:
        return value, np.nan, np.nan
    low, high = np.quantile(found, [0.05, 0.95])
    if size < n:
        low, high = (value + (bound - found.mean()) * np.sqrt(size / n) for bound in (low, high))
    return value, float(low), float(high)


def _metrics(metrics: Any, k: int, has_probs: bool) -> list[_Metric]:
    """The metrics that were asked for, as functions."""
    items: Iterable[tuple[Any, Any]]
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    items = metrics.items() if isinstance(metrics, Mapping) else [(None, item) for item in metrics]
    found = [_metric(name, item, k) for name, item in items]
    if not found:
        raise ParameterError("metrics are none; give a name, such as 'accuracy', or a function.")
    for metric in found:
        if metric.probs and not has_probs:
            raise ParameterError(f"metric {metric.name!r} is of probabilities, and the predictions are classes.")
    return found


def _metric(name: Any, item: Any, k: int) -> _Metric:
    from sklearn import metrics as of_sklearn

    function = item
    if isinstance(item, str):
        own = item in own_metrics.__all__
        function = getattr(own_metrics if own else of_sklearn, item, None)
        if not inspect.isfunction(function):
            raise ParameterError(f"There is no metric {item!r}.{did_you_mean(item, own_metrics.__all__)}")
        if function is own_metrics.f1:
            function = partial(own_metrics.f1, average="binary" if k == 2 else "macro")
    if not callable(function):
        raise ParameterError(f"metric {item!r} is neither a name nor a function of gold and predictions.")
    label = name if name is not None else item if isinstance(item, str) else getattr(item, "__name__", "metric")
    try:
        second = [*inspect.signature(function).parameters][1:2]
    except (TypeError, ValueError):
        second = []
    of_theirs = getattr(function, "__module__", "").startswith("sklearn.") and k == 2
    return _Metric(str(label), function, bool(OF_PROBABILITIES & set(second)), of_theirs)


def _named(slices: Any) -> dict[Hashable, Any]:
    """Slices by name."""
    if isinstance(slices, pd.DataFrame):
        return {name: slices[name] for name in slices}
    if isinstance(slices, Mapping):
        named = dict(slices)
        return {
            name: SlicingFunction(item, str(name)) if inspect.isroutine(item) else item for name, item in named.items()
        }
    if callable(slices):
        slices = [slices]
    if isinstance(slices, (str, bytes)) or not isinstance(slices, Iterable):
        raise ParameterError(f"slices={slices!r:.80} must be functions, or a dict from name to function or mask.")
    out: dict[Hashable, Any] = {}
    for place, item in enumerate(slices):
        if not callable(item):
            raise ParameterError(f"slices[{place}] is {item!r:.80}: a mask needs a name, so give a dict.")
        own = SlicingFunction(item) if inspect.isroutine(item) else item
        name = getattr(own, "name", None)
        if not isinstance(name, str) or name in out:
            raise ParameterError(f"slices[{place}]: the name {name!r} is none, or taken; give a dict from name.")
        out[name] = own
    return out


def _mask(name: Hashable, mask: Any, n: int, index: pd.Index | None) -> np.ndarray:
    if index is not None and isinstance(mask, pd.Series) and len(mask) == n and not mask.index.equals(index):
        raise ParameterError(f"slice {name!r}: the index of its mask is not that of the frame.")
    array = np.asarray(mask)
    if array.shape != (n,) or array.dtype != bool:
        raise ParameterError(
            f"slice {name!r}: its mask must be {n:,} bools, one per row; got {array.dtype} of shape {array.shape}."
        )
    return array
