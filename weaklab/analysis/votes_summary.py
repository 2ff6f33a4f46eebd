"""What a label matrix holds, at a glance: coverage, overlap and conflict, votes by class, and who says nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.hard_votes import covered_rows, hard_votes
from weaklab.analysis.in_columns import in_columns
from weaklab.analysis.summary import conflicting_rows, summarize
from weaklab.markup import LONG, card_table, cut, element, facts_table, percent, some
from weaklab.typing import Classes
from weaklab.votes import PartialVotes, check_classes, class_array

#: Labeling functions and classes that are shown, those with most votes first; and names of those that never vote.
ROWS, CLASSES, NAMED = 30, 20, 8
#: In a terminal a name is cut after so many characters, and a line is wrapped.
WIDTH, LINE = 44, 100


@dataclass(frozen=True, eq=False)
class VotesSummary:
    """What a label matrix holds; made by :func:`weaklab.describe_votes`.

    It shows itself, in a notebook as a card; what it shows of many labeling functions or classes are those with most
    votes, and it says how many are left out.

    Attributes
    ----------
    n, m : int
        How many rows and labeling functions there are.
    covered, overlapping, conflicting : int
        How many rows have a vote, two or more, and votes for different classes.
    votes : int
        How many votes there are in all.
    sets : int
        How many of these are for sets of several classes; they count for no class.
    classes : DataFrame
        Indexed by class: ``votes`` for it, their ``share``, the ``lfs`` that vote for it, and the ``rows`` that have
        a vote for it.
    lfs : DataFrame
        Indexed by labeling function, as :func:`weaklab.summarize` gives it: without sets of several classes.
    faults : dict of str to int
        On how many rows a labeling function failed and was taken to abstain, where ``apply`` says so.
    silent : list
        The labeling functions that never vote, by name or column.
    """

    n: int
    m: int
    covered: int
    overlapping: int
    conflicting: int
    votes: int
    sets: int
    classes: pd.DataFrame
    lfs: pd.DataFrame
    faults: dict[str, int]
    silent: list[Any]

    def _facts(self) -> list[tuple[str, str]]:
        """What there is to say, each with its name."""
        n, some_rows = self.n, max(self.covered, 1)
        said = [
            ("votes", f"{self.votes:,}, {self.votes / some_rows:.1f} on a row that has any"),
            ("covered", f"{self.covered:,} rows ({percent(self.covered / max(n, 1))}) have a vote"),
            ("overlap", f"{self.overlapping:,} ({percent(self.overlapping / max(n, 1))}) have two or more"),
            ("conflict", f"{self.conflicting:,} ({percent(self.conflicting / max(n, 1))}) have different ones"),
        ]
        if self.sets:
            said.append(("sets", f"{self.sets:,} votes are for several classes, and are not counted below"))
        if self.silent:
            said.append(("never vote", some(map(_called, self.silent), NAMED)))
        unsaid = self.classes.index[self.classes["votes"] == 0].tolist()
        if unsaid and self.votes > self.sets:
            said.append(("no votes for", some(unsaid, NAMED)))
        if self.faults:
            each = [f"{name} on {count:,} rows" for name, count in self.faults.items()]
            said.append(("failed", some(each, NAMED)))
        return said

    def _head(self) -> str:
        functions = "labeling function" if self.m == 1 else "labeling functions"
        return f"Votes of {self.m:,} {functions} on {self.n:,} rows"

    def _shown_classes(self, name: int) -> tuple[list[list[str]], str]:
        """A line per class, and how many are left out."""
        table = self.classes.iloc[_most(self.classes["votes"], CLASSES)]
        lines = [
            [cut(y, name), f"{votes:,}", percent(share), f"{lfs:,}", f"{rows:,}"]
            for y, votes, share, lfs, rows in table[["votes", "share", "lfs", "rows"]].itertuples()
        ]
        return lines, _left_out(len(self.classes), CLASSES, "classes")

    def _shown_lfs(self, name: int) -> tuple[list[list[str]], str]:
        """A line per labeling function that votes, and how many are left out."""
        voting = self.lfs[self.lfs["votes"] > 0]
        table = voting.iloc[_most(voting["votes"], ROWS)]
        lines = [
            [cut(_called(lf), name), cut(some(row["polarity"], 3), name), f"{row['votes']:,}"]
            + [percent(row[share]) for share in ("coverage", "overlaps", "conflicts")]
            for lf, row in table.iterrows()
        ]
        return lines, _left_out(len(voting), ROWS, "labeling functions")

    def __repr__(self) -> str:
        parts = [self._head()]
        for name, what in self._facts():
            parts += textwrap.wrap(what, LINE, initial_indent=f"  {name:<13}", subsequent_indent=" " * 15)
        for heads, (lines, more), text in self._tables(WIDTH):
            if lines:
                parts += ["", in_columns(heads, lines, text), *([more] if more else [])]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        parts: list[object] = [element("p", element("b", self._head()))]
        parts.append(facts_table(self._facts()))
        for heads, (lines, more), text in self._tables(LONG):
            if lines:
                parts += [card_table(heads, lines, text), bool(more) and element("p", more)]
        return element("div", *parts)

    def _tables(self, name: int) -> Sequence[tuple[tuple[str, ...], tuple[list[list[str]], str], int]]:
        """The heads of each table, its lines and what is left out, and how many of its columns are text."""
        return (
            (("class", "votes", "share", "functions", "rows"), self._shown_classes(name), 1),
            (
                ("labeling function", "votes for", "votes", "coverage", "overlaps", "conflicts"),
                self._shown_lfs(name),
                2,
            ),
        )


def describe_votes(votes: Any, *, classes: Classes = None) -> VotesSummary:
    """What a label matrix holds, as a card in a notebook and as text in a terminal.

    :func:`weaklab.summarize` gives a table with a row per labeling function, and gold and a model beside it; this says
    first what all of them do together.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes; of distributions the likeliest class counts.
    classes : int, sequence of hashable, or None
        The classes; names are then shown.

    Returns
    -------
    VotesSummary

    Raises
    ------
    VoteError, ClassError
        If votes or classes are not what they should be.

    Examples
    --------
    >>> votes = pd.DataFrame({"short": [0, -1, 0, -1], "loud": [1, 1, -1, -1], "typo": -1})
    >>> describe_votes(votes, classes=["ham", "spam"])
    Votes of 3 labeling functions on 4 rows
      votes        4, 1.3 on a row that has any
      covered      3 rows (75.0%) have a vote
      overlap      1 (25.0%) have two or more
      conflict     1 (25.0%) have different ones
      never vote   typo
    <BLANKLINE>
    class  votes  share  functions  rows
    ham        2  50.0%          1     2
    spam       2  50.0%          1     2
    <BLANKLINE>
    labeling function  votes for  votes  coverage  overlaps  conflicts
    short              ham            2     50.0%     25.0%      25.0%
    loud               spam           2     50.0%     25.0%      25.0%
    """
    declared = check_classes(classes)
    matrix = hard_votes(votes, declared)
    names = declared if isinstance(declared, list) else None
    counts = np.bincount(matrix.code, minlength=matrix.m * matrix.k).reshape(matrix.m, matrix.k)
    by_class = counts.sum(axis=0)
    different = np.zeros(matrix.nnz, dtype=bool)  # the first vote of a row for its class
    key = matrix.rows * matrix.k + matrix.vote
    different[np.unique(key, return_index=True)[1]] = True
    sets = 0
    row_counts = matrix.row_counts
    if isinstance(votes, PartialVotes):
        row_counts = (votes.masks != 0).sum(axis=1)
        sets = int(row_counts.sum()) - matrix.nnz
    found = summarize(matrix, classes=names)
    says = matrix.lf_counts > 0
    if isinstance(votes, PartialVotes):  # whoever votes for sets only is not silent
        says = (votes.masks != 0).any(axis=0)
    table = pd.DataFrame(
        {
            "votes": by_class,
            "share": by_class / max(matrix.nnz, 1),
            "lfs": (counts > 0).sum(axis=0),
            "rows": np.bincount(matrix.vote[different], minlength=matrix.k),
        },
        index=pd.Index(class_array(matrix.k if names is None else names), name="class"),
    )
    faults = getattr(votes, "attrs", {}).get("faults", {})
    return VotesSummary(
        n=matrix.n,
        m=matrix.m,
        covered=int(covered_rows(votes, matrix).sum()),
        overlapping=int((row_counts > 1).sum()),
        conflicting=int(conflicting_rows(matrix).sum()),
        votes=matrix.nnz + sets,
        sets=sets,
        classes=table,
        lfs=found,
        faults={str(name): int(fault.count) for name, fault in faults.items()},
        silent=found.index[~says].tolist(),
    )


def _most(votes: pd.Series, most: int) -> np.ndarray:
    """The positions of those with most votes, these first; all in their order where they are not more than shown."""
    if len(votes) <= most:
        return np.arange(len(votes))
    return np.argsort(-votes.to_numpy(), kind="stable")[:most]


def _called(lf: Any) -> str:
    """A labeling function by name, or by column where it has none."""
    return lf if isinstance(lf, str) else f"column {lf}"


def _left_out(there: int, most: int, what: str) -> str:
    return f"and {there - most:,} more {what}, with fewer votes" if there > most else ""
