"""Names of types, as in ``snorkel.types``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Config", "DataPoint", "DataPoints", "Field", "FieldMap", "HashingFunction"]

Config = NamedTuple
DataPoint = Any
DataPoints = Sequence[DataPoint]
Field = Any
FieldMap = Mapping[str, Field]
HashingFunction = Callable[[Any], Hashable]
