"""What changed between two label matrices of the same rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.hard_votes import covered_rows, hard_votes
from weaklab.analysis.row_tables import objects, rows_and_votes, with_columns
from weaklab.analysis.summary import conflicting_rows
from weaklab.exceptions import VoteError
from weaklab.typing import ABSTAIN, Frame
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_classes, check_gold

#: So many labeling functions, and rows, are shown of many.
SHOWN = 20


@dataclass(frozen=True, eq=False)
class Diff:
    """What changed between two label matrices; made by :func:`weaklab.diff`.

    Attributes
    ----------
    summary : DataFrame
        Indexed by labeling function, those of after first, then those that were removed:

        ``change``
            "added", "removed", "changed" or "same".
        ``gained``, ``lost``, ``flipped``, ``unchanged``
            On how many rows it votes now and did not, did and does not, votes otherwise than it did, and as it did.
        ``coverage_before``, ``coverage_after``
            The share of rows that it votes on; NaN where there is no such function.
        ``accuracy_before``, ``accuracy_after``
            With gold: the share of its votes on rows with gold that are right.
    overall : DataFrame
        Rows "before" and "after": ``functions`` (how many), ``coverage``, ``conflicts`` (shares of rows) and, with
        gold, ``accuracy``: of majority vote on covered rows with gold, a tie counting in parts.
    rows : DataFrame
        The rows on which any vote changed, in order and with their index: the frame's columns where it was given,
        ``before`` and ``after`` (dicts from labeling function to what it said, of those that changed there; None is
        "abstains") and ``gold`` where there is any. Made when first asked for.
    """

    summary: pd.DataFrame
    overall: pd.DataFrame
    _changes: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # row, place in summary, before and after
    _sides: tuple[Any, Any]
    _table: pd.DataFrame
    _gold: np.ndarray | None

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows on which any vote changed."""
        row, lf, before, after = self._changes
        order = np.lexsort((lf, row))
        distinct, starts = np.unique(row[order], return_index=True)
        names = self.summary.index.tolist()
        said: list[list[dict[Hashable, Any]]] = [[], []]
        for part in np.split(order, starts[1:]) if len(distinct) else []:
            for side, votes in enumerate((before, after)):
                said[side].append({names[lf[i]]: self._sides[side][votes[i]] for i in part})
        added: dict[str, np.ndarray] = {"before": objects(said[0]), "after": objects(said[1])}
        if self._gold is not None:
            added["gold"] = self._gold[distinct]
        return with_columns(self._table.iloc[distinct], added)

    @property
    def n_changed(self) -> int:
        """On how many rows any vote changed."""
        return len(np.unique(self._changes[0]))

    def _header(self) -> str:
        n = len(self._table)
        share = f" ({self.n_changed / n:.1%})" if n else ""
        parts = [f"votes changed on {self.n_changed:,} of {n:,} rows{share}"]
        for what in [column for column in ("coverage", "conflicts", "accuracy") if column in self.overall]:
            before, after = self.overall[what]
            parts.append(f"{what} {before:.1%} → {after:.1%}")
        return "; ".join(parts)

    def _changed(self) -> tuple[pd.DataFrame, str]:
        changed = self.summary[self.summary["change"] != "same"]
        same = len(self.summary) - len(changed)
        more = f"{len(changed) - SHOWN:,} more labeling functions changed; " if len(changed) > SHOWN else ""
        return changed.head(SHOWN), f"{more}{same:,} unchanged" if more or same else ""

    def __repr__(self) -> str:
        changed, more = self._changed()
        return "\n".join(filter(None, [self._header(), changed.round(3).to_string() if len(changed) else "", more]))

    def _repr_html_(self) -> str:
        changed, more = self._changed()
        table = changed.round(3).to_html() if len(changed) else ""
        return f"<div><p><b>{escape(self._header())}</b></p>{table}<p>{escape(more)}</p></div>"


def diff(
    votes_before: Any,
    votes_after: Any,
    frame: Frame | None = None,
    y: Any = None,
    *,
    classes: Sequence[Hashable] | None = None,
) -> Diff:
    """Compare the votes on the same rows before and after labeling functions were changed.

    Parameters
    ----------
    votes_before, votes_after : DataFrame, array-like or sparse matrix of votes, PartialVotes or SoftVotes
        Both of one kind, on the same rows in the same order. Labeling functions are told apart by name, or by number
        where they have none; one under a new name counts as removed and added.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts, optional
        The data, to show beside the votes.
    y : array-like of shape (n,), optional
        Gold labels where known, by code, or by name where ``classes`` are given.
    classes : sequence of hashable, optional
        The class names in the order of their codes, to show votes by name.

    Returns
    -------
    Diff
        ``summary``, a row per labeling function; ``overall``, before and after; ``rows``, those that changed.

    Raises
    ------
    VoteError
        If the two are on different rows, are of different kinds, have two functions of one name, or only one of
        them has names.
    FrameError, GoldError, ClassError
        If frame, gold or classes do not fit.

    Examples
    --------
    >>> before = pd.DataFrame({"money": [1, -1, -1], "short": [-1, 0, 0]})
    >>> after = pd.DataFrame({"money": [1, 1, -1], "long": [-1, -1, 1]})
    >>> changes = diff(before, after)
    >>> changes.summary[["change", "gained", "lost", "flipped", "unchanged"]]
            change  gained  lost  flipped  unchanged
    money  changed       1     0        0          1
    long     added       1     0        0          0
    short  removed       0     2        0          0
    >>> changes.rows
                                  before                      after
    1         {'money': None, 'short': 0}  {'money': 1, 'short': None}
    2          {'long': None, 'short': 0}   {'long': 1, 'short': None}
    """
    given = (votes_before, votes_after)
    kinds = [type(votes) if isinstance(votes, (PartialVotes, SoftVotes)) else None for votes in given]
    if kinds[0] != kinds[1]:
        told = ["votes of one class each" if kind is None else kind.__name__ for kind in kinds]
        raise VoteError(f"Before are {told[0]}, after are {told[1]}: only votes of one kind can be compared.")
    matrices = [hard_votes(votes, classes) for votes in given]
    _check_rows(*matrices)
    names = _names(*matrices)
    table = pd.DataFrame(index=matrices[1].index if matrices[0].index is None else matrices[0].index)
    if frame is not None:
        table, _ = rows_and_votes(frame, matrices[1], classes)
    elif matrices[0].index is None and matrices[1].index is None:
        table = pd.DataFrame(index=pd.RangeIndex(matrices[0].n))
    gold = None if y is None else check_gold(y, matrices[0].n, classes, index=table.index)
    declared = check_classes(classes)
    said = declared if isinstance(declared, list) else None
    lines, changes = [], []
    columns = [_columns(votes, matrix) for votes, matrix in zip(given, matrices, strict=True)]
    order = [*names[1], *(name for name in names[0] if name not in set(names[1]))]
    places = [{name: j for j, name in enumerate(side)} for side in names]
    for place, name in enumerate(order):
        sides = [columns[side](places[side][name]) if name in places[side] else _nothing() for side in (0, 1)]
        line, changed = _compare(sides, [name in places[side] for side in (0, 1)], matrices[0].n)
        if gold is not None:
            for when, side in (("before", 0), ("after", 1)):
                line[f"accuracy_{when}"] = _accuracy(matrices[side], places[side].get(name), gold)
        lines.append(line)
        changes.append((changed[0], np.full(len(changed[0]), place), *changed[1:]))
    together = tuple(np.concatenate(parts) for parts in zip(*changes, strict=True))
    overall = pd.DataFrame(
        [_overall(votes, matrix, gold) for votes, matrix in zip(given, matrices, strict=True)], ["before", "after"]
    )
    shown = None if gold is None else _named(gold, said)
    summary = pd.DataFrame(lines, index=pd.Index(order, dtype=object))
    keys = tuple(_Said(votes, said) for votes in given)
    return Diff(summary, overall, together, keys, table, shown)  # type: ignore[arg-type]


def _named(gold: np.ndarray, names: list[Hashable] | None) -> np.ndarray:
    """Gold labels as they are shown; None where unknown."""
    known = gold != ABSTAIN
    if names is None and known.all():
        return gold
    return objects(
        [(y if names is None else names[y]) if there else None for y, there in zip(gold.tolist(), known, strict=True)]
    )


class _Said:
    """What a vote is called: by class name where there are any; None where there is none."""

    def __init__(self, votes: Any, names: list[Hashable] | None) -> None:
        self.votes, self.names = votes, names

    def __getitem__(self, vote: int) -> Any:
        """The vote of a class code; of sets and distributions, of a place in the flattened matrix."""
        if vote < 0:
            return None
        if isinstance(self.votes, PartialVotes):
            mask = int(self.votes.masks.ravel()[vote])
            return tuple(self._class(y) for y in range(self.votes.k) if mask >> y & 1)
        if isinstance(self.votes, SoftVotes):
            probs = self.votes.probs.reshape(-1, self.votes.k)[vote].tolist()
            return {self._class(y): round(share, 3) for y, share in enumerate(probs) if share}
        return self._class(int(vote))

    def _class(self, y: int) -> Hashable:
        return y if self.names is None else self.names[y]


def _columns(votes: Any, matrix: VoteMatrix) -> Any:
    """A function from a labeling function's number to its rows, what tells its votes apart, and what shows them."""
    if isinstance(votes, PartialVotes):
        values = votes.masks
        there = values != 0
    elif isinstance(votes, SoftVotes):
        values = votes.probs
        there = ~np.isnan(values).any(axis=2)
    else:
        order = np.argsort(matrix.lf, kind="stable")
        ends = np.concatenate([[0], np.cumsum(matrix.lf_counts)])
        row, vote = matrix.rows[order], matrix.vote[order].astype(np.int64)
        return lambda j: (row[ends[j] : ends[j + 1]],) + (vote[ends[j] : ends[j + 1]],) * 2

    def of(j: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = np.flatnonzero(there[:, j])
        return rows, values[rows, j], rows * np.int64(there.shape[1]) + j

    return of


def _nothing() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A labeling function that never votes."""
    none = np.empty(0, dtype=np.int64)
    return none, none, none


def _compare(sides: Sequence[Any], there: Sequence[bool], n: int) -> tuple[dict[str, Any], tuple[np.ndarray, ...]]:
    (rows_0, votes_0, shown_0), (rows_1, votes_1, shown_1) = sides
    _, both_0, both_1 = np.intersect1d(rows_0, rows_1, assume_unique=True, return_indices=True)
    if len(both_0):
        a, b = votes_0[both_0], votes_1[both_1]
        other = np.abs(a - b).max(axis=1) > 1e-9 if a.ndim == 2 else a != b
    else:
        other = np.empty(0, dtype=bool)
    lost = np.setdiff1d(np.arange(len(rows_0)), both_0)
    gained = np.setdiff1d(np.arange(len(rows_1)), both_1)
    none_0, none_1 = np.full(len(gained), -1), np.full(len(lost), -1)
    row = np.concatenate([rows_1[gained], rows_0[lost], rows_0[both_0[other]]])
    before = np.concatenate([none_0, shown_0[lost], shown_0[both_0[other]]])
    after = np.concatenate([shown_1[gained], none_1, shown_1[both_1[other]]])
    kind = "added" if not there[0] else "removed" if not there[1] else "changed" if len(row) else "same"
    shares = [len(rows) / n if present and n else np.nan for rows, present in zip((rows_0, rows_1), there, strict=True)]
    line = {
        "change": kind,
        "gained": len(gained),
        "lost": len(lost),
        "flipped": int(other.sum()),
        "unchanged": len(both_0) - int(other.sum()),
        "coverage_before": shares[0],
        "coverage_after": shares[1],
    }
    return line, (row, before, after)


def _overall(votes: Any, matrix: VoteMatrix, gold: np.ndarray | None) -> dict[str, Any]:
    n = matrix.n or np.nan
    line: dict[str, Any] = {
        "functions": matrix.m,
        "coverage": covered_rows(votes, matrix).sum() / n,
        "conflicts": conflicting_rows(matrix).sum() / n,
    }
    if gold is not None:
        judged = matrix.covered & (gold != ABSTAIN)
        k = max(matrix.k, int(gold.max(initial=0)) + 1)
        right = matrix.with_classes(k).majority()[judged, gold[judged]]
        line["accuracy"] = right.mean() if len(right) else np.nan
    return line


def _accuracy(matrix: VoteMatrix, j: int | None, gold: np.ndarray) -> float:
    if j is None:
        return np.nan
    mine = matrix.lf == j
    truth = gold[matrix.rows[mine]]
    known = truth != ABSTAIN
    return float(np.mean(matrix.vote[mine][known] == truth[known])) if known.any() else np.nan


def _check_rows(before: VoteMatrix, after: VoteMatrix) -> None:
    if before.n != after.n:
        raise VoteError(
            f"Before there are votes on {before.n:,} rows, after on {after.n:,}: apply both to the same frame."
        )
    old, new = before.index, after.index
    if old is None or new is None or old.equals(new):
        return
    gone = old.difference(new)
    if len(gone):
        raise VoteError(
            f"The votes are on different rows: {len(gone):,} index labels of before, such as {gone[0]!r}, are not in "
            f"after. Apply both to the same frame."
        )
    hint = " votes_after.loc[votes_before.index] brings them into one." if new.is_unique and old.is_unique else ""
    raise VoteError(f"The votes are on the same rows in another order.{hint}")


def _names(*matrices: VoteMatrix) -> list[list[Hashable]]:
    if len({matrix.names is None for matrix in matrices}) > 1:
        raise VoteError("Only one of the two names its labeling functions, so they cannot be told apart: give both.")
    return [matrix.columns for matrix in matrices]
