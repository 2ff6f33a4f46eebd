"""Votes on a Dask cluster, as label models learn from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from weaklab.apply import shipping
from weaklab.apply.dask_frames import import_dask
from weaklab.exceptions import ColumnError, ParameterError, did_you_mean
from weaklab.typing import Classes
from weaklab.votes.parts import Part, bring_together

#: How many results are brought together at a time.
TOGETHER = 16


class DaskVotes:
    """The votes, with gold labels and weights, one part per partition: :class:`SpreadVotes` of Dask.

    Parameters
    ----------
    votes : dask DataFrame
        The votes.
    y, sample_weight : str, dask Series, or None
        A column of the frame, or a Series with the same partitions.
    classes : int, sequence of hashable, or None
        The classes.

    Raises
    ------
    ColumnError, ParameterError
        If a column is not there, or a Series is none of Dask, or has other partitions.
    """

    def __init__(self, votes: Any, y: Any, sample_weight: Any, classes: Classes) -> None:
        self._dask = import_dask()
        beside = {"y": y, "sample_weight": sample_weight}
        taken = {name: check_column(name, value, votes.columns) for name, value in beside.items() if _is_name(value)}
        series = {
            name: _partitions(name, value, votes.npartitions)
            for name, value in beside.items()
            if value is not None and not _is_name(value)
        }
        read = self._dask.delayed(_read)
        self._parts: Sequence[Any] = [
            read(part, {name: each[at] for name, each in series.items()}, taken, classes, at)
            for at, part in enumerate(votes.to_delayed())
        ]

    def gather(self, most_bytes: int) -> list[Part] | None:
        """The parts, brought together in a tree; None where one place would hold too much."""
        alone = self._dask.delayed(_alone)
        found: list[Part] | None = self._tree([alone(part) for part in self._parts], bring_together, most_bytes)
        return found

    def keep(self) -> None:
        """Hold the parts in the memory of the workers, merged; what a lost worker held is made again."""
        merged = self._dask.delayed(Part.merged)
        self._parts = self._dask.persist(*(merged(part) for part in self._parts))

    def drop(self) -> None:
        """Hold them no more."""
        self._parts = []

    def each(self, look: Callable[[Part], Any]) -> list[Any]:
        """What a function gives of each part."""
        return list(self._dask.compute(*self._looks(look)))

    def total(self, look: Callable[[Part], tuple[Any, ...]]) -> tuple[Any, ...]:
        """The sums, over all parts, of what a function gives of each."""
        sums: tuple[Any, ...] = self._tree(self._looks(look), add_up)
        return sums

    def _looks(self, look: Callable[[Part], Any]) -> list[Any]:
        packed, at = self._dask.delayed(shipping.dumps(look)), self._dask.delayed(_look)
        return [at(packed, part) for part in self._parts]

    def _tree(self, nodes: list[Any], join: Callable[..., Any], *given: Any) -> Any:
        task = self._dask.delayed(join)
        while True:
            nodes = [task(nodes[at : at + TOGETHER], *given) for at in range(0, len(nodes), TOGETHER)]
            if len(nodes) == 1:
                return nodes[0].compute()


def add_up(results: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Sums of what stands in each place.

    Examples
    --------
    >>> add_up([(1, 2.0), (3, 4.0)])
    (4, 6.0)
    """
    first, *others = results
    total = list(first)
    for other in others:
        total = [one + more for one, more in zip(total, other, strict=True)]
    return tuple(total)


def check_column(name: str, column: str, columns: Any) -> str:
    """A column of a frame of votes that holds something else.

    Raises
    ------
    ColumnError
        If it is not there.
    """
    if column not in list(columns):
        raise ColumnError(f"{name}: the votes have no column {column!r}.{did_you_mean(column, list(columns))}")
    return column


def take_columns(
    votes: pd.DataFrame, taken: dict[str, str], classes: Classes, at: int, first_row: int = 0, **beside: Any
) -> Part:
    """The part that some rows make, whose gold labels and weights stand among the votes or beside them."""
    beside |= {name: votes[column] for name, column in taken.items()}
    only = votes.drop(columns=list(taken.values()))
    return Part.of(only, classes=classes, at=at, first_row=first_row, **beside)


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


def _partitions(name: str, value: Any, count: int) -> Sequence[Any]:
    parts = value.to_delayed() if hasattr(value, "to_delayed") else None
    if parts is None:
        raise ParameterError(
            f"{name} is {type(value).__name__}; for votes of Dask it must be the name of one of their columns, or a "
            "Dask Series with the same partitions."
        )
    if len(parts) != count:
        raise ParameterError(f"{name} has {len(parts):,} partitions, and the votes have {count:,}; repartition one.")
    found: Sequence[Any] = parts
    return found


def _read(votes: pd.DataFrame, beside: dict[str, Any], taken: dict[str, str], classes: Classes, at: int) -> Part:
    return take_columns(votes, taken, classes, at, **beside)


def _alone(part: Part) -> list[Part]:
    return [part]


def _look(packed: bytes, part: Part) -> Any:
    return shipping.loads(packed)(part)
