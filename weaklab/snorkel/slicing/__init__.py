"""Slicing functions and their appliers, as in ``snorkel.slicing``."""

from __future__ import annotations

from weaklab.snorkel.slicing.apply.core import PandasSFApplier, SFApplier
from weaklab.snorkel.slicing.monitor import slice_dataframe
from weaklab.snorkel.slicing.sf.core import SlicingFunction, slicing_function

__all__ = ["PandasSFApplier", "SFApplier", "SlicingFunction", "slice_dataframe", "slicing_function"]
