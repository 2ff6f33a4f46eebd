"""The folder that labels go to: finished parts in it, all else in ``_weaklab``; and whether to go on with it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from weaklab.apply.files.atomic import storage_errors, sync_folder, write_json
from weaklab.apply.files.inputs import Input
from weaklab.exceptions import OutputExistsError

#: What is written beside the parts.
OWN = "_weaklab"


@dataclass(frozen=True)
class OutputFolder:
    """Where what is made of each input goes.

    Attributes
    ----------
    path : Path
        The folder. What matches ``*.parquet`` in it is finished.

    Examples
    --------
    >>> OutputFolder(Path("out")).part("a").as_posix(), OutputFolder(Path("out")).quarantine("a").as_posix()
    ('out/a.parquet', 'out/_weaklab/quarantine/a.jsonl')
    """

    path: Path

    @property
    def own(self) -> Path:
        """The folder of all that is no part."""
        return self.path / OWN

    @property
    def temporary(self) -> Path:
        """The folder of files that are being written."""
        return self.own / "tmp"

    @property
    def job(self) -> Path:
        """What is done here: inputs, labeler and options."""
        return self.own / "job.json"

    @property
    def manifest(self) -> Path:
        """What there is, once all of it is."""
        return self.own / "manifest.json"

    @property
    def labeler(self) -> Path:
        """The labeler, where it can be saved."""
        return self.own / "labeler"

    def part(self, name: str) -> Path:
        """The rows of an input, with labels."""
        return self.path / f"{name}.parquet"

    def quarantine(self, name: str) -> Path:
        """The records of an input that are no rows."""
        return self.own / "quarantine" / f"{name}.jsonl"

    def record(self, name: str) -> Path:
        """The counts of a part; it is there once the part is."""
        return self.own / "parts" / f"{name}.json"

    @contextmanager
    def held(self, *, overwrite: bool) -> Iterator[None]:
        """Make the folder, and keep other processes from writing to it; on request, delete what was there.

        Raises
        ------
        OutputExistsError
            If one does so already.
        StorageError
            If it cannot be made.
        """
        with storage_errors(self.path):
            for folder in (self.temporary, self.own / "quarantine", self.own / "parts"):
                folder.mkdir(parents=True, exist_ok=True)
            lock = open(self.own / "lock", "ab")  # noqa: SIM115 (held to the end, which is also that of the lock)
        mine = False
        try:
            _lock(lock.fileno(), self.path)
            mine = True
            with storage_errors(self.path):
                shutil.rmtree(self.temporary)  # of a run that was killed
                self.temporary.mkdir()
            if overwrite:
                self._clear()
            yield
        finally:
            if mine:
                shutil.rmtree(self.temporary, ignore_errors=True)  # of processes that were killed too
            lock.close()

    def _clear(self) -> None:
        """Delete what was made before; what says that it was goes last."""
        with storage_errors(self.path):
            for part in self.path.glob("*.parquet"):
                part.unlink()
            for name in ("parts", "quarantine"):
                shutil.rmtree(self.own / name)
                (self.own / name).mkdir()
            for file in (self.manifest, self.labeler, self.job):
                file.unlink(missing_ok=True)
            sync_folder(self.path)

    def done(self, inputs: Sequence[Input]) -> dict[str, dict[str, Any]]:
        """The records of the parts that are finished, by the name of the input; damaged ones are not."""
        found = {}
        for each in inputs:
            try:
                record = json.loads(self.record(each.part).read_bytes())
                part = self.part(each.part)
                whole = part.stat().st_size == record["bytes"]
                if whole and pq.read_metadata(part).num_rows == record["rows_out"]:
                    found[each.name] = record
            except (OSError, ValueError, KeyError, pa.ArrowException):
                continue
        return found

    def keep(self, record: dict[str, Any]) -> None:
        """Write down that a part is finished."""
        write_json(self.record(record["part"].removesuffix(".parquet")), record, self.temporary)


def claim(folder: OutputFolder, job: dict[str, Any], inputs: Sequence[Input], *, overwrite: bool) -> None:
    """Check that a folder is empty or of the same job, or may be made so; before anything is written to it.

    Parameters
    ----------
    folder : OutputFolder
        The folder.
    job : dict
        What is to be done, in plain values. Its "labeler" is None where that cannot be told.
    inputs : sequence of Input
        What is read.
    overwrite : bool
        Whether what was made before is to be deleted.

    Raises
    ------
    OutputExistsError
        If there is something else, or an input would be replaced.
    """
    out = folder.path.resolve()
    for each in inputs:
        if out in each.path.resolve().parents:
            raise OutputExistsError(
                f"The input {str(each.path)!r} is in {str(folder.path)!r}; write to another folder."
            )
    if folder.path.exists() and not folder.path.is_dir():
        raise OutputExistsError(f"{str(folder.path)!r} is a file; labels go to a folder.")
    if overwrite:
        return
    there = [each.name for each in folder.path.iterdir() if each.name != OWN] if folder.path.is_dir() else []
    if not folder.job.exists():
        if there:
            raise OutputExistsError(
                f"{str(folder.path)!r} is not empty ({min(there)!r} and {len(there) - 1:,} more) and not of this job. "
                f"Give another folder, or overwrite=True, which deletes the Parquet files in it."
            )
        return
    differences = _differences(folder, job)
    if differences:
        raise OutputExistsError(
            f"{str(folder.path)!r} holds labels of another job: {'; '.join(differences)}. Give another folder, or "
            f"overwrite=True, which deletes them."
        )


def _differences(folder: OutputFolder, job: dict[str, Any]) -> list[str]:
    """In what the job of a folder is another one, in words."""
    try:
        before = json.loads(folder.job.read_bytes())
    except ValueError:
        return [f"{folder.job.name} is damaged"]
    said = []
    for name, value in json.loads(json.dumps(job)).items():
        old = before.get(name)
        if name == "inputs" and old != value:
            said.append(_other_inputs(old or [], value))
        elif name == "labeler" and (old != value or value is None):
            said.append(
                "the labeler is another one" if value and old else "whether the labeler is the same is not known"
            )
        elif name == "options" and isinstance(old, dict):
            said += [
                f"{key} was {old.get(key)!r:.200}, now {now!r:.200}"
                for key, now in value.items()
                if old.get(key) != now
            ]
        elif old != value:
            said.append(f"{name} was {old!r:.200}, now {value!r:.200}")
    return said


def _other_inputs(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> str:
    before, now = ({each["file"]: each for each in those} for those in (old, new))
    gone = [name for name in before if name not in now]
    more = [name for name in now if name not in before]
    changed = [name for name in now if name in before and now[name] != before[name]]
    said = [
        f"{len(names):,} {what} ({names[0]!r}{', ...' if len(names) > 1 else ''})"
        for what, names in (("inputs are gone", gone), ("are new", more), ("have changed", changed))
        if names
    ]
    return ", ".join(said) or "the inputs come in another order"


def _lock(handle: int, path: Path) -> None:
    """Lock a file until it is closed, where systems can; a process that is killed lets go too."""
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputExistsError(f"Another process is writing labels to {str(path)!r}.") from error
    except OSError:  # some network file systems have no locks
        return
