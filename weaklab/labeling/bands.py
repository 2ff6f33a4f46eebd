"""Labeling functions that vote several classes by the band that a number is in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.cells import CellLF
from weaklab.labeling.declarative import (
    check_column,
    check_given_name,
    check_label,
    check_number,
    readable_name,
)
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.thresholds import check_bound

_KIND = "bands_lf"
#: From this bound on, below that one, this label.
Band = tuple[float | None, float | None, Any]


@dataclass(frozen=True)
class BandsLF(CellLF):
    """Votes the class of the band that a number is in; made by :func:`bands_lf`, which says what the arguments mean.

    Attributes
    ----------
    column : hashable
    name : str
    bands : tuple of (low, high, label)
        In ascending order; the lower bound is in the band, the upper one is not.
    """

    column: Hashable
    name: str
    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "bands", check_bands(self.bands))

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels of the bands, each once."""
        return tuple(dict.fromkeys(label for _, _, label in self.bands))

    def band(self, cell: Any) -> Band | None:
        """The band that a number is in, compared exactly; None where it is in none."""
        number = check_number(cell, self.column)
        for low, high, label in self.bands:
            if (low is None or number >= low) and (high is None or number < high):
                return low, high, label
        return None

    def vote(self, cell: Any) -> Any:
        """The label of the band, or None."""
        found = self.band(cell)
        return None if found is None else found[2]

    def explain_cell(self, cell: Any) -> Explanation:
        """The band of a number."""
        found, value = self.band(cell), short(check_number(cell, self.column))
        details = {"value": cell, "bands": self.bands}
        if found is None:
            return Explanation(None, f"{value} is in no band", self.column, (), details)
        return Explanation(found[2], f"{value} is {_in_words(found)}", self.column, (), {**details, "band": found})


def bands_lf(column: Hashable, bands: Iterable[Band], *, name: str | None = None) -> BandsLF:
    """Make a labeling function that votes the class of the band that a number is in: ``low <= value < high``.

    Parameters
    ----------
    column : hashable
        The column of numbers. Where it is missing (None, NaN, NA) the function abstains.
    bands : iterable of (low, high, label)
        The lower bound is in the band and the upper one is not, so that bands may touch; None is no bound. Numbers
        in no band get no vote. Values are compared exactly, in whatever precision the column is. Labels are ints,
        Enum members or class names; the latter are checked when ``apply`` is given ``classes=``.
    name : str, optional
        The name of its column of votes; by default such as ``price_bands``.

    Returns
    -------
    BandsLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If there are no bands, one is empty or no (low, high, label), two overlap, or a bound is no number.

    Examples
    --------
    >>> length = bands_lf("n_chars", [(None, 20, "ham"), (100, 500, "spam")])
    >>> length.name, length.labels
    ('n_chars_bands', ('ham', 'spam'))
    >>> length({"n_chars": 3}), length({"n_chars": 20}), length({"n_chars": 100})
    ('ham', None, 'spam')
    >>> length.explain({"n_chars": 100}).reason
    '100 is from 100 to below 500'
    """
    return BandsLF(column, check_given_name(name, readable_name(column, "bands"), _KIND), bands)  # type: ignore[arg-type]  # an iterable becomes a tuple


def check_bands(bands: Any) -> tuple[Band, ...]:
    """Bands in ascending order.

    Raises
    ------
    LabelingFunctionError
        If there are none, one is ill-formed, or two overlap.
    """
    if isinstance(bands, (str, bytes)) or not isinstance(bands, Iterable):
        raise LabelingFunctionError(f"{_KIND}: bands={bands!r} must be a list of (low, high, label).")
    found = [_check_band(band, place) for place, band in enumerate(bands)]
    if not found:
        raise LabelingFunctionError(f"{_KIND}: there are no bands; it would never vote.")
    found.sort(key=lambda band: (band[0] is not None, band[0] if band[0] is not None else 0))
    for before, after in pairwise(found):
        if before[1] is None or after[0] is None or after[0] < before[1]:
            raise LabelingFunctionError(
                f"{_KIND}: the bands {before!r} and {after!r} overlap; a number may be in one only "
                f"(the lower bound is in the band, the upper one is not)."
            )
    return tuple(found)


def _check_band(band: Any, place: int) -> Band:
    if isinstance(band, (str, bytes)) or not isinstance(band, (tuple, list)) or len(band) != 3:
        raise LabelingFunctionError(f"{_KIND}: bands[{place}] is {band!r:.80}; (low, high, label) was expected.")
    low = check_bound(band[0], f"bands[{place}] low", _KIND)
    high = check_bound(band[1], f"bands[{place}] high", _KIND)
    if low is not None and high is not None and low >= high:
        raise LabelingFunctionError(f"{_KIND}: no number is in bands[{place}], from {low!r} to below {high!r}.")
    return low, high, check_label(band[2], f"{_KIND}: bands[{place}]")


def _in_words(band: Band) -> str:
    low, high, _ = band
    if low is None and high is None:
        return "a number"
    if low is None:
        return f"below {high!r}"
    return f"from {low!r}" if high is None else f"from {low!r} to below {high!r}"
