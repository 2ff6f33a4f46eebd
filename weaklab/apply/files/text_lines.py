"""The lines of a file of text, one at a time and none without end; compressed ones too."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from weaklab.exceptions import DatasetError

#: Bytes of a line; what is longer is no record, but a file of another kind.
LONGEST = 16_000_000
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    r"""Each line with its number, from 1, and whether it was cut because it was too long.

    Examples
    --------
    >>> import io
    >>> list(lines(io.BytesIO(b"a\nb")))
    [(1, b'a\n', False), (2, b'b', False)]
    """
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        cut = len(line) == LONGEST and not line.endswith(b"\n")
        if cut:
            while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                continue
        yield number, line.removeprefix(_BOM) if number == 1 else line, cut


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file of text to read, unpacked where its name ends in .gz.

    Raises
    ------
    DatasetError
        If it cannot be read, or only in part, or is UTF-16.
    """
    try:
        with cast("BinaryIO", gzip.open(path) if path.suffix == ".gz" else open(path, "rb")) as file:
            if file.peek(2)[:2] in _UTF16:  # type: ignore[attr-defined]
                raise DatasetError(f"{str(path)!r} is UTF-16; files of text must be UTF-8: convert it.")
            yield file
    except (OSError, EOFError) as error:
        raise DatasetError(f"{str(path)!r} cannot be read: {error}") from error


def shown_line(raw: bytes) -> str:
    r"""A line as text, whatever bytes are in it.

    Examples
    --------
    >>> shown_line(b"caf\xe9\n")
    'caf\\xe9'
    """
    return raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
