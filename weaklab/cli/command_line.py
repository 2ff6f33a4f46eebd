"""Take a command line apart, run its command, and end with the right exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from weaklab.cli import apply, compare, demo, fit, label, migrate, report, summarize
from weaklab.cli.completion import Completion
from weaklab.cli.options import check_jobs
from weaklab.cli.standard_output import only_the_answer, plain_warnings, write
from weaklab.cli.usage import CommandFailure, in_words_of_options
from weaklab.exceptions import (
    EndpointError,
    LabelingFunctionFailure,
    ReturnValueError,
    StorageError,
    WeaklabError,
    did_you_mean,
)

#: In the order of the flow.
COMMANDS: tuple[ModuleType, ...] = (label, fit, apply, summarize, compare, report, migrate, demo)
#: What comes to light only while labeling functions or models run.
FAILURES = (CommandFailure, LabelingFunctionFailure, ReturnValueError, StorageError, EndpointError)
NO_FILE = "--json takes no file: what it prints is for standard output, such as --json > FILE."
DONE, FAILED, CANNOT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of the process.

    Returns
    -------
    int
        0 done, 1 something failed on the way, 2 what was asked for cannot be done so, 130 interrupted (Ctrl-C).
    """
    given = _parse(sys.argv[1:] if argv is None else list(argv))
    try:
        with plain_warnings(), only_the_answer():
            check_jobs(given)
            answer = given.run(given)
        write(answer.as_json() if given.json else answer.text)
    except FAILURES as error:
        return _say(in_words_of_options(error), FAILED)
    except (WeaklabError, ImportError) as error:
        return _say(in_words_of_options(error), CANNOT)
    except (OSError, MemoryError) as error:
        return _say(error if str(error) else "out of memory", FAILED)
    except KeyboardInterrupt as interrupt:
        return _say("; ".join(["interrupted", *getattr(interrupt, "hints", [])]), INTERRUPTED)
    return DONE


def parser() -> argparse.ArgumentParser:
    """The parser of all commands, from which tools can make completions for shells."""
    from weaklab import __version__

    top = _Parser(
        prog="weaklab",
        description="Programmatic weak supervision: labeling functions over files of data. Each command has --help "
        "with examples. Exit codes: 0 done, 1 something failed on the way, 2 it cannot be done so, 130 interrupted.",
        epilog="begin with: weaklab demo",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"weaklab {__version__}")
    top.add_argument(
        "--completion",
        action=Completion,
        metavar="SHELL",
        help='print completions for bash, zsh or tcsh, and exit; needs the extra: pip install "weaklab[completion]"',
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    for command in COMMANDS:
        command.add(commands)
    return top


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as all other mistakes are told, and where to read on."""

    def error(self, message: str) -> Any:
        if message.startswith("argument --json"):
            message = NO_FILE
        self.exit(CANNOT, f"weaklab: {message}\nTry: {self.prog} --help\n")


def _parse(argv: list[str]) -> argparse.Namespace:
    """What is given; what no command knows is told with what may have been meant."""
    given, unknown = parser().parse_known_args(argv)
    if not unknown:
        return given
    first = unknown[0]
    if first.startswith("-"):
        known = [option for action in given.parser._actions for option in action.option_strings]
        given.parser.error(f"There is no option {first!r}.{did_you_mean(first, known)}")
    if argv[argv.index(first) - 1] == "--json":
        given.parser.error(NO_FILE)
    return given.parser.error(f"{first!r} stands alone: DATA are given side by side, before or after the options.")


def _say(what: object, code: int) -> int:
    sys.stderr.write(f"weaklab: {what}\n")
    return code
