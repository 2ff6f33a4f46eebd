"""Bad records, bad files and full disks: set apart with a reason, counted, told; and what is done is kept."""

import errno
import json
import os
import resource
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weaklab.apply import label_files, votes_of_files
from weaklab.apply.files.csv_files import type_of
from weaklab.exceptions import (
    ColumnError,
    DatasetError,
    FaultWarning,
    LabelingFunctionFailure,
    ParameterError,
    StorageError,
    WorkerDiedError,
)
from weaklab.labeling import keyword_lf


class ByLength:
    """Labels without a labeling function; fails on rows that hold a text."""

    def __init__(self, fails="never in a text"):
        self.fails = fails

    def label(self, frame):
        hit = frame.text.fillna("").str.contains(self.fails, regex=False)
        if hit.any():
            raise LabelingFunctionFailure(f"labeling function 'x' failed on row {hit.to_numpy().argmax()}")
        return frame.assign(label=frame.text.fillna("").str.len() % 2, covered=frame.text.notna())


def label(path, folder, labeler=None, **options):
    """Label, and read what came out and what did not."""
    made = label_files(labeler or ByLength(), path, folder, progress=False, **options)
    rows = pd.concat([pd.read_parquet(part) for part in made.paths], ignore_index=True)
    bad = made.read_quarantine()
    assert made.rows_in == made.rows_out + made.quarantined == len(rows) + len(bad)
    counted = sum(len(path.read_text().splitlines()) for path in made.quarantine)
    assert counted == made.quarantined == json.loads(made.manifest.read_text())["quarantined"]
    return rows, bad


CSV = b"""text,stars
good one,1
too,many,fields
one
"two
lines",2
"never closed,3
after it,4
"closed" and more,5
caf\xe9,6
not a number,many
zip,007
,7

last,
"""


@pytest.mark.parametrize("rows", [1, 3, None])
def test_lines_of_csv_that_are_no_records_are_told_by_line(tmp_path, rows):
    """One bad line costs itself alone, wherever batches end."""
    (tmp_path / "a.csv").write_bytes(CSV)
    types = {"stars": "int64"}
    out, bad = label(tmp_path / "a.csv", tmp_path / "out", types=types, batch_rows=rows)
    assert out.text.tolist()[:3] == ["good one", "two\nlines", "after it"]
    assert out.text.isna().tolist() == [False] * 3 + [True, False]
    assert out.stars.tolist()[:4] == [1, 2, 4, 7]
    assert pd.isna(out.stars.iloc[-1])
    found = dict(zip(bad.line, bad.reason, strict=True))
    assert list(found) == [3, 4, 7, 9, 10, 11, 12]
    assert found[3] == "3 fields where the header has 2"
    assert found[4] == "1 field where the header has 2"
    assert found[7].startswith("no CSV")
    assert found[9].startswith("no CSV")
    assert found[10] == "no UTF-8"
    assert "'many'" in found[11]
    assert "'007' would read" in found[12]
    assert bad.set_index("line").raw[10] == "caf\\xe9,6"
    assert set(bad.file) == {"a.csv"}


@pytest.mark.parametrize("rows", [1, 2, None])
def test_lines_of_json_that_are_no_objects_are_told_by_line(tmp_path, rows):
    """Values of another type, keys that no first row has, broken bytes: each with its reason."""
    good = [json.dumps({"text": f"row {i}", "n": i, "tags": [{"a": i}]}) for i in range(1100)]
    lines = [
        '{"text": "cut", "n": 1',
        "[1, 2]",
        '{"text": 5, "n": 1}',
        '{"text": "x", "n": "one"}',
        '{"text": "x", "n": true}',
        '{"text": "x", "n": 1, "new": 2}',
        '{"text": "x", "tags": [{"b": 1}]}',
        '{"text": "\\ud800"}',
        "[" * 100_000,
        "",
        '{"n": null}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join([*good, *lines]) + "\n")
    rows = None if rows is None else 367 * rows
    out, bad = label(tmp_path / "a.jsonl", tmp_path / "out", batch_rows=rows)
    assert len(out) == 1101
    assert out.n.tolist()[:1100] == list(range(1100))
    assert bad.line.tolist() == list(range(1101, 1110))
    parts = ["no JSON", "list", "'text'", "'n'", "'n'", "'new'", "'tags'", "'text'", "no JSON"]
    for reason, part in zip(bad.reason, parts, strict=True):
        assert part in reason


def test_a_row_that_cannot_be_labelled_is_set_apart_alone(tmp_path):
    """One of 5,000 rows fails: by default it stops the job, with its place; else the other 4,999 are labelled."""
    frame = pd.DataFrame({"text": [f"row {i}" for i in range(5000)]})
    frame.to_parquet(tmp_path / "a.parquet")
    labeler = ByLength(fails="row 4321")
    with pytest.raises(LabelingFunctionFailure, match=r"row 321.*a\.parquet', rows 4,000 to 4,999.*0 of 1 parts"):
        label_files(labeler, tmp_path / "a.parquet", tmp_path / "out", batch_rows=1000, progress=False)
    out, bad = label(tmp_path / "a.parquet", tmp_path / "apart", labeler, on_error="quarantine", batch_rows=1000)
    assert bad.row.tolist() == [4321]
    assert json.loads(bad.raw[0]) == {"text": "row 4321"}
    assert "labeling function 'x' failed" in bad.reason[0]
    assert out.text.tolist() == [text for text in frame.text if text != "row 4321"]


def test_a_labeler_that_fails_everywhere_is_an_error(tmp_path):
    """A quarantine of a billion rows helps nobody who mistyped a column."""
    pd.DataFrame({"text": ["row"] * 5000}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(LabelingFunctionFailure):
        label_files(ByLength("row"), tmp_path / "a.parquet", tmp_path / "out", on_error="quarantine", progress=False)


def test_types_that_have_one_in_common_are_read_in_it(tmp_path):
    """Files written on different days have ints here and floats there, texts as categories, columns in any order."""
    pd.DataFrame({"text": ["a"], "n": [1]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"n": [1.5], "text": ["b"]}).to_parquet(tmp_path / "b.parquet")
    pd.DataFrame({"n": np.array([7], dtype="int8"), "text": [None]}).to_parquet(tmp_path / "c.parquet")
    out, bad = label(tmp_path / "*.parquet", tmp_path / "out")
    assert out.n.tolist() == [1.0, 1.5, 7.0]
    assert bad.empty
    assert len({str(pq.read_schema(path)) for path in (tmp_path / "out").glob("*.parquet")}) == 1


def test_types_that_have_none_are_read_as_the_first_file_has_them(tmp_path):
    """Texts that are numbers become numbers; those that are not are set apart."""
    pd.DataFrame({"text": ["a", "b"], "n": [1, 2]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"text": ["c", "d"], "n": ["3", "four"]}).to_parquet(tmp_path / "b.parquet")
    out, bad = label(tmp_path / "*.parquet", tmp_path / "out")
    assert out.n.tolist() == [1, 2, 3]
    assert (bad.file[0], bad.row[0]) == ("b.parquet", 1)
    assert "'n' is no int64" in bad.reason[0]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_files_of_other_columns_are_told_before_anything_runs(tmp_path, kind):
    """A file without the text that labeling functions read would come out all uncovered."""
    frames = {"a": pd.DataFrame({"text": ["x"], "n": [1]}), "b": pd.DataFrame({"texts": ["y", "z"], "n": [1, 2]})}
    for name, frame in frames.items():
        path = tmp_path / f"{name}.{kind}"
        frame.to_parquet(path) if kind == "parquet" else frame.to_csv(path, index=False)
    pattern = tmp_path / f"*.{kind}"
    with pytest.raises(DatasetError, match=r"'b.*' lacks column 'text' and has column 'texts'"):
        label_files(ByLength(), pattern, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
    out, bad = label(pattern, tmp_path / "out", on_error="quarantine")
    assert len(out) == 1
    assert bad.file.tolist() == [f"b.{kind}"] * 2
    with pytest.raises(ColumnError, match=r"'txt'.*Did you mean 'text'"):
        label_files(ByLength(), pattern, tmp_path / "out", columns=["txt"], progress=False)


def test_files_that_are_none_end_before_anything_runs(tmp_path):
    """A footer that is cut, a header that is not there."""
    pd.DataFrame({"text": ["x"]}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "b.jsonl.gz").write_bytes(b"no gzip")
    for name, match in {"*.parquet": r"b\.parquet.*as Parquet", "a.csv": "no header", "*.gz": "cannot be read"}.items():
        with pytest.raises(DatasetError, match=match):
            label_files(ByLength(), tmp_path / name, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_file_that_is_damaged_within_keeps_what_is_done(tmp_path, jobs):
    """Bytes lost in the middle are met after hours; the message names the file, and a whole copy of it goes on."""
    rng = np.random.default_rng(0)
    for name in "abc":
        table = pa.table({"text": [str(x) for x in rng.random(2000)]})
        pq.write_table(table, tmp_path / f"{name}.parquet", compression="zstd")
    whole = (tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[:3000] + bytes(2000) + whole[5000:])
    with pytest.raises(DatasetError, match=r"b\.parquet' cannot be read.*[12] of 3 parts are finished and kept"):
        label_files(ByLength(), tmp_path / "*.parquet", tmp_path / "out", n_jobs=jobs, progress=False)
    assert (tmp_path / "out" / "a.parquet").exists()
    assert not (tmp_path / "out" / "b.parquet").exists()


def test_the_disk_may_be_full(tmp_path):
    """The kernel refuses to write: the message says where, nothing half-written stays, the same call goes on."""
    rng = np.random.default_rng(0)
    for name, n in {"a": 100, "b": 40_000, "c": 100}.items():
        pq.write_table(pa.table({"text": [str(x) for x in rng.random(n)]}), tmp_path / f"{name}.parquet")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageError, match=r"no room left to write .*b\.parquet.*1 of 3 parts"):
            label_files(ByLength(), tmp_path / "*.parquet", tmp_path / "out", progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in (tmp_path / "out").glob("*.parquet")] == ["a.parquet"]
    assert not (tmp_path / "out" / "_weaklab" / "tmp").exists()
    made = label_files(ByLength(), tmp_path / "*.parquet", tmp_path / "out", progress=False)
    assert (made.done_now, made.rows_out) == (2, 40_200)


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_small_disk_may_be_full(tmp_path, jobs):
    """A file system of 1 MB of its own, where it may be mounted."""
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        rng = np.random.default_rng(0)
        for name, n in {"a": 100, "b": 200_000}.items():
            pq.write_table(pa.table({"text": [str(x) for x in rng.random(n)]}), tmp_path / f"{name}.parquet")
        with pytest.raises(StorageError, match=os.strerror(errno.ENOSPC)):
            label_files(ByLength(), tmp_path / "*.parquet", small / "out", n_jobs=jobs, progress=False)
        assert {path.name for path in (small / "out").glob("*.parquet")} <= {"a.parquet"}
        assert os.statvfs(small).f_bavail > 100  # nothing half-written takes room
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_process_that_dies_is_tried_once_more_and_named(tmp_path):
    """Of what a killer of large processes ends, the file is known."""

    class Dies(ByLength):
        def label(self, frame):
            if len(frame) > 5 and os.getpid() != self.parent:
                os._exit(9)
            return super().label(frame)

    for name, n in {"a": 3, "b": 8}.items():
        pd.DataFrame({"text": ["x"] * n}).to_parquet(tmp_path / f"{name}.parquet")
    labeler = Dies()
    labeler.parent = os.getpid()
    with pytest.raises(WorkerDiedError, match=r"ended with exit code 9 while they read .*b\.parquet.*1 of 2 parts"):
        label_files(labeler, tmp_path / "*.parquet", tmp_path / "out", n_jobs=2, version="1", progress=False)


def test_what_cannot_be_read_has_no_votes_and_is_counted(tmp_path):
    """A first pass that learns from files passes over what the second sets apart, and says so."""
    (tmp_path / "a.csv").write_bytes(CSV)
    source = votes_of_files([keyword_lf("good", column="text", label=1)], tmp_path / "a.csv", types={"stars": "int64"})
    with pytest.warns(FaultWarning, match="7 records of the inputs cannot be read"):
        assert sum(len(chunk) for chunk in source) == 5


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "0"], "int64"),
        (["1", "2.5", "1e5", ".5", "nan"], "double"),
        (["007"], "string"),
        (["+49"], "string"),
        (["-0"], "double"),
        (["9" * 30], "string"),
        (["."], "string"),
        (["True", "false"], "bool"),
        (["yes", "1"], "string"),
        (["", ""], "null"),
    ],
)
def test_cells_of_csv_are_numbers_only_where_they_are_written_so(cells, kind):
    """A postal code that loses its zeros is another one."""
    assert str(type_of(cells)) == kind


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"on_error": "skip"}, "on_error='skip' is not known"),
        ({"batch_rows": 0}, "batch_rows=0"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"columns": "text"}, "list of names"),
        ({"types": {"text": "strange"}}, "cannot be 'strange'"),
    ],
)
def test_options_that_are_none_are_refused(tmp_path, options, match):
    """Before anything is written."""
    pd.DataFrame({"text": ["x"]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ParameterError, match=match):
        label_files(ByLength(), tmp_path / "a.parquet", tmp_path / "out", progress=False, **options)
    assert not (tmp_path / "out").exists()
