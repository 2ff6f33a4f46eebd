"""Where columns of votes are kept between calls of ``apply``: in memory, or in a folder."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

#: What a file begins with: its format, and the version of that.
MAGIC = b"weaklab votes 2\n"
_DIGEST = 32
#: What the memory of one process holds at most, in bytes of votes.
MEMORY = 256 * 1024 * 1024


class Kept(NamedTuple):
    """A column of votes, and what it cost.

    Attributes
    ----------
    votes : ndarray of shape (n,) or (n, k)
        Class codes, -1 where the labeling function abstains; masks of sets, 0 there; or distributions, NaN there.
    seconds : float
        How long the labeling function ran.
    """

    votes: np.ndarray
    seconds: float


class VoteStore(Protocol):
    """Keeps columns of votes under keys of 32 bytes."""

    def get(self, key: bytes) -> Kept | None:
        """What is kept under a key, or None."""

    def put(self, key: bytes, kept: Kept) -> None:
        """Keep something."""


class MemoryStore:
    """Columns of votes of this process; the ones used longest ago go first.

    Parameters
    ----------
    limit : int
        Bytes of votes.

    Examples
    --------
    >>> store = MemoryStore(limit=3)
    >>> store.put(b"a", Kept(np.array([0, 1], dtype=np.int8), 1.0))
    >>> store.put(b"b", Kept(np.array([1, 1], dtype=np.int8), 1.0))
    >>> store.get(b"a"), store.get(b"b").votes
    (None, array([1, 1], dtype=int8))
    """

    def __init__(self, limit: int = MEMORY) -> None:
        self.limit = limit
        self.size = 0
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._lock = threading.Lock()
        #: How long labeling functions ran on data of so many rows, by anything that says which they are.
        self.took: OrderedDict[Hashable, float] = OrderedDict()

    def get(self, key: bytes) -> Kept | None:
        """What is kept under a key, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: bytes, kept: Kept) -> None:
        """Keep a column, unless it is larger than the store."""
        with self._lock:
            old = self._kept.pop(key, None)
            self.size -= 0 if old is None else old.votes.nbytes
            self._kept[key] = kept
            self.size += kept.votes.nbytes
            while self.size > self.limit:
                _, gone = self._kept.popitem(last=False)
                self.size -= gone.votes.nbytes

    def note(self, what: Hashable, seconds: float) -> None:
        """Remember how long something took."""
        with self._lock:
            self.took[what] = seconds
            self.took.move_to_end(what)
            while len(self.took) > 10_000:
                self.took.popitem(last=False)

    def clear(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._kept.clear()
            self.took.clear()
            self.size = 0


class FolderStore:
    """Columns of votes in the files of a folder, one each, for any number of processes at once.

    A file is written under another name and then moved, so that a reader sees all of it or nothing. It ends in a
    checksum; a file that is cut, changed or of another format is no vote. What goes wrong is noted, and never raised.

    Parameters
    ----------
    path : Path
        The folder; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.troubles: list[str] = []
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.troubles.append(f"the folder cannot be made ({error})")

    def get(self, key: bytes) -> Kept | None:
        """What a file holds, or None where it is missing or damaged."""
        file = self._file(key)
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.troubles.append(f"{file.name} cannot be read ({error})")
            return None
        kept = _read(content, key)
        if kept is None:
            self.troubles.append(f"{file.name} is damaged")
        return kept

    def put(self, key: bytes, kept: Kept) -> None:
        """Write a file."""
        try:
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.path)
        except OSError as error:
            self.troubles.append(f"nothing can be written ({error})")
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_written(kept, key))
            os.replace(name, self._file(key))
        except OSError as error:
            self.troubles.append(f"nothing can be written ({error})")
            with suppress(OSError):
                os.unlink(name)

    def _file(self, key: bytes) -> Path:
        return self.path / f"{key.hex()}.votes"


def _written(kept: Kept, key: bytes) -> bytes:
    said = {"key": key.hex(), "dtype": kept.votes.dtype.str, "shape": kept.votes.shape, "seconds": kept.seconds}
    head = json.dumps(said).encode()
    content = MAGIC + head + b"\n" + kept.votes.tobytes()
    return content + hashlib.sha256(content).digest()


def _read(content: bytes, key: bytes) -> Kept | None:
    body, checksum = content[:-_DIGEST], content[-_DIGEST:]
    if not body.startswith(MAGIC) or hashlib.sha256(body).digest() != checksum:
        return None
    head, _, votes = body[len(MAGIC) :].partition(b"\n")
    said = json.loads(head)
    column = np.frombuffer(votes, dtype=np.dtype(said["dtype"]))
    if column.size != math.prod(said["shape"]) or said["key"] != key.hex():
        return None
    return Kept(column.reshape(said["shape"]), float(said["seconds"]))
