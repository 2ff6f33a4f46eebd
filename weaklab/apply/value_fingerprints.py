"""Fingerprints of plain values and of containers: two are equal only where the values are.

Equality is one-sided on purpose. Two fingerprints may differ although nothing that matters does (then a labeling
function is run once more); they are never equal where something that was read differs. What cannot be judged by its
value raises :class:`Unfingerprintable`.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

Self = TypeVar("Self", bound="ValueFingerprinter")

#: Kinds that marshal writes by value, exactly, and without a trace of identity (in its second version).
PLAIN = frozenset((bool, int, float, complex, str, bytes, type(None), type(Ellipsis)))
#: Items of a container that are taken in at once; and how many make it a large one.
_PIECE, _LARGE = 65_536, 1000


class Unfingerprintable(Exception):
    """Something has no fingerprint: the message says what, and completes "it ..."."""


class TooSlow(Unfingerprintable):
    """A fingerprint would take longer than it may save."""


class ValueFingerprinter:
    """Takes values in, one after the other, and gives one digest of them all.

    Parameters
    ----------
    deadline : float
        The time of ``perf_counter`` at which to give up.
    shared : dict, optional
        Digests of large values, for fingerprinters that work at the same time on functions that share them.
    loads : bool
        Whether to import installed modules that a function imports while it runs; else it has no fingerprint before.
    """

    def __init__(
        self,
        deadline: float = float("inf"),
        shared: dict[int, tuple[Any, bytes]] | None = None,
        loads: bool = False,
    ) -> None:
        self.deadline = deadline
        self.loads = loads
        self.shared = {} if shared is None else shared
        self._hash = hashlib.sha256()
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []  # an id is only good for as long as its object lives
        self._steps = 0

    def digest(self) -> bytes:
        """The digest of all that was added, 32 bytes."""
        return self._hash.digest()

    def token(self, kind: str, content: bytes | memoryview = b"") -> None:
        """Take bytes in, marked so that no other sequence of tokens reads the same."""
        self._hash.update(f"{kind}:{len(content)}:".encode())
        self._hash.update(content)

    def check_time(self) -> None:
        """Give up when it takes too long.

        Raises
        ------
        TooSlow
            After the deadline.
        """
        if perf_counter() > self.deadline:
            raise TooSlow("takes longer to fingerprint than it may save")

    def taker_of(self, value: Any) -> Callable[[Any, Any], None]:
        """The method that takes in values of a kind."""
        raise NotImplementedError

    def add(self, value: Any) -> None:
        """Take a value in, all the way down.

        Raises
        ------
        Unfingerprintable
            If it, or something in it, cannot be judged by its value.
        """
        kind = type(value)
        if kind in PLAIN:
            self.token("plain", marshal.dumps(value, 2))
            return
        self._steps += 1
        if self._steps % 64 == 0:
            self.check_time()
        if id(value) in self._seen:
            self.token("seen", self._seen[id(value)].to_bytes(8, "little"))
            return
        self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        if _is_large(value):
            self.token("large", self._digest_of(value))
        else:
            self.take(value)

    def inner(self: Self) -> Self:
        """Another one for something inside what this one takes in."""
        return type(self)(self.deadline, self.shared, self.loads)

    def _digest_of(self, value: Any, take: Callable[[Any, Any], None] | None = None) -> bytes:
        if id(value) not in self.shared:
            inner = self.inner()
            inner._seen[id(value)] = 0
            (take or type(inner).take)(inner, value)
            self.shared[id(value)] = (value, inner.digest())  # an id is only good while its object lives
        return self.shared[id(value)][1]

    def take(self, value: Any) -> None:
        """Take in what is no plain value, and was not seen before."""
        try:
            self.taker_of(value)(self, value)
        except RecursionError:
            raise Unfingerprintable(f"reads a {type(value).__name__} that is nested too deeply") from None

    def _list(self, items: Any) -> None:
        self.token(f"{type(items).__name__} of {len(items)}")
        for start in range(0, len(items), _PIECE):
            self._piece(items if len(items) <= _PIECE else items[start : start + _PIECE])

    def _piece(self, items: Any) -> None:
        if set(map(type, items)) <= PLAIN:
            self.token("plain", marshal.dumps(items, 2))
            self.check_time()
            return
        for item in items:
            self.add(item)

    def _set(self, items: Any) -> None:
        self.token(f"{type(items).__name__} of {len(items)}")
        self.check_time()
        if set(map(type, items)) <= PLAIN:
            parts = [marshal.dumps(item, 2) for item in items]
        else:
            parts = []
            for item in items:
                inner = self.inner()
                inner.add(item)
                parts.append(inner.digest())
        self.token("sorted", b"".join(sorted(parts)))

    def _dict(self, items: Any) -> None:
        self.token("dict")
        self._list(list(items))
        self._list(list(items.values()))

    def _array(self, array: np.ndarray) -> None:
        self.token("array", f"{array.dtype.descr!r} {array.shape}".encode())
        if array.dtype.hasobject:
            self._list(array.ravel().tolist())
        elif array.size and array.dtype.itemsize:
            self.token("bytes", memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data))


def _is_large(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size > _LARGE
    return type(value) in (list, tuple, set, frozenset, dict) and len(value) > _LARGE
