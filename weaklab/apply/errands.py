"""What the workers of a cluster are sent: labeling functions and how to run them; and what comes back of a part."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from weaklab.apply import shipping
from weaklab.apply.faults import Fault
from weaklab.apply.frames import PandasReader
from weaklab.apply.plan import make_plan
from weaklab.exceptions import LabelingFunctionError, ParameterError, ReturnValueError
from weaklab.labeling import VoteCoder
from weaklab.typing import Classes
from weaklab.votes import vote_dtype

_log = logging.getLogger("weaklab.apply")


@dataclass(frozen=True)
class Errand:
    """Labeling functions, and how a worker is to run them over a part of a frame.

    Parameters
    ----------
    lfs : list of labeling functions
        What to run.
    classes : int, sequence of hashable, or None
        The classes.
    on_error : {"raise", "abstain"}
        As for ``apply``.
    cache : path, or False
        As for ``apply``; a folder that all workers reach.
    timeout : float or None
        As for ``apply``.
    """

    lfs: list[Any]
    classes: Classes
    on_error: Literal["raise", "abstain"]
    cache: Any
    timeout: float | None

    @property
    def names(self) -> list[str]:
        """The names of the labeling functions."""
        return [lf.name for lf in self.lfs]

    @property
    def dtype(self) -> np.dtype:
        """The type of all votes, which a cluster must know before there are any."""
        return vote_dtype(VoteCoder(self.classes).k or 1)

    def packed(self) -> bytes:
        """The same as bytes, the user's functions and modules by value.

        Raises
        ------
        LabelingFunctionError
            If a labeling function cannot be sent.
        """
        try:
            return shipping.dumps(self)
        except shipping.CannotShipError as error:
            raise LabelingFunctionError(
                f"The labeling functions cannot be sent to the workers of the cluster: {error}. Locks and "
                "connections are to be made within them, not read from outside."
            ) from error

    def run(self, part: pd.DataFrame, where: str) -> tuple[pd.DataFrame, dict[str, Fault]]:
        """Votes on a part of the frame, and what failed there.

        Parameters
        ----------
        part : DataFrame
            The part.
        where : str
            What to call it in errors.

        Returns
        -------
        votes : DataFrame
            In the type that was announced.
        faults : dict of str to Fault
            By labeling function, with positions within the part.
        """
        from weaklab.apply.applier import run_all

        try:
            votes, _ = run_all(
                self.lfs,
                part,
                classes=self.classes,
                on_error=self.on_error,
                cache=self.cache,
                timeout=self.timeout,
            )
            assert isinstance(votes, pd.DataFrame)  # richer votes were refused
            highest = int(votes.to_numpy().max(initial=-1))
            if highest > np.iinfo(self.dtype).max:
                raise ReturnValueError(
                    f"A labeling function voted {highest}, and votes on a cluster are of one type that is known "
                    f"beforehand, {self.dtype}: say how many classes there are, apply(..., classes=...)."
                )
        except Exception as error:
            error.add_note(f"This was in {where}; rows are counted from its start.")
            raise
        faults: dict[str, Fault] = votes.attrs.pop("faults", {})
        for name, fault in faults.items():
            _log.warning("%r failed on %d of %d rows of %s (%s)", name, fault.count, len(part), where, fault.reason)
        votes.attrs.clear()
        return votes.astype(self.dtype), faults


def fault_table(faults: dict[str, Fault], partition: int, n: int) -> pd.DataFrame:
    """What failed on a partition of n rows: a row per labeling function.

    Examples
    --------
    >>> fault_table({"short": Fault(2, (0, 5), (0, 5), "ValueError: no number")}, 3, 100)
       partition labeling function  failed  rows                 reason
    0          3             short       2   100  ValueError: no number
    """
    table = {
        "partition": np.full(len(faults), partition, dtype=np.int64),
        "labeling function": pd.Series(list(faults), dtype=object),
        "failed": np.array([fault.count for fault in faults.values()], dtype=np.int64),
        "rows": np.full(len(faults), n, dtype=np.int64),
        "reason": pd.Series([fault.reason for fault in faults.values()], dtype=object),
    }
    return pd.DataFrame(table)


def make_errand(
    lfs: Any,
    columns: Sequence[Any],
    *,
    classes: Classes,
    on_error: Literal["raise", "abstain"],
    n_jobs: int,
    cache: Any,
    timeout: float | None,
) -> Errand:
    """Check all that can be checked before anything runs.

    Parameters
    ----------
    lfs, classes, on_error, n_jobs, cache, timeout
        As for ``apply``.
    columns : sequence
        The columns of the frame.

    Returns
    -------
    Errand

    Raises
    ------
    LabelingFunctionError, ColumnError, ClassError
        As ``apply`` raises them; and if a labeling function votes sets or distributions.
    ParameterError
        If several processes are asked for.
    """
    if n_jobs != 1:
        raise ParameterError(f"n_jobs={n_jobs!r}: on a cluster its workers are the processes; leave it at 1.")
    plan = make_plan(lfs, PandasReader(pd.DataFrame(columns=list(columns))), VoteCoder(classes))
    if plan.output != "hard":
        rich = [lf.name for lf in plan.lfs if getattr(lf, "output", "hard") != "hard"]
        raise LabelingFunctionError(
            f"labeling function {rich[0]!r} votes sets of classes or distributions, which a frame on a cluster cannot "
            "hold; use output='hard', or apply it to parts of the data on one machine."
        )
    return Errand(plan.lfs, classes, on_error, False if cache is None else cache, timeout)
