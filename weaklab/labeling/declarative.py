"""Labeling functions that are data: what they share, and how they read a cell."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import fields
from decimal import Decimal
from numbers import Real
from reprlib import Repr
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import FrameError, LabelingFunctionError
from weaklab.labeling.explanations import Explanation, short
from weaklab.markup import element, facts_table
from weaklab.typing import ABSTAIN

#: A default name is cut at this many characters.
LONGEST_NAME = 40

# A card shows so much of a gazetteer; the data have it all.
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxtuple = 12


class DeclarativeLF:
    """A labeling function that says what it does as data, so that an engine can run it over whole columns.

    Two of them are equal, and hash alike, when all that they say is equal. Calling one on a row is the definition
    of its votes; the engine gives the same ones. A kind that votes one class where it matches a cell derives from
    :class:`~weaklab.labeling.MatchLF`, one that votes several classes by one cell from
    :class:`~weaklab.labeling.CellLF`, any other from this class; all are frozen dataclasses.

    Attributes
    ----------
    name : str
        The name of its column of votes.
    """

    name: str

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """The columns that it reads."""
        raise NotImplementedError

    @property
    def labels(self) -> tuple[Any, ...]:
        """What it may vote, each once: class codes or class names."""
        raise NotImplementedError

    def __call__(self, row: Any) -> Any:
        """The label, or None to abstain, for one row: anything with items or attributes."""
        raise NotImplementedError

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row.

        Parameters
        ----------
        row : Row, mapping, Series, namedtuple or object
            See :func:`weaklab.labeling.as_row`.

        Returns
        -------
        Explanation
            Its ``vote`` is what calling the function on the row returns.

        Raises
        ------
        FrameError
            Where calling it does.
        """
        raise NotImplementedError

    def cell(self, row: Any, column: Hashable) -> Any:
        """One cell of a row.

        Raises
        ------
        FrameError
            If there is none.
        """
        try:
            return row[column]
        except (TypeError, IndexError) as error:
            raise FrameError(
                f"labeling function {self.name!r} reads column {column!r}; "
                f"{row!r:.80} ({type(row).__name__}) has no columns."
            ) from error

    def describe(self) -> dict[str, Any]:
        """What it says, as a dict of its arguments, with ``kind``: its class."""
        return {"kind": type(self).__name__, **dict(zip(self._arguments_named(), self.parts(), strict=True))}

    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal labeling function, in their order."""
        return tuple(getattr(self, name) for name in self._arguments_named())

    def _arguments_named(self) -> list[str]:
        return [field.name for field in fields(self)]  # type: ignore[arg-type]  # each kind is a dataclass

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.parts()

    def _repr_html_(self) -> str:
        said = [
            (key, element("code", _SHORT.repr(value)))
            for key, value in self.describe().items()
            if key not in ("kind", "name")
        ]
        return element("div", element("b", self.name), f" {type(self).__name__}", facts_table(said))


def is_missing(cell: Any) -> bool:
    """Whether a cell is None, NaN, NA or NaT.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing("")
    (True, False)
    """
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return isinstance(cell, (float, np.floating)) and bool(cell != cell)  # noqa: PLR0124


def check_text(cell: Any, column: Hashable) -> str:
    """A cell as text.

    Raises
    ------
    FrameError
        If it is no string: nothing is turned into text on the way.
    """
    if not isinstance(cell, str):
        raise FrameError(
            f"column {column!r} holds {short(cell)} ({type(cell).__name__}) where text was expected; "
            f"make the column text first, or leave the cell missing."
        )
    return cell


def check_number(cell: Any, column: Hashable) -> Any:
    """A cell as a number of Python, exactly.

    Raises
    ------
    FrameError
        If it is no number: nothing is turned into one on the way.
    """
    number = cell.item() if isinstance(cell, np.generic) else cell  # numpy rounds a bound to the cell's type
    if not isinstance(number, (Real, Decimal, np.floating)):
        raise FrameError(
            f"column {column!r} holds {short(cell)} ({type(cell).__name__}) where a number was expected; "
            f"make the column numeric first, or leave the cell missing."
        )
    return number


def check_label(label: Any, kind: str) -> Any:
    """A label as it will be voted: a class code from 0, or what may be a class name.

    Raises
    ------
    LabelingFunctionError
        If it is None, negative, a float or unhashable, and so cannot be a class.
    """
    plain = label.item() if isinstance(label, np.generic) else label
    wrong = plain is None or isinstance(plain, float) or not isinstance(plain, Hashable)
    if wrong or (isinstance(plain, int) and plain < 0):
        hint = " A labeling function abstains where it does not match." if plain in (None, ABSTAIN) else ""
        raise LabelingFunctionError(
            f"{kind}: label={label!r} is no class; a code from 0 or a class name was expected.{hint}"
        )
    return plain


def check_column(column: Any, kind: str) -> Hashable:
    """A column name.

    Raises
    ------
    LabelingFunctionError
        If it is None or unhashable.
    """
    if column is None or not isinstance(column, Hashable):
        raise LabelingFunctionError(f"{kind}: column={column!r} must be the name of one column.")
    return column


def check_flag(value: Any, argument: str, kind: str) -> bool:
    """An argument that is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise LabelingFunctionError(f"{kind}: {argument}={value!r} must be True or False.")
    return bool(value)


def check_given_name(name: Any, default: str, kind: str) -> str:
    """The name that was given, else the default.

    Raises
    ------
    LabelingFunctionError
        If it is no string, or empty.
    """
    if name is None:
        return default
    if not isinstance(name, str) or not name.strip():
        raise LabelingFunctionError(f"{kind}: name={name!r} must be a string that is not empty.")
    return name


def readable_name(*parts: object) -> str:
    """A name made of what the parts have in letters and digits; symbols alone are named by their code points.

    Examples
    --------
    >>> readable_name("check out!", "free"), readable_name("$")
    ('check_out_free', 'u24')
    """
    words = []
    for part in parts:
        found = re.findall(r"\w+", str(part).lower())
        words += found or ["_".join(f"u{ord(character):x}" for character in str(part)[:8])]
    name = "_".join(words)
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME].rstrip("_")
