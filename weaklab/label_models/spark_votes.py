"""Votes on a Spark cluster, as label models learn from them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from math import ceil, inf
from typing import Any

import pandas as pd

from weaklab.apply import shipping
from weaklab.apply.spark_frames import import_spark, numbered
from weaklab.exceptions import ParameterError
from weaklab.label_models.dask_votes import TOGETHER, add_up, check_column, take_columns
from weaklab.typing import Classes
from weaklab.votes.parts import Part, bring_together

#: Batches of rows after which a partition's rows are brought together.
BATCHES = 32
#: The one column of frames that carry results, pickled.
RESULT = "result binary"


class SparkVotes:
    """The votes, with gold labels and weights, as one part per partition: :class:`SpreadVotes` of Spark.

    Parameters
    ----------
    votes : pyspark DataFrame
        The votes.
    y, sample_weight : str or None
        A column of the frame.
    classes : int, sequence of hashable, or None
        The classes.

    Raises
    ------
    ColumnError, ParameterError
        If it is no column of the frame.
    """

    def __init__(self, votes: Any, y: Any, sample_weight: Any, classes: Classes) -> None:
        import_spark()
        taken = {}
        for name, value in {"y": y, "sample_weight": sample_weight}.items():
            if value is None:
                continue
            if not isinstance(value, str):
                raise ParameterError(
                    f"{name} is {type(value).__name__}; for votes of Spark, whose rows have no order, it must be the "
                    "name of one of their columns."
                )
            taken[name] = check_column(name, value, votes.columns)
        self._count = votes.rdd.getNumPartitions()
        self._parts = votes.mapInPandas(partial(_read, taken=taken, classes=classes), RESULT)
        self._kept: Any = None

    def gather(self, most_bytes: int) -> list[Part] | None:
        """The parts, brought together in a tree; None where one place would hold too much."""
        frame, count = self._parts, self._count
        while count > 1:
            count = ceil(count / TOGETHER)
            frame = frame.repartition(count).mapInPandas(partial(_join, most_bytes=most_bytes), RESULT)
        return bring_together(_results(frame), most_bytes)

    def keep(self) -> None:
        """Hold the parts in the memory and on the disks of the workers, merged."""
        self._kept = self._parts = self._parts.mapInPandas(_merge, RESULT).persist()

    def drop(self) -> None:
        """Hold them no more."""
        if self._kept is not None:
            self._kept.unpersist()

    def each(self, look: Callable[[Part], Any]) -> list[Any]:
        """What a function gives of each part."""
        return _results(self._parts.mapInPandas(partial(_look, packed=shipping.dumps(look)), RESULT))

    def total(self, look: Callable[[Part], tuple[Any, ...]]) -> tuple[Any, ...]:
        """The sums, over all parts, of what a function gives of each."""
        return add_up(self.each(look))


def _results(frame: Any) -> list[Any]:
    return [pickle.loads(row[0]) for row in frame.collect()]


def _frame(results: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"result": [pickle.dumps(result, protocol=5) for result in results]})


def _read(batches: Iterator[pd.DataFrame], taken: dict[str, str], classes: Classes) -> Iterator[pd.DataFrame]:
    groups: list[list[Part] | None] = []
    for batch, number, row in numbered(batches):
        groups.append([take_columns(batch, taken, classes, number, row)])
        if len(groups) >= BATCHES:
            groups = [bring_together(groups, inf)]  # a partition is held whole, where its rows do not merge
    yield _frame([bring_together(groups, inf)])


def _join(batches: Iterator[pd.DataFrame], most_bytes: int) -> Iterator[pd.DataFrame]:
    groups: list[list[Part] | None] = []
    for batch in batches:
        groups = [bring_together([*groups, *map(pickle.loads, batch["result"])], most_bytes)]
    yield _frame([bring_together(groups, most_bytes)])


def _merge(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        yield _frame([[part.merged() for part in group] for group in map(pickle.loads, batch["result"])])


def _look(batches: Iterator[pd.DataFrame], packed: bytes) -> Iterator[pd.DataFrame]:
    look = shipping.loads(packed)
    for batch in batches:
        yield _frame([look(part) for group in map(pickle.loads, batch["result"]) for part in group])
