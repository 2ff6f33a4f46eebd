"""Appliers of transformation functions, as in ``snorkel.augmentation.apply``."""

from __future__ import annotations

from weaklab.snorkel.augmentation.apply.core import TFApplier
from weaklab.snorkel.augmentation.apply.pandas import PandasTFApplier

__all__ = ["PandasTFApplier", "TFApplier"]
