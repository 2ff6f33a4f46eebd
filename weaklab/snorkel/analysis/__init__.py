"""Scores and error analysis, as in ``snorkel.analysis``."""

from __future__ import annotations

from weaklab.snorkel.analysis.error_analysis import get_label_buckets, get_label_instances
from weaklab.snorkel.analysis.metrics import metric_score
from weaklab.snorkel.analysis.scorer import Scorer

__all__ = ["Scorer", "get_label_buckets", "get_label_instances", "metric_score"]
