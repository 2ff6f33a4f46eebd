"""Imports of Snorkel are rewritten, nothing else is touched, and what a person must see is named with its line."""

from __future__ import annotations

import json

import pytest

from weaklab.exceptions import ParameterError
from weaklab.snorkel.migration import migrate, migrate_source


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from snorkel.labeling import LFAnalysis\n", "from weaklab.snorkel.labeling import LFAnalysis\n"),
        (
            "from snorkel.labeling import (\n    LFAnalysis,\n    PandasLFApplier,  # kept\n)\n",
            "from weaklab.snorkel.labeling import (\n    LFAnalysis,\n    PandasLFApplier,  # kept\n)\n",
        ),
        ("import snorkel\n", "import weaklab.snorkel as snorkel\n"),
        ("import snorkel.labeling as lab\n", "import weaklab.snorkel.labeling as lab\n"),
        ("import os, snorkel.utils\n", "import os, weaklab.snorkel.utils, weaklab.snorkel as snorkel\n"),
        (
            "if 1:\n    import snorkel.map  # here\n",
            "if 1:\n    import weaklab.snorkel.map, weaklab.snorkel as snorkel  # here\n",
        ),
        ("x = 1\r\nfrom snorkel.map import Mapper\r\n", "x = 1\r\nfrom weaklab.snorkel.map import Mapper\r\n"),
        ("import snorkeling\nfrom snorkel_x import y\n", "import snorkeling\nfrom snorkel_x import y\n"),
        ("# snorkel is mentioned\n", "# snorkel is mentioned\n"),
    ],
)
def test_imports_are_rewritten_and_nothing_else(before, after):
    """Comments, line ends and other imports stay."""
    assert migrate_source(before)[0] == after


def test_the_rewritten_module_binds_what_the_code_uses():
    """``snorkel.utils.x`` goes on to work."""
    text = "import snorkel.utils\nfound = snorkel.utils.preds_to_probs([1], 2)\n"
    place: dict = {}
    exec(migrate_source(text)[0], place)
    assert place["found"].tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from snorkel.labeling import LFAnalysi\n", "has no 'LFAnalysi'. Did you mean 'LFAnalysis'?"),
        ("\nfrom snorkel.nothing import x\n", "there is no module weaklab.snorkel.nothing"),
        ("mock('snorkel.labeling.LFApplier')\n", "names a module"),
        ("from \\\n  snorkel.map import Mapper\n", "not rewritten"),
        ("import os, \\\n  snorkel\n", "not rewritten"),
        ("print 'snorkel'\n", "not Python of this version"),
    ],
)
def test_what_a_person_must_look_at_is_named(text, said):
    """With its line."""
    findings = [each for each in migrate_source(text)[1] if each.human]
    assert len(findings) == 1
    assert said in str(findings[0])
    assert str(findings[0]).startswith(f"line {2 if text.startswith(chr(10)) else 1}: look at this")


def test_arguments_without_meaning_are_named():
    """They run, with a warning."""
    findings = migrate_source("label_model.fit(L_train=L, n_epochs=500, log_freq=100, seed=123)\n")[1]
    assert [str(each) for each in findings] == [
        "line 1: log_freq, n_epochs of LabelModel.fit: without meaning here; leave out"
    ]


def test_a_folder_is_searched_and_only_written_when_asked(tmp_path):
    """A dry run by default; environments of Python are not touched."""
    (tmp_path / "a").mkdir()
    (tmp_path / "venv").mkdir()
    code = "from snorkel.labeling import labeling_function\n"
    for name in ("a/one.py", "venv/two.py", "three.txt"):
        (tmp_path / name).write_text(code)
    (tmp_path / "none.py").write_text("import os\n")
    assert [each.path.name for each in migrate(tmp_path)] == ["one.py"]
    assert (tmp_path / "a/one.py").read_text() == code
    migrate(tmp_path, write=True)
    assert (tmp_path / "a/one.py").read_text() == code.replace("snorkel", "weaklab.snorkel")
    assert (tmp_path / "venv/two.py").read_text() == code
    assert migrate(tmp_path) == []
    assert sorted(each.name for each in (tmp_path / "a").iterdir()) == ["one.py"]


def test_a_notebook_keeps_its_form(tmp_path):
    """Only the lines that change do: outputs, indentation and key order stay."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["from snorkel.labeling import x\n"]},
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {},
            "outputs": [{"text": ["ü snorkel\n"]}],
            "source": ["%pip install snorkel\n", "from snorkel.labeling import LFAnalysis\n", "s = 'a \"b\"'"],
        },
    ]
    text = json.dumps({"nbformat": 4, "cells": cells}, indent=1, ensure_ascii=False) + "\n"
    path = tmp_path / "x.ipynb"
    path.write_text(text, encoding="utf-8")
    (made,) = migrate(path, write=True)
    wanted = text.replace(
        '"from snorkel.labeling import LFAnalysis', '"from weaklab.snorkel.labeling import LFAnalysis'
    )
    assert path.read_text(encoding="utf-8") == wanted
    assert [(each.cell, each.line, each.human) for each in made.findings] == [(2, 1, True), (2, 2, False)]


@pytest.mark.parametrize("name", ["missing.py", "data.csv"])
def test_what_cannot_be_migrated_is_an_error(tmp_path, name):
    """A path that is not there, a file of another kind."""
    (tmp_path / "data.csv").write_text("a\n")
    with pytest.raises(ParameterError, match=name):
        migrate(tmp_path / name)


def test_what_cannot_be_read_is_named(tmp_path):
    """Another encoding, a broken notebook."""
    (tmp_path / "latin.py").write_bytes("# é snorkel\n".encode("latin-1"))
    (tmp_path / "broken.ipynb").write_text("{snorkel")
    found = {each.path.name: str(each.findings[0]) for each in migrate(tmp_path)}
    assert "not UTF-8" in found["latin.py"]
    assert "no notebook" in found["broken.ipynb"]
