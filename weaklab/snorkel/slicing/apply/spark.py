"""Appliers of slicing functions to RDDs of Spark."""

from __future__ import annotations

from weaklab.snorkel.labeling.apply.spark import SparkLFApplier


class SparkSFApplier(SparkLFApplier):
    """Run slicing functions over the rows of an RDD: a record array, with a field per slice."""

    _use_recarray = True
