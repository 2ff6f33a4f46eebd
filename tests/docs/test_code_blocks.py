"""What the README and the docs show runs, and their links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from sklearn.base import ClassifierMixin

import weaklab as wl
from weaklab import end_models
from weaklab.testing import LAWS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text())], ids=lambda page: page.name)
def test_python_blocks_run(page, capsys, monkeypatch):
    """A reader who pastes a block gets what the page says; blocks of one page share their names."""
    module = ModuleType(re.sub(r"\W", "_", page.stem))
    monkeypatch.setitem(sys.modules, module.__name__, module)  # so that what it defines can be pickled, as a reader's
    for block in BLOCK.findall(page.read_text()):
        exec(compile(block, page.name, "exec"), vars(module))
    if page.name == "README.md":
        assert "['spam' 'ham']" in capsys.readouterr().out


def _says_how_to_train(name):
    kind = getattr(end_models, name)
    return isinstance(kind, type) and (
        issubclass(kind, (end_models.LossTerm, ClassifierMixin)) or hasattr(kind, "epoch")
    )


@pytest.mark.parametrize("name", sorted({*filter(_says_how_to_train, end_models.__all__)} - {"Sampler"}))
def test_every_loss_sampler_and_classifier_is_named(name):
    """What the page on end models leaves out is not found."""
    assert re.search(rf"`{name}\b|[`+ ]{name}\(|wl\.{name}\(", (ROOT / "docs/end-models.md").read_text())


@pytest.mark.parametrize("name", [name for name in wl.labeling.__all__ if name.endswith("_lf")])
def test_every_kind_of_labeling_function_is_shown(name):
    """In the code of the page, where it runs, and in an example of its docstring."""
    page = (ROOT / "docs/labeling-functions.md").read_text()
    assert any(f"wl.{name}(" in block for block in BLOCK.findall(page))
    assert f"`{name}`" in page
    assert ">>> " in getattr(wl, name).__doc__


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page):
    """A file that was moved takes its links along."""
    for target in LINK.findall(page.read_text()):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target


def test_every_law_is_in_the_docs():
    """Whoever writes a label model reads all laws, by name and sentence, and none that is gone."""
    page = (ROOT / "docs/your-own-label-model.md").read_text()
    listed = re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", page, re.MULTILINE)
    assert listed == [(law.__name__, law.__doc__) for law in LAWS]


def test_make_prints_every_target_and_the_readme_names_real_ones():
    """`make` alone is the help; what the README tells to type exists."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    documented = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    assert targets == documented
    for page in PAGES:
        for target in re.findall(r"make ([a-z-]+)", page.read_text()):
            if target in {"sure", "it", "up"}:
                continue
            assert target in targets, (page.name, target)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_says_what_to_install_where_python_has_no_venv_and_tries_again(tmp_path):
    """Debian's python3 leaves a python without pip behind, which a second make took for a finished environment."""
    python = tmp_path / "python3"
    python.write_text(
        '#!/bin/sh\n[ "$2" = venv ] || exit 0\n'
        'mkdir -p "$3/bin" && touch "$3/bin/python"\necho x >> "$0.tries"\nexit 1\n'
    )
    python.chmod(0o755)
    command = [
        "make",
        "-s",
        "-C",
        str(ROOT),
        f"PYTHON={python}",
        f"VENV={tmp_path}/venv",
        f"{tmp_path}/venv/bin/python",
    ]
    for tries in (1, 2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "install python3-venv" in done.stderr
        assert (tmp_path / "python3.tries").read_text().count("x") == tries
