"""Slicing functions: whether a data point is in a slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weaklab.snorkel.labeling.lf.core import LabelingFunction, labeling_function


class SlicingFunction(LabelingFunction):
    """A function that says whether a data point is in a slice; made as a labeling function is.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> big = SlicingFunction("big", lambda x: x.num > 42)
    >>> big, big(SimpleNamespace(num=90))
    (SlicingFunction big, Preprocessors: [], True)
    """

    kind = "slicing function"


class slicing_function(labeling_function):  # noqa: N801  -- Snorkel's name
    """Decorator: a slicing function of a function; arguments as for labeling functions."""

    def __call__(self, f: Callable[..., Any]) -> SlicingFunction:
        """The slicing function."""
        return SlicingFunction(self.name or f.__name__, f, self.resources, self.pre)
