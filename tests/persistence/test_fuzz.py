"""Damaged and hostile files by the hundred: each is a PersistenceError, or loads what was saved; nothing runs."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weaklab as wl
from weaklab.exceptions import PersistenceError, PersistenceWarning

MANIFEST = "manifest.json"
#: What JSON is changed to: of other types, beyond bounds, and names of what must never run.
STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 10**30, -(2**63), 1e308, "", "x", "os.system", "__class__", "\ud800", [], {}, [[]]),
    *({"!": "ref", "of": 0}, {"!": "array", "of": 0}, {"!": "float", "of": "nan"}, {"!": "type", "of": "int"}),
    *({"!": "given", "of": "x"}, {"!": "object", "class": "LabelModel", "of": []}, {"!": "dict", "of": [[[], 1]]}),
    {"!": "object", "class": "subprocess.Popen", "of": [["args", "true"]]},
)
_SEEN: list[str] = []
_WATCHED = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "pickle.find_class", "shutil", "socket")


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event.startswith(_WATCHED):
        _SEEN.append(event)


sys.addaudithook(_watch)


def flipped(data: bytes, rng: random.Random) -> bytes:
    """One to eight bits flipped."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    """Cut off, or with a piece taken out, doubled or made zero."""
    start, stop = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return rng.choice((data[:start], data[start:], data[:start] + data[stop:], data[:stop] + data[start:],
                       data[:start] + bytes(stop - start) + data[stop:]))  # fmt: skip


def edited(data: bytes, rng: random.Random, path: Path) -> bytes:
    """JSON that says something else, in a zip that is whole; the SHA-256 is that of the arrays."""
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members[MANIFEST])
    arrays = [name for name in members if name != MANIFEST]
    if len(arrays) > 1 and rng.random() < 0.2:
        one, other = rng.sample(arrays, 2)
        members[one], members[other] = members[other], members[one]
    manifest["sha256"] = [hashlib.sha256(members[f"arrays/{i}.npy"]).hexdigest() for i in range(len(arrays))]
    for _ in range(rng.choice((1, 1, 3))):
        change(manifest, rng)
    members[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return path.read_bytes()


def change(tree: Any, rng: random.Random) -> None:
    """One place of a tree, at any depth, changed."""
    places = []
    stack = [tree]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                stack.append(node[key])
    node, key = rng.choice(places)
    action = rng.randrange(4)
    if action == 0 and isinstance(node, dict):
        del node[key]
    elif action == 1 and len(places) > 1:
        other, where = rng.choice(places)
        node[key] = json.loads(json.dumps(other[where]))
    elif action == 2 and isinstance(node, list):
        node.append(rng.choice(STRANGE))
    else:
        node[key] = rng.choice(STRANGE)


@pytest.fixture(scope="module")
def files(cases, tmp_path_factory) -> dict[str, tuple[bytes, np.ndarray, Any]]:
    """Small files of every kind, with what they predict."""
    folder = tmp_path_factory.mktemp("fuzz")
    names = ("Labeler", "LabelModel", "PartialLabelModel", "EndModel-mixed", "JointModel", "SoftLabelClassifier")
    out = {}
    for name in names:
        item, predict = cases[name]
        out[name] = (item.save(folder / name).read_bytes(), predict(item), predict)
    return out


def try_many(files: dict[str, Any], path: Path, count: int, seed: int) -> dict[str, int]:
    """Load ``count`` damaged files; those of damaged bytes must be refused or be as they were."""
    rng = random.Random(seed)
    told = {"refused": 0, "the same": 0, "another": 0}
    for i in range(count):
        data, expected, predict = files[rng.choice(list(files))]
        kind = (flipped, cut, edited)[i % 3]
        path.write_bytes(kind(data, rng, path) if kind is edited else kind(data, rng))
        before = len(_SEEN)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PersistenceWarning)
                loaded = wl.load(path)
        except PersistenceError:
            told["refused"] += 1
            continue
        finally:
            assert _SEEN[before:] == []
        if kind is edited:  # it may say another model; that is no damage
            told["another"] += 1
            continue
        assert np.array_equal(predict(loaded), expected)
        told["the same"] += 1
    return told


def test_three_hundred_damaged_files(files, tmp_path):
    """Whatever happened to a file, the one error tells it."""
    told = try_many(files, tmp_path / "a.weaklab", 300, seed=0)
    assert told["refused"] > 200


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 7))
def test_twelve_thousand_damaged_files(files, tmp_path, seed):
    """The same, 2,000 at a time."""
    told = try_many(files, tmp_path / "a.weaklab", 2_000, seed)
    assert told["refused"] > 1_200
