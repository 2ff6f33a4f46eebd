"""The folder of votes: damage of any kind costs a run, and never a vote."""

import multiprocessing
import os
import warnings

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.apply.vote_cache import FolderStore, Kept, MemoryStore
from weaklab.exceptions import CacheWarning

FRAME = pd.DataFrame({"n": range(20)})


def odd(row):
    return row.n % 2


def third(row):
    return row.n % 3


VOTES = apply([odd, third], FRAME, cache=False, progress=False)


def damages(content):
    yield b""
    yield content[: len(content) // 2]
    yield content[:-1]
    yield content[:-33] + bytes([content[-33] ^ 1]) + content[-32:]
    yield content.replace(b"votes 2", b"votes 9")
    yield os.urandom(len(content))


def test_damaged_files_are_run_anew_with_one_warning(tmp_path):
    """Cut, empty, flipped bits, another version, garbage."""
    apply([odd, third], FRAME, cache=tmp_path, progress=False)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    for damaged in damages(files[0].read_bytes()):
        for file in files:
            file.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            votes = apply([odd, third], FRAME, cache=tmp_path, progress=False)
        assert [each.category for each in caught] == [CacheWarning]
        assert "is damaged" in str(caught[0].message)
        pd.testing.assert_frame_equal(votes, VOTES)
        assert apply([odd, third], FRAME, cache=tmp_path, progress=False).attrs["reused"] == ("odd", "third")


def test_a_file_under_another_name_is_not_taken(tmp_path):
    """The votes of one function must not pass for those of another."""
    apply([odd, third], FRAME, cache=tmp_path, progress=False)
    one, other = sorted(tmp_path.iterdir())
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    with pytest.warns(CacheWarning, match="and 1 more"):
        pd.testing.assert_frame_equal(apply([odd, third], FRAME, cache=tmp_path, progress=False), VOTES)


def test_a_folder_that_cannot_be_written_costs_a_warning(tmp_path, monkeypatch):
    """A full disk, a read-only folder: the votes are made all the same, and no part of a file stays."""

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.warns(CacheWarning, match="nothing can be written .*No space left") as caught:
            pd.testing.assert_frame_equal(apply([odd, third], FRAME, cache=tmp_path, progress=False), VOTES)
    assert len(caught) == 1
    assert not list(tmp_path.iterdir())
    file = tmp_path / "a file"
    file.write_text("mine")
    with pytest.warns(CacheWarning, match="the folder cannot be made"):
        pd.testing.assert_frame_equal(apply([odd, third], FRAME, cache=file, progress=False), VOTES)
    assert file.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path):
    """As on a shared drive."""
    tmp_path.chmod(0o500)
    try:
        with pytest.warns(CacheWarning, match="nothing can be written"):
            pd.testing.assert_frame_equal(apply([odd, third], FRAME, cache=tmp_path, progress=False), VOTES)
    finally:
        tmp_path.chmod(0o700)


def _write_often(path, seed):
    store = FolderStore(path)
    rng = np.random.default_rng(seed)
    for _ in range(200):
        value = int(rng.integers(100))
        store.put(b"k" * 32, Kept(np.full(5000, value, dtype=np.int8), 1.0))
        kept = store.get(b"k" * 32)
        assert kept is not None
        assert len(set(kept.votes.tolist())) == 1
    assert not store.troubles


def test_many_processes_share_a_folder(tmp_path):
    """A reader sees one file or the other, whole."""
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: these children use none
        children = [context.Process(target=_write_often, args=(tmp_path, seed)) for seed in range(3)]
        for child in children:
            child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 1


def test_memory_is_bounded_and_keeps_what_is_used():
    """The columns used longest ago go first; one larger than all of it is not kept."""
    store = MemoryStore(limit=300)
    for place in range(3):
        store.put(bytes([place]), Kept(np.zeros(100, dtype=np.int8), 1.0))
    assert store.get(b"\0") is not None
    store.put(b"\3", Kept(np.zeros(100, dtype=np.int8), 1.0))
    assert store.get(b"\1") is None
    assert store.get(b"\0") is not None
    store.put(b"\0", Kept(np.zeros(50, dtype=np.int8), 1.0))
    assert store.size == 250
    store.put(b"big", Kept(np.zeros(301, dtype=np.int8), 1.0))
    assert store.size == 0
