"""Sets and distributions are reused as classes are, and never change what is reused beside them."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply, clear_cache
from weaklab.apply.run import vote_table
from weaklab.apply.vote_cache import FolderStore, Kept
from weaklab.exceptions import CacheWarning, FaultWarning
from weaklab.labeling import graph_lf, keyword_lf, labeling_function, model_lf, threshold_lf

CLASSES = ["cat", "dog", "rose"]
FRAME = pd.DataFrame({"text": ["soft fur", "petals", "loud bark", "?"], "n": [1, 2, 3, 4]})
PARENTS = {"cat": "animal", "dog": "animal", "rose": "plant"}


def hard(row):
    return {1: "cat", 2: "rose"}.get(row.n)


@labeling_function(output="set")
def some(row):
    return {"cat", "dog"} if row.n % 2 else None


@labeling_function(output="set", batch=True)
def some_of_all(frame):
    return [("dog", "rose") if n > 2 else ("cat",) for n in frame.n]


@labeling_function(output="soft")
def sure(row):
    return [0.1, 0.2, 0.7] if row.n != 2 else None


def model(texts):
    return np.array([[0.2, 0.3, 0.5] if "fur" in text else [1 / 3] * 3 for text in texts])


def kinds():
    """A list of labeling functions for each kind of result, all afresh."""
    words = keyword_lf("petals", column="text", label="rose")
    graph = graph_lf(keyword_lf("fur", column="text", label="animal"), PARENTS)
    climbs = graph_lf(lambda row: "plant" if row.n == 2 else "animal", PARENTS, name="climbs")
    return {
        "hard": [hard, words, threshold_lf("n", above=3, label="dog")],
        "set": [some, graph, climbs, hard, words, some_of_all],
        "soft": [sure, model_lf(model, column="text", labels=CLASSES, output="soft", name="model"), graph, hard, some],
    }


def run(lfs, cache, frame=FRAME, **options):
    return apply(lfs, frame, cache=cache, progress=False, **{"classes": CLASSES, **options})


def values(votes):
    """The array in votes of any kind."""
    return getattr(votes, "masks", getattr(votes, "probs", votes))


def assert_same(one, other):
    assert type(one) is type(other)
    np.testing.assert_array_equal(values(one), values(other))


@pytest.mark.parametrize("kind", ["set", "soft"])
def test_all_are_reused_whatever_the_kind(kind, tmp_path):
    """One of them must not make the others run again, and the votes are the same to the bit."""
    lfs = kinds()[kind]
    first = run(lfs, tmp_path)
    assert "reused" not in first.attrs
    assert "not_reused" not in first.attrs
    again = run(kinds()[kind], tmp_path)
    assert again.attrs["reused"] == again.names == tuple(getattr(lf, "name", "hard") for lf in lfs)
    assert_same(again, first)
    assert_same(again, run(lfs, False))


@pytest.mark.parametrize("before", ["hard", "set", "soft"])
@pytest.mark.parametrize("after", ["hard", "set", "soft"])
def test_a_column_is_reused_beside_functions_of_another_kind(before, after, tmp_path):
    """To add a function that returns distributions must not cost a run of all others."""
    run(kinds()[before], tmp_path)
    votes = run(kinds()[after], tmp_path)
    shared = {getattr(lf, "name", "hard") for lf in kinds()[before]}
    assert votes.attrs["reused"] == tuple(
        name for name in (getattr(lf, "name", "hard") for lf in kinds()[after]) if name in shared
    )
    assert "hard" in votes.attrs["reused"]
    assert_same(votes, run(kinds()[after], False))


def test_memory_keeps_them_too():
    """With nothing asked for."""

    def slowly(vote):
        def lf(row):
            time.sleep(0.0002)
            return vote

        return lf

    def lfs():
        return [
            labeling_function(name="hard")(slowly("cat")),
            labeling_function(name="some", output="set")(slowly({"cat", "rose"})),
            labeling_function(name="sure", output="soft")(slowly([0.25, 0.25, 0.5])),
        ]

    clear_cache()
    frame = pd.concat([FRAME] * 100, ignore_index=True)
    first = run(lfs(), None, frame)
    again = run(lfs(), None, frame)
    assert again.attrs["reused"] == ("hard", "some", "sure")
    assert_same(first, again)
    assert run(lfs()[:2], None, frame).attrs["reused"] == ("hard", "some")


def test_what_a_vote_is_is_part_of_it(tmp_path):
    """The same code means a set, or one class for certain."""

    def both(row):
        return [1, 0]

    of_sets, of_shares = (labeling_function(name="both", output=output)(both) for output in ("set", "soft"))
    assert run([of_sets], tmp_path, classes=2).masks.tolist() == [[3]] * 4
    assert run([of_shares], tmp_path, classes=2).probs.tolist() == [[[1.0, 0.0]]] * 4
    assert run([of_sets], tmp_path, classes=2).attrs["reused"] == ("both",)


@pytest.mark.parametrize("output", ["set", "soft"])
def test_what_changed_is_run_again(output, tmp_path):
    """The code, the data, the classes."""

    def make(n):
        vote = {"set": lambda row: {row.n % n, 0}, "soft": lambda row: {row.n % n: 0.5, n: 0.5}}[output]
        return labeling_function(name="lf", output=output)(vote)

    options = {"classes": 4}
    first = run([make(2)], tmp_path, **options)
    assert "reused" not in run([make(3)], tmp_path, **options).attrs
    moved = FRAME.assign(n=FRAME.n[::-1].to_numpy())
    assert_same(run([make(2)], tmp_path, moved, **options), run([make(2)], False, moved, **options))
    assert "reused" not in run([make(2)], tmp_path, classes=5).attrs
    assert_same(run([make(2)], tmp_path, **options), first)


def test_a_graph_is_part_of_its_function(tmp_path):
    """What a node stands for is read, and not the base alone."""
    base = keyword_lf("fur", column="text", label="animal")
    assert run([graph_lf(base, PARENTS, name="g")], tmp_path).masks.tolist() == [[3], [0], [0], [0]]
    other = {"cat": "animal", "dog": "pet", "rose": "plant"}
    assert run([graph_lf(base, other, name="g")], tmp_path).masks.tolist() == [[1], [0], [0], [0]]


def test_a_function_that_failed_is_run_again(tmp_path):
    """Its faults are told each time; the others are reused."""
    wrong = labeling_function(name="wrong", output="soft")(lambda row: [0.5, 0.5, row.n - 1.0])
    for _ in range(2):
        with pytest.warns(FaultWarning, match="'wrong' on 3 of 4 rows"):
            votes = run([wrong, sure, some, hard], tmp_path, on_error="abstain")
    assert votes.attrs["reused"] == ("sure", "some", "hard")


@pytest.mark.parametrize("kind", ["set", "soft"])
def test_damaged_files_are_run_anew_with_one_warning(kind, tmp_path):
    """Cut, empty, or changed by a bit, each costs a run and never a vote."""
    lfs = kinds()[kind]
    first = run(lfs, tmp_path)
    for damage in (
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
    ):
        for file in tmp_path.iterdir():
            file.write_bytes(damage(file.read_bytes()))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            votes = run(lfs, tmp_path)
        assert [each.category for each in caught] == [CacheWarning]
        assert f"is damaged, and {len(lfs) - 1} more; run anew" in str(caught[0].message)
        assert_same(votes, first)
        assert len(run(lfs, tmp_path).attrs["reused"]) == len(lfs)


@pytest.mark.parametrize("shape", [(4,), (4, 2), (3, 3), (12,)])
def test_votes_of_another_shape_are_not_taken(shape, tmp_path):
    """Whole files, written by whoever has the key."""
    first = run([sure], tmp_path)
    (file,) = tmp_path.iterdir()
    FolderStore(tmp_path).put(bytes.fromhex(file.stem), Kept(np.full(shape, 0.5), 1.0))
    votes = run([sure], tmp_path)
    assert "reused" not in votes.attrs
    assert_same(votes, first)


@pytest.mark.parametrize("k", [2, 5, 53, 64])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_gives_back_what_was_written(k, seed):
    """However it was promoted: all classes, all sets, and shares that are no sum of powers of two."""
    rng = np.random.default_rng(seed)
    codes = np.append(rng.integers(-1, k, 200), [k - 1, 0, -1])
    masks = rng.integers(0, 2**k, 203, dtype=np.uint64) & rng.integers(0, 2**k, 203, dtype=np.uint64)
    masks[:3] = [0, 1 << (k - 1), 2**k - 1]
    probs = rng.dirichlet(np.ones(k), 203)
    probs[::7] = np.nan
    rows = slice(None)
    for output in ("hard", "set", "soft"):
        table = vote_table(203, 3, k, output, {})
        table.write(0, rows, codes)
        np.testing.assert_array_equal(table.column(0, "hard"), codes)
        if output != "hard":
            table.write_set(1, rows, masks)
            np.testing.assert_array_equal(table.column(1, "set"), masks)
            assert table.column(1, "set").dtype == np.uint64
        if output == "soft":
            table.write_soft(2, rows, probs)
            np.testing.assert_array_equal(table.column(2, "soft"), probs)
