"""load_wrench reads the benchmark's JSON, in numeric order, and refuses what it would have to guess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weaklab.datasets import load_wrench
from weaklab.exceptions import DatasetError

ROW = {"label": 1, "weak_labels": [1, -1], "data": {"text": "win", "length": 3}}


def write(folder: Path, rows: Any, classes: Any = ("ham", "spam"), split: str = "train") -> Path:
    labels = {str(code): name for code, name in enumerate(classes)} if isinstance(classes, tuple) else classes
    (folder / "label.json").write_text(json.dumps(labels))
    (folder / f"{split}.json").write_text(json.dumps(rows))
    return folder


def test_rows_are_in_numeric_order_with_their_ids(tmp_path) -> None:
    """As text, "10" comes before "9", and the benchmark's own tie rule counts rows."""
    rows = {
        "10": ROW,
        "9": {"label": 0, "weak_labels": [-1, -1], "data": {"length": 2, "text": "hi"}},
        "11": {"label": None, "weak_labels": [0, 1], "data": {"text": "?", "length": 1}},
    }
    train = load_wrench(write(tmp_path, rows))["train"]
    assert train.frame.index.tolist() == [9, 10, 11]
    assert train.votes.index.equals(train.frame.index)
    np.testing.assert_array_equal(train.votes, [[-1, -1], [1, -1], [0, 1]])
    assert (train.votes.dtypes == np.int8).all()
    assert train.y.tolist() == [0, 1, -1]
    assert train.frame["text"].tolist() == ["hi", "win", "?"]
    assert train.frame["length"].tolist() == [2, 3, 1]
    assert train.classes == ("ham", "spam")
    assert list(train.votes.columns) == ["lf_0", "lf_1"]


def test_the_splits_that_exist_are_read(tmp_path) -> None:
    """Some sets have no train split."""
    write(tmp_path, {"0": ROW}, split="valid")
    write(tmp_path, {"0": ROW, "1": ROW}, split="test")
    sets = load_wrench(str(tmp_path))
    assert {split: data.n for split, data in sets.items()} == {"valid": 1, "test": 2}


def test_more_classes_than_int8_holds(tmp_path) -> None:
    """Vote 200 must not wrap around."""
    rows = {"0": {**ROW, "label": 200, "weak_labels": [200, -1]}}
    train = load_wrench(write(tmp_path, rows, tuple(f"c{i}" for i in range(201))))["train"]
    assert train.votes.to_numpy().tolist() == [[200, -1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 2}, r"train\.json: id '3': label is 2, which must be an integer from -1 to 1"),
        ({"label": "spam"}, "label is 'spam'"),
        ({"label": True}, "label is True"),
        ({"weak_labels": [1, 1.0]}, r"weak_labels\[1\] is 1\.0"),
        ({"weak_labels": [1, -2]}, r"weak_labels\[1\] is -2"),
        ({"weak_labels": [1]}, "weak_labels has 1 votes; that of id '0' has 2"),
        ({"weak_labels": "10"}, "weak_labels must be a list, got '10'"),
        ({"data": []}, r"data must be a dict, got \[\]"),
        ({"data": {"text": "x"}}, r"data differs from that of id '0' in the fields \['length'\]"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_id(tmp_path, change, message) -> None:
    """Which file, which row, which field, which value."""
    with pytest.raises(DatasetError, match=message):
        load_wrench(write(tmp_path, {"0": ROW, "3": {**ROW, **change}}))


def test_a_missing_field_is_named(tmp_path) -> None:
    """With the nearest that is there."""
    row = {"label": 1, "weak_label": [1], "data": {}}
    with pytest.raises(DatasetError, match=r"id '0' has no field 'weak_labels'. Did you mean 'weak_label'"):
        load_wrench(write(tmp_path, {"0": row}))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"a": ROW}, "id 'a' is no number"),
        ({"-1": ROW}, "id '-1' is no number"),
        ({"0": 5}, "id '0' must be an object, got 5"),
        ({}, "must be an object with a row per id"),
        ([ROW], "must be an object with a row per id"),
    ],
)
def test_rows_that_are_none(tmp_path, rows, message) -> None:
    """No row is skipped without a word."""
    with pytest.raises(DatasetError, match=message):
        load_wrench(write(tmp_path, rows))


@pytest.mark.parametrize("classes", [{"0": "a", "2": "b"}, ["a", "b"], {"0": "a"}, {"0": "a", "1": "a"}])
def test_classes_that_are_none(tmp_path, classes) -> None:
    """Codes from 0 without gaps, two different names or more."""
    with pytest.raises(DatasetError, match=r"label\.json must"):
        load_wrench(write(tmp_path, {"0": ROW}, classes))


def test_ids_given_twice(tmp_path) -> None:
    """A JSON reader would keep the last and lose the first."""
    write(tmp_path, {})
    (tmp_path / "train.json").write_text('{"0": {"label": 0}, "1": 1, "0": {"label": 1}}')
    with pytest.raises(DatasetError, match="the key '0' is given more than once"):
        load_wrench(tmp_path)


def test_folders_that_are_none(tmp_path) -> None:
    """No label.json, no splits, splits of other labeling functions, files that are unreadable."""
    with pytest.raises(DatasetError, match=r"it has no label\.json"):
        load_wrench(tmp_path)
    write(tmp_path, {"0": ROW})
    write(tmp_path, {"0": {**ROW, "weak_labels": [1]}}, split="test")
    with pytest.raises(DatasetError, match=r"differ in their number of labeling functions: .*'train': 2, 'test': 1"):
        load_wrench(tmp_path)
    (tmp_path / "test.json").write_bytes(b"\xff\xfe")
    with pytest.raises(DatasetError, match=r"test\.json is no JSON"):
        load_wrench(tmp_path)
    for split in ("train", "test"):
        (tmp_path / f"{split}.json").unlink()
    with pytest.raises(DatasetError, match=r"none of train\.json"):
        load_wrench(tmp_path)


def test_ids_that_are_one_number_or_too_long_are_refused(tmp_path) -> None:
    """Two rows of one index could not be told apart; an index of int64 holds 18 digits."""
    with pytest.raises(DatasetError, match=r"train\.json: the ids '01' and '1' are one number, 1"):
        load_wrench(write(tmp_path, {"1": ROW, "01": ROW}))
    with pytest.raises(DatasetError, match="has 5,000 digits"):
        load_wrench(write(tmp_path, {"9" * 5000: ROW}))
    with pytest.raises(DatasetError, match="path of a folder, got None"):
        load_wrench(None)
