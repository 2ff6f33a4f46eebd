"""Labels to a file of JSON, with what was known of the labeling functions that made them."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Hashable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from weaklab.analysis.summary import summarize
from weaklab.apply.frames import PandasReader, read_frame
from weaklab.exceptions import FrameError, ParameterError
from weaklab.typing import Frame, Votes
from weaklab.votes import PartialVotes, SoftLabels, SoftVotes, check_soft_labels, check_votes
from weaklab.votes.label_file import write_label_file

_PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn")


def export_labels(
    path: str | os.PathLike[str],
    votes: Votes,
    model: Any = None,
    *,
    soft: SoftLabels | None = None,
    y: Any = None,
    frame: Frame | None = None,
    columns: Sequence[Hashable] = (),
    ids: Any = None,
) -> Path:
    """Write labels to a file that other programs read: strict JSON, with votes and statistics of labeling functions.

    Above the rows stand classes, the model and its parameters, versions, and what :func:`weaklab.summarize` says of
    each labeling function. Each row has ``id``, ``label`` (null where no labeling function votes), ``covered``,
    ``probs`` in the order of the classes, and ``votes``, a class by labeling function, without those that abstain;
    ``weight``, ``gold`` and ``data``, where there are some. Classes go by name where they have names. What is not
    known (NaN) is null. The same input gives the same file, and :func:`weaklab.read_labels` reads it.

    Parameters
    ----------
    path : path
        Ends in ``.json``, for one document, or ``.jsonl``, for the header in the first line and a line per row. A file
        that is there is replaced, once the new one is whole.
    votes : DataFrame, array-like or sparse matrix of shape (n, m)
        One class per vote.
    model : label model, optional
        Fitted; it gives the soft labels, and the statistics tell what it learned.
    soft : SoftLabels or array-like of shape (n, k), optional
        In place of ``model.labels(votes)``, such as with gold, or of an end model.
    y : array-like of shape (n,), optional
        Gold labels, for the statistics.
    frame : frame, optional
        The data, as ``apply`` takes it.
    columns : sequence of hashable
        Which of its columns to write into each row, as a list ``data``.
    ids : array-like of str or int of shape (n,), optional
        What each row is called; the index of the soft labels, of the votes or of the frame by default, else 0..n-1.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If neither model nor soft labels are given, or something is of a type that JSON does not have (a date, a tuple,
        an Enum member as a class, infinity); says where.
    VoteError, SoftLabelError, GoldError, FrameError, ColumnError
        If an argument is not what it should be, or does not fit the others.
    OSError
        If the file cannot be written; one that was there is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> import weaklab as wl
    >>> votes = pd.DataFrame({"win": [1, -1, -1], "hello": [-1, 0, -1]}, index=["a", "b", "c"])
    >>> model = wl.MajorityVote(classes=["ham", "spam"]).fit(votes)
    >>> path = wl.export_labels(tempfile.mkdtemp() + "/labels.jsonl", votes, model)
    >>> print(path.read_text().splitlines()[1])
    {"id": "a", "label": "spam", "covered": true, "probs": [0.0, 1.0], "votes": {"win": "spam"}, "weight": 1.0}
    >>> wl.read_labels(path).soft.labels()
    array(['spam', 'ham', 'ham'], dtype='<U4')
    """
    if isinstance(votes, (PartialVotes, SoftVotes)):
        raise ParameterError(f"votes are {type(votes).__name__}; a file of labels holds one class per vote.")
    if soft is None:
        if model is None:
            raise ParameterError("Give model=, a fitted label model, or soft=, the labels.")
        soft = model.labels(votes)
    matrix = check_votes(votes, classes=None if model is None else len(model.classes_))
    soft = check_soft_labels(soft, matrix.n)
    matrix = check_votes(votes, classes=soft.k)
    statistics = summarize(votes, y, model=model, classes=None if soft.classes is None else list(soft.classes))
    data = None if not columns else _columns(frame, columns, matrix.n, matrix.index)
    index = next((own for own in (soft.index, matrix.index, _index(frame)) if own is not None), pd.RangeIndex(matrix.n))
    called = index if ids is None else pd.Index(ids)
    if len(called) != matrix.n:
        raise ParameterError(f"ids are {len(called):,} for {matrix.n:,} rows.")
    about = {
        "versions": {"weaklab": sys.modules["weaklab"].__version__, "python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
        "model": None if model is None else _described(model),
        "id_name": called.name if isinstance(called.name, str) else None,
    }
    return write_label_file(path, soft, matrix, statistics, ids=called.tolist(), about=about, data=data)


def _described(model: Any) -> dict[str, Any]:
    """The class of a model, and its parameters as they are written in Python."""
    given = model.get_params(deep=False) if hasattr(model, "get_params") else {}
    return {"name": type(model).__name__, "parameters": {name: repr(value) for name, value in given.items()}}


def _index(frame: Frame | None) -> pd.Index | None:
    return frame.index if isinstance(frame, pd.DataFrame) else None


def _columns(frame: Frame | None, columns: Sequence[Hashable], n: int, index: pd.Index | None) -> pd.DataFrame:
    """Some columns of a frame of any kind, cells as they are."""
    if frame is None:
        raise ParameterError("columns= are of frame=, which is not given.")
    if isinstance(columns, str):
        raise ParameterError(f"columns={columns!r} must be a list of columns: [{columns!r}].")
    reader = read_frame(frame)
    if reader.n != n:
        raise FrameError(f"The frame has {reader.n:,} rows, and there are votes on {n:,}.")
    for name in columns:
        reader.check_column(name, "columns=")
    if isinstance(reader, PandasReader) and index is not None and not index.equals(reader.index):
        raise FrameError("The index of the votes is not that of the frame: are these the votes on these rows?")
    return pd.DataFrame({name: pd.Series(reader.cells(name, 0, n), dtype=object) for name in columns})
