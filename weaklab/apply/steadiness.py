"""Whether labeling functions leave what they read as it was, in a process where nobody else can see it."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from weaklab.apply.fingerprints import Fingerprinter
from weaklab.apply.surroundings import surroundings
from weaklab.apply.value_fingerprints import TooSlow, Unfingerprintable

CHANGES = "changes what it reads while it runs"


class Steadiness:
    """What labeling functions read when they began, to be compared with what that is in the end.

    Parameters
    ----------
    lfs : mapping of int to labeling function
        By place; or anything else that can be judged.
    seconds : float
        How long to look at them, each time.

    Examples
    --------
    >>> seen = []
    >>> steady = Steadiness({0: seen, 1: "a"})
    >>> seen.append(3)
    >>> steady.changes()
    {0: 'changes what it reads while it runs'}
    """

    def __init__(self, lfs: Mapping[int, Any], seconds: float = float("inf")) -> None:
        self.lfs = lfs
        self.seconds = seconds
        self._before, self._reasons = self._look()

    def changes(self) -> dict[int, str]:
        """Why the votes of some may differ next time, by place."""
        after, reasons = self._look()
        changed = {place: CHANGES for place, digest in after.items() if self._before.get(place, digest) != digest}
        return {**reasons, **self._reasons, **changed}

    def _look(self) -> tuple[dict[int, bytes], dict[int, str]]:
        digests, reasons = {}, {}
        deadline = perf_counter() + self.seconds
        shared: dict[int, tuple[Any, bytes]] = {}
        around = surroundings().text()
        for place, lf in self.lfs.items():
            taker = Fingerprinter(deadline, shared, loads=True)
            try:
                taker.check_time()
                taker.add((around, lf))
            except TooSlow as reason:
                reasons[place] = str(reason)
            except Unfingerprintable as reason:
                reasons[place] = f"{reason} (in another process)"
            else:
                digests[place] = taker.digest()
        return digests, reasons
