"""What arithmetic and formatting depend on in all of a process: nobody names it in code, and anybody may set it."""

from __future__ import annotations

import decimal
import locale
import time
import warnings
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np


class Surroundings(NamedTuple):
    """The settings of a process, by value.

    Attributes
    ----------
    arithmetic : decimal.Context
        How decimal numbers are rounded; without the flags that arithmetic raises.
    language : str
        The locale.
    zone : tuple
        The time zone.
    errors, shown : dict
        What numpy does about division by zero and the like, and how it writes arrays.
    """

    arithmetic: decimal.Context
    language: str
    zone: tuple[Any, ...]
    errors: dict[str, Any]
    shown: dict[str, Any]

    def text(self) -> str:
        """All of it in one text, which is another where anything is."""
        return repr((str(self.arithmetic), *self[1:]))


def surroundings() -> Surroundings:
    """Those of this process, and this thread, now.

    Examples
    --------
    >>> before = surroundings().text()
    >>> with decimal.localcontext(prec=5):
    ...     surroundings().text() == before
    False
    >>> surroundings().text() == before
    True
    """
    context = decimal.getcontext().copy()
    context.clear_flags()
    zone = (time.tzname, time.timezone, time.altzone)
    return Surroundings(context, locale.setlocale(locale.LC_ALL), zone, {**np.geterr()}, {**np.get_printoptions()})


def take_over(given: Surroundings) -> None:
    """Have this process work as another one does, whose environment it has already."""
    decimal.setcontext(given.arithmetic)
    with suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, given.language)
    np.seterr(**given.errors)
    with warnings.catch_warnings(), suppress(Exception):
        np.set_printoptions(**given.shown)
