"""Rows as labeling functions see them: light, read by attribute or by item, and private to who reads them.

A row knows where its cells come from (its source) and fetches them when they are asked for, so that a frame of
hundreds of columns costs what is read of it. Whatever is written to a row is noted in the source and can be taken
back: the frame, and the next labeling function, never see it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import repeat
from reprlib import Repr
from types import MethodType
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import FrameError, RowColumnError
from weaklab.labeling.row_sources import FieldSource, ObjectSource, RowSource

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60

#: Cells of these kinds could be changed in place, so every reader gets a copy (or a read-only view) of its own.
MUTABLE = (list, dict, set, bytearray, np.ndarray, tuple)


class _ColumnFirst:
    """A method that gives way to a column of its name.

    It defines ``__set__``, so that Python asks it before the row's own dict: the answer must not depend on whether
    the column was read before.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, row: Row | None, owner: type | None = None) -> Any:
        if row is None:
            return self.method
        return row[self.name] if self.name in row else MethodType(self.method, row)

    def __set__(self, row: Row, value: Any) -> None:
        row[self.name] = value


class Row(Mapping[Hashable, Any]):
    """One row of data: ``row.text`` and ``row["text"]`` are the same cell.

    A row is a mapping of column names to cells, so ``in``, ``len``, iteration (over names), ``get``, ``keys``,
    ``items`` and ``dict(row)`` work. A column named like one of those methods wins over it as an attribute; a
    column whose name is no identifier is read as an item. Cells keep the type of their column.

    Writing to a row (``row.text = "new"``) changes this view of it only, never the data.

    Parameters
    ----------
    source : RowSource
        Where the cells come from.
    position : int
        The position of the row in its source.

    Raises
    ------
    RowColumnError
        On access, if there is no such column. It is an AttributeError and a KeyError.

    Examples
    --------
    >>> row = as_row({"text": "hello", "n chars": 5})
    >>> row.text, row["n chars"], row.get("label"), "text" in row
    ('hello', 5, None, True)
    """

    __slots__ = ("__dict__", "_row_position", "_row_source")

    _row_position: int
    _row_source: RowSource

    def __init__(self, source: RowSource, position: int = 0) -> None:
        _set_source(self, source)
        _set_position(self, position)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the protocols of Python and of notebooks, asked of every object
            raise AttributeError(name)
        return self._row_fetch(name)

    def __getitem__(self, name: Hashable) -> Any:
        try:
            return vars(self)[name]  # type: ignore[index]
        except KeyError:
            return self._row_fetch(name)

    def _row_fetch(self, name: Hashable) -> Any:
        source, position = self._row_source, self._row_position
        try:
            value = source.cell(name, position)
        except KeyError:
            raise RowColumnError(name, tuple(self)) from None
        if isinstance(value, MUTABLE):
            value = own_copy(value)
            source.note(self, position, name, value)
        vars(self)[name] = value  # type: ignore[index]
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __setitem__(self, name: Hashable, value: Any) -> None:
        vars(self)[name] = value  # type: ignore[index]
        self._row_source.note(self, self._row_position, name, value)

    def __delattr__(self, name: str) -> None:
        raise TypeError(f"A column of a row cannot be deleted ({name!r}); set it to None instead.")

    def __contains__(self, name: object) -> bool:
        return name in vars(self) or name in self._row_source.columns(self._row_position)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(dict.fromkeys((*self._row_source.columns(self._row_position), *vars(self))))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @_ColumnFirst
    def get(self, name: Hashable, default: Any = None) -> Any:
        """The cell of that name, or the default where there is no such column."""
        return self[name] if name in self else default  # noqa: SIM401  -- this is `get`

    keys = _ColumnFirst(Mapping.keys)
    items = _ColumnFirst(Mapping.items)
    values = _ColumnFirst(Mapping.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return _cells(self) == (_cells(other) if isinstance(other, Row) else dict(other))

    __hash__ = None  # type: ignore[assignment]

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *(name for name in self if isinstance(name, str) and name.isidentifier())})

    def __reduce__(self) -> tuple[Any, ...]:
        return as_row, (_cells(self),)  # by value: a row must not drag the whole frame along

    def __repr__(self) -> str:
        cells = ", ".join(f"{name}={_SHORT.repr(value)}" for name, value in _cells(self).items())
        return f"Row({cells})"


# The slots are set past `__setattr__`, which writes cells.
_set_source = Row.__dict__["_row_source"].__set__
_set_position = Row.__dict__["_row_position"].__set__
_set_cells = Row.__dict__["__dict__"].__set__


def make_rows(source: RowSource, positions: range, ready: Mapping[Hashable, Sequence[Any]]) -> list[Row]:
    """Many rows of one source at once, without a call of Python's for each, which saves a third of the time.

    Parameters
    ----------
    source : RowSource
        Where the cells come from.
    positions : range of length n
        The positions of the rows in their source.
    ready : mapping of column to sequence of length n
        Cells that are at hand already.

    Returns
    -------
    list of Row of length n
    """
    rows = list(map(object.__new__, repeat(Row, len(positions))))
    for_each: Callable[[Iterable[Any]], None] = deque(maxlen=0).extend  # runs an iterator and keeps nothing
    for_each(map(_set_source, rows, repeat(source)))
    for_each(map(_set_position, rows, positions))
    if ready:
        for_each(map(_set_cells, rows, map(dict, map(zip, repeat(tuple(ready)), zip(*ready.values(), strict=True)))))
    return rows


def as_row(item: Any) -> Any:
    """The row that a labeling function should see for whatever it was called on.

    Parameters
    ----------
    item : object
        A Row, a mapping, a pandas Series (its index names the cells), a namedtuple, or an object with attributes.

    Returns
    -------
    Row or object
        A :class:`Row`; or the item itself where it is no record: strings, numbers, sequences, and objects that
        can be iterated over, indexed or called, since a view of them would lose what they can do.

    Examples
    --------
    >>> as_row({"text": "hello"})
    Row(text='hello')
    >>> as_row("hello")
    'hello'
    """
    if isinstance(item, Row):
        return item
    fields = named_values(item)
    if fields is not None:
        return Row(FieldSource(fields))
    return Row(ObjectSource([item])) if is_record(item) else item


def named_values(item: Any) -> dict[Hashable, Any] | None:
    """The cells of a mapping, a Series or a namedtuple, or None for anything else."""
    if isinstance(item, Row):
        return _cells(item)
    if isinstance(item, Mapping):
        return dict(item)
    if isinstance(item, pd.Series):
        if not item.index.is_unique:
            twice = item.index[item.index.duplicated()][0]
            raise FrameError(f"The row has {twice!r} more than once in its index; a row needs unique names.")
        return dict(zip(item.index, item.tolist(), strict=True))
    if isinstance(item, tuple) and hasattr(item, "_fields"):
        return dict(zip(item._fields, item, strict=True))
    return None


def is_record(item: Any) -> bool:
    """Whether all there is to an object is its attributes."""
    if item is None or callable(item) or isinstance(item, (int, float, complex, np.generic)):
        return False
    return not any(hasattr(type(item), name) for name in ("__iter__", "__getitem__", "__len__"))


def own_copy(value: Any) -> Any:
    """A copy of a container, all the way down; arrays as read-only views, anything else as it is.

    Examples
    --------
    >>> tags = [["a"], "b"]
    >>> mine = own_copy(tags)
    >>> mine[0].append("c")
    >>> tags
    [['a'], 'b']
    """
    kind = type(value)
    if kind in (list, tuple, set):
        return kind(own_copy(item) for item in value)
    if kind is dict:
        return {key: own_copy(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        view = value.view()
        view.flags.writeable = False
        return view
    return deepcopy(value) if isinstance(value, MUTABLE) else value  # OrderedDict, defaultdict and the like


def _cells(row: Row) -> dict[Hashable, Any]:
    return {name: row[name] for name in row}  # not dict(row): a column may be named "keys"
