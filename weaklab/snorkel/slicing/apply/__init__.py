"""Appliers of slicing functions, as in ``snorkel.slicing.apply``."""

from __future__ import annotations

from weaklab.snorkel.slicing.apply.core import PandasSFApplier, SFApplier

__all__ = ["PandasSFApplier", "SFApplier"]
