"""Labels in files: the same rows and columns, whatever the kind of file, the batches and the number of processes."""

import json
import signal
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import weaklab as wl
from weaklab.apply import apply, label_files, votes_of_files
from weaklab.exceptions import DatasetError, OutputExistsError, ParameterError
from weaklab.label_models import LabelModel
from weaklab.labeling import keyword_lf, labeling_function, threshold_lf

LFS = [
    keyword_lf(["win", "free"], column="text", label=1, name="prize"),
    keyword_lf("hello", column="text", label=0),
    threshold_lf("links", above=2, label=1),
]
WORDS = np.array(["hello", "win", "free", "you", "we", "größer", "a,b", 'say "so"', "two\nlines"])


class Labeler:
    """Labeling functions and a label model, and nothing else."""

    def __init__(self, lfs, model):
        self.lfs, self.model = lfs, model

    def label(self, frame):
        votes = apply(self.lfs, frame, cache=False, progress=False)
        probs = self.model.predict_proba(votes)
        covered = (votes.to_numpy() >= 0).any(axis=1)
        return frame.assign(label=probs.argmax(axis=1), confidence=probs.max(axis=1), covered=covered)


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=6)) for _ in range(900)]
    whole = pd.DataFrame({"text": texts, "links": rng.poisson(2, 900), "score": rng.normal(size=900)})
    return [
        whole[:400].reset_index(drop=True),
        whole[400:420].reset_index(drop=True),
        whole[420:].reset_index(drop=True),
    ]


@pytest.fixture(scope="module")
def labeler(frames):
    votes = apply(LFS, pd.concat(frames, ignore_index=True), progress=False)
    return Labeler(LFS, LabelModel(classes=2).fit(votes))


@pytest.fixture(params=["parquet", "csv", "jsonl", "csv.gz", "tsv"])
def inputs(request, frames, tmp_path):
    return write(frames, tmp_path / "in", request.param)


@pytest.fixture
def parquet(frames, tmp_path):
    return write(frames, tmp_path / "in", "parquet")


def write(frames, folder, kind):
    """The frames as files of a kind; the pattern of them."""
    folder.mkdir()
    for name, frame in zip("abc", frames, strict=True):
        path = folder / f"{name}.{kind}"
        if kind == "parquet":
            frame.to_parquet(path, row_group_size=150)
        elif kind == "jsonl":
            frame.to_json(path, orient="records", lines=True, double_precision=15)
        else:
            frame.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    return folder / f"*.{kind}"


def tree(folder):
    """All files below a folder, with their bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rows_come_out_as_in_memory(inputs, frames, labeler, tmp_path):
    """Every kind of file: columns kept, rows in order, the labels that one frame would have got."""
    made = label_files(labeler, inputs, tmp_path / "out", progress=False)
    assert [path.name for path in made.paths] == ["a.parquet", "b.parquet", "c.parquet"]
    for path, frame in zip(made.paths, frames, strict=True):
        pd.testing.assert_frame_equal(pd.read_parquet(path), labeler.label(frame), check_exact=False, rtol=1e-12)
    assert (made.rows_in, made.rows_out, made.quarantined) == (900, 900, 0)
    whole = labeler.label(pd.concat(frames))
    assert made.covered == whole.covered.sum()
    assert made.labels == {str(name): n for name, n in sorted(whole.label.value_counts().items())}
    assert set(tree(tmp_path / "out")) >= {"a.parquet", "_weaklab/manifest.json", "_weaklab/job.json"}


@pytest.mark.parametrize("rows", [pytest.param(1, marks=pytest.mark.slow), 7, 150])
def test_batches_change_no_label(inputs, labeler, tmp_path, rows):
    """Where a batch ends depends on memory; what a row is labelled must not."""
    whole = label_files(labeler, inputs, tmp_path / "whole", progress=False)
    small = label_files(labeler, inputs, tmp_path / "small", batch_rows=rows, progress=False)
    for one, other in zip(whole.paths, small.paths, strict=True):
        assert pq.read_table(one).equals(pq.read_table(other))


def test_processes_write_the_same_bytes(parquet, labeler, tmp_path):
    """Two processes finish in any order; manifest, parts and quarantine are those of one."""
    label_files(labeler, parquet, tmp_path / "one", progress=False)
    label_files(labeler, parquet, tmp_path / "two", n_jobs=2, progress=False)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_finished_folder_is_left_alone(parquet, labeler, tmp_path):
    """The same call again reads nothing and writes the same; so may a cluster's scheduler call it twice."""
    label_files(labeler, parquet, tmp_path / "out", progress=False)
    before = tree(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    again = label_files(labeler, parquet, tmp_path / "out", progress=False)
    assert (again.done_now, again.rows_now, again.rows_out) == (0, 0, 900)
    assert tree(tmp_path / "out") == before
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_only_what_is_missing_or_damaged_is_made_again(parquet, labeler, tmp_path):
    """A part that was deleted, cut, or never written down is not taken for finished."""
    out = tmp_path / "out"
    label_files(labeler, parquet, out, progress=False)
    before = tree(out)
    (out / "a.parquet").unlink()
    (out / "b.parquet").write_bytes((out / "b.parquet").read_bytes()[:-10])
    again = label_files(labeler, parquet, out, progress=False)
    assert (again.done_now, again.rows_now) == (2, 420)
    assert tree(out) == before


@pytest.mark.parametrize("change", ["labeler", "inputs", "options", "foreign"])
def test_a_folder_of_something_else_is_an_error_unless_overwritten(parquet, labeler, tmp_path, change):
    """Parts of two jobs in one folder would be a data set that nobody asked for."""
    out, columns = tmp_path / "out", None
    if change == "foreign":
        out.mkdir()
        (out / "mine.txt").write_text("precious")
        match = "not empty"
    else:
        label_files(labeler, parquet, out, progress=False)
    if change == "labeler":
        lfs, match = [*LFS[:2], threshold_lf("links", above=3, label=1, name=LFS[2].name)], "the labeler is another one"
        labeler = Labeler(lfs, labeler.model)
    elif change == "inputs":
        pd.DataFrame({"text": ["new"], "links": [1], "score": [0.0]}).to_parquet(parquet.parent / "d.parquet")
        match = r"1 are new \('d.parquet'\)"
    elif change == "options":
        columns, match = ["text", "links"], "columns was None, now"
    before = tree(out)
    with pytest.raises(OutputExistsError, match=match):
        label_files(labeler, parquet, out, columns=columns, progress=False)
    assert tree(out) == before
    made = label_files(labeler, parquet, out, columns=columns, overwrite=True, progress=False)
    assert made.done_now == len(made.paths)
    assert sorted(path.name for path in out.glob("*.parquet")) == [path.name for path in made.paths]
    if change == "foreign":
        assert (out / "mine.txt").read_text() == "precious"


def test_the_inputs_are_never_written_to(parquet, labeler):
    """With overwrite=True the folder of the inputs would be emptied."""
    with pytest.raises(OutputExistsError, match="write to another folder"):
        label_files(labeler, parquet, parquet.parent, overwrite=True, progress=False)
    assert len(list(parquet.parent.iterdir())) == 3


def test_a_labeler_without_a_fingerprint_needs_a_version(parquet, labeler, tmp_path):
    """Whether a half-done folder is of the same labeler cannot be told of one that holds an open file."""
    with open(tmp_path / "log", "w") as file:
        labeler = Labeler(LFS, labeler.model)
        labeler.log = file
        label_files(labeler, parquet, tmp_path / "out", progress=False)
        with pytest.raises(OutputExistsError, match="not known"):
            label_files(labeler, parquet, tmp_path / "out", progress=False)
        label_files(labeler, parquet, tmp_path / "named", version="3", progress=False)
        assert label_files(labeler, parquet, tmp_path / "named", version="3", progress=False).done_now == 0
        with pytest.raises(OutputExistsError, match="the labeler is another one"):
            label_files(labeler, parquet, tmp_path / "named", version="4", progress=False)


def test_the_labeler_is_kept_beside_its_labels(parquet, labeler, tmp_path):
    """Who finds the labels in a year wants to know what made them."""

    class Saved(Labeler):
        def save(self, path):
            path.write_text("all of it")

    label_files(Saved(LFS, labeler.model), parquet, tmp_path / "out", progress=False)
    assert (tmp_path / "out" / "_weaklab" / "labeler").read_text() == "all of it"


def test_names_of_classes_may_be_missing(tmp_path):
    """A part in which no row has a label has the same schema as the others."""

    class Named:
        def label(self, frame):
            return frame.assign(label=[name if len(name) > 2 else None for name in frame.text])

    for name, texts in {"a": ["x", "y"], "b": ["long", "z"]}.items():
        pd.DataFrame({"text": texts}).to_parquet(tmp_path / f"{name}.parquet")
    made = label_files(Named(), tmp_path / "*.parquet", tmp_path / "out", progress=False)
    assert [pq.read_schema(path).field("label").type for path in made.paths] == [pa.string()] * 2
    assert pd.read_parquet(tmp_path / "out")["label"].isna().tolist() == [True, True, False, True]


def test_parts_of_one_name_keep_their_folders(frames, labeler, tmp_path):
    """Partitioned data sets call all files alike."""
    for day in (1, 2):
        (tmp_path / f"day={day}").mkdir()
        frames[day].to_parquet(tmp_path / f"day={day}" / "part.parquet")
    made = label_files(labeler, tmp_path / "day=*" / "*.parquet", tmp_path / "out", progress=False)
    assert [path.name for path in made.paths] == ["day=1__part.parquet", "day=2__part.parquet"]


def test_ctrl_c_leaves_a_folder_to_go_on_with(parquet, labeler, tmp_path):
    """It says what is kept, leaves no half file, and the same call ends in the same bytes."""

    class Interrupted(Labeler):
        def label(self, frame):
            if len(frame) == 20 and state["on"]:
                signal.raise_signal(signal.SIGINT)
            return super().label(frame)

    state = {"on": True}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            label_files(Interrupted(LFS, labeler.model), parquet, tmp_path / "out", version="1", progress=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "1 of 3 parts are finished" in caught.value.__notes__[-1]
    assert [path.name for path in (tmp_path / "out").glob("*.parquet")] == ["a.parquet"]
    assert not (tmp_path / "out" / "_weaklab" / "tmp").exists()
    state["on"] = False
    assert (
        label_files(Interrupted(LFS, labeler.model), parquet, tmp_path / "out", version="1", progress=False).done_now
        == 2
    )
    label_files(labeler, parquet, tmp_path / "undisturbed", version="1", progress=False)
    assert tree(tmp_path / "out") == tree(tmp_path / "undisturbed")


def test_two_calls_do_not_write_to_one_folder(parquet, labeler, tmp_path):
    """The second is told of the first."""

    class Calls(Labeler):
        def label(self, frame):
            with pytest.raises(OutputExistsError, match="Another process"):
                label_files(labeler, parquet, tmp_path / "out", version="1", progress=False)
            return super().label(frame)

    made = label_files(Calls(LFS, labeler.model), parquet, tmp_path / "out", version="1", progress=False)
    assert made.rows_out == 900


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("nowhere/*.parquet", "no folder"),
        ("in/*.csv", "No file matches"),
        ("in/a.parqet", "no file .*Did you mean 'a.parquet'"),
        ("in", r"is a folder; say which files in it: .*\*.parquet"),
        ([], "list is empty"),
    ],
)
def test_inputs_that_are_not_there_are_named(parquet, labeler, tmp_path, given, match):
    """A mistyped pattern must not pass for a job without work."""
    given = tmp_path / given if isinstance(given, str) else given
    with pytest.raises(DatasetError, match=match):
        label_files(labeler, given, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def test_a_labeler_must_keep_its_rows_and_add_a_label(parquet, labeler, tmp_path):
    """Labels that stand beside other rows than theirs are worse than none."""

    class Wrong:
        def __init__(self, label):
            self.label = label

    for call, match in {
        lambda frame: frame.iloc[1:].assign(label=1): "keep the rows",
        lambda frame: frame.iloc[::-1].assign(label=1): "another order",
        lambda frame: frame: "no column 'label'",
        lambda frame: list(frame.text): "gave list",
    }.items():
        with pytest.raises(ParameterError, match=match):
            label_files(Wrong(call), parquet, tmp_path / "out", version="1", overwrite=True, progress=False)
    with pytest.raises(ParameterError, match="has none"):
        label_files(LFS, parquet, tmp_path / "out", progress=False)


def test_an_input_that_has_labels_keeps_them(frames, labeler, tmp_path):
    """A column of gold labels must not be replaced without a word."""
    frames[0].assign(label="gold").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ParameterError, match="column 'label' already"):
        label_files(labeler, tmp_path / "a.parquet", tmp_path / "out", progress=False)
    made = label_files(
        labeler, tmp_path / "a.parquet", tmp_path / "out", columns=["text", "links"], overwrite=True, progress=False
    )
    assert made.rows_out == 400


def test_the_result_shows_itself(parquet, labeler, tmp_path):
    """In a terminal a line, in a notebook a card; names from files are escaped."""
    made = label_files(labeler, parquet, tmp_path / "<out>", progress=False)
    assert "3 files, 900 records: 900 rows labelled" in repr(made)
    assert "&lt;out&gt;" in made._repr_html_()
    assert "<td>1</td>" in made._repr_html_()
    assert json.loads(made.manifest.read_text())["rows_out"] == 900


def test_a_bar_counts_rows(parquet, labeler, tmp_path, capsys):
    """A job of hours says how far it is."""

    class Slow(Labeler):
        def label(self, frame):
            time.sleep(0.5)
            return super().label(frame)

    label_files(Slow(LFS, labeler.model), parquet, tmp_path / "out", progress=True)
    assert "3 of 3 files: 100%" in capsys.readouterr().err


def chunk_bytes(source):
    return [chunk.to_numpy().tobytes() for chunk in source]


def test_a_label_model_fits_on_files_as_on_a_frame(inputs, frames):
    """The same bits, however the rows are cut, and in however many processes."""
    votes = apply(LFS, pd.concat(frames, ignore_index=True), progress=False)
    model = LabelModel(classes=2).fit(votes)
    for options in ({}, {"batch_rows": 11}, *([{"n_jobs": 2, "batch_rows": 97}] if inputs.suffix == ".csv" else [])):
        again = LabelModel(classes=2).fit(votes_of_files(LFS, inputs, **options))
        assert again.n_rows_ == 900
        assert (again.predict_proba(votes) == model.predict_proba(votes)).all(), options


def test_chunks_come_in_order_and_as_often_as_asked(parquet):
    """A source is no generator; processes change no chunk."""
    source = votes_of_files(LFS, parquet, batch_rows=64)
    first = chunk_bytes(source)
    assert first == chunk_bytes(source)
    assert first == chunk_bytes(votes_of_files(LFS, parquet, batch_rows=64, n_jobs=3))
    assert len(first) == 7 + 1 + 8


def test_failures_in_the_first_pass_are_counted_once(parquet):
    """One warning for all files, or one error that names the file."""

    @labeling_function
    def fails(row):
        return 1 // (row.links - 2)

    with pytest.raises(Exception, match=r"a\.parquet.*'fails' failed on row"):
        list(votes_of_files([fails], parquet))
    with pytest.warns(match=r"'fails' on \d+ rows"):
        assert sum(len(chunk) for chunk in votes_of_files([fails], parquet, on_error="abstain")) == 900


def test_a_model_that_was_looked_at_is_the_same_labeler(tmp_path):
    """What a label model works out when it is asked for is no part of it: the second run has nothing to do."""
    frame = pd.DataFrame({"text": ["free money", "see you", "free", "see her"] * 5})
    frame.to_parquet(tmp_path / "in.parquet")
    lfs = [wl.keyword_lf("free", column="text", label=1), wl.keyword_lf("see", column="text", label=0)]
    labeler = wl.Labeler(lfs, wl.LabelModel(classes=2)).fit(frame)
    first = wl.label_files(labeler, tmp_path / "in.parquet", tmp_path / "out", progress=False)
    assert labeler.model_.accuracy_intervals_.shape == (2, 2)
    labeler.model_.diagnose(labeler.apply(frame, progress=False))
    again = wl.label_files(labeler, tmp_path / "in.parquet", tmp_path / "out", progress=False)
    assert again.paths == first.paths
