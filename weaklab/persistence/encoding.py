"""Objects as JSON and arrays: what a file says of them."""

from __future__ import annotations

import base64
import datetime
import re
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from importlib import import_module
from math import isfinite
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from weaklab.exceptions import PersistenceError, shown
from weaklab.persistence.classes import NO_BYTES, WEIGHTS, key_of
from weaklab.persistence.sources import described, sections_of

#: The key that says what kind of thing a JSON object stands for.
TAG = "!"
#: Types that are named in a file as they are.
TYPES: dict[str, type] = {
    **{kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, list, tuple, dict, set)},
    **{f"numpy.{name}": getattr(np, name) for name in ("bool_", "int8", "int16", "int32", "int64", "float16")},
    **{f"numpy.{name}": getattr(np, name) for name in ("uint8", "uint16", "uint32", "uint64", "float32", "float64")},
}
#: Extension dtypes of pandas whose values are saved one by one.
DTYPES = frozenset(
    {"object", "str", "string", "boolean", "Float32", "Float64"}
    | {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
)
_TIMES = (datetime.datetime, datetime.date, datetime.time)
_TYPE_NAMES = {kind: name for name, kind in TYPES.items()}


@dataclass(frozen=True)
class ByName:
    """A labeling function, saved by value where all of it is data, else by its name and source."""

    name: str
    item: Any


class Encoder:
    """Turns an object into JSON, and collects its arrays and what of it must be given at load.

    Attributes
    ----------
    arrays : list of ndarray
        In the order of their numbers.
    needed : dict of str to dict
        By key: what must be given at load.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.needed: dict[str, dict[str, Any]] = {}
        self._known: dict[int, dict[str, Any]] = {}
        self._kept: list[Any] = []  # else another object might get the id of one that is gone
        self._within: list[int] = []

    def encode(self, item: Any, path: str = "") -> Any:
        """The JSON of anything; ``path`` says where it stands, for errors and for the keys of what is needed."""
        if item is None or type(item) in (bool, int, str):
            return item
        if type(item) is float:
            return item if isfinite(item) else {TAG: "float", "of": repr(item)}
        if id(item) in self._within:
            raise PersistenceError(f"{path} holds itself, which cannot be saved.")
        self._within.append(id(item))
        try:
            return self._encode(item, path)
        finally:
            self._within.pop()

    def _encode(self, item: Any, path: str) -> Any:
        kind = type(item)
        if kind is list:
            return [self.encode(each, f"{path}[{i}]") for i, each in enumerate(item)]
        if kind in (tuple, set, frozenset):
            items = item if kind is tuple else sorted(item, key=repr)  # the same bytes in every process
            return {TAG: kind.__name__, "of": [self.encode(each, f"{path}[{i}]") for i, each in enumerate(items)]}
        if kind in (dict, OrderedDict, MappingProxyType, defaultdict):
            tag = "proxy" if kind is MappingProxyType else "dict"
            return {TAG: tag, "of": [[self.encode(k, path), self.encode(v, _at(path, k))] for k, v in item.items()]}
        if isinstance(item, ByName):
            return self._by_name(item)
        plain = self._plain(item, kind)
        if plain is None:
            plain = self._data(item, path)
        return self._object(item, path) if plain is None else plain

    def _plain(self, item: Any, kind: type) -> Any:
        """Small values that are no containers."""
        if kind is bytes:
            return {TAG: "bytes", "of": base64.b64encode(item).decode()}
        if kind is complex:
            return {TAG: "complex", "of": [self.encode(item.real), self.encode(item.imag)]}
        if kind is slice:
            return {TAG: "slice", "of": [self.encode(each) for each in (item.start, item.stop, item.step)]}
        if kind is range:
            return {TAG: "range", "of": [item.start, item.stop, item.step]}
        if kind is Decimal:
            return {TAG: "decimal", "of": str(item)}
        if kind in _TIMES:
            if getattr(item, "tzinfo", None) is not None:
                return None
            return {TAG: kind.__name__, "of": item.isoformat()}
        if kind is datetime.timedelta:
            return {TAG: "timedelta", "of": [item.days, item.seconds, item.microseconds]}
        if isinstance(item, re.Pattern) and isinstance(item.pattern, str):
            return {TAG: "pattern", "of": [item.pattern, item.flags]}
        if kind is type and item in _TYPE_NAMES:
            return {TAG: "type", "of": _TYPE_NAMES[item]}
        if item is pd.NA or item is pd.NaT:
            return {TAG: "missing", "of": "NA" if item is pd.NA else "NaT"}
        if isinstance(item, np.dtype) and not item.hasobject and item.names is None:
            return {TAG: "dtype", "of": item.str}
        return None

    def _data(self, item: Any, path: str) -> Any:
        """Arrays, scalars of numpy, and what pandas and scipy make of them."""
        if isinstance(item, np.generic) and item.dtype.kind != "V":
            if item.dtype.kind in "iub":  # a vocabulary has many
                return {TAG: "scalar", "of": [item.dtype.str, int(item)]}
            return {TAG: "item", "of": self._array(np.asarray(item))}
        if type(item) in (np.ndarray, np.memmap):
            return self._array(np.asarray(item), item)
        if isinstance(item, (pd.Timestamp, pd.Timedelta)):
            zone = getattr(item, "tz", None)
            if zone is not None:
                return {TAG: "moment", "of": [item.tz_localize(None).isoformat(), item.unit, str(zone)]}
            return {TAG: "item", "of": self._array(np.asarray(item.to_numpy())), "as": type(item).__name__}
        if isinstance(item, (pd.DataFrame, pd.Series, pd.Index)):
            return self._pandas(item, path)
        if sp.issparse(item) and item.format in ("csr", "csc"):
            kind = "array" if isinstance(item, sp.sparray) else "matrix"
            parts = [self._array(part) for part in (item.data, item.indices, item.indptr)]
            return {TAG: "sparse", "of": [item.format, kind, list(map(int, item.shape)), *parts]}
        if isinstance(item, (np.random.Generator, np.random.RandomState)):
            return self._generator(item)
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(item, (torch.Tensor, torch.device, torch.dtype)):
            return self._once(item, self._tensor)
        return None

    def _array(self, array: np.ndarray, given: Any = None) -> Any:
        given = array if given is None else given
        if id(given) in self._known:
            return self._known[id(given)]
        if array.dtype == object:
            items = [self.encode(each) for each in array.ravel().tolist()]
            return {TAG: "objects", "of": items, "shape": list(array.shape)}
        node = {TAG: "array", "of": len(self.arrays)}
        self.arrays.append(array)
        self._keep(given, node)
        return node

    def _pandas(self, item: Any, path: str) -> Any:
        if isinstance(item, pd.DataFrame):
            columns = [self._column(item.iloc[:, j], f"{path}[{j}]") for j in range(item.shape[1])]
            return {TAG: "frame", "of": columns, "columns": self.encode(item.columns), "index": self.encode(item.index)}
        if isinstance(item, pd.Series):
            values = self._column(item, path)
            return {TAG: "series", "of": values, "index": self.encode(item.index), "name": self.encode(item.name)}
        if isinstance(item, pd.RangeIndex):
            return {TAG: "steps", "of": [item.start, item.stop, item.step], "name": self.encode(item.name)}
        if isinstance(item, pd.MultiIndex):
            raise PersistenceError(f"{path or 'it'} is a MultiIndex, which cannot be saved.")
        return {TAG: "index", "of": self._column(item, path), "name": self.encode(item.name)}

    def _column(self, values: Any, path: str) -> Any:
        dtype = values.dtype
        if isinstance(dtype, np.dtype) and not dtype.hasobject:
            return self._array(values.to_numpy())
        if isinstance(dtype, pd.CategoricalDtype):
            values, name = values.astype(object), "object"
        else:
            name = str(dtype)
        if name not in DTYPES:
            raise PersistenceError(f"{path or 'it'} holds {name}, which cannot be saved.")
        return {TAG: "values", "of": [self.encode(each) for each in values.tolist()], "dtype": name}

    def _generator(self, item: Any) -> Any:
        if isinstance(item, np.random.RandomState):
            return {TAG: "random state", "of": self.encode(item.get_state(legacy=False))}
        return {TAG: "generator", "of": self.encode(dict(item.bit_generator.state))}

    def _tensor(self, item: Any, path: str) -> Any:
        said = import_module(WEIGHTS).take_apart(item)
        return {TAG: "torch", "of": self.encode(said, path)}

    def _object(self, item: Any, path: str) -> Any:
        return self._once(item, self._new_object, path)

    def _once(self, item: Any, encode: Any, path: str = "") -> Any:
        if id(item) in self._known:
            return self._known[id(item)]
        number = len(self._kept)
        self._kept.append(item)
        node = encode(item, path)
        node["id"] = number
        self._known[id(item)] = {TAG: "ref", "of": number}
        return node

    def _keep(self, item: Any, node: dict[str, Any]) -> None:
        self._kept.append(item)
        self._known[id(item)] = node

    def _new_object(self, item: Any, path: str) -> dict[str, Any]:
        kind = type(item)
        key = key_of(kind)
        if key is None:
            if isinstance(item, Enum):
                return {TAG: "member", "of": self.encode(kind, kind.__qualname__), "name": item.name}
            if hasattr(kind, "_saved_by_class"):
                return {TAG: "object", "class": self.encode(kind, kind.__qualname__), "of": self._state(item, path)}
            return self._part(item, path)
        if isinstance(item, tuple):
            return {TAG: "record", "class": key, "of": [self.encode(each, path) for each in item]}
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(item, torch.nn.Module):
            said = import_module(WEIGHTS).module_state(item)
            return {TAG: "module", "class": key, "of": self.encode(said, path)["of"]}
        if hasattr(kind, "parts") and is_dataclass(kind):
            parts = item.parts()
            if key in NO_BYTES and any(isinstance(part, bytes) for part in parts):
                return self._part(item, path)
            return {TAG: "made", "class": key, "of": [self.encode(part, path) for part in parts]}
        return {TAG: "object", "class": key, "of": self._state(item, path)}

    def _state(self, item: Any, path: str) -> Any:
        if hasattr(item, "_saved_state"):
            said = item._saved_state()
        elif "__dataclass_fields__" in vars(type(item)):
            said = {field.name: getattr(item, field.name) for field in fields(item)}  # the rest are caches
        else:
            said = item.__getstate__()
        said = {} if said is None else said  # an object without attributes
        if not isinstance(said, Mapping):
            raise PersistenceError(f"{path or type(item).__name__} keeps its state where it cannot be saved from.")
        return [[name, self.encode(value, _at(path, name))] for name, value in said.items()]

    # What goes by name ------------------------------------------------------------------------------------------

    def _by_name(self, given: ByName) -> Any:
        """A labeling function: by value if nothing of it must be given at load."""
        before = len(self.arrays), dict(self.needed), dict(self._known)
        node = self.encode(given.item, f"lfs.{given.name}")
        if len(self.needed) == len(before[1]):
            return node
        del self.arrays[before[0] :]
        self.needed, self._known = before[1], before[2]
        return self._need(given.item, given.name, "lf")

    def _part(self, item: Any, path: str) -> dict[str, Any]:
        if path.endswith("_") and hasattr(item, "fit") and not isinstance(item, type):
            raise PersistenceError(
                f"{path} is {described(item)}, which was fitted, and what it learned is in no form that can be saved; "
                f"docs/saving.md lists the estimators that can."
            )
        return self._need(item, path or "it", "part")

    def _need(self, item: Any, key: str, sort: str) -> dict[str, Any]:
        key = f"{sort} {key}"
        if key in self.needed:  # two objects at one place, such as items of a set
            key = next(f"{key} {i}" for i in range(2, 10_000) if f"{key} {i}" not in self.needed)
        source = item if isinstance(item, type) or hasattr(item, "__qualname__") else type(item)
        self.needed[key] = {
            "sort": sort,
            "key": key.removeprefix(f"{sort} "),
            "what": described(item),
            "module": getattr(source, "__module__", None) if source is item else None,
            "name": getattr(source, "__qualname__", None) if source is item else None,
            "source": [list(section) for section in sections_of(item)],
        }
        return {TAG: "given", "of": key}


def _at(path: str, name: Any) -> str:
    name = name if isinstance(name, str) else shown(name, 40)
    return f"{path}.{name}" if path else name
