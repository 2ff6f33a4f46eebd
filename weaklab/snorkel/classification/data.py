"""Rows with several fields and several labels, and batches of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from weaklab.exceptions import ParameterError
from weaklab.snorkel.classification.utils import list_to_tensor

XDict: TypeAlias = dict[str, Any]
YDict: TypeAlias = dict[str, Tensor]
Batch: TypeAlias = tuple[XDict, YDict]

DEFAULT_INPUT_DATA_KEY = "input_data"
DEFAULT_DATASET_NAME = "SnorkelDataset"
DEFAULT_TASK_NAME = "task"


class DictDataset(Dataset[Any]):
    """Rows of data, by field, with labels, by task.

    Parameters
    ----------
    name : str
        A name for reports of scores.
    split : str
        Which part of the data it is, such as "train".
    X_dict : dict of str to sequence
        The fields: tensors, lists or what else can be indexed by a row's number.
    Y_dict : dict of str to Tensor
        The labels: classes (n,), or probabilities (n, k); -1 is "unknown".

    Raises
    ------
    ParameterError
        If labels are no tensor, or fields and labels are not of one length.

    Examples
    --------
    >>> data = DictDataset("demo", "train", {"x": torch.eye(2)}, {"y": torch.tensor([0, 1])})
    >>> len(data), data[1]
    (2, ({'x': tensor([0., 1.])}, {'y': tensor(1)}))
    """

    def __init__(self, name: str, split: str, X_dict: XDict, Y_dict: YDict) -> None:
        self.name, self.split, self.X_dict, self.Y_dict = name, split, X_dict, Y_dict
        for label, values in Y_dict.items():
            if not isinstance(values, Tensor):
                raise ParameterError(f"Label {label} should be torch.Tensor, not {type(values)}.")
        lengths = {key: len(values) for key, values in (X_dict | Y_dict).items() if hasattr(values, "__len__")}
        if len(set(lengths.values())) > 1:
            raise ParameterError(f"DictDataset {name!r}: fields and labels must have a value per row; {lengths}.")

    def __getitem__(self, index: int) -> Batch:
        x = {name: values[index] for name, values in self.X_dict.items()}
        return x, {name: values[index] for name, values in self.Y_dict.items()}

    def __getitems__(self, indices: list[int]) -> Sequence[Batch]:
        """Rows of a batch, which torch's loader asks for."""
        if type(self).__getitem__ is not DictDataset.__getitem__:
            return [self[index] for index in indices]
        return _Rows(self, indices)

    def __len__(self) -> int:
        for values in (*self.Y_dict.values(), *self.X_dict.values()):
            return len(values)
        return 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name}, X_keys={list(self.X_dict)}, Y_keys={list(self.Y_dict)})"

    @classmethod
    def from_tensors(
        cls,
        X_tensor: Tensor,
        Y_tensor: Tensor,
        split: str,
        input_data_key: str = DEFAULT_INPUT_DATA_KEY,
        task_name: str = DEFAULT_TASK_NAME,
        dataset_name: str = DEFAULT_DATASET_NAME,
    ) -> DictDataset:
        """A dataset of one field and one label.

        Parameters
        ----------
        X_tensor : Tensor of shape (n, ...)
            The data.
        Y_tensor : Tensor of shape (n,) or (n, k)
            Classes or probabilities.
        split : str
            Which part of the data it is.
        input_data_key, task_name, dataset_name : str
            Names of the field, the label and the dataset.

        Returns
        -------
        DictDataset
        """
        return cls(dataset_name, split, {input_data_key: X_tensor}, {task_name: Y_tensor})


class _Rows(Sequence[Batch]):
    """Some rows of a dataset, read one by one by who asks for them so, and all at once by ``collate_dicts``."""

    def __init__(self, dataset: DictDataset, indices: list[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, place: Any) -> Any:
        chosen = self.indices[place]
        return [self.dataset[index] for index in chosen] if isinstance(place, slice) else self.dataset[chosen]

    def together(self) -> Batch:
        """The batch: of each tensor its rows, of other fields a list."""
        index = torch.tensor(self.indices, dtype=torch.int64)

        def rows(values: Any) -> Any:
            if isinstance(values, Tensor):
                return values.index_select(0, index.to(values.device))
            picked = [values[i] for i in self.indices]
            return list_to_tensor(picked) if isinstance(picked[0], Tensor) else picked

        x = {name: rows(values) for name, values in self.dataset.X_dict.items()}
        return x, {name: rows(values) for name, values in self.dataset.Y_dict.items()}


def collate_dicts(batch: Sequence[Batch]) -> Batch:
    """Rows as one batch: tensors are stacked, or padded where their lengths differ; other values become lists.

    Parameters
    ----------
    batch : sequence of (dict, dict)
        Fields and labels of each row.

    Returns
    -------
    X_dict, Y_dict : dict

    Examples
    --------
    >>> collate_dicts([({"x": "a"}, {"y": torch.tensor(0)}), ({"x": "b"}, {"y": torch.tensor(1)})])
    ({'x': ['a', 'b']}, {'y': tensor([0, 1])})
    """
    if isinstance(batch, _Rows):
        return batch.together()
    X_batch: defaultdict[str, Any] = defaultdict(list)
    Y_batch: defaultdict[str, Any] = defaultdict(list)
    for x, y in batch:
        for name, value in x.items():
            X_batch[name].append(value)
        for name, value in y.items():
            Y_batch[name].append(value)
    fields = {name: list_to_tensor(v) if isinstance(v[0], Tensor) else v for name, v in X_batch.items()}
    return fields, {name: list_to_tensor(values) for name, values in Y_batch.items()}


class DictDataLoader(DataLoader[Any]):
    """Batches of a :class:`DictDataset`.

    Parameters
    ----------
    dataset : DictDataset
        The rows.
    collate_fn : callable
        From rows to a batch.
    **kwargs
        Whatever ``torch.utils.data.DataLoader`` takes, such as ``batch_size`` and ``shuffle``.

    Raises
    ------
    ParameterError
        If the dataset is of another kind.

    Examples
    --------
    >>> data = DictDataset("demo", "train", {"x": torch.arange(3)}, {"y": torch.tensor([0, 1, 1])})
    >>> [batch for batch in DictDataLoader(data, batch_size=2)][0]
    ({'x': tensor([0, 1])}, {'y': tensor([0, 1])})
    """

    dataset: DictDataset

    def __init__(self, dataset: DictDataset, collate_fn: Callable[..., Any] = collate_dicts, **kwargs: Any) -> None:
        if not isinstance(dataset, DictDataset):
            raise ParameterError(f"DictDataLoader takes a DictDataset, got {type(dataset).__name__}.")
        super().__init__(dataset, collate_fn=collate_fn, **kwargs)
