"""Look at any step: what labeling functions do, which rows go wrong. Everything is a DataFrame."""

from __future__ import annotations

from weaklab.analysis.comparison import compare_label_models
from weaklab.analysis.confusion import empirical_confusion
from weaklab.analysis.dependence import dependencies
from weaklab.analysis.diagnosis import Diagnosis, diagnose
from weaklab.analysis.differences import Diff, diff
from weaklab.analysis.drifts import Drift, drift
from weaklab.analysis.fixes import lfs_to_fix
from weaklab.analysis.influences import influence
from weaklab.analysis.label_buckets import buckets
from weaklab.analysis.label_export import export_labels
from weaklab.analysis.label_next import rows_to_label
from weaklab.analysis.lf_listing import LFListing, describe_lfs
from weaklab.analysis.pairs import pairwise
from weaklab.analysis.preview_card import Preview
from weaklab.analysis.previews import preview
from weaklab.analysis.profile import profile_lfs
from weaklab.analysis.redundancy import redundant_lfs
from weaklab.analysis.rows import conflicts, error_table, uncovered
from weaklab.analysis.slices import slice_masks, slice_table
from weaklab.analysis.sources import assess_sources
from weaklab.analysis.suggestions import suggest_lfs
from weaklab.analysis.summary import summarize
from weaklab.analysis.vote_patterns import patterns
from weaklab.analysis.votes_summary import VotesSummary, describe_votes

__all__ = [
    "Diagnosis",
    "Diff",
    "Drift",
    "LFListing",
    "Preview",
    "VotesSummary",
    "assess_sources",
    "buckets",
    "compare_label_models",
    "conflicts",
    "dependencies",
    "describe_lfs",
    "describe_votes",
    "diagnose",
    "diff",
    "drift",
    "empirical_confusion",
    "error_table",
    "export_labels",
    "influence",
    "lfs_to_fix",
    "pairwise",
    "patterns",
    "preview",
    "profile_lfs",
    "redundant_lfs",
    "rows_to_label",
    "slice_masks",
    "slice_table",
    "suggest_lfs",
    "summarize",
    "uncovered",
]
