"""Labeling functions, as in ``snorkel.labeling.lf``."""

from __future__ import annotations

from weaklab.snorkel.labeling.lf.core import LabelingFunction, labeling_function

__all__ = ["LabelingFunction", "labeling_function"]
