"""Labeling functions that find a pattern, and ask a function whether what it captured holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError, NotPicklableError
from weaklab.labeling.cells import MatchLF
from weaklab.labeling.declarative import (
    check_column,
    check_flag,
    check_given_name,
    check_label,
    check_text,
    is_missing,
)
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.patterns import check_pattern, pattern_name
from weaklab.labeling.references import found_by_name
from weaklab.labeling.rows import as_row
from weaklab.labeling.verification import check_parse, verified_by

_KIND = "pattern_lf"


@dataclass(frozen=True)
class PatternLF(MatchLF):
    """Votes where a pattern is found whose captured values hold; made by :func:`pattern_lf`.

    Attributes
    ----------
    pattern : str
        As it was given.
    flags : int
        Flags of :mod:`re`, those that were given.
    verify : callable or None
    parse : callable, tuple of (str, callable), or None
        What turns a captured text into a value: of all groups, or of some by name.
    unique : bool
        Whether a text with more than one match that holds is left alone.
    """

    pattern: str
    flags: int = 0
    verify: Callable[..., Any] | None = None
    parse: Any = None
    unique: bool = False

    def __post_init__(self) -> None:
        pattern, flags = check_pattern(self.pattern, self.flags, _KIND)
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "flags", flags)
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "label", check_label(self.label, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "unique", check_flag(self.unique, "unique", _KIND))
        compiled = re.compile(pattern, flags)
        groups = tuple(compiled.groupindex)
        object.__setattr__(self, "parse", check_parse(self.parse, groups, _KIND))
        object.__setattr__(self, "_compiled", compiled)
        object.__setattr__(self, "_given", verified_by(self.verify, groups, _KIND))

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, compiled by :mod:`re`, which defines what it means."""
        return self._compiled  # type: ignore[attr-defined]

    @property
    def reads_row(self) -> bool:
        """Whether ``verify`` looks at the row that the text stands in."""
        return "row" in self._given  # type: ignore[attr-defined]

    def values(self, match: re.Match[str]) -> dict[str, Any]:
        """The named groups of a match, parsed; None for one that took no part."""
        named: dict[str, Any] = match.groupdict()
        of_group = dict(self.parse) if isinstance(self.parse, tuple) else dict.fromkeys(named, self.parse)
        for name, parse in of_group.items():
            if parse is not None and named[name] is not None:
                named[name] = parse(named[name])
        return named

    def held(self, text: str, row: Any = None) -> list[tuple[re.Match[str], dict[str, Any]]]:
        """The matches in a text that hold, as far as the vote depends on them: one, or with ``unique`` two.

        Raises
        ------
        LabelingFunctionError
            If ``verify`` returns neither True nor False.
        """
        found: list[tuple[re.Match[str], dict[str, Any]]] = []
        for match in self.compiled.finditer(text):
            values = self.values(match)
            if self._holds(match, values, row):
                found.append((match, values))
                if len(found) > self.unique:
                    break
        return found

    def _holds(self, match: re.Match[str], values: dict[str, Any], row: Any) -> bool:
        if self.verify is None:
            return True
        known = {**values, "match": match, "row": row}
        held = self.verify(**{name: known[name] for name in self._given})  # type: ignore[attr-defined]
        if not isinstance(held, (bool, np.bool_)):
            raise LabelingFunctionError(
                f"verify returned {short(held)} ({type(held).__name__}) for {short(match.group())}, where True or "
                f"False was expected."
            )
        return bool(held)

    def decide(self, text: str, row: Any = None) -> Any:
        """The label of a text in its row, or None."""
        return self.label if len(self.held(text, row)) == 1 else None

    def matches(self, cell: Any) -> bool:
        """Whether a text holds a match that is verified; of a cell without its row.

        Raises
        ------
        LabelingFunctionError
            If ``verify`` needs the row.
        """
        text = check_text(cell, self.column)
        if self.reads_row:
            raise LabelingFunctionError(f"labeling function {self.name!r} verifies by the row; call it on one.")
        return self.decide(text) is not None

    def __call__(self, row: Any) -> Any:
        """The label, or None to abstain, for one row: anything with items or attributes."""
        row = as_row(row)
        cell = self.cell(row, self.column)
        return None if is_missing(cell) else self.decide(check_text(cell, self.column), row)

    def explain(self, row: Any) -> Explanation:
        """The match that holds and its values, or those that do not; see :meth:`DeclarativeLF.explain`."""
        row = as_row(row)
        cell = self.cell(row, self.column)
        if is_missing(cell):
            return Explanation(None, "the cell is missing", self.column)
        text = check_text(cell, self.column)
        held = self.held(text, row)
        spans = tuple(match.span() for match, _ in held)
        if len(held) == 1:
            match, values = held[0]
            said = "".join(f", {name} = {short(value)}" for name, value in values.items())
            checked = "" if self.verify is None else ", which is verified"
            reason = f"found {short(match.group())} at {match.start()}{said}{checked}"
            return Explanation(self.label, reason, self.column, spans, {"values": values}, text)
        if held:
            reason = f"{' and '.join(short(match.group()) for match, _ in held)} both hold; only one may"
            return Explanation(None, reason, self.column, spans, {}, text)
        found = [match.span() for match in self.compiled.finditer(text)]
        shown = ", ".join(short(text[start:stop]) for start, stop in found[:3])
        reason = f"found {shown}, which is not verified" if found else f"{short(self.pattern)} is not found"
        return Explanation(None, reason, self.column, tuple(found), {}, text)

    def __reduce__(self) -> tuple[Any, ...]:
        parses = [parse for _, parse in self.parse] if isinstance(self.parse, tuple) else [self.parse]
        for argument, function in [("verify", self.verify), *(("parse", parse) for parse in parses)]:
            if isinstance(function, FunctionType) and not found_by_name(function):
                raise NotPicklableError(
                    f"labeling function {self.name!r} cannot be pickled: its {argument}, "
                    f"{function.__module__}.{function.__qualname__}, is a lambda, is made inside another function, or "
                    f"is no longer what its module holds under that name. Define it with `def` at the top level of a "
                    f"module."
                )
        return super().__reduce__()


def pattern_lf(
    pattern: str | re.Pattern[str],
    *,
    column: Hashable,
    label: Any,
    verify: Callable[..., Any] | None = None,
    parse: Callable[[str], Any] | Mapping[str, Callable[[str], Any]] | None = None,
    unique: bool = False,
    name: str | None = None,
    flags: int = 0,
) -> PatternLF:
    r"""Make a labeling function that votes where a pattern is found whose captured values hold.

    For measurements, dates and codes: a regular expression says where a value stands, and a function whether it is
    a date, has the right check digit, or agrees with another column of the row. A compiled engine finds the texts
    that the pattern is in; Python verifies only those.

    Parameters
    ----------
    pattern : str or compiled pattern
        What to search for, with named groups: ``(?P<name>...)``. Every match in a text is tried, from the left.
    column : hashable
        The column of texts. Where it is missing (None, NaN, NA) the function abstains.
    label : int, Enum member or class name
        What to vote. Names are checked when ``apply`` is given ``classes=``.
    verify : callable, optional
        Returns True or False for one match. It is given, by keyword, what its parameters are named after: groups
        (None for one that took no part), ``match`` (the match object) and ``row`` (the whole row). With
        ``**keywords`` it is given all groups. What it raises is a failure of the labeling function on that row, as
        ``on_error=`` of ``apply`` says.
    parse : callable, or mapping of str to callable, optional
        What turns captured texts into values before they are verified: of all named groups, or of those in the
        mapping. What it raises is a failure too.
    unique : bool
        True abstains where more than one match holds: which of them is meant is open.
    name : str, optional
        The name of its column of votes; by default made of the letters and digits of the pattern
        and the names of its groups.
    flags : int
        Flags of :mod:`re`; not with a compiled pattern, which has its own.

    Returns
    -------
    PatternLF
        It compares, hashes and pickles by what it says; ``verify`` and ``parse`` are the same where they are the
        same function, and pickle by their names.

    Raises
    ------
    LabelingFunctionError
        If the pattern is no valid expression, or ``verify`` or ``parse`` names a group that it does not have.

    References
    ----------
    Z. Huemann et al., "Vision-language modeling in PET/CT for visual grounding of positive findings" (2025),
    doi:10.48550/arXiv.2502.00528, take a sentence of a report only where the value that it quotes is in the image.

    Examples
    --------
    >>> def agrees(row, dose):
    ...     return abs(dose - row.given) < 0.5
    >>> dose = pattern_lf(
    ...     r"(?P<dose>\d+(?:\.\d+)?) ?mg", column="text", label=1, verify=agrees, parse=float, name="dose"
    ... )
    >>> dose({"text": "took 5 mg", "given": 5.0}), dose({"text": "took 5 mg", "given": 50.0})
    (1, None)
    >>> dose.explain({"text": "took 5 mg", "given": 5.0}).reason
    "found '5 mg' at 5, dose = 5.0, which is verified"
    """
    pattern, flags = check_pattern(pattern, flags, _KIND)
    given = check_given_name(name, pattern_name("pattern", re.sub(r"\(\?P<(\w+)>", r" \1 (", pattern)), _KIND)
    return PatternLF(column, label, given, pattern, flags, verify, parse, unique)
