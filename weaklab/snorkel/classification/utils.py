"""Tensors in batches and on devices, as in ``snorkel.classification.utils``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import torch
from torch import Tensor

#: What names a score: label, dataset, split, metric.
COLUMNS = ["label", "dataset", "split", "metric", "score"]


def list_to_tensor(item_list: Sequence[Tensor]) -> Tensor:
    """One tensor of many: stacked if they are numbers, or of one shape; else flattened, and padded with 0.

    Parameters
    ----------
    item_list : sequence of Tensor
        One per row.

    Examples
    --------
    >>> list_to_tensor([torch.tensor([1, 2]), torch.tensor([3])])
    tensor([[1, 2],
            [3, 0]])
    """
    shape = item_list[0].shape
    if all(item.shape == shape for item in item_list):
        return torch.stack(list(item_list))
    return pad_batch([item.reshape(-1) for item in item_list])[0]


def pad_batch(
    batch: Sequence[Tensor], max_len: int = 0, pad_value: int = 0, left_padded: bool = False
) -> tuple[Tensor, Tensor]:
    """Rows of any length as one tensor, and where it is padding.

    Parameters
    ----------
    batch : sequence of Tensor of shape (length,)
        Rows.
    max_len : int
        The most columns; 0 is as many as the longest row has. Longer rows lose their ends.
    pad_value : int
        What fills short rows.
    left_padded : bool
        Whether they are filled at their beginning.

    Returns
    -------
    padded, mask : Tensor of shape (rows, columns)
        The mask is 1 where there is padding. A value of a row that happens to be ``pad_value`` is none; in Snorkel's
        mask it is.

    Examples
    --------
    >>> pad_batch([torch.tensor([1, 0]), torch.tensor([3])])[1]
    tensor([[0, 0],
            [0, 1]])
    """
    longest = max(len(item) for item in batch)
    columns = min(longest, max_len) if max_len > 0 else longest
    padded = batch[0].new_full((len(batch), columns), pad_value)
    mask = torch.ones_like(padded)
    for i, item in enumerate(batch):
        length = min(len(item), columns)
        place = slice(columns - length, None) if left_padded else slice(length)
        padded[i, place] = item[len(item) - length :] if left_padded else item[:length]
        mask[i, place] = 0
    return padded, mask


def move_to_device(obj: Any, device: int = -1) -> Any:
    """Tensors, also within dicts, lists and tuples, on a card; where they are if there is none, or ``device`` is -1.

    Parameters
    ----------
    obj : object
        What may hold tensors.
    device : int
        The number of a card.

    Examples
    --------
    >>> move_to_device({"x": torch.tensor(1)}, -1)
    {'x': tensor(1)}
    """
    if device < 0 or not torch.cuda.is_available():
        return obj
    if isinstance(obj, Tensor):
        return obj.to(torch.device("cuda", device), non_blocking=True)
    if isinstance(obj, dict):
        return {name: move_to_device(value, device) for name, value in obj.items()}
    if isinstance(obj, list | tuple):
        return type(obj)(move_to_device(item, device) for item in obj)
    return obj


def collect_flow_outputs_by_suffix(output_dict: Mapping[str, Tensor], suffix: str) -> list[Tensor]:
    """The outputs whose names end so, in the order of their names.

    Examples
    --------
    >>> collect_flow_outputs_by_suffix({"b_head": torch.tensor(2), "a_head": torch.tensor(1)}, "_head")
    [tensor(1), tensor(2)]
    """
    return [output_dict[name] for name in sorted(output_dict) if name.endswith(suffix)]


def metrics_dict_to_dataframe(metrics_dict: Mapping[str, float]) -> pd.DataFrame:
    """Scores under "label/dataset/split/metric" as a row each: label, dataset, split, metric, score.

    Examples
    --------
    >>> metrics_dict_to_dataframe({"task/set/test/f1": 0.5})
      label dataset split metric  score
    0  task     set  test     f1    0.5
    """
    rows = []
    for name, score in metrics_dict.items():
        label, rest = name.split("/", 1)
        dataset, split, metric = rest.rsplit("/", 2)  # a dataset's name may have a slash
        rows.append((label, dataset, split, metric, score))
    return pd.DataFrame(rows, columns=COLUMNS)
