"""Docstrings are read from sources as text: every kind of definition, every kind of damage."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from weaklab.datasets.source_docstrings import docstrings_of_file

SOURCE = '''"""About the module."""
import nowhere_to_be_found

def plain(x):
    """A function."""
    def inner():
        """Not public, not counted."""

async def later():
    """A coroutine."""

class Thing:
    """A class.

        Indented.
    Not.
    """
    def method(self):
        """A method."""
    class Nested:
        """A nested class."""

if True:
    def conditional():
        """In a branch."""
else:
    def otherwise():
        """In the other branch."""

try:
    pass
except ImportError:
    def fallback():
        """In a handler."""

def bare():
    return 1
'''


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "source.py"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_every_definition_that_a_reader_can_reach_counts_once(write) -> None:
    """The corpus documents modules, classes, functions and methods; a function's inner functions are its own."""
    found = dict(docstrings_of_file(write(SOURCE), "pkg.mod") or [])
    assert set(found) == {
        "pkg.mod",
        "pkg.mod.plain",
        "pkg.mod.later",
        "pkg.mod.Thing",
        "pkg.mod.Thing.method",
        "pkg.mod.Thing.Nested",
        "pkg.mod.conditional",
        "pkg.mod.otherwise",
        "pkg.mod.fallback",
    }
    assert found["pkg.mod.Thing"] == "A class.\n\n    Indented.\nNot."


def test_nothing_is_imported_or_run(write) -> None:
    """A source with side effects is only text: parsing it must not do what it says."""
    path = write('"""Danger."""\nimport sys\nsys.modules["was_run"] = sys\nraise SystemExit\n')
    assert docstrings_of_file(path, "danger") == [("danger", "Danger.")]
    assert "was_run" not in sys.modules


@pytest.mark.parametrize(
    "content",
    ["def broken(:\n", "a = '\x00'\n", b"# -*- coding: no-such-codec -*-\n", b'"""\xff\xfe"""\n'],
    ids=["syntax", "null byte", "unknown encoding", "undecodable"],
)
def test_a_file_that_is_no_source_is_left_out(write, content, caplog) -> None:
    """One damaged file among a thousand must not cost the corpus; it is logged."""
    with caplog.at_level("INFO", logger="weaklab"):
        assert docstrings_of_file(write(content), "m") is None
    assert "source.py is left out" in caplog.text


def test_an_unreadable_path_is_left_out(tmp_path: Path) -> None:
    """A dangling link in site-packages is no error of the user's."""
    assert docstrings_of_file(tmp_path / "absent.py", "m") is None


def test_the_coding_line_is_honoured(write) -> None:
    """Old sources are Latin-1, and say so."""
    path = write('# -*- coding: latin-1 -*-\n"""Caf\xe9."""\n'.encode("latin-1"))
    assert docstrings_of_file(path, "m") == [("m", "Café.")]


def test_invalid_escapes_warn_nobody(write) -> None:
    r"""Many docstrings hold ``\s`` unescaped: the author's affair, not that of who reads the corpus."""
    assert docstrings_of_file(write('def f():\n    "A \\s pattern."\n'), "m") == [("m.f", "A \\s pattern.")]


def test_lone_surrogates_are_left_out(write, caplog) -> None:
    """They cannot be stored as UTF-8, and no encoder would give them back."""
    with caplog.at_level("INFO", logger="weaklab"):
        assert docstrings_of_file(write('"""Lone \\ud800."""\ndef f():\n    "Fine."\n'), "m") == [("m.f", "Fine.")]
    assert "no valid Unicode" in caplog.text


def test_texts_of_functions_written_in_c_are_found(write) -> None:
    """numpy and scipy give these with add_newdoc, in several shapes; without them most ufuncs would be missing."""
    calls = '''
add_newdoc("numpy._core", "sin", """Sine.""")
add_newdoc("numpy._core", "flatiter", ("base", """The array."""))
helpers.add_newdoc("numpy._core", "dtype", [("kind", "A letter."), ("name", "A name.")])
add_newdoc("jv", """Bessel.""")
add_newdoc("numpy._core", "built", "Text " + suffix)
add_newdoc("ArrayLike", "typing.Union[...]", """Whatever becomes an array.""")
add_newdoc()
add_newdoc(1, 2, "No names.")
add_newdoc("numpy._core", "nothing", "  ")
other("a", "b", "c")
'''
    assert docstrings_of_file(write(calls), "numpy.typing._add_docstring") == [
        ("numpy._core.sin", "Sine."),
        ("numpy._core.flatiter.base", "The array."),
        ("numpy._core.dtype.kind", "A letter."),
        ("numpy._core.dtype.name", "A name."),
        ("numpy.typing.jv", "Bessel."),
        ("numpy.typing.ArrayLike", "Whatever becomes an array."),
    ]
