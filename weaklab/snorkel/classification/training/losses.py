"""The losses of training since they were last looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor


class RunningLosses:
    """The losses of batches, summed by name, each as often as it has rows.

    They stay on the device until they are read, so that no batch waits for it.

    Examples
    --------
    >>> losses = RunningLosses()
    >>> losses.add("data/train", {"spam": torch.tensor(0.5)}, {"spam": 10})
    >>> losses.add("data/train", {"spam": torch.tensor(0.2)}, {"spam": 20})
    >>> {name: round(value, 2) for name, value in losses.means().items()}
    {'spam/data/train/loss': 0.3, 'model/all/train/loss': 0.3}
    """

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: defaultdict[str, float] = defaultdict(float)

    def add(self, source: str, losses: Mapping[str, Tensor], counts: Mapping[str, float]) -> None:
        """Add a batch.

        Parameters
        ----------
        source : str
            Where it is from, "dataset/split".
        losses : mapping of str to Tensor
            The mean loss by task.
        counts : mapping of str to float
            The rows by task.
        """
        for task, loss in losses.items():
            name = f"{task}/{source}/loss"
            part = loss.detach().double() * counts[task]
            self.sums[name] = part if name not in self.sums else self.sums[name] + part
            self.counts[name] += counts[task]

    def means(self) -> dict[str, float]:
        """The mean loss per row, by name, and that of all under "model/all/train/loss"; nothing without batches."""
        if not self.sums:
            return {}
        sums = dict(zip(self.sums, torch.stack(list(self.sums.values())).tolist(), strict=True))
        means = {name: value / self.counts[name] for name, value in sums.items()}
        return means | {"model/all/train/loss": sum(sums.values()) / sum(self.counts.values())}
