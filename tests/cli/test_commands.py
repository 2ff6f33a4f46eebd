"""What each command does, over each kind of files."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

import weaklab as wl
from weaklab.cli import main

CLASSES = ["ham", "spam"]


def answer(capsys, *asked):
    """What a command says as JSON, which is all that it prints."""
    assert main([*asked, "--classes", "ham,spam", "--quiet", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def words():
    """The labeling functions of the folder."""
    words = {"free": "spam", "money": "spam", "love": "ham", "song": "ham"}
    return [wl.keyword_lf(word, column="text", label=label) for word, label in words.items()]


@pytest.fixture
def votes(folder):
    """What the rules of the folder vote."""
    return wl.apply(words(), pd.read_parquet(folder / "data.parquet"), classes=CLASSES, progress=False)


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


@pytest.mark.parametrize(
    "data",
    [["data.csv"], ["data.parquet"], ["data.jsonl"], ["in/*.parquet"], ["in/part-0.parquet", "in/*.parquet"]],
    ids=" ".join,
)
@pytest.mark.parametrize("out", ["votes.parquet", "votes.csv"])
def test_apply_writes_the_votes_of_all_files_in_order(folder, capsys, votes, data, out):
    """Whatever the files are, and each file once."""
    assert main(["apply", *data, "--lfs", "rules.py", "--classes", "ham,spam", "--out", out, "--quiet"]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    read = pd.read_parquet if out.endswith("parquet") else pd.read_csv
    pd.testing.assert_frame_equal(read(folder / out), votes, check_dtype=False)


def test_apply_counts_what_it_wrote(folder, capsys, votes):
    """In JSON, for programs."""
    said = answer(capsys, "apply", "data.csv", "--lfs", "rules.py", "--out", "votes.csv")
    assert said["rows"] == 200
    assert said["covered"] == (votes >= 0).any(axis=1).sum()
    assert {each["name"]: each["votes"] for each in said["labeling_functions"]} == (votes >= 0).sum().to_dict()


def test_several_processes_vote_alike(folder, capsys):
    """With functions of a file, which the processes must find."""
    for jobs in ("1", "2"):
        asked = ["apply", "data.csv", "--lfs", "rules.py:doubts_not", "--out", f"{jobs}.csv", "--jobs", jobs]
        with (folder / "rules.py").open("a") as file:
            file.write(
                "\n@wl.labeling_function\ndef doubts_not(row):\n    return 'spam' if len(str(row.text)) > 8 else None\n"
            )
        answer(capsys, *asked)
    assert (folder / "1.csv").read_bytes() == (folder / "2.csv").read_bytes()


def test_summarize_prints_the_table_of_the_library(folder, capsys, votes):
    """With gold, and what a label model learned."""
    asked = ["summarize", "in/*.parquet", "--lfs", "rules.py", "--gold", "label", "--label-model", "MajorityVote"]
    said = answer(capsys, *asked)
    model = wl.MajorityVote(classes=CLASSES).fit(votes)
    table = wl.summarize(votes, pd.read_parquet(folder / "data.parquet")["label"], model=model)
    for line, (name, row) in zip(said["labeling_functions"], table.iterrows(), strict=True):
        assert line == {"name": name, **json.loads(row.to_json(double_precision=15))} | {
            key: pytest.approx(value) for key, value in row.items() if isinstance(value, float)
        }
    assert main([*asked, "--classes", "ham,spam", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(table.columns)
    assert [line.split()[0] for line in lines[1:]] == ["free", "money", "love", "song"]


def test_compare_ranks_the_models_that_are_asked_for(folder, capsys):
    """By gold where there is a column of it, else by held-out votes."""
    asked = ["compare", "data.csv", "--lfs", "rules.py", "--models", "LabelModel, OneCoin"]
    said = answer(capsys, *asked, "--gold", "label")
    assert {each["model"] for each in said["models"]} == {"LabelModel", "OneCoin", "MajorityVote"}
    assert said["by"] == "accuracy"
    assert answer(capsys, *asked)["by"] == "held_out"
    assert main([*asked, "--classes", "ham,spam", "--quiet"]) == 0
    assert "verdict" in capsys.readouterr().out.splitlines()[0]


def test_report_fits_the_model_that_is_asked_for(folder, capsys):
    """And names it in its provenance."""
    pytest.importorskip("matplotlib")
    said = answer(capsys, "report", "data.csv", "--lfs", "rules.py", "--label-model", "OneCoin", "--rows", "0")
    assert said == {"report": "report.html", "rows": 200, "label_model": "OneCoin"}
    assert "OneCoin" in (folder / "report.html").read_text()


def test_fit_writes_a_model_that_other_commands_and_the_library_read(folder, capsys, votes):
    """The same as fitted here, to the bit; what is data needs no file of rules."""
    said = answer(capsys, "fit", "in/*.parquet", "--lfs", "rules.py", "--out", "m.weaklab")
    assert [each["name"] for each in said["labeling_functions"]] == ["free", "money", "love", "song"]
    model = wl.LabelModel(classes=CLASSES).fit(votes)
    frame = pd.read_parquet(folder / "data.parquet")
    assert (wl.load(folder / "m.weaklab").predict_proba(frame) == model.predict_proba(votes)).all()
    (folder / "rules.py").unlink()
    assert main(["summarize", "in/*.parquet", "--model", "m.weaklab", "--gold", "label", "--quiet", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["labeling_functions"]
    assert [each["learned"] for each in lines] == model.accuracies_.tolist()


def test_report_takes_a_saved_model(folder, capsys):
    """Instead of fitting one."""
    pytest.importorskip("matplotlib")
    answer(capsys, "fit", "data.csv", "--lfs", "rules.py", "--out", "m.weaklab", "--label-model", "OneCoin")
    assert main(["report", "data.csv", "--model", "m.weaklab", "--rows", "0", "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label_model"] == "OneCoin"


def test_gold_may_be_learned_from(folder, capsys):
    """By fit alone; a model that knows of gold is another."""
    asked = ["fit", "data.csv", "--lfs", "rules.py"]
    without = answer(capsys, *asked, "--out", "without.weaklab")
    assert answer(capsys, *asked, "--out", "with.weaklab", "--gold", "label")["class_prior"] != without["class_prior"]


def test_functions_of_python_are_given_again_as_they_were(folder, capsys):
    """A model holds no code; what has changed since is told, and can be overridden."""
    rule = "import weaklab as wl\n\n@wl.labeling_function\ndef long(row):\n    return int(len(str(row.text)) > {})\n\n"
    rule += "lfs = [long]\n"
    (folder / "unlisted.py").write_text(rule.format(8))
    assert main(["fit", "data.csv", "--lfs", "unlisted.py", "--out", "m.weaklab", "--quiet"]) == 0
    assert main(["summarize", "data.csv", "--model", "m.weaklab", "--quiet"]) == 2
    assert "'long'" in (said := capsys.readouterr().err)
    assert "--lfs FILE.py:NAME" in said
    assert main(["summarize", "data.csv", "--model", "m.weaklab", "--lfs", "unlisted.py", "--quiet"]) == 0
    (folder / "changed.py").write_text(rule.format(9))
    changed = ["summarize", "data.csv", "--model", "m.weaklab", "--lfs", "changed.py", "--quiet"]
    assert main(changed) == 2
    assert "--on-mismatch warn" in capsys.readouterr().err
    assert main([*changed, "--on-mismatch", "ignore"]) == 0


def test_texts_of_digits_stay_texts(folder, capsys):
    """In JSONL, whose writer said that they are texts: 007 is no 7."""
    (folder / "zips.jsonl").write_text('{"text": "007"}\n\n{"text": "10", "more": 1}\n')
    rule = "import weaklab as wl\nlfs = [wl.regex_lf('^00', column='text', label=1)]\n"
    (folder / "unlisted.py").write_text(rule)
    assert main(["apply", "zips.jsonl", "--lfs", "unlisted.py", "--out", "v.csv", "--quiet"]) == 0
    assert (folder / "v.csv").read_text().split()[1:] == ["1", "-1"]


def test_records_that_cannot_be_read_are_told_of_and_left_out(folder, capsys):
    """Where rows need not match; the first is named."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert answer(capsys, "summarize", "broken.jsonl", "--lfs", "rules.py")["rows"] == 1
        asked = ["summarize", "broken.jsonl", "--lfs", "rules.py", "--classes", "ham,spam", "--quiet"]
        assert main(asked) == 0
    said = capsys.readouterr().err
    assert said.startswith("weaklab: 1 record cannot be read; the first is line 2 of '")
    assert said.endswith("They are left out.\n")


def test_files_without_rows_are_fine_beside_others(folder, capsys):
    """Clusters write such parts."""
    asked = ["apply", "heads.csv", "data.csv", "--lfs", "rules.py", "--out", "votes.csv"]
    assert answer(capsys, *asked)["rows"] == 200


def test_an_output_is_replaced_only_where_that_is_asked_for(folder, capsys):
    """And then whole."""
    (folder / "votes.csv").write_text("mine")
    asked = ["apply", "data.csv", "--lfs", "rules.py", "--out", "votes.csv", "--classes", "ham,spam", "--quiet"]
    assert main(asked) == 2
    assert (folder / "votes.csv").read_text() == "mine"
    assert main([*asked, "--overwrite"]) == 0
    assert len(pd.read_csv(folder / "votes.csv")) == 200
    assert not list(folder.glob(".*part*"))


def test_the_demo_beats_majority_vote_and_leaves_a_folder_to_play_in(folder, capsys):
    """With what is installed; what it wrote is what other commands read."""
    assert main(["demo", "--rows", "1500", "--out", "play", "--quiet", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    right = {each["of"]: each["all rows"] for each in said["accuracy"]}
    assert right["end model on its labels"] > right["majority vote"] + 0.1
    assert main(["demo", "--rows", "1500", "--out", "play", "--quiet"]) == 2
    assert "is there already" in capsys.readouterr().err
    asked = ["summarize", "play/in/*.parquet", "--lfs", "play/rules.py", "--gold", "package"]
    assert main([*asked, "--classes", "numpy,pandas,scipy,sklearn,numba", "--quiet"]) == 0
    assert "np_alone" in capsys.readouterr().out
