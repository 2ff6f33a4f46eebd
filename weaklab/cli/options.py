"""Options that several commands have, and what is read from them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weaklab.cli.usage import UsageError


def add_command(commands: Any, name: str, run: Any, *, summary: str, description: str, examples: str) -> Any:
    """A parser for a command, with examples below its options, ``--json`` and ``--quiet``."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else, to stdout")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser


def add_data(parser: Any) -> None:
    """The files of data."""
    parser.add_argument(
        "data",
        nargs="+",
        metavar="DATA",
        help="Parquet, CSV or JSONL files, told by their endings; or patterns in quotes, such as 'in/*.parquet'",
    )
    parser.add_argument("--columns", metavar="A,B,...", help="the columns to read; default: all")
    parser.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="COLUMN=TYPE",
        help="the type of a column, such as zip=string, where it is not what the file says or seems to say",
    )


def add_lfs(parser: Any, *, required: bool = True) -> None:
    """The labeling functions, the classes that they vote for, and how many processes run them."""
    parser.add_argument(
        "--lfs",
        required=required,
        metavar="FILE.py:NAME",
        help="the list of labeling functions, or module:NAME; without :NAME, the list named lfs",
    )
    add_classes(parser)
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes, -1 is one per core; default: 1")


def add_classes(parser: Any) -> None:
    """The classes."""
    parser.add_argument(
        "--classes", metavar="A,B,...", help="class names in the order of their codes, if votes are names"
    )


def add_gold(parser: Any, purpose: str) -> None:
    """A column of gold labels."""
    parser.add_argument(
        "--gold", metavar="COLUMN", help=f"the column of gold labels {purpose}; empty cells are unknown"
    )


def add_out(parser: Any, what: str, default: str | None = None) -> None:
    """The file that is written, and whether one that is there is replaced."""
    more = "" if default is None else f"; default: {default}"
    parser.add_argument(
        "--out",
        type=Path,
        required=default is None,
        default=None if default is None else Path(default),
        metavar="FILE",
        help=f"{what}{more}",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE where it is there already")


def read_classes(given: str | None) -> list[str] | None:
    """The names of classes.

    Raises
    ------
    UsageError
        If one is empty or given twice, or there is only one.

    Examples
    --------
    >>> read_classes("ham, spam")
    ['ham', 'spam']
    """
    names = read_names("--classes", given)
    if names is not None and len(set(names)) < max(len(names), 2):
        raise UsageError(f"--classes {given!r} must be two names or more, each once.")
    return names


def read_names(option: str, given: str | None) -> list[str] | None:
    """Names between commas.

    Raises
    ------
    UsageError
        If one is empty.
    """
    if given is None:
        return None
    names = [name.strip() for name in given.split(",")]
    if "" in names:
        raise UsageError(f"{option} {given!r} has a name that is empty: give them as A,B,...")
    return names


def read_types(given: list[str]) -> dict[str, str]:
    """The types of columns.

    Raises
    ------
    UsageError
        If one is not COLUMN=TYPE.

    Examples
    --------
    >>> read_types(["zip=string"])
    {'zip': 'string'}
    """
    pairs = [each.rpartition("=") for each in given]
    for each, (column, _, kind) in zip(given, pairs, strict=True):
        if not column or not kind:
            raise UsageError(f"--type {each!r} must be COLUMN=TYPE, such as zip=string.")
    return {column: kind for column, _, kind in pairs}


def check_jobs(given: argparse.Namespace) -> None:
    """Check the number of processes, where a command has one, before anything runs.

    Raises
    ------
    UsageError
        If it is neither -1 nor 1 or more.
    """
    jobs = getattr(given, "jobs", 1)
    if jobs < 1 and jobs != -1:
        raise UsageError(f"--jobs {jobs} must be a number of processes from 1, or -1 for one per core.")


def check_out(given: argparse.Namespace, endings: tuple[str, ...] = ()) -> None:
    """Check that the file of ``--out`` can be written, before anything runs.

    Raises
    ------
    UsageError
        If it is there already, its folder is not, its ending is another, or it is among what is read.
    """
    path: Path = given.out
    if path.exists() and not given.overwrite:
        raise UsageError(f"{str(path)!r} is there already: give another --out, or --overwrite.")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"--out {str(path)!r} must be a file in a folder that is there.")
    if endings and path.suffix not in endings:
        raise UsageError(f"--out {str(path)!r} must end in {' or '.join(endings)}.")
    if path.exists() and any(each.exists() and path.samefile(each) for each in _what_is_read(given)):
        raise UsageError(f"--out {str(path)!r} is read by this command, and would be replaced: give another --out.")


def _what_is_read(given: argparse.Namespace) -> Iterator[Path]:
    """The files that a command reads: data, labeling functions and a model."""
    from weaklab.apply.files.inputs import find_inputs

    yield from (each.path for each in find_inputs(given.data))
    if given.lfs is not None:
        source = given.lfs.rpartition(":")[0] or given.lfs
        yield Path(given.lfs if given.lfs.endswith(".py") else source)
        yield Path(f"{source.replace('.', '/')}.py")  # project.rules
    if getattr(given, "model", None) is not None:
        yield given.model
