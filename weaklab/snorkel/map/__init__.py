"""Mappers, as in ``snorkel.map``."""

from __future__ import annotations

from weaklab.snorkel.map.core import BaseMapper, LambdaMapper, Mapper, lambda_mapper

__all__ = ["BaseMapper", "LambdaMapper", "Mapper", "lambda_mapper"]
