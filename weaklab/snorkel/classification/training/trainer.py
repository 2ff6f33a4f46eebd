"""Training of classifiers of one or more tasks."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import optim
from tqdm.auto import tqdm

from weaklab.end_models.borrowing import borrowed_torch
from weaklab.end_models.optimizers import build_optimizer
from weaklab.end_models.precision import Precision
from weaklab.end_models.schedules import share_at
from weaklab.exceptions import NotConvergedWarning, ParameterError, did_you_mean, warn_caller
from weaklab.snorkel.classification.data import Batch, DictDataLoader
from weaklab.snorkel.classification.multitask_classifier import MultitaskClassifier
from weaklab.snorkel.classification.storage import read_state, write_state
from weaklab.snorkel.classification.training import learning_rate
from weaklab.snorkel.classification.training.loggers import (
    Checkpointer,
    LogManager,
    LogWriter,
    TensorBoardWriter,
)
from weaklab.snorkel.classification.training.losses import RunningLosses
from weaklab.snorkel.classification.training.schedulers import batch_schedulers
from weaklab.snorkel.classification.training.settings import IN_FILES_OF_SNORKEL, TrainerConfig
from weaklab.snorkel.utils.config_utils import merge_config, plain

_LOG_WRITERS: dict[str, type[LogWriter]] = {"json": LogWriter, "tensorboard": TensorBoardWriter}


class Trainer:
    """Trains a :class:`MultitaskClassifier` on batches of dicts. For one task, :class:`weaklab.EndModel` is simpler.

    Parameters
    ----------
    name : str, optional
        A name; by default that of the class.
    **kwargs
        Settings; those within a setting as a dict.

        ``n_epochs``, ``lr``, ``l2`` (added to the gradients), ``grad_clip`` (the most norm of all gradients; 0 is any);
        ``seed``: the order of batches and dropout are drawn from it, and torch's own state is left as it was; by
        default they are drawn from that;
        ``train_split``, ``valid_split``, ``test_split``: which datasets are trained on, scored on the way, and neither;
        ``optimizer``: "adam", "sgd" or "adamax", with ``optimizer_config``;
        ``lr_scheduler``: "constant", "linear", "exponential" or "step", by batches, with ``lr_scheduler_config``;
        ``batch_scheduler``: whether loaders come "shuffled" or "sequential"; ``progress_bar``;
        ``log_manager_config``: when scores are computed; ``logging``, ``log_writer`` ("json" or "tensorboard"),
        ``log_writer_config``; ``checkpointing``, ``checkpointer_config``: whether the best weights are kept.
        ``model_config`` has no meaning.

    Attributes
    ----------
    config : TrainerConfig
        All settings.
    metrics : dict of str to float
        The last losses ("task/dataset/split/loss", and "model/all/train/loss"), scores and learning rate.
    optimizer, lr_scheduler, batch_scheduler, checkpointer, log_manager, log_writer
        What the last training used.

    Raises
    ------
    ParameterError
        If there is no setting of a name.

    Examples
    --------
    See :class:`MultitaskClassifier`.

    >>> Trainer(n_epochs=2, optimizer_config={"sgd_config": {"momentum": 0.5}}).config.n_epochs
    2
    """

    optimizer: optim.Optimizer
    log_manager: LogManager
    n_batches_per_epoch: int

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        self.config: TrainerConfig = merge_config(TrainerConfig(), kwargs)
        self.name = name if name is not None else type(self).__name__
        self.metrics: dict[str, float] = {}
        self._optimizer_state: dict[str, Any] | None = None
        if "model_config" in kwargs:
            warn_caller(
                "model_config: without meaning, in Snorkel's Trainer too; give device= to MultitaskClassifier.",
                DeprecationWarning,
            )

    def fit(self, model: MultitaskClassifier, dataloaders: Sequence[DictDataLoader]) -> None:
        """Train a classifier.

        Parameters
        ----------
        model : MultitaskClassifier
            What is trained, from the weights that it has.
        dataloaders : sequence of DictDataLoader
            Batches of all splits; each is used as its dataset's split says.

        Raises
        ------
        ParameterError
            If a split is not known, none is that of training, nothing there is labeled for a task, or a setting is not
            what it should be.
        """
        self._check_dataloaders(dataloaders)
        training = [loader for loader in dataloaders if loader.dataset.split == self.config.train_split]
        labels = {label for loader in training for label in loader.dataset.Y_dict}
        if labels.isdisjoint(model.task_names):
            raise ParameterError(
                f"The data to train on have labels {sorted(labels)}, none of which is a task of {model}: "
                f"{sorted(model.task_names)}."
            )
        self.n_batches_per_epoch = sum(len(loader) for loader in training)
        self._prepare(model)
        self.metrics = {}
        self._losses = RunningLosses()
        model.train()
        seed = None if self.config.seed is None else int(self.config.seed)
        with borrowed_torch(model.device, n_jobs=None, seed=seed):
            for epoch in range(self.config.n_epochs):
                self._train_epoch(epoch, model, training, dataloaders)
        self.metrics |= self._state_of_training()
        self.log_manager.cleanup(model)

    def _check_dataloaders(self, dataloaders: Sequence[DictDataLoader]) -> None:
        config = self.config
        splits = [config.train_split, config.valid_split, config.test_split]
        found = [loader.dataset.split for loader in dataloaders]
        if not set(found) <= set(splits):
            raise ParameterError(f"Dataloader splits must be one of {splits}; got {found}.")
        if config.train_split not in found:
            raise ParameterError(
                f"Cannot find any dataloaders with split matching train split: {config.train_split}; got {found}."
            )

    def _prepare(self, model: MultitaskClassifier) -> None:
        config = self.config
        self.log_writer: LogWriter | None = None
        if config.logging:
            kind = _choose("log_writer", config.log_writer, _LOG_WRITERS)
            self.log_writer = kind(**config.log_writer_config._asdict())
        self.checkpointer: Checkpointer | None = None
        if config.checkpointing:
            when = config.log_manager_config
            self.checkpointer = Checkpointer(
                when.counter_unit, when.evaluation_freq, **config.checkpointer_config._asdict()
            )
        self.log_manager = LogManager(
            self.n_batches_per_epoch,
            log_writer=self.log_writer,
            checkpointer=self.checkpointer,
            **config.log_manager_config._asdict(),
        )
        self.batch_scheduler = _choose("batch_scheduler", config.batch_scheduler, batch_schedulers)()
        self.optimizer = self._build_optimizer(model)
        if self._optimizer_state is not None:
            self._take_up(self._optimizer_state)
            self._optimizer_state = None
        self.precision = Precision("float32", model.device)
        self.total_batches = self.n_batches_per_epoch * config.n_epochs
        self.warmup_steps = learning_rate.warmup_batches(
            config.lr_scheduler_config, self.n_batches_per_epoch, self.total_batches
        )
        self.lr_scheduler = learning_rate.resolve(
            config.lr_scheduler, config.lr_scheduler_config, config.lr, self.total_batches, self.warmup_steps
        )
        self._set_rate(0)

    def _build_optimizer(self, model: MultitaskClassifier) -> optim.Optimizer:
        config, settings = self.config, self.config.optimizer_config
        fused = model.device.type in ("cpu", "cuda")
        kinds: dict[str, Any] = {
            "sgd": lambda weights, lr: optim.SGD(
                # not fused: torch's fails where a batch has no gradients for some weights, such as other tasks' heads
                weights,
                lr=lr,
                weight_decay=config.l2,
                **settings.sgd_config._asdict(),
            ),
            "adam": lambda weights, lr: optim.Adam(
                weights, lr=lr, weight_decay=config.l2, fused=fused, **settings.adam_config._asdict()
            ),
            "adamax": lambda weights, lr: optim.Adamax(
                weights, lr=lr, weight_decay=config.l2, **settings.adamax_config._asdict()
            ),
        }
        kind = _choose("optimizer", config.optimizer, kinds)
        return build_optimizer(kind, model, config.lr, config.l2, model.device)

    def _set_rate(self, batches: int) -> None:
        rate = self.config.lr * share_at(self.lr_scheduler, batches / max(self.total_batches, 1))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _train_epoch(
        self,
        epoch: int,
        model: MultitaskClassifier,
        training: Sequence[DictDataLoader],
        dataloaders: Sequence[DictDataLoader],
    ) -> None:
        with tqdm(total=self.n_batches_per_epoch, disable=not self.config.progress_bar, desc=f"Epoch {epoch}:") as bar:
            shown = time.monotonic()
            for batch, loader in self.batch_scheduler.get_batches(training):
                self._step(model, batch, f"{loader.dataset.name}/{loader.dataset.split}")
                self._note(model, dataloaders)
                bar.update()
                if self.config.progress_bar and time.monotonic() - shown > 0.5:  # reading losses waits for the device
                    bar.set_postfix(self.metrics | self._state_of_training())
                    shown = time.monotonic()
            bar.set_postfix(self.metrics)

    def _step(self, model: MultitaskClassifier, batch: Batch, source: str) -> None:
        X_dict, Y_dict = batch
        self.optimizer.zero_grad()
        losses, counts = model.calculate_loss(X_dict, Y_dict)
        self._losses.add(source, losses, counts)
        if losses:
            self.precision.backward(torch.stack(list(losses.values())).sum())
            self.precision.step(self.optimizer, self.config.grad_clip or None)
        self.log_manager.update(len(next(iter(Y_dict.values()))))
        self._set_rate(self.log_manager.batch_total)

    def _note(self, model: MultitaskClassifier, dataloaders: Sequence[DictDataLoader]) -> None:
        """Compute, log and save what it is time for."""
        if not self.log_manager.trigger_evaluation():
            return
        found = self._state_of_training()
        loss = found.get("model/all/train/loss", 0.0)
        if not math.isfinite(loss):
            warn_caller(f"The training loss is {loss}: lower lr={self.config.lr!r}.", NotConvergedWarning)
        found |= model.score([loader for loader in dataloaders if loader.dataset.split == self.config.valid_split])
        self.metrics |= found
        if self.log_writer is not None:
            for name, value in found.items():
                self.log_writer.add_scalar(name, value, self.log_manager.point_total)
        if self.log_manager.trigger_checkpointing() and self.checkpointer is not None:
            self.checkpointer.checkpoint(self.log_manager.unit_total, model, found)
        self._losses = RunningLosses()
        model.train()

    def _state_of_training(self) -> dict[str, float]:
        return self._losses.means() | {"model/all/train/lr": self.optimizer.param_groups[0]["lr"]}

    def save(self, trainer_path: str) -> None:
        """Write settings, and the state of the optimizer if there was training, to a file; folders are made.

        Parameters
        ----------
        trainer_path : str or Path
            The file.
        """
        optimizer = getattr(self, "optimizer", None)
        state = None if optimizer is None else optimizer.state_dict()
        write_state({"trainer_config": plain(self.config), "optimizer_state_dict": state}, trainer_path)

    def load(self, trainer_path: str, model: MultitaskClassifier | None = None) -> None:
        """Take up what ``save``, or that of Snorkel, wrote; the next ``fit`` goes on with the state of the optimizer.

        Parameters
        ----------
        trainer_path : str or Path
            The file.
        model : MultitaskClassifier or None
            What was trained, with the weights that it then had; without it, only settings are taken up.

        Raises
        ------
        FileNotFoundError
            If there is no file.
        ParameterError
            If it is none of a Trainer, or of another classifier.
        """
        found = read_state(trainer_path, "a saved Trainer", IN_FILES_OF_SNORKEL)
        if "trainer_config" not in found:
            raise ParameterError(f"{str(trainer_path)!r} is not a saved Trainer: it holds {sorted(found)[:5]}.")
        self.config = merge_config(TrainerConfig(), found["trainer_config"])
        state = found["optimizer_state_dict"]
        if model is not None and state is not None:
            self.optimizer = self._build_optimizer(model)
            self._take_up(state)
            self._optimizer_state = state

    def _take_up(self, state: dict[str, Any]) -> None:
        shapes = [weights.shape for group in self.optimizer.param_groups for weights in group["params"]]
        try:
            self.optimizer.load_state_dict(state)
        except ValueError as error:
            raise ParameterError(f"The saved optimizer is of a classifier with other weights: {error}") from error
        kept = [value for group in self.optimizer.param_groups for value in group["params"]]
        for place, (weights, shape) in enumerate(zip(kept, shapes, strict=True)):
            for name, value in self.optimizer.state.get(weights, {}).items():
                if isinstance(value, torch.Tensor) and value.dim() and value.shape != shape:
                    raise ParameterError(
                        f"The saved optimizer is of a classifier with other weights: {name} of weights {place} is of "
                        f"shape {tuple(value.shape)}, they of {tuple(shape)}."
                    )


def _choose(setting: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise ParameterError(f"Unrecognized {setting} option '{name}'.{did_you_mean(name, known)}")
    return known[name]
