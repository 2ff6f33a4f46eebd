"""Labeling functions that are written in Python: the decorator, and the object it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from inspect import getdoc, signature
from types import MappingProxyType
from typing import Any, overload

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.explanations import Explanation, short
from weaklab.labeling.preprocessing import Preprocessor, blame, check_preprocessors
from weaklab.labeling.references import NamedCallable
from weaklab.labeling.rich_returns import Output, check_output
from weaklab.labeling.rows import as_row
from weaklab.labeling.signatures import check_function, check_name, check_resources, check_signature


class LabelingFunction(NamedCallable):
    """A labeling function: a name, and a vote for a row; made by :func:`labeling_function`.

    It has the name, documentation, module and signature of the function that it was made of, and pickles by
    reference as that function would. It is immutable, so copying it gives it back.

    Parameters
    ----------
    function : callable
        Takes a row (or, with ``batch=True``, a frame) and its resources as keyword arguments.
    name : str, optional
        The name of its column of votes; by default the function's name.
    resources : mapping of str to object, optional
        Keyword arguments for the function.
    pre : sequence of Preprocessor, optional
        Run on the row, in this order, before the function.
    batch : bool
        Whether the function takes the whole frame and returns a vote per row.
    output : {"hard", "set", "soft"}
        What a vote is: one class, a set of classes, or a probability for each class.

    Attributes
    ----------
    name : str
        The name of the column of votes.
    function : callable
        The function as it was written; also ``__wrapped__``.
    resources : mapping
        Read-only.
    pre : tuple of Preprocessor
    batch : bool
    output : str

    Raises
    ------
    LabelingFunctionError
        If it is no function that can be called that way.

    Examples
    --------
    >>> short = LabelingFunction(lambda row: 0 if len(row.text) < 9 else None, name="short")
    >>> short({"text": "hello"})
    0
    """

    kind = "labeling function"

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Preprocessor] | Preprocessor | None = None,
        batch: bool = False,
        output: Output = "hard",
    ) -> None:
        check_function(function, self.kind)
        if isinstance(function, NamedCallable):
            raise LabelingFunctionError(f"{function.name!r} is a {function.kind} already; decorate it once.")
        super().__init__(function, check_name(name, function, self.kind))
        if not isinstance(batch, bool):
            raise LabelingFunctionError(f"{self.kind} {self.name!r}: batch={batch!r} must be True or False.")
        self.batch = batch
        self.output = check_output(output, f"{self.kind} {self.name!r}")
        self.resources: Mapping[str, Any] = MappingProxyType(check_resources(resources, self.name, self.kind))
        self.pre = check_preprocessors(pre, self.name)
        check_signature(function, self.resources, self.name, self.kind)
        if batch and self.pre:
            raise LabelingFunctionError(
                f"{self.kind} {self.name!r}: pre= is for rows, and batch=True takes the whole frame; "
                f"leave out one of them."
            )

    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal labeling function."""
        return (self.function, self.name, dict(self.resources), self.pre, self.batch, self.output)

    def bound(self) -> Callable[[Any], Any]:
        """The function of one argument that a loop over rows calls: resources bound, preprocessors in front.

        Where there are neither, it is the user's own function, so that the loop costs what a plain loop does.
        """
        function = partial(self.function, **self.resources) if self.resources else self.function
        if not self.pre:
            return function
        pre = self.pre

        def after_preprocessing(row: Any) -> Any:
            for step in pre:
                try:
                    row = step(row)
                except BaseException as error:
                    blame(step, error)
                    raise
            return function(row)

        return after_preprocessing

    def __call__(self, row: Any) -> Any:
        """The vote for one row, as the function returned it; or, with ``batch=True``, the votes for a frame.

        Parameters
        ----------
        row : Row, mapping, Series, namedtuple or object
            See :func:`weaklab.labeling.as_row`. With ``batch=True``: a frame.
        """
        return self.bound()(row if self.batch else as_row(row))

    def explain(self, row: Any) -> Explanation:
        """What it returned for one row; why, only its author knows.

        Parameters
        ----------
        row : Row, mapping, Series, namedtuple or object
            See :func:`weaklab.labeling.as_row`.

        Returns
        -------
        Explanation

        Raises
        ------
        LabelingFunctionError
            If the function takes the whole frame.
        """
        if self.batch:
            raise LabelingFunctionError(
                f"{self.kind} {self.name!r} takes the whole frame, so it cannot explain its vote on one row."
            )
        vote = self(row)
        return Explanation(vote, f"the function returned {short(vote)}", details={"doc": getdoc(self.function) or ""})

    def __repr__(self) -> str:
        more = [f", resources={sorted(self.resources)!r}"] if self.resources else []
        more += [f", pre={[step.name for step in self.pre]!r}"] if self.pre else []
        more += [", batch=True"] if self.batch else []
        more += [f", output={self.output!r}"] if self.output != "hard" else []
        return f"{type(self).__name__}({self.name!r}{''.join(more)})"

    def __str__(self) -> str:
        doc = (getdoc(self.function) or "").strip().splitlines()
        return f"{self!r}: {doc[0]}" if doc else repr(self)

    def _repr_html_(self) -> str:
        doc = (getdoc(self.function) or "").strip().split("\n\n")[0]
        about = f"<br>{escape(doc)}" if doc else ""
        return f"<div><b>{escape(self.name)}</b> <code>{escape(self._shown_signature())}</code>{about}</div>"

    def _shown_signature(self) -> str:
        try:
            return f"{self.__name__}{signature(self.function)}"
        except (TypeError, ValueError):
            return repr(self)


@overload
def labeling_function(name: Callable[..., Any], /) -> LabelingFunction: ...


@overload
def labeling_function(
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Preprocessor] | Preprocessor | None = None,
    batch: bool = False,
    output: Output = "hard",
) -> Callable[[Callable[..., Any]], LabelingFunction]: ...


def labeling_function(
    name: str | Callable[..., Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Preprocessor] | Preprocessor | None = None,
    batch: bool = False,
    output: Output = "hard",
) -> LabelingFunction | Callable[[Callable[..., Any]], LabelingFunction]:
    """Make a labeling function of a function: ``@labeling_function`` or ``@labeling_function(...)``.

    The function looks at one row, ``row.text`` or ``row["text"]``, and returns a class: an int from 0, a bool, an
    Enum member, or a class name where ``apply`` is given ``classes=``. None or -1 means "no opinion". Anything else
    is an error when it is applied.

    Parameters
    ----------
    name : str, optional
        The name of its column of votes; by default the function's name.
    resources : mapping of str to object, optional
        Keyword arguments for the function, such as a dictionary of names; they are not copied.
    pre : list of Preprocessor, optional
        Run on the row, in this order, before the function; see :func:`preprocessor`.
    batch : bool
        With True the function takes the whole frame, as it was given to ``apply``, and returns a vote per row: an
        array, a Series with the frame's index, or a list.
    output : {"hard", "set", "soft"}
        What a vote is. "hard": one class. "set": the classes that it may be, a list, tuple or set of them (one class
        alone is a set of one) or an array of k bools, and ``apply`` returns :class:`weaklab.votes.PartialVotes`.
        "soft": k probabilities in the order of the classes, or a dict from class to probability, and it returns
        :class:`weaklab.votes.SoftVotes`. Both need ``apply(..., classes=...)``.

    Returns
    -------
    LabelingFunction
        Or, when called with arguments, a decorator that makes one.

    Raises
    ------
    LabelingFunctionError
        If what is decorated is no function of a row, the resources are not its arguments, or ``pre`` holds
        something that is no preprocessor.

    Examples
    --------
    >>> HAM, SPAM = 0, 1
    >>> @labeling_function(resources={"bad": {"free", "win"}})
    ... def bad_words(row, bad):
    ...     "Some words give spam away."
    ...     return SPAM if bad & set(row.text.split()) else None
    >>> bad_words({"text": "win a car"})
    1
    >>> bad_words
    LabelingFunction('bad_words', resources=['bad'])
    """
    if name is None or isinstance(name, str):
        return lambda function: LabelingFunction(function, name, resources, pre, batch, output)
    return LabelingFunction(name, None, resources, pre, batch, output)
