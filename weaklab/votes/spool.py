"""Arrays that grow at their end, and move from memory to a temporary file when there is too much of them."""

from __future__ import annotations

import mmap
import tempfile
import weakref
from typing import Any, BinaryIO

import numpy as np

from weaklab.exceptions import StorageError

#: Bytes of rows that are held in memory; beyond that, rows that come in chunks go to temporary files.
BUDGET = 512_000_000
#: Entries that are read back at a time.
BLOCK = 4_000_000


class Column:
    """An array that grows at its end.

    Its file, where it has one, is in the folder of temporary files, which the variable TMPDIR sets. It has no name (or
    goes when it is closed, on Windows), so that nothing stays behind, whatever ends the process. Arrays that were taken
    from it keep the file for as long as they live.

    Parameters
    ----------
    dtype : dtype
        Of its entries.

    Examples
    --------
    >>> column = Column(np.int64)
    >>> column.append([3, 1])
    >>> column.to_file()
    >>> column.append([4])
    >>> column.array(), column.held
    (array([3, 1, 4]), 0)
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self._buffer = np.empty(0, dtype=self.dtype)
        self._file: BinaryIO | None = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def held(self) -> int:
        """How many bytes are in memory."""
        return 0 if self.in_file else self._length * self.dtype.itemsize

    @property
    def in_file(self) -> bool:
        """Whether it has moved to a file."""
        return self._file is not None

    def append(self, values: Any) -> None:
        """Add entries at the end; they are copied, all of them or, after an error, none.

        Raises
        ------
        StorageError
            If the disk takes no more.
        """
        part = np.ascontiguousarray(values, dtype=self.dtype)
        end = self._length + len(part)
        if self._file is None:
            if end > len(self._buffer):  # half as much again, so that a million small parts are not copied each time
                buffer = np.empty(max(end, len(self._buffer) * 3 // 2), dtype=self.dtype)
                buffer[: self._length] = self._buffer[: self._length]
                self._buffer = buffer
            self._buffer[self._length : end] = part
        else:
            self._file.seek(self._length * self.dtype.itemsize)  # not where a failed write ended
            _write(self._file, part)
        self._length = end

    def cut(self, length: int) -> None:
        """Take away all entries but the first ``length``; what is added next is written over them."""
        self._length = length

    def to_file(self) -> None:
        """Move to a temporary file, for good.

        Raises
        ------
        StorageError
            If there is no folder to write to, or no room in it; then it stays in memory.
        """
        if self._file is not None:
            return
        try:
            # Unbuffered: a write that fails does so here, not when the file is closed.
            file = tempfile.TemporaryFile(prefix="weaklab-", buffering=0)  # noqa: SIM115 (it lives with the column)
        except OSError as error:
            raise _no_storage(error) from error
        try:
            _write(file, self.array())
        except BaseException:
            file.close()
            raise
        weakref.finalize(self, file.close)
        self._file, self._buffer = file, np.empty(0, dtype=self.dtype)

    def array(self) -> np.ndarray:
        """All entries: in memory, or as a view of the file, which takes memory only where it is being read."""
        if self._file is None:
            return self._buffer[: self._length]
        if not self._length:
            return np.empty(0, dtype=self.dtype)
        # Shared, not private: the system need not set memory aside. Writable, so that kernels are not compiled twice.
        size = self._length * self.dtype.itemsize
        return np.frombuffer(mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_WRITE), dtype=self.dtype)


def _write(file: Any, values: np.ndarray) -> None:
    """Write an array where the file stands."""
    left = values.view(np.uint8).data
    try:
        while len(left):
            left = left[file.write(left) :]  # a file without a buffer may take less than it is given
    except OSError as error:
        raise _no_storage(error) from error


def _no_storage(error: OSError) -> StorageError:
    return StorageError(
        error.errno,
        f"Rows that come in chunks are kept in temporary files beyond {BUDGET / 1e6:,.0f} MB, which cannot be written: "
        f"{error.strerror}. Point the variable TMPDIR to a folder on a disk with room",
        error.filename or tempfile.tempdir,
    )


def is_in_file(array: np.ndarray) -> bool:
    """Whether an array is a view of a file.

    Examples
    --------
    >>> is_in_file(np.zeros(3))
    False
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)


def look_up(table: np.ndarray, at: np.ndarray) -> np.ndarray:
    """``table[at]``, in a file where ``at`` is in one.

    Examples
    --------
    >>> look_up(np.array([10, 20]), np.array([1, 0, 1]))
    array([20, 10, 20])
    """
    if not is_in_file(at):
        return table[at]
    column = Column(table.dtype)
    column.to_file()
    for start in range(0, len(at), BLOCK):
        column.append(table[at[start : start + BLOCK]])
    return column.array()
