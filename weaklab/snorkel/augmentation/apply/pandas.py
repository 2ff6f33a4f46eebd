"""Appliers of transformation functions to pandas frames, on :func:`weaklab.augment`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from weaklab import augmentation
from weaklab.augmentation.policies import NOTHING, UNCHANGED
from weaklab.snorkel.augmentation.apply.core import BaseTFApplier, check_batch_size
from weaklab.snorkel.augmentation.policy.core import Policy
from weaklab.typing import Codes


class PandasTFApplier(BaseTFApplier):
    """Make more rows of a frame.

    Parameters
    ----------
    tfs : list of transformation functions
        What to run; they get a row that is read and written by attribute and by item.
    policy : Policy
        In which order.

    Examples
    --------
    >>> from weaklab.snorkel.augmentation import ApplyOnePolicy, transformation_function
    >>> @transformation_function()
    ... def square(x):
    ...     x.num = x.num**2
    ...     return x
    >>> PandasTFApplier([square], ApplyOnePolicy()).apply(pd.DataFrame({"num": [2, 3]}), progress_bar=False)
       num
    0    2
    0    4
    1    3
    1    9
    """

    def apply(self, df: pd.DataFrame, progress_bar: bool = True) -> pd.DataFrame:
        """The rows that stay, and their copies, with the index repeated; types are inferred from the cells."""
        tfs = [augmentation.TransformationFunction(tf._map_row, name=tf.name) for tf in self._tfs]
        sequences = _Sequences(self._policy)
        out: pd.DataFrame = augmentation.augment(
            tfs, df.astype(object), policy=sequences, keep_original=False, progress=progress_bar
        )
        return out.infer_objects()

    def apply_generator(self, df: pd.DataFrame, batch_size: int) -> Iterator[pd.DataFrame]:
        """The same by batches of so many rows, which are made as they are asked for."""
        check_batch_size(batch_size)
        for start in range(0, len(df), batch_size):
            yield self.apply(df.iloc[start : start + batch_size], progress_bar=False)


class _Sequences(augmentation.Policy):
    """A policy of Snorkel's as one of weaklab's: a row that stays is a copy by nothing."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def sequences(self, n: int, n_tfs: int, rng: np.random.Generator) -> Codes:
        drawn = [self.policy.generate_for_example() for _ in range(n)]
        copies = max(map(len, drawn), default=0)
        steps = max((len(sequence) for each in drawn for sequence in each), default=0) or 1
        out = np.full((n, copies, steps), NOTHING, dtype=np.int64)
        for row, each in enumerate(drawn):
            for copy, sequence in enumerate(each):
                out[row, copy, : max(len(sequence), 1)] = sequence or UNCHANGED
        return out
