"""What an order of batches is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from weaklab.snorkel.classification.data import Batch, DictDataLoader

BatchIterator: TypeAlias = Iterator[tuple[Batch, DictDataLoader]]


class Scheduler(ABC):
    """An order of the batches of several loaders."""

    @abstractmethod
    def get_batches(self, dataloaders: Sequence[DictDataLoader]) -> BatchIterator:
        """All batches of all loaders, once each, with the loader that each is of.

        Parameters
        ----------
        dataloaders : sequence of DictDataLoader
            The loaders.
        """
