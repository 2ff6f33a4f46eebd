"""Preprocessors of rows of Spark, which cannot be written to."""

from __future__ import annotations

from weaklab.snorkel.map.spark import make_spark_mapper

make_spark_preprocessor = make_spark_mapper

__all__ = ["make_spark_preprocessor"]
