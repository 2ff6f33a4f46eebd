"""Files that are there whole or not at all: written under another name, forced to the disk, and then moved."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from weaklab.exceptions import StorageError

#: What the system says where there is no room: on the disk, in the user's share of it, or in a file.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def written_whole(path: Path, temporary: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place when the block ends, and leaves nothing where that fails.

    Parameters
    ----------
    path : Path
        Its place; what stands there is replaced.
    temporary : Path
        A folder on the same disk.

    Raises
    ------
    StorageError
        If there is no room for it, or it cannot be written. What the block itself raises goes through; say there
        with :func:`storage_errors` what comes of writing.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with written_whole(folder / "a", folder) as file:
    ...     (file.write(b"all of it"), (folder / "a").exists())
    (9, False)
    >>> [each.name for each in folder.iterdir()]
    ['a']
    """
    with storage_errors(path):
        handle, name = tempfile.mkstemp(prefix=f"{path.name}-", dir=temporary)
    file = os.fdopen(handle, "wb")
    try:
        yield file
        with storage_errors(path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.chmod(name, 0o666 & ~_umask())  # mkstemp lets nobody else read it
            os.replace(name, path)
            sync_folder(path.parent)
    except BaseException:  # Ctrl-C too
        for clear in (file.close, lambda: os.unlink(name)):  # to close a file writes what is left of it
            with suppress(OSError):
                clear()
        raise


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Say of an error of the system, raised while a file is written, which file that was, and what to do."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageError(
                f"There is no room left to write {str(path)!r} ({error.strerror}): free some."
            ) from error
        raise StorageError(f"{str(path)!r} cannot be written: {error}") from error


def write_json(path: Path, content: Any, temporary: Path) -> None:
    """Write plain values as JSON, the same ones always as the same bytes.

    Raises
    ------
    StorageError
        If that cannot be written.
    """
    with written_whole(path, temporary) as file, storage_errors(path):
        file.write(json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where systems have that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
