"""Tasks and labels of slices, as in ``snorkel.slicing.utils``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from weaklab.exceptions import ParameterError
from weaklab.snorkel.analysis.scorer import Scorer
from weaklab.snorkel.classification.data import DictDataLoader
from weaklab.snorkel.classification.task import Operation, Task
from weaklab.snorkel.slicing.modules.slice_combiner import SliceCombinerModule

BASE = "base"  # the slice of all rows


def add_slice_labels(dataloader: DictDataLoader, base_task: Task, S: Any) -> None:
    """Add the labels of slices to the dataset of a loader, in place.

    Parameters
    ----------
    dataloader : DictDataLoader
        What gets, for each slice and for all rows ("base"), labels ``{task}_slice:{slice}_ind`` (whether a row is in
        it; -1 where its function abstained) and ``{task}_slice:{slice}_pred`` (the labels of the task where it is,
        else -1).
    base_task : Task
        The task whose labels these are.
    S : record array of shape (n,)
        A field per slice, from an applier of slicing functions.

    Raises
    ------
    ParameterError
        If it has another number of rows.
    """
    dataloader.dataset.Y_dict.update(slice_labels(dataloader.dataset.Y_dict[base_task.name], base_task.name, S))


def slice_labels(labels: Tensor, task_name: str, S: Any) -> dict[str, Tensor]:
    """The labels of slices, by name; see :func:`add_slice_labels`."""
    if len(S) != len(labels):
        raise ParameterError(f"S has {len(S)} rows, the labels of {task_name!r} have {len(labels)}.")
    fields = {name: np.asarray(S[name]) for name in S.dtype.names}
    fields.setdefault(BASE, np.ones(len(S), dtype=np.int64))
    out: dict[str, Tensor] = {}
    for name, values in fields.items():
        inside = torch.from_numpy(values.astype(np.int64))
        masked = labels.clone()
        masked[inside != 1] = -1
        out[f"{task_name}_slice:{name}_ind"] = inside
        out[f"{task_name}_slice:{name}_pred"] = masked
    return out


def convert_to_slice_tasks(base_task: Task, slice_names: Sequence[str]) -> list[Task]:
    """The tasks of slices: for each, and for all rows, whether a row is in it, and the base task within it.

    The base task then predicts from what they have learned, combined. Its loss and outputs are those of the base task,
    as are those of predictors; in Snorkel they fall back to cross-entropy and softmax.

    Parameters
    ----------
    base_task : Task
        A task whose last operation is a linear layer. It stays as it is, and its modules are shared.
    slice_names : sequence of str
        The slices.

    Returns
    -------
    list of Task
        Indicators, predictors, and the base task.

    Raises
    ------
    ParameterError
        If the last operation is no linear layer.

    Examples
    --------
    >>> pool = nn.ModuleDict({"body": nn.Linear(3, 4), "head": nn.Linear(4, 2)})
    >>> task = Task("task", pool, [Operation("body", [("_input_", "x")]), Operation("head", ["body"])])
    >>> for slice_task in convert_to_slice_tasks(task, ["short"]):
    ...     print(slice_task.name)
    task_slice:short_ind
    task_slice:base_ind
    task_slice:short_pred
    task_slice:base_pred
    task
    """
    names = [*slice_names, *([] if BASE in slice_names else [BASE])]
    *body, head_op = base_task.op_sequence
    head: Any = base_task.module_pool[head_op.module_name]
    head = head.module if isinstance(head, nn.DataParallel) else head
    if not isinstance(head, nn.Linear):
        raise ParameterError(
            f"Task {base_task.name}: its last operation must be a linear layer, to be replaced by those of slices; "
            f"{head_op.module_name!r} is {type(head).__name__}."
        )
    width = head.in_features
    pool = {name: module for name, module in base_task.module_pool.items() if name != head_op.module_name}
    indicators, predictors, heads = [], [], []
    for name in names:
        task = f"{base_task.name}_slice:{name}_ind"
        operation = Operation(f"{task}_head", head_op.inputs)
        modules = nn.ModuleDict({**pool, operation.name: nn.Linear(width, 2)})
        # F1, because most rows are outside most slices.
        indicators.append(Task(task, modules, [*body, operation], Scorer(metrics=["f1"])))
        heads.append(operation)
    shared_head = nn.Linear(width, head.out_features)
    for name in names:
        task = f"{base_task.name}_slice:{name}_pred"
        transform = Operation(f"{task}_transform", head_op.inputs)
        operation = Operation(f"{task}_head", [transform.name])
        modules = nn.ModuleDict({**pool, transform.name: nn.Linear(width, width), operation.name: shared_head})
        predictors.append(_like(base_task, task, modules, [*body, transform, operation]))
        heads += [transform, operation]
    combiner, master = f"{base_task.name}_master_combiner", f"{base_task.name}_master_head"
    modules = nn.ModuleDict({**pool, combiner: SliceCombinerModule(prefix=f"{base_task.name}_slice:"), master: head})
    operations = [*body, *heads, Operation(combiner, []), Operation(master, [combiner])]
    return [*indicators, *predictors, _like(base_task, base_task.name, modules, operations)]


def _like(base_task: Task, name: str, modules: nn.ModuleDict, operations: Sequence[Operation]) -> Task:
    return Task(name, modules, operations, base_task.scorer, base_task.loss_func, base_task.output_func)
