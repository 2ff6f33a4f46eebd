"""Transformation functions: mappers whose None says that they do not apply."""

from __future__ import annotations

from weaklab.snorkel.map.core import BaseMapper, LambdaMapper, Mapper, lambda_mapper

BaseTransformationFunction = BaseMapper


class TransformationFunction(Mapper):
    """A transformation function as a class: see :class:`weaklab.snorkel.map.Mapper`."""


class LambdaTransformationFunction(LambdaMapper):
    """A transformation function made of a function: see :class:`weaklab.snorkel.map.LambdaMapper`."""


class transformation_function(lambda_mapper):  # noqa: N801  -- Snorkel's name
    """Decorator: a transformation function; see :class:`weaklab.snorkel.map.lambda_mapper`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> @transformation_function()
    ... def square(x):
    ...     x.num = x.num**2
    ...     return x
    >>> square(SimpleNamespace(num=2))
    namespace(num=4)
    """
