"""Labeling functions that search for a regular expression."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.cells import MatchLF
from weaklab.labeling.declarative import (
    check_column,
    check_given_name,
    check_label,
    check_text,
    readable_name,
)
from weaklab.labeling.explanations import Explanation, short

_KIND = "regex_lf"


@dataclass(frozen=True)
class RegexLF(MatchLF):
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
        pattern, flags = check_pattern(self.pattern, self.flags, _KIND)
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "flags", flags)
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "label", check_label(self.label, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "_compiled", re.compile(pattern, flags))

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, compiled by :mod:`re`, which defines what it means."""
        return self._compiled  # type: ignore[attr-defined]

    def matches(self, cell: Any) -> bool:
        """Whether the pattern is found anywhere in a text."""
        return self.compiled.search(check_text(cell, self.column)) is not None

    def explain_cell(self, cell: Any) -> Explanation:
        """Where the pattern is first found in a text, and what its groups are there."""
        text = check_text(cell, self.column)
        found = self.compiled.search(text)
        if found is None:
            return Explanation(None, f"{short(self.pattern)} is not found", self.column, text=text)
        details = {"match": found.group(), "groups": found.groups(), "named": found.groupdict()}
        reason = f"found {short(found.group())} at {found.start()}"
        return Explanation(self.label, reason, self.column, (found.span(),), details, text)


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
    pattern, flags = check_pattern(pattern, flags, _KIND)
    default = pattern_name("regex", pattern)
    return RegexLF(column, label, check_given_name(name, default, _KIND), pattern, flags)


def pattern_name(kind: str, pattern: str) -> str:
    r"""A name made of the letters and digits of a pattern.

    Examples
    --------
    >>> pattern_name("regex", r"\bfree\b")
    'regex_free'
    """
    # The letter after a backslash is no word of the pattern: it names a class or an anchor.
    letters = re.sub(r"\\[a-zA-Z]", " ", pattern).strip()
    return f"{kind}_{readable_name(letters or pattern or 'empty')}"


def check_pattern(pattern: Any, flags: Any, kind: str, argument: str = "pattern") -> tuple[str, int]:
    """A pattern and its flags, from a string or a compiled pattern.

    Raises
    ------
    LabelingFunctionError
        If it is no valid expression (its position is named), or the flags are not flags of ``re``.
    """
    if isinstance(pattern, re.Pattern):
        if flags:
            raise LabelingFunctionError(f"{kind}: flags={flags!r} cannot be added to a compiled pattern.")
        flags = pattern.flags & ~re.UNICODE
        pattern = pattern.pattern
    if not isinstance(pattern, str):
        raise LabelingFunctionError(
            f"{kind}: {argument}={pattern!r} ({type(pattern).__name__}) must be a string; texts are no bytes."
        )
    if isinstance(flags, bool) or not isinstance(flags, int):
        raise LabelingFunctionError(f"{kind}: flags={flags!r} must be flags of `re`, such as re.IGNORECASE.")
    if int(flags) & int(re.DEBUG):
        raise LabelingFunctionError(f"{kind}: re.DEBUG writes to the screen; leave it out.")
    _compile(pattern, int(flags), kind)
    return str(pattern), int(flags)


def _compile(pattern: str, flags: int, kind: str) -> None:
    try:
        re.compile(pattern, flags)
    except re.error as error:
        where = "" if error.pos is None else f" at position {error.pos}"
        raise LabelingFunctionError(f"{kind}: {pattern!r} is no regular expression: {error.msg}{where}.") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise LabelingFunctionError(f"{kind}: {pattern!r} with flags={flags!r} cannot be compiled: {error}.") from error
