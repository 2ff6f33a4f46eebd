"""Labels go to programs that know no Python, by JSON, and come back as they were."""

from __future__ import annotations

import json
import os
from enum import Enum

import numpy as np
import pandas as pd
import pytest

import weaklab as wl
from weaklab.exceptions import ColumnError, DatasetError, FrameError, ParameterError

CLASSES = ["ham", "spam"]
ENDINGS = pytest.mark.parametrize("ending", [".json", ".jsonl"])


def strict(text):
    """JSON as the standard has it."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def same(found, soft, votes):
    """The labels and votes that were written, bit for bit."""
    np.testing.assert_array_equal(found.soft.probs, soft.probs)
    np.testing.assert_array_equal(found.soft.weight, soft.weight)
    assert (found.soft.gold is None) == (soft.gold is None)
    np.testing.assert_array_equal(found.soft.gold, soft.gold)
    assert found.soft.classes == soft.classes
    pd.testing.assert_index_equal(found.soft.index, soft.index, exact="equiv")
    pd.testing.assert_frame_equal(found.votes, votes, check_index_type="equiv")


@ENDINGS
@pytest.mark.parametrize("index", [None, "strings", "numbers"])
def test_what_is_written_is_read_again(ending, index, frame, votes, model, tmp_path):
    """Probabilities to the last bit, votes, weights, gold, names, index, statistics, columns of the data."""
    if index is not None:
        named = [f"é-{row}" for row in range(len(votes))] if index == "strings" else np.arange(len(votes)) * 7
        votes, frame = (table.set_axis(pd.Index(named, name="key")) for table in (votes, frame))
    gold = np.where(np.arange(len(votes)) % 3 == 0, [CLASSES.index(name) for name in frame["label"]], -1)
    soft = model.labels(votes).replace(gold=gold)
    path = wl.export_labels(
        tmp_path / f"labels{ending}",
        votes,
        model,
        soft=soft,
        y=frame["label"],
        frame=frame,
        columns=["text", "stars"],
    )
    found = wl.read_labels(path)
    same(found, soft, votes)
    pd.testing.assert_frame_equal(found.statistics, wl.summarize(votes, frame["label"], model=model))
    pd.testing.assert_frame_equal(
        found.data, frame[["text", "stars"]], check_dtype=False, check_index_type="equiv", check_names=False
    )
    known = gold >= 0
    expected = np.where(soft.covered, soft.labels(), None)
    assert found.labels.tolist() == np.where(known, frame["label"], expected).tolist()
    assert found.header["model"]["name"] == "LabelModel"
    assert found.header["versions"]["weaklab"] == wl.__version__


@ENDINGS
def test_files_are_strict_json_that_says_what_it_holds(ending, votes, model, tmp_path):
    """NaN, as of the accuracy of a function without votes on gold, is null; the same input is the same file."""
    silent = votes.assign(nobody=np.int8(-1))
    silent_model = wl.LabelModel(classes=CLASSES).fit(silent)
    path = wl.export_labels(tmp_path / f"labels{ending}", silent, silent_model, y=["ham"] * len(votes))
    text = path.read_text()
    if ending == ".json":
        header = strict(text)
        rows = header["rows"]
    else:
        header, *rows = map(strict, text.splitlines())
    assert header["classes"] == CLASSES
    assert header["n_rows"] == len(rows) == len(votes)
    assert [each["name"] for each in header["labeling_functions"]] == silent.columns.tolist()
    assert header["labeling_functions"][-1]["accuracy"] is None
    covered = (votes >= 0).any(axis=1).tolist()
    assert not all(covered)
    assert [row["label"] is not None for row in rows] == [row["covered"] for row in rows] == covered
    said = {name: CLASSES[vote] for name, vote in votes.iloc[0].items() if vote >= 0}
    assert rows[0]["votes"] == said
    again = wl.export_labels(tmp_path / f"again{ending}", silent, silent_model, y=["ham"] * len(votes))
    assert again.read_bytes() == path.read_bytes()
    assert wl.read_labels(path).statistics["accuracy"].isna().tolist()[-1]


def test_votes_and_classes_without_names_are_numbers(tmp_path):
    """As everywhere."""
    votes = [[0, -1], [1, 2], [-1, -1]]
    model = wl.MajorityVote(classes=3).fit(votes)
    found = wl.read_labels(wl.export_labels(tmp_path / "a.json", votes, model))
    assert found.soft.classes is None
    assert found.votes.to_numpy().tolist() == votes
    assert found.labels.tolist() == [0, 1, None]
    empty = wl.export_labels(tmp_path / "b.jsonl", np.empty((0, 2), dtype=np.int8), model)
    assert wl.read_labels(empty).soft.shape == (0, 3)


def test_labels_that_someone_corrected_by_hand_are_read_as_they_are(votes, model, tmp_path):
    """The probabilities stay what the model said."""
    path = wl.export_labels(tmp_path / "labels.jsonl", votes, model)
    header, first, *others = path.read_text().splitlines()
    row = strict(first)
    row["label"] = "spam" if row["label"] == "ham" else "ham"
    path.write_text("\n".join([header, json.dumps(row), *others]))
    found = wl.read_labels(path)
    assert found.labels[0] == row["label"] != found.soft.labels()[0]


def test_any_text_survives(tmp_path):
    """Line separators of Unicode, NUL, and half of a surrogate pair."""
    texts = ["a\u2028b\x85c\r\nd", "\x00", "\ud800", "naïve 🙂", ""]
    frame = [{"text": text, "none": None} for text in texts]
    votes = pd.DataFrame({text.replace("\ud800", "half"): [0, 1, 0, 1, -1] for text in texts})
    model = wl.MajorityVote().fit(votes)
    path = wl.export_labels(tmp_path / "a.jsonl", votes, model, frame=frame, columns=["text", "none"])
    found = wl.read_labels(path)
    assert found.data["text"].tolist() == texts
    assert found.data["none"].isna().all()
    pd.testing.assert_frame_equal(found.votes, votes, check_dtype=False)


class Colour(Enum):
    RED = 0
    BLUE = 1


def test_what_json_has_no_type_for_is_refused_and_the_file_stays(votes, model, frame, tmp_path):
    """With the place; a file that was there is as it was, and nothing is left beside it."""
    path = tmp_path / "labels.json"
    path.write_text("mine")
    days = pd.date_range("2026-01-01", periods=len(votes))
    with pytest.raises(ParameterError, match="the id of row 0 is Timestamp"):
        wl.export_labels(path, votes.set_axis(days), model)
    dated = frame.assign(day=days)
    with pytest.raises(ParameterError, match="column 'day' in row 0 is Timestamp"):
        wl.export_labels(path, votes, model, frame=dated, columns=["day"])
    endless = frame.assign(stars=np.where(np.arange(len(frame)) == 4, np.inf, 1.0))
    with pytest.raises(ParameterError, match="'stars' in row 4 is inf"):
        wl.export_labels(path, votes, model, frame=endless, columns=["stars"])
    with pytest.raises(ParameterError, match=r"class 0 is <Colour\.RED"):
        wl.export_labels(path, votes, wl.MajorityVote(classes=list(Colour)).fit(votes))
    with pytest.raises(ParameterError, match=r"\.jsonl"):
        wl.export_labels(tmp_path / "labels.csv", votes, model)
    with pytest.raises(ParameterError, match="model="):
        wl.export_labels(path, votes)
    with pytest.raises(ParameterError, match="ids are 2"):
        wl.export_labels(path, votes, model, ids=["a", "b"])
    with pytest.raises(FrameError, match="5 rows"):
        wl.export_labels(path, votes, model, frame=frame[:5], columns=["text"])
    with pytest.raises(FrameError, match="index of the votes"):
        wl.export_labels(path, votes, model, frame=frame[::-1], columns=["text"])
    with pytest.raises(ColumnError, match="'txt'"):
        wl.export_labels(path, votes, model, frame=frame, columns=["txt"])
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["labels.json"]


def change(**changes):
    """A file whose header was changed."""

    def apply(header, rows):
        return {**header, **changes}, rows

    return apply


def change_row(**changes):
    """A file whose second row was changed."""

    def apply(header, rows):
        return header, [rows[0], {**rows[1], **changes}, *rows[2:]]

    return apply


@ENDINGS
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda header, rows: (header, rows[:-1]), "is it whole"),
        (change(format="other"), "no file of labels"),
        (change(version=2), "version 2"),
        (change(n_classes="2"), "header must have"),
        (change(classes=["ham"]), "header must have"),
        (change(labeling_functions=[{}]), "header must have"),
        (change(columns=[["text"]]), "header must have"),
        (change(classes=None, n_classes=10**15), "no soft labels|no class"),
        (change_row(id=["a"]), "row 1: the id"),
        (change_row(votes={"unheard": "ham"}), "row 1: there is no labeling function 'unheard'"),
        (change_row(votes={"free": "hamm"}), "row 1.*'hamm'.*Did you mean 'ham'"),
        (change_row(votes=[]), "row 1: votes"),
        (change_row(votes={"free": ["ham"]}), "row 1.*no class"),
        (change_row(label=1), "row 1: the label is 1"),
        (change_row(probs=[0.5, 0.6]), "row 1"),
        (change_row(probs=[0.5]), "no soft labels"),
        (change_row(probs="x"), "no soft labels"),
        (change_row(weight=-1.0), "row 1"),
        (change_row(weight=float("nan")), "NaN is no number"),
        (lambda header, rows: (header, [rows[0], {"id": 3}, *rows[2:]]), "row 1 must be an object"),
        (lambda header, rows: ([], rows), "no file of labels|strict"),
    ],
)
def test_files_that_are_not_as_written_are_refused_by_row(ending, harm, message, votes, model, tmp_path):
    """Cut off, of another version, or changed by hand or by malice."""
    path = wl.export_labels(tmp_path / "whole.jsonl", votes, model)
    header, *rows = map(strict, path.read_text().splitlines())
    header, rows = harm(header, rows)
    harmed = tmp_path / f"harmed{ending}"
    if ending == ".json":
        harmed.write_text(json.dumps({**header, "rows": rows} if isinstance(header, dict) else [header, rows]))
    else:
        harmed.write_text("\n".join(map(json.dumps, [header, *rows])))
    with pytest.raises(DatasetError, match=message):
        wl.read_labels(harmed)


@ENDINGS
def test_bytes_that_were_damaged_raise_one_kind_of_error(ending, votes, model, tmp_path, rng):
    """Whatever is in the file, reading gives labels or says that it cannot."""
    path = wl.export_labels(tmp_path / f"labels{ending}", votes[:8], model)
    whole, harmed, refused = path.read_bytes(), tmp_path / f"harmed{ending}", 0
    for _ in range(300):
        content = bytearray(whole)
        for at in rng.integers(len(content), size=3):
            content[at] = rng.integers(256)
        harmed.write_bytes(bytes(content[: rng.integers(len(content))]) if rng.random() < 0.3 else bytes(content))
        try:
            wl.read_labels(harmed)
        except DatasetError:
            refused += 1
    assert refused > 100
    harmed.write_bytes(b"[" * 100_000)
    with pytest.raises(DatasetError):
        wl.read_labels(harmed)
