"""Labeling functions that compare a number."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from weaklab.exceptions import FrameError, LabelingFunctionError
from weaklab.labeling.declarative import DeclarativeLF, check_column, check_given_name, check_label, readable_name

_KIND = "threshold_lf"


@dataclass(frozen=True)
class ThresholdLF(DeclarativeLF):
    """Votes where a number is in a range; made by :func:`threshold_lf`, which says what the arguments mean.

    Attributes
    ----------
    above, below : int, float or None
        The bounds, neither of which is in the range.
    """

    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "label", check_label(self.label, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "above", _check_bound(self.above, "above"))
        object.__setattr__(self, "below", _check_bound(self.below, "below"))
        if self.above is None and self.below is None:
            raise LabelingFunctionError(f"{_KIND}: give above=, below= or both; without them it would never vote.")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise LabelingFunctionError(
                f"{_KIND}: no number is above {self.above!r} and below {self.below!r}; it would never vote."
            )

    def matches(self, cell: Any) -> bool:
        """Whether a number is in the range, compared exactly."""
        number = cell.item() if isinstance(cell, np.generic) else cell  # numpy rounds a bound to the cell's type
        if not isinstance(number, (Real, Decimal, np.floating)):
            shown = repr(cell) if len(repr(cell)) <= 60 else f"{repr(cell)[:57]}..."
            raise FrameError(
                f"column {self.column!r} holds {shown} ({type(cell).__name__}) where a number was expected; "
                f"make the column numeric first, or leave the cell missing."
            )
        low, high = self.above, self.below
        return (low is None or bool(number > low)) and (high is None or bool(number < high))  # type: ignore[operator]  # Real has the operators of a float


def threshold_lf(
    column: Hashable,
    *,
    above: float | None = None,
    below: float | None = None,
    label: Any,
    name: str | None = None,
) -> ThresholdLF:
    """Make a labeling function that votes where ``above < value < below``.

    Parameters
    ----------
    column : hashable
        The column of numbers. Where it is missing (None, NaN, NA) the function abstains.
    above, below : int or float, optional
        The bounds, neither of which is in the range; one of them may be left out. Values are compared exactly,
        in whatever precision the column is.
    label : int, Enum member or class name
        What to vote. Names are checked when ``apply`` is given ``classes=``.
    name : str, optional
        The name of its column of votes; by default such as ``price_above_3``.

    Returns
    -------
    ThresholdLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If a bound is no number or NaN, or no number can be in the range.

    Examples
    --------
    >>> long = threshold_lf("n_chars", above=500, label="ham")
    >>> long.name
    'n_chars_above_500'
    >>> long({"n_chars": 900}), long({"n_chars": 500})
    ('ham', None)
    """
    bounds = [("above", _check_bound(above, "above")), ("below", _check_bound(below, "below"))]
    said = [f"{word} {bound!r}".replace("-", "minus ") for word, bound in bounds if bound is not None]
    return ThresholdLF(column, label, check_given_name(name, readable_name(column, *said), _KIND), above, below)


def _check_bound(bound: Any, argument: str) -> float | None:
    if bound is None:
        return None
    number = bound.item() if isinstance(bound, np.generic) else bound
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise LabelingFunctionError(f"{_KIND}: {argument}={bound!r} must be an int or a float.")
    if number != number:  # noqa: PLR0124
        raise LabelingFunctionError(f"{_KIND}: {argument}={bound!r} compares with nothing; it would never vote.")
    return number
