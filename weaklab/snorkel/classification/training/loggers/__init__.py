"""Logs and checkpoints of training, as in ``snorkel.classification.training.loggers``."""

from __future__ import annotations

from weaklab.snorkel.classification.training.loggers.checkpointer import Checkpointer, CheckpointerConfig
from weaklab.snorkel.classification.training.loggers.log_manager import LogManager, LogManagerConfig
from weaklab.snorkel.classification.training.loggers.log_writer import LogWriter, LogWriterConfig
from weaklab.snorkel.classification.training.loggers.tensorboard_writer import TensorBoardWriter

__all__ = [
    "Checkpointer",
    "CheckpointerConfig",
    "LogManager",
    "LogManagerConfig",
    "LogWriter",
    "LogWriterConfig",
    "TensorBoardWriter",
]
