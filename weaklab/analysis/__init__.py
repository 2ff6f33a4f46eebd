"""Look at any step: what labeling functions do, which rows go wrong. Everything is a DataFrame."""

from __future__ import annotations

from weaklab.analysis.dependence import dependencies
from weaklab.analysis.profile import profile_lfs
from weaklab.analysis.rows import conflicts, error_table, uncovered
from weaklab.analysis.sources import assess_sources
from weaklab.analysis.summary import summarize

__all__ = ["assess_sources", "conflicts", "dependencies", "error_table", "profile_lfs", "summarize", "uncovered"]
