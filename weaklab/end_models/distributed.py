"""Several processes that train one model: each takes its part of every batch, and torch averages the gradients."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from weaklab.exceptions import ParameterError


@dataclass(frozen=True)
class Team:
    """The processes that train together: this one's number among ``size``; alone, all methods cost nothing.

    Every process gives ``fit`` the same rows and the same arguments, which is checked. A batch is drawn alike by all
    of them, and each takes every ``size``-th of its rows, so that training is that of one process with the same
    batches, up to rounding and dropout.

    Examples
    --------
    >>> Team.present()
    Team(rank=0, size=1)
    >>> Team(rank=1, size=2).part(torch.arange(5))
    tensor([1, 3])
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def present(cls) -> Team:
        """The team that ``torchrun`` and ``torch.distributed.init_process_group`` made, or one process alone."""
        if distributed.is_available() and distributed.is_initialized():
            return cls(distributed.get_rank(), distributed.get_world_size())
        return cls()

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.size == 1

    def part(self, index: Tensor) -> Tensor:
        """The row numbers that this process takes of a batch."""
        return index if self.alone else index[self.rank :: self.size]

    def wrap(self, model: nn.Module) -> nn.Module:
        """The module to call in training: what averages gradients in ``backward``, or the module itself."""
        if self.alone:
            return model
        wrapped: nn.Module = DistributedDataParallel(model)  # sends the weights of process 0 to all
        return wrapped

    def quiet(self, net: nn.Module, last: bool) -> AbstractContextManager[None]:
        """Within: gradients of a batch's parts are not sent before the last one."""
        if last or not isinstance(net, DistributedDataParallel):
            return nullcontext()
        quiet: AbstractContextManager[None] = net.no_sync()
        return quiet

    def total(self, values: Tensor) -> Tensor:
        """The sum of a tensor over all processes, the same in each."""
        if not self.alone:
            distributed.all_reduce(values)
        return values

    def check_same(self, given: Mapping[str, str]) -> None:
        """Check that every process was given the same.

        Parameters
        ----------
        given : mapping from str to str
            What each was given, in words or as a hash, by name; the names are the same everywhere.

        Raises
        ------
        ParameterError
            In all processes, if one was given something else than process 0; it is named.
        """
        if self.alone:
            return
        codes = [int.from_bytes(hashlib.blake2b(value.encode(), digest_size=7).digest()) for value in given.values()]
        first, *others = self.gathered(torch.tensor(codes, dtype=torch.int64, device="cpu"))
        for rank, theirs in enumerate(others, start=1):
            if not torch.equal(first, theirs):
                names = [name for name, differs in zip(given, (first != theirs).tolist(), strict=True) if differs]
                raise ParameterError(
                    f"Process {rank} of {self.size} was given other {', '.join(names)} than process 0. Each process "
                    "gives fit all rows and the same arguments; batches are split among the processes by themselves."
                )

    def gathered(self, values: Tensor) -> list[Tensor]:
        """A tensor on the CPU from each process, in the order of their numbers."""
        if self.alone:
            return [values]
        device = torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")
        mine = values.to(device)
        parts = [torch.empty_like(mine) for _ in range(self.size)]
        distributed.all_gather(parts, mine)
        return [part.cpu() for part in parts]

    def agreed(self, flag: bool, device: torch.device) -> bool:
        """Whether any process says so, the same answer in each."""
        return flag if self.alone else bool(self.total(torch.tensor(float(flag), device=device)) > 0)
