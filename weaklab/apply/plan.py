"""Which labeling functions there are, whether they can run on this frame, and which engine runs each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

import pandas as pd

from weaklab.apply.frames import FrameReader
from weaklab.apply.rich_table import richest
from weaklab.exceptions import ClassError, LabelingFunctionError
from weaklab.labeling import (
    BandsLF,
    DeclarativeLF,
    ExpressionLF,
    GraphLF,
    KeywordLF,
    LabelingFunction,
    LearnedLF,
    LookupLF,
    Output,
    PatternLF,
    Preprocessor,
    RegexLF,
    SectionLF,
    ThresholdLF,
    VoteCoder,
    set_masks,
)

T = TypeVar("T")

LF = LabelingFunction | DeclarativeLF | LearnedLF


@dataclass(frozen=True)
class Planned(Generic[T]):
    """One labeling function, the column of votes that it fills, and the codes of its labels where those are fixed."""

    column: int
    lf: T
    codes: tuple[int, ...] = ()

    @property
    def code(self) -> int:
        """The code of the one label of a function that votes one class."""
        (code,) = self.codes
        return code


@dataclass
class Plan:
    """Labeling functions by the engine that runs them; a new kind of function is a new list here."""

    lfs: list[LF]
    rows: list[Planned[LabelingFunction]] = field(default_factory=list)
    batches: list[Planned[LabelingFunction]] = field(default_factory=list)
    texts: list[Planned[KeywordLF | RegexLF]] = field(default_factory=list)
    thresholds: list[Planned[ThresholdLF]] = field(default_factory=list)
    bands: list[Planned[BandsLF]] = field(default_factory=list)
    lookups: list[Planned[LookupLF]] = field(default_factory=list)
    expressions: list[Planned[ExpressionLF]] = field(default_factory=list)
    searches: list[Planned[PatternLF | SectionLF]] = field(default_factory=list)
    others: list[Planned[DeclarativeLF]] = field(default_factory=list)
    learned: list[Planned[LearnedLF]] = field(default_factory=list)
    output: Output = "hard"
    stands_for: dict[int, int] = field(default_factory=dict)  # column -> the set that a vote in it stands for

    @property
    def names(self) -> list[str]:
        """The names of all labeling functions, in their order."""
        return [lf.name for lf in self.lfs]

    def without(self, columns: Container[int]) -> Plan:
        """The same, less what fills some columns of votes."""
        engines = [each.name for each in fields(self) if each.name not in ("lfs", "output", "stands_for")]
        left: dict[str, Any] = {name: [p for p in getattr(self, name) if p.column not in columns] for name in engines}
        return replace(self, **left)


#: Kinds that vote one label wherever they match, and have an engine for that.
_ONE_LABEL = (KeywordLF, RegexLF, ThresholdLF)


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
    plan = Plan(found, output=richest(found, coder.k))
    for column, lf in enumerate(found):
        if isinstance(lf, GraphLF) and type(lf.base) in _ONE_LABEL and lf.only_set is not None:
            # All its votes are one set: the engine of the base finds where, and the table knows which.
            plan.stands_for[column] = set_mask(lf, coder)
            lf = replace(lf.base, label=0, name=lf.name)
        if isinstance(lf, LabelingFunction):
            (plan.batches if lf.batch else plan.rows).append(Planned(column, lf))
            continue
        if isinstance(lf, LearnedLF):
            check_learned(lf, reader, coder)
            plan.learned.append(Planned(column, lf))
            continue
        if reader.n or reader.names:  # an empty list has no columns that could be missing
            for name in lf.columns:
                reader.check_column(name, f"labeling function {lf.name!r}")
        codes = label_codes(lf, coder)
        if isinstance(lf, (KeywordLF, RegexLF)):
            plan.texts.append(Planned(column, lf, codes))
        elif isinstance(lf, ThresholdLF):
            plan.thresholds.append(Planned(column, lf, codes))
        elif isinstance(lf, BandsLF):
            plan.bands.append(Planned(column, lf, codes))
        elif isinstance(lf, LookupLF):
            plan.lookups.append(Planned(column, lf, codes))
        elif isinstance(lf, ExpressionLF):
            plan.expressions.append(Planned(column, lf, codes))
        elif isinstance(lf, (PatternLF, SectionLF)):
            plan.searches.append(Planned(column, lf, codes))
        else:
            plan.others.append(Planned(column, lf, codes))
    return plan


def check_lfs(lfs: Any) -> list[LF]:
    """Labeling functions as a list, whatever they came as.

    Raises
    ------
    LabelingFunctionError
        If there are none, one is no function of a row, or several have one name.
    """
    one = isinstance(lfs, (LabelingFunction, DeclarativeLF, LearnedLF))
    if one or (callable(lfs) and not isinstance(lfs, Iterable)):
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
    if isinstance(item, (LabelingFunction, DeclarativeLF, LearnedLF)):
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


def set_mask(lf: GraphLF, coder: VoteCoder) -> int:
    """The set that every vote of a labeling function stands for whose base has one label.

    Raises
    ------
    LabelingFunctionError
        If something in it is no class.
    """
    masks, errors = set_masks([lf.only_set], coder)
    for error in errors.values():
        reason = str(error).removeprefix("returned ")
        raise LabelingFunctionError(f"labeling function {lf.name!r}: what it may vote is {reason}") from error
    return int(masks[0])


def check_learned(lf: LearnedLF, reader: FrameReader, coder: VoteCoder) -> None:
    """Check the columns and the labels of a labeling function before it asks anything, which may cost money.

    Raises
    ------
    LabelingFunctionError
        If something that it may vote is no class.
    ColumnError
        If it reads a column that the frame does not have.
    """
    if reader.n or reader.names:
        for name in lf.columns:
            reader.check_column(name, f"labeling function {lf.name!r}")
    for label in lf.labels or ():
        try:
            if lf.output == "set":
                for error in set_masks([label], coder)[1].values():
                    raise error
            else:
                coder.code(label)
        except (ClassError, ValueError) as error:
            reason = str(error).removeprefix("returned ")
            raise LabelingFunctionError(f"labeling function {lf.name!r}: one of its labels is {reason}") from error


def label_codes(lf: DeclarativeLF, coder: VoteCoder) -> tuple[int, ...]:
    """The class codes of the labels that a labeling function was given, in their order.

    Raises
    ------
    LabelingFunctionError
        If one is no class.
    """
    try:
        return tuple(coder.code(label) for label in lf.labels)
    except (ClassError, ValueError) as error:
        reason = str(error).removeprefix("returned ")
        raise LabelingFunctionError(f"labeling function {lf.name!r}: its label is {reason}") from error
