"""A classifier of one or more tasks that share modules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from weaklab.exceptions import GoldError, ParameterError, did_you_mean, warn_caller
from weaklab.snorkel.analysis.scorer import Scorer
from weaklab.snorkel.classification.data import DictDataLoader
from weaklab.snorkel.classification.storage import read_state, with_names_of, write_state
from weaklab.snorkel.classification.task import Operation, Task
from weaklab.snorkel.classification.utils import COLUMNS, move_to_device
from weaklab.snorkel.utils.core import probs_to_preds


class ClassifierConfig(NamedTuple):
    """The card of a classifier (-1, or none there: the processor); ``dataparallel`` has no meaning."""

    device: int = 0
    dataparallel: bool = True


class MultitaskClassifier(nn.Module):
    """A classifier of one or more tasks; those that name the same module share it.

    Parameters
    ----------
    tasks : sequence of Task
        What it is to do. They stay as they are.
    name : str, optional
        A name; by default that of the class.
    **kwargs
        ``device``, the number of a card, or -1 for the processor; ``dataparallel``, which has no meaning.

    Attributes
    ----------
    module_pool : nn.ModuleDict
        The modules of all tasks, as they were given.
    task_names : set of str
        The tasks.
    op_sequences, loss_funcs, output_funcs, scorers : dict of str
        What each task brought, by its name.

    Raises
    ------
    ParameterError
        If something is no Task, or two have one name.

    Examples
    --------
    >>> from weaklab.snorkel.classification import DictDataset, Trainer
    >>> _ = torch.manual_seed(0)
    >>> X = torch.randn(200, 2)
    >>> task = Task("positive", nn.ModuleDict({"net": nn.Linear(2, 2)}), [Operation("net", [("_input_", "x")])])
    >>> model = MultitaskClassifier([task], device=-1)
    >>> loader = DictDataLoader(DictDataset("demo", "train", {"x": X}, {"positive": (X[:, 0] > 0).long()}))
    >>> Trainer(n_epochs=2, lr=0.1, progress_bar=False).fit(model, [loader])
    >>> model.score([loader])["positive/demo/train/accuracy"] > 0.9
    True
    """

    def __init__(self, tasks: Sequence[Task], name: str | None = None, **kwargs: Any) -> None:
        super().__init__()
        self.config = ClassifierConfig(**kwargs)
        if kwargs.get("dataparallel"):
            warn_caller(
                "dataparallel: without meaning in weaklab, which trains these classifiers on one device; leave it out. "
                "For several, use weaklab.EndModel and torchrun.",
                DeprecationWarning,
            )
        self.name = name or type(self).__name__
        self.module_pool = nn.ModuleDict()
        self.task_names: set[str] = set()
        self.op_sequences: dict[str, Sequence[Operation]] = {}
        self.loss_funcs: dict[str, Callable[..., Tensor]] = {}
        self.output_funcs: dict[str, Callable[..., Tensor]] = {}
        self.scorers: dict[str, Scorer] = {}
        for task in tasks:
            if not isinstance(task, Task):
                raise ParameterError(f"Unrecognized task type {task}.")
            if task.name in self.task_names:
                raise ParameterError(
                    f"Found duplicate task {task.name}, different task should use different task name."
                )
            self.add_task(task)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name})"

    @property
    def device(self) -> torch.device:
        """Where its modules are."""
        on_card = self.config.device >= 0 and torch.cuda.is_available()
        return torch.device("cuda", self.config.device) if on_card else torch.device("cpu")

    def add_task(self, task: Task) -> None:
        """Add a task; where a module of a name is there already, that one is used.

        Parameters
        ----------
        task : Task
            What is to be added.

        Raises
        ------
        ParameterError
            If an operation has the name of another that does something else: its output would be taken for this one's.
        """
        known = {operation.name: operation for ops in self.op_sequences.values() for operation in ops}
        for operation in task.op_sequence:
            other = known.get(operation.name, operation)
            if (other.module_name, list(other.inputs)) != (operation.module_name, list(operation.inputs)):
                raise ParameterError(
                    f"Task {task.name}: {operation} has the name of {other}; outputs are known by the names of "
                    "operations, so these must differ."
                )
        for key, module in task.module_pool.items():
            if key not in self.module_pool:
                self.module_pool[key] = module
        self.task_names.add(task.name)
        self.op_sequences[task.name] = task.op_sequence
        self.loss_funcs[task.name] = task.loss_func
        self.output_funcs[task.name] = task.output_func
        self.scorers[task.name] = task.scorer
        self.to(self.device)

    def forward(self, X_dict: Mapping[str, Any], task_names: Iterable[str]) -> dict[str, Any]:
        """The outputs of all operations of some tasks, each called once.

        Parameters
        ----------
        X_dict : mapping of str to object
            The data, by field.
        task_names : iterable of str
            Which tasks.

        Returns
        -------
        dict of str to object
            By the names of operations; "_input_" is the data.

        Raises
        ------
        ParameterError
            If an operation fails.
        """
        outputs: dict[str, Any] = {"_input_": move_to_device(X_dict, self.config.device)}
        for task_name in task_names:
            for operation in self.op_sequences[task_name]:
                if operation.name not in outputs:
                    outputs[operation.name] = self._run(operation, outputs)
        return outputs

    def _run(self, operation: Operation, outputs: dict[str, Any]) -> Any:
        try:
            module = self.module_pool[operation.module_name]
            if not operation.inputs:
                return module(outputs)
            return module(*(outputs[i[0]][i[1]] if isinstance(i, tuple) else outputs[i] for i in operation.inputs))
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            raise ParameterError(f"Unsuccessful operation {operation}: {error!r}.") from error

    def calculate_loss(
        self, X_dict: Mapping[str, Any], Y_dict: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """The mean loss of each task over the rows that are labeled for it, and how many these are.

        Parameters
        ----------
        X_dict : mapping of str to object
            The data, by field.
        Y_dict : mapping of str to Tensor
            Labels by task; -1, or a row of them, is "unknown". Those of no task are left out.

        Returns
        -------
        losses : dict of str to Tensor of shape ()
            Without tasks of which no row is labeled.
        counts : dict of str to int
        """
        losses: dict[str, Tensor] = {}
        counts: dict[str, float] = {}
        tasks = self._get_labels_to_tasks(Y_dict)
        outputs = self.forward(X_dict, tasks.values())
        for label, task in tasks.items():
            Y = Y_dict[label]
            active = Y.detach() != -1
            if Y.dim() > 1:
                active = active.flatten(1).any(dim=1)
            count = int(active.sum())
            if not count:
                continue
            logits, Y = outputs[self.op_sequences[task][-1].name], move_to_device(Y, self.config.device)
            if count < len(active) and isinstance(logits, Tensor):
                active = active.to(logits.device)
                logits, Y = logits[active], Y[active]
            losses[label], counts[label] = self.loss_funcs[task](logits, Y), count
        return losses, counts

    @torch.no_grad()
    def predict(
        self,
        dataloader: DictDataLoader,
        return_preds: bool = False,
        remap_labels: Mapping[str, str | None] | None = None,
    ) -> dict[str, dict[str, Tensor]]:
        """Probabilities, predictions, and the labels beside them.

        Parameters
        ----------
        dataloader : DictDataLoader
            The rows.
        return_preds : bool
            Whether the most probable classes come too.
        remap_labels : mapping of str to str or None, optional
            For labels by name, the task to predict them by; None leaves them out. By default labels belong to the
            task of their name.

        Returns
        -------
        dict of str to dict of str to Tensor
            Under "golds", "probs" and "preds", by label: (n,) or (n, k), in float32.
        """
        self.eval()
        tasks = self._get_labels_to_tasks(dataloader.dataset.Y_dict, remap_labels)
        golds: defaultdict[str, list[Tensor]] = defaultdict(list)
        probs: defaultdict[str, list[Tensor]] = defaultdict(list)
        for X_dict, Y_dict in dataloader:
            outputs = self.forward(X_dict, tasks.values())
            for label, task in tasks.items():
                found = self.output_funcs[task](outputs[self.op_sequences[task][-1].name])
                probs[label].append(torch.as_tensor(found).float().cpu())
                golds[label].append(Y_dict[label].float().cpu())
        results = {
            "golds": {label: torch.cat(parts) for label, parts in golds.items()},
            "probs": {label: torch.cat(parts) for label, parts in probs.items()},
        }
        if return_preds:
            results["preds"] = {
                label: torch.from_numpy(probs_to_preds(found.numpy())).float()
                for label, found in results["probs"].items()
            }
        return results

    @torch.no_grad()
    def score(
        self,
        dataloaders: Sequence[DictDataLoader],
        remap_labels: Mapping[str, str | None] | None = None,
        as_dataframe: bool = False,
    ) -> Any:
        """The scores of predictions, by each task's scorer.

        Parameters
        ----------
        dataloaders : sequence of DictDataLoader
            Rows with labels.
        remap_labels : mapping of str to str or None, optional
            As for ``predict``.
        as_dataframe : bool
            Whether a DataFrame comes out, a row per score: label, dataset, split, metric, score.

        Returns
        -------
        dict of str to float, or DataFrame
            By "label/dataset/split/metric".

        Raises
        ------
        GoldError
            If a loader has no rows.
        """
        rows = []
        for dataloader in dataloaders:
            data = dataloader.dataset
            if not len(data):
                raise GoldError(f"Cannot score empty labels: {data!r} has no rows.")
            results = self.predict(dataloader, return_preds=True, remap_labels=remap_labels)
            for label, task in self._get_labels_to_tasks(data.Y_dict, remap_labels).items():
                golds, preds, probs = (results[kind][label].numpy() for kind in ("golds", "preds", "probs"))
                for metric, value in self.scorers[task].score(golds, preds, probs).items():
                    rows.append((label, data.name, data.split, metric, value))
        if as_dataframe:
            return pd.DataFrame(rows, columns=COLUMNS)
        return {"/".join(row[:-1]): row[-1] for row in rows}

    def _get_labels_to_tasks(
        self, label_names: Iterable[str], remap_labels: Mapping[str, str | None] | None = None
    ) -> dict[str, str]:
        remapped = remap_labels or {}
        tasks: dict[str, str] = {}
        for label in label_names:
            task = remapped.get(label) if label in remapped else label if label in self.op_sequences else None
            if task is None:
                continue
            if task not in self.op_sequences:
                hint = did_you_mean(task, self.op_sequences)
                raise ParameterError(f"remap_labels sends {label!r} to {task!r}, which is no task.{hint}")
            tasks[label] = task
        return tasks

    def save(self, model_path: str) -> None:
        """Write the weights to a file; folders are made.

        Parameters
        ----------
        model_path : str or Path
            The file.
        """
        write_state(self.state_dict(), model_path)

    def load(self, model_path: str) -> None:
        """Take up weights from a file that ``save``, or that of Snorkel, wrote. No code in it is run.

        Parameters
        ----------
        model_path : str or Path
            The file.

        Raises
        ------
        FileNotFoundError
            If there is none.
        ParameterError
            If it is no such file, or one of other modules.
        """
        state = read_state(model_path, "a saved MultitaskClassifier")
        try:
            self.load_state_dict(with_names_of(self.state_dict(), state))
        except RuntimeError as error:
            raise ParameterError(f"{str(model_path)!r} is of a classifier with other modules: {error}") from error
        self.to(self.device)
