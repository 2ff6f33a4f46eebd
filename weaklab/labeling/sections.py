"""Labeling functions that search some sections of a text, under their headings."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.cells import MatchLF
from weaklab.labeling.declarative import check_column, check_given_name, check_label, check_text, readable_name
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.normalising import normalise
from weaklab.labeling.patterns import check_pattern

_KIND = "section_lf"
#: Words in upper or title case at the begin of a line, and a colon: "PLAN:", "Past Medical History:".
HEADINGS = (
    r"(?m)^[ \t]*(?P<heading>[A-Z][A-Za-z0-9'-]*(?:[ \t/&]+(?:[A-Z][A-Za-z0-9'-]*|[0-9]+|of|and|the|for|in|on|at))*)"
    r"[ \t]*:"
)


class Section(NamedTuple):
    """A part of a text: under which heading, and from where to where, the heading left out."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class SectionLF(MatchLF):
    """Votes where a pattern is found under some headings; made by :func:`section_lf`.

    Attributes
    ----------
    pattern : str
        As it was given.
    sections : tuple of str
        The headings, as they were given, each once.
    headings : str
        The pattern of a heading.
    flags : int
        Flags of :mod:`re` for ``pattern``.
    """

    pattern: str
    sections: tuple[str, ...]
    headings: str = HEADINGS
    flags: int = 0

    def __post_init__(self) -> None:
        pattern, flags = check_pattern(self.pattern, self.flags, _KIND)
        headings, heading_flags = check_pattern(self.headings, 0, _KIND, "headings")
        if heading_flags & ~int(re.compile(headings).flags):
            raise LabelingFunctionError(f"{_KIND}: write the flags of headings into it, such as (?m).")
        sections = _check_sections(self.sections)
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "flags", flags)
        object.__setattr__(self, "headings", headings)
        object.__setattr__(self, "sections", sections)
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "label", check_label(self.label, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        object.__setattr__(self, "_compiled", re.compile(pattern, flags))
        object.__setattr__(self, "_headings", re.compile(headings))
        object.__setattr__(self, "_sought", frozenset(map(normalise, sections)))

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, compiled by :mod:`re`, which defines what it means."""
        return self._compiled  # type: ignore[attr-defined]

    @property
    def needs_heading(self) -> bool:
        """Whether it can only vote on texts that have a heading."""
        return "" not in self._sought  # type: ignore[attr-defined]

    def split(self, text: str) -> list[Section]:
        """The sections of a text, in order; the first, before any heading, is named by the empty string."""
        found = list(self._headings.finditer(text))  # type: ignore[attr-defined]
        starts = [0, *(match.end() for match in found)]
        stops = [*(match.start() for match in found), len(text)]
        names = ["", *map(_heading, found)]
        return [Section(*part) for part in zip(names, starts, stops, strict=True)]

    def find(self, text: str) -> tuple[Section, re.Match[str]] | None:
        """The first match in a section that counts, its positions counted from the begin of that section."""
        for section in self.split(text):
            if normalise(section.name) not in self._sought:  # type: ignore[attr-defined]
                continue
            match = self.compiled.search(text[section.start : section.stop])
            if match is not None:
                return section, match
        return None

    def matches(self, cell: Any) -> bool:
        """Whether the pattern is found in one of the sections of a text."""
        return self.find(check_text(cell, self.column)) is not None

    def explain_cell(self, cell: Any) -> Explanation:
        """Where the pattern is first found and under which heading, or which sections there are."""
        text = check_text(cell, self.column)
        found = self.find(text)
        if found is None:
            there = [section.name for section in self.split(text)[1:]]
            reason = f"{short(self.pattern)} is not found under {_listed(self.sections)}"
            reason += f"; the headings are {_listed(there)}" if there else "; there are no headings"
            return Explanation(None, reason, self.column, (), {"headings": tuple(there)}, text)
        section, match = found
        span = (section.start + match.start(), section.start + match.end())
        where = f"under {short(section.name)}" if section.name else "before any heading"
        details = {"section": section.name, "match": match.group(), "groups": match.groups()}
        reason = f"found {short(match.group())} at {span[0]} {where}"
        return Explanation(self.label, reason, self.column, (span,), details, text)


def section_lf(
    pattern: str | re.Pattern[str],
    *,
    column: Hashable,
    label: Any,
    sections: str | Iterable[str],
    headings: str = HEADINGS,
    name: str | None = None,
    flags: int = 0,
) -> SectionLF:
    r"""Make a labeling function that votes where a pattern is found under some headings of a text.

    "Diabetes" in the plan of a clinical note is no "diabetes" in the history of the patient's family.

    Parameters
    ----------
    pattern : str or compiled pattern
        What to search for. Each section is searched as if it were a text of its own: ``^`` is its begin, after the
        heading.
    column : hashable
        The column of texts. Where it is missing (None, NaN, NA) the function abstains.
    label : int, Enum member or class name
        What to vote. Names are checked when ``apply`` is given ``classes=``.
    sections : str or iterable of str
        The headings under which the pattern counts, compared after Unicode NFKC, case folding, and collapsing
        whitespace. The empty string stands for what is before the first heading.
    headings : str
        A pattern of headings, each of which ends the section before; its name is the group ``heading``, else the
        first group, else all of it without a colon at the end. By default words in upper or title case at the begin
        of a line with a colon behind them.
    name : str, optional
        The name of its column of votes; by default made of the first section and the pattern.
    flags : int
        Flags of :mod:`re` for the pattern; not with a compiled one, which has its own.

    Returns
    -------
    SectionLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If a pattern is no valid expression, or there are no sections.

    References
    ----------
    S. Kwon, Z. Yang, H. Yu, "An automatic SOAP classification system using weakly supervision and transfer learning"
    (2022), doi:10.48550/arXiv.2211.14539, label the sentences of clinical notes by the sections that they stand in.

    Examples
    --------
    >>> planned = section_lf(r"\binsulin\b", column="note", label=1, sections=["plan", "treatment"])
    >>> planned.name
    'plan_insulin'
    >>> planned({"note": "HISTORY: none\nPLAN: start insulin"}), planned({"note": "HISTORY: insulin\nPLAN: rest"})
    (1, None)
    >>> planned.explain({"note": "HISTORY: none\nPLAN: start insulin"}).reason
    "found 'insulin' at 26 under 'PLAN'"
    """
    pattern, flags = check_pattern(pattern, flags, _KIND)
    found = _check_sections(sections)
    default = readable_name(found[0] or "opening", re.sub(r"\\[a-zA-Z]", " ", pattern).strip() or pattern or "empty")
    return SectionLF(column, label, check_given_name(name, default, _KIND), pattern, found, headings, flags)


def _heading(match: re.Match[str]) -> str:
    if "heading" in match.re.groupindex:
        return match["heading"] or ""
    return (match[1] or "") if match.re.groups else match.group().strip().removesuffix(":")


def _check_sections(sections: Any) -> tuple[str, ...]:
    if isinstance(sections, str):
        sections = (sections,)
    if isinstance(sections, bytes) or not isinstance(sections, Iterable):
        raise LabelingFunctionError(f"{_KIND}: sections={sections!r} must be a list of headings.")
    found = sorted(sections, key=str) if isinstance(sections, (set, frozenset)) else list(sections)
    if not found:
        raise LabelingFunctionError(f"{_KIND}: there are no sections to search.")
    for i, name in enumerate(found):
        if not isinstance(name, str):
            raise LabelingFunctionError(f"{_KIND}: section {i} is {name!r} ({type(name).__name__}), and no string.")
    return tuple(dict.fromkeys(found))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(short(name) for name in names)
