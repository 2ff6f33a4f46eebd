"""The command line, as a newcomer uses it: what works, and what each mistake is told."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import weaklab as wl
from weaklab.cli import main

RULES = """
import weaklab as wl

words = {"free": "spam", "money": "spam", "love": "ham", "song": "ham"}
lfs = [wl.keyword_lf(word, column="text", label=label) for word, label in words.items()]
lost = [wl.keyword_lf("free", column="txt", label="spam")]
none = []

@wl.labeling_function
def fails(row):
    raise RuntimeError("no luck")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with rules, and the same data in three kinds of files; nothing stays imported from it."""
    rng = np.random.default_rng(0)
    gold = rng.integers(2, size=200)
    words = (["love", "song"], ["free", "money"])
    texts = [
        " ".join([*(w for w in words[y] if rng.random() < 0.7), words[1 - y][0] * (rng.random() < 0.1)]) for y in gold
    ]
    frame = pd.DataFrame({"text": texts, "label": np.where(gold == 1, "spam", "ham")})
    frame.loc[::2, "label"] = None
    frame["unknown"] = None
    frame.to_csv(tmp_path / "data.csv", index=False)
    frame.to_parquet(tmp_path / "data.parquet")
    frame.to_json(tmp_path / "data.jsonl", orient="records", lines=True)
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "broken.parquet").write_text("no parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in ("rules", "broken"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("data", "source"), [("data.csv", "rules.py:lfs"), ("data.parquet", "rules.py"), ("data.jsonl", "rules:lfs")]
)
def test_a_report_is_written_and_its_path_printed(folder, capsys, data, source):
    """From a file or a module of rules, and each kind of data; the path alone goes to where pipes read."""
    pytest.importorskip("matplotlib")
    asked = [
        "report",
        data,
        "--lfs",
        source,
        "--classes",
        "ham, spam",
        "--gold",
        "label",
        "--title",
        "Mine",
        "--rows",
        "1",
    ]
    assert main([*asked, "--quiet"]) == 0
    assert capsys.readouterr().out == "report.html\n"
    text = (folder / "report.html").read_text()
    assert "<title>Mine</title>" in text
    assert "100 rows with gold were used" in text


MISTAKES = {
    "report dat.csv --lfs rules.py": "There is no file 'dat.csv'. Did you mean 'data.csv'?",
    "report rules.py --lfs rules.py": "must end in one of .parquet, .csv, .jsonl",
    "report broken.parquet --lfs rules.py": "'broken.parquet' cannot be read",
    "report data.csv --lfs rule.py:lfs": "There is no file 'rule.py' of labeling functions",
    "report data.csv --lfs rulez:lfs": "The module 'rulez' of labeling functions cannot be imported",
    "report data.csv --lfs broken.py:lfs": "'broken.py' cannot be run: ZeroDivisionError",
    "report data.csv --lfs rules.py:lf": "has no 'lf'. Did you mean 'lfs'?",
    "report data.csv --lfs rules.py:none": "There are no labeling functions",
    "report data.csv --lfs rules.py:words": "lfs is a dict",
    "report data.csv --lfs rules.py:lost --classes ham,spam": "reads column 'txt', which the frame does not have",
    "report data.csv --lfs rules.py --gold lable": "has no column 'lable'. Did you mean 'label'?",
    "report data.csv --lfs rules.py": "declare them: --classes A,B,...",
    "report data.csv --lfs rules.py:fails --rows 900": "--rows 900 must be from 0 to 200",
    "report data.csv --lfs rules.py:fails --classes ham,": "has a name that is empty",
    "report data.csv --lfs rules.py:fails --classes ham,eggs --gold label": "--gold label: y: row",
    "report data.csv --lfs rules.py:fails --gold label": "declare them: --classes A,B,...",
    "report data.csv --lfs rules.py:fails --classes ham,spam --gold unknown": "none of the 200 rows has a label",
    "report data.csv --lfs rules.py --out data.csv": "is there already: give another --out, or --overwrite",
    "report data.csv --lfs rules.py --out no/report.html": "must be a file in a folder that is there",
}


@pytest.mark.parametrize("asked", MISTAKES)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(folder, capsys, asked):
    """With exit code 2, on standard error, without a traceback."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main([*asked.split(), "--quiet"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("weaklab: ")
    assert MISTAKES[asked] in said.err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_labeling_function_that_fails_is_a_failure(folder, capsys):
    """Not a mistake of the command: exit code 1."""
    assert main(["report", "data.csv", "--lfs", "rules.py:fails", "--quiet"]) == 1
    assert "'fails' failed on row 0: RuntimeError: no luck" in capsys.readouterr().err


def test_it_is_a_module_to_run():
    """Where the folder of commands is not on the path."""
    done = subprocess.run([sys.executable, "-m", "weaklab", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"weaklab {wl.__version__}\n"


@pytest.mark.parametrize(("asked", "code"), [(["--help"], 0), (["report", "--help"], 0), ([], 2), (["repor"], 2)])
def test_help_shows_examples_and_unknown_commands_name_those_there_are(capsys, asked, code):
    """What one types first."""
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == code
    said = "".join(capsys.readouterr())
    assert "report" in said or "COMMAND" in said
    assert ("weaklab report comments.parquet" in said) == (asked == ["report", "--help"])
