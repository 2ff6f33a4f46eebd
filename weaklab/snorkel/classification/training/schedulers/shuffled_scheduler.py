"""Loaders in turns that are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from weaklab.snorkel.classification.data import DictDataLoader
from weaklab.snorkel.classification.training.schedulers.scheduler import BatchIterator, Scheduler


class ShuffledScheduler(Scheduler):
    """Batches of all loaders in turns that torch draws anew each time; within a loader they keep their order."""

    def get_batches(self, dataloaders: Sequence[DictDataLoader]) -> BatchIterator:
        """All batches, in turns."""
        turns = [place for place, dataloader in enumerate(dataloaders) for _ in range(len(dataloader))]
        if len(dataloaders) > 1:
            turns = [turns[place] for place in torch.randperm(len(turns)).tolist()]
        batches = [iter(dataloader) for dataloader in dataloaders]
        for turn in turns:
            yield next(batches[turn]), dataloaders[turn]
