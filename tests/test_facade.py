"""The facade: complete, sorted, lazy; and the tree of exceptions."""

from __future__ import annotations

import builtins
import inspect
import subprocess
import sys
from statistics import median

import pytest

import weaklab as wl
from weaklab import exceptions

HEAVY = ("numpy", "pandas", "scipy", "torch", "numba", "sklearn", "matplotlib", "polars", "pyarrow", "tqdm")
EXTRAS = ("datasets", "httpx", "spacy", "transformers")


def run(code: str) -> str:
    """The output of a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_importing_weaklab_loads_nothing_heavy():
    """A script that only wants --help, or one room, must not wait for torch."""
    loaded = run("import sys, weaklab; print(*{name.partition('.')[0] for name in sys.modules})").split()
    assert not {*HEAVY, *EXTRAS} & set(loaded)


def test_importing_every_room_loads_no_extra():
    """They are imported by what needs them, when it is called: spaCy and transformers alone take seconds."""
    code = "import sys, weaklab as wl; [getattr(wl, name) for name in wl.__all__]; print(*sys.modules)"
    loaded = {name.partition(".")[0] for name in run(code).split()}
    assert "torch" in loaded
    assert not set(EXTRAS) & loaded


def test_importing_weaklab_is_quick():
    """The median of five imports stays far below what any heavy package takes."""
    code = "import time; start = time.perf_counter(); import weaklab; print(time.perf_counter() - start)"
    assert median(float(run(code)) for _ in range(5)) < 0.2


def test_label_models_need_no_torch():
    """Who only aggregates votes does not pay for the end model."""
    assert run("import sys, weaklab as wl; wl.LabelModel; print('torch' in sys.modules)").strip() == "False"


def test_every_name_of_the_facade_is_there_and_sorted():
    """__all__ is what a user may rely on."""
    assert sorted(wl.__all__) == wl.__all__
    assert dir(wl) == wl.__all__
    for name in wl.__all__:
        assert getattr(wl, name) is not None, name


def test_unknown_names_get_a_suggestion():
    """A typo is answered with the name that was meant."""
    with pytest.raises(AttributeError, match="Did you mean 'LabelModel'"):
        _ = wl.LabelModle


def test_apply_is_the_function_whatever_was_imported_first():
    """The room and the function share a name; users mean the function."""
    code = "import weaklab.apply, weaklab as wl; from weaklab.apply import apply; print(wl.apply is apply)"
    assert run(code).strip() == "True"


def test_public_functions_and_classes_have_docstrings_with_examples():
    """What the facade offers explains itself, and its example is run by the doctests."""
    for name in wl.__all__:
        thing = getattr(wl, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert ">>>" in (inspect.getdoc(thing) or ""), name


def test_every_error_is_also_a_builtin_one():
    """Code that catches ValueError or KeyError keeps catching, and the drawn tree is complete."""
    classes = [
        thing for _, thing in inspect.getmembers(exceptions, inspect.isclass) if thing.__module__ == exceptions.__name__
    ]
    assert len(classes) > 10
    for error in classes:
        assert error.__name__ in exceptions.__doc__, error
        root = exceptions.WeaklabWarning if issubclass(error, Warning) else exceptions.WeaklabError
        assert issubclass(error, root)
        if error not in (exceptions.WeaklabError, exceptions.WeaklabWarning) and not issubclass(error, Warning):
            kinds = {base for base in error.__mro__ if base.__module__ == builtins.__name__}
            assert kinds - {Exception, BaseException, object}, error


def test_suggestions_name_what_is_close_or_what_there_is():
    """A near miss is named; else a short list is shown; a long one is not."""
    assert exceptions.did_you_mean("lable", ["label", "text"]) == " Did you mean 'label'?"
    assert exceptions.did_you_mean("zzz", [1, 2]) == " There is: 1, 2."
    assert exceptions.did_you_mean("zzz", range(50)) == ""
    assert str(exceptions.ColumnError("There is no column 'x'.")) == "There is no column 'x'."
