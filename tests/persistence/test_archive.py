"""Hostile files: each is one clear error, and nothing of it runs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weaklab as wl
from weaklab.exceptions import PersistenceError, WeaklabError

VOTES = np.array([[0, 1, -1], [1, 1, 1], [2, -1, 2], [0, 0, 1]] * 5)
MANIFEST = "manifest.json"


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def path(tmp_path) -> Path:
    return wl.DawidSkene(classes=3).fit(VOTES).save(tmp_path / "a.weaklab")


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write members with the SHA-256 that they have, as whoever forges a file would."""
    manifest = json.loads(members[MANIFEST])
    arrays = [members[f"arrays/{i}.npy"] for i in range(len(members) - 1) if f"arrays/{i}.npy" in members]
    manifest["sha256"] = [hashlib.sha256(array).hexdigest() for array in arrays]
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in {**members, MANIFEST: json.dumps(manifest).encode()}.items():
            archive.writestr(name, data)
    return path


def forged(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    members = members_of(path)
    manifest = json.loads(members[MANIFEST])
    manifest = change(manifest) or manifest
    return write(path, {**members, MANIFEST: json.dumps(manifest).encode()})


def refused(path: Path, match: str) -> None:
    with pytest.raises(PersistenceError, match=match) as raised:
        wl.load(path)
    assert str(path) in str(raised.value)


def npy(array: np.ndarray, shape: tuple[int, ...] | None = None, descr: str | None = None) -> bytes:
    out = io.BytesIO()
    header = {"descr": descr or array.dtype.str, "fortran_order": False, "shape": shape or array.shape}
    np.lib.format.write_array_header_1_0(out, header)
    return out.getvalue() + array.tobytes()


def test_a_file_of_another_kind_is_told(tmp_path):
    """The commonest mistake of all."""
    other = tmp_path / "a.csv"
    other.write_text("text,label\n")
    refused(other, "no file that weaklab saved")
    other.write_bytes(b"")
    refused(other, "no file that weaklab saved")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "hello")
    refused(other, r"no manifest\.json")
    refused(tmp_path, "cannot be read")


def test_a_later_version_says_what_to_do(path):
    """Files outlive the version that wrote them."""
    refused(forged(path, lambda manifest: manifest.update(version=99, weaklab="9.0")), r"99.*weaklab 9\.0; upgrade")


@pytest.mark.parametrize("version", [0, -1, True, "1", None, 1.5])
def test_a_version_that_is_none_is_refused(path, version):
    """Rather than read as one."""
    refused(forged(path, lambda manifest: manifest.update(version=version)), "version")


def test_a_pickle_in_the_place_of_an_array_is_not_read(path, tmp_path):
    """It would run."""
    there = tmp_path / "ran"
    members = members_of(path)
    out = io.BytesIO()
    np.lib.format.write_array(out, np.array([Bomb(there)], dtype=object), allow_pickle=True)
    for data in (out.getvalue(), pickle.dumps(Bomb(there))):
        write(path, {**members, "arrays/0.npy": data})
        refused(path, "holds object|no file that weaklab saved")
    assert not there.exists()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (npy(np.zeros(3), shape=(10**15,)), "says shape"),
        (npy(np.zeros(3), shape=(2**40, 2**40, 2**40)), "says shape"),
        (npy(np.zeros(3), shape=(-3,)), "shape"),
        (npy(np.zeros(0), shape=(10**9, 0)), "."),
        (npy(np.zeros(3), shape=(2,)), "says shape"),
        (npy(np.zeros(3), descr="|O"), "object"),
        (npy(np.zeros(3), descr="|V8"), "only numbers"),
        (b"\x93NUMPY\x03\x00" + npy(np.zeros(3))[8:], "version"),
        (b"\x93NUMPY\x01\x00" + struct.pack("<H", 60_000) + b"(" * 60_000, "."),
        (b"", "."),
    ],
    ids=["huge", "beyond 64 bits", "negative", "empty", "short", "objects", "void", "version", "header", "nothing"],
)
def test_arrays_that_are_not_what_they_say_are_refused(path, data, match):
    """Before memory is asked for."""
    refused(write(path, {**members_of(path), "arrays/0.npy": data}), match)


def test_compressed_members_are_refused(path):
    """So that no file unpacks to more than its size."""
    members = {**members_of(path), "arrays/0.npy": npy(np.zeros(10**6))}
    refused(write(path, members, zipfile.ZIP_DEFLATED), "compressed")


def test_members_that_share_bytes_are_refused(path):
    """The other kind of zip bomb: thousands of entries for the same bytes."""
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    at = struct.unpack("<I", data[end + 16 : end + 20])[0]
    entries = bytes(data[at:end])
    first = entries[: entries.find(b"PK\x01\x02", 4)]
    repeated = b"".join(first.replace(b"manifest.json", f"manifest{i:05d}".encode()[:13]) for i in range(500))
    count, size = data[end + 8 : end + 10], len(repeated) + len(entries)
    total = struct.unpack("<H", count)[0] + 500
    tail = bytearray(data[end:])
    tail[8:12], tail[12:16] = struct.pack("<HH", total, total), struct.pack("<I", size)
    path.write_bytes(bytes(data[:at]) + repeated + entries + bytes(tail))
    refused(path, ".")


@pytest.mark.parametrize("name", ["../evil.npy", "/tmp/evil.npy", "arrays/../../evil", "arrays/00.npy", "a.py"])
def test_members_of_other_names_are_refused(path, name):
    """Nothing is unpacked to the disk, but no such file is ours."""
    members = members_of(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, members["arrays/0.npy"])
    refused(path, "is none that weaklab writes")


def test_a_member_that_is_there_twice_is_refused(path):
    """Two readers might read two models."""
    members = members_of(path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(MANIFEST, members[MANIFEST])
    refused(path, "twice")


def test_keys_that_are_there_twice_are_refused(path):
    """As with members."""
    members = members_of(path)
    text = members[MANIFEST].replace(b'{"format"', b'{"format":"weaklab","format"', 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**members, MANIFEST: text}.items():
            archive.writestr(name, data)
    refused(path, "twice")


def test_arrays_that_were_exchanged_are_refused(path):
    """Their CRC is right; the SHA-256 in the manifest is not."""
    members = members_of(path)
    members["arrays/0.npy"], members["arrays/1.npy"] = members["arrays/1.npy"], members["arrays/0.npy"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    refused(path, "SHA-256")


def test_members_in_another_order_are_the_same_file(path):
    """A zip has no order."""
    expected = wl.load(path).predict_proba(VOTES)
    with_order = dict(reversed(members_of(path).items()))
    assert np.array_equal(wl.load(write(path, with_order)).predict_proba(VOTES), expected)


@pytest.mark.parametrize(
    "node",
    [
        {"!": "object", "class": "os.system", "of": []},
        {"!": "object", "class": "builtins.eval", "of": []},
        {"!": "object", "class": ["Labeler"], "of": []},
        {"!": "object", "class": "LabelModel", "of": []},
        {"!": "object", "class": "LabelModel", "of": [["__class__ ", 1]]},
        {"!": "object", "class": "PairTable", "of": [["lf", 1], ["vote", 2], ["k", 3], ["more", 4]]},
        {"!": "record", "class": "LabelModel", "of": []},
        {"!": "record", "class": "Expected", "of": [1]},
        {"!": "made", "class": "LabelModel", "of": []},
        {"!": "made", "class": "KeywordLF", "of": [1, 2, 3]},
        {"!": "made", "class": "ExpressionLF", "of": [{"!": "bytes", "of": "AAAA"}, "spam", "x"]},
        {"!": "module", "class": "LabelModel", "of": []},
        {"!": "module", "class": "Network", "of": [["_parameters", 1], ["_buffers", 1], ["_modules", 1]]},
        {"!": "type", "of": "os.system"},
        {"!": "dtype", "of": "object"},
        {"!": "dtype", "of": "<O8"},
        {"!": "values", "of": [1], "dtype": "os.system"},
        {"!": "generator", "of": {"!": "dict", "of": [["bit_generator", "seed"]]}},
        {"!": "given", "of": "part module"},
        {"!": "member", "of": 3, "name": "x"},
        {"!": "ref", "of": 999},
        {"!": "array", "of": -1},
        {"!": "array", "of": 10**9},
        {"!": "objects", "of": [], "shape": [10**12]},
        {"!": "sparse", "of": ["csr", "array", [10**6, 10**6], {"!": "array", "of": 0}, {"!": "array", "of": 0}, 3]},
        {"!": "torch", "of": {"!": "dict", "of": [["kind", "device"], ["name", "nowhere"]]}},
        {"!": "torch", "of": {"!": "dict", "of": [["kind", "dtype"], ["name", "load"]]}},
        {"!": "__class__", "of": 1},
        {"!": "init__", "of": 1},
        {"!": "decode", "of": 1},
        {"!": None},
        {},
        3,
        "text",
        None,
        [[[]]],
    ],
    ids=repr,
)
def test_nodes_that_stand_for_no_model_are_refused(path, node):
    """Only classes of the table are made, of the parts that they have."""
    refused(forged(path, lambda manifest: manifest.update(root=node)), ".")


def test_json_that_is_nested_without_end_is_refused(path):
    """Python's own stack must not overflow."""
    members = members_of(path)
    for deep in ("[" * 100_000 + "]" * 100_000, '{"!":"tuple","of":[' * 2_000 + "]}" * 2_000):
        text = b'{"format":"weaklab","version":1,"needed":{},"sha256":[],"root":' + deep.encode() + b"}"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(MANIFEST, text)
        refused(path, ".")
    assert members


def nodes(tree: Any, tag: str) -> list[dict[str, Any]]:
    """All nodes of a tag."""
    if isinstance(tree, dict):
        return [*([tree] if tree.get("!") == tag else []), *(n for value in tree.values() for n in nodes(value, tag))]
    return [n for value in tree for n in nodes(value, tag)] if isinstance(tree, list) else []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # logarithms of what a forged file says
@pytest.mark.parametrize("kind", ["zeros", "huge numbers", "another length", "another dimension", "nan", "texts"])
@pytest.mark.parametrize("model", ["DawidSkene", "LabelModel", "MajorityVote", "WeightedVote", "GLAD", "EBCC"])
def test_arrays_of_other_content_never_reach_a_kernel_unchecked(model, kind, tmp_path):
    """A kernel trusts its arrays: one that is too short would be read beyond its end."""
    from weaklab import label_models

    path = getattr(label_models, model)(classes=3).fit(VOTES).save(tmp_path / "a.weaklab")
    members = members_of(path)
    arrays = [name for name in members if name != MANIFEST]
    for name in arrays:
        array = np.load(io.BytesIO(members[name]))
        other = {
            "zeros": np.zeros_like,
            "huge numbers": lambda array: np.full_like(array, 10**9 if array.dtype.itemsize > 4 else 100),
            "another length": lambda array: array[:-1] if array.ndim else array[None],
            "another dimension": lambda array: array[..., None],
            "nan": lambda array: np.full(array.shape, np.nan),
            "texts": lambda array: np.full(array.shape, "x"),
        }[kind]
        try:
            changed = np.ascontiguousarray(other(array))
        except (TypeError, ValueError):  # such as a text of zeros
            continue
        write(path, {**members, name: npy(changed)})
        try:
            predicted = wl.load(path).predict_proba(VOTES)
        except (WeaklabError, ValueError, TypeError, IndexError, AttributeError):
            continue
        assert predicted.shape == (len(VOTES), 3)
