"""What every engine gets: the frame, the classes, the faults, the bar; and where it puts votes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from weaklab.apply.faults import FaultLog
from weaklab.apply.frames import FrameReader
from weaklab.apply.rich_table import SetTable, SoftTable
from weaklab.apply.text_columns import TextColumn, read_text
from weaklab.exceptions import ReturnValueError
from weaklab.labeling import Output, VoteCoder, set_masks, soft_rows
from weaklab.typing import ABSTAIN
from weaklab.votes import vote_dtype


class VoteTable:
    """Votes of shape (n, m), all abstaining at first, in the narrowest type that holds them.

    Parameters
    ----------
    n, m : int
        Rows and labeling functions.
    k : int or None
        How many classes there are; None lets the type grow with the votes.
    """

    def __init__(self, n: int, m: int, k: int | None) -> None:
        dtype = vote_dtype(1 if k is None else k)
        # By column, since every labeling function writes one.
        self.votes: np.ndarray = np.full((n, m), ABSTAIN, dtype=dtype, order="F")

    def write(self, column: int, rows: slice, codes: np.ndarray) -> None:
        """Set some rows of one column to checked class codes."""
        highest = int(codes.max(initial=ABSTAIN))
        if highest > np.iinfo(self.votes.dtype).max:
            self.votes = self.votes.astype(vote_dtype(highest + 1), order="F")
        self.votes[rows, column] = codes

    def column(self, column: int, output: Output) -> np.ndarray:
        """One column as class codes, (n,); these votes are nothing else."""
        return self.votes[:, column].copy()

    def frame(self, index: pd.Index, names: list[str]) -> pd.DataFrame:
        """The votes as a DataFrame, without a copy."""
        return pd.DataFrame(self.votes, index=index, columns=names, copy=False)


def vote_table(
    n: int, m: int, k: int | None, output: Output, stands_for: Mapping[int, int]
) -> VoteTable | SetTable | SoftTable:
    """The table for n rows of m labeling functions of k classes whose votes are of a kind.

    ``stands_for`` says of columns whose votes are sets, but always the same one, which set that is.
    """
    if output == "hard":
        return VoteTable(n, m, k)
    assert k is not None
    table = (SetTable if output == "set" else SoftTable)(n, m, k)
    table.stands_for.update(stands_for)
    return table


@dataclass(frozen=True)
class Run:
    """One call of ``apply``."""

    reader: FrameReader
    coder: VoteCoder
    faults: FaultLog
    table: Any  # VoteTable, or SetTable or SoftTable where votes are richer
    bar: Any
    names: list[str]
    timeout: float | None = None
    done: np.ndarray = field(init=False)  # (m,), how many votes of each labeling function were written
    seconds: np.ndarray = field(init=False)  # (m,), how long each ran
    watched: set[int] = field(default_factory=set, init=False)  # those whose votes may be kept, by column
    look: float = float("inf")  # how many seconds another process may look at what these read
    unsure: dict[int, str] = field(default_factory=dict, init=False)  # why the votes of some cannot be, by column
    _shown: list[float] = field(default_factory=lambda: [perf_counter()], init=False)  # when the bar last named any
    _texts: dict[Hashable, TextColumn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "done", np.zeros(len(self.names), dtype=np.int64))
        object.__setattr__(self, "seconds", np.zeros(len(self.names)))

    def took(self, column: int, seconds: float) -> None:
        """Add to the time of a labeling function, and have the bar name the slowest ones, once a second."""
        self.seconds[column] += seconds
        now = perf_counter()
        if self.bar.disable or now - self._shown[0] < 1.0:
            return
        self._shown[0] = now
        slowest = [place for place in np.argsort(-self.seconds)[:3] if self.seconds[place] > 0]
        per_row = self.seconds / np.maximum(self.done, 1) * 1e6
        said = ", ".join(f"{self.names[place]} {per_row[place]:,.0f} us/row" for place in slowest)
        self.bar.set_postfix_str(f"slowest: {said}", refresh=False)

    def text(self, name: Hashable) -> TextColumn:
        """A column of texts, made ready once for all engines."""
        if name not in self._texts:
            self._texts[name] = read_text(self.reader, name)
        return self._texts[name]

    def finished(self, column: int, told: int = 0) -> None:
        """A labeling function is done with all rows, ``told`` of which the bar has counted."""
        self.done[column] = self.reader.n
        self.bar.update(self.reader.n - told)

    def write_matches(self, column: int, code: int, matches: np.ndarray) -> None:
        """Votes of a labeling function that votes one class where it matches, (n,)."""
        self.write_votes(column, np.where(matches, code, ABSTAIN))

    def write_votes(self, column: int, codes: np.ndarray) -> None:
        """Votes of a labeling function for all rows, as checked class codes, (n,)."""
        self.table.write(column, slice(None), codes)
        self.finished(column)

    def write_kept(self, column: int, votes: np.ndarray, output: Output) -> None:
        """Votes of a labeling function for all rows, as its table once gave them."""
        self._write(output)(column, slice(None), votes)
        self.finished(column)

    def _write(self, output: Output) -> Callable[[int, slice, np.ndarray], None]:
        if output == "hard":
            return self.table.write
        return self.table.write_set if output == "set" else self.table.write_soft

    def write_values(self, column: int, name: str, start: int, values: Sequence[Any], output: Output) -> None:
        """What a labeling function returned for some rows from ``start`` on, one value per row."""
        if output == "hard":
            self.write_codes(column, name, start, *self.coder.codes(values))
        else:
            read = set_masks if output == "set" else soft_rows
            votes, errors = read(values, self.coder)
            self.write_rich(column, name, start, votes, errors, output)

    def write_rich(
        self,
        column: int,
        name: str,
        start: int,
        votes: np.ndarray,
        errors: dict[int, ReturnValueError],
        output: Output,
    ) -> None:
        """Masks or distributions of some rows from ``start`` on, with what is no vote among them."""
        for offset, error in errors.items():
            self.faults.no_vote(name, start + offset, error)
        self._write(output)(column, slice(start, start + len(votes)), votes)
        self.done[column] += len(votes)
        self.bar.update(len(votes))

    def write_codes(
        self, column: int, name: str, start: int, codes: np.ndarray, errors: dict[int, ReturnValueError]
    ) -> None:
        """Votes of some rows from ``start`` on, with what is no vote among them."""
        for offset, error in errors.items():
            self.faults.no_vote(name, start + offset, error)
        self.table.write(column, slice(start, start + len(codes)), codes)
        self.done[column] += len(codes)
        self.bar.update(len(codes))
