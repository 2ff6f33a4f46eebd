"""Slicing functions: whether a row belongs to a part of the data that deserves a look of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from weaklab.labeling.function import LabelingFunction
from weaklab.labeling.preprocessing import Preprocessor


class SlicingFunction(LabelingFunction):
    """A labeling function that says whether a row is in a slice; made by :func:`slicing_function`.

    Examples
    --------
    >>> short = SlicingFunction(lambda row: len(row.text) < 9, name="short")
    >>> short({"text": "hello"}), short
    (True, SlicingFunction('short'))
    """

    kind = "slicing function"


@overload
def slicing_function(name: Callable[..., Any], /) -> SlicingFunction: ...


@overload
def slicing_function(
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Preprocessor] | Preprocessor | None = None,
    batch: bool = False,
) -> Callable[[Callable[..., Any]], SlicingFunction]: ...


def slicing_function(
    name: str | Callable[..., Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Preprocessor] | Preprocessor | None = None,
    batch: bool = False,
) -> SlicingFunction | Callable[[Callable[..., Any]], SlicingFunction]:
    """Make a slicing function of a function: ``@slicing_function`` or ``@slicing_function(...)``.

    The function looks at one row, ``row.text`` or ``row["text"]``, and returns whether it is in the slice: a bool; None
    is no. Slices may overlap, and need not cover all rows.

    Parameters
    ----------
    name : str, optional
        The name of the slice; by default the function's name.
    resources : mapping of str to object, optional
        Keyword arguments for the function.
    pre : list of Preprocessor, optional
        Run on the row, in this order, before the function; see :func:`preprocessor`.
    batch : bool
        With True the function takes the whole frame, and returns a bool per row.

    Returns
    -------
    SlicingFunction
        Or, when called with arguments, a decorator that makes one.

    Raises
    ------
    LabelingFunctionError
        As for :func:`labeling_function`.

    See Also
    --------
    weaklab.slice_table : scores by slice.

    Examples
    --------
    >>> @slicing_function
    ... def short(row):
    ...     return len(row.text) < 9
    >>> short({"text": "hello"})
    True
    """
    if name is None or isinstance(name, str):
        return lambda function: SlicingFunction(function, name, resources, pre, batch)
    return SlicingFunction(name, None, resources, pre, batch)
