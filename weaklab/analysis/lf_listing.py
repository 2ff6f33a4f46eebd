"""A list of labeling functions, shown: what each is, what it votes for, and what it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, fields, is_dataclass
from inspect import getdoc
from typing import Any

import pandas as pd

from weaklab.analysis.in_columns import in_columns
from weaklab.apply.plan import LF, check_lfs
from weaklab.exceptions import shown
from weaklab.labeling import LabelingFunction
from weaklab.markup import LONG, card_table, cut, element, some
from weaklab.typing import Classes
from weaklab.votes import check_classes

#: Labeling functions that are shown.
ROWS = 50
#: Classes that one votes for, and columns that it reads, of which so many are named.
NAMED = 4
#: In a terminal a cell is cut after so many characters, and what it looks for after more.
WIDTH, LONGEST = 30, 60
#: What the columns of the table are called when it is shown.
HEADS = ("labeling function", "kind", "votes for", "reads", "how")
#: Arguments that other columns say, or that say nothing of what it looks for.
SAID = frozenset(("kind", "name", "label", "labels", "column", "columns", "output"))


@dataclass(frozen=True, eq=False)
class LFListing:
    """Labeling functions, each with what it says of itself; made by :func:`weaklab.describe_lfs`.

    It shows itself, in a notebook as a card; of many labeling functions the first, and it says how many are left out.

    Attributes
    ----------
    frame : DataFrame
        Indexed by name, in the order of the list: ``kind``, ``labels`` (a tuple of what it may vote; None for functions
        of Python, which do not say), ``columns`` (a tuple of the columns that it reads; None likewise), ``output``
        ("hard", "set" or "soft"), and ``how``, in words: what it looks for, or the first line of its documentation.
    classes : list or None
        The class names, where they were given.
    """

    frame: pd.DataFrame
    classes: list[Hashable] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def unclaimed(self) -> list[Hashable]:
        """The classes that no labeling function says it votes for; empty where one does not say, or none are known."""
        if self.classes is None or self.frame["labels"].isna().any():
            return []
        claimed = {label for labels in self.frame["labels"] for label in labels}
        return [name for code, name in enumerate(self.classes) if name not in claimed and code not in claimed]

    def _head(self) -> str:
        number = f"{len(self):,} labeling function{'s' * (len(self) != 1)}"
        kinds = [f"{count:,} {kind}" for kind, count in Counter(self.frame["kind"]).most_common()]
        return f"{number}: {some(kinds, 8)}"

    def _notes(self) -> list[str]:
        said = []
        labels = Counter(self._class(one) for known in self.frame["labels"] if known is not None for one in known)
        if labels:
            each = [f"{label} {count:,}" for label, count in labels.most_common()]
            silent = int(self.frame["labels"].isna().sum())
            said.append(
                f"votes for: {some(each, 12)}"
                + (f"; {silent:,} {'does' if silent == 1 else 'do'} not say" if silent else "")
            )
        if self.unclaimed:
            said.append(f"nobody votes for: {some(self.unclaimed, 12)}")
        return said

    def _class(self, label: Hashable) -> Hashable:
        """A label as it is called: the name of a code, where names are known."""
        if self.classes is None or isinstance(label, bool) or not isinstance(label, int):
            return label
        return self.classes[label] if 0 <= label < len(self.classes) else label

    def _lines(self, length: int) -> list[list[str]]:
        lines = []
        for name, kind, labels, columns, output, how in self.frame.head(ROWS).itertuples(name=None):
            votes_for = "" if labels is None else some(map(self._class, labels), NAMED)
            if output != "hard":
                votes_for = f"{votes_for} ({'sets' if output == 'set' else 'probabilities'})".strip()
            reads = "" if columns is None else some(columns, NAMED)
            cells = [cut(cell, length) for cell in (name, kind, votes_for, reads)]
            lines.append([*cells, cut(how, max(length, LONGEST))])
        return lines

    def _more(self) -> str:
        return f"and {len(self) - ROWS:,} more, in .frame" if len(self) > ROWS else ""

    def __repr__(self) -> str:
        parts = [self._head(), *(f"  {note}" for note in self._notes()), "", in_columns(HEADS, self._lines(WIDTH), 5)]
        return "\n".join([*parts, *filter(None, [self._more()])])

    def _repr_html_(self) -> str:
        notes = [part for note in self._notes() for part in (element("br"), note)]
        head = element("p", element("b", self._head()), *notes)
        more = self._more()
        return element("div", head, card_table(HEADS, self._lines(LONG), text=5), bool(more) and element("p", more))


def describe_lfs(lfs: Any, *, classes: Classes = None) -> LFListing:
    """A list of labeling functions, as a card in a notebook and as text in a terminal.

    A list of Python shows its entries one after the other, which nobody reads beyond five; here each is a line: what
    kind it is, what it votes for, which columns it reads, and what it looks for. Nothing is run.

    Parameters
    ----------
    lfs : labeling function or iterable of labeling functions
        As for :func:`weaklab.apply`: decorated or plain functions, or those that are data.
    classes : int, sequence of hashable, or None
        The classes; codes are then shown by name, and classes that nobody votes for are named.

    Returns
    -------
    LFListing

    Raises
    ------
    LabelingFunctionError, ClassError
        If there are none, one is no function of a row, or several have one name; or the classes are none.

    See Also
    --------
    weaklab.preview : rows that they vote on.
    weaklab.describe_votes : what their votes are like.

    Examples
    --------
    >>> from weaklab.labeling import keyword_lf, labeling_function, threshold_lf
    >>> @labeling_function
    ... def shouting(row):
    ...     "All capitals."
    ...     return 1 if row.text.isupper() else None
    >>> lfs = [keyword_lf(["win", "free"], column="text", label=1), threshold_lf("links", above=3, label=1), shouting]
    >>> describe_lfs(lfs, classes=["ham", "spam"])
    3 labeling functions: 1 KeywordLF, 1 ThresholdLF, 1 function
      votes for: spam 2; 1 does not say
    <BLANKLINE>
    labeling function  kind         votes for  reads  how
    win_free           KeywordLF    spam       text   keywords=('win', 'free')
    links_above_3      ThresholdLF  spam       links  above=3
    shouting           function                       All capitals.
    """
    found, names = check_lfs(lfs), check_classes(classes)
    frame = pd.DataFrame(
        {
            "kind": [_kind(lf) for lf in found],
            "labels": pd.Series([getattr(lf, "labels", None) for lf in found], dtype=object),
            "columns": pd.Series([getattr(lf, "columns", None) for lf in found], dtype=object),
            "output": [getattr(lf, "output", "hard") for lf in found],
            "how": [_how(lf) for lf in found],
        },
    )
    frame.index = pd.Index([lf.name for lf in found], name="labeling function", dtype=object)
    return LFListing(frame, names if isinstance(names, list) else None)


def _kind(lf: LF) -> str:
    if isinstance(lf, LabelingFunction):
        return "function of frames" if lf.batch else "function"
    return type(lf).__name__


def _how(lf: LF) -> str:
    """What one that is data looks for, as its arguments that are no defaults; the documentation of a function."""
    if isinstance(lf, LabelingFunction):
        return " ".join((getdoc(lf.function) or "").strip().partition("\n\n")[0].split())
    usual: dict[str, Any] = {one.name: one.default for one in fields(lf)} if is_dataclass(lf) else {}
    said = {name: value for name, value in lf.describe().items() if name not in SAID and value is not None}
    return ", ".join(f"{name}={shown(value)}" for name, value in said.items() if not _same(value, usual.get(name)))


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
