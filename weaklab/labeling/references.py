"""Functions that a decorator has put an object in the place of, and how that object is pickled: by its name.

The standard library pickles a function as "module and qualified name". A decorator rebinds that name, so that the
plain function can no longer be found by it; but the object that took its place can.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, update_wrapper
from types import FunctionType
from typing import Any, TypeVar

from weaklab.exceptions import NotPicklableError

Self = TypeVar("Self", bound="NamedCallable")


def found_by_name(item: Any) -> bool:
    """Whether an object is what its own module holds under its own qualified name.

    Examples
    --------
    >>> from collections import OrderedDict
    >>> found_by_name(OrderedDict), found_by_name(lambda row: 1)
    (True, False)
    """
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    found = sys.modules.get(module) if isinstance(module, str) else None
    if found is None or not isinstance(name, str):
        return False
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is item


class NamedCallable(ABC):
    """A callable that stands for a user's function: it has its name, documentation, module and signature."""

    #: What it is called in an error, and the decorator that makes it.
    kind = "callable"

    __wrapped__: Callable[..., Any]
    __name__: str
    __qualname__: str

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.name = name
        # `updated=()`: attributes of the function are not those of this object.
        update_wrapper(self, function, assigned=WRAPPER_ASSIGNMENTS, updated=())  # type: ignore[arg-type]
        if not hasattr(function, "__name__"):
            self.__name__ = name
            self.__qualname__ = name

    @property
    def function(self) -> Callable[..., Any]:
        """The user's function."""
        return self.__wrapped__

    @abstractmethod
    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal object."""

    def __copy__(self: Self) -> Self:
        return self  # immutable, as functions are

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        if found_by_name(self):
            return self.__qualname__
        function = self.function
        if isinstance(function, FunctionType) and not found_by_name(function):
            where = f"{function.__module__}.{function.__qualname__}"
            reason = (
                "is made inside another function, or is a lambda, so no other process can find it by name"
                if "<" in function.__qualname__
                else "is no longer what its module holds under that name"
            )
            raise NotPicklableError(
                f"{self.kind} {self.name!r} cannot be pickled: {where} {reason}. "
                f"Define it with `def` at the top level of a module, decorate it there, and pass what varies by "
                f"resources={{...}}; or use keyword_lf, regex_lf or threshold_lf, which are plain data."
            )
        return type(self), self.parts()
