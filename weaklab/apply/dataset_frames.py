"""Reading a ``datasets.Dataset`` of Hugging Face as a frame."""

from __future__ import annotations

import copy
import sys
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from weaklab.apply.frames import ArrowReader, FrameReader
from weaklab.exceptions import ClassError, FrameError


class DatasetReader(ArrowReader):
    """Reads a Dataset by its arrow table, which may be mapped from a file; formats and transforms do not apply.

    Parameters
    ----------
    dataset : datasets.Dataset
        The data; rows that were selected or shuffled are read in that order.
    """

    def __init__(self, dataset: Any) -> None:
        super().__init__(dataset.with_format("arrow")[:])
        self.dataset = dataset
        kinds = sys.modules["datasets"].features.features
        self._decoded = {name for name, kind in dataset.features.items() if kinds.require_decoding(kind)}

    def cells(self, name: Hashable, start: int, stop: int) -> list[Any]:
        """As of an arrow table; what is stored encoded, such as images, as ``dataset[row]`` gives it."""
        if name not in self._decoded:
            return super().cells(name, start, stop)
        return list(self.dataset.with_format(None).select_columns([name])[start:stop][name])

    def for_batch(self) -> Any:
        """The dataset, whose rows nothing can change, in the format that it was given in."""
        return copy.copy(self.dataset)

    def take(self, rows: Any) -> Any:
        """Some rows, by position, as a Dataset of their own."""
        return type(self.dataset)(self.table.take(rows), info=self.dataset.info.copy())


def add_columns(dataset: Any, columns: Mapping[str, np.ndarray]) -> Any:
    """A Dataset with more columns: of numbers, or of strings with None where one is missing.

    Raises
    ------
    ClassError
        If a column is of other objects, such as Enum members.
    """
    from datasets import Value

    for name, values in columns.items():
        if values.dtype.kind not in "OU":
            dataset = dataset.add_column(name, values)
            continue
        cells = values.tolist()
        odd = next((cell for cell in cells if not (cell is None or isinstance(cell, str))), None)
        if odd is not None:
            raise ClassError(f"Class {odd!r} ({type(odd).__name__}) fits no column of a Dataset: name classes by str.")
        dataset = dataset.add_column(name, cells, feature=Value("string"))
    return dataset


def read_dataset(frame: Any) -> FrameReader | None:
    """What reads a Dataset; None for all else.

    Raises
    ------
    FrameError
        If it is a DatasetDict, or an IterableDataset, whose rows have no number.
    """
    datasets = sys.modules.get("datasets")
    if datasets is None or not hasattr(datasets, "IterableDataset"):
        return None
    if isinstance(frame, datasets.Dataset):
        return DatasetReader(frame)
    if isinstance(frame, (datasets.DatasetDict, datasets.IterableDatasetDict)):
        names = ", ".join(map(repr, frame))
        raise FrameError(f"A {type(frame).__name__} is several frames; give one of its splits: {names}.")
    if isinstance(frame, datasets.IterableDataset):
        raise FrameError(
            "An IterableDataset is no frame that labeling functions can run over: its rows come one after the other. "
            "Label it batch by batch: dataset.map(labeler.for_map(), batched=True)."
        )
    return None
