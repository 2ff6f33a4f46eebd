"""Mistakes of a newcomer, each told in one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

from weaklab.cli import main

HAM = "--classes ham,spam"
MISTAKES = {
    "report dat.csv --lfs rules.py": "There is no file 'dat.csv'. Did you mean 'data.csv'?",
    "report rules.py --lfs rules.py": "must end in one of .parquet, .csv, ",
    "report broken.parquet --lfs rules.py": "broken.parquet' cannot be read as Parquet",
    "report data.csv --lfs rule.py:lfs": "There is no file 'rule.py' of labeling functions. Did you mean 'rules.py'?",
    "report data.csv --lfs rulez:lfs": "The module 'rulez' of labeling functions cannot be imported",
    "report data.csv --lfs broken.py:lfs": "'broken.py' cannot be run: line 3: ZeroDivisionError",
    "report data.csv --lfs rules.py:lf": "has no 'lf'. Did you mean 'lfs'?",
    "report data.csv --lfs rules.py:none": "There are no labeling functions",
    "report data.csv --lfs rules.py:words": "rules.py:words: lfs is a dict",
    "apply data.csv --lfs typo.py --out v.csv": "SyntaxError: '[' was never closed (typo.py, line 1)",
    "apply data.csv --lfs quits.py --out v.csv": "'quits.py' cannot be run: line 2: SystemExit: 3",
    "apply data.csv --lfs nothing.py --out v.csv": "No labeling functions found there: end it with lfs = [...]",
    "apply data.csv --lfs unlisted.py --out v.csv": "but no list of them: add the line lfs = [free]",
    "apply data.csv --lfs rules --out v.csv --classes ham,eggs": "its label is 'spam' (str), which is no vote.",
    "apply data.csv --lfs rulez --out v.csv": "The module 'rulez' of labeling functions cannot be imported",
    "apply data.csv --lfs nothing.py:x --out v.csv": "must be a list of labeling functions, got int 1",
    "apply data.csv --lfs rules.py --out v.xlsx": "'v.xlsx' must end in .parquet or .csv",
    "apply data.csv --lfs rules.py --out in": "'in' is there already",
    "apply data.csv --lfs rules.py --out in --overwrite": "must be a file in a folder that is there",
    f"apply data.csv --lfs rules.py:doubts --out v.csv {HAM}": "leave out labeling functions whose output=",
    f"apply dat.csv --lfs rules.py --out v.csv {HAM} --jobs 0": "--jobs 0 must be a number of processes",
    "apply data.csv --lfs rules.py --out v.csv --classes ham": "must be two names or more",
    "apply data.csv --lfs rules.py --out v.csv --classes ham,ham": "must be two names or more, each once",
    "summarize in/*.csv --lfs rules.py": "No file matches 'in/*.csv'.",
    "summarize im/*.parquet --lfs rules.py": "No file matches 'im/*.parquet': there is no folder 'im'.",
    "summarize in --lfs rules.py": "'in' is a folder; say which files in it: 'in/*.parquet'",
    "summarize notes.txt --lfs rules.py": "notes.txt' must end in one of .parquet, .csv, ",
    "summarize empty.csv --lfs rules.py": "empty.csv' has no header of CSV in its first line",
    "summarize heads.csv --lfs rules.py": "heads.csv' holds no data: it has no row",
    "summarize heads.csv heads.csv --lfs rules.py": "heads.csv' holds no data",
    f"apply broken.jsonl --lfs rules.py --out v.csv {HAM}": "broken.jsonl': no JSON: Expecting value",
    "summarize data.csv odd.csv --lfs rules.py": "'odd.csv' lacks column 'text' and has column 'txt', unlike",
    "summarize data.csv data.parquet --lfs rules.py": "of several kinds (1 csv, 1 parquet); label each kind by itself",
    "summarize data.csv --lfs rules.py --columns txt": "has no column 'txt'. Did you mean 'text'?",
    "summarize data.csv --lfs rules.py --columns label": "reads column 'text', which the frame does not have",
    "summarize data.csv --lfs rules.py --type text": "--type 'text' must be COLUMN=TYPE, such as zip=string",
    "summarize data.csv --lfs rules.py --type text=txt": "types: 'text' cannot be 'txt'",
    "summarize data.csv --lfs rules.py --label-model LabelModell": "is no label model. Did you mean 'LabelModel'?",
    f"summarize data.csv tail.csv --lfs rules.py --gold text {HAM}": "Row 0 of all",
    "compare data.csv --lfs rules.py --models DawidSkeen": "--models 'DawidSkeen' is no label model",
    "compare data.csv --lfs rules.py --by accurcy": "--by 'accurcy' is no score. Did you mean 'accuracy'?",
    "compare data.csv --lfs rules.py --by accuracy": "--by accuracy needs gold labels: give --gold COLUMN",
    "summarize data.csv": "There are no labeling functions: give --lfs FILE.py:NAME, or --model FILE",
    "summarize data.csv --model data.csv": "'data.csv'",
    "summarize data.csv --model m.weaklab": "There is no model 'm.weaklab'.",
    f"summarize data.csv --model m.weaklab {HAM}": "--classes is part of the model 'm.weaklab': leave it out",
    "report data.csv --model m --label-model OneCoin": "--label-model is part of the model 'm'",
    "fit data.csv --lfs rules.py --out data.csv": "is there already",
    "demo --rows 3": "--rows 3 must be 500 or more",
    "demo --out data.csv": "'data.csv' must be a folder, and is a file",
    "report data.csv --lfs rules.py:lost --classes ham,spam": "reads column 'txt', which the frame does not have",
    "report data.csv --lfs rules.py --gold lable": "--gold lable: there is no such column. Did you mean 'label'?",
    "report data.csv --lfs rules.py": "declare them: --classes A,B,...",
    "report data.csv --lfs rules.py:fails --rows 900": "--rows 900 must be from 0 to 200",
    "report data.csv --lfs rules.py:fails --classes ham,": "has a name that is empty",
    "report data.csv --lfs rules.py:fails --classes ham,eggs --gold label": "--gold label: y: row",
    "report data.csv --lfs rules.py:fails --gold label": "no class names are declared: give --classes A,B,...",
    "report data.csv --lfs rules.py:fails --classes ham,spam --gold unknown": "none of the 200 rows has a label",
    "report data.csv --lfs rules.py --out data.csv": "is there already: give another --out, or --overwrite",
    "report data.csv --lfs rules.py --out no/report.html": "must be a file in a folder that is there",
    "apply data.csv --lfs rules.py --out data.csv --overwrite": "--out 'data.csv' is read by this command",
    "apply *.csv --lfs rules.py --out ./data.csv --overwrite": "--out 'data.csv' is read by this command",
    "report data.csv --lfs rules.py --out data.csv --overwrite": "--out 'data.csv' is read by this command",
    "report data.csv --lfs rules.py --out rules.py --overwrite": "--out 'rules.py' is read by this command",
    "fit data.csv --lfs rules:lfs --out rules.py --overwrite": "--out 'rules.py' is read by this command",
    "report data.csv --model notes.txt --out notes.txt --overwrite": "--out 'notes.txt' is read by this command",
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


def test_the_row_that_fails_is_named_in_its_own_file(folder, capsys):
    """Of several files: whoever opens one counts from its own beginning."""
    asked = ["apply", "data.csv", "tail.csv", "--lfs", "rules.py:stumbles", "--classes", "ham,spam", "--out", "v.csv"]
    assert main([*asked, "--quiet"]) == 1
    assert "Row 201 of all is line 3 of '" in capsys.readouterr().err
    assert not (folder / "v.csv").exists()


def test_a_vote_for_a_class_that_is_none_is_a_failure(folder, capsys):
    """It comes to light only when the function runs."""
    asked = ["summarize", "data.csv", "--lfs", "rules.py:says_eggs", "--classes", "ham,spam", "--quiet"]
    assert main(asked) == 1
    said = capsys.readouterr().err
    assert "says_eggs" in said
    assert "'eggs'" in said
    assert "row 0" in said
