"""Datasets of Hugging Face go where frames go, and labels come back to them. Nothing asks the network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import weaklab as wl
from weaklab.exceptions import FrameError

datasets = pytest.importorskip("datasets")
CLASSES = ["ham", "spam"]


@pytest.fixture
def dataset(frame):
    """The texts as a Dataset."""
    return datasets.Dataset.from_pandas(frame)


@wl.labeling_function
def short(row):
    return "ham" if len(row.text) < 19 and row["text"] == row.text else None


@wl.labeling_function(batch=True)
def starred(dataset):
    assert isinstance(dataset, datasets.Dataset)
    return [1 if stars > 1 else None for stars in dataset["stars"]]


def test_votes_on_a_dataset_are_those_on_the_frame(dataset, frame, lfs, votes):
    """Functions of all kinds read it: engines its arrow table, rows its cells, batches itself; in processes too."""
    pd.testing.assert_frame_equal(wl.apply(lfs, dataset, classes=CLASSES, progress=False), votes)
    made = wl.apply([short, starred], dataset, classes=CLASSES, progress=False, n_jobs=2)
    assert made["short"].tolist() == [0 if len(text) < 19 else -1 for text in frame["text"]]
    assert made["starred"].tolist() == [1 if stars > 1 else -1 for stars in frame["stars"]]


def test_rows_are_read_in_the_order_of_the_dataset(dataset, frame, lfs, votes):
    """A Dataset that was selected, shuffled or sharded holds numbers of rows beside its table."""
    rows = [7, 3, 250, 3]
    made = wl.apply(lfs, dataset.select(rows), classes=CLASSES, progress=False)
    pd.testing.assert_frame_equal(made, votes.iloc[rows].reset_index(drop=True))
    shuffled = dataset.shuffle(seed=1)
    made = wl.apply([short], shuffled, classes=CLASSES, progress=False)["short"]
    assert made.tolist() == [0 if len(text) < 19 else -1 for text in shuffled["text"]]


def test_formats_do_not_hide_columns(dataset, lfs, votes):
    """Who trains on numbers in torch has often left the text out of the format."""
    formatted = dataset.with_format("numpy", columns=["stars"])
    pd.testing.assert_frame_equal(wl.apply(lfs, formatted, classes=CLASSES, progress=False), votes)


def test_a_function_of_the_batch_cannot_change_the_format_of_the_users_dataset(dataset):
    """Setting a format works in place."""

    @wl.labeling_function(batch=True)
    def formats(given):
        given.set_format("numpy")
        return (given["stars"][:] > 1) * 2 - 1

    assert set(wl.apply([formats], dataset, progress=False, cache=False)["formats"]) == {-1, 1}
    assert dataset.format["type"] is None


def test_what_is_stored_encoded_reaches_functions_decoded(tmp_path):
    """An image is an image to a function, as it is in ``dataset[row]``."""
    image = pytest.importorskip("PIL.Image")
    paths = [str(tmp_path / f"{size}.png") for size in (2, 5)]
    for path, size in zip(paths, (2, 5), strict=True):
        image.new("L", (size, size)).save(path)
    dataset = datasets.Dataset.from_dict({"picture": paths}).cast_column("picture", datasets.Image())

    @wl.labeling_function
    def large(row):
        return 1 if row.picture.size[0] > 3 else 0

    assert wl.apply([large], dataset, progress=False)["large"].tolist() == [0, 1]


def test_votes_are_taken_from_before_only_for_the_same_dataset(dataset, lfs):
    """A shuffled Dataset shares its table with the one before."""
    seen = []

    @wl.labeling_function
    def slow(row):
        seen.append(row.text)

    wl.apply([slow], dataset, classes=CLASSES, progress=False)
    wl.apply([slow], dataset.shuffle(seed=3), classes=CLASSES, progress=False)
    assert len(seen) == 2 * len(dataset)


def test_what_has_no_rows_by_number_says_what_to_do(dataset, lfs):
    """Splits are several frames, and a stream is none."""
    with pytest.raises(FrameError, match="give one of its splits: 'train'"):
        wl.apply(lfs, datasets.DatasetDict({"train": dataset}), classes=CLASSES)
    with pytest.raises(FrameError, match="batched=True"):
        wl.apply(lfs, dataset.to_iterable_dataset(), classes=CLASSES)


def test_end_models_and_analyses_read_datasets(dataset, frame, lfs, votes, model):
    """A Dataset is a frame, and a column of one a list."""
    soft = model.labels(votes)
    made = [wl.EndModel(column="text", hidden=None, random_state=0).fit(X, soft) for X in (dataset, frame)]
    np.testing.assert_array_equal(made[0].predict_proba(dataset), made[1].predict_proba(frame))
    assert made[0].score(dataset, dataset["label"]) == made[1].score(frame, frame["label"])
    texts = wl.EndModel(hidden=None, random_state=0).fit(dataset["text"], soft)
    np.testing.assert_array_equal(texts.predict(dataset["text"]), made[1].predict(frame))
    assert model.score(votes, dataset["label"]) == model.score(votes, frame["label"])
    assert wl.uncovered(dataset, votes).equals(wl.uncovered(frame, votes))
    assert str(wl.preview(lfs[0], dataset)) == str(wl.preview(lfs[0], frame))
    assert str(wl.preview(short, dataset, classes=CLASSES)) == str(wl.preview(short, frame, classes=CLASSES))
    assert set(wl.profile_lfs([short, starred], dataset, classes=CLASSES)["faults"]) == {0}
