"""load_votes reads classification, crowd and sequence folders, and says which file, row and value is wrong."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from weaklab.datasets import load_votes
from weaklab.datasets.vote_set import read_json
from weaklab.exceptions import DatasetError

VOTES = np.array([[0, -1, 1], [-1, -1, -1], [1, 1, 0]], dtype=np.int8)
GOLD = np.array([0, -1, 1], dtype=np.int16)


def write_meta(folder: Path, **changes: Any) -> None:
    meta = {"name": "toy", "kind": "classification", "class_names": ["ham", "spam"], "note": "made up", **changes}
    (folder / "meta.json").write_text(json.dumps(meta))


@pytest.fixture
def classification(tmp_path: Path) -> Path:
    write_meta(tmp_path)
    for split in ("train", "test"):
        np.savez(tmp_path / f"{split}.npz", votes=VOTES, y=GOLD)
    pd.DataFrame({"text": ["a", "b", "c"]}).to_parquet(tmp_path / "test.parquet")
    return tmp_path


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    write_meta(tmp_path, kind="crowd")
    answers = {"worker": [7, 7, 3, 7, 3], "task": [20, 10, 10, 20, 30], "label": [0, 1, 1, 1, 0]}
    pd.DataFrame(answers).to_parquet(tmp_path / "votes.parquet")
    pd.DataFrame({"task": [10, 40], "label": [1, 0]}).to_parquet(tmp_path / "gold.parquet")
    return tmp_path


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    write_meta(tmp_path, kind="sequence", tags=["O", "B-X", "I-X"], lf_names=["one", "two", "three"])
    votes = np.array([[0, 1, 1], [0, 2, 0], [0, 0, 0]], dtype=np.int8)
    np.savez(tmp_path / "valid.npz", votes=votes, y=np.array([1, 2, 0], dtype=np.int8), offsets=np.array([0, 2, 2, 3]))
    pd.DataFrame({"token": ["New", "York", "!"]}).to_parquet(tmp_path / "valid.parquet")
    return tmp_path


class TestClassification:
    def test_each_split_has_votes_gold_and_data(self, classification) -> None:
        """Values are the file's, types are the library's, and rows without published data still have a frame."""
        sets = load_votes(classification)
        assert list(sets) == ["train", "test"]
        test = sets["test"]
        np.testing.assert_array_equal(test.votes, VOTES)
        assert (test.votes.dtypes == np.int8).all()
        assert test.y.dtype == np.int64
        assert test.y.tolist() == [0, -1, 1]
        assert test.frame["text"].tolist() == ["a", "b", "c"]
        assert test.classes == ("ham", "spam")
        assert test.meta["note"] == "made up"
        assert (test.n, test.m, test.k) == (3, 3, 2)
        assert sets["train"].frame.shape == (3, 0)
        assert test.votes.index.equals(test.frame.index)

    def test_labeling_functions_have_the_names_that_the_source_gives(self, classification) -> None:
        """A list of names is used; a description in prose is none."""
        assert list(load_votes(classification)["test"].votes.columns) == ["lf_0", "lf_1", "lf_2"]
        write_meta(classification, lf_descriptions=["a", "b", "c"])
        assert list(load_votes(classification)["test"].votes.columns) == ["a", "b", "c"]
        write_meta(classification, lf_descriptions="Three rules.\n")
        assert list(load_votes(classification)["test"].votes.columns) == ["lf_0", "lf_1", "lf_2"]

    def test_a_set_shows_itself(self, classification) -> None:
        """Name, split and sizes in a line; the first rows with their gold in a notebook, escaped."""
        write_meta(classification, name="<toy>")
        test = load_votes(str(classification))["test"]
        assert repr(test) == "VoteSet('<toy>', 'test': n=3, m=3, k=2, gold rows=2)"
        assert "<toy>" not in test._repr_html_()
        assert "spam" in test._repr_html_()


class TestCrowd:
    def test_tasks_are_rows_and_workers_are_columns(self, crowd) -> None:
        """Every task that has an answer or gold has a row, in order; a later answer replaces an earlier one."""
        votes = load_votes(crowd)["all"]
        expected = pd.DataFrame(
            [[1, 1], [-1, 1], [0, -1], [-1, -1]],
            index=pd.Index([10, 20, 30, 40], name="task"),
            columns=["3", "7"],
            dtype=np.int8,
        )
        pd.testing.assert_frame_equal(votes.votes, expected)
        assert votes.y.tolist() == [1, -1, -1, 0]
        assert votes.repeated == 1
        assert votes.frame.index.equals(expected.index)

    def test_sparse_votes_are_the_same_votes(self, crowd) -> None:
        """CSR of vote + 1, as everything that takes votes takes it; the workers are in meta."""
        dense, sparse = load_votes(crowd)["all"], load_votes(crowd, sparse=True)["all"]
        np.testing.assert_array_equal(sparse.votes.toarray() - 1, dense.votes)
        assert sparse.meta["lf_names"] == ["3", "7"]
        assert (sparse.n, sparse.m) == (4, 2)

    def test_what_is_known_of_tasks_is_the_frame(self, crowd) -> None:
        """Texts by task, in the order of the votes."""
        pd.DataFrame({"task": [40, 10, 20, 30], "text": list("dabc")}).to_parquet(crowd / "tasks.parquet")
        assert load_votes(crowd)["all"].frame["text"].tolist() == list("abcd")

    @pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64"])
    @pytest.mark.parametrize("sparse", [False, True])
    def test_labels_may_be_integers_of_any_kind(self, crowd, dtype, sparse) -> None:
        """Unsigned bytes are what a frugal writer takes; -1 for "no answer" is ours to add."""
        expected = load_votes(crowd, sparse=sparse)["all"].votes
        for name in ("votes", "gold"):
            table = pd.read_parquet(crowd / f"{name}.parquet")
            table.astype({"label": dtype}).to_parquet(crowd / f"{name}.parquet")
        found = load_votes(crowd, sparse=sparse)["all"].votes
        assert (found != expected).sum().sum() == 0
        assert sparse or (found.dtypes == np.int8).all()


class TestSequence:
    def test_tokens_are_rows_that_know_their_sentence(self, sequence) -> None:
        """Offsets become a column; a sentence without tokens only leaves a number out."""
        valid = load_votes(sequence)["valid"]
        assert valid.frame["token"].tolist() == ["New", "York", "!"]
        assert valid.frame["sentence"].tolist() == [0, 0, 2]
        assert valid.classes == ("O", "B-X", "I-X")
        assert list(valid.votes.columns) == ["one", "two", "three"]

    def test_offsets_that_do_not_cover_the_rows_are_refused(self, sequence) -> None:
        """Tokens would otherwise move to the wrong sentence."""
        arrays = dict(np.load(sequence / "valid.npz"))
        for offsets, dtype in itertools.product(([0, 2], [1, 3], [0, 3, 2, 3], []), (np.int64, np.uint8, np.uint64)):
            np.savez(sequence / "valid.npz", **{**arrays, "offsets": np.array(offsets, dtype=dtype)})
            with pytest.raises(DatasetError, match="offsets must rise from 0 to the number of rows, 3"):
                load_votes(sequence)

    def test_offsets_are_whole_numbers(self, sequence) -> None:
        """Unsigned ones are; floats would be cut."""
        arrays = dict(np.load(sequence / "valid.npz"))
        np.savez(sequence / "valid.npz", **{**arrays, "offsets": arrays["offsets"].astype(np.uint8)})
        assert load_votes(sequence)["valid"].frame["sentence"].tolist() == [0, 0, 2]
        np.savez(sequence / "valid.npz", **{**arrays, "offsets": arrays["offsets"].astype(float)})
        with pytest.raises(DatasetError, match=r"valid\.npz: offsets must be integers, got float64"):
            load_votes(sequence)


class TestRefusals:
    def test_a_folder_without_meta_says_what_is_there(self, tmp_path) -> None:
        """The reader sees at once that it is the wrong folder."""
        (tmp_path / "readme.txt").write_text("")
        with pytest.raises(DatasetError, match=r"no meta\.json \(there is: readme\.txt\)"):
            load_votes(tmp_path)
        with pytest.raises(DatasetError, match="no such folder"):
            load_votes(tmp_path / "absent")

    def test_an_unknown_kind_is_named(self, tmp_path) -> None:
        """With the nearest that exists."""
        write_meta(tmp_path, kind="clasification")
        with pytest.raises(DatasetError, match="Did you mean 'classification'"):
            load_votes(tmp_path)
        (tmp_path / "meta.json").write_text("[1]")
        with pytest.raises(DatasetError, match="kind None"):
            load_votes(tmp_path)

    def test_broken_json_is_named(self, tmp_path) -> None:
        """So is a key that stands twice, of which a JSON reader keeps one without a word."""
        (tmp_path / "meta.json").write_text("{")
        with pytest.raises(DatasetError, match=r"meta\.json is no JSON"):
            load_votes(tmp_path)
        (tmp_path / "meta.json").write_text('{"kind": "crowd", "kind": "sequence"}')
        with pytest.raises(DatasetError, match="the key 'kind' is given more than once"):
            load_votes(tmp_path)
        with pytest.raises(DatasetError, match=r"absent\.json cannot be read"):
            read_json(tmp_path / "absent.json")

    def test_no_split_at_all(self, tmp_path) -> None:
        """Metadata without data is no dataset."""
        write_meta(tmp_path)
        with pytest.raises(DatasetError, match=r"none of train\.npz"):
            load_votes(tmp_path)

    def test_sparse_is_for_crowds(self, classification) -> None:
        """A parameter that would do nothing is refused."""
        with pytest.raises(DatasetError, match="sparse=True is for crowds"):
            load_votes(classification, sparse=True)

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            (
                {"votes": VOTES + np.int8(1), "y": GOLD},
                r"test\.npz: 3 of the votes .* in row 0, column 2, is 2.*-1 to 1",
            ),
            ({"votes": VOTES, "y": GOLD - np.int16(1)}, r"the gold labels .* in row 1, is -2"),
            ({"votes": VOTES.astype(float), "y": GOLD}, "votes must be integers, got float64"),
            ({"votes": VOTES, "y": GOLD[:2]}, r"y of shape \(2,\) are not \(n, m\) and \(n,\)"),
            ({"votes": VOTES[:2], "y": GOLD[:2]}, r"test\.parquet has 3 rows, test\.npz has 2"),
            (
                {"votes": VOTES[:, :2], "y": GOLD},
                r"differ in their number of labeling functions: .*'train': 3, 'test': 2",
            ),
            ({"vote": VOTES, "y": GOLD}, "no array 'votes'. Did you mean 'vote'"),
        ],
    )
    def test_arrays_that_do_not_fit(self, classification, arrays, message) -> None:
        """File, row, column, value, and what it should be."""
        np.savez(classification / "test.npz", **arrays)
        with pytest.raises(DatasetError, match=message):
            load_votes(classification)

    @pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
    def test_a_damaged_archive_is_named(self, classification, content) -> None:
        """Whatever is wrong inside, the error says which file."""
        (classification / "test.npz").write_bytes(content)
        with pytest.raises(DatasetError, match=r"test\.npz cannot be read"):
            load_votes(classification)

    def test_an_array_without_a_name_is_refused(self, classification) -> None:
        """numpy reads it without complaint, and nobody could say which array it is."""
        with (classification / "test.npz").open("wb") as file:
            np.save(file, VOTES)
        with pytest.raises(DatasetError, match="holds one array and no names"):
            load_votes(classification)

    def test_pickled_objects_are_never_loaded(self, classification) -> None:
        """A file of data must not be able to run code."""
        np.savez(classification / "test.npz", votes=np.array([[None]], dtype=object), y=GOLD)
        with pytest.raises(DatasetError, match=r"test\.npz cannot be read"):
            load_votes(classification)

    def test_a_damaged_table_is_named(self, classification) -> None:
        """The same for parquet."""
        (classification / "test.parquet").write_bytes(b"PAR1")
        with pytest.raises(DatasetError, match=r"test\.parquet cannot be read"):
            load_votes(classification)

    @pytest.mark.parametrize("names", [["ham"], ["ham", "ham"], "ham"])
    def test_classes_must_be_two_or_more_names(self, classification, names) -> None:
        """Codes would otherwise have no, or several, meanings."""
        write_meta(classification, class_names=names)
        with pytest.raises(DatasetError, match="names of the classes"):
            load_votes(classification)

    def test_names_must_be_one_per_labeling_function(self, classification) -> None:
        """Two columns of one name could not be told apart."""
        for names in (["a", "b"], ["a", "b", "b"]):
            write_meta(classification, lf_names=names)
            with pytest.raises(DatasetError, match="for 3 labeling functions"):
                load_votes(classification)

    def test_crowd_files_must_have_their_columns_and_codes(self, crowd) -> None:
        """A worker abstains by not answering: -1 is no answer there."""
        gold = pd.read_parquet(crowd / "gold.parquet")
        gold.rename(columns={"label": "labels"}).to_parquet(crowd / "gold.parquet")
        with pytest.raises(DatasetError, match=r"gold\.parquet has no column 'label'. Did you mean 'labels'"):
            load_votes(crowd)
        gold.assign(label=-1).to_parquet(crowd / "gold.parquet")
        with pytest.raises(DatasetError, match="the first, in row 0, is -1"):
            load_votes(crowd)
        pd.concat([gold, gold]).to_parquet(crowd / "gold.parquet")
        with pytest.raises(DatasetError, match="task 10 has more than one gold label"):
            load_votes(crowd)
        (crowd / "gold.parquet").unlink()
        with pytest.raises(DatasetError, match=r"gold\.parquet cannot be read"):
            load_votes(crowd)

    @pytest.mark.parametrize(
        ("name", "change", "message"),
        [
            ("gold", {"task": ["10", "40"]}, r"different types \(integer in votes\.parquet, string in gold\.parquet\)"),
            ("votes", {"task": [20, None, 10, 20, 30]}, r"votes\.parquet: 1 rows have no task; the first is row 1"),
            ("votes", {"worker": ["a", "b", None, "a", "b"]}, "1 rows have no worker; the first is row 2"),
            ("votes", {"worker": [[1], [2], [1], [1], [2]]}, "'worker' must hold ids of one type"),
            ("tasks", {"tasks": [10]}, r"tasks\.parquet has no column 'task'. Did you mean 'tasks'"),
            ("tasks", {"task": [10, 20, 10]}, r"tasks\.parquet: task 10 has more than one row"),
            ("tasks", {"task": ["10"]}, r"string in tasks\.parquet"),
        ],
    )
    def test_tasks_and_workers_must_be_named_in_one_way(self, crowd, name, change, message) -> None:
        """A task that is found in one file and not in the other loses its gold or its text without a word."""
        path = crowd / f"{name}.parquet"
        table = pd.read_parquet(path).assign(**change) if path.exists() else pd.DataFrame(change)
        table.to_parquet(path)
        with pytest.raises(DatasetError, match=message):
            load_votes(crowd)

    def test_any_flipped_byte_of_an_archive_is_named_or_harmless(self, classification) -> None:
        """Each byte can break another reader: the archive's, the compression's, the array's."""
        path = classification / "test.npz"
        np.savez_compressed(path, votes=VOTES, y=GOLD)
        whole = path.read_bytes()
        refusals = []
        for position in range(len(whole)):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
            try:
                load_votes(classification)
            except DatasetError as error:
                refusals.append(str(error))
        assert len(refusals) > len(whole) / 2
        assert all("test.npz" in refusal for refusal in refusals)

    def test_what_is_no_folder_or_nested_without_end_is_refused(self, tmp_path) -> None:
        """As a DatasetError like all else, so that one `except` is enough."""
        with pytest.raises(DatasetError, match="path of a folder, got None"):
            load_votes(None)
        (tmp_path / "meta.json").write_text("[" * 200_000)
        with pytest.raises(DatasetError, match=r"meta\.json is nested too deep"):
            load_votes(tmp_path)
