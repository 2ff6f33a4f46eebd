"""The feature plan: what becomes of each column, decided and learnt at fit, checked and repeated at predict."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.utils import check_array

from weaklab.end_models.custom import CustomColumn
from weaklab.end_models.dataset_rows import DatasetColumns
from weaklab.end_models.encoders import Block, TextColumn
from weaklab.end_models.images import ImageArray
from weaklab.end_models.inputs import Input, find_column, read_input
from weaklab.end_models.kinds import KINDS, check_kind, column_encoder, infer_kind
from weaklab.end_models.matrices import MatrixColumns
from weaklab.end_models.tfidf import TfidfColumn
from weaklab.exceptions import FrameError, ParameterError

_FORMS = {"frame": "a frame", "matrix": "a matrix", "texts": "texts", "images": "images", "dataset": "a Dataset"}
_KINDS_OF_ARRAYS: dict[type, str] = {
    MatrixColumns: "matrix",
    ImageArray: "images",
    CustomColumn: "custom",
    DatasetColumns: "dataset",
}


class FeaturePlan:
    """What becomes of each column of the data.

    Parameters
    ----------
    column : hashable, optional
        The one column to use.
    columns : mapping from column to kind, or sequence of columns, optional
        The columns to use, and their kinds: "text", "tfidf", "numeric", "bool", "category", "date", "embedding"
        (vectors of one length), or a callable or transformer as for ``encode``; inferred from the types where only
        names are given ("tfidf", and "category" for texts, have to be asked for).
    max_features : int, default=32768
        How many buckets of words, and of characters, a text column has at most; also how many words by TF-IDF, and
        how many categories.
    encode : callable (list of n values) -> (n, d), or transformer, optional
        Takes the place of our features: of the one column, of plain texts, or of X itself where it is a matrix.
    images_as_is : bool, default=False
        Give images as float32 with the values that they have, instead of standardised.
    in_place : bool, default=False
        Leave a dense matrix that is a numpy memmap in its file: features are then a
        :class:`~weaklab.end_models.mapped.MappedMatrix`.

    Attributes
    ----------
    form_ : {"texts", "matrix", "images", "frame", "dataset"}
        What the plan was fitted on.
    encoders_ : dict
        The encoder of each column, by name.
    n_columns_ : int
        How many features there are in all.
    shape_ : tuple of int
        The shape of a row of features: that of an image, else ``(n_columns_,)``.
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
        columns: Mapping[Hashable, Any] | Sequence[Hashable] | None = None,
        max_features: int = 2**15,
        encode: Any = None,
        images_as_is: bool = False,
        in_place: bool = False,
    ) -> None:
        self.column = column
        self.columns = columns
        self.max_features = max_features
        self.encode = encode
        self.images_as_is = images_as_is
        self.in_place = in_place

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
        ndarray or csr_array of float32 of shape (n, n_columns_); (n, h, w[, c]) of images

        Raises
        ------
        FrameError, ColumnError
            If there are no rows, a column is missing, or a column has no kind.
        """
        found = read_input(X)
        self.form_, data = found.form, found.data
        if self.form_ not in {"matrix", "images", "dataset"} and not len(data):
            raise FrameError("Found data with 0 rows (0 sample(s)) while a minimum of 1 is required to train on.")
        if self.encode is not None and isinstance(self.columns, Mapping):
            raise ParameterError("encode= is for one column; in columns={...} give it as the kind of its column.")
        self.encoders_: dict[Any, Any]
        if self.form_ in {"matrix", "images", "dataset"}:
            self.encoders_ = self._of_arrays(found)
        elif self.form_ == "texts":
            name = self._text_name(X)
            kind = self.columns[name] if isinstance(self.columns, Mapping) else "text"
            self.encoders_ = {name: self._encoder(name, check_kind(self.encode or kind, name))}
        else:
            self.encoders_ = {name: self._encoder(name, kind) for name, kind in self._kinds(data).items()}
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
            (name, kinds.get(type(encoder), _KINDS_OF_ARRAYS.get(type(encoder))), encoder.n_columns, encoder.detail)
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

    def _encoder(self, name: Any, kind: Any) -> Any:
        return column_encoder(name, kind, self.max_features) if isinstance(kind, str) else CustomColumn(name, kind)

    def _of_arrays(self, found: Input) -> dict[Any, Any]:
        """The encoder of a matrix, of images or of a Dataset."""
        if self.chosen:
            raise FrameError(f"column= and columns= name columns of a frame, but X is a {found.name}.")
        if found.form == "dataset":
            if self.encode is not None:
                raise ParameterError("encode= does not go with a Dataset: let its items be what it would give.")
            return {"(dataset)": DatasetColumns()}
        if self.encode is not None:
            return {f"({found.form})": CustomColumn(f"({found.form})", self.encode)}
        if found.form == "images":
            return {"(images)": ImageArray(self.images_as_is)}
        _matrix(found.data, least=1)
        return {"(matrix)": MatrixColumns(self.in_place)}

    def _kinds(self, frame: pd.DataFrame) -> dict[Any, Any]:
        """The kind of each column that is used, or what encodes it."""
        if self.column is not None and self.columns is not None:
            raise ParameterError(f"Give column= or columns=, not both: {self.column!r} and {self.columns!r}.")
        if self.encode is not None:
            names = list(frame.columns if self.columns is None else self.columns)
            if self.column is None and len(names) != 1:
                raise ParameterError(f"encode= is for one column, not for {names!r}: say column= or columns={{...}}.")
            name = names[0] if self.column is None else self.column
            find_column(frame, name)
            return {name: check_kind(self.encode, name)}
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
        one = encoders[0][1]
        texts_only = len(encoders) == 1 and isinstance(one, (TextColumn, TfidfColumn, CustomColumn))
        if found.form == "texts" and texts_only and self.form_ in {"texts", "frame"}:
            return [(one, found.data)]
        if found.form == "frame" and (self.form_ == "frame" or (self.form_ == "texts" and self.chosen)):
            return [(encoder, find_column(found.data, name)) for name, encoder in encoders]
        if found.form == self.form_ and (found.form in {"images", "dataset"} or isinstance(one, CustomColumn)):
            return [(one, found.data)]
        if found.form in {"frame", "matrix"} and self.form_ == "matrix":
            return [(one, _matrix(found.data.to_numpy() if found.form == "frame" else found.data))]
        if found.form == "matrix" and self.form_ == "frame" and not self.chosen and not texts_only:
            matrix = _matrix(found.data)
            return [(encoder, pd.Series(matrix[:, i])) for i, (_, encoder) in enumerate(encoders)]
        raise FrameError(
            f"The model was fitted on {_FORMS[self.form_]} with {self!r}; it cannot read {_FORMS[found.form]} of type "
            f"{found.name}."
        )

    def _join(self, blocks: list[Block], fitting: bool = False) -> Block:
        joined: Block
        if any(sp.issparse(block) for block in blocks):
            joined = sp.csr_array(sp.hstack(blocks, format="csr", dtype=np.float32)) if len(blocks) > 1 else blocks[0]
        else:
            joined = np.hstack(blocks) if len(blocks) > 1 else blocks[0]
        if fitting:
            self.shape_ = tuple(joined.shape[1:])
            self.n_columns_ = int(np.prod(self.shape_))
            self.sparse_ = bool(sp.issparse(joined))
        return joined


def _matrix(data: Any, least: int = 0) -> Any:
    """A matrix of finite float64 or float32, dense or CSR, of ``least`` rows or more."""
    numbers = [np.float64, np.float32]  # the first but for float32 itself, which half the memory is enough for
    try:
        return check_array(data, accept_sparse="csr", dtype=numbers, ensure_min_samples=least, input_name="X")
    except ValueError as error:
        if str(error).startswith("Complex data"):
            raise FrameError("Complex data not supported: give real numbers, such as [X.real, X.imag].") from error
        raise FrameError(f"{error}{_where(data)}") from error


def _where(data: Any) -> str:
    """Where a dense matrix holds no number, and what to do; "" where something else is wrong with it."""
    array = data if isinstance(data, np.ndarray) else np.empty(0)
    if array.ndim == 2 and array.dtype.kind == "f":
        for start in range(0, len(array), 2**12):  # a file is not loaded whole
            wrong = np.argwhere(~np.isfinite(array[start : start + 2**12]))
            if len(wrong):
                row, column = wrong[0].tolist()
                return (
                    f" The first is in row {start + row}, column {column}; missing numbers of a DataFrame are imputed."
                )
    if array.ndim == 2 and array.dtype.kind in "OU":
        return " Columns that are no numbers are given as those of a DataFrame."
    return ""


def _all_columns(frame: pd.DataFrame) -> dict[Any, str]:
    """All columns if none is of text or unknown, or the only one; else an error that says what to write."""
    for name in frame.columns[frame.columns.duplicated()]:
        find_column(frame, name)  # an error of its own, before one of what the column holds
    kinds: dict[Any, str] = {}
    neither = []  # dicts and the like, which the suggestion leaves out
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
    if not usable:
        raise FrameError(
            f"None of the columns of X is a feature as it is ({', '.join(map(repr, neither))}): turn them into numbers "
            "or texts, or give functions that do: columns={name: function}."
        )
    raise FrameError(
        f"X has columns that are no numbers ({', '.join(map(repr, texts + neither))}), so say what to use: "
        f"{f'column={texts[0]!r} for one of them, or ' if texts else ''}columns={usable!r}. "
        "The label is not among the features."
    )
