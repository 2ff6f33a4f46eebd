"""The cache saves time and can never do harm."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from weaklab.datasets import cache
from weaklab.datasets.cache import cache_folder, read_cached, write_cached

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def test_an_absolute_xdg_cache_home_is_honoured(monkeypatch, tmp_path) -> None:
    """Users and clusters move caches with it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "weaklab"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".cache/weaklab"),
        ("darwin", "Library/Caches/weaklab"),
        ("win32", "AppData/Local/weaklab/Cache"),
    ],
)
def test_else_the_platform_decides(monkeypatch, tmp_path, platform, expected) -> None:
    """A relative XDG_CACHE_HOME must be ignored, as its specification says."""
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/path")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(cache.sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / expected


def test_what_is_written_is_read(tmp_path) -> None:
    """Values, order and types survive."""
    path = tmp_path / "deep" / "frame.parquet"
    assert write_cached(FRAME, path)
    read = read_cached(path, ["a", "b"])
    assert read is not None
    pd.testing.assert_frame_equal(read, FRAME)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, caplog) -> None:
    """A file where the folder should be: read-only file systems and full disks fail in the same way."""
    (tmp_path / "blocked").write_text("")
    with caplog.at_level("INFO", logger="weaklab"):
        assert not write_cached(FRAME, tmp_path / "blocked" / "frame.parquet")
    assert "Nothing is cached" in caplog.text


def test_a_move_that_fails_leaves_nothing_behind(tmp_path, monkeypatch) -> None:
    """Half-written files would pile up, or be taken for whole."""

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError("no")

    monkeypatch.setattr(Path, "replace", refuse)
    assert not write_cached(FRAME, tmp_path / "frame.parquet")
    assert list(tmp_path.iterdir()) == []


def test_absent_and_empty_files_are_no_cache(tmp_path) -> None:
    """None means: build it."""
    assert read_cached(tmp_path / "absent.parquet", ["a"]) is None
    write_cached(FRAME.iloc[:0], tmp_path / "empty.parquet")
    assert read_cached(tmp_path / "empty.parquet", ["a", "b"]) is None
