"""One loader after the other."""

from __future__ import annotations

from collections.abc import Sequence

from weaklab.snorkel.classification.data import DictDataLoader
from weaklab.snorkel.classification.training.schedulers.scheduler import BatchIterator, Scheduler


class SequentialScheduler(Scheduler):
    """The batches of the first loader, then those of the next."""

    def get_batches(self, dataloaders: Sequence[DictDataLoader]) -> BatchIterator:
        """All batches, loader by loader."""
        for dataloader in dataloaders:
            for batch in dataloader:
                yield batch, dataloader
