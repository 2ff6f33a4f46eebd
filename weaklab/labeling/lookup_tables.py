"""Tables that labeling functions look keys up in: from a dict, a set, a gazetteer or a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError, did_you_mean
from weaklab.labeling.declarative import check_label
from weaklab.labeling.normalising import normalise

_KIND = "lookup_lf"
#: A key, and the label that it stands for.
Entry = tuple[str | int, Any]


def read_table(table: Any, label: Any) -> tuple[Entry, ...]:
    """The entries of a table, whatever it came as.

    Parameters
    ----------
    table : mapping, iterable of keys, or path
        See :func:`weaklab.labeling.lookup_lf`.
    label : object
        The label of all keys, where the table has none; else None.

    Returns
    -------
    tuple of (key, label)

    Raises
    ------
    LabelingFunctionError
        If it cannot be read, or has labels twice or not at all.
    """
    if isinstance(table, (str, os.PathLike)):
        return _read_file(Path(table), label)
    if isinstance(table, Mapping):
        _no_second_label(label, "a dict")
        return tuple(table.items())
    if isinstance(table, bytes) or not isinstance(table, Iterable):
        raise LabelingFunctionError(
            f"{_KIND}: table={table!r:.80} ({type(table).__name__}) must be a dict of keys to labels, a set or a list "
            f"of keys, or the path of a file."
        )
    return _with_label(list(table), label, "a set or a list of keys")


def check_entries(entries: Iterable[Entry], normalised: bool) -> tuple[Entry, ...]:
    """Entries in the order of their keys, each key once.

    Raises
    ------
    LabelingFunctionError
        If there are none, a key is empty or neither text nor int, keys are of both kinds, or a key stands for two
        labels.
    """
    found: dict[Any, tuple[Any, Any]] = {}
    for entry in entries:
        given, label = entry
        key = given.item() if isinstance(given, np.generic) else given
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise LabelingFunctionError(f"{_KIND}: the key {given!r} ({type(given).__name__}) is neither text nor int.")
        if isinstance(key, str) and not key.strip():
            raise LabelingFunctionError(f"{_KIND}: the key {given!r} is empty.")
        if normalised and not isinstance(key, str):
            raise LabelingFunctionError(f"{_KIND}: the key {given!r} is no text, which only match='exact' looks up.")
        if normalised:
            key = normalise(str(key))
        label = check_label(label, f"{_KIND}: the key {given!r}")
        before = found.setdefault(key, (given, label))
        if before[1] != label:
            same = "" if before[0] == given else f" (the same as {before[0]!r} once normalised)"
            raise LabelingFunctionError(
                f"{_KIND}: the key {given!r}{same} stands for two labels, {before[1]!r} and {label!r}."
            )
    if not found:
        raise LabelingFunctionError(f"{_KIND}: the table is empty; it would never vote.")
    if len({type(key) for key in found}) > 1:
        raise LabelingFunctionError(f"{_KIND}: some keys are text and some are ints; a column holds one of them.")
    return tuple((key, found[key][1]) for key in sorted(found))


def _with_label(keys: list[Any], label: Any, what: str) -> tuple[Entry, ...]:
    if label is None:
        raise LabelingFunctionError(f"{_KIND}: {what} needs label=, which all of them stand for.")
    return tuple((key, label) for key in keys)


def _no_second_label(label: Any, what: str) -> None:
    if label is not None:
        raise LabelingFunctionError(f"{_KIND}: label={label!r} is for keys without labels; {what} has its own.")


def _read_file(path: Path, label: Any) -> tuple[Entry, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        near = did_you_mean(path.name, [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else [])
        raise LabelingFunctionError(
            f"{_KIND}: there is no file {str(path)!r}.{near} To look up one text, give a list of it."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise LabelingFunctionError(f"{_KIND}: {str(path)!r} cannot be read as UTF-8 text: {error}.") from error
    if path.suffix.lower() != ".csv":
        lines = [line.strip() for line in text.splitlines()]
        return _with_label([line for line in lines if line and not line.startswith("#")], label, f"{path.name}")
    rows = [(number, row) for number, row in _csv_rows(path, text) if any(cell.strip() for cell in row)]
    if rows and len(rows[0][1]) > 1 and rows[0][1][1].strip().casefold() == "label":
        rows = rows[1:]
    if all(len(row) == 1 for _, row in rows):
        return _with_label([row[0].strip() for _, row in rows], label, f"{path.name}, which has one column,")
    _no_second_label(label, f"{path.name}")
    for number, row in rows:
        if len(row) < 2 or not row[1].strip():
            raise LabelingFunctionError(f"{_KIND}: line {number} of {str(path)!r} has no label: {row!r}.")
    labels = [row[1].strip() for _, row in rows]
    are_codes = all(each.isascii() and each.isdigit() for each in labels)
    return tuple(
        (row[0].strip(), int(each) if are_codes else each) for (_, row), each in zip(rows, labels, strict=True)
    )


def _csv_rows(path: Path, text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise LabelingFunctionError(f"{_KIND}: line {reader.line_num} of {str(path)!r} is no CSV: {error}.") from error
