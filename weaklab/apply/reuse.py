"""Which columns of votes need not be made again, and which of the new ones are worth keeping."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from weaklab.apply.data_fingerprints import DataFingerprints
from weaklab.apply.fingerprints import Fingerprinter
from weaklab.apply.frames import FrameReader
from weaklab.apply.libraries import is_library
from weaklab.apply.plan import LF
from weaklab.apply.run import Run
from weaklab.apply.steadiness import CHANGES
from weaklab.apply.surroundings import surroundings
from weaklab.apply.value_fingerprints import TooSlow, Unfingerprintable
from weaklab.apply.vote_cache import MAGIC, FolderStore, Kept, MemoryStore, VoteStore
from weaklab.exceptions import CacheWarning, ParameterError, warn_caller
from weaklab.labeling import (
    BandsLF,
    ExpressionLF,
    KeywordLF,
    LabelingFunction,
    LearnedLF,
    LookupLF,
    Output,
    RegexLF,
    ThresholdLF,
    VoteCoder,
)

logger = logging.getLogger("weaklab.apply")

#: Functions that are nothing but data, read one column, and are run faster than that is fingerprinted, mostly.
_QUICK = (KeywordLF, RegexLF, ThresholdLF, BandsLF, LookupLF)
#: Those that see the columns which they name, and no others; a pattern's ``verify`` may take the row.
_BY_COLUMN = (*_QUICK, ExpressionLF, LearnedLF)
#: What a fingerprint may cost, as a share of the time of the labeling functions that it is for.
_SHARE = 0.2
#: Seconds to judge all labeling functions before their times are known; what one takes mostly; and, as a share of
#: their times, what they may take together.
_FIRST, _USUAL, _JUDGED = 0.05, 0.0002, 0.05
#: Seconds that each of several processes may take to judge all labeling functions: short beside its start.
_LOOK = 0.2
#: Seconds to take in one cell, from below: 60 bytes of text at the 1 GB/s of SHA-256 in hardware.
_CELL = 60e-9

_MEMORY = MemoryStore()


def clear_cache() -> None:
    """Forget all votes that ``apply`` keeps in memory; folders of votes stay.

    Examples
    --------
    >>> clear_cache()
    """
    _MEMORY.clear()


def make_reuse(cache: Any, reader: FrameReader, coder: VoteCoder) -> Reuse | None:
    """What ``apply(cache=...)`` asks for.

    Raises
    ------
    ParameterError
        If it is neither None, False nor a path.
    """
    if cache is None:
        return Reuse(_MEMORY, reader, coder)
    if cache is False:
        return None
    if not isinstance(cache, (str, os.PathLike)):
        raise ParameterError(f"cache={cache!r} must be None (in memory), False (off), or the path of a folder.")
    return Reuse(FolderStore(Path(cache)), reader, coder)


class Reuse:
    """Finds votes that were made before, and keeps new ones.

    In memory a fingerprint is only taken where it costs a small part of what it may save. In a folder, which a user
    asked for, it is always taken.

    Parameters
    ----------
    store : MemoryStore or FolderStore
        Where votes are kept.
    reader : FrameReader
        The frame.
    coder : VoteCoder
        The classes.

    Attributes
    ----------
    reused : tuple of str
        The labeling functions whose votes were found.
    not_kept : dict of str to str
        Those that are run each time, and why.
    """

    def __init__(self, store: VoteStore, reader: FrameReader, coder: VoteCoder) -> None:
        self.store = store
        self.memory = store if isinstance(store, MemoryStore) else None
        self.reader = reader
        self.coder = coder
        self.reused: tuple[str, ...] = ()
        self.not_kept: dict[str, str] = {}
        self._data = DataFingerprints(reader)
        self._digests: dict[int, bytes] = {}  # by column

    def find(self, lfs: Sequence[LF]) -> dict[int, np.ndarray]:
        """Votes that were made before, by the place of the labeling function.

        Parameters
        ----------
        lfs : sequence of labeling functions
            What is to be applied.

        Returns
        -------
        dict of int to ndarray of shape (n,) or (n, k)
            Class codes, masks of sets or distributions, as each votes.
        """
        self._lfs = list(lfs)
        took = self.memory.took if self.memory else {}
        judge = self._judge(sum(took.get((lf.name, self.reader.n), 0.0) for lf in lfs))
        for column, lf in enumerate(lfs):
            if self.memory and not self._may_be_slow(lf):
                continue
            digest = judge(lf)
            if digest is not None:
                self._digests[column] = digest
        known = [
            column for column in self._digests if not self.memory or (self._digests[column], self.reader.n) in took
        ]
        limit = sum(took.get((self._digests[column], self.reader.n), 0.0) for column in known) / 2
        found = {}
        for column in known:
            key = self._key(column, limit)
            kept = None if key is None else self.store.get(key)
            if kept is not None and kept.votes.shape == self._shape(column):
                found[column] = kept.votes
        self.reused = tuple(lfs[column].name for column in found)
        return found

    @property
    def judged(self) -> set[int]:
        """The columns of labeling functions that have a fingerprint."""
        return set(self._digests)

    @property
    def look(self) -> float:
        """How many seconds another process may look at what they read, before and after."""
        return _LOOK if self.memory else float("inf")

    def keep(self, run: Run) -> None:
        """Keep the columns of votes that are finished, without a fault, and worth it."""
        n = self.reader.n
        ran = [
            column
            for column, lf in enumerate(self._lfs)
            if lf.name not in self.reused
            and run.done[column] == n
            and lf.name not in run.faults.failed_names
            and (not isinstance(lf, LearnedLF) or lf.finished)
        ]
        for column in ran:
            if self.memory:
                self.memory.note((self._lfs[column].name, n), float(run.seconds[column]))
        if self.memory:
            ran = self._worth(ran, run.seconds)
        limit = float(run.seconds[ran].sum()) * _SHARE
        judge = self._judge(float(run.seconds[ran].sum()))
        for column in ran:
            name, before = self._lfs[column].name, self._digests.get(column)
            quick = isinstance(self._lfs[column], _QUICK)
            after = judge(self._lfs[column]) if before is not None or quick else None
            if after is None:
                continue
            if before is None:
                before = self._digests[column] = after  # data, which running it cannot change
            if before != after:
                self.not_kept.setdefault(name, CHANGES)
                continue
            if column in run.unsure:
                self.not_kept.setdefault(name, run.unsure[column])
                continue
            key = self._key(column, limit, have_run=self.memory is not None)  # in a folder, data was taken in before
            if key is not None:
                seconds = float(run.seconds[column])
                self.store.put(key, Kept(run.table.column(column, self._output(column)), seconds))
                if self.memory:
                    self.memory.note((after, n), seconds)

    def report(self) -> None:
        """Say what was reused, what is run each time, and what is wrong with the folder."""
        if self.reused:
            logger.info("reused the votes of %d of %d labeling functions", len(self.reused), len(self._lfs))
        why = "; ".join(f"{name!r} {reason}" for name, reason in self.not_kept.items())
        if why:
            logger.info("not reused, run each time: %s", why)
        if not isinstance(self.store, FolderStore):
            return
        troubles = list(dict.fromkeys(self.store.troubles))
        said = (
            [f"{troubles[0]}{f', and {len(troubles) - 1} more' if troubles[1:] else ''}; run anew"] if troubles else []
        )
        said += [f"run each time: {why}"] if why else []
        if said:
            warn_caller(f"cache {str(self.store.path)!r}: {'. '.join(said)}.", CacheWarning)

    def _may_be_slow(self, lf: LF) -> bool:
        took = self.memory.took.get((lf.name, self.reader.n)) if self.memory else None
        return not isinstance(lf, _QUICK) if took is None else took > _USUAL

    def _worth(self, ran: list[int], seconds: np.ndarray) -> list[int]:
        """Those that are slow enough: quick ones each alone, the others together."""
        cells = self.reader.n * _CELL
        kept = [c for c in ran if not isinstance(self._lfs[c], _QUICK)]
        if seconds[kept].sum() * _SHARE < cells * len(self.reader.names):
            kept = []
        return kept + [c for c in ran if isinstance(self._lfs[c], _QUICK) and seconds[c] > 2 * cells + _USUAL]

    def _judge(self, seconds: float) -> Callable[[LF], bytes | None]:
        """A function that gives digests of labeling functions which took so long, all at about the same time."""
        limit = max(_FIRST, seconds * _JUDGED) if self.memory else float("inf")
        deadline = perf_counter() + limit
        shared: dict[int, tuple[Any, bytes]] = {}
        versions = (MAGIC, sys.version, np.__version__, pd.__version__, pl.__version__)
        around = surroundings().text()

        def judge(lf: LF) -> bytes | None:
            taker = Fingerprinter(deadline, shared)
            try:
                taker.check_time()
                taker.add((versions, around, self.coder.classes))
                taker.add(lf)
            except TooSlow:
                return None
            except Unfingerprintable as reason:
                self.not_kept.setdefault(lf.name, str(reason))
                return None
            return taker.digest()

        return judge

    def _key(self, column: int, seconds: float, *, have_run: bool = False) -> bytes | None:
        """The key of a labeling function on this data; None where the data has no fingerprint, or none in time."""
        lf = self._lfs[column]
        deadline = perf_counter() + seconds if self.memory else float("inf")
        try:
            if isinstance(lf, _BY_COLUMN) and is_library(type(lf).__module__):
                data = self._data.columns(lf.columns, deadline)
            else:
                batch = isinstance(lf, LabelingFunction) and lf.batch
                data = self._data.whole(deadline, with_index=batch, have_run=have_run)
        except TooSlow:
            return None
        except Unfingerprintable as reason:
            self.not_kept.setdefault(lf.name, str(reason))
            return None
        kind = type(self.reader).__name__  # cells of pandas and of polars are not the same objects
        said = f"{kind} {self._output(column)} {self.reader.n} ".encode()
        return hashlib.sha256(said + self._digests[column] + data).digest()

    def _output(self, column: int) -> Output:
        return getattr(self._lfs[column], "output", "hard")

    def _shape(self, column: int) -> tuple[int, ...]:
        return (self.reader.n, self.coder.k or 0) if self._output(column) == "soft" else (self.reader.n,)
