"""Look at any step: what labeling functions do, which rows go wrong. Everything is a DataFrame."""

from __future__ import annotations

from weaklab.analysis.dependence import dependencies
from weaklab.analysis.diagnosis import Diagnosis, diagnose
from weaklab.analysis.differences import Diff, diff
from weaklab.analysis.preview_card import Preview
from weaklab.analysis.previews import preview
from weaklab.analysis.profile import profile_lfs
from weaklab.analysis.rows import conflicts, error_table, uncovered
from weaklab.analysis.sources import assess_sources
from weaklab.analysis.suggestions import suggest_lfs
from weaklab.analysis.summary import summarize

__all__ = [
    "Diagnosis",
    "Diff",
    "Preview",
    "assess_sources",
    "conflicts",
    "dependencies",
    "diagnose",
    "diff",
    "error_table",
    "preview",
    "profile_lfs",
    "suggest_lfs",
    "summarize",
    "uncovered",
]
