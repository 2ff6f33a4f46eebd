"""Labeling functions, appliers and their analysis, as in ``snorkel.labeling``."""

from __future__ import annotations

from weaklab.snorkel.labeling.analysis import LFAnalysis
from weaklab.snorkel.labeling.apply.core import LFApplier
from weaklab.snorkel.labeling.apply.pandas import PandasLFApplier
from weaklab.snorkel.labeling.lf.core import LabelingFunction, labeling_function
from weaklab.snorkel.labeling.utils import filter_unlabeled_dataframe

__all__ = [
    "LFAnalysis",
    "LFApplier",
    "LabelingFunction",
    "PandasLFApplier",
    "filter_unlabeled_dataframe",
    "labeling_function",
]
