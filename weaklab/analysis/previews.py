"""Look at what a labeling function fires on before it runs over everything."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.preview_card import Preview
from weaklab.analysis.row_tables import with_columns
from weaklab.apply import Fault, apply
from weaklab.apply.dataset_frames import DatasetReader
from weaklab.apply.frames import ArrowReader, FrameReader, ObjectReader, PandasReader, RecordReader, read_frame
from weaklab.apply.plan import LF, check_lfs
from weaklab.exceptions import INTERRUPTIONS, FaultWarning, LabelingFunctionError, ParameterError, reason_of
from weaklab.labeling import DeclarativeLF, Explanation, LabelingFunction, PromptLF, Row, as_row
from weaklab.seeding import generator
from weaklab.typing import ABSTAIN, Classes, Frame, Seed
from weaklab.votes import PartialVotes, SoftVotes, check_classes, check_gold, class_array

#: How many rows are looked at first: where nothing is compiled, so many for each example that is wanted ...
FIRST_ROWS = 20
#: ... and at least so many where it is.
FIRST_COMPILED = 2000
#: Each sample is so many times larger than the one before.
GROWTH = 4
#: At most so many rows with gold are looked at beside the sample; and so many by a function that asks for each.
GOLD_ROWS, GOLD_ASKED = 1000, 100


@dataclass
class _Seen:
    """What is known of one labeling function so far."""

    lf: LF
    sampled: int = 0
    fired: list[int] = field(default_factory=list)  # rows of the sample
    votes: dict[int, Any] = field(default_factory=dict)  # of these, as a labeling function returns them
    right: int = 0
    judged: int = 0
    faults: int = 0
    first_fault: Fault | None = None


def preview(
    lf: Any,
    frame: Frame,
    n: int = 10,
    *,
    y: Any = None,
    random_state: Seed = None,
    columns: Sequence[Hashable] | None = None,
    classes: Classes = None,
    max_rows: int | None = None,
) -> Preview:
    """Show some rows on which a labeling function votes, why it does, and how often.

    Random samples of growing size are looked at until n rows are found, so that ten examples of a frame of ten
    million rows cost a few thousand rows, or all where it never votes. A function that raises abstains on that row;
    this is counted.

    Parameters
    ----------
    lf : labeling function, or list of labeling functions
        Of any kind. Each of a list has its own n rows. One of ``batch=True`` is given the rows looked at, not the
        whole frame.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
        The data.
    n : int
        How many rows to show.
    y : array-like of shape (rows,), optional
        Gold labels where known, by code, or by name where ``classes`` are names; -1, None and NaN are unknown. Up to
        1,000 rows with gold are looked at beside the sample, 100 by functions such as ``prompt_lf``.
    random_state : int, Generator or None
        Draws the samples.
    columns : sequence of hashable, optional
        What to show; by default the columns that the function reads.
    classes : int or sequence of hashable, optional
        The classes, as for ``apply``. Functions that are data and vote by name do without.
    max_rows : int, optional
        The most rows of the sample; by default all, if need be.

    Returns
    -------
    Preview
        Shows itself in a terminal and, with what was found marked in the text, in a notebook. ``frame`` holds the
        rows and ``summary`` the figures.

    Raises
    ------
    ParameterError, FrameError, ColumnError, LabelingFunctionError, GoldError, ClassError
        If an argument is not what it should be.

    Examples
    --------
    >>> from weaklab.labeling import keyword_lf
    >>> frame = pd.DataFrame({"text": ["free money", "call me", "feel free"], "n": [1, 2, 3]})
    >>> seen = preview(keyword_lf("free", column="text", label=1), frame, y=[1, 0, 0])
    >>> seen
    free votes on 2 of the 3 rows looked at (66.7%); right on 1 of 2 with gold (50.0%)
      vote gold          text           reason
    0    1    1  [free] money  found 'free' at 0
    2    1    0   feel [free]  found 'free' at 5
    >>> seen.frame["text"].tolist()
    ['free money', 'feel free']
    """
    for argument, value in (("n", n), ("max_rows", 1 if max_rows is None else max_rows)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ParameterError(f"{argument}={value!r} must be an int from 1.")
    lfs = check_lfs(lf)
    reader = read_frame(frame)
    for name in columns or ():
        reader.check_column(name, "preview")
    classes = _classes(classes, lfs)
    index = reader.index if isinstance(reader, PandasReader) else None
    gold = None if y is None else check_gold(y, reader.n, classes, index=index)
    order = generator(random_state).permutation(reader.n)[:max_rows]
    found = [_look(each, frame, reader, n, order, gold, classes) for each in lfs]
    shown = [_shown(each, frame, reader, n, columns, gold, classes) for each in found]
    summary = pd.DataFrame([_figures(each, gold is not None) for each in found], index=[each.lf.name for each in found])
    lines = pd.concat([part for part, _ in shown]) if len(shown) > 1 else shown[0][0]
    if len(shown) > 1:
        names = np.repeat([each.lf.name for each in found], [len(part) for part, _ in shown])
        lines.insert(0, "lf" if "lf" not in lines else "lf_", names)
    counts = tuple(len(part) for part, _ in shown)
    faults = {each.lf.name: each.first_fault.reason for each in found if each.first_fault is not None}
    return Preview(lines, summary, tuple(reason for _, part in shown for reason in part), counts, reader.n, faults)


def take_rows(frame: Frame, reader: FrameReader, rows: np.ndarray) -> Any:
    """Some rows of a frame of any kind, by position, as a frame of that kind.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
        The data.
    reader : FrameReader
        What reads it.
    rows : ndarray of int
        Which.

    Returns
    -------
    frame
        Dicts get the keys that only others have, as missing cells, as ``apply`` reads them.
    """
    if isinstance(reader, PandasReader):
        return reader.frame.iloc[rows]
    if isinstance(reader, DatasetReader):
        return reader.take(rows)
    if isinstance(reader, ArrowReader):
        return reader.table.take(rows)
    if not isinstance(reader, (RecordReader, ObjectReader)):
        return frame[rows]
    chosen = [frame[row] for row in rows]
    if not isinstance(reader, RecordReader):
        return chosen
    return [{**dict.fromkeys(reader.names), **item} if type(item) is dict else item for item in chosen]


def _classes(classes: Classes, lfs: Sequence[LF]) -> Classes:
    """The classes; of functions that are data, those that they name where none are declared."""
    if classes is not None or not all(isinstance(lf, DeclarativeLF) for lf in lfs):
        return classes
    labels = list(dict.fromkeys(label for lf in lfs if isinstance(lf, DeclarativeLF) for label in lf.labels))
    if not any(isinstance(label, str) for label in labels):
        return None
    return labels if len(labels) > 1 else [*labels, f"not {labels[0]}"]  # two are the fewest that there may be


def _look(
    lf: LF, frame: Frame, reader: FrameReader, n: int, order: np.ndarray, gold: np.ndarray | None, classes: Classes
) -> _Seen:
    seen = _Seen(lf)
    asks = not isinstance(lf, (LabelingFunction, DeclarativeLF))
    size = n if asks else FIRST_ROWS * n if isinstance(lf, LabelingFunction) else max(FIRST_COMPILED, FIRST_ROWS * n)
    while seen.sampled < len(order) and len(seen.fired) < n:
        rows = np.sort(order[seen.sampled : seen.sampled + size])
        seen.fired += _run(seen, frame, reader, rows, gold, classes)
        seen.sampled += len(rows)
        size *= GROWTH
    if not reader.n:
        _run(seen, frame, reader, order, gold, classes)  # which tells of columns that are not there
    if gold is not None:
        known = np.setdiff1d(np.flatnonzero(gold != ABSTAIN), order[: seen.sampled])
        most = GOLD_ASKED if asks else GOLD_ROWS
        if len(known):
            _run(seen, frame, reader, known[:: -(-len(known) // most)], gold, classes)
    return seen


def _run(
    seen: _Seen, frame: Frame, reader: FrameReader, rows: np.ndarray, gold: np.ndarray | None, classes: Classes
) -> list[int]:
    """Apply to some rows, note what comes of it, and return those that are voted on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaultWarning)  # the preview tells of them
        votes = apply(
            seen.lf, take_rows(frame, reader, rows), classes=classes, on_error="abstain", cache=False, progress=False
        )
    fault = votes.attrs["faults"].get(seen.lf.name)
    if fault is not None:
        if fault.count == len(rows) and "declare them: classes=" in fault.reason:
            raise LabelingFunctionError(fault.reason.partition(": ")[2])
        seen.faults += fault.count
        seen.first_fault = seen.first_fault or fault
    values, codes = _values(votes, classes)
    fired = [place for place, value in enumerate(values) if value is not None]
    seen.votes.update({int(rows[place]): values[place] for place in fired})
    if gold is not None:
        judged = (codes != ABSTAIN) & (gold[rows] != ABSTAIN)
        seen.judged += int(judged.sum())
        seen.right += int((judged & (codes == gold[rows])).sum())
    return rows[fired].tolist()


def _values(votes: Any, classes: Classes) -> tuple[list[Any], np.ndarray]:
    """The votes of one labeling function as it would return them, None where it abstains; and the class of each."""
    declared = check_classes(classes)
    names = class_array(declared).tolist() if isinstance(declared, list) else None
    if isinstance(votes, SoftVotes):
        probs = votes.probs[:, 0]
        silent = np.isnan(probs).any(axis=1)
        keys = names or list(range(votes.k))
        shares = [
            None if gone else {keys[y]: round(float(row[y]), 3) for y in np.argsort(-row, kind="stable") if row[y] > 0}
            for row, gone in zip(probs, silent, strict=True)
        ]
        return shares, np.where(silent, ABSTAIN, np.nan_to_num(probs).argmax(axis=1))
    if isinstance(votes, PartialVotes):
        masks = votes.masks[:, 0].tolist()
        keys = names or list(range(votes.k))
        sets = [tuple(keys[y] for y in range(votes.k) if mask >> y & 1) or None for mask in masks]
        alone = [mask.bit_length() - 1 if mask.bit_count() == 1 else ABSTAIN for mask in masks]
        return sets, np.array(alone, dtype=np.int64)
    codes = votes.iloc[:, 0].to_numpy().astype(np.int64)
    return [None if code < 0 else code if names is None else names[code] for code in codes.tolist()], codes


def _shown(
    seen: _Seen,
    frame: Frame,
    reader: FrameReader,
    n: int,
    columns: Sequence[Hashable] | None,
    gold: np.ndarray | None,
    classes: Classes,
) -> tuple[pd.DataFrame, list[Explanation]]:
    # The first sample is sorted, so its first rows would all be of the top of the frame.
    spread = np.linspace(0, len(seen.fired) - 1, min(n, len(seen.fired))).round().astype(int)
    rows = np.array(seen.fired, dtype=np.int64)[spread]
    rows = np.sort(rows)
    part = read_frame(take_rows(frame, reader, rows))
    reasons, read = [], dict.fromkeys(getattr(seen.lf, "columns", ()))
    for place, row in enumerate(rows.tolist()):
        record = frame[row] if isinstance(reader, (RecordReader, ObjectReader)) else None
        item = as_row(
            record if record is not None else {name: part.cells(name, place, place + 1)[0] for name in part.names}
        )
        reasons.append(why(seen.lf, item, seen.votes[row]))
        read.update(dict.fromkeys(name for name in (vars(item) if isinstance(item, Row) else ()) if name in part.names))
    names = list(columns) if columns is not None else list(read) or list(part.names)
    table = part.columns(names).set_axis(reader.index[rows])
    votes = np.fromiter((seen.votes[row] for row in rows.tolist()), dtype=object, count=len(rows))
    declared = check_classes(classes)
    added: dict[str, Any] = {"vote": pd.Series(votes).infer_objects().to_numpy()}
    if gold is not None:
        labels = [None if code < 0 else declared[code] if isinstance(declared, list) else code for code in gold[rows]]
        plain = not isinstance(declared, list) and None not in labels
        added["gold"] = np.array(labels, dtype=np.int64 if plain else object)
    added["reason"] = np.array([reason.reason for reason in reasons], dtype=object)
    return with_columns(table, added), reasons


def why(lf: LF, row: Any, vote: Any) -> Explanation:
    """Why a labeling function gives its vote on a row, in words for those that cannot be asked too."""
    if isinstance(lf, LabelingFunction) and lf.batch:
        return Explanation(vote, "a function of the whole frame, which only its author can explain")
    if isinstance(lf, PromptLF) and lf.cache is None:
        return Explanation(vote, "the model answered so; without cache= it is not asked again for its words")
    try:
        return lf.explain(row)
    except INTERRUPTIONS:
        raise
    except BaseException as error:  # noqa: BLE001  -- a user's function may raise anything, and now and then
        return Explanation(vote, f"it could not be asked again: {reason_of(error)}")


def _figures(seen: _Seen, with_gold: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "rows": seen.sampled,
        "votes": len(seen.fired),
        "coverage": len(seen.fired) / seen.sampled if seen.sampled else np.nan,
        "faults": seen.faults,
    }
    if with_gold:
        accuracy = seen.right / seen.judged if seen.judged else np.nan
        figures |= {"correct": seen.right, "incorrect": seen.judged - seen.right, "accuracy": accuracy}
    return figures
