"""The JSON layout of the WRENCH benchmark."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weaklab.datasets.vote_set import VoteSet, folder_path, read_json, vote_frame
from weaklab.exceptions import DatasetError, did_you_mean

SPLITS = ("train", "valid", "test")
FIELDS = ("label", "weak_labels", "data")
MOST_DIGITS = 18  #: what an int64 always holds, and so the index


def load_wrench(folder: str | os.PathLike[str]) -> dict[str, VoteSet]:
    """Read a classification dataset in the layout of the WRENCH benchmark.

    Parameters
    ----------
    folder : str or path
        A folder with ``label.json`` (``{code: class name}``) and at least one of ``train.json``, ``valid.json`` and
        ``test.json`` (``{id: {"label": code, "weak_labels": [vote, ...], "data": {field: value, ...}}}``). A label of
        -1 or null means "unknown", a weak label of -1 "abstain".

    Returns
    -------
    dict of str to VoteSet
        By split. Rows are in the numeric order of their ids, which are the index of votes and frame; the frame has a
        column per field of ``data``. The labeling functions, which have no names there, are ``lf_0``, ``lf_1``, ...

    Raises
    ------
    DatasetError
        If a file or a field is missing or wrong; names the file, the id and the field.

    Notes
    -----
    The layout is that of Zhang et al., "WRENCH: A Comprehensive Benchmark for Weak Supervision", NeurIPS 2021
    (doi:10.48550/arXiv.2109.11377).

    Examples
    --------
    >>> import json, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "label.json").write_text(json.dumps({"0": "ham", "1": "spam"}))
    ...     rows = {"10": {"label": 1, "weak_labels": [1, -1], "data": {"text": "win"}},
    ...             "9": {"label": 0, "weak_labels": [-1, -1], "data": {"text": "hi"}}}
    ...     _ = (Path(folder) / "test.json").write_text(json.dumps(rows))
    ...     test = load_wrench(folder)["test"]
    >>> test.frame
       text
    id
    9    hi
    10  win
    """
    folder = folder_path(folder)
    if not (folder / "label.json").is_file():
        raise DatasetError(f"{folder} is no folder of the WRENCH benchmark: it has no label.json.")
    classes = _classes(folder / "label.json")
    sets = {
        split: _split(folder / f"{split}.json", split, classes)
        for split in SPLITS
        if (folder / f"{split}.json").is_file()
    }
    if not sets:
        raise DatasetError(f"{folder} has none of {', '.join(f'{split}.json' for split in SPLITS)}.")
    widths = {split: data.m for split, data in sets.items()}
    if len(set(widths.values())) > 1:
        raise DatasetError(f"{folder}: the splits differ in their number of labeling functions: {widths}.")
    return sets


def _classes(path: Path) -> tuple[str, ...]:
    content = read_json(path)
    if not isinstance(content, dict) or sorted(content, key=str) != sorted(map(str, range(len(content)))):
        raise DatasetError(f"{path} must map the codes '0', '1', ... to class names, got {content!r}.")
    names = tuple(str(content[str(code)]) for code in range(len(content)))
    if len(names) < 2 or len(set(names)) < len(names):
        raise DatasetError(f"{path} must name two or more different classes, got {names!r}.")
    return names


def _split(path: Path, split: str, classes: tuple[str, ...]) -> VoteSet:
    content = read_json(path)
    if not isinstance(content, dict) or not content:
        raise DatasetError(f"{path} must be an object with a row per id.")
    ids = sorted((_identifier(key, path), key) for key in content)
    for (number, key), (next_number, next_key) in pairwise(ids):
        if number == next_number:
            raise DatasetError(f"{path}: the ids {key!r} and {next_key!r} are one number, {number}; ids must differ.")
    rows = [_row(content[key], f"{path}: id {key!r}") for _, key in ids]
    width, fields = len(rows[0]["weak_labels"]), list(rows[0]["data"])
    votes = np.empty((len(rows), width), dtype=np.int32)
    y = np.empty(len(rows), dtype=np.int64)
    for i, ((_, key), row) in enumerate(zip(ids, rows, strict=True)):
        where = f"{path}: id {key!r}"
        if len(row["weak_labels"]) != width:
            raise DatasetError(
                f"{where}: weak_labels has {len(row['weak_labels'])} votes; that of id {ids[0][1]!r} has {width}."
            )
        votes[i] = [
            _code(vote, len(classes), f"{where}: weak_labels[{j}]") for j, vote in enumerate(row["weak_labels"])
        ]
        y[i] = -1 if row["label"] is None else _code(row["label"], len(classes), f"{where}: label")
        if set(row["data"]) != set(fields):
            odd = sorted(set(row["data"]) ^ set(fields))
            raise DatasetError(f"{where}: data differs from that of id {ids[0][1]!r} in the fields {odd}.")
    index = pd.Index([number for number, _ in ids], name="id")
    return VoteSet(
        name=path.parent.name,
        split=split,
        votes=vote_frame(votes, [f"lf_{j}" for j in range(width)], index),
        y=y,
        frame=pd.DataFrame({name: [row["data"][name] for row in rows] for name in fields}, index=index),
        classes=classes,
        meta={"format": "WRENCH JSON"},
    )


def _identifier(key: str, path: Path) -> int:
    if not (key.isascii() and key.isdigit()):
        raise DatasetError(f"{path}: id {key!r} is no number, so that its place among the rows is unknown.")
    if len(key) > MOST_DIGITS:
        raise DatasetError(f"{path}: id {key[:20]!r}... has {len(key):,} digits; there may be {MOST_DIGITS}.")
    return int(key)


def _row(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DatasetError(f"{where} must be an object, got {row!r}.")
    for name in FIELDS:
        if name not in row:
            raise DatasetError(f"{where} has no field {name!r}.{did_you_mean(name, row)}")
    for name, expected in (("weak_labels", list), ("data", dict)):
        if not isinstance(row[name], expected):
            raise DatasetError(f"{where}: {name} must be a {expected.__name__}, got {row[name]!r}.")
    return row


def _code(value: Any, k: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value < k:
        raise DatasetError(f"{where} is {value!r}, which must be an integer from -1 to {k - 1}.")
    return value
