"""The kinds of columns: which there are, and which one a column is of by its type."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd

from weaklab.end_models.categories import CategoryColumn
from weaklab.end_models.dates import DateColumn
from weaklab.end_models.embeddings import EmbeddingColumn
from weaklab.end_models.encoders import BoolColumn, NumericColumn, TextColumn
from weaklab.end_models.tfidf import TfidfColumn
from weaklab.exceptions import FrameError, ParameterError, did_you_mean

KINDS: dict[str, Any] = {
    "text": TextColumn,
    "tfidf": TfidfColumn,
    "numeric": NumericColumn,
    "bool": BoolColumn,
    "category": CategoryColumn,
    "date": DateColumn,
    "embedding": EmbeddingColumn,
}

#: Encoders whose number of features is bounded by ``max_features``.
BOUNDED = (TextColumn, TfidfColumn, CategoryColumn)


def column_encoder(name: Any, kind: str, max_features: int) -> Any:
    """An encoder of a kind for one column, not fitted yet."""
    encoder = KINDS[kind]
    return encoder(name, max_features) if encoder in BOUNDED else encoder(name)


def infer_kind(column: pd.Series) -> str:
    """The kind of a column by its type: "text", "numeric", "bool", "category", "date" or "embedding".

    Raises
    ------
    FrameError
        If its type is none of these.

    Examples
    --------
    >>> infer_kind(pd.Series(["a", None])), infer_kind(pd.Series([1, 2]))
    ('text', 'numeric')
    >>> infer_kind(pd.Series(["a", None], dtype="category")), infer_kind(pd.Series([[0.1, 0.2], None]))
    ('category', 'embedding')
    """
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "date"
    if pd.api.types.is_bool_dtype(kind):
        return "bool"
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        return "numeric"
    known = column.dropna()
    loose = pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind)
    types = set(map(type, known)) if loose else set()
    for found, name in (
        (str, "text"),
        ((bool, np.bool_), "bool"),
        ((int, float, np.number), "numeric"),
        ((datetime.date, np.datetime64), "date"),  # datetime and Timestamp are dates too
        ((list, tuple, np.ndarray), "embedding"),
    ):
        if types and all(issubclass(given, found) for given in types):
            return name
    if pd.api.types.is_string_dtype(kind) and not types:
        return "text"
    held = f" of {', '.join(sorted(found.__name__ for found in types))}" if types else ""
    raise FrameError(
        f"Column {column.name!r} is {kind}{held}, which is no feature as it is: turn it into numbers or texts, "
        "give a function that does: columns={...: function}, or leave it out by naming the others in columns=[...]."
    )


def check_kind(kind: Any, name: Any) -> Any:
    """The kind itself, if there is such a kind, or if it is a function or a transformer."""
    if callable(kind) or hasattr(kind, "fit_transform"):
        return kind
    if not isinstance(kind, str) or kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        raise ParameterError(f"columns={{{name!r}: {kind!r}}}: there is no such kind of column.{hint}")
    return kind
