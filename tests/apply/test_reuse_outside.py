"""What reads files, the clock, options or randomness through a library is run each time: no vote is stale."""

from __future__ import annotations

import configparser
import linecache
import sqlite3
import threading
import zipfile
from decimal import getcontext
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest
from pandas import read_csv

from weaklab.apply import apply, clear_cache
from weaklab.exceptions import CacheWarning

FRAME = pd.DataFrame({"i": range(400)})


def slowly(row):
    return sum(range(300)) and row.i


def by_load(row):
    return 1 if slowly(row) and len(np.load("votes.npy")) else 0


def by_text(row):
    return 1 if slowly(row) and len(np.loadtxt("votes.txt")) else 0


def by_bare_name(row):
    return 1 if slowly(row) and len(read_csv("votes.csv")) else 0


def by_chance(row):
    return int(np.random.default_rng().integers(2)) if slowly(row) else 0


def by_clock(row):
    return int(pd.Timestamp("now").second % 2) if slowly(row) else 0


def by_numpy_clock(row):
    return 1 if slowly(row) and np.datetime64("now") is not None else 0


def by_option(row):
    return 1 if slowly(row) and pd.get_option("display.max_rows") else 0


def by_context(row):
    return 1 if slowly(row) and getcontext().prec > 3 else 0


def by_database(row):
    return 1 if slowly(row) and sqlite3.connect(":memory:") else 0


def by_configuration(row):
    return 1 if slowly(row) and configparser.ConfigParser() is not None else 0


def by_line(row):
    return 1 if slowly(row) and linecache.getline("votes.txt", 1) else 0


def by_archive(row):
    return 1 if slowly(row) and zipfile.is_zipfile("votes.zip") else 0


@pytest.mark.parametrize(
    "function",
    [
        *(by_load, by_text, by_bare_name, by_chance, by_clock, by_numpy_clock, by_option, by_context, by_database),
        *(by_configuration, by_line, by_archive),
    ],
)
def test_what_depends_on_more_than_the_row_is_run_each_time(function, tmp_path, monkeypatch):
    """In memory and in a folder."""
    monkeypatch.chdir(tmp_path)
    np.save("votes.npy", [1])
    for name in ("votes.txt", "votes.csv"):
        (tmp_path / name).write_text("1\n2\n")
    clear_cache()
    for _ in range(3):
        votes = apply(function, FRAME, progress=False)
        assert function.__name__ not in votes.attrs.get("reused", ())
    for _ in range(2):
        with pytest.warns(UserWarning, match=function.__name__):
            votes = apply(function, FRAME, cache=tmp_path / "cache", progress=False)
        assert function.__name__ not in votes.attrs.get("reused", ())


FOLDER = Path("folder")


def by_folder(row):
    return int(row.i < len(list(FOLDER.glob("*"))))


def by_name_of_a_method(row):
    return len(getattr(FOLDER / "a", "read_text")())  # noqa: B009  -- such functions exist


def by_thread(row):
    return len(threading.current_thread().name) % 2


@pytest.mark.parametrize("function", [by_folder, by_name_of_a_method, by_thread])
def test_objects_that_stand_for_something_outside(function, tmp_path, monkeypatch):
    """A path is the same when what lies there is another."""
    monkeypatch.chdir(tmp_path)
    FOLDER.mkdir()
    (FOLDER / "a").write_text("1")
    for _ in range(3):
        with pytest.warns(CacheWarning, match=r"(pathlib|current_thread)"):
            votes = apply(function, FRAME, cache=tmp_path / "cache", progress=False)
        assert "reused" not in votes.attrs


def test_a_class_that_reads_files_is_refused_in_a_closure_too(tmp_path):
    """As it is among globals."""
    parser = configparser.ConfigParser

    def by_class(row):
        return len(parser().read("settings.ini"))

    for _ in range(2):
        with pytest.warns(CacheWarning, match="uses configparser.ConfigParser"):
            assert "reused" not in apply(by_class, FRAME, cache=tmp_path, progress=False).attrs


def test_a_path_without_a_file_system_is_a_value(tmp_path):
    """It only has parts."""
    path = PurePosixPath("a/bb")

    def by_part(row):
        return int(path.name == "bb")

    apply(by_part, FRAME, cache=tmp_path, progress=False)
    assert apply(by_part, FRAME, cache=tmp_path, progress=False).attrs["reused"] == ("by_part",)


class Cell:
    n = 0


def counts(row):
    slowly(row)
    sum(range(20_000))
    row.o.n += 1
    return int(row.o.n > 1)


def test_data_that_a_function_changes_is_no_key_to_its_votes():
    """In memory data is judged after the run, when it is too late for cells that can be changed."""
    clear_cache()
    frame = pd.DataFrame({"i": range(300), "o": pd.Series([Cell() for _ in range(300)], dtype=object)})
    assert [int(apply(counts, frame, progress=False)["counts"].sum()) for _ in range(3)] == [0, 300, 300]


def test_the_package_above_an_imported_module_counts(tmp_path, monkeypatch):
    """``import rules.words`` inside a function gives it ``rules`` too."""
    package = tmp_path / "rules_of_test"
    package.mkdir()
    (package / "__init__.py").write_text("LIMIT = 0\n")
    (package / "words.py").write_text("WORDS = ('a',)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import rules_of_test.words

    def above(row):
        import rules_of_test.words

        return rules_of_test.LIMIT

    votes = [apply(above, FRAME, cache=tmp_path / "cache", progress=False)["above"].sum()]
    rules_of_test.LIMIT = 1
    votes.append(apply(above, FRAME, cache=tmp_path / "cache", progress=False)["above"].sum())
    assert votes == [0, len(FRAME)]
