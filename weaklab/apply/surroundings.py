"""What arithmetic and formatting depend on in all of a process: nobody names it in code, and anybody may set it."""

from __future__ import annotations

import calendar
import decimal
import locale
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl


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
    pandas, polars, sklearn : dict
        All options of pandas; how polars writes frames; the configuration of scikit-learn, where it is loaded.
    python : tuple of int
        How deep calls may be, and on which day weeks begin.
    """

    arithmetic: decimal.Context
    language: str
    zone: tuple[Any, ...]
    errors: dict[str, Any]
    shown: dict[str, Any]
    pandas: dict[str, Any]
    polars: dict[str, Any]
    sklearn: dict[str, Any]
    python: tuple[int, int]

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
    sklearn = sys.modules.get("sklearn")
    return Surroundings(
        context,
        locale.setlocale(locale.LC_ALL),
        zone,
        {**np.geterr()},
        {**np.get_printoptions()},
        dict(_flat(pd.options.d)),
        pl.Config.state(),
        {} if sklearn is None else sklearn.get_config(),
        (sys.getrecursionlimit(), calendar.firstweekday()),
    )


def _flat(options: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Options of pandas, which are in groups within groups, by their full names."""
    for name, value in options.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, value


def take_over(given: Surroundings) -> None:
    """Have this process work as another one does, whose environment it has already."""
    decimal.setcontext(given.arithmetic)
    with suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, given.language)
    np.seterr(**given.errors)
    with warnings.catch_warnings(), suppress(Exception):
        np.set_printoptions(**given.shown)
    here = dict(_flat(pd.options.d))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in given.pandas.items():
            if name in here and here[name] != value:
                with suppress(Exception):
                    pd.set_option(name, value)
    if given.sklearn:
        import sklearn

        sklearn.set_config(**given.sklearn)
    sys.setrecursionlimit(given.python[0])
    calendar.setfirstweekday(given.python[1])
