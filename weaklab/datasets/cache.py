"""Where derived data is kept between runs, and how a frame is kept there so that a reader never sees half of one."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

logger = logging.getLogger(__name__)


def cache_folder() -> Path:
    """The folder of weaklab's caches; it need not exist.

    ``$XDG_CACHE_HOME/weaklab`` where that variable is set to an absolute path, on every platform; else the
    platform's own place for caches. What lies there can be deleted at any time: it is built again.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> cache_folder().name
    'weaklab'
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if named and Path(named).is_absolute():  # the XDG specification: a relative path must be ignored
        return Path(named) / "weaklab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "weaklab"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "weaklab" / "Cache"
    return Path.home() / ".cache" / "weaklab"


def read_cached(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """The frame kept at ``path``, or None where there is none that can be trusted.

    Parameters
    ----------
    path : pathlib.Path
        A file that :func:`write_cached` wrote, or not.
    columns : sequence of str
        The columns that the frame must have, in their order.

    Returns
    -------
    DataFrame or None
        None if the file is absent, unreadable, damaged (page checksums are verified) or of other columns. A
        damaged file is logged as a warning; the caller builds the frame again.
    """
    import pyarrow.parquet

    if not path.exists():
        return None
    try:
        table = pyarrow.parquet.read_table(path, page_checksum_verification=True)
        frame = table.to_pandas()
    except (OSError, ValueError, KeyError, TypeError) as error:  # pyarrow's own errors inherit from these
        logger.warning("The cached file %s cannot be read (%s); it is built again.", path, error)
        return None
    if list(frame.columns) != list(columns) or frame.empty:
        logger.warning("The cached file %s is not what it should be; it is built again.", path)
        return None
    return frame


def write_cached(frame: pd.DataFrame, path: Path) -> bool:
    """Keep a frame at ``path``: whole, or not at all.

    Written beside its place and moved there in one step, so that a process that reads at the same time, or one
    that is killed, leaves no half file. A folder that cannot be written to is no error, since a cache only saves
    time.

    Parameters
    ----------
    frame : DataFrame
        What to keep; its index is dropped.
    path : pathlib.Path
        Where; folders are made as needed.

    Returns
    -------
    bool
        Whether it was kept.
    """
    import pyarrow
    import pyarrow.parquet

    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        part = Path(name)
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        pyarrow.parquet.write_table(table, part, compression="zstd", write_page_checksum=True)
        part.replace(path)
    except OSError as error:
        logger.info("Nothing is cached at %s: %s", path, error)
        if part is not None:
            part.unlink(missing_ok=True)
        return False
    return True
