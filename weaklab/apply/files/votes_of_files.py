"""``votes_of_files``: labeling functions over files, as chunks of votes that a label model learns from."""

from __future__ import annotations

import pickle
import tempfile
import warnings
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from weaklab.apply.applier import AnyLF, OnError, apply
from weaklab.apply.files.crew import run_here, run_work
from weaklab.apply.files.inputs import Input, find_inputs
from weaklab.apply.files.label_files import Paths
from weaklab.apply.files.shapes import Shape, read_batches, shape_of
from weaklab.apply.plan import LF, check_lfs
from weaklab.apply.processes import count_jobs
from weaklab.exceptions import FaultWarning, LabelingFunctionError, warn_caller
from weaklab.typing import Classes
from weaklab.votes import VoteChunks


class _Chunk(NamedTuple):
    """Votes on some rows, and what went wrong there."""

    votes: Any
    unread: int
    faults: dict[str, tuple[int, str]]


def votes_of_files(
    lfs: AnyLF | Iterable[AnyLF],
    inputs: Paths,
    *,
    classes: Classes = None,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str] | None = None,
    on_error: OnError = "raise",
    n_jobs: int = 1,
    batch_rows: int | None = None,
) -> VoteChunks:
    """The votes of labeling functions on files, for ``fit`` of a label model that need not hold the rows.

    The files are read each time the chunks are asked for. ``fit`` asks once, and keeps votes in packed form.

    Parameters
    ----------
    lfs : labeling function, or iterable of labeling functions
        What to run.
    inputs, columns, types, batch_rows
        The files, as :func:`weaklab.label_files` takes them. All must have the columns of the first.
    classes : int or sequence of hashable, optional
        As for :func:`weaklab.apply`.
    on_error : {"raise", "abstain"}
        What to do where a labeling function raises, as for :func:`weaklab.apply`; failures are counted over all files.
    n_jobs : int
        How many processes, each of which takes a file at a time; -1 is one per core. Chunks come in the same order.

    Returns
    -------
    VoteChunks
        Records that cannot be read have no votes; a FaultWarning counts them.

    Raises
    ------
    DatasetError, ColumnError, LabelingFunctionError
        If files or labeling functions are not what they should be; what fails on a row does so when it is read.

    Examples
    --------
    >>> import pandas as pd
    >>> from weaklab.label_models import MajorityVote
    >>> from weaklab.labeling import keyword_lf
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name, texts in {"a": ["free money", "hello"], "b": ["free", "hello you"]}.items():
    ...     pd.DataFrame({"text": texts}).to_parquet(folder / f"{name}.parquet")
    >>> lfs = [keyword_lf("free", column="text", label=1), keyword_lf("hello", column="text", label=0)]
    >>> MajorityVote().fit(votes_of_files(lfs, folder / "*.parquet")).n_rows_
    4
    """
    work = _VoteWork(tuple(check_lfs(lfs)), None, classes, on_error, batch_rows)
    jobs, found = count_jobs(n_jobs), find_inputs(inputs)
    work = work._with(shape_of(found, columns, types, misfits=False))
    return VoteChunks(_Source(work, found, jobs))


@dataclass(frozen=True)
class _VoteWork:
    """Runs labeling functions over an input."""

    lfs: tuple[LF, ...]
    shape: Shape | None
    classes: Classes
    on_error: OnError
    rows: int | None

    def _with(self, shape: Shape) -> _VoteWork:
        return _VoteWork(self.lfs, shape, self.classes, self.on_error, self.rows)

    def __call__(self, each: Input) -> Iterator[_Chunk]:
        assert self.shape is not None
        for batch in read_batches(each, self.shape, self.rows):
            frame = batch.frame()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", FaultWarning)  # told once, of all files
                    votes = apply(
                        self.lfs, frame, classes=self.classes, on_error=self.on_error, cache=False, progress=False
                    )
            except LabelingFunctionError as error:
                raise type(error)(f"In {str(each.path)!r}: {error}") from error
            faults = {name: (fault.count, fault.reason) for name, fault in votes.attrs.pop("faults", {}).items()}
            votes.attrs.clear()
            yield _Chunk(votes, len(batch.bad), faults)


@dataclass(frozen=True)
class _Spooling:
    """Does the work of another process: chunks go to a file, which alone is told of."""

    work: _VoteWork
    folder: Path

    def __call__(self, each: Input) -> Iterator[Path]:
        path = self.folder / f"{each.part}.votes"
        with open(path, "wb") as file:
            for chunk in self.work(each):
                pickle.dump(chunk, file, protocol=5)
        yield path


class _Source:
    """Gives chunks of votes in the order of the inputs, each time that it is called."""

    def __init__(self, work: _VoteWork, inputs: Sequence[Input], jobs: int) -> None:
        self.work, self.inputs, self.jobs = work, inputs, jobs

    def __repr__(self) -> str:
        return f"votes of {len(self.work.lfs)} labeling functions on {len(self.inputs):,} files"

    def __call__(self) -> Iterator[Any]:
        unread, failed, reasons = 0, Counter[str](), dict[str, str]()
        chunks = self._in_processes() if min(self.jobs, len(self.inputs)) > 1 else self._here()
        with closing(chunks):
            for chunk in chunks:
                unread += chunk.unread
                for name, (count, reason) in chunk.faults.items():
                    failed[name] += count
                    reasons.setdefault(name, reason)
                yield chunk.votes
        if unread:
            warn_caller(
                f"{unread:,} records of the inputs cannot be read and have no votes; label_files says which and why.",
                FaultWarning,
            )
        if failed:
            said = "; ".join(f"{name!r} on {count:,} rows ({reasons[name]})" for name, count in failed.items())
            warn_caller(f"Labeling functions failed and abstained there: {said}.", FaultWarning)

    def _here(self) -> Generator[_Chunk, None, None]:
        for _, chunk in run_here(self.work, self.inputs):
            yield chunk

    def _in_processes(self) -> Generator[_Chunk, None, None]:
        """Chunks that other processes wrote, as soon as it is their turn."""
        with tempfile.TemporaryDirectory(prefix="weaklab-") as name:
            written: dict[Input, Path] = {}
            turn = 0
            work = _Spooling(self.work, Path(name))
            with closing(run_work(work, self.inputs, self.jobs)) as messages:
                for each, path in messages:
                    written[each] = path
                    while turn < len(self.inputs) and self.inputs[turn] in written:
                        yield from _read(written.pop(self.inputs[turn]))
                        turn += 1


def _read(path: Path) -> Iterator[_Chunk]:
    """The chunks in a file of this process's own making, which is deleted."""
    with open(path, "rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                break
    path.unlink()
