"""The command line: ``weaklab report`` writes a report of labeling functions over a file of data.

Exit codes: 0 where all went well, 1 where something failed on the way, 2 where what was asked for cannot be done.
A further command is a function that adds its parser, and one that runs it and returns the exit code.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from weaklab.exceptions import GoldError, LabelingFunctionFailure, WeaklabError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

#: The kinds of files that are read, by the end of their names.
KINDS = (".parquet", ".csv", ".jsonl")
#: Where FILE.py or a module is given without an attribute, it is this one.
ATTRIBUTE = "lfs"
REPORT_EXAMPLES = """examples:
  weaklab report comments.parquet --lfs rules.py:lfs --classes ham,spam
  weaklab report comments.csv --lfs project.rules:lfs --classes ham,spam --gold label --out report.html --overwrite
"""


class UsageError(WeaklabError, ValueError):
    """What was asked for on the command line cannot be done."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of the process.
    """
    given = _parser().parse_args(argv)
    try:
        code: int = given.run(given)
    except LabelingFunctionFailure as error:
        return _say(error, 1)
    except (WeaklabError, ImportError) as error:
        return _say(error, 2)
    except OSError as error:
        return _say(error, 1)
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    return code


def _say(what: object, code: int) -> int:
    sys.stderr.write(f"weaklab: {what}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    from weaklab import __version__

    parser = argparse.ArgumentParser(
        prog="weaklab",
        description="Programmatic weak supervision. Exit codes: 0 done, 1 something failed, 2 it cannot be done so.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"weaklab {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_report(commands)
    return parser


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report",
        help="write all that is known of labeling functions into one HTML file",
        description="Run labeling functions over a file, fit LabelModel to their votes, and write a report: one HTML "
        "file with scores, findings, tables, plots, and rows to look at. It shows cells of the data.",
        epilog=REPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="a Parquet, CSV or JSONL file, told by its ending")
    parser.add_argument(
        "--lfs", required=True, metavar="FILE.py:NAME", help="the list of labeling functions; or module:NAME"
    )
    parser.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE", help="default: report.html")
    parser.add_argument(
        "--classes", metavar="A,B,...", help="class names in the order of their codes, if votes are names"
    )
    parser.add_argument("--gold", metavar="COLUMN", help="the column of gold labels; empty cells are unknown")
    parser.add_argument("--title", default="Weak supervision report", help="of the page")
    parser.add_argument(
        "--rows", type=int, default=20, metavar="N", help="how many rows to show, 0 to 200; default: 20"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE where it is there already")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=_report)


def _report(given: argparse.Namespace) -> int:
    """What ``weaklab report`` does; mistakes come to light before labeling functions run."""
    from weaklab.plots.report.writing import MOST_ROWS

    if given.out.exists() and not given.overwrite:
        raise UsageError(f"{str(given.out)!r} is there already: give another --out, or --overwrite.")
    if given.out.is_dir() or not given.out.parent.is_dir():
        raise UsageError(f"--out {str(given.out)!r} must be a file in a folder that is there.")
    if not 0 <= given.rows <= MOST_ROWS:
        raise UsageError(f"--rows {given.rows} must be from 0 to {MOST_ROWS}.")
    classes = None if given.classes is None else [name.strip() for name in given.classes.split(",")]
    if classes is not None and "" in classes:
        raise UsageError(f"--classes {given.classes!r} has a name that is empty: give them as A,B,...")
    frame = read_data(given.data)
    y = None if given.gold is None else read_gold(frame, given.gold, classes, given.data)
    lfs = load_lfs(given.lfs)

    import weaklab as wl

    try:
        votes = wl.apply(lfs, frame, classes=classes, cache=False, progress=not given.quiet)
    except WeaklabError as error:
        if classes is None and "classes=[...]" in str(error):
            raise UsageError(str(error).replace("classes=[...]", "--classes A,B,...")) from error
        raise
    model = wl.LabelModel(classes=classes).fit(votes)
    path = wl.report(given.out, lfs, frame, votes, model, y=y, title=given.title, n_rows=given.rows)
    sys.stdout.write(f"{path}\n")
    return 0


def read_data(path: Path) -> pd.DataFrame:
    """A file of data as a frame.

    Raises
    ------
    UsageError
        If it is not there, of another kind, or cannot be read as what its ending says.
    """
    import pandas as pd

    if not path.is_file():
        near = did_you_mean(path.name, [each.name for each in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise UsageError(f"There is no file {str(path)!r}.{near}")
    if path.suffix not in KINDS:
        raise UsageError(f"{str(path)!r} must end in one of {', '.join(KINDS)}.")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_json(path, lines=True)
    except (ValueError, OSError) as error:  # pandas and pyarrow raise children of these
        raise UsageError(f"{str(path)!r} cannot be read: {error}") from error


def read_gold(frame: pd.DataFrame, column: str, classes: list[str] | None, path: Path) -> pd.Series:
    """A column of gold labels, where each is a class or missing.

    Raises
    ------
    UsageError
        If there is no such column, or it holds no label, or something else.
    """
    from weaklab.votes import check_classes, check_gold

    if column not in frame.columns:
        raise UsageError(f"{str(path)!r} has no column {column!r}.{did_you_mean(column, list(frame.columns))}")
    try:
        known = check_gold(frame[column], len(frame), check_classes(classes)) >= 0
    except GoldError as error:
        more = "" if classes is not None else " If labels are names, declare them: --classes A,B,..."
        raise UsageError(f"--gold {column}: {error}{more}") from error
    if not known.any():
        raise UsageError(f"--gold {column}: none of the {len(frame):,} rows has a label.")
    return frame[column]


def load_lfs(place: str) -> Any:
    """The labeling functions that stand at ``FILE.py:NAME`` or ``module:NAME``.

    Raises
    ------
    UsageError
        If there is no such file, module or name, or what stands there is no list of labeling functions.
    """
    from weaklab.apply.plan import check_lfs

    source, _, name = place.rpartition(":") if ":" in place else (place, "", ATTRIBUTE)
    module = _load_file(Path(source)) if source.endswith(".py") else _load_module(source)
    if not hasattr(module, name):
        names = [key for key in vars(module) if not key.startswith("_")]
        raise UsageError(
            f"{source!r} has no {name!r}.{did_you_mean(name, names)} Say which list it is: --lfs {source}:NAME."
        )
    return check_lfs(getattr(module, name))


def _load_file(path: Path) -> ModuleType:
    """Run a file as a module of its name, with its folder to import from, as Python itself would."""
    if not path.is_file():
        raise UsageError(f"There is no file {str(path)!r} of labeling functions.")
    sys.path.insert(0, str(path.resolve().parent))
    name = f"_{path.stem}" if path.stem in sys.modules else path.stem  # rules in random.py replace no module
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pickle looks for what it defines
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file is the user's, and may raise anything
        raise UsageError(f"{str(path)!r} cannot be run: {type(error).__name__}: {error}") from error
    return module


def _load_module(name: str) -> ModuleType:
    sys.path.insert(0, "")  # a module of the folder that one stands in
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"The module {name!r} of labeling functions cannot be imported: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
