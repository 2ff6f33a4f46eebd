"""Labeling functions that compare a number."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.cells import MatchLF
from weaklab.labeling.declarative import (
    check_column,
    check_given_name,
    check_label,
    check_number,
    readable_name,
)
from weaklab.labeling.explanations import Explanation, short

_KIND = "threshold_lf"


@dataclass(frozen=True)
class ThresholdLF(MatchLF):
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
        object.__setattr__(self, "above", check_bound(self.above, "above", _KIND))
        object.__setattr__(self, "below", check_bound(self.below, "below", _KIND))
        if self.above is None and self.below is None:
            raise LabelingFunctionError(f"{_KIND}: give above=, below= or both; without them it would never vote.")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise LabelingFunctionError(
                f"{_KIND}: no number is above {self.above!r} and below {self.below!r}; it would never vote."
            )

    def matches(self, cell: Any) -> bool:
        """Whether a number is in the range, compared exactly."""
        number = check_number(cell, self.column)
        low, high = self.above, self.below
        return (low is None or bool(number > low)) and (high is None or bool(number < high))

    def explain_cell(self, cell: Any) -> Explanation:
        """A number against the bounds."""
        vote = self.vote(cell)
        bounds = [("above", self.above), ("below", self.below)]
        said = " and ".join(f"{word} {bound!r}" for word, bound in bounds if bound is not None)
        reason = f"{short(check_number(cell, self.column))} is {'' if vote is not None else 'not '}{said}"
        return Explanation(vote, reason, self.column, (), {"value": cell, "above": self.above, "below": self.below})


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
    bounds = [("above", check_bound(above, "above", _KIND)), ("below", check_bound(below, "below", _KIND))]
    said = [f"{word} {bound!r}".replace("-", "minus ") for word, bound in bounds if bound is not None]
    return ThresholdLF(column, label, check_given_name(name, readable_name(column, *said), _KIND), above, below)


def check_bound(bound: Any, argument: str, kind: str) -> float | None:
    """A bound as an int or a float of Python, or None where there is none.

    Raises
    ------
    LabelingFunctionError
        If it is no number, or NaN.
    """
    if bound is None:
        return None
    number = bound.item() if isinstance(bound, np.generic) else bound
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise LabelingFunctionError(f"{kind}: {argument}={bound!r} must be an int or a float.")
    if number != number:  # noqa: PLR0124
        raise LabelingFunctionError(f"{kind}: {argument}={bound!r} compares with nothing; it would never vote.")
    return number
