"""Labeling functions that stand in a file or a module."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from weaklab.cli.usage import UsageError
from weaklab.exceptions import LabelingFunctionError, did_you_mean, reason_of

#: Where FILE.py or a module is given without an attribute, it is this one.
ATTRIBUTE = "lfs"


def load_lfs(place: str) -> list[Any]:
    """The labeling functions that stand at ``FILE.py:NAME`` or ``module:NAME``.

    Raises
    ------
    UsageError
        If there is no such file, module or name, what stands there is no list of labeling functions, or the file
        fails as it is run.
    """
    from weaklab.apply.plan import check_lfs

    if place.endswith(".py") or ":" not in place:
        source, name = place, ATTRIBUTE
    else:
        source, _, name = place.rpartition(":")
    module = _load_file(Path(source)) if source.endswith(".py") else _load_module(source)
    if not hasattr(module, name):
        raise UsageError(f"{source!r} has no {name!r}.{_what_there_is(module, name, source)}")
    try:
        return check_lfs(getattr(module, name))
    except LabelingFunctionError as error:
        raise UsageError(f"{source}:{name}: {error}") from error


def _what_there_is(module: ModuleType, name: str, source: str) -> str:
    """The names in a module that are labeling functions or lists of them."""
    from weaklab.labeling import DeclarativeLF, LabelingFunction, LearnedLF

    kinds = (LabelingFunction, DeclarativeLF, LearnedLF)
    names = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    single = [key for key, value in names.items() if isinstance(value, kinds)]
    lists = [
        key
        for key, value in names.items()
        if isinstance(value, (list, tuple)) and value and all(isinstance(each, kinds) for each in value)
    ]
    if lists:
        return f"{did_you_mean(name, lists)} Say which list it is: --lfs {source}:NAME."
    if single:
        some = ", ".join(single[:5]) + ", ..." * (len(single) > 5)
        return f" There are labeling functions but no list of them: add the line {ATTRIBUTE} = [{some}]."
    return f" No labeling functions found there: end it with {ATTRIBUTE} = [...], a list of them."


def _load_file(path: Path) -> ModuleType:
    """Run a file as a module of its name, with its folder to import from, as Python itself would."""
    if not path.is_file():
        near = did_you_mean(path.name, [each.name for each in path.parent.glob("*.py")])
        raise UsageError(f"There is no file {str(path)!r} of labeling functions.{near}")
    sys.path.insert(0, str(path.resolve().parent))
    name = f"_{path.stem}" if path.stem in sys.modules else path.stem  # rules in random.py replace no module
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pickle looks for what it defines
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the file is the user's, and may raise anything
        raise UsageError(f"{str(path)!r} cannot be run: {_line(error, path)}{reason_of(error)}") from error
    return module


def _line(error: BaseException, path: Path) -> str:
    """The last line of a file that was run before an error; a syntax error says its line itself."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.absolute()]
    return f"line {lines[-1]}: " if lines else ""


def _load_module(name: str) -> ModuleType:
    sys.path.insert(0, "")  # a module of the folder that one stands in
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # as above
        hint = f" Is it a file? Then say --lfs {name}.py." if Path(f"{name}.py").is_file() else ""
        raise UsageError(
            f"The module {name!r} of labeling functions cannot be imported: {reason_of(error)}.{hint}"
        ) from error
