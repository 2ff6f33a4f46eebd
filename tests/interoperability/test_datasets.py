"""Datasets of Hugging Face go where frames go, and labels come back to them. Nothing asks the network."""

from __future__ import annotations

import os
import subprocess
import sys

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


@pytest.fixture
def labeler(lfs, model):
    """Of declarative functions and one of the user; to be fitted."""
    return wl.Labeler([*lfs, short], wl.LabelModel(classes=CLASSES))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """What ``map`` keeps, it keeps for one test; no progress bars."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    datasets.disable_progress_bars()


def expected(labeler, frame, **options):
    """What ``label`` says, in codes."""
    table = labeler.label(frame.drop(columns="label"), progress=False, **options).drop(columns=["text", "stars"])
    codes = [CLASSES.index(name) if isinstance(name, str) else -1 for name in table["label"]]
    return table.assign(label=codes)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_labeler_maps_over_a_dataset_in_batches_of_any_size(size, labeler, dataset, frame):
    """Each batch gets the same columns of the same types, also one without any label."""
    labeler.fit(frame)
    bare, options = dataset.remove_columns("label"), {"votes": True, "probs": True}
    made = bare.map(labeler.for_map(**options), batched=True, batch_size=size)
    assert made.column_names[:2] == ["text", "stars"]
    found = made.remove_columns(["text", "stars"]).to_pandas()
    pd.testing.assert_frame_equal(found, expected(labeler, frame, **options), check_dtype=False)
    assert (found["label"] == -1).any()


def test_classes_get_their_names_by_features(labeler, dataset, frame):
    """As a ClassLabel; streams are mapped as well."""
    step = labeler.fit(frame).for_map(prefix="weak_", votes=True, probs=True)
    features = step.features(dataset.features)
    made = dataset.map(step, batched=True, features=features)
    assert made.features["weak_label"].names == CLASSES
    assert made.features["text"] == dataset.features["text"]
    stream = dataset.to_iterable_dataset().map(step, batched=True, batch_size=10, features=features)
    assert [row["weak_label"] for row in stream] == made["weak_label"][:]
    assert [row["weak_covered"] for row in stream] == made["weak_covered"][:]


def test_labels_of_a_dataset_come_back_in_one(labeler, dataset, frame):
    """``label`` gives the kind of frame that it was given."""
    made = labeler.fit(frame).label(dataset, prefix="weak_", probs=True)
    assert isinstance(made, datasets.Dataset)
    found, table = made.to_pandas(), labeler.label(frame, prefix="weak_", probs=True)
    found["weak_label"] = found["weak_label"].where(found["weak_covered"], None)
    pd.testing.assert_frame_equal(found, table, check_dtype=False)
    silent = dataset.select(np.flatnonzero(~np.array(made["weak_covered"]))[:2])
    assert labeler.label(silent, prefix="weak_").features["weak_label"].dtype == "string"


@pytest.mark.slow  # processes import what they need
def test_processes_map_what_one_maps(tmp_path):
    """Steps travel by value, also those of functions that have no name to be found by."""
    script = tmp_path / "script.py"
    script.write_text(MANY)
    done = subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["True", "WorkerDiedError"]


MANY = """
import sys

import datasets
import multiprocess
import weaklab as wl

if __name__ == "__main__":
    datasets.config.HF_DATASETS_CACHE = sys.argv[1]
    dataset = datasets.Dataset.from_dict({"text": ["ab", "abcd", "cd ab", "x"] * 5})
    limit = 3
    lfs = [
        wl.labeling_function(name="long")(lambda row: 1 if len(row.text) > limit else None),
        wl.keyword_lf(["ab", "cd"], column="text", label=0),
    ]
    step = wl.Labeler(lfs, wl.MajorityVote(classes=["a", "b"])).fit(dataset).for_map()
    multiprocess.set_start_method("spawn")
    one, two = (dataset.map(step, batched=True, num_proc=jobs) for jobs in (None, 2))
    print(one["label"][:] == two["label"][:])
    multiprocess.set_start_method("fork", force=True)
    try:
        dataset.map(step, batched=True, num_proc=2, load_from_cache_file=False)
    except Exception as error:
        print(type(error).__name__)
"""


def test_a_step_is_hashed_by_what_it_does(labeler, frame, lfs):
    """``datasets`` takes what an equal step made from its cache, and must not take what another made."""
    from datasets.fingerprint import Hasher

    def of(functions, limit=18, **options):
        fitted = wl.Labeler(functions, wl.MajorityVote(classes=CLASSES)).fit(frame)
        return Hasher.hash(fitted.for_map(**options))

    def made(limit):
        return wl.labeling_function(name="long")(lambda row: 0 if len(row.text) > limit else None)

    assert of(lfs) == of(lfs)
    assert of([*lfs, made(18)]) == of([*lfs, made(18)])
    distinct = [of(lfs), of(lfs[1:]), of([*lfs, made(18)]), of([*lfs, made(20)]), of(lfs, votes=True)]
    distinct.append(Hasher.hash(labeler.fit(frame).for_map()))
    distinct.append(Hasher.hash(labeler.fit(frame[:100]).for_map()))
    assert len(set(distinct)) == len(distinct)


def test_a_step_has_the_same_hash_in_every_process(tmp_path):
    """Or a script that is started again would label everything again."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    first, second = (
        subprocess.run(
            [sys.executable, script],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "HF_DATASETS_CACHE": str(tmp_path)},
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    script.write_text(SCRIPT.replace("> 3", "> 4"))


SCRIPT = """
import pandas as pd
import weaklab as wl
from datasets.fingerprint import Hasher

LIMIT = 3

@wl.labeling_function
def long(row):
    return 1 if len(row.text) > 3 else None

lfs = [long, wl.keyword_lf(["ab", "cd"], column="text", label=0)]
frame = pd.DataFrame({"text": ["ab", "abcd", "cd ab", "x"] * 5})
labeler = wl.Labeler(lfs, wl.LabelModel(classes=["a", "b"])).fit(frame)
print(Hasher.hash(labeler.for_map()))
"""


def test_a_step_says_what_it_is_for(labeler, dataset, frame):
    """Rows one by one, formats that hold tables, labels that are there already."""
    step = labeler.fit(frame).for_map(prefix="weak_")
    with pytest.raises(FrameError, match=r"given one row.*batched=True"):
        dataset.map(step)
    with pytest.raises(FrameError, match=r"given a pyarrow.Table"):
        dataset.with_format("arrow").map(step, batched=True)
    with pytest.raises(FrameError, match="prefix="):
        dataset.map(labeler.for_map(), batched=True)


def test_soft_labels_become_a_dataset(dataset, votes, model):
    """Classes by name, probabilities to the last bit, -1 where nothing is known."""
    soft = model.labels(votes)
    gold = np.where(np.arange(soft.n) % 10 == 0, 1, -1)
    for made in (
        soft.replace(gold=gold).to_dataset(),
        soft.replace(gold=gold).to_dataset(dataset.remove_columns("label")),
    ):
        assert made.features["label"].names == CLASSES
        np.testing.assert_array_equal(np.array(made["probs"]), soft.probs)
        np.testing.assert_array_equal(np.array(made["weight"]), soft.weight)
        np.testing.assert_array_equal(
            made["label"], np.where(gold >= 0, gold, np.where(soft.covered, soft.codes(), -1))
        )
    assert made["text"][:] == dataset["text"][:]
    with pytest.raises(wl.exceptions.SoftLabelError, match="'label' already"):
        soft.to_dataset(dataset)
    with pytest.raises(wl.exceptions.SoftLabelError, match="rows"):
        soft[:5].to_dataset(dataset)
