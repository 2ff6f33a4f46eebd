"""Training on probabilities, for one or more tasks, as in ``snorkel.classification``. Importing it imports torch."""

from __future__ import annotations

from weaklab.snorkel.classification.data import DictDataLoader, DictDataset
from weaklab.snorkel.classification.loss import cross_entropy_with_probs
from weaklab.snorkel.classification.multitask_classifier import MultitaskClassifier
from weaklab.snorkel.classification.task import Operation, Task
from weaklab.snorkel.classification.training.loggers import (
    Checkpointer,
    CheckpointerConfig,
    LogManager,
    LogManagerConfig,
    LogWriter,
    LogWriterConfig,
    TensorBoardWriter,
)
from weaklab.snorkel.classification.training.trainer import Trainer

__all__ = [
    "Checkpointer",
    "CheckpointerConfig",
    "DictDataLoader",
    "DictDataset",
    "LogManager",
    "LogManagerConfig",
    "LogWriter",
    "LogWriterConfig",
    "MultitaskClassifier",
    "Operation",
    "Task",
    "TensorBoardWriter",
    "Trainer",
    "cross_entropy_with_probs",
]
