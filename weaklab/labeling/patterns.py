"""Labeling functions that search for a regular expression."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.declarative import (
    DeclarativeLF,
    check_column,
    check_given_name,
    check_label,
    check_text,
    readable_name,
)

_KIND = "regex_lf"


@dataclass(frozen=True)
class RegexLF(DeclarativeLF):
    """Votes where a pattern is found in a text; made by :func:`regex_lf`, which says what the arguments mean.

    Attributes
    ----------
    pattern : str
        As it was given.
    flags : int
        Flags of :mod:`re`, those that were given.
    """

    pattern: str
    flags: int = 0

    def __post_init__(self) -> None:
        pattern, flags = _check_pattern(self.pattern, self.flags)
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "flags", flags)
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "label", check_label(self.label, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "_compiled", _compile(pattern, flags))

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, compiled by :mod:`re`, which defines what it means."""
        return self._compiled  # type: ignore[attr-defined]

    def matches(self, cell: Any) -> bool:
        """Whether the pattern is found anywhere in a text."""
        return self.compiled.search(check_text(cell, self.column)) is not None


def regex_lf(
    pattern: str | re.Pattern[str],
    *,
    column: Hashable,
    label: Any,
    name: str | None = None,
    flags: int = 0,
) -> RegexLF:
    """Make a labeling function that votes where a regular expression is found in a text.

    The pattern means what Python's ``re.search`` makes of it, also where a compiled engine runs it.

    Parameters
    ----------
    pattern : str or compiled pattern
        What to search for.
    column : hashable
        The column of texts. Where it is missing (None, NaN, NA) the function abstains.
    label : int, Enum member or class name
        What to vote. Names are checked when ``apply`` is given ``classes=``.
    name : str, optional
        The name of its column of votes; by default made of the letters and digits of the pattern.
    flags : int
        Flags of :mod:`re`, such as ``re.IGNORECASE | re.MULTILINE``; not with a compiled pattern, which has its own.

    Returns
    -------
    RegexLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If the pattern is no valid expression (its position is named), or the flags are not flags of ``re``.

    Examples
    --------
    >>> link = regex_lf(r"https?://", column="text", label=1)
    >>> link.name
    'regex_https'
    >>> link({"text": "see http://example.org"}), link({"text": "no link"})
    (1, None)
    """
    if isinstance(pattern, re.Pattern):
        if flags:
            raise LabelingFunctionError(f"{_KIND}: flags={flags!r} cannot be added to a compiled pattern.")
        flags = pattern.flags & ~re.UNICODE
        pattern = pattern.pattern
    pattern, flags = _check_pattern(pattern, flags)
    # The letter after a backslash is no word of the pattern: it names a class or an anchor.
    letters = re.sub(r"\\[a-zA-Z]", " ", pattern).strip()
    default = f"regex_{readable_name(letters or pattern or 'empty')}"
    return RegexLF(column, label, check_given_name(name, default, _KIND), pattern, flags)


def _check_pattern(pattern: Any, flags: Any) -> tuple[str, int]:
    if not isinstance(pattern, str):
        raise LabelingFunctionError(
            f"{_KIND}: pattern={pattern!r} ({type(pattern).__name__}) must be a string; texts are no bytes."
        )
    if isinstance(flags, bool) or not isinstance(flags, int):
        raise LabelingFunctionError(f"{_KIND}: flags={flags!r} must be flags of `re`, such as re.IGNORECASE.")
    if int(flags) & int(re.DEBUG):
        raise LabelingFunctionError(f"{_KIND}: re.DEBUG writes to the screen; leave it out.")
    _compile(pattern, int(flags))
    return str(pattern), int(flags)


def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        where = "" if error.pos is None else f" at position {error.pos}"
        raise LabelingFunctionError(f"{_KIND}: {pattern!r} is no regular expression: {error.msg}{where}.") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise LabelingFunctionError(
            f"{_KIND}: {pattern!r} with flags={flags!r} cannot be compiled: {error}."
        ) from error
