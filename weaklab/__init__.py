"""weaklab: programmatic weak supervision.

Write what you know as labeling functions, run them over a frame, learn whom to trust, train on the result::

    import weaklab as wl

    votes = wl.apply(lfs, train)
    model = wl.LabelModel(classes=["ham", "spam"]).fit(votes)
    clf = wl.EndModel(column="text").fit(train, model.labels(votes))

Importing weaklab loads nothing heavy: each name is imported when it is first used (PEP 562).
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaklab.analysis import (
        assess_sources,
        buckets,
        compare_label_models,
        conflicts,
        describe_lfs,
        describe_votes,
        diff,
        drift,
        empirical_confusion,
        error_table,
        export_labels,
        influence,
        lfs_to_fix,
        pairwise,
        patterns,
        preview,
        profile_lfs,
        redundant_lfs,
        rows_to_label,
        slice_masks,
        slice_table,
        suggest_lfs,
        summarize,
        uncovered,
    )
    from weaklab.apply import LFTransformer, apply, label_files, votes_of_files
    from weaklab.augmentation import augment, transformation_function
    from weaklab.end_models import EndModel, EndRegressor, JointModel, SoftLabelClassifier, to_training_frame
    from weaklab.label_models import DawidSkene, LabelModel, MajorityVote
    from weaklab.labeler import Labeler
    from weaklab.labeling import (
        LabelingFunction,
        bands_lf,
        cluster_lf,
        cluster_table,
        expression_lf,
        find_clusters,
        graph_lf,
        keyword_lf,
        labeling_function,
        lookup_lf,
        model_lf,
        openai_complete,
        pattern_lf,
        preprocessor,
        prompt_lf,
        propagate_prototypes,
        prototype_lf,
        regex_lf,
        section_lf,
        slicing_function,
        spacy_preprocessor,
        threshold_lf,
    )
    from weaklab.persistence import load
    from weaklab.plots.report import report
    from weaklab.typing import ABSTAIN
    from weaklab.votes import PartialVotes, SoftLabels, SoftVotes, read_labels

__version__ = "0.1.0"

__all__ = [
    "ABSTAIN",
    "DawidSkene",
    "EndModel",
    "EndRegressor",
    "JointModel",
    "LFTransformer",
    "LabelModel",
    "Labeler",
    "LabelingFunction",
    "MajorityVote",
    "PartialVotes",
    "SoftLabelClassifier",
    "SoftLabels",
    "SoftVotes",
    "__version__",
    "analysis",
    "apply",
    "assess_sources",
    "augment",
    "augmentation",
    "bands_lf",
    "buckets",
    "cluster_lf",
    "cluster_table",
    "compare_label_models",
    "conflicts",
    "datasets",
    "describe_lfs",
    "describe_votes",
    "diff",
    "drift",
    "empirical_confusion",
    "end_models",
    "error_table",
    "exceptions",
    "export_labels",
    "expression_lf",
    "find_clusters",
    "graph_lf",
    "influence",
    "keyword_lf",
    "label_files",
    "label_models",
    "labeling",
    "labeling_function",
    "lfs_to_fix",
    "load",
    "lookup_lf",
    "metrics",
    "model_lf",
    "openai_complete",
    "pairwise",
    "pattern_lf",
    "patterns",
    "plots",
    "preprocessor",
    "preview",
    "profile_lfs",
    "prompt_lf",
    "propagate_prototypes",
    "prototype_lf",
    "read_labels",
    "redundant_lfs",
    "refine",
    "regex_lf",
    "report",
    "rows_to_label",
    "section_lf",
    "slice_masks",
    "slice_table",
    "slicing_function",
    "spacy_preprocessor",
    "suggest_lfs",
    "summarize",
    "testing",
    "threshold_lf",
    "to_training_frame",
    "transformation_function",
    "trust",
    "typing",
    "uncovered",
    "votes",
    "votes_of_files",
]

#: Where each name of the facade stands.
_HOMES = {
    "ABSTAIN": "weaklab.typing",
    "DawidSkene": "weaklab.label_models",
    "EndModel": "weaklab.end_models",
    "EndRegressor": "weaklab.end_models",
    "JointModel": "weaklab.end_models",
    "LFTransformer": "weaklab.apply",
    "LabelModel": "weaklab.label_models",
    "Labeler": "weaklab.labeler",
    "LabelingFunction": "weaklab.labeling",
    "MajorityVote": "weaklab.label_models",
    "PartialVotes": "weaklab.votes",
    "SoftLabelClassifier": "weaklab.end_models",
    "SoftLabels": "weaklab.votes",
    "SoftVotes": "weaklab.votes",
    "assess_sources": "weaklab.analysis",
    "augment": "weaklab.augmentation",
    "bands_lf": "weaklab.labeling",
    "buckets": "weaklab.analysis",
    "cluster_lf": "weaklab.labeling",
    "cluster_table": "weaklab.labeling",
    "compare_label_models": "weaklab.analysis",
    "conflicts": "weaklab.analysis",
    "describe_lfs": "weaklab.analysis",
    "describe_votes": "weaklab.analysis",
    "diff": "weaklab.analysis",
    "drift": "weaklab.analysis",
    "empirical_confusion": "weaklab.analysis",
    "error_table": "weaklab.analysis",
    "export_labels": "weaklab.analysis",
    "expression_lf": "weaklab.labeling",
    "find_clusters": "weaklab.labeling",
    "graph_lf": "weaklab.labeling",
    "influence": "weaklab.analysis",
    "keyword_lf": "weaklab.labeling",
    "label_files": "weaklab.apply",
    "labeling_function": "weaklab.labeling",
    "lfs_to_fix": "weaklab.analysis",
    "load": "weaklab.persistence",
    "lookup_lf": "weaklab.labeling",
    "model_lf": "weaklab.labeling",
    "openai_complete": "weaklab.labeling",
    "pairwise": "weaklab.analysis",
    "pattern_lf": "weaklab.labeling",
    "patterns": "weaklab.analysis",
    "preprocessor": "weaklab.labeling",
    "preview": "weaklab.analysis",
    "profile_lfs": "weaklab.analysis",
    "prompt_lf": "weaklab.labeling",
    "propagate_prototypes": "weaklab.labeling",
    "prototype_lf": "weaklab.labeling",
    "read_labels": "weaklab.votes",
    "redundant_lfs": "weaklab.analysis",
    "regex_lf": "weaklab.labeling",
    "report": "weaklab.plots.report",
    "rows_to_label": "weaklab.analysis",
    "section_lf": "weaklab.labeling",
    "slice_masks": "weaklab.analysis",
    "slice_table": "weaklab.analysis",
    "slicing_function": "weaklab.labeling",
    "spacy_preprocessor": "weaklab.labeling",
    "suggest_lfs": "weaklab.analysis",
    "summarize": "weaklab.analysis",
    "threshold_lf": "weaklab.labeling",
    "to_training_frame": "weaklab.end_models",
    "transformation_function": "weaklab.augmentation",
    "uncovered": "weaklab.analysis",
    "votes_of_files": "weaklab.apply",
}
_ROOMS = frozenset(
    (
        "analysis",
        "augmentation",
        "datasets",
        "end_models",
        "exceptions",
        "label_models",
        "labeling",
        "metrics",
        "plots",
        "refine",
        "testing",
        "trust",
        "typing",
        "votes",
    )
)


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"weaklab.{name}")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    from weaklab.exceptions import did_you_mean

    raise AttributeError(f"module 'weaklab' has no attribute {name!r}.{did_you_mean(name, __all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)


class _Facade(ModuleType):
    """The facade, with ``apply`` always the function: importing the room of that name would otherwise hide it."""

    @property
    def apply(self) -> Any:
        return import_module("weaklab.apply").apply

    @apply.setter
    def apply(self, room: ModuleType) -> None:
        """The import system binds the room here; it stays in ``sys.modules``, where imports find it."""


sys.modules[__name__].__class__ = _Facade
