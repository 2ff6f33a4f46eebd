"""Appliers of labeling functions, on :func:`weaklab.apply`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from weaklab.apply import apply
from weaklab.apply.applier import OnError
from weaklab.apply.frames import Items
from weaklab.exceptions import FaultWarning, LabelingFunctionError, LabelingFunctionFailure
from weaklab.snorkel.types import DataPoints
from weaklab.snorkel.utils.data_operators import check_unique_names


class ApplierMetadata(NamedTuple):
    """What happened while labeling functions ran.

    Attributes
    ----------
    faults : dict of str to int
        On how many rows each labeling function that failed did so.
    """

    faults: dict[str, int]


@contextmanager
def errors_of_functions() -> Iterator[None]:
    """Let an error of a labeling function out as what it is, with a note that names the function and the row."""
    try:
        yield
        return
    except LabelingFunctionFailure as failure:
        cause, told = failure.__cause__, failure
    if not isinstance(cause, Exception):
        raise told
    cause.add_note(str(told))
    raise cause


class BaseLFApplier:
    """What appliers share: labeling functions of different names, and the form of what comes out.

    Parameters
    ----------
    lfs : list of LabelingFunction
        One at least.

    Raises
    ------
    LabelingFunctionError
        If there is none, or two have one name.
    """

    #: Whether a record array with a field per function comes out, in place of a matrix.
    _use_recarray = False

    def __init__(self, lfs: Sequence[Any]) -> None:
        self._lfs = list(lfs)
        self._lf_names = [lf.name for lf in self._lfs]
        check_unique_names(self._lf_names)
        if not self._lfs:
            raise LabelingFunctionError("There are no labeling functions to apply.")

    def _apply(self, data: Any, progress_bar: bool, fault_tolerant: bool, return_meta: bool, n_jobs: int = 1) -> Any:
        on_error: OnError = "abstain" if fault_tolerant else "raise"
        with warnings.catch_warnings(), errors_of_functions():
            if return_meta:  # the counts are asked for, and returned
                warnings.simplefilter("ignore", FaultWarning)
            votes = apply(self._lfs, data, on_error=on_error, n_jobs=n_jobs, cache=False, progress=progress_bar)
        L = self._as_output(np.asarray(votes).astype(np.int64))
        if not return_meta:
            return L
        faults = votes.attrs.get("faults", {})
        return L, ApplierMetadata({name: fault.count for name, fault in faults.items() if fault.count})

    def _as_output(self, L: np.ndarray) -> np.ndarray:
        if not self._use_recarray:
            return L
        out = np.recarray(len(L), dtype=[(name, np.int64) for name in self._lf_names])
        for j, name in enumerate(self._lf_names):
            out[name] = L[:, j]
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}, LFs: {self._lf_names}"


class LFApplier(BaseLFApplier):
    """Run labeling functions over a list of data points, or over the rows of an array.

    Parameters
    ----------
    lfs : list of LabelingFunction
        One at least.

    Examples
    --------
    >>> from weaklab.snorkel.labeling import labeling_function
    >>> @labeling_function()
    ... def big(x):
    ...     return 1 if x[0] > 42 else 0
    >>> LFApplier([big]).apply(np.array([[10], [100]]), progress_bar=False)
    array([[0],
           [1]])
    """

    def apply(
        self,
        data_points: DataPoints | np.ndarray,
        progress_bar: bool = True,
        fault_tolerant: bool = False,
        return_meta: bool = False,
    ) -> Any:
        """The votes.

        Parameters
        ----------
        data_points : sequence of n data points
            Each as labeling functions get it.
        progress_bar : bool
            Whether to show one.
        fault_tolerant : bool
            Whether a labeling function that fails on a row abstains there; counts are in the metadata and, where these
            are not asked for, in a warning.
        return_meta : bool
            Whether to return metadata too.

        Returns
        -------
        ndarray of int64 of shape (n, m), or (ndarray, ApplierMetadata)
        """
        return self._apply(Items(data_points), progress_bar, fault_tolerant, return_meta)
