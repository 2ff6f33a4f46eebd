"""What a case is, how its answer is written down, and where all are found."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

#: The modules of cases, beside this one.
MODULES = (
    *("labeling_functions", "appliers", "lf_analysis", "label_models", "mappers"),
    *("scores", "labels", "augmenting", "slicing", "surface"),
)
#: Digits of a float that count.
DIGITS = 9

Part = Callable[[str], Any]


@dataclass(frozen=True)
class Case:
    """A question to either package.

    Attributes
    ----------
    ask : callable
        Takes a function that imports a module of the package by its name, such as "labeling.lf"; returns the answer.
    reason : str
        Why our answer is another; empty where it is Snorkel's.
    ours : object
        What our answer is then.
    """

    ask: Callable[[Part], Any]
    reason: str = ""
    ours: Any = None

    @property
    def question(self) -> str:
        """What is asked."""
        return (self.ask.__doc__ or "").strip().splitlines()[0]


CASES: dict[str, Case] = {}


def case(ask: Callable[[Part], Any]) -> Callable[[Part], Any]:
    """A case in which Snorkel is right."""
    return _keep(Case(ask))


def differs(reason: str, ours: Any) -> Callable[[Callable[[Part], Any]], Callable[[Part], Any]]:
    """A case in which Snorkel is wrong, or we give more; and what is right."""
    return lambda ask: _keep(Case(ask, reason, ours))


def _keep(made: Case) -> Callable[[Part], Any]:
    name = f"{made.ask.__module__.removeprefix('cases_')}.{made.ask.__name__}"
    assert name not in CASES, name
    CASES[name] = made
    return made.ask


def load_cases() -> dict[str, Case]:
    """All cases by name."""
    folder = str(Path(__file__).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    for module in MODULES:
        importlib.import_module(f"cases_{module}")
    # A script is __main__, and its registry another than the one that the modules of cases fill.
    return sys.modules["cases"].CASES


def answer(one: Case, package: str) -> Any:
    """What a package answers, as JSON; an error is the built-in classes that it is of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return written(lambda: one.ask(lambda name: importlib.import_module(f"{package}.{name}".rstrip("."))))


def written(value: Any) -> Any:
    """An answer as JSON, with types where they count."""
    if callable(value) and not isinstance(value, type):
        try:
            return written(value())
        except Exception as error:  # noqa: BLE001  -- whichever it is, it is the answer
            return {"raises": builtins(type(error))}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return "NaN" if np.isnan(value) else float(f"{float(value):.{DIGITS}g}")
    if value is None or isinstance(value, str):
        return value
    return _container(value)


def _container(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.names:
        return {"record array": {name: written(np.asarray(value[name])) for name in value.dtype.names}}
    if isinstance(value, np.ndarray):
        return {"array": value.dtype.kind, "shape": list(value.shape), "of": written(value.tolist())}
    if isinstance(value, pd.DataFrame):
        columns = {str(name): {"dtype": kind(column), "of": written(list(column))} for name, column in value.items()}
        return {"frame": columns, "order": [str(name) for name in value], "index": written(list(value.index))}
    if isinstance(value, pd.Series):
        return {"series": {str(name): written(each) for name, each in value.items()}}
    if isinstance(value, SimpleNamespace):
        return {"namespace": written(vars(value))}
    if isinstance(value, Mapping):
        return {"dict": [[written(key), written(each)] for key, each in value.items()]}
    if isinstance(value, (list, tuple)):
        return [written(each) for each in value]
    raise TypeError(f"a case must not answer {type(value).__name__}")


def kind(column: pd.Series) -> str:
    """Kind of numbers, or "text" for what pandas of this or that version calls by other names."""
    return column.dtype.kind if column.dtype.kind in "iufb" else "other"


def builtins(of: type) -> list[str]:
    """The classes of Python itself that an error is one of, the nearest first."""
    names = [each.__name__ for each in of.__mro__ if each.__module__ == "builtins"]
    return names[: names.index("Exception")] or ["Exception"]


def an_error(of: type[Exception]) -> Callable[[], Any]:
    """For :func:`differs`: ours is an error."""

    def fails() -> Any:
        raise of

    return fails


def agree(theirs: Any, ours: Any) -> bool:
    """Whether two answers are the same; an error may be of more classes than Snorkel's, but must be of its nearest."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and "raises" in theirs and "raises" in ours:
        return theirs["raises"][0] in ours["raises"]
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return theirs.keys() == ours.keys() and all(agree(theirs[key], ours[key]) for key in theirs)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(agree, theirs, ours))
    return type(theirs) is type(ours) and theirs == ours


def answers(package: str) -> dict[str, Any]:
    """What a package answers to all cases."""
    return {name: answer(one, package) for name, one in load_cases().items()}


if __name__ == "__main__":
    import json

    os.environ.setdefault("TQDM_DISABLE", "1")
    found = answers(sys.argv[1])
    Path(sys.argv[2]).write_text(json.dumps(found))
