"""Soft labels as rows with one label and a weight each, for any trainer that takes those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from weaklab.apply.dataset_frames import DatasetReader, add_columns
from weaklab.apply.frames import ArrowReader, FrameReader, ObjectReader, PandasReader, RecordReader, read_frame
from weaklab.apply.row_slices import take_rows
from weaklab.end_models.duplication import duplicated
from weaklab.end_models.given_labels import GivenLabels
from weaklab.end_models.parameters import check_number
from weaklab.end_models.selection import Selection, Weighing, Which
from weaklab.end_models.targets import read_targets
from weaklab.exceptions import ClassError, FrameError, ParameterError, SoftLabelError
from weaklab.typing import Classes, Frame


def to_training_frame(
    frame: Frame,
    soft: Any,
    *,
    classes: Classes = None,
    sample_weight: Any = None,
    min_weight: float = 0.0,
    which: Which = "covered",
    weight: Weighing = "uniform",
    gold_weight: float | None = None,
    label_column: str = "label",
    weight_column: str = "weight",
    row_column: str | None = None,
) -> Any:
    r"""Each row once per class that has probability, with that class and a weight, for trainers of hard labels.

    The weight is the probability times the weight of the row. For a loss that adds up over rows, as the cross-entropy
    does, the weighted loss is the expected one under the soft labels, whatever the model p:

    .. math:: \sum_i w_i \sum_y q_{iy} \ell(p(x_i), y)

    A trainer of weaklab needs none of this: :class:`EndModel` and :class:`SoftLabelClassifier` take soft labels.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, Dataset of Hugging Face, list of dicts
        The data, n rows.
    soft : SoftLabels, array-like of shape (n, k) or (n,), DataFrame or Series
        Soft labels, as :meth:`EndModel.fit` takes them. Rows of SoftLabels with gold are one-hot.
    classes : int or sequence of hashable, optional
        The classes, where the labels do not name them.
    sample_weight : array-like of shape (n,), optional
        Multiplied with the weight of SoftLabels.
    min_weight : float, 0 or more
        Pairs of a row and a class of less weight are left out: with many classes, most of the rows for little of the
        loss. The others keep their weight.
    which, weight, gold_weight
        Which rows there are and how much each counts, see :class:`Selection`; by default those with votes or gold.
    label_column, weight_column : str
        The names of the new columns.
    row_column : str, optional
        The name of one more, for the position of each row in ``frame``: rows of one position belong in one fold
        (scikit-learn's ``groups``).

    Returns
    -------
    frame of the same kind
        The columns of the frame, label (by name, where classes have names) and weight, in the order of the rows, and
        of the classes within a row. The index of pandas repeats; a list gives a list of dicts.

    Raises
    ------
    FrameError
        If the data is no frame, or has a column of one of the new names.
    SoftLabelError, ClassError
        If the labels do not fit the rows or the classes, or ``min_weight`` leaves nothing.
    ParameterError
        If a parameter is not what it should be.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"text": ["win money", "hello", "hm"]})
    >>> soft = [[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]]
    >>> to_training_frame(frame, soft, classes=["ham", "spam"], sample_weight=[1, 1, 0])
            text label  weight
    0  win money   ham    0.25
    0  win money  spam    0.75
    1      hello   ham    1.00
    """
    check_number("min_weight", min_weight)
    if which == "semi-supervised":
        raise ParameterError("which='semi-supervised' keeps rows without labels, which have no place in this frame.")
    reader = read_frame(frame)
    added = [name for name in (label_column, weight_column, row_column) if name is not None]
    _check_names(added, reader)
    index = reader.index if isinstance(reader, PandasReader) else None
    selection = Selection(which, weight, gold_weight)
    given = GivenLabels(soft, reader.n, classes, sample_weight, index, selection=selection)
    targets = read_targets(given)
    rows, codes, weights = duplicated(targets)
    kept = weights >= min_weight
    if len(kept) and not kept.any():
        raise SoftLabelError(f"min_weight={min_weight!r} leaves nothing: the highest weight is {weights.max():.3g}.")
    rows, codes = rows[kept], codes[kept]
    columns = dict(zip(added, (targets.classes[codes], weights[kept], rows), strict=False))
    return _with_columns(reader, rows, columns)


def _check_names(added: Sequence[str], reader: FrameReader) -> None:
    if isinstance(reader, ObjectReader) and reader.n:
        raise FrameError("Objects take no columns: give a list of dicts, or a frame.")
    for name in added:
        if not isinstance(name, str):
            raise ParameterError(f"{name!r} must be a str, the name of a column.")
        if name in reader.names:
            raise FrameError(
                f"The frame has a column {name!r} already: name the new one otherwise, by label_column=, "
                "weight_column= or row_column=, or drop that one."
            )
    if len(set(added)) < len(added):
        raise ParameterError(f"The new columns need names that differ, got {', '.join(map(repr, added))}.")


def _with_columns(reader: FrameReader, rows: np.ndarray, columns: dict[str, np.ndarray]) -> Any:
    """Some rows of a frame, as one of its kind, with more columns."""
    if isinstance(reader, RecordReader):
        cells = zip(*(values.tolist() for values in columns.values()), strict=True)
        return [
            {**reader.records[row], **dict(zip(columns, more, strict=True))}
            for row, more in zip(rows, cells, strict=True)
        ]
    table = take_rows(reader, rows)
    if isinstance(reader, PandasReader):
        return table.assign(**columns)
    if isinstance(reader, DatasetReader):
        return add_columns(table, columns)
    if isinstance(reader, ArrowReader):
        for name, values in columns.items():
            table = table.append_column(name, [pa.array(_plain(values))])
        return table
    return table.with_columns(*(pl.Series(name, _plain(values)) for name, values in columns.items()))


def _plain(values: np.ndarray) -> np.ndarray | list[Any]:
    """Cells that a typed column can hold.

    Raises
    ------
    ClassError
        If they are names of classes that are neither strings, nor numbers.
    """
    if values.dtype != object:
        return values
    odd = next((value for value in values if not isinstance(value, str)), None)
    if odd is not None:
        raise ClassError(
            f"Class {odd!r} ({type(odd).__name__}) fits no column of this kind of table: give a DataFrame of pandas."
        )
    return list(values)
