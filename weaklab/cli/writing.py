"""Write a file: all of it, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` write a file beside the target, and put it in its place when it is done.

    Raises
    ------
    OSError
        If it cannot be written; a file that was there is then as it was.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """A table as Parquet or CSV, by the ending of the path, without its index."""
    write_whole(
        path,
        lambda beside: (
            table.to_parquet(beside, index=False) if path.suffix == ".parquet" else table.to_csv(beside, index=False)
        ),
    )
