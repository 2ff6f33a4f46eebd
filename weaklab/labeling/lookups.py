"""Labeling functions that look cells up in a table."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from weaklab.exceptions import LabelingFunctionError, did_you_mean
from weaklab.labeling.cells import CellLF
from weaklab.labeling.declarative import check_column, check_given_name, check_number, check_text, readable_name
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.lookup_tables import Entry, check_entries, read_table
from weaklab.labeling.normalising import normalise, original_spans

_KIND = "lookup_lf"
Match = Literal["exact", "normalised", "substring"]
_TOKENS = re.compile(r"\w+|\W")


class Hit(NamedTuple):
    """A key that was found in a normalised text, and where."""

    key: str
    start: int
    stop: int


@dataclass(frozen=True, repr=False)
class LookupLF(CellLF):
    """Votes the label that a table has for a cell; made by :func:`lookup_lf`, which says what the arguments mean.

    Attributes
    ----------
    column : hashable
    name : str
    entries : tuple of (key, label)
        In the order of their keys, which are normalised unless ``match`` is "exact".
    match : {"exact", "normalised", "substring"}
    """

    column: Hashable
    name: str
    entries: tuple[Entry, ...]
    match: Match = "exact"

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", check_column(self.column, _KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", _KIND))
        if self.match not in get_args(Match):
            raise LabelingFunctionError(
                f"{_KIND}: match={self.match!r} is not known.{did_you_mean(self.match, get_args(Match))}"
            )
        object.__setattr__(self, "entries", check_entries(self.entries, self.match != "exact"))
        object.__setattr__(self, "_table", dict(self.entries))
        object.__setattr__(self, "_labels", tuple(dict.fromkeys(label for _, label in self.entries)))
        object.__setattr__(self, "_starts", _by_first_token(self.table) if self.match == "substring" else {})

    @property
    def table(self) -> Mapping[Any, Any]:
        """The labels by key."""
        return self._table  # type: ignore[attr-defined]

    @property
    def is_of_text(self) -> bool:
        """Whether the keys are texts, and not ints."""
        return isinstance(self.entries[0][0], str)

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels of the table, each once."""
        return self._labels  # type: ignore[attr-defined]

    def vote(self, cell: Any) -> Any:
        """The label of a cell, or None."""
        if not self.is_of_text:
            return self.table.get(check_number(cell, self.column))
        text = check_text(cell, self.column)
        if self.match == "exact":
            return self.table.get(text)
        return self.vote_normalised(normalise(text))

    def vote_normalised(self, text: str) -> Any:
        """The label of a text that is normalised already, or None."""
        if self.match == "normalised":
            return self.table.get(text)
        return self._agreed(_TOKENS.findall(text))

    def _agreed(self, tokens: list[str]) -> Any:
        """The one label of all keys that :meth:`hits` finds, or None; it stops where that is known."""
        starts: Mapping[str, tuple[int, ...]] = self._starts  # type: ignore[attr-defined]
        table, alone = self.table, len(self.labels) == 1
        agreed, place = None, 0
        while place < len(tokens):
            size = 1
            for length in starts.get(tokens[place], ()):
                label = table.get(tokens[place] if length == 1 else "".join(tokens[place : place + length]))
                if label is None:
                    continue
                if alone:
                    return label
                if agreed is not None and label != agreed:
                    return None
                agreed, size = label, length
                break
            place += size
        return agreed

    def hits(self, text: str) -> list[Hit]:
        """The keys in a normalised text, as whole words, the longest at each place, none within another."""
        # Each key begins and ends where a token does, for a token is a whole word or one other character.
        tokens = _TOKENS.findall(text)
        starts: Mapping[str, tuple[int, ...]] = self._starts  # type: ignore[attr-defined]
        found, place, at = [], 0, 0
        while place < len(tokens):
            size = 1
            for length in starts.get(tokens[place], ()):
                key = "".join(tokens[place : place + length])
                if key in self.table:
                    found.append(Hit(key, at, at + len(key)))
                    size = length
                    break
            at += sum(map(len, tokens[place : place + size]))
            place += size
        return found

    def explain_cell(self, cell: Any) -> Explanation:
        """The key that was found, or the keys and where."""
        vote = self.vote(cell)
        text = cell if self.is_of_text else None
        if self.match != "substring":
            key = normalise(cell) if self.match == "normalised" else cell
            if vote is None:
                return Explanation(None, f"{short(key)} is not in the table", self.column, text=text)
            whole = () if text is None else ((0, len(text)),)
            return Explanation(vote, f"{short(key)} is in the table", self.column, whole, {"key": key}, text)
        hits = self.hits(normalise(cell))
        keys = {hit.key: self.table[hit.key] for hit in hits}
        reason = "found " + ", ".join(map(short, keys)) if keys else "found no key of the table"
        if keys and vote is None:
            reason += f", which stand for different labels: {', '.join(map(repr, dict.fromkeys(keys.values())))}"
        spans = original_spans(cell, [(hit.start, hit.stop) for hit in hits])
        return Explanation(vote, reason, self.column, spans, {"found": keys}, text)

    def __repr__(self) -> str:
        shown = ", ".join(f"{key!r}: {label!r}" for key, label in self.entries[:3])
        more = f", ... {len(self.entries):,} entries" if len(self.entries) > 3 else ""
        return f"LookupLF({self.name!r}, column={self.column!r}, match={self.match!r}, {{{shown}{more}}})"


def _by_first_token(table: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """How many tokens the keys have that begin with a token, the most first."""
    lengths: dict[str, set[int]] = {}
    for key in table:
        tokens = _TOKENS.findall(key)
        lengths.setdefault(tokens[0], set()).add(len(tokens))
    return {token: tuple(sorted(found, reverse=True)) for token, found in lengths.items()}


def lookup_lf(
    table: Mapping[Any, Any] | Iterable[Any] | str | PathLike[str],
    *,
    column: Hashable,
    label: Any = None,
    name: str | None = None,
    match: Match = "exact",
) -> LookupLF:
    r"""Make a labeling function that looks cells up in a table.

    Parameters
    ----------
    table : dict, set, list, or path
        A dict of keys to labels; or keys alone, with ``label=``; or the path of a UTF-8 file, which is read now: a
        gazetteer of a key per line (blank lines and those that begin with ``#`` are skipped), or, where its name
        ends in ``.csv``, keys in the first column and labels in the second (a first line whose second cell is
        "label" is a header; labels that are all made of digits are class codes). Keys are texts, or all ints.
    column : hashable
        The column of texts (or, for keys that are ints, of numbers). Where it is missing (None, NaN, NA) the
        function abstains.
    label : int, Enum member or class name, optional
        What to vote, where the table has no labels. Names are checked when ``apply`` is given ``classes=``.
    name : str, optional
        The name of its column of votes; by default the name of the file, or made of the first three keys.
    match : {"exact", "normalised", "substring"}
        "exact": the cell is a key. "normalised": it is one after Unicode NFKC, case folding, and collapsing
        whitespace, of both. "substring": the text contains a key, both normalised, as whole words (see
        :func:`keyword_lf`); where keys overlap, the first of them counts, and of those that begin together the
        longest, so that "york" is not found in "new york"; where the keys that count have different labels, the
        function abstains. Thousands of keys cost little more than one.

    Returns
    -------
    LookupLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If the table is empty, a file is missing or ill-formed, a key stands for two labels or is neither text nor
        int, or there is no label or one too many.

    Examples
    --------
    >>> place = lookup_lf({"New York": "us", "York": "uk"}, column="text", match="substring")
    >>> place.name
    'lookup_new_york_york'
    >>> place({"text": "to NEW  YORK!"}), place({"text": "York, yorkshire"}), place({"text": "York or New York"})
    ('us', 'uk', None)
    >>> lookup_lf({7, 11}, column="shop", label=1)({"shop": 7})
    1
    """
    entries = read_table(table, label)
    if name is None and isinstance(table, (str, PathLike)):
        name = readable_name(Path(fspath(table)).stem)
    checked = check_entries(entries, match in ("normalised", "substring"))
    shown = [*(key for key, _ in checked[:3]), *([f"{len(checked) - 3} more"] if len(checked) > 3 else [])]
    return LookupLF(column, check_given_name(name, readable_name("lookup", *shown), _KIND), entries, match)
