"""Labeling functions that compute true or false of several columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from weaklab.exceptions import FrameError, LabelingFunctionError
from weaklab.labeling.declarative import DeclarativeLF, check_given_name, check_label, is_missing, readable_name
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.expression_cells import as_column, holds, kind_of
from weaklab.labeling.expression_syntax import KIND, parse
from weaklab.labeling.polars_expressions import from_bytes, to_bytes
from weaklab.labeling.rows import as_row
from weaklab.markup import element, facts_table


@dataclass(frozen=True, repr=False)
class ExpressionLF(DeclarativeLF):
    """Votes where an expression over columns is true; made by :func:`expression_lf`, which says what may be written.

    Attributes
    ----------
    expression : str or bytes
        As it was written; or, of a polars expression, its bytes.
    label : hashable
        What it votes: a class code or a class name.
    name : str
    """

    expression: str | bytes
    label: Any
    name: str

    def __post_init__(self) -> None:
        given: Any = self.expression
        if isinstance(given, pl.Expr):
            object.__setattr__(self, "expression", to_bytes(given))
        elif not isinstance(given, (str, bytes)) or not given.strip():
            raise LabelingFunctionError(
                f"{KIND}: expression={given!r} ({type(given).__name__}) must be text that is not empty, or a polars "
                f"expression."
            )
        object.__setattr__(self, "label", check_label(self.label, KIND))
        object.__setattr__(self, "name", check_given_name(self.name, "", KIND))
        said = self.expression
        built = parse(said) if isinstance(said, str) else from_bytes(said)
        object.__setattr__(self, "_built", built)
        object.__setattr__(self, "_columns", _columns(built, self.written))

    @property
    def built(self) -> pl.Expr:
        """The expression of polars."""
        return self._built  # type: ignore[attr-defined]

    @property
    def written(self) -> str:
        """The expression, for people."""
        return self.expression if isinstance(self.expression, str) else str(self.built)

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """The columns that the expression names, each once, in their order."""
        return self._columns  # type: ignore[attr-defined]

    @property
    def labels(self) -> tuple[Any, ...]:
        """The one label that it votes."""
        return (self.label,)

    def holds(self, cells: pl.DataFrame) -> Any:
        """Where the expression is true, as an ndarray of bool of shape (n,).

        Raises
        ------
        FrameError
            If it cannot be computed of cells of these types.
        """
        try:
            return holds(self.built, cells)
        except FrameError as error:
            raise FrameError(f"{self.written!r}: {error}") from error.__cause__

    def __call__(self, row: Any) -> Any:
        """The label where the expression is true of a row, else None."""
        return self._vote(self._cells(row))

    def _cells(self, row: Any) -> dict[Hashable, Any]:
        row = as_row(row)
        return {name: self.cell(row, name) for name in self.columns}

    def _vote(self, cells: dict[Hashable, Any]) -> Any:
        columns = {str(name): as_column([cell], kind_of(cell, name)) for name, cell in cells.items()}
        return self.label if self.holds(pl.DataFrame(columns))[0] else None

    def explain(self, row: Any) -> Explanation:
        """The values of the columns; see :meth:`DeclarativeLF.explain`."""
        cells = self._cells(row)
        vote = self._vote(cells)
        values = ", ".join(f"{name} is {_shown(cell)}" for name, cell in cells.items())
        reason = f"{self.written!r} is {'not true' if vote is None else 'true'}: {values}"
        column = self.columns[0] if len(self.columns) == 1 else None
        return Explanation(vote, reason, column, (), {"values": {str(name): cell for name, cell in cells.items()}})

    def __repr__(self) -> str:
        return f"ExpressionLF({self.written!r}, label={self.label!r}, name={self.name!r})"

    def _repr_html_(self) -> str:
        said = [("expression", element("code", self.written)), ("label", element("code", repr(self.label)))]
        return element("div", element("b", self.name), " ExpressionLF", facts_table(said))


def _shown(cell: Any) -> str:
    if is_missing(cell):
        return "missing"
    return short(cell.item() if isinstance(cell, np.generic) else cell)


def expression_lf(expression: str | pl.Expr, *, label: Any, name: str | None = None) -> ExpressionLF:
    r"""Make a labeling function that votes where an expression over columns is true.

    Parameters
    ----------
    expression : str or polars.Expr
        Text, as for ``DataFrame.eval``: columns by name (in backticks where the name is no identifier), numbers,
        strings, ``True``; ``< <= == != >= >``, also chained; ``and or not`` (or ``& | ~``, which bind as loosely as
        in pandas); ``in`` a list of constants, or a string ``in`` a column; ``x is None``; ``+ - * / // % **`` of
        numbers; and the functions ``abs, len, lower, upper, contains, startswith, endswith, min, max`` (of two),
        ``isna`` and ``date('2024-01-31')``. Nothing else may be written: no attributes, no ``@``, no Python.

        Or a polars expression, which must look at one row at a time and call no Python; it is kept as its bytes,
        which other versions of polars may not read, so prefer text.
    label : int, Enum member or class name
        What to vote. Names are checked when ``apply`` is given ``classes=``.
    name : str, optional
        The name of its column of votes; by default made of the words of the expression.

    Returns
    -------
    ExpressionLF
        Plain data: it compares, hashes and pickles by what it says, and can be called on one row.

    Raises
    ------
    LabelingFunctionError
        If the expression is ill-formed, holds something that may not be written, or names no column.

    Notes
    -----
    polars computes it, on any frame: ints have 64 bits and wrap around, floats 64 bits whatever the column had, and
    ints that are compared with floats become floats. Missing cells (None, NaN, NA) and what is computed of them are
    missing, where ``and`` and ``or`` need to know them; where the whole is missing, the function abstains. A missing
    cell of a column without a type takes the first type that the expression can be computed of.

    Examples
    --------
    >>> bargain = expression_lf("price / n_items < 2 and 'sale' in title", label=1)
    >>> bargain.name, bargain.columns
    ('price_n_items_2_and_sale_in_title', ('price', 'n_items', 'title'))
    >>> row = {"price": 3.0, "n_items": 2, "title": "summer sale"}
    >>> bargain(row), bargain({**row, "price": None}), bargain({**row, "price": 9})
    (1, None, None)
    """
    shown = str(expression) if isinstance(expression, pl.Expr) else expression
    default = readable_name(shown) if isinstance(shown, str) and shown.strip() else "expression"
    return ExpressionLF(expression, label, check_given_name(name, default, KIND))  # type: ignore[arg-type]  # an expression becomes its bytes


def _columns(built: pl.Expr, written: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(built.meta.root_names()))
    many = [name for name in names if name == "*" or (name.startswith("^") and name.endswith("$"))]
    if not names or many:
        raise LabelingFunctionError(
            f"{KIND}: {written!r} must name the columns that it reads, one by one; "
            f"{f'{many[0]!r} stands for several' if many else 'it names none'}."
        )
    return names
