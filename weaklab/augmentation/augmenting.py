"""``augment``: transformation functions, a frame and its labels in; more rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from tqdm.auto import tqdm

from weaklab.apply.frames import ArrowReader, FrameReader, ObjectReader, PandasReader, PolarsReader, read_frame
from weaklab.apply.row_engine import CHUNK, ChunkSource
from weaklab.augmentation.columns import WrittenColumns
from weaklab.augmentation.function import TransformationFunction
from weaklab.augmentation.policies import UNCHANGED, Policy, RandomPolicy
from weaklab.exceptions import (
    INTERRUPTIONS,
    FaultWarning,
    FrameError,
    LabelingFunctionError,
    LabelingFunctionFailure,
    ParameterError,
    ReturnValueError,
    did_you_mean,
    reason_of,
    warn_caller,
)
from weaklab.seeding import generator
from weaklab.typing import Frame, Seed
from weaklab.votes import SoftLabels

OnError = Literal["raise", "skip"]
AnyTF = TransformationFunction | Callable[[Any], Any]


def augment(
    tfs: AnyTF | Iterable[AnyTF],
    frame: Frame,
    labels: Any = None,
    *,
    policy: Policy | None = None,
    keep_original: bool = True,
    origin: Hashable = None,
    on_error: OnError = "raise",
    random_state: Seed = None,
    progress: bool = True,
) -> Any:
    """Make more rows of a frame by transformation functions, and more labels with them.

    Parameters
    ----------
    tfs : transformation function, or iterable of them
        What to run: decorated functions, and plain functions of a row.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts
        The data, of n rows; it is never changed.
    labels : SoftLabels, Series, array or list of length n, optional
        What is known of the rows; a copy has the label of the row that it was made of.
    policy : Policy, optional
        How often each row is transformed, by which functions in which order; None means
        :class:`RandomPolicy`: one copy, by one of them.
    keep_original : bool, default=True
        Whether the rows themselves stay, each in front of its copies.
    origin : hashable, optional
        The name of a column to add: the position, from 0, of the row that each row was made of.
    on_error : {"raise", "skip"}
        What to do where a transformation function raises, or returns no row. "skip" lets it not apply there (one of
        ``batch=True``: nowhere), and gives one warning with counts.
    random_state : int, Generator or None
        Where policies and functions draw random numbers from; None means 0. The same seed gives the same rows.
    progress : bool
        Whether to show a progress bar once a call has taken a second.

    Returns
    -------
    frame of the kind that was given
        In the order of the original rows, with their index repeated (in pandas). A copy to which no function of its
        sequence applied is left out. Columns keep their types; a new column has None where it was not written.
    labels
        If there were labels: those of all rows, of the kind that was given.

    Raises
    ------
    LabelingFunctionError
        If there are no transformation functions, one is none, or several have one name.
    LabelingFunctionFailure
        If one raises; the original exception is the cause.
    ReturnValueError
        If one gives a value that the column cannot hold as it is.
    FrameError
        If the data is none of the above.
    ParameterError
        If the labels are not one per row, or another argument is not what it should be.

    See Also
    --------
    weaklab.transformation_function : write one.

    Examples
    --------
    >>> import pandas as pd
    >>> def shout(row):
    ...     return {"text": row.text.upper()} if not row.text.isupper() else None
    >>> frame = pd.DataFrame({"text": ["hi there", "WIN"]}, index=["a", "b"])
    >>> more, labels = augment(shout, frame, ["ham", "spam"], progress=False)
    >>> more
           text
    a  hi there
    a  HI THERE
    b       WIN
    >>> labels
    ['ham', 'ham', 'spam']
    """
    functions = _check_tfs(tfs)
    policy = RandomPolicy() if policy is None else policy
    if not isinstance(policy, Policy):
        raise ParameterError(f"policy={policy!r} is no Policy, such as RandomPolicy(copies=2).")
    if on_error not in get_args(OnError):
        raise ParameterError(f"on_error={on_error!r} is not known.{did_you_mean(on_error, get_args(OnError))}")
    reader = read_frame(frame)
    data = _as_pandas(frame, reader)
    _check_labels(labels, len(data))
    if origin is not None and origin in data.columns:
        raise ParameterError(f"origin={origin!r} is a column of the frame already; give another name.")
    rng = generator(random_state)
    sequences = np.asarray(policy.sequences(len(data), len(functions), rng))
    if (
        sequences.ndim != 3
        or len(sequences) != len(data)
        or ((sequences < UNCHANGED) | (sequences >= len(functions))).any()
    ):
        raise ParameterError(
            f"{policy!r} gave sequences of shape {sequences.shape} for {len(data):,} rows and {len(functions)} "
            "transformation functions; numbers from -2 of shape (n, copies, steps) were expected."
        )
    _, copies, steps = sequences.shape
    source = np.repeat(np.arange(len(data)), copies)
    plan = sequences.reshape(len(source), steps)
    unchanged = (plan == UNCHANGED).any(axis=1)
    work = _Work(WrittenColumns(data.take(source).reset_index(drop=True)), unchanged, on_error)
    with tqdm(
        total=plan.size, desc="transforming", unit="rows", unit_scale=True, delay=1.0, disable=not progress
    ) as bar:
        for step, spawned in enumerate(rng.spawn(steps)):
            for number, (tf, own) in enumerate(zip(functions, spawned.spawn(len(functions)), strict=True)):
                rows = np.flatnonzero(plan[:, step] == number)
                (work.run_batch if tf.batch else work.run_rows)(tf, rows, own)
                bar.update(len(rows))
    work.warn(len(source))
    kept = np.flatnonzero(work.applied)
    rows = np.concatenate([np.arange(len(data)), source[kept]]) if keep_original else source[kept]
    order = np.argsort(rows, kind="stable")
    made = work.columns.whole().take(kept)
    out = pd.concat([data, made]) if keep_original else made
    out = out.take(order).set_axis(data.index.take(rows[order]), axis=0)
    if origin is not None:
        out[origin] = rows[order]
    out = _as_given(out, frame, reader)
    return out if labels is None else (out, _taken(labels, rows[order]))


@dataclass
class _Work:
    """The copies while they are made."""

    columns: WrittenColumns
    applied: np.ndarray
    on_error: OnError
    failed: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def run_rows(self, tf: TransformationFunction, rows: np.ndarray, rng: np.random.Generator) -> None:
        """Run a function of one row on some of them."""
        reader, read = _PickedReader(self.columns, rows), {}  # type: ignore[var-annotated]
        found: dict[Hashable, tuple[list[int], list[Any]]] = {}
        for start in range(0, len(rows), CHUNK):
            chunk = ChunkSource(reader, start, min(start + CHUNK, len(rows)), read)
            try:
                for place, row in enumerate(chunk.rows(), start):
                    try:
                        given = tf.preprocessed(row)
                        added = set(given).difference(row) if tf.pre else ()
                        fields = tf.changes(given, tf.run(given, rng))
                    except INTERRUPTIONS:
                        raise
                    except BaseException as error:  # noqa: BLE001  -- a user's function may raise anything
                        self._fail(tf, f"at row {int(rows[place])} of the copies", error)
                        continue
                    if fields is None:
                        continue
                    self.applied[rows[place]] = True
                    for name, cell in fields.items():
                        if name in added:  # by a preprocessor: no column
                            continue
                        places, cells = found.setdefault(name, ([], []))
                        places.append(place)
                        cells.append(cell)
            finally:
                chunk.take_back()
                chunk.forget()
        for name, (places, cells) in found.items():
            self.columns.write(name, rows[places], cells, f"{tf.kind} {tf.name!r}")

    def run_batch(self, tf: TransformationFunction, rows: np.ndarray, rng: np.random.Generator) -> None:
        """Run a function of many rows on them."""
        if not len(rows):
            return
        part = self.columns.whole().take(rows).reset_index(drop=True)
        try:
            result = _columns_of(tf, tf.run(part.copy(deep=False), rng), len(rows))
        except INTERRUPTIONS:
            raise
        except BaseException as error:  # noqa: BLE001  -- a user's function may raise anything
            self._fail(tf, f"on {len(rows):,} rows", error, len(rows))
            return
        if result is None:
            return
        changed = rows[result.index.to_numpy()]
        self.applied[changed] = True
        for name in result.columns:
            if name not in part or not result[name].equals(part[name].take(result.index)):
                self.columns.write(name, changed, result[name], f"{tf.kind} {tf.name!r}")

    def _fail(self, tf: TransformationFunction, where: str, error: BaseException, rows: int = 1) -> None:
        if self.on_error == "raise":
            kind = ReturnValueError if isinstance(error, LabelingFunctionError) else LabelingFunctionFailure
            raise kind(f"{tf.kind} {tf.name!r} failed {where}: {reason_of(error)}") from error
        self.failed[tf.name] += rows
        self.first.setdefault(tf.name, f"{where}: {reason_of(error)}")

    def warn(self, n: int) -> None:
        """Tell what failed, once."""
        if self.failed:
            counts = "; ".join(f"{name!r}: {rows:,} (first {self.first[name]})" for name, rows in self.failed.items())
            warn_caller(f"Transformation functions failed on some of {n:,} copies: {counts}.", FaultWarning)


class _PickedReader(PandasReader):
    """Some rows of columns that are being written."""

    def __init__(self, columns: WrittenColumns, rows: np.ndarray) -> None:
        self.columns_now, self.rows = columns, rows
        self.n, self.names = len(rows), columns.names
        self.index = pd.RangeIndex(self.n)
        self._picked: dict[Hashable, pd.Series] = {}

    def _column(self, name: Hashable) -> pd.Series:
        if name not in self._picked:
            self._picked[name] = self.columns_now.column(name).take(self.rows)
        return self._picked[name]


def _columns_of(tf: TransformationFunction, result: Any, n: int) -> pd.DataFrame | None:
    """What a function of many rows returned, as a frame whose index says which rows it changed."""
    if result is None:
        return None
    if isinstance(result, pd.Series):
        if result.name is None:
            raise LabelingFunctionError("the Series that it returned has no name; name it as the column.")
        result = result.to_frame()
    elif isinstance(result, Mapping):
        result = pd.DataFrame(dict(result), index=pd.RangeIndex(n))
    if not isinstance(result, pd.DataFrame):
        raise LabelingFunctionError(
            f"it returned {result!r:.60} ({type(result).__name__}); a DataFrame, a Series, a dict of columns or None "
            "was expected."
        )
    index = result.index
    if not (
        index.is_unique and index.dtype.kind in "iu" and (len(index) == 0 or (index.min() >= 0 and index.max() < n))
    ):
        raise LabelingFunctionError(f"what it returned must have the index of the frame that it got, 0 to {n - 1:,}.")
    return result


def _check_tfs(tfs: Any) -> list[TransformationFunction]:
    given = [tfs] if callable(tfs) else list(tfs) if isinstance(tfs, Iterable) else [tfs]
    if not given:
        raise LabelingFunctionError("There are no transformation functions.")
    functions = [tf if isinstance(tf, TransformationFunction) else TransformationFunction(tf) for tf in given]
    twice = [name for name, count in Counter(tf.name for tf in functions).items() if count > 1]
    if twice:
        raise LabelingFunctionError(f"Several transformation functions are called {twice[0]!r}; give them names.")
    return functions


def _check_labels(labels: Any, n: int) -> None:
    if labels is not None and not hasattr(labels, "__len__"):
        raise ParameterError(f"labels={labels!r:.60} are not one per row.")
    if labels is not None and len(labels) != n:
        raise ParameterError(f"There are {len(labels):,} labels for {n:,} rows.")


def _taken(labels: Any, rows: np.ndarray) -> Any:
    if isinstance(labels, (pd.Series, pd.DataFrame)):
        return labels.iloc[rows]
    if isinstance(labels, (SoftLabels, np.ndarray)):
        return labels[rows]
    if isinstance(labels, pl.Series):
        return labels[rows]
    return [labels[row] for row in rows]


def _as_pandas(frame: Any, reader: FrameReader) -> pd.DataFrame:
    if isinstance(reader, ObjectReader):
        raise FrameError("Objects with attributes cannot be augmented; give dicts, or a frame.")
    if isinstance(reader, PandasReader):
        if not frame.columns.is_unique:
            raise FrameError(f"Column {frame.columns[frame.columns.duplicated()][0]!r} is there twice; rename one.")
        return reader.frame
    if isinstance(reader, ArrowReader):
        return reader.table.to_pandas(types_mapper=pd.ArrowDtype)
    if isinstance(reader, PolarsReader):
        return reader.frame.to_pandas(use_pyarrow_extension_array=True)
    return reader.columns(reader.names).astype(object)


def _as_given(out: pd.DataFrame, frame: Any, reader: FrameReader) -> Any:
    """A frame of the kind that was given."""
    if isinstance(reader, PandasReader):
        return out
    out = out.reset_index(drop=True)
    if isinstance(reader, ArrowReader):
        import pyarrow as pa

        return pa.Table.from_pandas(out, preserve_index=False)
    if isinstance(reader, PolarsReader):
        return pl.from_pandas(out)
    return out.to_dict("records")
