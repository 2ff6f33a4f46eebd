"""Which labeling functions there are, whether they can run on this frame, and which engine runs each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

import pandas as pd

from weaklab.apply.frames import FrameReader
from weaklab.exceptions import ClassError, LabelingFunctionError
from weaklab.labeling import DeclarativeLF, KeywordLF, LabelingFunction, Preprocessor, RegexLF, ThresholdLF, VoteCoder

T = TypeVar("T")

LF = LabelingFunction | DeclarativeLF


@dataclass(frozen=True)
class Planned(Generic[T]):
    """One labeling function, the column of votes that it fills, and the code it votes where that is fixed."""

    column: int
    lf: T
    code: int = -1


@dataclass
class Plan:
    """Labeling functions by the engine that runs them; a new kind of function is a new list here."""

    lfs: list[LF]
    rows: list[Planned[LabelingFunction]] = field(default_factory=list)
    batches: list[Planned[LabelingFunction]] = field(default_factory=list)
    texts: list[Planned[KeywordLF | RegexLF]] = field(default_factory=list)
    thresholds: list[Planned[ThresholdLF]] = field(default_factory=list)
    others: list[Planned[DeclarativeLF]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of all labeling functions, in their order."""
        return [lf.name for lf in self.lfs]

    def without(self, columns: Container[int]) -> Plan:
        """The same, less what fills some columns of votes."""
        engines = [each.name for each in fields(self) if each.name != "lfs"]
        return replace(self, **{name: [p for p in getattr(self, name) if p.column not in columns] for name in engines})


def make_plan(lfs: Any, reader: FrameReader, coder: VoteCoder) -> Plan:
    """Check labeling functions against a frame and the classes, and sort them by engine.

    Parameters
    ----------
    lfs : labeling function, callable, or iterable of them
        What to run.
    reader : FrameReader
        The frame.
    coder : VoteCoder
        The classes.

    Returns
    -------
    Plan

    Raises
    ------
    LabelingFunctionError
        If there are none, one is no function of a row, several have one name, or a label is no class.
    ColumnError
        If one that is data reads a column that the frame does not have.
    """
    found = check_lfs(lfs)
    plan = Plan(found)
    for column, lf in enumerate(found):
        if isinstance(lf, LabelingFunction):
            (plan.batches if lf.batch else plan.rows).append(Planned(column, lf))
            continue
        if reader.n or reader.names:  # an empty list has no columns that could be missing
            reader.check_column(lf.column, f"labeling function {lf.name!r}")
        code = label_code(lf, coder)
        if isinstance(lf, (KeywordLF, RegexLF)):
            plan.texts.append(Planned(column, lf, code))
        elif isinstance(lf, ThresholdLF):
            plan.thresholds.append(Planned(column, lf, code))
        else:
            plan.others.append(Planned(column, lf, code))
    return plan


def check_lfs(lfs: Any) -> list[LF]:
    """Labeling functions as a list, whatever they came as.

    Raises
    ------
    LabelingFunctionError
        If there are none, one is no function of a row, or several have one name.
    """
    if isinstance(lfs, (LabelingFunction, DeclarativeLF)) or (callable(lfs) and not isinstance(lfs, Iterable)):
        lfs = [lfs]
    if isinstance(lfs, Mapping):
        raise LabelingFunctionError("lfs is a dict; give a list of labeling functions, such as list(lfs.values()).")
    if isinstance(lfs, (str, bytes, pd.DataFrame)) or not isinstance(lfs, Iterable):
        raise LabelingFunctionError(
            f"lfs must be a list of labeling functions, got {type(lfs).__name__} {lfs!r:.80}; "
            f"apply takes them first, then the frame."
        )
    found = [as_labeling_function(item, place) for place, item in enumerate(lfs)]
    if not found:
        raise LabelingFunctionError("There are no labeling functions to apply; give at least one.")
    twice = [f"{name!r} ({count} times)" for name, count in Counter(lf.name for lf in found).items() if count > 1]
    if twice:
        raise LabelingFunctionError(
            f"Names of labeling functions must differ; given more than once: {', '.join(twice)}. "
            f"Set name= on all but one of each."
        )
    return found


def as_labeling_function(item: Any, place: int = 0) -> LF:
    """A labeling function from one, from a plain function, or from an object with a name that can be called.

    Raises
    ------
    LabelingFunctionError
        If it is none of these, or a function without a name of its own (a lambda, a partial).
    """
    if isinstance(item, (LabelingFunction, DeclarativeLF)):
        return item
    if isinstance(item, Preprocessor):
        raise LabelingFunctionError(
            f"lfs[{place}] is the preprocessor {item.name!r}, which does not vote; "
            f"put it in pre=[...] of a labeling function."
        )
    if not callable(item):
        raise LabelingFunctionError(
            f"lfs[{place}] is {item!r:.80} ({type(item).__name__}), which is no labeling function."
        )
    name = getattr(item, "name", None)
    try:
        return LabelingFunction(item, name if isinstance(name, str) else None)
    except LabelingFunctionError as error:
        raise LabelingFunctionError(f"lfs[{place}]: {error}") from error


def label_code(lf: DeclarativeLF, coder: VoteCoder) -> int:
    """The class code of the label that a labeling function was given.

    Raises
    ------
    LabelingFunctionError
        If it is no class.
    """
    try:
        return coder.code(lf.label)
    except (ClassError, ValueError) as error:
        reason = str(error).removeprefix("returned ")
        raise LabelingFunctionError(f"labeling function {lf.name!r}: its label is {reason}") from error
