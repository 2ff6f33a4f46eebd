"""Votes in chunks: what is read is what check_votes would give for all rows at once, and wrong rows have a number."""

from __future__ import annotations

import errno
import gc
import tempfile
import time

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.exceptions import GoldError, ParameterError, StorageError, VoteError
from weaklab.votes import PartialVotes, SoftVotes, VoteChunks, check_votes, compress, spool
from weaklab.votes.chunks import come_in_chunks
from weaklab.votes.pairs import pair_up
from weaklab.votes.seen_rows import SeenRows, read_chunks
from weaklab.votes.slots import slots_of
from weaklab.votes.spool import is_in_file


def draw(n, m, k, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(-1, k, size=(n, m)).astype(np.int8)


def assert_same(one, other):
    for name in ("indptr", "code"):
        a, b = getattr(one, name), getattr(other, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert (one.m, one.k, one.names) == (other.m, other.k, other.names)


@pytest.fixture(params=["memory", "files"])
def where(request, monkeypatch):
    """Rows in memory, and rows in temporary files from the first on."""
    if request.param == "files":
        monkeypatch.setattr(spool, "BUDGET", 0)
    return request.param


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 5), st.integers(1, 9), st.booleans())
@settings(deadline=None)  # the first call compiles
def test_chunks_read_as_the_whole(sizes, m, k, declared):
    """However rows are cut, and wherever the highest class turns up, codes are those of the whole matrix."""
    votes = draw(sum(sizes), m, k, seed=sum(sizes))
    votes = votes[np.argsort(votes.max(axis=1, initial=-1), kind="stable")]  # the number of classes grows on the way
    chunks = np.split(votes, np.cumsum(sizes)[:-1])
    classes = max(k, 2) if declared else None
    assert_same(read_chunks(VoteChunks(chunks), classes).matrix(), check_votes(votes, classes=classes))


def test_rows_in_files_are_the_same(where):
    """Beyond the budget rows are views of a file: the same codes, patterns and pairs, also when codes are rewritten."""
    votes = draw(5000, 6, 5)
    votes[:3000] = np.minimum(votes[:3000], 1)
    votes[votes[:, 2] == 1, 2] = 0  # a pair that does not occur, so that pairs are renumbered
    read = read_chunks(VoteChunks(np.array_split(votes, 7))).matrix()
    whole = check_votes(votes)
    assert_same(read, whole)
    assert is_in_file(read.code) == is_in_file(read.indptr) == (where == "files")
    (table, pair), (_, expected) = pair_up(read), pair_up(whole)
    assert len(table) < read.m * read.k
    assert is_in_file(pair) == (where == "files")
    np.testing.assert_array_equal(pair, expected)


@pytest.mark.parametrize("block", [7, 100, 10**6])
def test_merging_leaves_no_trace_of_its_blocks(block, monkeypatch, rng):
    """Patterns are merged some rows at a time; the patterns, their order and the bits of their weights do not show."""
    votes, gold = check_votes(draw(3000, 3, 2)), rng.integers(-1, 2, size=3000)
    weight = rng.random(3000) * (rng.random(3000) < 0.9)
    whole = [compress(votes, gold, weight), compress(votes, gold), compress(votes, weight=weight), compress(votes)]
    monkeypatch.setattr("weaklab.votes.patterns.BLOCK", block)
    parts = [compress(votes, gold, weight), compress(votes, gold), compress(votes, weight=weight), compress(votes)]
    for a, b in zip(whole, parts, strict=True):
        assert a.votes.n < 3000
        assert_same(a.votes, b.votes)
        np.testing.assert_array_equal(a.weight, b.weight)
        np.testing.assert_array_equal(a.gold, b.gold)


def test_sources():
    """Lists are read as rows unless they are wrapped; iterators, functions, and what has no length hold chunks."""

    class Reader:
        def __iter__(self):
            return iter(chunks)

    chunks = [[[0, 1], [1, 1]], [], np.empty((0, 2), dtype=int), [[1, -1]]]
    whole = check_votes([[0, 1], [1, 1], [1, -1]])
    for source in (VoteChunks(chunks), VoteChunks(lambda: chunks), lambda: iter(chunks), iter(chunks), Reader()):
        assert come_in_chunks(source)
        assert_same(read_chunks(source).matrix(), whole)
    for matrix in (chunks, np.zeros((2, 2)), pd.DataFrame([[0]]), scipy.sparse.csr_array((2, 2)), whole, None, "no"):
        assert not come_in_chunks(matrix)
    matrices = (pd.DataFrame([[0]]), scipy.sparse.csr_array((2, 2)), np.zeros((2, 2)), pl.DataFrame({"a": [0]}))
    for wrong in (*matrices, "votes", 3):
        with pytest.raises(VoteError, match="VoteChunks takes an iterable of chunks"):
            VoteChunks(wrong)
    for wrong in matrices:
        with pytest.raises(VoteError, match=r"must return an iterable of chunks, got .*; where it is a chunk"):
            read_chunks(lambda wrong=wrong: wrong)
    with pytest.raises(VoteError, match=r"got shape \(1, 1, 2\).*VoteChunks"):
        check_votes([[[0, 1]]])
    with pytest.raises(VoteError, match=r"got set.*VoteChunks"):
        check_votes({1})
    with pytest.raises(VoteError, match="must return an iterable of chunks, got int"):
        read_chunks(lambda: 3)
    with pytest.raises(VoteError, match="got 4 parts"):
        read_chunks(iter([([[0]], None, None, None)]))


def test_no_chunk_is_an_error():
    """A generator that was read before gives none; the error says that this is how generators are."""
    used = (chunk for chunk in [[[0, 1]]])
    read_chunks(used)
    with pytest.raises(VoteError, match=r"no chunk of votes.*once only"):
        read_chunks(used)
    with pytest.raises(VoteError, match="no rows of votes"):
        read_chunks(iter([[], np.array([]), pd.DataFrame()])).matrix()


def test_columns_are_matched_by_name():
    """After the first chunk columns may come in any order; others, or none, are an error."""
    frame = pd.DataFrame(draw(100, 3, 3), columns=["a", "b", "c"])
    chunks = [frame[:40], frame[40:70][["c", "a", "b"]], frame[70:]]
    assert_same(read_chunks(iter(chunks)).matrix(), check_votes(frame))
    with pytest.raises(VoteError, match=r"rows from 40 on.*Missing labeling functions: \['c'\].*unseen.*\['d'\]"):
        read_chunks(iter([frame[:40], frame[40:].rename(columns={"c": "d"})]))
    for other in (pl.DataFrame, lambda part: pa.Table.from_pandas(part, preserve_index=False)):
        assert_same(read_chunks(iter([other(part) for part in chunks])).matrix(), check_votes(frame))
    with pytest.raises(VoteError, match="names in all chunks or in none"):
        read_chunks(iter([frame[:40], frame[40:].to_numpy()]))
    with pytest.raises(VoteError, match="names in all chunks or in none"):
        read_chunks(iter([frame[:40].to_numpy(), frame[40:]]))
    with pytest.raises(VoteError, match="X has 2 features, but fit is expecting 3"):
        read_chunks(iter([np.zeros((3, 3)), np.zeros((3, 2))]))


def test_wrong_rows_are_counted_from_the_first_of_all():
    """A chunk knows where it stands, so the error names the row of the data, not of the chunk."""
    good = draw(1000, 3, 2)
    bad = good.copy()
    bad[17, 1] = -5
    named = [pd.DataFrame(part, columns=["a", "b", "c"]) for part in (good, good, bad)]
    with pytest.raises(VoteError, match=r"labeling function 'b' in row 2017 \(index 17\) is -5"):
        read_chunks(iter(named))
    with pytest.raises(VoteError, match=r"column 1 in row 2017 is -5"):
        read_chunks(iter([good, good, bad]))
    with pytest.raises(VoteError, match=r"column 1 in row 2017 is 2, but there are 2 classes"):
        read_chunks(iter([good, good, np.where(bad == -5, 2, bad)]), 2)
    sparse = scipy.sparse.csr_array(np.where(bad == -5, 9, good + 1))
    with pytest.raises(VoteError, match=r"stores 9 for column 1 in row 2017"):
        read_chunks(iter([good, good, sparse]), 2)
    with pytest.raises(GoldError, match=r"rows from 1,000 on: y: row 3 is -2"):
        read_chunks(iter([(good, None), (good, [0, 1, 0, -2] + [0] * 996)]))
    with pytest.raises(ParameterError, match=r"rows from 1,000 on: sample_weight.*row 0 has -1"):
        read_chunks(iter([good, (good, None, np.full(1000, -1.0))]))


def test_wrong_rows_leave_nothing_behind():
    """Rows are added wholly or not at all, so whoever catches the error can go on."""
    seen = SeenRows(None)
    seen.add([[0, 1]])
    for wrong in ({"votes": [[0, -7]]}, {"votes": [[3, 3]], "y": [-9]}, {"votes": [[0, 1]], "sample_weight": [-1]}):
        with pytest.raises((VoteError, GoldError, ParameterError)):
            seen.add(**wrong)
    assert (seen.n, seen.gold, seen.sample_weight, seen.matrix().k) == (1, None, None, 2)


def test_gold_and_weights_may_come_with_some_chunks(where):
    """What no chunk says of a row is unknown, and weighs 1; an unseen class may come from gold alone."""
    seen = read_chunks(iter([[[0, 1], [1, 1]], ([[1, 0]], [3]), ([[1, 0]], None, [0.5]), ([[1, 1]], [1], 2)]))
    assert seen.gold.tolist() == [-1, -1, 3, -1, 1]
    assert seen.sample_weight.tolist() == [1, 1, 1, 0.5, 2]
    assert seen.matrix().k == 4
    names = read_chunks(iter([([[0, 1]], ["b"]), ([[0, 1]], ["a"])]), ["a", "b"])
    assert names.gold.tolist() == [1, 0]


@pytest.mark.parametrize("ends", [KeyboardInterrupt, ValueError, None])
def test_no_file_stays_behind(ends, monkeypatch, tmp_path):
    """Ctrl-C, an error in the source, or the end: the folder of temporary files is empty."""
    monkeypatch.setattr(spool, "BUDGET", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def source():
        for _ in range(3):
            yield draw(1000, 3, 2)
        if ends is not None:
            raise ends

    if ends is None:
        matrix = read_chunks(source()).matrix()
        assert is_in_file(matrix.word)
        del matrix
    else:
        with pytest.raises(ends):
            read_chunks(source())
    gc.collect()
    assert not list(tmp_path.iterdir())


class Disk:
    """Temporary files on a disk with little room, which tells it as disks do: by taking less, then by an error."""

    def __init__(self, folder, error):
        self.folder, self.error, self.room, self.files = folder, error, 20_001, 0

    def new_file(self, **_):
        self.files += 1
        return DiskFile(self, open(self.folder / str(self.files), "w+b", buffering=0))


class DiskFile:
    def __init__(self, disk, file):
        self.disk, self.file, self.size = disk, file, 0
        self.seek, self.fileno = file.seek, file.fileno

    def write(self, data):
        room = self.size + self.disk.room - self.file.tell()
        if room <= 0:
            raise self.disk.error
        written = self.file.write(data[:room])
        grown = max(self.file.tell() - self.size, 0)
        self.size += grown
        self.disk.room -= grown
        return written

    def close(self):
        self.disk.room += self.size
        self.file.close()


@pytest.mark.parametrize("budget", [0, 40_000], ids=["at once", "later"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_rows_that_find_no_room_are_left_out_wholly(error, budget, monkeypatch, tmp_path):
    """A full disk or Ctrl-C in the middle of a write spoils no row: whoever makes room, or waits, goes on."""
    disk = Disk(tmp_path, error)
    monkeypatch.setattr(spool, "BUDGET", budget)
    monkeypatch.setattr(tempfile, "TemporaryFile", disk.new_file)
    votes, seen, messages = draw(3000, 6, 4), SeenRows(None), []
    votes[:2000] = np.minimum(votes[:2000], 2)
    for part in np.split(votes, 6):
        before = seen.n
        for _ in range(20):
            if seen.n > before:
                break
            try:
                seen.add(part, np.zeros(len(part)), 2)
            except (StorageError, KeyboardInterrupt) as raised:
                messages.append(str(raised))
                disk.room += 9_001
            assert (len(seen.gold), len(seen.sample_weight)) == (seen.n, seen.n) or not seen.n
    assert len(messages) > 2
    assert isinstance(error, KeyboardInterrupt) or all("TMPDIR" in message for message in messages)
    disk.room = 10**9  # the codes are written anew, for a class that came late
    assert_same(seen.matrix(), check_votes(votes))


def test_many_small_chunks_take_no_longer_each(where):
    """What is held is counted, not summed anew: 20,000 single rows took 47 s when each looked at all before it."""
    votes = draw(20_000, 3, 2)
    started = time.perf_counter()
    read = read_chunks(votes[i : i + 1] for i in range(len(votes))).matrix()
    assert time.perf_counter() - started < 15  # 1 to 2 s were seen
    assert_same(read, check_votes(votes))


def test_a_missing_folder_is_told(monkeypatch, tmp_path):
    """The error says what the folder is for, and how to choose another."""
    monkeypatch.setattr(spool, "BUDGET", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StorageError, match=r"temporary files.*TMPDIR.*nowhere"):
        read_chunks(iter([[[0, 1]]]))


def test_rows_of_weight_0_are_dropped_where_they_lie(where, rng):
    """The others are what they would be alone; from files they go to files, not to memory."""
    votes, weight = draw(5000, 150, 3), rng.integers(0, 3, size=5000).astype(float)
    kept = compress(read_chunks(iter(np.split(votes, 5))).matrix(), weight=weight)
    alone = compress(check_votes(votes[weight > 0], classes=3), weight=weight[weight > 0])
    assert_same(kept.votes, alone.votes)
    np.testing.assert_array_equal(kept.weight, alone.weight)
    assert is_in_file(kept.votes.code) == is_in_file(kept.weight) == (where == "files")


def rich_draw(kind, n, rng):
    """Sets of classes, or distributions of few or of many values, some of them abstaining."""
    if kind == "sets":
        return PartialVotes(rng.integers(0, 16, size=(n, 5)), k=4)
    probs = rng.dirichlet(np.ones(3), size=(n, 5))
    probs = np.eye(3)[probs.argmax(axis=2)] * 0.7 + 0.1 if kind == "few" else probs
    probs[rng.random((n, 5)) < 0.3] = np.nan
    return SoftVotes(probs)


def part_of(votes, rows):
    return PartialVotes(votes.masks[rows], votes.k) if isinstance(votes, PartialVotes) else SoftVotes(votes.probs[rows])


@pytest.mark.parametrize("size", [1, 7, 250, 1000])
@pytest.mark.parametrize("kind", ["sets", "few", "many"])
def test_richer_votes_in_chunks_read_as_the_whole(kind, size, where, rng):
    """Slots, their numbers and what they say are those of all rows at once."""
    n = 30 if size == 1 else 1000
    votes = rich_draw(kind, n, rng)
    chunks = [part_of(votes, slice(start, start + size)) for start in range(0, n, size)]
    read, whole = read_chunks(iter(chunks), takes=type(votes)).matrix(), slots_of(votes)
    assert_same(read, whole)
    np.testing.assert_array_equal(read.book.says, whole.book.says)
    np.testing.assert_array_equal(read.book.lf, whole.book.lf)
    assert is_in_file(read.code) == (where == "files")


def test_chunks_of_richer_votes_are_of_one_kind(rng):
    """Other classes, other votes, and votes that the reader does not take, are errors that say where."""
    votes = rich_draw("sets", 10, rng)
    with pytest.raises(VoteError, match="These are PartialVotes"):
        read_chunks(iter([votes]))
    with pytest.raises(VoteError, match=r"for 3 classes, but there are 4 \(rows from 10 on\)"):
        read_chunks(iter([votes, PartialVotes([[1] * 5], k=3)]), takes=PartialVotes)
    with pytest.raises(VoteError, match=r"for 4 classes, but there are 2 \(rows from 0 on\)"):
        read_chunks(iter([votes]), ["a", "b"], PartialVotes)
    with pytest.raises(VoteError, match=r"X has 1 features.*rows from 10 on"):
        read_chunks(iter([votes, PartialVotes([[1]], k=4)]), takes=PartialVotes)
    for mixed in ([votes, [[0] * 5]], [[[0] * 5], votes]):
        with pytest.raises(VoteError, match="must be of one kind"):
            read_chunks(iter(mixed), takes=PartialVotes)


def test_richer_votes_that_fail_leave_no_number_behind(rng):
    """What is met first afterwards gets the number that it would have had."""
    votes = rich_draw("sets", 40, rng)
    seen = SeenRows(None, PartialVotes)
    for rows in (slice(0, 20), slice(20, 40)):
        with pytest.raises(ParameterError):
            seen.add(part_of(votes, slice(None, None, -1)), sample_weight=[-1] * 40)
        seen.add(part_of(votes, rows))
    assert_same(seen.matrix(), slots_of(votes))
    np.testing.assert_array_equal(seen.matrix().book.says, slots_of(votes).book.says)
