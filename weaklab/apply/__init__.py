"""Run labeling functions over data: the planner, an engine per kind of function, and the report of faults."""

from typing import TYPE_CHECKING, Any

from weaklab.apply.applier import apply
from weaklab.apply.cluster_faults import cluster_faults
from weaklab.apply.dataset_maps import LabelStep
from weaklab.apply.faults import Fault
from weaklab.apply.files import LabeledFiles, label_files, votes_of_files
from weaklab.apply.reuse import clear_cache

if TYPE_CHECKING:
    from weaklab.apply.transformer import LFTransformer

__all__ = [
    "Fault",
    "LFTransformer",
    "LabelStep",
    "LabeledFiles",
    "apply",
    "clear_cache",
    "cluster_faults",
    "label_files",
    "votes_of_files",
]


def __getattr__(name: str) -> Any:
    """The one name for which scikit-learn is imported; labeling functions run without it."""
    if name != "LFTransformer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from weaklab.apply.transformer import LFTransformer

    return LFTransformer
