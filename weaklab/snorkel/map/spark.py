"""Mappers of rows of Spark, which cannot be written to."""

from __future__ import annotations

from weaklab.exceptions import ParameterError
from weaklab.snorkel.map.core import Mapper


def make_spark_mapper(mapper: Mapper) -> Mapper:
    """The mapper: one as a class makes a new ``pyspark.sql.Row`` of a Row by itself.

    Parameters
    ----------
    mapper : Mapper
        With a ``run`` that returns fields.

    Raises
    ------
    ParameterError
        If it is made of a function, which must return the new Row itself.
    """
    if not isinstance(mapper, Mapper):
        raise ParameterError(
            f"{mapper!r:.80} is no Mapper with a run that returns fields. A function that maps a Row of Spark must "
            "return a new one: Row(**x.asDict(), more=...)."
        )
    return mapper
