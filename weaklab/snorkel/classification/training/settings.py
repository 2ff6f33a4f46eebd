"""The settings of a Trainer."""

from __future__ import annotations

from typing import NamedTuple

from weaklab.snorkel.classification.multitask_classifier import ClassifierConfig
from weaklab.snorkel.classification.training.loggers import CheckpointerConfig, LogManagerConfig, LogWriterConfig
from weaklab.snorkel.utils.lr_schedulers import (
    ExponentialLRSchedulerConfig,
    LRSchedulerConfig,
    StepLRSchedulerConfig,
)
from weaklab.snorkel.utils.optimizers import (
    AdamaxOptimizerConfig,
    AdamOptimizerConfig,
    OptimizerConfig,
    SGDOptimizerConfig,
)


class TrainerConfig(NamedTuple):
    """The settings of a :class:`Trainer`, and their defaults."""

    seed: int | None = None
    n_epochs: int = 1
    lr: float = 0.01
    l2: float = 0.0
    grad_clip: float = 1.0
    train_split: str = "train"
    valid_split: str = "valid"
    test_split: str = "test"
    progress_bar: bool = True
    model_config: ClassifierConfig = ClassifierConfig()
    log_manager_config: LogManagerConfig = LogManagerConfig()
    checkpointing: bool = False
    checkpointer_config: CheckpointerConfig = CheckpointerConfig()
    logging: bool = False
    log_writer: str = "tensorboard"
    log_writer_config: LogWriterConfig = LogWriterConfig()
    optimizer: str = "adam"
    optimizer_config: OptimizerConfig = OptimizerConfig()
    lr_scheduler: str = "constant"
    lr_scheduler_config: LRSchedulerConfig = LRSchedulerConfig()
    batch_scheduler: str = "shuffled"


#: The classes of settings within settings, by the names that files of Snorkel's own Trainer have them under.
IN_FILES_OF_SNORKEL = {
    "snorkel.classification.multitask_classifier.ClassifierConfig": ClassifierConfig,
    "snorkel.classification.training.loggers.log_manager.LogManagerConfig": LogManagerConfig,
    "snorkel.classification.training.loggers.checkpointer.CheckpointerConfig": CheckpointerConfig,
    "snorkel.classification.training.loggers.log_writer.LogWriterConfig": LogWriterConfig,
    "snorkel.utils.optimizers.OptimizerConfig": OptimizerConfig,
    "snorkel.utils.optimizers.SGDOptimizerConfig": SGDOptimizerConfig,
    "snorkel.utils.optimizers.AdamOptimizerConfig": AdamOptimizerConfig,
    "snorkel.utils.optimizers.AdamaxOptimizerConfig": AdamaxOptimizerConfig,
    "snorkel.utils.lr_schedulers.LRSchedulerConfig": LRSchedulerConfig,
    "snorkel.utils.lr_schedulers.ExponentialLRSchedulerConfig": ExponentialLRSchedulerConfig,
    "snorkel.utils.lr_schedulers.StepLRSchedulerConfig": StepLRSchedulerConfig,
}
