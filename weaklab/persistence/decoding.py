"""Objects again, of JSON and arrays that are not trusted: of known kinds only, and by no code of the file."""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from weaklab.exceptions import PersistenceError
from weaklab.persistence.classes import NO_BYTES, WEIGHTS, find_class
from weaklab.persistence.encoding import DTYPES, TAG, TYPES

_GENERATORS = frozenset({"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"})


class Decoder:
    """Turns JSON and arrays into objects.

    Parameters
    ----------
    arrays : sequence of ndarray
        Those of the file.
    given : mapping of str to object
        What was needed, by its key.
    """

    def __init__(self, arrays: Sequence[np.ndarray], given: Mapping[str, Any]) -> None:
        self.arrays = arrays
        self.given = given
        self._known: dict[int, Any] = {}
        #: Objects that say whether they are whole, inner ones first.
        self.made: list[Any] = []

    def decode(self, node: Any) -> Any:
        """The object that a node of JSON stands for.

        Raises
        ------
        PersistenceError, ValueError, TypeError, KeyError, IndexError, AttributeError
            If it stands for none.
        """
        if node is None or type(node) in (bool, int, float, str):
            return node
        if type(node) is list:
            return [self.decode(each) for each in node]
        tag = node.get(TAG)
        make = getattr(self, f"_{tag.replace(' ', '_')}", None) if isinstance(tag, str) and tag in _TAGS else None
        if make is None:
            raise PersistenceError(f"{TAG}: {tag!r:.40} is no kind of thing that weaklab saves.")
        made = make(node, node.get("of"))
        if "id" in node:
            number = node["id"]
            if type(number) is not int or number in self._known:
                raise PersistenceError(f"the number {number!r:.40} of an object is there twice, or is none.")
            self._known[number] = made
        return made

    # Plain values -----------------------------------------------------------------------------------------------

    def _float(self, node: Any, of: Any) -> float:
        return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}[of]

    def _tuple(self, node: Any, of: Any) -> Any:
        return tuple(self.decode(each) for each in of)

    def _set(self, node: Any, of: Any) -> Any:
        return {self.decode(each) for each in of}

    def _frozenset(self, node: Any, of: Any) -> Any:
        return frozenset(self.decode(each) for each in of)

    def _dict(self, node: Any, of: Any) -> dict[Any, Any]:
        out = {self.decode(key): self.decode(value) for key, value in of}
        if len(out) < len(of):
            raise PersistenceError("a dict holds a key twice.")
        return out

    def _proxy(self, node: Any, of: Any) -> Any:
        return MappingProxyType(self._dict(node, of))

    def _bytes(self, node: Any, of: Any) -> bytes:
        return base64.b64decode(of, validate=True)

    def _complex(self, node: Any, of: Any) -> complex:
        real, imaginary = map(self.decode, of)
        return complex(_a(float, real), _a(float, imaginary))

    def _slice(self, node: Any, of: Any) -> slice:
        start, stop, step = map(self.decode, of)
        return slice(start, stop, step)

    def _range(self, node: Any, of: Any) -> range:
        start, stop, step = (_a(int, each) for each in of)
        return range(start, stop, step)

    def _decimal(self, node: Any, of: Any) -> Decimal:
        return Decimal(_a(str, of))

    def _datetime(self, node: Any, of: Any) -> Any:
        return datetime.datetime.fromisoformat(of)

    def _date(self, node: Any, of: Any) -> Any:
        return datetime.date.fromisoformat(of)

    def _time(self, node: Any, of: Any) -> Any:
        return datetime.time.fromisoformat(of)

    def _timedelta(self, node: Any, of: Any) -> Any:
        days, seconds, microseconds = (_a(int, each) for each in of)
        return datetime.timedelta(days, seconds, microseconds)

    def _pattern(self, node: Any, of: Any) -> Any:
        text, flags = of
        return re.compile(_a(str, text), _a(int, flags))

    def _type(self, node: Any, of: Any) -> Any:
        return TYPES[of]

    def _missing(self, node: Any, of: Any) -> Any:
        return {"NA": pd.NA, "NaT": pd.NaT}[of]

    def _dtype(self, node: Any, of: Any) -> Any:
        if not re.fullmatch(r"[<>|=][biufcSUMm]\d{1,6}(\[\w{1,4}\])?", _a(str, of), re.ASCII):
            raise PersistenceError(f"{of!r:.40} is no dtype that is loaded.")
        return np.dtype(of)

    # Arrays and frames ------------------------------------------------------------------------------------------

    def _array(self, node: Any, of: Any) -> Any:
        if type(of) is not int or not 0 <= of < len(self.arrays):
            raise PersistenceError(f"there is no array {of!r:.40}.")
        return self.arrays[of]

    def _objects(self, node: Any, of: Any) -> Any:
        shape = tuple(_a(int, length) for length in node["shape"])
        count = 1
        for length in shape:
            count *= length
        if min(shape, default=0) < 0 or count != len(of):
            raise PersistenceError(f"an array of objects says shape {shape!r:.80}, and holds {len(of):,}.")
        flat = np.empty(len(of), dtype=object)
        for i, each in enumerate(of):
            flat[i] = self.decode(each)
        return flat.reshape(shape)

    def _scalar(self, node: Any, of: Any) -> Any:
        name, value = of
        dtype = self._dtype(node, name)
        if dtype.kind not in "iub":
            raise PersistenceError(f"{name!r} is no dtype of whole numbers.")
        return dtype.type(_a(int, value))

    def _item(self, node: Any, of: Any) -> Any:
        item = self.decode(of)
        if not isinstance(item, np.ndarray) or item.ndim:
            raise PersistenceError("a scalar is an array.")
        kind = node.get("as")
        if kind is None:
            return item[()]
        return {"Timestamp": pd.Timestamp, "Timedelta": pd.Timedelta}[kind](item[()])

    def _moment(self, node: Any, of: Any) -> Any:
        text, unit, zone = (_a(str, each) for each in of)
        return pd.Timestamp(text).as_unit(unit).tz_localize(zone)

    def _values(self, node: Any, of: Any) -> Any:
        dtype = node["dtype"]
        if dtype not in DTYPES:
            raise PersistenceError(f"{dtype!r:.40} is no dtype that is loaded.")
        items = np.empty(len(_a(list, of)), dtype=object)
        for i, each in enumerate(of):
            items[i] = self.decode(each)
        return items if dtype == "object" else pd.array(items, dtype=dtype)

    def _frame(self, node: Any, of: Any) -> Any:
        index, names = self.decode(node["index"]), self.decode(node["columns"])
        columns = [self.decode(each) for each in of]
        if any(len(column) != len(index) for column in columns) or len(names) != len(columns):
            raise PersistenceError("the columns of a frame are not as long as its index.")
        frame = pd.DataFrame(dict(enumerate(columns)), index=index)
        frame.columns = names
        return frame

    def _series(self, node: Any, of: Any) -> Any:
        return pd.Series(self.decode(of), index=self.decode(node["index"]), name=self.decode(node["name"]))

    def _index(self, node: Any, of: Any) -> Any:
        values = self.decode(of)
        return pd.Index(values, dtype=values.dtype, name=self.decode(node["name"]))

    def _steps(self, node: Any, of: Any) -> Any:
        start, stop, step = (_a(int, each) for each in of)
        return pd.RangeIndex(start, stop, step, name=self.decode(node["name"]))

    def _sparse(self, node: Any, of: Any) -> Any:
        form, kind, shape, *parts = of
        make = {
            ("csr", "array"): sp.csr_array,
            ("csr", "matrix"): sp.csr_matrix,
            ("csc", "array"): sp.csc_array,
            ("csc", "matrix"): sp.csc_matrix,
        }[form, kind]
        matrix = make(tuple(map(self.decode, parts)), shape=tuple(_a(int, length) for length in shape))
        matrix.check_format(full_check=True)  # else compiled code reads what is not there
        return matrix

    def _generator(self, node: Any, of: Any) -> Any:
        state = self.decode(of)
        if state["bit_generator"] not in _GENERATORS:
            raise PersistenceError(f"there is no generator {state['bit_generator']!r:.40}.")
        bits = getattr(np.random, state["bit_generator"])(0)
        bits.state = state
        return np.random.Generator(bits)

    def _random_state(self, node: Any, of: Any) -> Any:
        random_state = np.random.RandomState(0)
        random_state.set_state(self.decode(of))
        return random_state

    def _torch(self, node: Any, of: Any) -> Any:
        return import_module(WEIGHTS).put_together(self._plain_state(self.decode(of)))

    # Objects ----------------------------------------------------------------------------------------------------

    def _ref(self, node: Any, of: Any) -> Any:
        if type(of) is not int or of not in self._known:
            raise PersistenceError(f"there is no object {of!r:.40}.")
        return self._known[of]

    def _given(self, node: Any, of: Any) -> Any:
        return self.given[of]

    def _member(self, node: Any, of: Any) -> Any:
        return self.decode(of)[_a(str, node["name"])]

    def _record(self, node: Any, of: Any) -> Any:
        kind: Any = find_class(node["class"])
        if not issubclass(kind, tuple) or len(of) != len(kind._fields):
            raise PersistenceError(f"{node['class']} is no record of {len(of)} parts.")
        return kind(*map(self.decode, of))

    def _made(self, node: Any, of: Any) -> Any:
        kind = find_class(node["class"])
        parts = [self.decode(each) for each in of]
        if not (hasattr(kind, "parts") and is_dataclass(kind)):
            raise PersistenceError(f"{node['class']} is not made of parts.")
        if node["class"] in NO_BYTES and any(isinstance(part, bytes) for part in parts):
            raise PersistenceError(f"a {node['class']} of bytes is not loaded.")
        make: Any = kind
        return make(*parts)

    def _module(self, node: Any, of: Any) -> Any:
        state = self._plain_state(self._dict(node, of))
        return import_module(WEIGHTS).make_module(find_class(node["class"]), state)

    def _object(self, node: Any, of: Any) -> Any:
        key = node["class"]
        kind: Any = find_class(key) if isinstance(key, str) else self.decode(key)
        if not isinstance(kind, type) or issubclass(kind, tuple):
            raise PersistenceError(f"{key!r:.40} is no class.")
        state = self._plain_state(self._dict(node, of))
        wanted = _wanted(kind)
        if missing := wanted - set(state):
            raise PersistenceError(f"a {kind.__name__} lacks {', '.join(sorted(missing))}.")
        if "__dataclass_fields__" in vars(kind) and (more := set(state) - {each.name for each in fields(kind)}):  # type: ignore[arg-type]
            raise PersistenceError(f"a {kind.__name__} has no {', '.join(sorted(more))}.")
        made: Any = object.__new__(kind)
        made.__dict__.update(state)
        self.made.append(made)
        return made

    @staticmethod
    def _plain_state(state: Any) -> dict[str, Any]:
        if not isinstance(state, dict) or not all(isinstance(name, str) and name.isidentifier() for name in state):
            raise PersistenceError("the state of an object is no dict of names.")
        return state


def _a(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise PersistenceError(f"{value!r:.40} stands where a {kind.__name__} was expected.")
    return value


def _wanted(kind: Any) -> set[str]:
    """What an object of a class always has: the fields of a dataclass, the parameters of an estimator.

    A field with a default may be missing, for a file may be older than it: the class itself has its value.
    """
    if "__dataclass_fields__" in vars(kind):  # a plain subclass of one may keep them otherwise
        return {field.name for field in fields(kind) if field.default is MISSING}
    return set(kind._get_param_names()) if hasattr(kind, "_get_param_names") else set()


_TAGS = frozenset(
    {"float", "tuple", "set", "frozenset", "dict", "proxy", "bytes", "complex", "slice", "range", "decimal"}
    | {"datetime", "date", "time", "timedelta", "pattern", "type", "missing", "dtype", "array", "objects", "scalar"}
    | {"item", "moment", "values", "frame", "series", "index", "steps", "sparse", "generator", "random state"}
    | {"torch", "ref", "given", "member", "record", "made", "module", "object"}
)
