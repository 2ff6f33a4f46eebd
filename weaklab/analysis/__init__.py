"""Look at any step: what labeling functions do, which rows go wrong. Everything is a DataFrame."""

from __future__ import annotations

from weaklab.analysis.comparison import compare_label_models
from weaklab.analysis.dependence import dependencies
from weaklab.analysis.diagnosis import Diagnosis, diagnose
from weaklab.analysis.differences import Diff, diff
from weaklab.analysis.fixes import lfs_to_fix
from weaklab.analysis.influences import influence
from weaklab.analysis.label_next import rows_to_label
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
    "compare_label_models",
    "conflicts",
    "dependencies",
    "diagnose",
    "diff",
    "error_table",
    "influence",
    "lfs_to_fix",
    "preview",
    "profile_lfs",
    "rows_to_label",
    "suggest_lfs",
    "summarize",
    "uncovered",
]
