"""Transformation functions: the decorator, and the object it makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from html import escape
from inspect import getdoc
from types import MappingProxyType
from typing import Any, overload

import numpy as np

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.preprocessing import Preprocessor, blame, check_preprocessors
from weaklab.labeling.references import NamedCallable
from weaklab.labeling.row_sources import FieldSource
from weaklab.labeling.rows import Row, as_row, named_values
from weaklab.labeling.signatures import check_function, check_name, check_resources, check_signature
from weaklab.seeding import generator
from weaklab.typing import Seed

#: The argument by which a transformation function asks for random numbers.
RNG = "rng"


class TransformationFunction(NamedCallable):
    """A transformation function: a name, and a row made of a row; made by :func:`transformation_function`.

    It has the name, documentation and signature of the function that it was made of, pickles by reference as that
    function would, and is immutable.

    Parameters
    ----------
    function : callable
        Takes a row (or, with ``batch=True``, a frame), its resources, and ``rng`` if it has such an argument.
    name : str, optional
        How it is called in errors; by default the function's name.
    resources : mapping of str to object, optional
        Keyword arguments for the function.
    pre : sequence of Preprocessor, optional
        Run on the row before the function; what they add does not become columns.
    batch : bool
        Whether the function takes many rows at once, as a pandas DataFrame.

    Raises
    ------
    LabelingFunctionError
        If it is no function that can be called that way.

    Examples
    --------
    >>> loud = TransformationFunction(lambda row: {"text": row.text.upper()}, name="loud")
    >>> loud({"text": "hello", "stars": 3})
    Row(text='HELLO', stars=3)
    """

    kind = "transformation function"

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Preprocessor] | Preprocessor | None = None,
        batch: bool = False,
    ) -> None:
        check_function(function, self.kind)
        if isinstance(function, NamedCallable):
            raise LabelingFunctionError(f"{function.name!r} is a {function.kind} already; decorate it once.")
        super().__init__(function, check_name(name, function, self.kind))
        if not isinstance(batch, bool):
            raise LabelingFunctionError(f"{self.kind} {self.name!r}: batch={batch!r} must be True or False.")
        self.batch = batch
        self.resources: Mapping[str, Any] = MappingProxyType(check_resources(resources, self.name, self.kind))
        self.pre = check_preprocessors(pre, self.name)
        self.random = _takes_rng(function) and RNG not in self.resources
        given = {**self.resources, RNG: None} if self.random else self.resources
        check_signature(function, given, self.name, self.kind)
        if batch and self.pre:
            raise LabelingFunctionError(
                f"{self.kind} {self.name!r}: pre= is for rows, and batch=True takes a frame; leave out one of them."
            )

    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal transformation function."""
        return (self.function, self.name, dict(self.resources), self.pre, self.batch)

    def run(self, data: Any, rng: np.random.Generator) -> Any:
        """What the function returns for a frame, or for a row to which the preprocessors have been applied."""
        more = {RNG: rng} if self.random else {}
        return self.function(data, **self.resources, **more)

    def preprocessed(self, row: Any) -> Any:
        """The row that the function gets."""
        for step in self.pre:
            try:
                row = step(row)
            except BaseException as error:
                blame(step, error)
                raise
        return row

    def changes(self, row: Row, result: Any) -> dict[Any, Any] | None:
        """The columns that a call changed; None where it said that it does not apply.

        Parameters
        ----------
        row : Row
            What the function got, and may have written to.
        result : object
            What it returned.

        Raises
        ------
        LabelingFunctionError
            If that is no row, and no mapping of columns.
        """
        if result is None:
            return None
        written = dict(row._row_source.writes.get(row._row_position, {}))
        if result is row:
            return written
        fields = named_values(result)
        if fields is None:
            raise LabelingFunctionError(
                f"{self.kind} {self.name!r} returned {result!r:.60} ({type(result).__name__}); the row, a dict of the "
                "columns that change, or None where it does not apply was expected."
            )
        return {**written, **fields}

    def __call__(self, row: Any, random_state: Seed = None) -> Any:
        """The row as the function changes it, or None where it does not apply; the row that came in stays as it was.

        Parameters
        ----------
        row : Row, mapping, Series, namedtuple or object
            See :func:`weaklab.labeling.as_row`. With ``batch=True``: a DataFrame, and what the function returns for it.
        random_state : int, Generator or None
            Where ``rng`` comes from; None means 0.
        """
        rng = generator(random_state)
        if self.batch:
            return self.run(row, rng)
        row = as_row(row)
        if not isinstance(row, Row):
            raise LabelingFunctionError(f"{self.kind} {self.name!r}: {row!r:.60} is no row with named cells.")
        work = self.preprocessed(Row(FieldSource({}, parent=row)))
        fields = self.changes(work, self.run(work, rng))
        return None if fields is None else Row(FieldSource(fields, parent=row))

    def __repr__(self) -> str:
        more = [f", resources={sorted(self.resources)!r}"] if self.resources else []
        more += [f", pre={[step.name for step in self.pre]!r}"] if self.pre else []
        more += [", batch=True"] if self.batch else []
        return f"TransformationFunction({self.name!r}{''.join(more)})"

    def _repr_html_(self) -> str:
        doc = (getdoc(self.function) or "").strip().split("\n\n")[0]
        return f"<div><b>{escape(self.name)}</b> {self.kind}{f'<br>{escape(doc)}' if doc else ''}</div>"


def _takes_rng(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    return any(each.name == RNG for each in parameters[1:])


@overload
def transformation_function(name: Callable[..., Any], /) -> TransformationFunction: ...


@overload
def transformation_function(
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Preprocessor] | Preprocessor | None = None,
    batch: bool = False,
) -> Callable[[Callable[..., Any]], TransformationFunction]: ...


def transformation_function(
    name: str | Callable[..., Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Preprocessor] | Preprocessor | None = None,
    batch: bool = False,
) -> TransformationFunction | Callable[[Callable[..., Any]], TransformationFunction]:
    """Make a transformation function of a function: ``@transformation_function`` or with arguments.

    The function gets a row, and returns how it may look otherwise without being of another class: the row, after
    writing to it (``row.text = ...``), or a dict of the columns that change. None says that it does not apply. The
    data stay as they are. If it has an argument ``rng``, it gets a :class:`numpy.random.Generator`, whose state comes
    from the ``random_state`` of :func:`augment`: use it, and the same seed gives the same rows.

    Parameters
    ----------
    name : str, optional
        How it is called in errors; by default the function's name.
    resources : mapping of str to object, optional
        Keyword arguments for the function, such as a dictionary of synonyms.
    pre : list of Preprocessor, optional
        Run on the row, in this order, before the function; what they add does not become columns.
    batch : bool
        With True the function takes many rows at once, as a pandas DataFrame with the index 0, 1, ...; it returns a
        DataFrame or a Series (named as its column) with that index, without the rows to which it does not apply; or a
        dict of columns. It is many times as fast.

    Returns
    -------
    TransformationFunction
        Or, when called with arguments, a decorator that makes one.

    Raises
    ------
    LabelingFunctionError
        If what is decorated is no function of a row, the resources are not its arguments, or ``pre`` holds
        something that is no preprocessor.

    See Also
    --------
    weaklab.augment : run transformation functions over a frame.

    Examples
    --------
    >>> @transformation_function(resources={"names": ["Ann", "Bob"]})
    ... def other_name(row, rng, names):
    ...     "Who it is does not matter."
    ...     if "NAME" not in row.text:
    ...         return None
    ...     row.text = row.text.replace("NAME", rng.choice(names))
    ...     return row
    >>> other_name({"text": "hello NAME"}, random_state=0).text
    'hello Bob'
    >>> other_name({"text": "hello"}) is None
    True
    """
    if name is None or isinstance(name, str):
        return lambda function: TransformationFunction(function, name, resources, pre, batch)
    return TransformationFunction(name, None, resources, pre, batch)
