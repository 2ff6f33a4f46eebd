"""The feature plan: what becomes of each column, decided and learnt at fit, checked and repeated at predict."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.utils import check_array

from weaklab.end_models.encoders import (
    FARTHEST,
    KINDS,
    Block,
    TextColumn,
    check_kind,
    infer_kind,
    mean_and_std,
    standardised_rows,
)
from weaklab.end_models.inputs import Input, find_column, read_input
from weaklab.end_models.text import ROW_LENGTH
from weaklab.exceptions import FrameError, ParameterError


class MatrixColumns:
    """A numeric matrix without names: dense is standardised by column, sparse is scaled by one number.

    Attributes
    ----------
    n_columns : int
        The number of columns.
    mean_, std_ : ndarray of shape (n_columns,)
        Of a dense matrix.
    scale_ : float
        Of a sparse matrix: brings its rows to the length of our text features on average (the root of the mean
        square), and leaves any weighting of columns as it is.
    """

    def fit_transform(self, matrix: Any) -> Block:
        """Learn from a matrix, and encode it."""
        self.n_columns = int(matrix.shape[1])
        self.sparse_ = sp.issparse(matrix)
        if self.sparse_:
            top = float(np.abs(matrix.data).max(initial=0))
            unit = top if top > 1e100 else 1.0  # so that the sum of squares stays finite
            square = float(((matrix.data.astype(np.float64) / unit) ** 2).sum())
            self.scale_ = ROW_LENGTH * (matrix.shape[0] / square) ** 0.5 / unit if square else 1.0
        else:
            self.mean_, self.std_ = mean_and_std(matrix)
            return standardised_rows(matrix, self.mean_, self.std_, bounded=len(matrix) < FARTHEST**2)
        return self.transform(matrix)

    def transform(self, matrix: Any) -> Block:
        """Encode a matrix, (n, n_columns); dense and sparse ones can stand for each other."""
        if self.sparse_:
            scaled = sp.csr_array(matrix, copy=True)
            with np.errstate(over="ignore"):
                scaled.data = np.clip(scaled.data * self.scale_, -FARTHEST, FARTHEST).astype(np.float32)
            return scaled
        dense = matrix.toarray() if sp.issparse(matrix) else matrix
        return standardised_rows(dense, self.mean_, self.std_)

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        return f"sparse, scaled by {self.scale_:.4g}" if self.sparse_ else "standardised by column"


class FeaturePlan:
    """What becomes of each column of the data.

    Parameters
    ----------
    column : hashable, optional
        The one column to use.
    columns : mapping from column to kind, or sequence of columns, optional
        The columns to use, and their kinds: "text", "numeric" or "bool"; inferred where only names are given.
    max_features : int, default=32768
        How many buckets of words, and of characters, a text column has at most.

    Attributes
    ----------
    form_ : {"texts", "matrix", "frame"}
        What the plan was fitted on.
    encoders_ : dict
        The encoder of each column, by name.
    n_columns_ : int
        How many features there are in all.
    sparse_ : bool
        Whether the features are sparse, which they are with a text column or a sparse matrix.

    Examples
    --------
    >>> frame = pd.DataFrame({"text": ["free money", "lunch?"], "age": [20, 40]})
    >>> plan = FeaturePlan(columns={"age": "numeric"})
    >>> plan.fit_transform(frame)
    array([[-1.],
           [ 1.]], dtype=float32)
    >>> plan.table()
      column     kind  features                             detail
    0    age  numeric         1  mean 30, standard deviation 10
    """

    def __init__(
        self,
        *,
        column: Hashable = None,
        columns: Mapping[Hashable, str] | Sequence[Hashable] | None = None,
        max_features: int = 2**15,
    ) -> None:
        self.column = column
        self.columns = columns
        self.max_features = max_features

    @property
    def chosen(self) -> bool:
        """Whether the user named columns."""
        return self.column is not None or self.columns is not None

    def fit_transform(self, X: Any) -> Block:
        """Decide what becomes of each column, learn what that takes, and encode.

        Parameters
        ----------
        X : DataFrame, Series or list of str, array-like or sparse matrix of n rows
            The data.

        Returns
        -------
        ndarray or csr_array of float32 of shape (n, n_columns_)

        Raises
        ------
        FrameError, ColumnError
            If there are no rows, a column is missing, or a column has no kind.
        """
        found = read_input(X)
        self.form_, data = found.form, found.data
        if self.form_ != "matrix" and not len(data):
            raise FrameError("Found data with 0 rows (0 sample(s)) while a minimum of 1 is required to train on.")
        if self.form_ == "matrix":
            if self.chosen:
                raise FrameError(f"column= and columns= name columns of a frame, but X is a {found.name}.")
            _matrix(data, least=1)
            self.encoders_: dict[Any, Any] = {"(matrix)": MatrixColumns()}
        elif self.form_ == "texts":
            self.encoders_ = {self._text_name(X): TextColumn(self._text_name(X), self.max_features)}
        else:
            kinds = self._kinds(data)
            self.encoders_ = {name: self._encoder(name, kind) for name, kind in kinds.items()}
        return self._join([encoder.fit_transform(values) for encoder, values in self._columns(found)], fitting=True)

    def transform(self, X: Any) -> Block:
        """Encode rows as at fit.

        Parameters
        ----------
        X : as at fit, of n rows
            A frame may hold further columns, in any order; a plan of one text column also takes plain texts. (Where
            no columns were named, an :class:`~weaklab.end_models.EndModel` is stricter than its plan.)

        Returns
        -------
        ndarray or csr_array of float32 of shape (n, n_columns_)

        Raises
        ------
        FrameError, ColumnError
            If a column is missing or no longer holds what it held at fit.
        """
        return self._join([encoder.transform(values) for encoder, values in self._columns(read_input(X))])

    def table(self) -> pd.DataFrame:
        """The plan as a DataFrame with a row per column: column, kind, features, detail."""
        kinds = {encoder: kind for kind, encoder in KINDS.items()}
        rows = [
            (name, kinds.get(type(encoder), "matrix"), encoder.n_columns, encoder.detail)
            for name, encoder in self.encoders_.items()
        ]
        return pd.DataFrame(rows, columns=["column", "kind", "features", "detail"])

    def __repr__(self) -> str:
        if not hasattr(self, "encoders_"):
            return f"FeaturePlan(column={self.column!r}, columns={self.columns!r})"
        parts = ", ".join(f"{row.column!r}: {row.kind} ({row.features:,})" for row in self.table().itertuples())
        return f"FeaturePlan({parts})"

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False)) if hasattr(self, "encoders_") else escape(repr(self))

    def _text_name(self, X: Any) -> Any:
        names = [self.column] if self.column is not None else list(self.columns or ["text"])
        if len(names) > 1:
            raise FrameError(
                f"columns={self.columns!r} names {len(names)} columns, but X is a {type(X).__name__} of texts."
            )
        return names[0]

    def _encoder(self, name: Any, kind: str) -> Any:
        return TextColumn(name, self.max_features) if kind == "text" else KINDS[kind](name)

    def _kinds(self, frame: pd.DataFrame) -> dict[Any, str]:
        """The kind of each column that is used."""
        if self.column is not None and self.columns is not None:
            raise ParameterError(f"Give column= or columns=, not both: {self.column!r} and {self.columns!r}.")
        if self.column is not None:
            return {self.column: infer_kind(find_column(frame, self.column))}
        if isinstance(self.columns, Mapping):
            kinds = {name: check_kind(kind, name) for name, kind in self.columns.items()}
        elif self.columns is not None:
            if isinstance(self.columns, str):
                raise ParameterError(f"columns={self.columns!r} must be a list or a dict; for one column say column=.")
            kinds = {name: infer_kind(find_column(frame, name)) for name in self.columns}
        else:
            kinds = _all_columns(frame)
        if not kinds:
            raise FrameError(f"X has 0 feature(s) (shape={frame.shape}) while a minimum of 1 is required.")
        return kinds

    def _columns(self, found: Input) -> list[tuple[Any, Any]]:
        """Each encoder with the values that it is to encode."""
        encoders = list(self.encoders_.items())
        texts_only = len(encoders) == 1 and isinstance(encoders[0][1], TextColumn)
        if found.form == "texts" and texts_only:
            return [(encoders[0][1], found.data)]
        if found.form == "frame" and self.form_ == "frame":
            return [(encoder, find_column(found.data, name)) for name, encoder in encoders]
        if found.form == "frame" and self.form_ == "texts" and self.chosen:
            return [(encoder, find_column(found.data, name)) for name, encoder in encoders]
        if found.form != "texts" and self.form_ == "matrix":
            return [(encoders[0][1], _matrix(found.data.to_numpy() if found.form == "frame" else found.data))]
        if found.form == "matrix" and self.form_ == "frame" and not self.chosen and not texts_only:
            matrix = _matrix(found.data)
            return [(encoder, pd.Series(matrix[:, i])) for i, (_, encoder) in enumerate(encoders)]
        raise FrameError(
            f"The model was fitted on a {self.form_} with {self!r}; it cannot read a {found.form} of type {found.name}."
        )

    def _join(self, blocks: list[Block], fitting: bool = False) -> Block:
        joined: Block
        if any(sp.issparse(block) for block in blocks):
            joined = sp.csr_array(sp.hstack(blocks, format="csr", dtype=np.float32)) if len(blocks) > 1 else blocks[0]
        else:
            joined = np.hstack(blocks) if len(blocks) > 1 else blocks[0]
        if fitting:
            self.n_columns_ = int(joined.shape[1])
            self.sparse_ = bool(sp.issparse(joined))
        return joined


def _matrix(data: Any, least: int = 0) -> Any:
    """A matrix of finite float64 or float32, dense or CSR, of ``least`` rows or more."""
    numbers = [np.float64, np.float32]  # the first but for float32 itself, which half the memory is enough for
    try:
        return check_array(data, accept_sparse="csr", dtype=numbers, ensure_min_samples=least, input_name="X")
    except ValueError as error:
        raise FrameError(str(error)) from error


def _all_columns(frame: pd.DataFrame) -> dict[Any, str]:
    """All columns if all are numeric or bool, or the only one; else an error that says what to write."""
    kinds: dict[Any, str] = {}
    neither = []  # dates and the like, which the suggestion leaves out
    for name in frame.columns:
        try:
            kinds[name] = infer_kind(find_column(frame, name))
        except FrameError:
            if len(frame.columns) == 1:
                raise
            neither.append(name)
    texts = [name for name, kind in kinds.items() if kind == "text"]
    if len(frame.columns) == 1 or not texts + neither:
        return kinds
    usable = {name: kind for name, kind in kinds.items() if kind != "text" or name == texts[0]}
    raise FrameError(
        f"X has columns that are no numbers ({', '.join(map(repr, texts + neither))}), so say what to use: "
        f"{f'column={texts[0]!r} for one of them, or ' if texts else ''}columns={usable!r}. "
        "The label is not among the features."
    )
