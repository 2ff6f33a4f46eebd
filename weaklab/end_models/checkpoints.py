"""Training that survives a kill: its whole state in one file, written so that a whole one is always there."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import time
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from weaklab.end_models.dataset_rows import DatasetRows
from weaklab.end_models.rows import SparseRows
from weaklab.end_models.streaming import StreamedRows
from weaklab.end_models.training_rows import restore, state_of
from weaklab.exceptions import ParameterError

if TYPE_CHECKING:
    from weaklab.end_models.training import Training, TrainingData

FORMAT = 1
_UNREADABLE = (
    *(OSError, RuntimeError, EOFError, LookupError, TypeError, ValueError),
    *(pickle.UnpicklingError, zipfile.BadZipFile),
)
_CHUNK = 1 << 16  # rows hashed at a time


class Checkpoint:
    """Where and how often the state of a training is saved, and the way back.

    The file holds the weights, the optimizer, the precision's scale, the states of the generators (that of torch too,
    from which dropout and noise are drawn, of each process of a team), what loss terms and samplers remember, the best
    weights, the history and the place within the epoch: all that the next step depends on, so that training goes on
    with the same bits. It is read with
    ``torch.load(weights_only=True)``, which runs no code from it.

    Parameters
    ----------
    path : str or Path
        The file; its folder must exist.
    every : int or timedelta
        Epochs; or the time after which it is saved also within an epoch (in a team, at the end of one).
    settings : mapping from str to str
        What a training must have in common with the one that wrote the file.
    data : TrainingData
        The rows; they must be the same too.
    """

    def __init__(
        self, path: str | os.PathLike[str], every: int | timedelta, settings: Mapping[str, str], data: TrainingData
    ) -> None:
        self.path, self.every = Path(path), every
        self.settings = json.dumps({**settings, "data": fingerprint(data)})
        self.saved = time.monotonic()

    def resume(self, training: Training) -> None:
        """Take up the state in the file, if there is one.

        Raises
        ------
        ParameterError
            If the file is no checkpoint, or one of other data, other arguments (those are named) or more epochs.
        """
        if not self.path.exists():
            if not self.path.parent.is_dir():
                raise ParameterError(f"checkpoint={str(self.path)!r}: there is no folder {str(self.path.parent)!r}.")
            return
        state = self._read()
        done = len(state["run"]["log"])
        if done > training.max_epochs:
            raise ParameterError(
                f"checkpoint={str(self.path)!r} has {done} epochs done, more than max_epochs={training.max_epochs}. "
                "Raise max_epochs to train on, or delete the file to begin anew."
            )
        training.model.load_state_dict(state["model"])
        training.optimizer.load_state_dict(state["optimizer"])
        training.precision.load_state_dict(state["precision"])
        restore(training.loss, state["loss"])
        restore(training.sampler, state["sampler"])
        training.generator.set_state(state["generator"])
        training.batch_size = state["batch_size"]
        device = training.data.target.device
        run = {name: value.to(device) if isinstance(value, Tensor) else value for name, value in state["run"].items()}
        training.run.load_state_dict(run)
        torch.set_rng_state(state["torch"][training.team.rank])
        if device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"][training.team.rank], device)

    def step_over(self, training: Training) -> None:
        """Save if it is time to, within an epoch."""
        if isinstance(self.every, timedelta) and training.team.alone and self._is_time():
            self.save(training)

    def epoch_over(self, training: Training) -> None:
        """Save if it is time to, and when training is over."""
        run = training.run
        over = run.epoch == training.max_epochs or run.stopped or run.stale(training.patience)
        timed = self._is_time() if isinstance(self.every, timedelta) else run.epoch % self.every == 0
        if training.team.agreed(over or timed, training.data.target.device):
            self.save(training)

    def save(self, training: Training) -> None:
        """Write the state beside the file, and put it in its place when it is whole."""
        team, device = training.team, training.data.target.device
        state = {
            "format": FORMAT,
            "settings": self.settings,
            "model": training.model.state_dict(),
            "optimizer": training.optimizer.state_dict(),
            "precision": training.precision.state_dict(),
            "loss": state_of(training.loss),
            "sampler": state_of(training.sampler),
            "generator": training.generator.get_state(),
            "batch_size": training.batch_size,
            "run": training.run.state_dict(),
            "torch": team.gathered(torch.get_rng_state()),
            "cuda": team.gathered(torch.cuda.get_rng_state(device)) if device.type == "cuda" else [],
        }
        if team.rank == 0:
            self._write(state)
        self.saved = time.monotonic()

    def _write(self, state: dict[str, Any]) -> None:
        beside = self.path.with_name(self.path.name + ".part")
        with beside.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def _is_time(self) -> bool:
        return isinstance(self.every, timedelta) and time.monotonic() - self.saved >= self.every.total_seconds()

    def _read(self) -> dict[str, Any]:
        what = f"checkpoint={str(self.path)!r}"
        if self.path.is_dir():
            raise ParameterError(f"{what} is a folder. Name a file in it, which need not be there yet.")
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            version, found = state["format"], json.loads(state["settings"])
        except _UNREADABLE as error:
            raise ParameterError(
                f"{what} cannot be read; it is no checkpoint of weaklab, or not a whole one ({type(error).__name__}). "
                "Delete the file to begin anew, or name another."
            ) from error
        if version != FORMAT:
            raise ParameterError(f"{what} has format {version!r}, this version of weaklab reads {FORMAT}.")
        wanted = json.loads(self.settings)
        other = [name for name in wanted if found.get(name) != wanted[name]]
        if other:
            shown = "; ".join(f"{name}: {found.get(name)} there, {wanted[name]} here" for name in other)
            raise ParameterError(
                f"{what} is of a training with other {' and '.join(other)}, so it cannot go on here. Delete the file, "
                f"or name another. ({shown})"
            )
        return dict(state)


def fingerprint(data: TrainingData) -> str:
    """A hash of all rows, labels and weights, and of which rows are held out.

    Of a Dataset only the number and the shape of rows count: its items may be drawn at random.
    """
    digest = hashlib.blake2b(digest_size=16)
    held = data.rows.held if isinstance(data.rows, StreamedRows) else data.rows
    rows = held if isinstance(held, (SparseRows, DatasetRows)) else data.rows
    if isinstance(rows, DatasetRows):
        digest.update(str(rows.shape).encode())
    parts: list[Any] = [] if isinstance(rows, DatasetRows) else [rows]
    parts = [rows.indptr, rows.columns, rows.values] if isinstance(rows, SparseRows) else parts
    for tensor in [*parts, data.target, data.weight, data.train, data.held_out]:
        digest.update(str((tuple(tensor.shape), tensor.dtype)).encode())
        for chunk in tensor.split(_CHUNK) if tensor.numel() else ():
            digest.update(chunk.contiguous().cpu().numpy().data)
    return digest.hexdigest()
