"""When to log, to evaluate, and to write weights."""

from __future__ import annotations

from typing import Any, NamedTuple

from weaklab.exceptions import ParameterError
from weaklab.snorkel.classification.multitask_classifier import MultitaskClassifier
from weaklab.snorkel.classification.training.loggers.checkpointer import Checkpointer
from weaklab.snorkel.classification.training.loggers.log_writer import LogWriter


class LogManagerConfig(NamedTuple):
    """What is counted ("epochs", "batches" or "points"), and after how many of them scores are computed."""

    counter_unit: str = "epochs"
    evaluation_freq: float = 1.0


class LogManager:
    """Counts rows, batches and epochs, and says when it is time.

    Parameters
    ----------
    n_batches_per_epoch : int
        How many batches make an epoch.
    log_writer : LogWriter, optional
        What is closed at the end.
    checkpointer : Checkpointer, optional
        What gives the best weights at the end.
    **kwargs
        ``counter_unit`` and ``evaluation_freq``.

    Raises
    ------
    ParameterError
        If the unit is not known.

    Examples
    --------
    >>> manager = LogManager(n_batches_per_epoch=2)
    >>> for _ in range(2):
    ...     manager.update(batch_size=10)
    >>> manager.trigger_evaluation(), manager.trigger_evaluation(), manager.epoch_total
    (True, False, 1.0)
    """

    def __init__(
        self,
        n_batches_per_epoch: int,
        log_writer: LogWriter | None = None,
        checkpointer: Checkpointer | None = None,
        **kwargs: Any,
    ) -> None:
        self.config = LogManagerConfig(**kwargs)
        self.n_batches_per_epoch, self.log_writer, self.checkpointer = n_batches_per_epoch, log_writer, checkpointer
        self.counter_unit, self.evaluation_freq = self.config.counter_unit, self.config.evaluation_freq
        if self.counter_unit not in ("points", "batches", "epochs"):
            raise ParameterError(f"Unrecognized counter_unit: {self.counter_unit}")
        self.point_total, self.batch_total, self.epoch_total, self.unit_total = 0, 0, 0.0, 0.0
        self.trigger_count = 0
        self.reset()

    def update(self, batch_size: int) -> None:
        """Count a batch.

        Parameters
        ----------
        batch_size : int
            Its rows.
        """
        self.point_count += batch_size
        self.point_total += batch_size
        self.batch_count += 1
        self.batch_total += 1
        self.epoch_count = self.batch_count / self.n_batches_per_epoch
        self.epoch_total = self.batch_total / self.n_batches_per_epoch
        unit = self.counter_unit
        self.unit_count = {"points": self.point_count, "batches": self.batch_count, "epochs": self.epoch_count}[unit]
        self.unit_total = {"points": self.point_total, "batches": self.batch_total, "epochs": self.epoch_total}[unit]

    def trigger_evaluation(self) -> bool:
        """Whether it is time to compute scores; the count begins anew if it is."""
        due = self.unit_count >= self.evaluation_freq
        if due:
            self.trigger_count += 1
            self.reset()
        return due

    def trigger_checkpointing(self) -> bool:
        """Whether it is time to write weights, after some evaluations."""
        due = self.checkpointer is not None and self.trigger_count >= self.checkpointer.checkpoint_factor
        if due:
            self.trigger_count = 0
        return due

    def reset(self) -> None:
        """Count since the last evaluation anew; totals stay."""
        self.point_count, self.batch_count, self.epoch_count, self.unit_count = 0, 0, 0.0, 0.0

    def cleanup(self, model: MultitaskClassifier) -> MultitaskClassifier:
        """Close the log, delete checkpoints, and give the model the best weights.

        Parameters
        ----------
        model : MultitaskClassifier
            What was trained.

        Returns
        -------
        MultitaskClassifier
            The same.
        """
        if self.log_writer is not None:
            self.log_writer.cleanup()
        if self.checkpointer is not None:
            self.checkpointer.clear()
            model = self.checkpointer.load_best_model(model)
        return model
