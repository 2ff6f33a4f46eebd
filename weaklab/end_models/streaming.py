"""More rows than the device holds: they stay in memory or in a file, and batches are sent, the next one in advance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from weaklab.end_models.dataset_rows import DatasetRows
from weaklab.end_models.mapped import MappedMatrix
from weaklab.end_models.rows import Rows, SparseRows, device_rows

Stored: TypeAlias = "Rows | StreamedRows"

#: The most that rows may take of a card's free memory, to lie there: the rest is for weights, gradients and batches.
SHARE = 0.7
#: Files of fewer bytes are read once and lie on the device, which is faster.
SMALL = 2**26
_SLICE = 2**14  # rows at once, where all of them are multiplied


class StreamedRows:
    """Rows that a device is sent as they are taken.

    Who says beforehand which rows will be taken (:meth:`expect`) waits less: a thread reads the next ones while the
    last ones are computed on, and to a card they are copied from pinned memory, on a stream of their own.

    Parameters
    ----------
    held : Tensor or SparseRows on the CPU, MappedMatrix or DatasetRows, of n rows
        The rows. Those of a Dataset are read by whoever takes them, not in advance, so that what it draws at random
        comes in one order.
    device : torch.device
        Where they are wanted.

    Examples
    --------
    >>> rows = StreamedRows(torch.tensor([[1.0], [2.0], [3.0]]), torch.device("cpu"))
    >>> parts = [torch.tensor([2, 0]), torch.tensor([1])]
    >>> rows.expect(parts)
    >>> [rows.take(part).flatten().tolist() for part in parts]
    [[3.0, 1.0], [2.0]]
    """

    dtype = torch.float32

    def __init__(self, held: Rows | MappedMatrix | DatasetRows, device: torch.device) -> None:
        self.held, self.device = held, device
        self.shape = tuple(held.shape)
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="weaklab-rows")
        self.expected: Iterator[tuple[Tensor, Tensor]] = iter(())
        self.coming: tuple[Tensor, Future[tuple[Rows, Any]]] | None = None

    @property
    def sparse(self) -> bool:
        """Whether the rows are sparse."""
        return isinstance(self.held, SparseRows)

    def __len__(self) -> int:
        return int(self.shape[0])

    def numel(self) -> int:
        """How many numbers there are."""
        return int(np.prod(self.shape))

    def expect(self, parts: Sequence[Tensor]) -> None:
        """Say which rows will be taken next, part by part; what was expected before is no longer."""
        if isinstance(self.held, DatasetRows):
            return
        here = torch.cat(list(parts)).cpu() if parts else torch.empty(0, dtype=torch.int64)  # one copy, one wait
        self.expected = iter(list(zip(parts, here.split([len(part) for part in parts]), strict=True)))
        self._begin()

    def take(self, index: Tensor) -> Rows:
        """Some rows on the device, in the order asked for.

        Parameters
        ----------
        index : Tensor of int64 of shape (b,)
            Row numbers, on the device.

        Returns
        -------
        Tensor or SparseRows of b rows
        """
        if self.coming is not None and _same(self.coming[0], index):
            rows, arrival = self.coming[1].result()
            self._begin()
        else:  # halved, or asked for out of turn
            self.expected, self.coming = iter(()), None
            rows, arrival = self._send(index.cpu())
        if arrival is not None:
            current = torch.cuda.current_stream(self.device)
            current.wait_event(arrival)
            for tensor in _tensors(rows):
                tensor.record_stream(current)
        return rows

    def split(self, size: int) -> Iterator[Rows]:
        """All rows in order, so many at a time."""
        parts = torch.arange(len(self), device=self.device).split(size)
        self.expect(parts)
        for part in parts:
            yield self.take(part)

    def __matmul__(self, weight: Tensor) -> Tensor:
        """The product with a dense (columns, h), without gradients."""
        return torch.cat([rows @ weight for rows in self.split(_SLICE)])

    def summed(self, values: Tensor) -> Tensor:
        """The rows, transposed, times values (n, h): (columns, h), without gradients."""
        total = values.new_zeros((self.shape[1], values.shape[1]))
        for rows, part in zip(self.split(_SLICE), values.split(_SLICE), strict=True):
            total += rows.transposed() @ part if isinstance(rows, SparseRows) else rows.T @ part
        return total

    def _begin(self) -> None:
        part = next(self.expected, None)
        self.coming = None if part is None else (part[0], self.thread.submit(self._send, part[1]))

    def _send(self, index: Tensor) -> tuple[Rows, Any]:
        """Rows on their way to the device, and the event of their arrival on a card."""
        if isinstance(self.held, SparseRows):
            rows: Rows = self.held.take(index)
        elif isinstance(self.held, (MappedMatrix, DatasetRows)):
            rows = torch.from_numpy(self.held.read(index.numpy()))
        else:
            rows = self.held.index_select(0, index)
        if self.stream is None:
            return _each(rows, lambda tensor: tensor.to(self.device)), None
        with torch.cuda.stream(self.stream):
            sent = _each(rows, lambda tensor: tensor.pin_memory().to(self.device, non_blocking=True))
            return sent, self.stream.record_event()


def _each(rows: Rows, change: Callable[[Tensor], Tensor]) -> Rows:
    if not isinstance(rows, SparseRows):
        return change(rows)
    indptr, columns, values = map(change, _tensors(rows))
    return replace(rows, indptr=indptr, columns=columns, values=values)


def _tensors(rows: Rows) -> list[Tensor]:
    return [rows.indptr, rows.columns, rows.values] if isinstance(rows, SparseRows) else [rows]


def _same(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors are one piece of memory; what is expected is kept alive, so that it is not used anew."""
    return (first.data_ptr(), first.shape, first.stride()) == (second.data_ptr(), second.shape, second.stride())


def place_rows(features: Any, device: torch.device, stream: bool | str = "auto") -> Stored:
    """A feature matrix on a device, or streamed to it, as float32.

    Parameters
    ----------
    features : ndarray, csr_array, MappedMatrix or DatasetRows of shape (n, columns)
        The features.
    device : torch.device
        Where they are wanted.
    stream : bool or "auto"
        "auto" streams Datasets, large files, and what would take more than 70 % of a card's free memory.

    Returns
    -------
    Tensor, SparseRows or StreamedRows of n rows
    """
    mapped, of_dataset = isinstance(features, MappedMatrix), isinstance(features, DatasetRows)
    if stream == "auto":
        size = _bytes(features)
        stream = size > SMALL if mapped else of_dataset
        stream = stream or (device.type == "cuda" and size > SHARE * torch.cuda.mem_get_info(device)[0])
    if stream:
        return StreamedRows(features if mapped or of_dataset else device_rows(features, torch.device("cpu")), device)
    return device_rows(np.asarray(features) if mapped or of_dataset else features, device)


def _bytes(features: Any) -> int:
    """What features take on a device."""
    if sp.issparse(features):
        return int(features.nnz) * 8 + int(features.shape[0]) * 4
    return int(np.prod(features.shape)) * 4
