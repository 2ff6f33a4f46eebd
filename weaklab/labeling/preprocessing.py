"""Preprocessors: what several labeling functions need to know about a row, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from copy import copy
from typing import Any, overload

import pandas as pd

from weaklab.exceptions import INTERRUPTIONS, LabelingFunctionError, ParameterError, reason_of, shown
from weaklab.labeling.references import NamedCallable
from weaklab.labeling.row_sources import FieldSource, RowSource
from weaklab.labeling.rows import Row, as_row, named_values
from weaklab.labeling.signatures import check_function, check_name, check_resources, check_signature


class Preprocessor(NamedCallable):
    """A function that adds to a row, or changes a copy of it; made by :func:`preprocessor`.

    Parameters
    ----------
    function : callable
        Takes a row; returns it changed, or a mapping of the columns to add or replace.
    name : str, optional
        How it is called in errors; by default the function's name.
    memoize : bool
        Whether several labeling functions share one run per row.
    resources : mapping, optional
        Keyword arguments for the function.

    Raises
    ------
    LabelingFunctionError
        If the function cannot be called that way.
    """

    kind = "preprocessor"

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None = None,
        memoize: bool = True,
        resources: Mapping[str, Any] | None = None,
    ) -> None:
        check_function(function, self.kind)
        if isinstance(function, NamedCallable):
            raise LabelingFunctionError(f"{function.name!r} is a {function.kind} already.")
        super().__init__(function, check_name(name, function, self.kind))
        if not isinstance(memoize, bool):
            raise ParameterError(f"{self.kind} {self.name!r}: memoize={memoize!r} must be True or False.")
        self.memoize = memoize
        self.resources = check_resources(resources, self.name, self.kind)
        check_signature(function, self.resources, self.name, self.kind)

    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal preprocessor."""
        return (self.function, self.name, self.memoize, self.resources)

    def __call__(self, row: Any) -> Any:
        """The row with what the function makes of it; the row that came in stays as it was.

        Raises
        ------
        LabelingFunctionError
            If the function returns None or anything else that is no row.
        """
        row = as_row(row)
        if not isinstance(row, Row):
            return self._of_object(row)
        source, position = row._row_source, row._row_position
        # A row that somebody wrote to since is not the row that a result is remembered for.
        if not self.memoize or source.is_written(position):
            return self._of_row(row)
        key = (position, self)
        if key not in source.memo:
            self._run_ahead(source)
        if key not in source.memo:
            source.memo[key] = self._of_row(row)
        return source.memo[key]

    def _run_ahead(self, source: RowSource) -> None:
        """Fill the memo for rows that will be asked for next, where many at once cost less."""

    def _of_row(self, row: Row) -> Row:
        work = Row(FieldSource({}, parent=row))
        result = self.function(work, **self.resources)
        fields: dict[Hashable, Any] = dict(work._row_source.writes.get(0, {}))
        if result is not work:
            added = named_values(result)
            if added is None:
                raise self._no_row(result)
            fields.update(added)
        return Row(FieldSource(fields, parent=row, touched=row._row_source.touched))

    def _of_object(self, item: Any) -> Any:
        result = self.function(copy(item), **self.resources)
        if result is None:
            raise self._no_row(result)
        return as_row(result)

    def _no_row(self, result: Any) -> LabelingFunctionError:
        got = "None" if result is None else f"{shown(result, 80)} ({type(result).__name__})"
        hint = " Is a `return row` missing?" if result is None else ""
        return LabelingFunctionError(
            f"preprocessor {self.name!r} returned {got}; the row, or a dict of columns to add, was expected.{hint}"
        )

    def __repr__(self) -> str:
        return f"Preprocessor({self.name!r}{'' if self.memoize else ', memoize=False'})"


def blame(step: Preprocessor, error: BaseException) -> None:
    """Note on an exception which preprocessor raised it, where it does not say so itself."""
    if isinstance(error, (*INTERRUPTIONS, LabelingFunctionError)):
        return
    with suppress(Exception):  # a user's class may refuse notes
        said = f"{step.kind} {step.name!r} raised {reason_of(error)}"
        if said not in getattr(error, "__notes__", ()):
            error.add_note(said)


def blamed(error: BaseException) -> str:
    """The class of an exception and what it says; in front, the preprocessor that raised it, if one did."""
    with suppress(Exception):
        for said in getattr(error, "__notes__", ()):
            if said.startswith(f"{Preprocessor.kind} ") and said.endswith(f" raised {reason_of(error)}"):
                return str(said)
    return reason_of(error)


@overload
def preprocessor(name: Callable[..., Any], /) -> Preprocessor: ...


@overload
def preprocessor(
    name: str | None = None, *, memoize: bool = True, resources: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Preprocessor]: ...


def preprocessor(
    name: str | Callable[..., Any] | None = None,
    *,
    memoize: bool = True,
    resources: Mapping[str, Any] | None = None,
) -> Preprocessor | Callable[[Callable[..., Any]], Preprocessor]:
    """Make a preprocessor of a function, for ``labeling_function(pre=[...])``.

    The function gets a copy of the row that it may write to, and returns it, or returns a dict of the columns to
    add or replace. The data, and the row of labeling functions without this preprocessor, stay as they are.

    Parameters
    ----------
    name : str, optional
        How it is called in errors; by default the function's name.
    memoize : bool
        True runs the function once per row and call of :func:`weaklab.apply`, however many labeling functions use
        it. The result is kept with the row it was made from, not under what the row contains, so that it can never
        be taken for another row's; it goes when the rows of its chunk (1,024) do,
        so that no more than 1,024 results of a preprocessor are held, in each process. False runs it for each use.
    resources : mapping, optional
        Keyword arguments for the function, such as a model or a dictionary.

    Returns
    -------
    Preprocessor
        Or, when called with arguments, a decorator that makes one.

    Raises
    ------
    LabelingFunctionError
        If what is decorated is no function of a row, or the resources are not its arguments.

    Examples
    --------
    >>> @preprocessor
    ... def words(row):
    ...     return {"words": row.text.lower().split()}
    >>> words({"text": "Hello world"}).words
    ['hello', 'world']
    """
    if name is None or isinstance(name, str):
        return lambda function: Preprocessor(function, name, memoize, resources)
    return Preprocessor(name, None, memoize, resources)


def check_preprocessors(pre: Any, name: str) -> tuple[Preprocessor, ...]:
    """The preprocessors of a labeling function, in the order in which they run.

    Raises
    ------
    LabelingFunctionError
        If ``pre`` is not a list of preprocessors.
    """
    if pre is None:
        return ()
    if isinstance(pre, Preprocessor):
        return (pre,)
    if isinstance(pre, (str, bytes, Mapping, pd.Series)) or not hasattr(pre, "__iter__"):
        raise LabelingFunctionError(f"labeling function {name!r}: pre={pre!r} must be a list of preprocessors.")
    found = tuple(pre)
    for item in found:
        if not isinstance(item, Preprocessor):
            raise LabelingFunctionError(
                f"labeling function {name!r}: pre holds {item!r}, which is no preprocessor; "
                f"decorate it with @preprocessor."
            )
    return found
