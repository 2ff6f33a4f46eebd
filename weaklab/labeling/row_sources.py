"""Where the cells of rows come from, and what was written to those rows in the meantime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaklab.labeling.rows import Row


class RowSource(ABC):
    """Where the cells of rows come from, and what was written to those rows since the last :meth:`take_back`."""

    def __init__(self, touched: list[Row] | None = None) -> None:
        self.memo: dict[tuple[int, Any], Any] = {}  # (position, preprocessor) -> what it made of the row
        self.touched: list[Row] = [] if touched is None else touched
        self.writes: dict[int, dict[Hashable, Any]] = {}  # position -> column -> value

    @abstractmethod
    def columns(self, position: int) -> Sequence[Hashable]:
        """The names of the cells of one row."""

    @abstractmethod
    def cell(self, name: Hashable, position: int) -> Any:
        """One cell; a KeyError where there is none of that name."""

    def column_of_chunk(self, name: Hashable) -> tuple[int, Sequence[Any]] | None:
        """Where the rows begin that exist together with any row of this source, and their cells of a column.

        None where a row stands alone.
        """
        return None

    def note(self, row: Row, position: int, name: Hashable, value: Any) -> None:
        """Remember that a row differs from its source."""
        if position not in self.writes:
            self.writes[position] = {}
            self.touched.append(row)
        self.writes[position][name] = value

    def is_written(self, position: int) -> bool:
        """Whether a row differs from its source at the moment."""
        return position in self.writes

    def take_back(self) -> None:
        """Undo all that was written to rows of this source, and to rows derived from them."""
        for row in self.touched:
            row._row_source.writes.clear()
            vars(row).clear()
        self.touched.clear()

    def forget(self) -> None:
        """Let go of what preprocessors made, at once: rows and sources hold each other, and would wait for the GC."""
        for row in self.memo.values():
            row._row_source.forget()
        self.memo.clear()


class FieldSource(RowSource):
    """One row made of named values, on top of a parent row if there is one."""

    def __init__(self, fields: Mapping[Hashable, Any], parent: Row | None = None, touched: list[Row] | None = None):
        super().__init__(touched)
        self.fields = fields
        self.parent = parent

    def columns(self, position: int) -> Sequence[Hashable]:
        """The names of the parent, then those that were added."""
        inherited = () if self.parent is None else tuple(self.parent)
        return tuple(dict.fromkeys((*inherited, *self.fields)))

    def cell(self, name: Hashable, position: int) -> Any:
        """The value that was set, else the parent's."""
        if name in self.fields or self.parent is None:
            return self.fields[name]
        # Asked of the parent's source, not of the parent: what is fetched here must not count as written there.
        source, where = self.parent._row_source, self.parent._row_position
        written = source.writes.get(where, {})
        return written[name] if name in written else source.cell(name, where)


class ObjectSource(RowSource):
    """Rows that are objects with attributes."""

    def __init__(self, objects: Sequence[Any], start: int = 0, touched: list[Row] | None = None) -> None:
        super().__init__(touched)
        self.objects = objects
        self.start = start

    def columns(self, position: int) -> Sequence[Hashable]:
        """The names of the public attributes that hold data."""
        item = self.objects[position - self.start]
        slots = [name for base in reversed(type(item).__mro__) for name in _slots(base)]
        names = dict.fromkeys([*slots, *getattr(item, "__dict__", {})])
        return tuple(name for name in names if not str(name).startswith("_"))

    def cell(self, name: Hashable, position: int) -> Any:
        """The attribute of that name, of the object at that position."""
        item = self.objects[position - self.start]
        if not isinstance(name, str):
            raise KeyError(name)
        try:
            return getattr(item, name)
        except AttributeError:
            # A property that is there but fails must show its own error, not "no such column".
            if hasattr(type(item), name):
                raise
            raise KeyError(name) from None


def _slots(base: type) -> tuple[str, ...]:
    slots = base.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
