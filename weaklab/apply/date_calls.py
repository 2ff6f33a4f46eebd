"""Calls that make dates of text, such as ``pandas.Timestamp("10:30")``: without a date in it, that is one of today."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

#: Names of what makes dates in pandas.
DATE_MAKERS = frozenset({"Timestamp", "to_datetime"})

_YEAR = re.compile(r"(?<!\d)(1[6-9]|20|21)\d\d(?!\d)")
#: Instructions that put one thing on top of the others, and their kin that take one away or leave all as it is.
_PUSHES = frozenset(
    {"LOAD_CONST", "LOAD_SMALL_INT", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW"}
    | {"LOAD_DEREF"}
)
_NAMED = _PUSHES | {"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"}
_STAYS = frozenset(("LOAD_ATTR", "LOAD_METHOD", "KW_NAMES"))
_TAKES = frozenset(("BINARY_SUBSCR", "BINARY_OP"))
_BUILDS = frozenset(("BUILD_LIST", "BUILD_TUPLE", "BUILD_SLICE"))
_CALLS = frozenset(("CALL", "CALL_KW"))


class Step(NamedTuple):
    """An instruction.

    Attributes
    ----------
    op : str
        Its name.
    value : object
        What it is about: a name, a constant, how many arguments.
    shown : str
        How ``dis`` shows that.
    """

    op: str
    value: Any
    shown: str = ""


def vague_dates(steps: Sequence[Step]) -> Iterator[str]:
    """Names of those that make dates, where what they do may depend on the day.

    A call is clear where its text is a constant with a year in it, or it says in which format or unit that is. So is
    a class that is the second argument of ``isinstance``, or of which an attribute is read.
    """
    clear = {
        place
        for start, step in enumerate(steps)
        if step.op in ("LOAD_GLOBAL", "LOAD_NAME") and step.value == "isinstance"
        for place in range(start, _call(steps, start)[0])
    }
    for place, step in enumerate(steps):
        if step.op not in _NAMED or step.value not in DATE_MAKERS or place in clear:
            continue
        first = steps[place + 1]
        if first.op in ("LOAD_ATTR", "LOAD_METHOD") or (step.op == "IMPORT_FROM" and first.value == step.value):
            continue
        end, names = _call(steps, place)
        dated = first.op == "LOAD_CONST" and isinstance(first.value, str) and _YEAR.search(first.value) is not None
        if not end or not (dated or {"format", "unit"} & set(names)):
            yield step.value


def _call(steps: Sequence[Step], place: int) -> tuple[int, tuple[str, ...]]:
    """Where what is loaded at a place is called, and with which keywords; 0 where that is not plain to see."""
    depth = 0
    names: tuple[str, ...] = ()
    for at in range(place + 1, len(steps)):
        step = steps[at]
        if step.op in _CALLS:
            if step.op == "CALL_KW":  # its keywords are on top of the arguments
                names, depth = steps[at - 1].value, depth - 1
            if depth <= step.value:
                return (at, names) if depth == step.value else (0, ())
            depth, names = depth - step.value, ()  # of another call, for an argument
        elif step.op in _PUSHES:
            depth += 1
        elif step.op in _TAKES:
            depth -= 1
        elif step.op in _BUILDS:
            depth -= step.value - 1
        elif step.op not in _STAYS:
            break
        if step.op == "KW_NAMES":
            names = step.value
    return 0, ()
