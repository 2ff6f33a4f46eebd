"""What one types first: help, the version, commands that there are not; and completions."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import weaklab as wl
from weaklab import cli, label_models
from weaklab.cli.command_line import COMMANDS
from weaklab.cli.model_choice import NAMES

NAMES_OF_COMMANDS = [command.__name__.rpartition(".")[2] for command in COMMANDS]
HEAVY = ("numpy", "pandas", "scipy", "torch", "numba", "sklearn", "polars", "pyarrow", "tqdm", "shtab")


def test_it_is_a_module_to_run():
    """Where the folder of commands is not on the path."""
    done = subprocess.run([sys.executable, "-m", "weaklab", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"weaklab {wl.__version__}\n"


@pytest.mark.parametrize("command", [[], *([name] for name in NAMES_OF_COMMANDS)], ids="".join)
def test_help_loads_nothing_heavy(command):
    """Whoever asks for help does not wait for torch."""
    code = (
        "import sys\nfrom weaklab.cli import main\n"
        f"try:\n    main({[*command, '--help']!r})\nexcept SystemExit:\n    print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not set(HEAVY) & {name.partition(".")[0] for name in said.splitlines()[-1].split()}


@pytest.mark.parametrize("command", NAMES_OF_COMMANDS)
def test_each_command_shows_examples_of_itself(command, capsys):
    """Below its options; every option has its line."""
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"\nexamples:\n  weaklab {command}" in said
    assert "--json" in said
    assert "--quiet" in said
    for line in re.findall(rf"^  (weaklab {command}.*)$", said.partition("examples:")[2], re.MULTILINE):
        cli.parser().parse_args(line.replace("'", "").split()[1:])  # what the examples say can be said


@pytest.mark.parametrize(
    "asked", [[], ["repor"], ["report"], ["report", "a.csv", "--lfs"], ["report", "a.csv", "--lfs", "a", "--lfz"]]
)
def test_what_cannot_be_read_is_told_in_one_line_with_where_to_read_on(asked, capsys):
    """With exit code 2, as for any other mistake."""
    with pytest.raises(SystemExit) as ended:
        cli.main(asked)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"weaklab: .*\nTry: weaklab.* --help\n", said.err)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("compare a.csv --lfs r.py --golt label", "There is no option '--golt'. Did you mean '--gold'?"),
        ("compare a.csv --lfs r.py b.csv", "'b.csv' stands alone: DATA are given side by side"),
    ],
)
def test_what_was_meant_is_said(asked, said, capsys):
    """The nearest option, or the order."""
    with pytest.raises(SystemExit) as ended:
        cli.main(asked.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "asked", ["report a.csv --lfs r.py --json out.json", "report a.csv --lfs r.py --json=out.json"]
)
def test_json_takes_no_file_and_says_so(asked, capsys):
    """It is for standard output, which the shell can send anywhere."""
    with pytest.raises(SystemExit) as ended:
        cli.main(asked.split())
    assert ended.value.code == 2
    assert (
        "--json takes no file: what it prints is for standard output, such as --json > FILE." in capsys.readouterr().err
    )


def test_every_label_model_can_be_chosen():
    """The names are written out, for --help is to import none of them."""
    bases = {"BaseLabelModel"}
    assert set(NAMES) == {name for name in label_models.__all__ if name not in {*bases, "Fit", "Problem"}}


def test_completions_need_an_extra_and_say_so(monkeypatch, capsys):
    """What to install, not a traceback."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as ended:
        cli.main(["--completion", "bash"])
    assert ended.value.code == 2
    assert 'pip install "weaklab[completion]"' in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completions_know_commands_and_options(shell, capsys):
    """As the parser does, from which they are made."""
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as ended:
        cli.main(["--completion", shell])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in [*NAMES_OF_COMMANDS, "--lfs" if shell != "tcsh" else "lfs"])


def test_a_shell_that_is_not_known_is_a_mistake(capsys):
    """The known ones are named."""
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit):
        cli.main(["--completion", "bas"])
    assert "Did you mean 'bash'?" in capsys.readouterr().err
