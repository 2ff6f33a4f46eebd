"""Labeling functions under Snorkel's names, on weaklab's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from weaklab import labeling
from weaklab.exceptions import LabelingFunctionError
from weaklab.snorkel.map.core import MISSING_PARENTHESES, BaseMapper, natives
from weaklab.snorkel.types import DataPoint


class LabelingFunction(labeling.LabelingFunction):
    """A labeling function: weaklab's own, made as Snorkel's is.

    Parameters
    ----------
    name : str
        The name.
    f : callable
        Takes a data point and its resources; returns a class, or -1 or None to abstain.
    resources : mapping of str to object, optional
        Keyword arguments for the function.
    pre : list of preprocessors, optional
        Run before the function.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> lf = LabelingFunction("short", lambda x: 0 if len(x.text) < 9 else -1)
    >>> lf, lf(SimpleNamespace(text="hello"))
    (LabelingFunction short, Preprocessors: [], 0)
    """

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        resources: Mapping[str, Any] | None = None,
        pre: list[BaseMapper] | None = None,
    ) -> None:
        super().__init__(f, name, resources, natives(pre, name))
        self._pre = list(pre or [])

    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal labeling function."""
        return (self.name, self.function, dict(self.resources), self._pre)

    def __call__(self, x: DataPoint) -> Any:
        """What the function returns for a data point, which it gets as it is."""
        for mapper in self._pre:
            x = mapper(x)
            if x is None:
                raise LabelingFunctionError("Preprocessor should not return None")
        return self.function(x, **self.resources)

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name}, Preprocessors: {self._pre}"

    __str__ = __repr__


class labeling_function:  # noqa: N801  -- Snorkel's name
    """Decorator: a labeling function of a function.

    Parameters
    ----------
    name : str, optional
        By default the function's.
    resources : mapping of str to object, optional
        Keyword arguments for the function.
    pre : list of preprocessors, optional
        Run before the function.

    Raises
    ------
    LabelingFunctionError
        If its parentheses are missing. Those of :func:`weaklab.labeling_function` may be.

    Examples
    --------
    >>> @labeling_function()
    ... def short(x):
    ...     return 0 if len(x.text) < 9 else -1
    >>> short
    LabelingFunction short, Preprocessors: []
    """

    def __init__(
        self,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: list[BaseMapper] | None = None,
    ) -> None:
        if callable(name):
            raise LabelingFunctionError(MISSING_PARENTHESES)
        self.name, self.resources, self.pre = name, resources, pre

    def __call__(self, f: Callable[..., Any]) -> LabelingFunction:
        """The labeling function."""
        return LabelingFunction(self.name or f.__name__, f, self.resources, self.pre)
