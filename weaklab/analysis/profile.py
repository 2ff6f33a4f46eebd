"""What labeling functions cost, found out on a sample before they run over everything."""

from __future__ import annotations

import warnings
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from weaklab.apply import apply
from weaklab.apply.frames import read_frame
from weaklab.apply.plan import check_lfs
from weaklab.apply.row_slices import take_rows
from weaklab.exceptions import FaultWarning, ParameterError
from weaklab.seeding import generator
from weaklab.typing import ABSTAIN, Classes, Frame
from weaklab.votes import PartialVotes, SoftVotes


def profile_lfs(
    lfs: Any,
    frame: Frame,
    n: int = 1000,
    *,
    classes: Classes = None,
    timeout: float | None = None,
    random_state: Any = None,
) -> pd.DataFrame:
    """Time each labeling function by itself on a sample of rows, the slowest first.

    Parameters
    ----------
    lfs : labeling function, or iterable of labeling functions
        As for :func:`weaklab.apply.apply`.
    frame : frame
        As for :func:`weaklab.apply.apply`.
    n : int
        Rows in the sample, drawn without replacement, in the order of the frame; all, where there are fewer.
    classes : int or sequence of hashable, optional
        As for :func:`weaklab.apply.apply`.
    timeout : float, optional
        Seconds per call of a function of one row, after which it counts as a fault.
    random_state : int, Generator, or None
        Which rows; None means 0.

    Returns
    -------
    DataFrame
        Indexed by the names of the labeling functions, sorted by time:

        ``ms_per_1000_rows``
            What it cost alone, its preprocessors and the preparation of its column included.
        ``expected_seconds``
            The same for the whole frame, by rule of three: an upper bound for functions that share preprocessors or a
            column.
        ``coverage``
            The share of the sample that it votes on.
        ``faults``
            On how many rows of the sample it failed.
        ``first_fault``
            Why, on the first of them; empty where there is none.

    Raises
    ------
    ParameterError
        If ``n`` is no int from 1.

    Examples
    --------
    >>> def short(row):
    ...     return 1 if len(row.text) < 5 else None
    >>> profile_lfs(short, [{"text": "abc"}, {"text": "a long one"}, {"text": None}])[["coverage", "faults"]]
           coverage  faults
    short  0.333333       1
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ParameterError(f"n={n!r} must be a number of rows from 1.")
    found = check_lfs(lfs)
    reader = read_frame(frame)
    size = min(int(n), reader.n)
    rows = np.sort(generator(random_state).choice(reader.n, size, replace=False)) if reader.n else np.arange(0)
    sample = take_rows(reader, rows)
    table = []
    for lf in found:
        began = perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FaultWarning)
            votes = apply(lf, sample, classes=classes, on_error="abstain", cache=False, timeout=timeout, progress=False)
        seconds = (perf_counter() - began) / max(size, 1)
        fault = votes.attrs["faults"].get(lf.name)
        table.append(
            {
                "ms_per_1000_rows": seconds * 1e6,
                "expected_seconds": seconds * reader.n,
                "coverage": float(_covered(votes).mean()) if size else np.nan,
                "faults": 0 if fault is None else fault.count,
                "first_fault": "" if fault is None else fault.reason,
            }
        )
    profile = pd.DataFrame(table, index=[lf.name for lf in found])
    return profile.sort_values("ms_per_1000_rows", ascending=False, kind="stable")


def _covered(votes: pd.DataFrame | PartialVotes | SoftVotes) -> np.ndarray:
    """The rows that a labeling function votes on, an array of bool of shape (n, 1)."""
    if isinstance(votes, PartialVotes):
        return votes.masks != 0
    if isinstance(votes, SoftVotes):
        return ~np.isnan(votes.probs[:, :, 0])
    return votes.to_numpy() != ABSTAIN
