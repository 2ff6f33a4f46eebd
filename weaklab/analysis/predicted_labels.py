"""Gold beside predictions, in whatever form both are given: as codes of one list of class names."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.row_tables import objects
from weaklab.exceptions import ClassError, FrameError, GoldError
from weaklab.typing import ABSTAIN
from weaklab.votes import SoftLabels, check_classes, check_gold, check_soft_labels


def same_index(values: Any, index: pd.Index) -> bool:
    """Whether values that carry an index carry this one; others of the same length are told by the length alone."""
    own = values.index if isinstance(values, (pd.Series, pd.DataFrame, SoftLabels)) else None
    return own is None or len(own) != len(index) or own.equals(index)


def hard_predictions(predictions: Any, n: int) -> tuple[Any, np.ndarray | None]:
    """Predicted classes, and the probabilities (n, k) where these were given."""
    if isinstance(predictions, SoftLabels) or np.ndim(predictions) == 2:
        probs = check_soft_labels(predictions, n).probs
        return probs.argmax(axis=1), probs
    if np.ndim(predictions) != 1 or len(predictions) != n:
        raise FrameError(f"predictions must be one per row, {n:,} in all; got shape {np.shape(predictions)}.")
    return predictions, None


def label_codes(
    y: Any, predictions: Any, n: int, k: int, classes: Sequence[Hashable] | None
) -> tuple[np.ndarray, np.ndarray, list[Hashable]]:
    """Gold and predictions as codes of one list of names, -1 where there is none; k classes at least, if of codes."""
    declared = check_classes(classes)
    if isinstance(declared, list):
        return check_gold(y, n, declared), check_gold(predictions, n, declared), declared
    named = [is_named(values) for values in (y, predictions)]
    if named == [False, False]:
        gold, guessed = check_gold(y, n, None), check_gold(predictions, n, None)
        k = max(k, int(gold.max(initial=0)) + 1, int(guessed.max(initial=0)) + 1)
        return gold, guessed, list(range(k))
    if named != [True, True]:
        how = "y is given by name and predictions by code" if named[0] else "y is given by code and predictions by name"
        raise ClassError(f"{how}: give classes=[...], the names in the order of their codes.")
    if len(y) != n:
        raise GoldError(f"y must be one label per row, {n:,} in all; got {len(y):,}.")
    both = [None if pd.isna(value) or value == ABSTAIN else value for value in [*y, *predictions]]
    codes, names = pd.factorize(objects(both))
    return codes[:n], codes[n:], names.tolist()


def is_named(values: Any) -> bool:
    """Whether labels are names, not codes."""
    array = np.asarray(values)
    return array.dtype.kind in "OUT" and any(isinstance(value, str) for value in array.astype(object))
