"""Mappers: functions from a data point to a data point, on weaklab's preprocessors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError, ParameterError
from weaklab.labeling.preprocessing import Preprocessor
from weaklab.labeling.rows import Row
from weaklab.snorkel.types import DataPoint, FieldMap, HashingFunction

MISSING_PARENTHESES = "Looks like this decorator is missing parentheses!"


def get_parameters(f: Callable[..., Any], allow_args: bool = False, allow_kwargs: bool = False) -> list[str]:
    """The names of a function's arguments.

    Raises
    ------
    ParameterError
        If it takes any number of them, and is not allowed to.
    """
    spec = inspect.getfullargspec(f)
    if spec.varargs is not None and not allow_args:
        raise ParameterError(f"Function {f.__name__} should not have *args")
    if spec.varkw is not None and not allow_kwargs:
        raise ParameterError(f"Function {f.__name__} should not have **kwargs")
    return spec.args


def is_hashable(obj: Any) -> bool:
    """Whether an object has a hash, by asking for it."""
    try:
        hash(obj)
    except Exception:  # noqa: BLE001  -- any class may refuse as it likes
        return False
    return True


def get_hashable(obj: Any) -> Hashable:
    """Something with a hash that is equal for equal contents.

    Parameters
    ----------
    obj : object
        What has a hash; or a SimpleNamespace, a row, a dict, a Series, a list, a tuple or an array of such.

    Raises
    ------
    ParameterError
        If it is none of these.

    Examples
    --------
    >>> get_hashable([1, {"a": 2}]) == (1, frozenset({("a", 2)}))
    True
    """
    if is_hashable(obj) and not isinstance(obj, SimpleNamespace):
        return obj
    if isinstance(obj, SimpleNamespace):
        obj = vars(obj)
    if isinstance(obj, (Mapping, pd.Series)):
        return frozenset((key, get_hashable(value)) for key, value in obj.items())
    if isinstance(obj, (list, tuple)):
        return tuple(get_hashable(value) for value in obj)
    if isinstance(obj, np.ndarray):
        return obj.tobytes()
    raise ParameterError(f"Object {obj} has no hashing proxy.")


class BaseMapper:
    """What mappers, preprocessors and transformation functions share: names, what runs before, and memory.

    Parameters
    ----------
    name : str
        The name.
    pre : list of BaseMapper
        Run before this one.
    memoize : bool
        Whether results are kept.
    memoize_key : callable, optional
        What a data point is kept under, :func:`get_hashable` by default. In an applier of labeling functions, results
        are kept with the row that they were made of, and go with its chunk, unless a key is given.
    """

    def __init__(
        self, name: str, pre: list[BaseMapper], memoize: bool, memoize_key: HashingFunction | None = None
    ) -> None:
        self.name = name
        self.memoize = memoize
        self._pre = pre
        self._memoize_key = memoize_key
        self.reset_cache()
        #: This mapper as a preprocessor of weaklab: for its light rows.
        self.native = Preprocessor(self._map_row, name=name, memoize=memoize and memoize_key is None)

    def reset_cache(self) -> None:
        """Forget what was kept."""
        self._cache: dict[Hashable, Any] = {}

    def _generate_mapped_data_point(self, x: DataPoint) -> DataPoint | None:
        raise NotImplementedError

    def _map_row(self, row: Row) -> Any:
        """Map a copy of a light row; what is kept under a key is what changed, not the row that it was made of."""
        if not (self.memoize and self._memoize_key):
            return self._run(row)
        key = self._memoize_key(row)
        if key not in self._cache:
            before = row
            after = self._run(row)
            if after is None:
                return None
            written = dict(before._row_source.writes.get(before._row_position, {}))
            self._cache[key] = written if after is before else {**written, **dict(after)}
        return dict(self._cache[key])

    def _run(self, x: Any) -> Any:
        for mapper in self._pre:
            x = mapper(x)
        return self._generate_mapped_data_point(x)

    def __call__(self, x: DataPoint) -> DataPoint | None:
        """The data point as this mapper changes it, of the same kind; the one that came in stays as it was."""
        if isinstance(x, Row):
            return self.native(x)
        if not self.memoize:
            return self._run(deepcopy(x))
        key = (self._memoize_key or get_hashable)(x)
        if key not in self._cache:
            self._cache[key] = self._run(deepcopy(x))
        return self._cache[key]

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name}, Pre: {self._pre}"


class Mapper(BaseMapper):
    """A mapper as a class: ``run`` takes fields of a data point, and returns fields to set, or None.

    Parameters
    ----------
    name : str
        The name.
    field_names : mapping of str to str, optional
        From arguments of ``run`` to fields; by default they have the same names.
    mapped_field_names : mapping of str to str, optional
        From what ``run`` returns to fields, what has no name here left out; by default they have the same names.
    pre, memoize, memoize_key
        As for :class:`BaseMapper`.
    """

    def __init__(
        self,
        name: str,
        field_names: Mapping[str, str] | None = None,
        mapped_field_names: Mapping[str, str] | None = None,
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: HashingFunction | None = None,
    ) -> None:
        self.field_names = {n: n for n in get_parameters(self.run)[1:]} if field_names is None else field_names
        self.mapped_field_names = mapped_field_names
        super().__init__(name, pre or [], memoize, memoize_key)

    def run(self, **kwargs: Any) -> FieldMap | None:
        """The fields to set."""
        raise NotImplementedError

    def _generate_mapped_data_point(self, x: DataPoint) -> DataPoint | None:
        fields = self.run(**{argument: getattr(x, field) for argument, field in self.field_names.items()})
        if fields is None:
            return None
        if self.mapped_field_names is not None:
            fields = {field: fields[key] for key, field in self.mapped_field_names.items()}
        if isinstance(x, tuple) and hasattr(x, "asDict"):  # a row of Spark, which cannot be written to
            return type(x)(**{**x.asDict(), **fields})
        for field, value in fields.items():
            setattr(x, field, value)
        return x


class LambdaMapper(BaseMapper):
    """A mapper made of a function from a data point to a data point, or None.

    Parameters
    ----------
    name : str
        The name.
    f : callable
        Gets a copy, which it may change.
    pre, memoize, memoize_key
        As for :class:`BaseMapper`.
    """

    def __init__(
        self,
        name: str,
        f: Callable[[DataPoint], DataPoint | None],
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: HashingFunction | None = None,
    ) -> None:
        self._f = f
        super().__init__(name, pre or [], memoize, memoize_key)

    def _generate_mapped_data_point(self, x: DataPoint) -> DataPoint | None:
        return self._f(x)


class lambda_mapper:  # noqa: N801  -- Snorkel's name
    """Decorator: a mapper of a function.

    Parameters
    ----------
    name : str, optional
        By default the function's.
    pre, memoize, memoize_key
        As for :class:`BaseMapper`.

    Examples
    --------
    >>> @lambda_mapper()
    ... def shout(x):
    ...     x.text = x.text.upper()
    ...     return x
    >>> shout(SimpleNamespace(text="hello"))
    namespace(text='HELLO')
    """

    kind: type[LambdaMapper] = LambdaMapper

    def __init__(
        self,
        name: str | None = None,
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: HashingFunction | None = None,
    ) -> None:
        if callable(name):
            raise ParameterError(MISSING_PARENTHESES)
        self.name, self.pre, self.memoize, self.memoize_key = name, pre, memoize, memoize_key

    def __call__(self, f: Callable[[DataPoint], DataPoint | None]) -> LambdaMapper:
        """The mapper."""
        return self.kind(self.name or f.__name__, f, self.pre, self.memoize, self.memoize_key)


def natives(pre: list[Any] | None, name: str) -> list[Preprocessor]:
    """Mappers, or preprocessors of weaklab, as preprocessors of weaklab.

    Raises
    ------
    LabelingFunctionError
        If one is neither.
    """
    out = []
    for each in pre or []:
        if not isinstance(each, (BaseMapper, Preprocessor)):
            raise LabelingFunctionError(
                f"labeling function {name!r}: pre holds {each!r:.60}, which is no preprocessor."
            )
        out.append(each.native if isinstance(each, BaseMapper) else each)
    return out
