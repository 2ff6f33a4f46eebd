"""What ``fit`` and ``score`` are told of rows beside their data: labels and weights, unread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from weaklab.end_models.selection import Selection
from weaklab.exceptions import SoftLabelError
from weaklab.typing import Classes
from weaklab.votes.soft import SoftLabels


@dataclass(frozen=True, eq=False)
class GivenLabels:
    """Labels as a user gave them, with what it takes to read them; a task makes :class:`Targets` of it.

    Parameters
    ----------
    soft : SoftLabels, array-like of shape (n, k) or (n,), DataFrame or Series
        The labels, in a form that the task takes.
    n : int
        The number of rows of data.
    classes : int, sequence of hashable, or None
        The classes that the user declared.
    sample_weight : array-like of shape (n,), optional
        0 or more; multiplied with the weight of SoftLabels.
    index : pandas.Index, optional
        The index of the data, which that of the labels, and of a Series of weights, must equal where they have one.
    known : ndarray of shape (k,), optional
        The classes of a fitted model, in the place of ``classes``; no others are allowed.
    selection : Selection
        Which rows of soft labels count, and how much; by default as their weights say.
    """

    soft: Any
    n: int
    classes: Classes = None
    sample_weight: Any = None
    index: pd.Index | None = None
    known: np.ndarray | None = None
    selection: Selection = field(default_factory=Selection)


def plain_labels(soft: Any) -> Any:
    """Labels as they are, but those of polars and pyarrow as pandas has them.

    Raises
    ------
    SoftLabelError
        If there are none.

    Examples
    --------
    >>> import polars as pl
    >>> plain_labels(pl.Series(["ham", "spam"])).tolist()
    ['ham', 'spam']
    """
    if soft is None:
        raise SoftLabelError("This estimator requires y to be passed, but the target y is None.")
    return soft.to_pandas() if not isinstance(soft, SoftLabels) and hasattr(soft, "to_pandas") else soft
