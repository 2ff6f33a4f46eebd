"""Slicing functions, as in ``snorkel.slicing.sf``."""

from __future__ import annotations

from weaklab.snorkel.slicing.sf.core import SlicingFunction, slicing_function

__all__ = ["SlicingFunction", "slicing_function"]
