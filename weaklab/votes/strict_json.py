"""Values as strict JSON, which every reader of JSON reads alike: no NaN, no infinity, and no type that JSON lacks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from weaklab.exceptions import DatasetError, ParameterError, shown


def plain(value: Any, what: str) -> Any:
    """A value as JSON has it; what is missing, NaN among it, is None.

    Parameters
    ----------
    value : str, number, bool, missing value, or list, tuple, array or mapping from str of these
        Of Python, numpy or pandas.
    what : str
        What it is, for errors.

    Raises
    ------
    ParameterError
        If JSON has no such type, or it is infinite.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"n": np.int8(3), "share": np.nan, "of": ("a", True)}, "the row")
    {'n': 3, 'share': None, 'of': ['a', True]}
    """
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        value = value.item()
    if value is None or type(value) in (str, int, bool):
        return value
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        if math.isinf(value):
            raise ParameterError(f"{what} is {value!r}, and JSON has no infinity.")
        return None if math.isnan(value) else float(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(item, what) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)) and not (isinstance(value, np.ndarray) and not value.ndim):
        return [plain(item, what) for item in value]
    raise ParameterError(
        f"{what} is {shown(value)} ({type(value).__name__}), and JSON has no such type: make it a string or a number."
    )


def encoded(value: Any) -> bytes:
    """A plain value as one line of JSON in UTF-8.

    Examples
    --------
    >>> encoded({"text": "naïve"}).decode()
    '{"text": "naïve"}'
    """
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot hold; an escape can
        return json.dumps(value, allow_nan=False).encode()


def decoded(text: bytes, what: str) -> Any:
    """The value that a text of JSON stands for.

    Raises
    ------
    DatasetError
        If it is no strict JSON.

    Examples
    --------
    >>> decoded(b'[1, NaN]', "line 3")
    Traceback (most recent call last):
        ...
    weaklab.exceptions.DatasetError: line 3 is no strict JSON: NaN is no number of JSON
    """
    try:
        return json.loads(text.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{what} is no strict JSON: {error}") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
