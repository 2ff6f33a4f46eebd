"""Appliers of transformation functions to lists of data points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tqdm.auto import tqdm

from weaklab.exceptions import ParameterError
from weaklab.snorkel.augmentation.policy.core import Policy
from weaklab.snorkel.map.core import BaseMapper
from weaklab.snorkel.types import DataPoint, DataPoints
from weaklab.snorkel.utils.data_operators import check_unique_names


class BaseTFApplier:
    """What appliers share: transformation functions of different names, and a policy.

    Parameters
    ----------
    tfs : list of transformation functions
        What to run.
    policy : Policy
        In which order.

    Raises
    ------
    LabelingFunctionError
        If two have one name.
    """

    def __init__(self, tfs: Sequence[BaseMapper], policy: Policy) -> None:
        self._tfs, self._policy = list(tfs), policy
        self._tf_names = [tf.name for tf in self._tfs]
        check_unique_names(self._tf_names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}, Policy: {type(self._policy).__name__}, TFs: {self._tf_names}"


class TFApplier(BaseTFApplier):
    """Make more data points of a list of them; to make more rows of a frame is faster.

    Parameters
    ----------
    tfs : list of transformation functions
        What to run.
    policy : Policy
        In which order.
    """

    def _copies(self, x: DataPoint) -> Iterator[DataPoint]:
        for sequence in self._policy.generate_for_example():
            made, applied = x, not sequence
            for number in sequence:
                changed = self._tfs[number](made)
                if changed is not None:
                    made, applied = changed, True
            if applied:
                yield made

    def apply(self, data_points: DataPoints, progress_bar: bool = True) -> list[DataPoint]:
        """The data points that stay, and their copies."""
        shown = tqdm(data_points, disable=not progress_bar, delay=1.0)
        return [copy for x in shown for copy in self._copies(x)]

    def apply_generator(self, data_points: DataPoints, batch_size: int) -> Iterator[list[DataPoint]]:
        """The same by batches of so many data points, which are made as they are asked for."""
        check_batch_size(batch_size)
        for start in range(0, len(data_points), batch_size):
            yield [copy for x in data_points[start : start + batch_size] for copy in self._copies(x)]


def check_batch_size(batch_size: Any) -> None:
    """Refuse batches of nothing.

    Raises
    ------
    ParameterError
        If it is no int from 1.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ParameterError(f"batch_size={batch_size!r} must be an int from 1.")
