"""The order in which batches of several loaders come, as in ``snorkel.classification.training.schedulers``."""

from __future__ import annotations

from weaklab.snorkel.classification.training.schedulers.scheduler import Scheduler
from weaklab.snorkel.classification.training.schedulers.sequential_scheduler import SequentialScheduler
from weaklab.snorkel.classification.training.schedulers.shuffled_scheduler import ShuffledScheduler

__all__ = ["Scheduler", "SequentialScheduler", "ShuffledScheduler", "batch_schedulers"]

batch_schedulers: dict[str, type[Scheduler]] = {"sequential": SequentialScheduler, "shuffled": ShuffledScheduler}
