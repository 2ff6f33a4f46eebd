"""``weaklab label``: the whole of a data set, whatever happens on the way."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import weaklab as wl
from weaklab.cli import main

HAM = ["--classes", "ham,spam"]
MIXED = """
import time
import weaklab as wl

words = {"free": "spam", "money": "spam", "love": "ham", "song": "ham"}

@wl.labeling_function
def long(row):
    return "spam" if len(row.text) > 8 else None

@wl.labeling_function
def stumbles(row):
    return "spam" if row.text != "the last one" else 1 / 0

@wl.labeling_function
def waits(row):
    time.sleep(0.01)

lfs = [*(wl.keyword_lf(word, column="text", label=label) for word, label in words.items()), long]
slow = [*lfs, waits]
hard = [*lfs, stumbles]
"""


@pytest.fixture
def parts(folder):
    """Four files without a column named label, and rules that are not all data."""
    for path in sorted((folder / "in").iterdir()):
        frame = pd.read_parquet(path).rename(columns={"label": "gold"}).drop(columns="unknown")
        frame.to_parquet(path, index=False)
    (folder / "rules.py").write_text(MIXED)
    return folder


def label(capsys, *asked, out="out"):
    """What the command says as JSON."""
    assert main(["label", "in/*.parquet", *asked, "--out", out, "--quiet", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def content(folder):
    """The bytes of all labels in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


def test_a_first_pass_over_all_files_fits_the_model(parts, capsys):
    """The labels are those of LabelModel fitted to all rows; each file has its own, with its columns."""
    said = label(capsys, "--lfs", "rules.py", *HAM)
    assert (said["rows_in"], said["rows_out"], said["quarantined"], said["files_now"]) == (200, 200, 0, 4)
    frames = [pd.read_parquet(path) for path in sorted((parts / "in").iterdir())]
    whole = pd.concat(frames, ignore_index=True)
    sys.path.insert(0, str(parts))
    import rules

    classes = ["ham", "spam"]
    model = wl.LabelModel(classes=classes).fit(wl.apply(rules.lfs, whole, classes=classes, progress=False))
    expected = wl.Labeler(rules.lfs, model).label(whole, progress=False)
    made = [pd.read_parquet(path) for path in sorted((parts / "out").glob("*.parquet"))]
    assert [path.name for path in sorted((parts / "out").glob("*.parquet"))] == [
        f"part-{at}.parquet" for at in range(4)
    ]
    assert [len(frame) for frame in made] == [50] * 4
    together = pd.concat(made, ignore_index=True)
    assert list(together.columns) == ["text", "gold", "label", "confidence", "covered"]
    assert together["label"].tolist() == expected["label"].where(expected["label"].notna(), None).tolist()
    np.testing.assert_array_equal(together["confidence"], expected["confidence"])
    assert said["covered"] == together["covered"].sum()


def test_the_bits_do_not_depend_on_processes(parts, capsys):
    """Neither of the first pass nor of the labels."""
    label(capsys, "--lfs", "rules.py", *HAM, out="one")
    label(capsys, "--lfs", "rules.py", *HAM, "--jobs", "2", out="two")
    assert content(parts / "one") == content(parts / "two")


def test_a_finished_folder_is_left_as_it_is(parts, capsys, monkeypatch):
    """The same command does nothing, not even the first pass; one with lost files makes these anew, alike."""
    label(capsys, "--lfs", "rules.py", *HAM)
    before = content(parts / "out")
    times = {path: path.stat().st_mtime_ns for path in (parts / "out").glob("*.parquet")}
    monkeypatch.setattr(wl.LabelModel, "fit", None)
    assert label(capsys, "--lfs", "rules.py", *HAM)["files_now"] == 0
    assert times == {path: path.stat().st_mtime_ns for path in (parts / "out").glob("*.parquet")}
    (parts / "out" / "part-2.parquet").unlink()
    assert label(capsys, "--lfs", "rules.py", *HAM)["files_now"] == 1
    assert content(parts / "out") == before


def test_a_saved_model_labels_without_a_first_pass(parts, capsys, monkeypatch):
    """To the same bytes, as fit does what the first pass does."""
    label(capsys, "--lfs", "rules.py", *HAM)
    assert main(["fit", "in/*.parquet", "--lfs", "rules.py", *HAM, "--out", "m.weaklab", "--quiet"]) == 0
    capsys.readouterr()
    monkeypatch.setattr(wl.LabelModel, "fit", None)
    label(capsys, "--lfs", "rules.py", "--model", "m.weaklab", out="again")
    assert content(parts / "out") == content(parts / "again")
    assert label(capsys, "--lfs", "rules.py", "--model", "m.weaklab", out="again")["files_now"] == 0
    label(capsys, "--lfs", "rules.py", "--model", "out/_weaklab/labeler", out="kept")
    assert content(parts / "out") == content(parts / "kept")


@pytest.mark.filterwarnings("default::weaklab.exceptions.PersistenceWarning")
def test_labeling_functions_that_a_model_does_not_use_are_named(parts, capsys):
    """It holds its own, of the same name or not; the same ones are no reason to warn."""
    assert main(["fit", "in/*.parquet", "--lfs", "rules.py", *HAM, "--out", "m.weaklab", "--quiet"]) == 0
    (parts / "others.py").write_text(
        "import weaklab as wl\n"
        "from rules import lfs as own\n"
        "other = [wl.keyword_lf('song', column='text', label='spam', name=name) for name in (own[0].name, 'new')]\n"
        "lfs = [*other, *own[1:]]\n"
    )
    asked = ["summarize", "in/part-0.parquet", "--model", "m.weaklab", "--quiet", "--lfs"]
    capsys.readouterr()
    assert main([*asked, "rules.py"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert main([*asked, "others.py"]) == 0
    again = capsys.readouterr()
    assert again.err.startswith("weaklab: --lfs: 'free', 'new' are not used: the model 'm.weaklab' holds its own")
    assert again.out == said.out


MISTAKES = {
    "--lfs rules.py --classes ham,spam": "'out' holds labels of another job: the labeler is another one",
    "--lfs rules.py:lfs --classes spam,ham": "the labeler is another one",
    "--lfs rules.py:slow --classes ham,spam --label-model OneCoin": "--overwrite",
    "--lfs rules.py:slow --classes ham,spam --on-error quarantine": "on_error was 'raise', now 'quarantine'",
    "--lfs rules.py:slow --classes ham,spam --columns text": "--overwrite",
}


@pytest.mark.parametrize("asked", MISTAKES)
def test_labels_of_something_else_are_not_touched(parts, capsys, asked):
    """Other functions, classes, models or options are another job; --overwrite says to forget the old one."""
    (parts / "rules.py").write_text(MIXED.replace("time.sleep(0.01)", "pass"))
    label(capsys, "--lfs", "rules.py:slow", *HAM)
    before = content(parts / "out")
    assert main(["label", "in/*.parquet", *asked.split(), "--out", "out", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert MISTAKES[asked] in said
    assert "overwrite=True" not in said
    assert content(parts / "out") == before
    label(capsys, *asked.split(), "--overwrite")


def test_overwritten_labels_leave_no_model_behind(parts, capsys):
    """Else a run that is stopped would go on with the old one."""
    label(capsys, "--lfs", "rules.py", *HAM)
    asked = ["--lfs", "rules.py", *HAM, "--label-model", "OneCoin"]
    label(capsys, *asked, "--overwrite")
    assert main(["summarize", "in/*.parquet", "--lfs", "rules.py", "--model", "out/_weaklab/labeler", "--json"]) == 0
    learned = [each["learned"] for each in json.loads(capsys.readouterr().out)["labeling_functions"]]
    assert main(["fit", "in/*.parquet", *asked, "--out", "m.weaklab", "--json"]) == 0
    fitted = json.loads(capsys.readouterr().out)
    assert fitted["label_model"] == "OneCoin"
    assert [each["learned"] for each in fitted["labeling_functions"]] == learned


def test_other_files_in_the_folder_are_a_mistake(parts, capsys):
    """Such as a folder that holds something of the user's."""
    (parts / "out").mkdir()
    (parts / "out" / "mine.txt").write_text("mine")
    assert main(["label", "in/*.parquet", "--lfs", "rules.py", *HAM, "--out", "out", "--quiet"]) == 2
    assert "is not empty ('mine.txt'" in capsys.readouterr().err
    assert [path.name for path in (parts / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("data.csv --lfs rules.py --classes ham,spam", "have a column 'label' already, which label adds"),
        ("in/*.parquet --lfs rules.py", "declare them: --classes A,B,..."),
        ("in/*.parquet --lfs rules.py --classes ham,eggs", "its label is 'spam' (str), which is no vote"),
        ("in/*.parquet --lfs rules.py --columns gold --classes ham,spam", "which the frame does not have"),
        ("in/*.parquet", "There are no labeling functions: give --lfs FILE.py:NAME, or --model FILE"),
        ("in/*.csv --lfs rules.py", "No file matches 'in/*.csv'"),
        ("in/*.parquet --lfs rules.py --classes ham,spam --out in", "is in 'in'; write to another folder"),
        (
            "in/*.parquet --lfs rules.py --classes ham,spam --out data.csv",
            "'data.csv' is a file; labels go to a folder",
        ),
        ("data.csv tail.csv odd.csv --lfs rules.py --classes ham,spam", "'odd.csv' lacks column 'text'"),
        ("in/*.parquet --model data.csv", "data.csv' is no file that weaklab saved"),
    ],
)
def test_mistakes_come_to_light_before_anything_is_written(parts, capsys, asked, said):
    """Not after hours of a first pass."""
    asked = asked if "--out" in asked else f"{asked} --out out"
    before = sorted(parts.rglob("*"))
    assert main(["label", *asked.split(), "--quiet"]) == 2
    assert said in capsys.readouterr().err
    assert [path for path in sorted(parts.rglob("*")) if "__pycache__" not in str(path)] == before


def test_a_function_that_fails_stops_the_run_and_leaves_nothing(parts, capsys):
    """Mended, the same command runs: no trace of the first is in its way."""
    pd.DataFrame({"text": ["free", "the last one"], "gold": ["spam", "ham"]}).to_parquet(parts / "in/part-9.parquet")
    asked = ["label", "in/*.parquet", "--lfs", "rules.py:hard", *HAM, "--out", "out", "--quiet"]
    assert main(asked) == 1
    said = capsys.readouterr().err
    assert "part-9.parquet" in said
    assert "'stumbles' failed on row 1: ZeroDivisionError" in said
    assert not (parts / "out").exists()
    (parts / "rules.py").write_text(MIXED.replace("1 / 0", "None"))
    sys.modules.pop("rules")
    assert main(asked) == 0


def test_what_fails_is_set_apart_where_that_is_asked_for(parts, capsys):
    """Rows on which a function fails, and files of other columns; counted, with the reason."""
    pd.DataFrame({"text": ["free", "the last one"], "gold": ["spam", "ham"]}).to_parquet(parts / "in/part-9.parquet")
    pd.DataFrame({"txt": ["free"]}).to_parquet(parts / "in/part-odd.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        said = label(capsys, "--lfs", "rules.py:hard", *HAM, "--on-error", "quarantine")
    assert (said["rows_in"], said["rows_out"], said["quarantined"]) == (203, 201, 2)
    reasons = [
        json.loads(line)["reason"] for path in said["quarantine"] for line in Path(path).read_text().splitlines()
    ]
    assert "ZeroDivisionError" in reasons[0]
    assert "lacks column 'text'" in reasons[1]


def test_records_that_cannot_be_read_are_set_apart(parts, capsys):
    """In files of text; the others are labelled."""
    (parts / "bad.csv").write_text("text,stars\nfree money,1\nlove,2,3\nsong,4\n")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["label", "bad.csv", "--lfs", "rules.py", *HAM, "--out", "out", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "2 rows in 1 files" in said
    assert "1 records set apart: out/_weaklab/quarantine/bad.jsonl" in said


def interrupted(sign):
    """What a run says that Ctrl-C stops when something is there."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # not so in the background
        "from weaklab.cli import main\n"
        "sys.exit(main(['label', 'in/*.parquet', '--lfs', 'rules.py:slow', '--classes', 'ham,spam',"
        " '--out', 'out', '--quiet']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not sign.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_ctrl_c_in_the_first_pass_leaves_nothing(parts):
    """There is nothing to keep yet, and nothing that could be in the way of another command."""
    assert interrupted(parts / "out" / "_weaklab") == "weaklab: interrupted\n"
    assert not (parts / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(parts, capsys):
    """To the bytes of a run that nobody disturbed."""
    (parts / "quick.py").write_text(MIXED.replace("time.sleep(0.01)", "pass"))
    label(capsys, "--lfs", "quick.py:slow", *HAM, out="whole")
    said = interrupted(parts / "out" / "part-0.parquet")
    assert said == "weaklab: interrupted; what is finished is kept; the same command goes on from there\n"
    made = label(capsys, "--lfs", "rules.py:slow", *HAM)
    assert 1 <= made["files_now"] <= 4  # the first may be there, and not yet in the books
    assert content(parts / "out") == content(parts / "whole")


def test_a_folder_of_finished_labels_can_be_moved(parts, capsys):
    """Nothing in it knows where it was."""
    label(capsys, "--lfs", "rules.py", *HAM)
    shutil.move(parts / "out", parts / "moved")
    assert label(capsys, "--lfs", "rules.py", *HAM, out="moved")["files_now"] == 0
