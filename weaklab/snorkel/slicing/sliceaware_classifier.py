"""A classifier that has capacity of its own for slices."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from torch import nn

from weaklab.exceptions import ParameterError
from weaklab.snorkel.analysis.scorer import Scorer
from weaklab.snorkel.classification.data import (
    DEFAULT_INPUT_DATA_KEY,
    DEFAULT_TASK_NAME,
    DictDataLoader,
    DictDataset,
)
from weaklab.snorkel.classification.multitask_classifier import MultitaskClassifier
from weaklab.snorkel.classification.task import Operation, Task
from weaklab.snorkel.slicing.utils import convert_to_slice_tasks, slice_labels


class SliceAwareClassifier(MultitaskClassifier):
    """A classifier of two classes that learns whether a row is in each slice, and what holds there.

    Parameters
    ----------
    base_architecture : nn.Module
        From the data to a representation.
    head_dim : int
        The columns of the representation.
    slice_names : sequence of str
        The slices.
    input_data_key : str
        The field that the data are in.
    task_name : str
        The task, and its labels.
    scorer : Scorer, optional
        How predictions are scored; by default by accuracy and F1.
    **multitask_kwargs
        As for :class:`~weaklab.snorkel.classification.MultitaskClassifier`.

    Attributes
    ----------
    base_task : Task
        The task without slices: the representation, and one linear layer.
    slice_names : list of str
        The slices.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> model = SliceAwareClassifier(nn.Linear(3, 4), head_dim=4, slice_names=["short"], device=-1)
    >>> data = DictDataset.from_tensors(torch.eye(3), torch.tensor([0, 1, 1]), "test")
    >>> S = np.array([(1,), (0,), (1,)], dtype=[("short", "int64")]).view(np.recarray)
    >>> sorted(model.score_slices([model.make_slice_dataloader(data, S)]))[-2:]
    ['task_slice:short_pred/SnorkelDataset/test/accuracy', 'task_slice:short_pred/SnorkelDataset/test/f1']
    """

    def __init__(
        self,
        base_architecture: nn.Module,
        head_dim: int,
        slice_names: Sequence[str],
        input_data_key: str = DEFAULT_INPUT_DATA_KEY,
        task_name: str = DEFAULT_TASK_NAME,
        scorer: Scorer | None = None,
        **multitask_kwargs: Any,
    ) -> None:
        modules = nn.ModuleDict({"base_architecture": base_architecture, "prediction_head": nn.Linear(head_dim, 2)})
        operations = [
            Operation("base_architecture", [("_input_", input_data_key)], name="input_op"),
            Operation("prediction_head", ["input_op"], name="head_op"),
        ]
        base_task = Task(task_name, modules, operations, scorer or Scorer(metrics=["accuracy", "f1"]))
        tasks = convert_to_slice_tasks(base_task, slice_names)
        super().__init__(tasks, name=f"{task_name}_sliceaware_classifier", **multitask_kwargs)
        self.base_task, self.slice_names = base_task, list(slice_names)

    def make_slice_dataloader(self, dataset: DictDataset, S: Any, **dataloader_kwargs: Any) -> DictDataLoader:
        """Batches with the labels of slices; the dataset that is given stays as it is.

        Parameters
        ----------
        dataset : DictDataset
            Rows with labels of the task.
        S : record array of shape (n,)
            A field per slice.
        **dataloader_kwargs
            As for :class:`~weaklab.snorkel.classification.DictDataLoader`.

        Returns
        -------
        DictDataLoader

        Raises
        ------
        ParameterError
            If labels of the task are missing, or there are other rows in S.
        """
        task = self.base_task.name
        if task not in dataset.Y_dict:
            raise ParameterError(f"Base task ({task}) labels missing from {dataset}")
        labels = dataset.Y_dict | slice_labels(dataset.Y_dict[task], task, S)
        sliced = copy(dataset)
        sliced.Y_dict = labels
        return DictDataLoader(sliced, **dataloader_kwargs)

    def score_slices(self, dataloaders: Sequence[DictDataLoader], as_dataframe: bool = False) -> Any:
        """The scores of the base task, on all rows and on those of each slice.

        Parameters
        ----------
        dataloaders : sequence of DictDataLoader
            Rows with labels of slices.
        as_dataframe : bool
            Whether a DataFrame comes out, a row per score: label, dataset, split, metric, score.

        Returns
        -------
        dict of str to float, or DataFrame
            By "label/dataset/split/metric", as of
            :meth:`~weaklab.snorkel.classification.MultitaskClassifier.score`.
        """
        prefix = f"{self.base_task.name}_slice:"
        labels = {label for dataloader in dataloaders for label in dataloader.dataset.Y_dict}
        judged_by: dict[str, str | None] = {
            label: self.base_task.name if label.endswith("_pred") else None
            for label in labels
            if label.startswith(prefix)
        }
        return self.score(dataloaders, remap_labels=judged_by, as_dataframe=as_dataframe)
