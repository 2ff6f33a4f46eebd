"""What a command answers: as text for people, as JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Answer:
    """An answer in both forms.

    Parameters
    ----------
    text : str
        What is printed, with its last line end.
    data : mapping
        What ``--json`` prints, one object.
    """

    text: str
    data: Mapping[str, Any]

    def as_json(self) -> str:
        """One object, indented; what is not known is null."""
        return json.dumps(plain(self.data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """A value of numpy, pandas or Python as JSON has it; NaN and what is missing as None.

    Examples
    --------
    >>> plain({"accuracy": float("nan"), "votes": (1, 2)})
    {'accuracy': None, 'votes': [1, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def records(table: pd.DataFrame, key: str) -> list[dict[str, Any]]:
    """The rows of a table as objects, its index under ``key``."""
    columns = list(table.columns)
    cells = [table[column].tolist() for column in columns]
    return [dict(zip([key, *columns], row, strict=True)) for row in zip(table.index.tolist(), *cells, strict=True)]


def as_text(table: pd.DataFrame) -> str:
    """A table as lines."""
    return table.to_string(float_format="{:.3f}".format) + "\n"
