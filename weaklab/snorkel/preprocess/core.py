"""Preprocessors: mappers that run before labeling functions."""

from __future__ import annotations

from weaklab.snorkel.map.core import BaseMapper, LambdaMapper, Mapper, lambda_mapper

BasePreprocessor = BaseMapper


class Preprocessor(Mapper):
    """A preprocessor as a class: see :class:`weaklab.snorkel.map.Mapper`."""


class LambdaPreprocessor(LambdaMapper):
    """A preprocessor made of a function: see :class:`weaklab.snorkel.map.LambdaMapper`."""


class preprocessor(lambda_mapper):  # noqa: N801  -- Snorkel's name
    """Decorator: a preprocessor of a function, a LambdaMapper; see :class:`weaklab.snorkel.map.lambda_mapper`."""
