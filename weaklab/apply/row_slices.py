"""Some rows of any frame, as a frame of the same kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from weaklab.apply.dataset_frames import DatasetReader
from weaklab.apply.frames import ArrowReader, FrameReader, ObjectReader, PandasReader, PolarsReader, RecordReader


def take_rows(reader: FrameReader, rows: np.ndarray) -> Any:
    """The frame of some rows, which shares no memory with the whole one, so that it pickles as what it is.

    Parameters
    ----------
    reader : FrameReader
        The frame.
    rows : ndarray of int
        Positions.

    Returns
    -------
    frame of the same kind

    Examples
    --------
    >>> from weaklab.apply.frames import read_frame
    >>> take_rows(read_frame([{"text": "a"}, {"text": "b"}]), np.array([1]))
    [{'text': 'b'}]
    """
    if isinstance(reader, PandasReader):
        return reader.frame.take(rows)
    if isinstance(reader, DatasetReader):
        return reader.take(rows)
    if isinstance(reader, ArrowReader):
        return reader.table.take(pa.array(rows))
    if isinstance(reader, PolarsReader):
        return reader.frame[rows]
    if isinstance(reader, RecordReader):
        return [reader.given[row] for row in rows]
    assert isinstance(reader, ObjectReader)
    return [reader.objects[row] for row in rows]
